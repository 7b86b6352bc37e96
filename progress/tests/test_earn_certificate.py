"""A certificate takes a finished course and enough verified points, and stays as it was."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from courses.models import Course
from courses.services.publishing import publish_lesson, save_draft
from progress.models import Certificate, Enrolment
from progress.selectors.standings import standing_in
from progress.services.certifying import issue_if_earned
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz, settle

WORDS = {"id": "words", "type": "markdown", "source": "Read."}


@pytest.fixture
def course(db):
    return judged_course(body_of(WORDS, quiz(), exercise()), body_of(WORDS), title="Lines", certificate_percent=60)


@pytest.fixture
def enrolment(ben, course):
    return enroll(user=ben, course=course)


def finish(user, course):
    for lesson in course.lessons.all():
        complete_lesson(user=user, lesson=lesson)


def test_points_first_and_the_last_lesson_issues_it(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code")
    assert not Certificate.objects.exists()
    finish(ben, course)
    certificate = Certificate.objects.get()
    shown = certificate.snapshot
    assert (shown["name"], shown["course"], shown["score"], shown["points"]) == ("Ben", "Lines", 2.0, 3.0)
    assert (shown["percent"], shown["passed"]) == (66, {"quiz": 0, "exercise": 1, "predictions": 0})
    assert standing_in(user=ben, course=course).certificate_uid == certificate.uid


def test_lessons_first_and_the_last_verdict_issues_it(ben, course, enrolment):
    finish(ben, course)
    settle(enrolment, lesson_of(course), "ask")
    assert not Certificate.objects.exists()
    settle(enrolment, lesson_of(course), "code")
    assert Certificate.objects.count() == 1


def test_reading_alone_proves_nothing(ben, db):
    course = judged_course(body_of(WORDS), certificate_percent=1)
    enroll(user=ben, course=course)
    finish(ben, course)
    assert Enrolment.objects.get().completed_at
    assert not Certificate.objects.exists()


def test_a_course_may_give_none(ben, course, enrolment):
    Course.objects.update(certificate_percent=None)
    settle(enrolment, lesson_of(course), "ask")
    settle(enrolment, lesson_of(course), "code")
    finish(ben, course)
    assert not Certificate.objects.exists()


def test_it_is_issued_once_and_outlives_what_comes_later(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code")
    finish(ben, course)
    first = Certificate.objects.get()
    lesson = lesson_of(course)
    uncomplete_lesson(user=ben, lesson=lesson)
    ben.display_name = "Benjamin"
    ben.save()
    Course.objects.update(title="Curves", certificate_percent=100)
    complete_lesson(user=ben, lesson=lesson)
    assert Certificate.objects.get().snapshot == first.snapshot
    assert Certificate.objects.get().uid == first.uid


def test_it_is_never_changed(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code")
    finish(ben, course)
    certificate = Certificate.objects.get()
    certificate.snapshot["name"] = "Cy"
    with pytest.raises(ValidationError):
        certificate.save()


def test_a_publication_that_brings_the_points_within_reach_issues_it(ben, course, enrolment):
    finish(ben, course)
    settle(enrolment, lesson_of(course), "ask")
    lesson = lesson_of(course)
    save_draft(lesson=lesson, body=body_of(WORDS, quiz()))
    publish_lesson(lesson=lesson)
    assert Certificate.objects.get().snapshot["percent"] == 100


@pytest.mark.django_db(transaction=True)
def test_two_verdicts_at_once_issue_one(ben, course, enrolment):
    finish(ben, course)
    lesson = lesson_of(course)
    settle(enrolment, lesson, "code", share=0.5)

    def last(block):
        try:
            settle(enrolment, lesson, block)
        finally:
            connection.close()

    threads = [threading.Thread(target=last, args=(block,)) for block in ("ask", "code", "ask", "code")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Certificate.objects.count() == 1
    assert Enrolment.objects.get().score == 3


def test_an_address_without_a_name_does_not_show_the_mail_address(ben, course, enrolment):
    ben.display_name = ""
    ben.save()
    enrolment.user.refresh_from_db()
    settle(enrolment, lesson_of(course), "code")
    finish(ben, course)
    assert "example.org" not in str(issue_if_earned(Enrolment.objects.get()).snapshot)
    assert Certificate.objects.get().snapshot["name"] == "A learner"
