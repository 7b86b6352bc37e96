"""The statements of my-courses and of one standing are compiled once: their rows are those of the queryset, always."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson
from courses.services.listeners import content_changed
from courses.services.publishing import publish_course, refresh_counts, save_draft
from courses.tests.factories import LessonFactory, body, published_course
from progress.models import Enrolment
from progress.selectors import practice
from progress.selectors.standings import as_standing, my_course_rows, my_courses, standing_in
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll, leave_course
from progress.services.revealing import reveal_hint
from progress.services.saving import save_work
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz, settle

pytestmark = pytest.mark.django_db


def _world(seed):
    """Some people in some courses, of which lessons were removed, added or open later; some are drafts or archived."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    people = [UserFactory() for _ in range(3)]
    courses = [published_course(lessons=chance.randint(1, 5), modules=1) for _ in range(4)]
    for person in people:
        for course in chance.sample(courses, chance.randint(1, 4)):
            enroll(user=person, course=course)
            lessons = list(course.lessons.all())
            for lesson in chance.sample(lessons, chance.choice((0, 1, len(lessons)))):
                complete_lesson(user=person, lesson=lesson)
                if chance.random() < 0.2:
                    uncomplete_lesson(user=person, lesson=lesson)
            if chance.random() < 0.2:
                leave_course(user=person, course=course)
    for course in courses:
        for lesson in course.lessons.all():
            fate = chance.random()
            if fate < 0.25:
                Lesson.objects.filter(pk=lesson.pk).update(removed_at=timezone.now())
            elif fate < 0.4:
                later = timezone.now() + timedelta(days=chance.choice((-1, 1)))
                Lesson.objects.filter(pk=lesson.pk).update(available_from=later)
        if chance.random() < 0.5:
            lesson = LessonFactory(module=course.modules.first(), position=99)
            save_draft(lesson=lesson, body=body("## New"))
            publish_course(course=course)
        refresh_counts(course)
        content_changed(course)
        Course.objects.filter(pk=course.pk).update(
            status=chance.choice(("published", "published", "archived", "draft")),
            certificate_percent=chance.choice((None, 60)),
            title="100 % 'quoted' %s {} \\ ж",
        )
    return people, courses


@pytest.mark.parametrize("seed", range(8))
def test_compiled_rows_are_the_querysets(seed):
    people, courses = _world(seed)
    for person in people:
        assert my_courses(user=person) == [as_standing(row) for row in my_course_rows(user=person)]
        for course in courses:
            found = my_course_rows(user=person).filter(course=course).first()
            assert standing_in(user=person, course=course) == (as_standing(found) if found else None)


def test_the_worlds_hold_every_case():
    """What the test above would miss, were the worlds tamer."""
    standings = []
    for seed in range(8):
        people, _courses = _world(seed)
        standings += [row for person in people for row in my_courses(user=person)]
    assert Enrolment.objects.exclude(left_at=None).exists()
    assert Enrolment.objects.filter(left_at=None).count() > len(standings)  # drafts are not listed
    assert any(row.is_finished for row in standings)
    assert any(row.new_lessons for row in standings)
    assert any(row.next_lesson is None for row in standings)
    assert any(row.next_lesson and row.completed for row in standings)
    assert any(row.total > Course.objects.get(pk=row.course_id).lesson_count for row in standings)  # removed ones


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
def test_compiled_practice_is_the_querysets(zone):
    user = UserFactory(time_zone=zone)
    course = judged_course(body_of(quiz("q1"), quiz("q2"), quiz("q3"), exercise("code")))
    lesson, enrolment = lesson_of(course), enroll(user=user, course=course)
    settle(enrolment, lesson, "q1")
    settle(enrolment, lesson, "q1")
    settle(enrolment, lesson, "q2")
    save_work(user=user, lesson=lesson, block_id="q3", content={"answer": "100 % '%s'"})
    reveal_hint(user=user, lesson=lesson, block_id="code")
    for person in (user, UserFactory()):
        found = practice.practice_rows(
            user=person, course=course, lesson=lesson, **practice.own_day(person)
        ).first()  # fmt: skip
        standing, work = practice.standing_with_practice(user=person, lesson=lesson)
        if person == user:
            assert (standing, work) == (as_standing(found), practice._practice(found, lesson.current_revision.checks))
            assert work.states["q1"].attempts == 2
            assert work.states["code"].hints
            assert work.work["q3"].content == {"answer": "100 % '%s'"}
        else:
            assert (found, standing, work.states) == (None, None, {})


def test_a_lesson_is_next_once_its_time_has_come(ben, course, lessons, enrolment):
    """The time is the database's at the moment of asking, not that of the compilation."""
    assert my_courses(user=ben)[0].next_lesson.id == lessons[0].pk
    lessons[0].available_from = timezone.now() + timedelta(milliseconds=700)
    lessons[0].save()
    assert my_courses(user=ben)[0].next_lesson.id == lessons[1].pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.8)")
    assert my_courses(user=ben)[0].next_lesson.id == lessons[0].pk


def test_no_more_are_read_than_asked_for(ben):
    for _ in range(3):
        enroll(user=ben, course=published_course(lessons=1))
    assert len(my_courses(user=ben)) == 3
    assert my_courses(user=ben, at_most=2) == my_courses(user=ben)[:2]


def test_a_statement_is_counted_and_shown_like_any_other(ben, enrolment):
    with CaptureQueriesContext(connection) as captured:
        my_courses(user=ben)
    (query,) = captured.captured_queries
    assert "progress_enrolment" in query["sql"]


def test_a_statement_is_planned_once_a_connection(ben, enrolment):
    for _ in range(3):
        my_courses(user=ben)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %s",
            ["%progress_enrolment%LIMIT%"],
        )
        runs = [count for (count,) in cursor.fetchall()]
    assert max(runs, default=0) >= 3
