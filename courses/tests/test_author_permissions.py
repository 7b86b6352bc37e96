"""Who may see and change what in the admin. ada wrote “Lines”; bo is an author of another course; ben learns."""

import json
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts import roles
from accounts.models import User
from accounts.services.people import grant_role
from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson, LessonDraft, PublishLog
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, published_course
from courses.tests.pages import form_data

COURSES = reverse("admin:courses_course_changelist")
LESSONS = reverse("admin:courses_lesson_changelist")
LOG = reverse("admin:courses_publishlog_changelist")
PLAIN_PAGES = ("change", "history", "delete")
STEPS = ("publish", "unpublish", "archive")
LESSON_PAGES = (*PLAIN_PAGES, "preview", "pictures", "revisions", "compare", "remove", "restore", "discard")
REVISION_PAGES = ("revision", "revert")


@pytest.fixture
def bo(client: Client, db: None) -> User:
    bo = UserFactory(email="bo@example.org", display_name="Bo", role="author")
    published_course(lessons=1, title="Bo's course").authors.add(bo)
    client.force_login(bo)
    return bo


@pytest.fixture
def lesson(ada: User) -> Lesson:
    """A lesson of ada's, with two revisions and a draft."""
    course = published_course(lessons=2, title="Lines")
    course.authors.add(ada)
    lesson = course.lessons.order_by("position").first()
    save_draft(lesson=lesson, body=body("Second."))
    publish_lesson(lesson=lesson)
    save_draft(lesson=lesson, body=body("Draft."))
    lesson.refresh_from_db()
    return lesson


def addresses(lesson: Lesson) -> list[str]:
    """Every page about one course or lesson."""
    log = PublishLog.objects.first()
    pages = [reverse(f"admin:courses_course_{name}", args=[lesson.course_id]) for name in (*PLAIN_PAGES, *STEPS)]
    pages += [reverse(f"admin:courses_lesson_{name}", args=[lesson.pk]) for name in LESSON_PAGES]
    pages += [reverse(f"admin:courses_lesson_{name}", args=[lesson.pk, 1]) for name in REVISION_PAGES]
    pages += [reverse(f"admin:courses_publishlog_{name}", args=[log.pk]) for name in ("change", "history")]
    return pages


def state(lesson: Lesson) -> dict[str, Any]:
    """Everything that an intruder could have changed."""
    return {
        "course": Course.objects.values("title", "status", "updated_at").get(pk=lesson.course_id),
        "lessons": list(lesson.course.lessons.order_by("pk").values()),
        "modules": list(lesson.course.modules.order_by("pk").values()),
        "drafts": list(LessonDraft.objects.filter(lesson__course=lesson.course_id).order_by("pk").values()),
        "log": PublishLog.objects.filter(course=lesson.course_id).count(),
    }


def refused(response: Any) -> bool:
    """Not there, not allowed, or sent away as the admin does for rows that do not exist."""
    return response.status_code in (403, 404) or (response.status_code == 302 and response["Location"] == "/admin/")


def test_the_pages_named_here_are_all_there_are(client: Client, boss: User, lesson: Lesson) -> None:
    client.force_login(boss)
    named = set()
    for model in (Course, Lesson):
        for pattern in admin.site._registry[model].get_urls():
            if pattern.name and "object_id" in str(pattern.pattern):
                named.add(pattern.name)
    listed = {"course": (*PLAIN_PAGES, *STEPS), "lesson": (*LESSON_PAGES, *REVISION_PAGES)}
    assert named == {f"courses_{model}_{name}" for model, names in listed.items() for name in names}


def test_an_author_sees_their_own_courses_alone(client: Client, bo: User, lesson: Lesson) -> None:
    for address in (COURSES, LESSONS, LOG):
        page = client.get(address).content.decode()
        assert "Bo&#x27;s course" in page
        assert "Lines" not in page, address


def test_another_authors_pages_do_not_exist(client: Client, bo: User, lesson: Lesson) -> None:
    before = state(lesson)
    for address in addresses(lesson):
        assert refused(client.get(address)) or client.get(address).status_code == 405, address
        data = {"body": json.dumps(body("Mine!")), "title": "Mine!", "post": "yes", "_publish": "1"}
        assert refused(client.post(address, data)), address
    assert state(lesson) == before


