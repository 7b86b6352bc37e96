"""How many queries a page or endpoint may make: the same for one row and for twenty.

Each budget names its queries. "login" is the session and the person (2 queries), however one logged in.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.tests.factories import UserFactory
from courses.tests.factories import published_course
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll
from progress.services.revealing import reveal_hint
from progress.services.saving import save_work
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz, settle

LOGIN = 2


def _queries(client, path, **headers):
    client.get(path, **headers)  # fills per-process caches: content types, URL patterns
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path, **headers)
    assert response.status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def _learner(courses, lessons):
    learner = UserFactory()
    for number in range(courses, 0, -1):
        course = published_course(lessons=lessons if number == 1 else 1, modules=2)
        enroll(user=learner, course=course)
        complete_lesson(user=learner, lesson=course.lessons.first())
    return learner, course


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        ("my-courses", LOGIN + 1),  # enrolments with course, counts and next lesson
        ("dashboard", LOGIN + 3),  # enrolments; points by lesson, where a course has points; activity
        ("course", LOGIN + 3),  # course; standing; outline
        ("lesson", LOGIN + 3),  # lesson with course and revision; outline; standing
        ("catalogue", LOGIN + 1),  # courses with languages and standing
        ("api-course", LOGIN + 3),  # course; outline; standing
        ("api-lesson", LOGIN + 2),  # lesson with course and revision; standing with practice
        ("api-courses", LOGIN + 1),  # courses
    ],
)
def test_a_signed_in_page_keeps_its_budget_for_one_row_and_for_twenty(client, db, name, budget):
    counts = {}
    for rows in (1, 20):
        learner, course = _learner(courses=rows, lessons=max(2, rows))
        lesson = course.lessons.first()
        client.force_login(learner)
        path = {
            "my-courses": "/api/v1/dashboard/my-courses",
            "dashboard": reverse("progress:dashboard"),
            "course": course.get_absolute_url(),
            "lesson": lesson.get_absolute_url(),
            "catalogue": reverse("courses:catalogue"),
            "api-course": f"/api/v1/courses/{course.slug}",
            "api-lesson": f"/api/v1/lessons/{lesson.pk}?include=html",
            "api-courses": "/api/v1/courses",
        }[name]
        counts[rows] = _queries(client, path)
    assert len(counts[20]) <= budget, "\n".join(counts[20])
    assert len(counts[1]) == len(counts[20])


def test_a_lesson_of_twenty_answered_questions_costs_no_query_more(client, db):
    counts = {}
    for rows in (1, 20):
        learner = UserFactory()
        course = judged_course(body_of(*(quiz(f"q{number}") for number in range(rows)), exercise("code")))
        lesson, enrolment = lesson_of(course), enroll(user=learner, course=course)
        for number in range(rows):
            settle(enrolment, lesson, f"q{number}")
            save_work(user=learner, lesson=lesson, block_id=f"q{number}", content={"answer": "a"})
        reveal_hint(user=learner, lesson=lesson, block_id="code")
        client.force_login(learner)
        counts[rows] = _queries(client, lesson.get_absolute_url())
    # lesson with course and revision; outline; standing with all answers, saved work and hints
    assert len(counts[20]) <= LOGIN + 3, "\n".join(counts[20])
    assert len(counts[1]) == len(counts[20])


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        ("landing", 1),  # courses
        ("catalogue", 1),  # courses with languages
        ("course", 2),  # course; outline
        ("lesson", 2),  # lesson with course and revision; outline
    ],
)
def test_a_visitors_page_keeps_its_budget_for_one_row_and_for_twenty(client, db, name, budget):
    counts = {}
    for rows in (1, 20):
        for number in range(rows, 0, -1):
            course = published_course(lessons=max(2, rows) if number == 1 else 1)
        course.lessons.update(is_preview=True)
        path = {
            "landing": "/",
            "catalogue": reverse("courses:catalogue"),
            "course": course.get_absolute_url(),
            "lesson": course.lessons.first().get_absolute_url(),
        }[name]
        counts[rows] = _queries(client, path)
    assert len(counts[20]) <= budget, "\n".join(counts[20])
    assert len(counts[1]) == len(counts[20])


@pytest.mark.parametrize("courses", [1, 20])
def test_my_courses_with_a_token_is_one_query_and_the_login(client, mobile, db, courses):
    """Checked with a real token: the session and the person are looked up, so that a logout counts at once."""
    learner, _ = _learner(courses=courses, lessons=2)
    mobile.log_in(learner.email)
    bearer = {"Authorization": f"Bearer {mobile.access_token}"}
    sql = _queries(client, "/api/v1/dashboard/my-courses", headers=bearer)
    assert len(sql) == 2, "\n".join(sql)  # the person with the session; enrolments with course, counts and next lesson
