"""Publishing from the admin: a lesson from its page, drafts and courses from the lists, opening and closing."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson, LessonDraft
from courses.services.publishing import save_draft
from courses.tests.factories import CourseFactory, body, published_course
from courses.tests.pages import form_data

COURSES = reverse("admin:courses_course_changelist")
LESSONS = reverse("admin:courses_lesson_changelist")


@pytest.fixture
def editor(client: Client, db: None) -> User:
    user = UserFactory(email="ed@example.org", display_name="Ed", role="editor")
    client.force_login(user)
    return user


@pytest.fixture
def course(db: None) -> Course:
    return published_course(lessons=2, title="Lines")


@pytest.fixture
def lesson(course: Course) -> Lesson:
    return course.lessons.order_by("position").first()


def step(name: str, course: Course) -> str:
    return reverse(f"admin:courses_course_{name}", args=[course.pk])


def publish_page(client: Client, lesson: Lesson, text: dict[str, Any]) -> HttpResponse:
    address = reverse("admin:courses_lesson_change", args=[lesson.pk])
    data = form_data(client.get(address), "lesson_form")
    return client.post(address, {**data, "body": json.dumps(text), "_publish": "1"}, follow=True)


def test_save_and_publish_makes_the_next_revision(client: Client, editor: User, lesson: Lesson) -> None:
    page = publish_page(client, lesson, body("New."))
    lesson.refresh_from_db()
    assert "revision 2 is live" in page.content.decode()
    assert lesson.current_revision.number == 2
    assert lesson.current_revision.body == body("New.")
    assert lesson.current_revision.created_by == editor
    assert not LessonDraft.objects.filter(lesson=lesson).exists()
    assert lesson.course.publish_log.first().acting_user == editor


def test_a_body_with_a_fault_is_neither_saved_nor_published(client: Client, editor: User, lesson: Lesson) -> None:
    wrong = {"version": 1, "blocks": [{"id": "a", "type": "image", "alt": ""}]}
    page = publish_page(client, lesson, wrong)
    lesson.refresh_from_db()
    assert "blocks[0].asset: is required" in page.content.decode()
    assert lesson.current_revision.number == 1
    assert not LessonDraft.objects.filter(lesson=lesson).exists()


def test_publishing_what_is_live_already_says_so(client: Client, editor: User, lesson: Lesson) -> None:
    page = publish_page(client, lesson, lesson.current_revision.body)
    lesson.refresh_from_db()
    assert "nothing to publish" in page.content.decode()
    assert lesson.current_revision.number == 1


def test_the_list_publishes_chosen_drafts_after_asking(client: Client, editor: User, course: Course) -> None:
    first, second = course.lessons.order_by("position")
    for lesson in (first, second):
        save_draft(lesson=lesson, body=body(f"New {lesson.pk}."))
    data = {"action": "publish_drafts", "_selected_action": [first.pk]}
    asked = client.post(LESSONS, data).content.decode()
    assert "Publish these drafts?" in asked
    assert first.title in asked
    first.refresh_from_db()
    assert first.current_revision.number == 1
    client.post(LESSONS, {**data, "confirmed": "yes"})
    for lesson in (first, second):
        lesson.refresh_from_db()
    assert (first.current_revision.number, second.current_revision.number) == (2, 1)


def test_the_list_says_when_no_draft_waits(client: Client, editor: User, lesson: Lesson) -> None:
    data = {"action": "publish_drafts", "_selected_action": [lesson.pk]}
    assert "has a draft" in client.post(LESSONS, data, follow=True).content.decode()


def test_publishing_a_course_asks_and_names_the_drafts(client: Client, editor: User, lesson: Lesson) -> None:
    save_draft(lesson=lesson, body=body("New."))
    asked = client.get(step("publish", lesson.course)).content.decode()
    assert lesson.title in asked
    lesson.refresh_from_db()
    assert lesson.current_revision.number == 1
    page = client.post(step("publish", lesson.course), follow=True).content.decode()
    assert "is published. 1 new revision." in page
    lesson.refresh_from_db()
    assert lesson.current_revision.number == 2


def test_a_course_without_lessons_cannot_be_opened(client: Client, editor: User) -> None:
    empty = CourseFactory()
    page = client.post(step("publish", empty), follow=True).content.decode()
    assert "stays as it was: a course without a published lesson cannot be opened" in page
    assert client.post(step("archive", empty), follow=True).status_code == 200
    empty.refresh_from_db()
    assert empty.status == "draft"


def test_the_list_acts_on_chosen_courses_after_asking(client: Client, editor: User, course: Course) -> None:
    other = published_course(lessons=1, title="Trees")
    data = {"action": "unpublish_selected", "_selected_action": [course.pk, other.pk]}
    asked = client.post(COURSES, data).content.decode()
    assert "Take back to draft: 2 courses?" in asked
    assert Course.objects.filter(status="published").count() == 2
    client.post(COURSES, {**data, "confirmed": "yes"})
    assert Course.objects.filter(status="draft").count() == 2
    client.post(COURSES, {**data, "action": "publish_selected", "confirmed": "yes"})
    assert Course.objects.filter(status="published").count() == 2
    client.post(COURSES, {**data, "action": "archive_selected", "confirmed": "yes"})
    assert Course.objects.filter(status="archived").count() == 2


def test_pages_that_change_something_refuse_other_methods(client: Client, editor: User, course: Course) -> None:
    assert client.put(step("publish", course)).status_code == 405
    lesson = course.lessons.first()
    assert client.put(reverse("admin:courses_lesson_remove", args=[lesson.pk])).status_code == 405
