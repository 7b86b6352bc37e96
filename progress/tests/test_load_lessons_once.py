"""A batch loads a lesson and its blocks once, and never judges by what is not live any more."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.models import Course, Lesson, LessonRevision
from courses.services.outlining import remove_lesson
from progress.selectors.open_lessons import OpenLessons, live_of
from progress.services.enrolling import enroll
from progress.tests.practice_course import practice_course, republish, single


@pytest.fixture
def lesson(ben):
    course, lesson = practice_course(single())
    enroll(user=ben, course=course)
    return lesson


@pytest.fixture
def lessons(ben):
    return OpenLessons(ben)


def _block(lessons, lesson):
    found, live = lessons.current(lessons.lesson(lesson.pk))
    return lessons.block(found, "q1", live)


def test_what_stays_the_same_costs_one_query(lessons, lesson):
    first = _block(lessons, lesson)
    with CaptureQueriesContext(connection) as captured:
        assert _block(lessons, lesson) is first
    assert len(captured) == 1


def test_a_publication_brings_the_new_block(lessons, lesson):
    assert _block(lessons, lesson).public["prompt"] == "How many?"
    republish(lesson, single(prompt="How few?"))
    found = _block(lessons, lesson)
    assert (found.public["prompt"], found.revision) == ("How few?", 2)
    assert lessons.lesson(lesson.pk).current_revision_id == LessonRevision.objects.get(number=2).pk


def test_a_newer_compiler_brings_what_it_derived(lessons, lesson):
    old = _block(lessons, lesson)
    checks = {"q1": {**old.check, "points": 7}}
    LessonRevision.objects.update(compiler=old.compiler + 1, checks=checks)
    assert _block(lessons, lesson).check["points"] == 7


def test_another_rule_of_completion_is_seen(lessons, lesson):
    lessons.lesson(lesson.pk)
    Lesson.objects.update(completion_rule=Lesson.CompletionRule.PASSED)
    found, _ = lessons.current(lessons.lesson(lesson.pk))
    assert found.completion_rule == Lesson.CompletionRule.PASSED


@pytest.mark.parametrize("status", Course.Status.values)
@pytest.mark.parametrize("removed", [None, -1])
@pytest.mark.parametrize("available", [None, -1, 1])
def test_what_is_live_is_what_the_filters_of_lessons_and_courses_say(lesson, status, removed, available):
    def moment(hours):
        return None if hours is None else timezone.now() + timedelta(hours=hours)

    Course.objects.update(status=status)
    Lesson.objects.update(removed_at=moment(removed), available_from=moment(available))
    is_open = Lesson.objects.open().filter(pk=lesson.pk, course__in=Course.objects.readable()).exists()
    assert is_open == (removed is None and available != 1 and status in {"published", "archived"})
    if is_open:
        assert live_of(lesson.pk).number == 1
    else:
        with pytest.raises(Http404):
            live_of(lesson.pk)


def test_a_lesson_that_is_not_open_any_more_is_not_found(lessons, lesson):
    lessons.lesson(lesson.pk)
    Course.objects.update(status=Course.Status.DRAFT)
    with pytest.raises(Http404):
        lessons.current(lessons.lesson(lesson.pk))
    Course.objects.update(status=Course.Status.ARCHIVED)
    assert _block(lessons, lesson).id == "q1"
    remove_lesson(lesson=lesson)
    with pytest.raises(Http404):
        lessons.current(lessons.lesson(lesson.pk))
