"""The page of a certificate: for anyone who has its address, as it was on the day of issue."""

import re

import pytest
from django.urls import reverse

from progress.models import Certificate
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll
from progress.tests.judged import body_of, judged_course, lesson_of, quiz, settle


@pytest.fixture
def certificate(ben):
    course = judged_course(body_of(quiz(points=2.5)), slug="lines", title="Lines & squares")
    enrolment = enroll(user=ben, course=course)
    settle(enrolment, lesson_of(course), "ask")
    complete_lesson(user=ben, lesson=lesson_of(course))
    return Certificate.objects.get()


def page_of(client, uid):
    response = client.get(reverse("progress:certificate", args=[uid]))
    return response, re.sub(r"\s+", " ", response.content.decode())


def test_anyone_can_check_a_certificate(client, certificate):
    response, page = page_of(client, certificate.uid)
    assert response.status_code == 200
    for words in (
        "Ben", "Lines &amp; squares", "2.5 of 2.5 · 100 %", "1 question", f"http://testserver/certificates/{certificate.uid}/",
        "verified by the server",
    ):  # fmt: skip
        assert words in page
    assert "ben@example.org" not in page


def test_it_is_kept_out_of_search_engines(client, certificate):
    response, page = page_of(client, certificate.uid)
    assert response["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in page


def test_a_new_name_changes_no_certificate(client, ben, certificate):
    ben.display_name = "Benedict"
    ben.save()
    assert "Benedict" not in page_of(client, certificate.uid)[1]


def test_a_name_is_never_markup(client, certificate):
    snapshot = {**certificate.snapshot, "name": "<img src=x onerror=alert(1)>"}
    Certificate.objects.filter(pk=certificate.pk).update(snapshot=snapshot)
    assert "<img src=x" not in page_of(client, certificate.uid)[1]


@pytest.mark.parametrize("uid", ["17a284bd-ca6b-449b-8967-9f5487adc9f7", "nope", "1", "{}", "a" * 300])
def test_an_unknown_number_is_said_to_be_none(client, db, uid):
    response, page = page_of(client, uid)
    assert response.status_code == 404
    assert "There is no such certificate" in page
    assert response["X-Robots-Tag"] == "noindex"


def test_dashboard_and_course_page_lead_to_it(client, ben, certificate):
    client.force_login(ben)
    address = reverse("progress:certificate", args=[certificate.uid])
    for path in (reverse("progress:dashboard"), "/courses/lines/"):
        assert f'href="{address}"' in client.get(path).content.decode()


def test_the_last_completion_leads_to_it(client, ben, certificate):
    client.force_login(ben)
    page = client.get(lesson_of(certificate.enrolment.course).get_absolute_url()).content.decode()
    assert "See your certificate" in page
