"""A lesson whose rule is "passed" counts as complete only when its judged blocks are passed."""

import pytest

from courses.models import Lesson
from courses.services.publishing import publish_lesson, save_draft
from progress.models import LessonCompletion
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll
from progress.services.refusals import LessonNotPassed
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz, settle


@pytest.fixture
def course(db):
    course = judged_course(body_of(quiz(), exercise()))
    Lesson.objects.update(completion_rule="passed")
    return course


@pytest.fixture
def enrolment(ben, course):
    return enroll(user=ben, course=course)


def test_it_says_how_many_are_passed(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "ask")
    settle(enrolment, lesson_of(course), "code", share=0.5)
    with pytest.raises(LessonNotPassed, match="1 of 2 are") as refused:
        complete_lesson(user=ben, lesson=lesson_of(course))
    assert (refused.value.passed, refused.value.total) == (1, 2)
    assert not LessonCompletion.objects.exists()


def test_it_is_complete_when_all_are_passed(ben, course, enrolment):
    for block in ("ask", "code"):
        settle(enrolment, lesson_of(course), block)
    assert complete_lesson(user=ben, lesson=lesson_of(course)).changed


def test_a_completion_that_is_there_stays_when_the_rule_or_the_lesson_changes(ben, course, enrolment):
    Lesson.objects.update(completion_rule="read")
    complete_lesson(user=ben, lesson=lesson_of(course))
    Lesson.objects.update(completion_rule="passed")
    assert not complete_lesson(user=ben, lesson=lesson_of(course)).changed
    save_draft(lesson=lesson_of(course), body=body_of(quiz(), exercise(), quiz("more")))
    publish_lesson(lesson=lesson_of(course))
    assert LessonCompletion.objects.get().undone_at is None
    uncomplete_lesson(user=ben, lesson=lesson_of(course))
    with pytest.raises(LessonNotPassed):
        complete_lesson(user=ben, lesson=lesson_of(course))


def test_the_api_says_409_with_the_reason(client, ben, course, enrolment):
    client.force_login(ben)
    answer = client.put(f"/api/v1/lessons/{lesson_of(course).pk}/completion")
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:ml-practicum:problem:conflict"
    assert "0 of 2" in answer.json()["detail"]