def test_actions_do_not_reach_another_authors_rows(client: Client, bo: User, lesson: Lesson) -> None:
    before = state(lesson)
    for address, actions, pk in (
        (COURSES, ("publish_selected", "unpublish_selected", "archive_selected", "delete_selected"), lesson.course_id),
        (LESSONS, ("publish_drafts", "delete_selected"), lesson.pk),
    ):
        for action in actions:
            for extra in ({}, {"confirmed": "yes", "post": "yes"}):
                response = client.post(address, {"action": action, "_selected_action": [pk], **extra}, follow=True)
                assert response.status_code == 200
                assert "Lines" not in response.content.decode()
    assert state(lesson) == before


def test_another_authors_module_cannot_be_chosen(client: Client, bo: User, lesson: Lesson) -> None:
    add = reverse("admin:courses_lesson_add")
    page = client.get(add, {"module": lesson.module_id})
    assert "Lines" not in page.content.decode()
    data = {**form_data(page, "lesson_form"), "module": str(lesson.module_id), "title": "Intruder", "minutes": "1"}
    assert client.post(add, data).status_code == 200
    own = Lesson.objects.get(course__authors=bo)
    address = reverse("admin:courses_lesson_change", args=[own.pk])
    data = {**form_data(client.get(address), "lesson_form"), "module": str(lesson.module_id)}
    assert client.post(address, data).status_code == 200
    own.refresh_from_db()
    assert own.module_id != lesson.module_id
    assert not Lesson.objects.filter(title="Intruder").exists()


def test_another_courses_lesson_cannot_be_pulled_through_the_outline(client: Client, bo: User, lesson: Lesson) -> None:
    own = Course.objects.get(authors=bo)
    address = reverse("admin:courses_course_change", args=[own.pk])
    stolen = {
        f"outline-lesson-{lesson.pk}-module": str(own.modules.get().pk),
        f"outline-lesson-{lesson.pk}-position": "1",
        f"outline-module-{lesson.module_id}-title": "Renamed by a stranger",
        f"outline-module-{lesson.module_id}-position": "1",
    }
    before = state(lesson)
    client.post(address, {**form_data(client.get(address), "course_form"), **stolen})
    assert state(lesson) == before


def test_an_author_cannot_make_anyone_an_author(client: Client, bo: User, ada: User) -> None:
    own = Course.objects.get(authors=bo)
    address = reverse("admin:courses_course_change", args=[own.pk])
    page = client.get(address)
    assert ada.email not in page.content.decode()
    client.post(address, {**form_data(page, "course_form"), "authors": [str(ada.pk)]})
    assert list(own.authors.all()) == [bo]


def test_filters_do_not_name_other_authors_courses(client: Client, bo: User, lesson: Lesson) -> None:
    published_course(lessons=1, title="A second of Bo's").authors.add(bo)
    for address in (LESSONS, LOG):
        page = client.get(address).content.decode()
        assert "A second of Bo" in page
        assert "Lines" not in page


def test_an_author_publishes_their_own(client: Client, ada: User, lesson: Lesson) -> None:
    client.force_login(ada)
    client.post(reverse("admin:courses_course_publish", args=[lesson.course_id]))
    lesson.refresh_from_db()
    assert lesson.current_revision.number == 3


def test_without_the_permission_to_publish_an_author_writes_drafts_alone(
    client: Client, ada: User, lesson: Lesson
) -> None:
    Group.objects.get(name=roles.AUTHOR).permissions.remove(Permission.objects.get(codename="publish_course"))
    client.force_login(ada)
    address = reverse("admin:courses_lesson_change", args=[lesson.pk])
    page = client.get(address)
    assert "Save and publish" not in page.content.decode()
    data = {**form_data(page, "lesson_form"), "body": json.dumps(body("Better."))}
    assert client.post(address, {**data, "_publish": "1"}).status_code == 403
    assert LessonDraft.objects.get(lesson=lesson).body == body("Draft.")
    assert client.post(address, {**data, "_continue": "1"}).status_code == 302
    assert LessonDraft.objects.get(lesson=lesson).body == body("Better.")
    before = state(lesson)
    closed = [
        reverse(f"admin:courses_course_{name}", args=[lesson.course_id]) for name in ("publish", "unpublish", "archive")
    ]
    closed += [
        reverse("admin:courses_lesson_revert", args=[lesson.pk, 1]),
        reverse("admin:courses_lesson_remove", args=[lesson.pk]),
    ]
    for page_address in closed:
        assert client.post(page_address).status_code == 403, page_address
    for where, action, pk in (
        (COURSES, "unpublish_selected", lesson.course_id),
        (LESSONS, "publish_drafts", lesson.pk),
    ):
        client.post(where, {"action": action, "_selected_action": [pk], "confirmed": "yes"})
    assert state(lesson) == before


