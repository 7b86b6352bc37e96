"""Where to go on, and what a change of content does to how far one is."""

from datetime import timedelta

from django.utils import timezone

from courses.services.listeners import content_changed
from courses.services.publishing import publish_course, refresh_counts, save_draft
from courses.tests.factories import LessonFactory, body, published_course
from progress.models import Enrolment
from progress.selectors.standings import my_courses, percent, standing_in
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll


def _remove(lesson):
    lesson.removed_at = timezone.now()
    lesson.save()
    refresh_counts(lesson.course)
    content_changed(lesson.course)


def _add(course):
    lesson = LessonFactory(module=course.modules.first(), position=99)
    save_draft(lesson=lesson, body=body("## New"))
    publish_course(course=course)
    course.refresh_from_db()
    return lesson


def test_the_next_lesson_is_the_first_open_one(ben, course, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    complete_lesson(user=ben, lesson=lessons[2])
    assert standing_in(user=ben, course=course).next_lesson.id == lessons[1].pk


def test_a_lesson_that_opens_later_is_not_next(ben, course, lessons, enrolment):
    lessons[0].available_from = timezone.now() + timedelta(days=1)
    lessons[0].save()
    assert standing_in(user=ben, course=course).next_lesson.id == lessons[1].pk


def test_removing_a_completed_lesson_keeps_count_and_share(ben, course, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    before = standing_in(user=ben, course=course)
    _remove(lessons[0])
    after = standing_in(user=ben, course=course)
    assert (after.completed, after.percent) == (before.completed, before.percent) == (1, 25)


def test_removing_the_last_open_lesson_finishes_the_course(ben, course, lessons, enrolment):
    for lesson in lessons[:3]:
        complete_lesson(user=ben, lesson=lesson)
    _remove(lessons[3])
    assert standing_in(user=ben, course=course).percent == 100
    assert Enrolment.objects.get().completed_at is not None


def test_a_finished_course_stays_finished_and_says_what_is_new(ben, course, lessons, enrolment):
    for lesson in lessons:
        complete_lesson(user=ben, lesson=lesson)
    added = _add(course)
    standing = standing_in(user=ben, course=course)
    assert (standing.percent, standing.is_finished, standing.new_lessons) == (100, True, 1)
    assert standing.next_lesson.id == added.pk


def test_an_added_lesson_lowers_the_share_of_an_unfinished_course_but_not_the_count(ben, course, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    _add(course)
    standing = standing_in(user=ben, course=course)
    assert (standing.completed, standing.percent) == (1, 20)


def test_an_emptied_course_finishes_nobody_who_did_nothing(ben, course, lessons, enrolment):
    for lesson in lessons:
        _remove(lesson)
    standing = standing_in(user=ben, course=course)
    assert (standing.percent, standing.is_finished, standing.next_lesson) == (0, False, None)


def test_my_courses_come_last_touched_first(ben, course, lessons, enrolment):
    other = published_course(lessons=2)
    enroll(user=ben, course=other)
    assert [row.slug for row in my_courses(user=ben)] == [other.slug, "lines"]
    complete_lesson(user=ben, lesson=lessons[0])
    assert [row.slug for row in my_courses(user=ben)] == ["lines", other.slug]


def test_the_share_is_100_only_when_finished_and_never_0_for_something_done():
    assert percent(199, 200, is_finished=False) == 99
    assert percent(1, 1000, is_finished=False) == 1
    assert percent(2, 3, is_finished=False) == 67
    assert percent(0, 0, is_finished=False) == 0
    assert percent(3, 4, is_finished=True) == 100
