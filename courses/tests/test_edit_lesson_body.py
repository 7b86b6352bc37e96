"""A lesson's page in the admin: settings, the body with its faults by position, the preview, two editors at once."""

import base64
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Asset, Course, Lesson, LessonDraft
from courses.services.authoring import lesson_version, write_draft
from courses.services.publishing import save_draft
from courses.tests.factories import LessonFactory, ModuleFactory, body, published_course
from courses.tests.pages import form_data

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
QUIZ: dict[str, Any] = {
    "id": "q1",
    "type": "quiz",
    "kind": "single",
    "prompt": "Which?",
    "points": 1,
    "attempts": None,
    "graded": True,
    "choices": [{"id": "a", "text": "This", "correct": True}, {"id": "b", "text": "That", "correct": False}],
}


def page_of(lesson: Lesson) -> str:
    return reverse("admin:courses_lesson_change", args=[lesson.pk])


def preview_of(lesson: Lesson) -> str:
    return reverse("admin:courses_lesson_preview", args=[lesson.pk])


@pytest.fixture
def ada(ada: User, client: Client) -> User:
    client.force_login(ada)
    return ada


@pytest.fixture
def course(ada: User) -> Course:
    course = published_course(lessons=2, title="Lines")
    course.authors.add(ada)
    return course


@pytest.fixture
def lesson(course: Course) -> Lesson:
    return course.lessons.order_by("position").first()


def filled(client: Client, lesson: Lesson, *, edited: Any = None, **changes: Any) -> dict[str, Any]:
    data = {**form_data(client.get(page_of(lesson)), "lesson_form"), "_continue": "1", **changes}
    if edited is not None:
        data["body"] = edited if isinstance(edited, str) else json.dumps(edited)
    return data


def save(client: Client, lesson: Lesson, **changes: Any) -> HttpResponse:
    return client.post(page_of(lesson), filled(client, lesson, **changes))


def draft_of(lesson: Lesson) -> Any:
    draft = LessonDraft.objects.filter(lesson=lesson).first()
    return draft.body if draft else None


def test_the_form_starts_from_what_is_live(client: Client, lesson: Lesson) -> None:
    assert json.loads(filled(client, lesson)["body"]) == lesson.current_revision.body


def test_the_form_starts_from_the_draft_where_there_is_one(client: Client, lesson: Lesson) -> None:
    save_draft(lesson=lesson, body=body("A draft."))
    assert json.loads(filled(client, lesson)["body"]) == body("A draft.")


def test_saving_keeps_a_draft_that_learners_do_not_see(client: Client, ada: User, lesson: Lesson) -> None:
    live = lesson.current_revision_id
    assert save(client, lesson, edited=body("New text.")).status_code == 302
    lesson.refresh_from_db()
    assert draft_of(lesson) == body("New text.")
    assert lesson.draft.updated_by == ada
    assert lesson.current_revision_id == live


def test_a_draft_alone_does_not_make_the_course_look_updated(client: Client, course: Course, lesson: Lesson) -> None:
    course.refresh_from_db()
    before = course.updated_at
    save(client, lesson, edited=body("New text."))
    course.refresh_from_db()
    assert course.updated_at == before


def test_a_lesson_that_changes_its_module_goes_to_the_end_of_it(client: Client, course: Course, lesson: Lesson) -> None:
    other = ModuleFactory(course=course, position=9)
    in_it = LessonFactory(module=other, position=9)
    save(client, lesson, module=str(other.pk))
    order = list(course.lessons.order_by("position").values_list("pk", flat=True))
    assert order[-2:] == [in_it.pk, lesson.pk]
    assert list(course.lessons.order_by("position").values_list("position", flat=True)) == [0, 1, 2]


def test_saving_an_unchanged_page_makes_no_draft(client: Client, lesson: Lesson) -> None:
    before = lesson_version(lesson)
    assert save(client, lesson).status_code == 302
    assert draft_of(lesson) is None
    assert lesson_version(lesson) == before


def test_going_back_to_the_live_text_drops_the_draft(client: Client, lesson: Lesson) -> None:
    save_draft(lesson=lesson, body=body("A draft."))
    save(client, lesson, edited=lesson.current_revision.body)
    assert draft_of(lesson) is None


