"""Completing lessons: counters equal facts, whatever is repeated or raced."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.utils import timezone

from accounts.tests.factories import UserFactory
from courses.tests.factories import published_course
from progress.models import Enrolment, LessonCompletion
from progress.selectors.counting import counter_differences
from progress.selectors.standings import standing_in
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll, leave_course

THREADS = 20


def test_completing_a_lesson_raises_the_count_and_the_share(ben, course, lessons, enrolment):
    result = complete_lesson(user=ben, lesson=lessons[0])
    assert result.changed
    assert (result.standing.completed, result.standing.total, result.standing.percent) == (1, 4, 25)


def test_completing_twice_counts_once(ben, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    again = complete_lesson(user=ben, lesson=lessons[0])
    assert not again.changed
    assert again.standing.completed == 1
    assert LessonCompletion.objects.count() == 1


def test_a_completion_pins_the_revision_that_was_live(ben, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    assert LessonCompletion.objects.get().revision == 1


def test_taking_back_keeps_the_row_and_lowers_the_count(ben, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    result = uncomplete_lesson(user=ben, lesson=lessons[0])
    assert result.standing.completed == 0
    assert LessonCompletion.objects.get().undone_at is not None


def test_taking_back_what_was_not_done_changes_nothing(ben, lessons, enrolment):
    assert not uncomplete_lesson(user=ben, lesson=lessons[0]).changed
    assert LessonCompletion.objects.count() == 0


def test_completing_again_after_taking_back_uses_the_same_row(ben, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    uncomplete_lesson(user=ben, lesson=lessons[0])
    assert complete_lesson(user=ben, lesson=lessons[0]).standing.completed == 1
    assert LessonCompletion.objects.get().undone_at is None


def test_the_last_lesson_finishes_the_course(ben, course, lessons, enrolment):
    for lesson in lessons:
        result = complete_lesson(user=ben, lesson=lesson)
    assert result.standing.is_finished
    assert result.standing.percent == 100
    enrolment.refresh_from_db()
    assert enrolment.completed_at is not None


def test_taking_back_a_lesson_opens_a_finished_course_again(ben, course, lessons, enrolment):
    for lesson in lessons:
        complete_lesson(user=ben, lesson=lesson)
    standing = uncomplete_lesson(user=ben, lesson=lessons[2]).standing
    assert (standing.percent, standing.is_finished, standing.completed_at) == (75, False, None)
    assert standing.next_lesson.id == lessons[2].pk


def test_a_stranger_cannot_complete(cy, lessons, enrolment):
    with pytest.raises(Http404):
        complete_lesson(user=cy, lesson=lessons[0])


def test_who_left_cannot_complete(ben, course, lessons, enrolment):
    leave_course(user=ben, course=course)
    with pytest.raises(Http404):
        complete_lesson(user=ben, lesson=lessons[0])


def test_a_course_taken_back_to_draft_in_between_keeps_facts_and_counters_equal(ben, course, lessons, enrolment):
    course.status = "draft"
    course.save()
    with pytest.raises(Http404):
        complete_lesson(user=ben, lesson=lessons[0])
    assert LessonCompletion.objects.count() == 0
    assert counter_differences() == []


def test_the_database_refuses_a_second_completion_of_a_lesson(ben, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        LessonCompletion.objects.create(enrolment=enrolment, lesson=lessons[0], revision=1)


def test_the_database_refuses_a_completion_undone_before_it_was_done(ben, lessons, enrolment):
    early = timezone.now() - timedelta(days=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        LessonCompletion.objects.create(enrolment=enrolment, lesson=lessons[0], revision=1, undone_at=early)


def _in_threads(work, count=THREADS):
    def run(number):
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_completing_and_taking_back_leave_counters_equal_to_facts():
    ben = UserFactory(email="ben@example.org")
    course = published_course(lessons=3)
    lesson = course.lessons.first()
    enroll(user=ben, course=course)

    def toggle(number):
        for step in range(5):
            change = complete_lesson if (number + step) % 2 else uncomplete_lesson
            change(user=ben, lesson=lesson)

    _in_threads(toggle)
    rows = LessonCompletion.objects.filter(lesson=lesson)
    assert rows.count() == 1
    assert Enrolment.objects.get().completed_lessons == rows.filter(undone_at=None).count()
    assert counter_differences() == []


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_completing_different_lessons_lose_none():
    ben = UserFactory(email="ben@example.org")
    course = published_course(lessons=THREADS)
    lessons = list(course.lessons.all())
    enroll(user=ben, course=course)
    _in_threads(lambda number: complete_lesson(user=ben, lesson=lessons[number]))
    standing = standing_in(user=ben, course=course)
    assert (standing.completed, standing.percent) == (THREADS, 100)
    assert Enrolment.objects.get().completed_at is not None


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_enrolling_make_one_enrolment():
    ben = UserFactory(email="ben@example.org")
    course = published_course(lessons=1)
    _in_threads(lambda number: enroll(user=ben, course=course))
    assert Enrolment.objects.count() == 1