def test_an_editor_edits_every_course(client: Client, lesson: Lesson) -> None:
    client.force_login(UserFactory(email="ed@example.org", role="editor"))
    assert "Lines" in client.get(COURSES).content.decode()
    for address in addresses(lesson):
        if "delete" not in address:
            assert client.get(address, {"from": "1", "to": "2"}).status_code in (200, 405), address


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_learner_sees_nothing_even_as_staff(client: Client, ben: User, lesson: Lesson, is_staff: bool) -> None:
    User.objects.filter(pk=ben.pk).update(is_staff=is_staff)
    client.force_login(ben)
    before = state(lesson)
    for address in (COURSES, LESSONS, LOG, reverse("admin:courses_course_add"), *addresses(lesson)):
        for response in (client.get(address), client.post(address, {"body": "{}"})):
            sent_away = response.status_code == 302 and "/admin/login" in response["Location"]
            assert refused(response) or (not is_staff and sent_away) or response.status_code == 405, address
    assert state(lesson) == before


def test_an_author_by_name_without_the_role_sees_nothing(client: Client, ben: User, lesson: Lesson) -> None:
    User.objects.filter(pk=ben.pk).update(is_staff=True)
    lesson.course.authors.add(ben)
    client.force_login(ben)
    for address in (COURSES, LESSONS, *addresses(lesson)):
        assert refused(client.get(address)) or client.get(address).status_code == 405, address


def test_an_author_who_is_taken_off_a_course_is_out(client: Client, ada: User, lesson: Lesson) -> None:
    client.force_login(ada)
    address = reverse("admin:courses_lesson_change", args=[lesson.pk])
    assert client.get(address).status_code == 200
    lesson.course.authors.remove(ada)
    assert refused(client.get(address))


def test_looking_alone_offers_no_way_to_change(client: Client, ben: User, lesson: Lesson) -> None:
    """A role made by hand: may view courses and lessons of every author, and nothing else."""
    looking = Group.objects.create(name="reviewer")
    codenames = ("view_course", "view_lesson", "edit_any_course")
    looking.permissions.add(*Permission.objects.filter(codename__in=codenames))
    ben.groups.add(looking)
    User.objects.filter(pk=ben.pk).update(is_staff=True)
    client.force_login(ben)
    before = state(lesson)
    for name in ("change", "revisions", "revision"):
        args = [lesson.pk, 1] if name == "revision" else [lesson.pk]
        page = client.get(reverse(f"admin:courses_lesson_{name}", args=args))
        assert page.status_code == 200
        assert "Save" not in page.content.decode()
    assert client.get(reverse("admin:courses_course_change", args=[lesson.course_id])).status_code == 200
    for address in addresses(lesson):
        response = client.post(address, {"body": json.dumps(body("Mine!"))})
        assert refused(response) or "/history/" in address or "/revisions/" in address, address  # they only read
    assert state(lesson) == before


@pytest.mark.parametrize("role", [roles.AUTHOR, roles.EDITOR, roles.ADMIN])
def test_nothing_is_deleted_in_the_admin(client: Client, ada: User, lesson: Lesson, role: str) -> None:
    grant_role(user=ada, role=role)
    client.force_login(ada)
    for model, pk in (("course", lesson.course_id), ("lesson", lesson.pk)):
        assert client.post(reverse(f"admin:courses_{model}_delete", args=[pk]), {"post": "yes"}).status_code == 403


def test_the_log_cannot_be_written(client: Client, boss: User, lesson: Lesson) -> None:
    client.force_login(boss)
    row = PublishLog.objects.first()
    address = reverse("admin:courses_publishlog_change", args=[row.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"kind": "revert"}).status_code == 403
    assert client.get(reverse("admin:courses_publishlog_add")).status_code == 403
