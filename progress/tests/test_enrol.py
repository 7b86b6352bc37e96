"""Enrolling and leaving, as service and as pages."""

import pytest
from django.http import Http404
from django.urls import reverse

from courses.tests.factories import CourseFactory, published_course
from progress.models import Enrolment
from progress.selectors.standings import standing_in
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll, leave_course


def test_enrolling_twice_is_one_enrolment(ben, course):
    assert enroll(user=ben, course=course) == enroll(user=ben, course=course)
    assert Enrolment.objects.count() == 1


def test_a_draft_course_cannot_be_taken(ben):
    with pytest.raises(Http404):
        enroll(user=ben, course=CourseFactory())


def test_leaving_keeps_what_was_done_for_a_return(ben, course, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    leave_course(user=ben, course=course)
    assert standing_in(user=ben, course=course) is None
    enroll(user=ben, course=course)
    assert standing_in(user=ben, course=course).completed == 1


def test_leaving_twice_changes_nothing(ben, course, enrolment):
    leave_course(user=ben, course=course)
    left_at = Enrolment.objects.get().left_at
    leave_course(user=ben, course=course)
    assert Enrolment.objects.get().left_at == left_at


def test_enrolling_on_the_page_leads_to_the_first_lesson(client, ben, course, lessons):
    client.force_login(ben)
    response = client.post(reverse("progress:enrol", args=["lines"]))
    assert response.status_code == 302
    assert response.url == lessons[0].get_absolute_url()


def test_a_visitor_who_enrols_logs_in_first_and_comes_back_to_the_course(client, ben, course):
    path = reverse("progress:enrol", args=["lines"])
    response = client.post(path)
    assert response.status_code == 302
    assert reverse("account_login") in response.url
    client.force_login(ben)
    assert client.get(path).url == course.get_absolute_url()


def test_leaving_asks_first(client, ben, course, enrolment):
    client.force_login(ben)
    path = reverse("progress:leave", args=["lines"])
    assert client.get(path).status_code == 200
    assert Enrolment.objects.get().left_at is None
    assert client.post(path).status_code == 302
    assert Enrolment.objects.get().left_at is not None


def test_who_does_not_take_the_course_is_not_asked_whether_to_leave(client, cy, course):
    client.force_login(cy)
    assert client.get(reverse("progress:leave", args=["lines"])).url == course.get_absolute_url()


def test_a_lesson_may_be_called_like_an_action(client, ben, course, lessons, enrolment):
    client.force_login(ben)
    for slug in ("enrol", "leave", "enrolment", "complete"):
        lessons[0].slug = slug
        lessons[0].save()
        assert "Text of lesson 0" in client.get(lessons[0].get_absolute_url()).content.decode()


def test_an_unknown_course_is_not_found(client, ben):
    client.force_login(ben)
    assert client.post(reverse("progress:enrol", args=["nowhere"])).status_code == 404


def test_an_archived_course_stays_open_to_those_who_take_it(client, ben, cy, course, lessons, enrolment):
    course.status = "archived"
    course.save()
    client.force_login(ben)
    assert client.get(lessons[0].get_absolute_url()).status_code == 200
    assert client.get(course.get_absolute_url()).status_code == 200
    client.force_login(cy)
    assert client.get(course.get_absolute_url()).status_code == 404
    assert client.post(reverse("progress:enrol", args=["lines"])).status_code == 404


def test_another_persons_enrolment_is_not_touched(ben, cy, course, enrolment):
    other = published_course(lessons=1)
    enroll(user=cy, course=other)
    leave_course(user=cy, course=course)
    assert Enrolment.objects.get(user=ben).left_at is None
