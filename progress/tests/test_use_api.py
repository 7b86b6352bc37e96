"""The API of a person's own work: outline, enrolment, my-courses, lesson, completion."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson
from courses.tests.factories import published_course
from progress.api.course_serializers import MyCourseSerializer, my_course
from progress.models import Enrolment
from progress.selectors.standings import my_courses
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll, leave_course

PROBLEM_FIELDS = {"type", "title", "status", "detail", "errors"}


@pytest.fixture
def as_ben(client, ben):
    client.force_login(ben)
    return client


def test_enrolment_is_idempotent_and_answers_the_standing(as_ben, course):
    for _ in range(2):
        response = as_ben.put("/api/v1/courses/lines/enrolment")
        assert response.status_code == 200
        assert response.json()["completion_percent"] == 0
    for _ in range(2):
        assert as_ben.delete("/api/v1/courses/lines/enrolment").status_code == 204
    assert as_ben.get("/api/v1/dashboard/my-courses").json()["results"] == []


def test_my_courses_has_the_documented_shape(as_ben, course, lessons, enrolment):
    as_ben.put(f"/api/v1/lessons/{lessons[0].pk}/completion")
    body = as_ben.get("/api/v1/dashboard/my-courses").json()
    (row,) = body["results"]
    assert set(row) == {
        "course", "completed_lessons", "total_lessons", "completion_percent", "next_lesson", "last_activity_at",
        "enrolled_at", "completed_at",
    }  # fmt: skip
    assert row["course"] == {"id": course.pk, "slug": "lines", "title": "Lines"}
    assert (row["completed_lessons"], row["total_lessons"], row["completion_percent"]) == (1, 4, 25)
    upcoming = lessons[1]
    assert row["next_lesson"] == {"id": upcoming.pk, "slug": upcoming.slug, "title": upcoming.title}
    assert row["completed_at"] is None


def test_the_fast_shape_of_my_courses_is_the_documented_one(ben, enrolment):
    (standing,) = my_courses(user=ben)
    document = my_course(standing)
    assert MyCourseSerializer(document).data.keys() == document.keys()


def test_my_courses_answers_304_until_something_changes(as_ben, lessons, enrolment):
    first = as_ben.get("/api/v1/dashboard/my-courses")
    again = as_ben.get("/api/v1/dashboard/my-courses", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    as_ben.put(f"/api/v1/lessons/{lessons[0].pk}/completion")
    changed = as_ben.get("/api/v1/dashboard/my-courses", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


def _rename_next_lesson(ben, course, lessons):
    Lesson.objects.filter(pk=lessons[0].pk).update(title="Another")


def _open_next_lesson_later(ben, course, lessons):
    Lesson.objects.filter(pk=lessons[0].pk).update(available_from=timezone.now() + timedelta(days=1))


def _rename_course(ben, course, lessons):
    Course.objects.filter(pk=course.pk).update(title="Another")


def _take_course_back(ben, course, lessons):
    Course.objects.filter(pk=course.pk).update(status="draft")


def _complete_and_take_back(ben, course, lessons):
    complete_lesson(user=ben, lesson=lessons[0])
    uncomplete_lesson(user=ben, lesson=lessons[0])  # the same counts, touched later


def _take_another_course(ben, course, lessons):
    enroll(user=ben, course=published_course(lessons=1))


def _leave(ben, course, lessons):
    leave_course(user=ben, course=course)


@pytest.mark.parametrize(
    "change",
    [_rename_next_lesson, _open_next_lesson_later, _rename_course, _take_course_back, _complete_and_take_back,
     _take_another_course, _leave],
)  # fmt: skip
def test_whatever_changes_my_courses_changes_its_etag(as_ben, ben, course, lessons, enrolment, change):
    first = as_ben.get("/api/v1/dashboard/my-courses")
    change(ben, course, lessons)
    second = as_ben.get("/api/v1/dashboard/my-courses", headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert second.content != first.content
    assert second["ETag"] != first["ETag"]


def test_an_answer_and_its_304_tell_caches_the_same(as_ben, enrolment):
    first = as_ben.get("/api/v1/dashboard/my-courses")
    again = as_ben.get("/api/v1/dashboard/my-courses", headers={"If-None-Match": f'"x", W/{first["ETag"]}'})
    assert (first["Content-Type"], again.status_code) == ("application/json", 304)
    for name in ("ETag", "Cache-Control", "Vary"):
        assert first[name] == again[name]
    assert first["Cache-Control"] == "private, no-cache"


def test_more_courses_than_a_page_holds_come_by_cursor(as_ben, ben):
    courses = Course.objects.bulk_create(
        Course(uid=f"c{number}", slug=f"c{number}", title="C", status="published", published_at=timezone.now())
        for number in range(101)
    )
    Enrolment.objects.bulk_create(Enrolment(user=ben, course=course) for course in courses)
    page = as_ben.get("/api/v1/dashboard/my-courses").json()
    rest = as_ben.get(page["next"]).json()
    assert (len(page["results"]), len(rest["results"]), rest["next"]) == (100, 1, None)
    assert {row["course"]["id"] for row in page["results"] + rest["results"]} == {course.pk for course in courses}
    Enrolment.objects.filter(course=courses[0]).delete()
    page = as_ben.get("/api/v1/dashboard/my-courses").json()
    assert (len(page["results"]), page["next"], page["previous"]) == (100, None, None)


def test_the_outline_ticks_what_the_caller_completed(as_ben, lessons, enrolment):
    as_ben.put(f"/api/v1/lessons/{lessons[0].pk}/completion")
    modules = as_ben.get("/api/v1/courses/lines").json()["modules"]
    ticks = [lesson["is_completed"] for module in modules for lesson in module["lessons"]]
    assert ticks == [True, False, False, False]
    assert len(modules) == 2


def test_a_visitor_sees_the_outline_without_ticks_and_points(client, course):
    body = client.get("/api/v1/courses/lines").json()
    lessons = [lesson for module in body["modules"] for lesson in module["lessons"]]
    assert not any(lesson["is_completed"] for lesson in lessons)
    assert {lesson["score"] for lesson in lessons} == {None}
    assert (body["score"], body["points"], body["certificate"]) == (None, 0, None)


def test_completion_is_idempotent_and_answers_the_new_counts(as_ben, lessons, enrolment):
    path = f"/api/v1/lessons/{lessons[0].pk}/completion"
    for _ in range(2):
        body = as_ben.put(path).json()
        assert (body["is_completed"], body["completed_lessons"], body["completion_percent"]) == (True, 1, 25)
    for _ in range(2):
        body = as_ben.delete(path).json()
        assert (body["is_completed"], body["completed_lessons"], body["completion_percent"]) == (False, 0, 0)


def test_a_lesson_gives_blocks_and_on_request_html(as_ben, lessons, enrolment):
    path = f"/api/v1/lessons/{lessons[0].pk}"
    body = as_ben.get(path).json()
    assert body["blocks"][0]["source"].startswith("## Part 0")
    assert body["revision"] == 1
    assert body["state"] == {"is_enrolled": True, "is_completed": False, "blocks": {}, "work": {}}
    assert "html" not in body
    assert "Text of lesson 0" in as_ben.get(path + "?include=html").json()["html"][0]["html"]


def test_a_lesson_answers_304_until_its_state_changes(as_ben, lessons, enrolment):
    path = f"/api/v1/lessons/{lessons[0].pk}"
    tag = as_ben.get(path)["ETag"]
    assert as_ben.get(path, headers={"If-None-Match": tag}).status_code == 304
    as_ben.put(f"{path}/completion")
    assert as_ben.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_what_is_not_the_callers_is_404(client, cy, lessons, enrolment, method):
    client.force_login(cy)
    path = f"/api/v1/lessons/{lessons[0].pk}" + ("" if method == "get" else "/completion")
    response = getattr(client, method)(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert set(response.json()) == PROBLEM_FIELDS


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/v1/dashboard/my-courses"),
        ("put", "/api/v1/courses/lines/enrolment"),
        ("delete", "/api/v1/courses/lines/enrolment"),
        ("put", "/api/v1/lessons/1/completion"),
    ],
)
def test_without_a_login_it_is_401(client, course, method, path):
    response = getattr(client, method)(path)
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere", "/api/v1/lessons/999999999999999999", "/api/v1/lessons/" + "9" * 30]
)
def test_an_unknown_route_or_id_is_a_404_problem(as_ben, path):
    response = as_ben.get(path)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("value", ["key", ""])
def test_an_unknown_include_is_400(as_ben, lessons, enrolment, value):
    assert as_ben.get(f"/api/v1/lessons/{lessons[0].pk}?include={value}").status_code == 400


HOSTILE = {
    "nul": b'{"display_name": "a\\u0000b"}',
    "lone surrogate": b'{"display_name": "\\ud800"}',
    "surrogate in a key": b'{"\\udfff": 1}',
    "nan": b'{"display_name": NaN}',
    "deep": b'{"display_name": ' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    "very deep": b"[" * 100_000,
    "not json": b"{",
    "not utf-8": b'{"display_name": "\xff"}',
    "a huge number": b'{"display_name": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_json_that_cannot_be_stored_is_400(as_ben, case):
    response = as_ben.patch("/api/v1/me", HOSTILE[case], content_type="application/json")
    assert response.status_code == 400, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert json.loads(response.content)["status"] == 400


def test_a_body_of_another_type_is_415(as_ben):
    assert as_ben.patch("/api/v1/me", b"a=1", content_type="text/plain").status_code == 415


def test_one_persons_work_is_in_no_other_persons_answer(client, course, lessons):
    ben, cy = UserFactory(), UserFactory()
    other = published_course(lessons=1)
    enroll(user=ben, course=course)
    enroll(user=cy, course=other)
    client.force_login(cy)
    slugs = [row["course"]["slug"] for row in client.get("/api/v1/dashboard/my-courses").json()["results"]]
    assert slugs == [other.slug]