def test_settings_take_effect_at_once(client: Client, lesson: Lesson) -> None:
    save(
        client,
        lesson,
        title="Renamed",
        minutes="44",
        is_preview="on",
        available_from="2030-01-02T10:00",
    )
    lesson.refresh_from_db()
    lesson.course.refresh_from_db()
    assert (lesson.title, lesson.minutes, lesson.is_preview) == ("Renamed", 44, True)
    assert lesson.available_from.isoformat() == "2030-01-02T10:00:00+00:00"
    assert lesson.course.minutes == 49  # 44 and the other lesson's 5


def test_a_fault_is_said_with_its_position_and_the_text_is_kept(client: Client, lesson: Lesson) -> None:
    broken = {**QUIZ, "choices": [QUIZ["choices"][0], {**QUIZ["choices"][1], "text": ""}]}
    wrong = {"version": 1, "blocks": [*body("One", "Two", "Three")["blocks"], broken]}
    response = save(client, lesson, edited=wrong)
    assert response.status_code == 200
    assert "blocks[3].choices[1].text: must not be empty" in response.content.decode()
    assert json.loads(form_data(response, "lesson_form")["body"]) == wrong
    assert draft_of(lesson) is None


def test_every_fault_is_said(client: Client, lesson: Lesson) -> None:
    wrong = body("One", "Two")
    wrong["blocks"][0]["source"] = 5
    wrong["blocks"][1]["colour"] = "red"
    page = save(client, lesson, edited=wrong).content.decode()
    assert "blocks[0].source: must be text" in page
    assert "blocks[1].colour: is not a known field" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{not json", "is not JSON"),
        ("", "is not JSON"),
        ('{"version": 1, "blocks": [{"id": "a", "type": "markdown", "source": "\\u0000"}]}', "NUL"),
        ('{"version": 1, "blocks": [{"id": "a", "type": "markdown", "source": "\\ud800"}]}', "surrogate"),
        ("[" * 100_000, "nested"),
        ('{"version": 1, "blocks": [], "metadata": {"n": NaN}}', "not JSON"),
        ("[1, 2]", "must be an object"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_kept_in_the_form(
    client: Client, lesson: Lesson, text: str, said: str
) -> None:
    response = save(client, lesson, edited=text)
    assert response.status_code == 200
    assert said in response.content.decode()
    assert form_data(response, "lesson_form")["body"] == text
    assert draft_of(lesson) is None


def test_fields_that_the_editor_does_not_show_are_kept(client: Client, lesson: Lesson) -> None:
    stored = {
        "version": 1,
        "metadata": {"kernelspec": {"name": "python3"}},
        "blocks": [
            {
                "id": "c1",
                "type": "code",
                "source": "1 + 1",
                "language": "python",
                "run": "static",
                "outputs": [{"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}}],
                "execution_count": 3,
                "metadata": {"tags": ["x"], "number": 1.0},
            }
        ],
    }
    save(client, lesson, edited=stored)
    save(client, lesson)
    assert draft_of(lesson) == stored
    assert json.dumps(draft_of(lesson)["blocks"][0]["metadata"]["number"]) == "1.0"


def test_a_slug_of_another_lesson_is_refused(client: Client, course: Course, lesson: Lesson) -> None:
    other = course.lessons.order_by("position").last()
    response = save(client, lesson, slug=other.slug)
    assert "Another lesson of this course has this slug" in response.content.decode()
    other.removed_at = other.updated_at
    other.save()
    assert save(client, lesson, slug=other.slug).status_code == 302


def test_two_editors_do_not_overwrite_each_other_silently(client: Client, course: Course, lesson: Lesson) -> None:
    course.authors.add(UserFactory(email="bo@example.org", display_name="Bo", role="author"))
    bo = User.objects.get(email="bo@example.org")
    mine = filled(client, lesson, edited=body("Mine."), title="My title")
    write_draft(lesson=lesson, body=body("Theirs."), acting_user=bo)

    response = client.post(page_of(lesson), mine)
    assert response.status_code == 200
    assert "This lesson was changed by Bo after you opened it" in response.content.decode()
    assert draft_of(lesson) == body("Theirs.")
    kept = form_data(response, "lesson_form")
    assert (json.loads(kept["body"]), kept["title"]) == (body("Mine."), "My title")

    again = client.post(page_of(lesson), {**kept, "_continue": "1"})
    assert again.status_code == 200
    assert draft_of(lesson) == body("Theirs.")

    over = client.post(page_of(lesson), {**kept, "_continue": "1", "overwrite": lesson_version(lesson)})
    assert over.status_code == 302
    assert draft_of(lesson) == body("Mine.")


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_one_is_told_of_the_other(boss: User) -> None:
    """A superuser twice: tests that commit leave no rights of roles behind for those after them."""
    lesson = published_course(lessons=1).lessons.get()
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(boss)
    forms = [filled(client, lesson, edited=body(text)) for client, text in zip(clients, ("One.", "Two."), strict=True)]
    start = Barrier(2)

    def post(number: int) -> int:
        start.wait()
        try:
            return clients[number].post(page_of(lesson), forms[number]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(post, range(2)))
    assert sorted(answers) == [200, 302]
    assert draft_of(lesson) == body(("One.", "Two.")[answers.index(302)])


def test_overwriting_names_the_version_that_was_seen(client: Client, lesson: Lesson) -> None:
    mine = filled(client, lesson, edited=body("Mine."))
    write_draft(lesson=lesson, body=body("Second."))
    seen = lesson_version(lesson)
    write_draft(lesson=lesson, body=body("Third, which nobody saw."))
    assert client.post(page_of(lesson), {**mine, "overwrite": seen}).status_code == 200
    assert draft_of(lesson) == body("Third, which nobody saw.")


def test_a_title_changed_by_another_is_a_conflict_too(client: Client, lesson: Lesson) -> None:
    mine = filled(client, lesson, title="Mine")
    Lesson.objects.filter(pk=lesson.pk).update(title="Theirs")
    assert client.post(page_of(lesson), mine).status_code == 200
    assert Lesson.objects.get(pk=lesson.pk).title == "Theirs"


def test_discarding_asks_and_goes_back_to_the_live_text(client: Client, lesson: Lesson) -> None:
    save_draft(lesson=lesson, body=body("A draft."))
    address = reverse("admin:courses_lesson_discard", args=[lesson.pk])
    assert "Discard the draft" in client.get(address).content.decode()
    assert draft_of(lesson) is not None
    client.post(address)
    assert draft_of(lesson) is None
    assert json.loads(filled(client, lesson)["body"]) == lesson.current_revision.body


def test_a_lesson_is_added_to_a_module_and_then_written(client: Client, course: Course) -> None:
    module = course.modules.get()
    add = reverse("admin:courses_lesson_add")
    data = form_data(client.get(add, {"module": module.pk}), "lesson_form")
    assert data["module"] == str(module.pk)
    response = client.post(add, {**data, "title": "A third", "minutes": "7"})
    made = Lesson.objects.get(title="A third")
    assert response["Location"] == page_of(made)
    assert (made.slug, made.position, made.course) == ("a-third", 2, course)
    assert made.current_revision is None
    save(client, made, edited=body("Hello."))
    assert draft_of(made) == body("Hello.")


def test_the_list_costs_the_same_for_two_lessons_and_for_many(
    client: Client, course: Course, lesson: Lesson, django_assert_max_num_queries: Any
) -> None:
    address = reverse("admin:courses_lesson_changelist")
    client.get(address)
    with django_assert_max_num_queries(15) as few:
        client.get(address)
    for _ in range(15):
        LessonFactory(module=lesson.module)
    with django_assert_max_num_queries(15) as many:
        client.get(address)
    assert len(many) == len(few)


# --- the preview ---


def ask(client: Client, lesson: Lesson, text: Any, **headers: str) -> HttpResponse:
    data = {"body": text if isinstance(text, str) else json.dumps(text), "title": "A title"}
    return client.post(preview_of(lesson), data, headers={"Accept": "application/json", **headers})


def test_the_preview_renders_and_stores_nothing(client: Client, lesson: Lesson) -> None:
    data = ask(client, lesson, body("Some *text* and $x^2$.")).json()
    assert data["errors"] == []
    assert [part["id"] for part in data["html"]] == ["b1"]
    assert "<em>text</em>" in data["html"][0]["html"]
    assert "<math" in data["html"][0]["html"]
    assert draft_of(lesson) is None


def test_the_preview_tells_faults_by_position(client: Client, lesson: Lesson) -> None:
    wrong = {"version": 1, "blocks": [{**QUIZ, "choices": []}]}
    data = ask(client, lesson, wrong).json()
    assert data["html"] == []
    assert {"path": "blocks[0].choices", "message": "must have at least 2 entries"} in data["errors"]


@pytest.mark.parametrize("text", ["{", "[" * 50_000, '"\\ud800"', "null", ""])
def test_the_preview_answers_anything_with_a_fault(client: Client, lesson: Lesson, text: str) -> None:
    response = ask(client, lesson, text)
    assert response.status_code == 200
    assert response.json()["errors"]


def test_the_preview_runs_no_script_of_the_text(client: Client, lesson: Lesson) -> None:
    hostile = body("<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) </template>")
    shown = ask(client, lesson, hostile).json()["html"][0]["html"]
    assert "<script" not in shown
    assert not re.search(r"<[^<>]*\bonerror", shown)
    assert not re.search(r"<[^<>]*javascript:", shown)
    page = client.post(preview_of(lesson), {"body": json.dumps(hostile)}, headers={"Accept": "text/html"})
    assert page.content.decode().count("</template>") == 1


def test_the_preview_is_a_page_for_those_without_scripts(client: Client, lesson: Lesson) -> None:
    response = client.post(preview_of(lesson), filled(client, lesson, edited=body("Shown *here*.")))
    assert response["Content-Type"].startswith("text/html")
    assert "Shown <em>here</em>." in response.content.decode()


def test_the_preview_takes_a_post_with_a_token_alone(lesson: Lesson, ada: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post(preview_of(lesson), {"body": "{}"}).status_code == 403
    assert strict.get(preview_of(lesson)).status_code == 405


# --- pictures ---


def send(client: Client, lesson: Lesson, data: bytes) -> HttpResponse:
    address = reverse("admin:courses_lesson_pictures", args=[lesson.pk])
    return client.post(address, {"picture": SimpleUploadedFile("../a.html", data, "text/html")})


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "assets"


def test_a_picture_is_kept_once_under_its_hash(client: Client, lesson: Lesson, media: Path) -> None:
    for _ in range(2):
        stored = send(client, lesson, PNG).json()
    assert stored == {"file": f"{hashlib.sha256(PNG).hexdigest()}.png", "width": 1, "height": 1}
    assert (media / stored["file"]).read_bytes() == PNG
    assert Asset.objects.get().media_type == "image/png"


def test_a_picture_with_a_script_is_kept_without_it(client: Client, lesson: Lesson, media: Path) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script><path d="M0 0"/></svg>'
    kept = (media / send(client, lesson, svg).json()["file"]).read_bytes()
    assert b"script" not in kept
    assert b"onload" not in kept
    assert b"path" in kept


@pytest.mark.parametrize(
    "data", [b"", b"<html><script>alert(1)</script></html>", b"\x89PNG\r\n\x1a\n" + b"0" * 10_000_000]
)
def test_what_is_no_picture_is_refused(client: Client, lesson: Lesson, media: Path, data: bytes) -> None:
    response = send(client, lesson, data)
    assert response.status_code == 400
    assert response.json()["error"]
    assert not Asset.objects.exists()
    assert not media.exists()


def test_no_page_of_the_admin_holds_an_inline_script_or_style(client: Client, course: Course, lesson: Lesson) -> None:
    save_draft(lesson=lesson, body=body("A draft."))
    for address in (
        page_of(lesson),
        reverse("admin:courses_lesson_revisions", args=[lesson.pk]),
        reverse("admin:courses_lesson_revision", args=[lesson.pk, 1]),
        reverse("admin:courses_lesson_compare", args=[lesson.pk]) + "?from=1&to=draft",
        reverse("admin:courses_course_change", args=[course.pk]),
        reverse("admin:courses_course_publish", args=[course.pk]),
    ):
        response = client.get(address)
        assert response.status_code == 200, address
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy
        page = response.content.decode()
        assert "<style" not in page
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick=" not in page
