"""The block editor in a real Chromium, under the real policy: a lesson is written, previewed, put in order, saved."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.content.schema import BODY_SCHEMA, validate_body
from courses.models import Course, Lesson, LessonDraft
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, published_course

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ada(page: Page, come_as: Any) -> User:
    """ada, logged in to the admin."""
    ada = UserFactory(email="ada@example.org", display_name="Ada", role="author")
    come_as(page.context, ada)
    return ada


@pytest.fixture
def course(ada: User) -> Course:
    course = published_course(lessons=3, modules=2, title="Lines")
    course.authors.add(ada)
    return course


@pytest.fixture
def lesson(course: Course) -> Lesson:
    lesson = course.lessons.order_by("position").first()
    save_draft(lesson=lesson, body=body("## One\n\nThe *first* text.", "The second text.", "The third text."))
    publish_lesson(lesson=lesson)
    return lesson


def open_editor(page: Page, lesson: Lesson) -> None:
    page.goto(f"/admin/courses/lesson/{lesson.pk}/change/")
    expect(page.locator(".preview-state")).to_contain_text("min to read")


def save(page: Page) -> None:
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator(".messagelist .success")).to_contain_text("Saved")


def drafted(lesson: Lesson) -> Any:
    return LessonDraft.objects.get(lesson=lesson).body


def sources(lesson: Lesson) -> list[str]:
    return [block["source"] for block in drafted(lesson)["blocks"]]


def card(page: Page, number: int) -> Any:
    return page.locator(".cards > .card").nth(number)


def box(card: Any, path: str) -> Any:
    """The control of a field, by its place in the block."""
    return card.locator(f'[data-path="{path}"]').locator("textarea, input:not([type=file]), select").first


def test_writing_shows_in_the_preview_and_is_saved(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    expect(page.locator(".preview-page em")).to_have_text("first")
    box(card(page, 1), "source").fill("Written **anew** with $x^2$.")
    expect(page.locator(".preview-page strong")).to_have_text("anew")
    expect(page.locator(".preview-page math")).to_have_count(1)
    expect(page.locator("[data-editor-state]")).to_have_text("Not saved yet")
    save(page)
    assert sources(lesson)[1] == "Written **anew** with $x^2$."
    assert [block["id"] for block in drafted(lesson)["blocks"]] == ["b1", "b2", "b3"]


def test_blocks_of_every_type_can_be_added_and_are_valid_once_filled(page: Page, lesson: Lesson) -> None:
    save_draft(lesson=lesson, body={"version": 1, "blocks": []})
    page.goto(f"/admin/courses/lesson/{lesson.pk}/change/")
    for label in ("Text", "Code", "Picture", "Callout", "Video", "Quiz", "Exercise", "Predictions", "Divider"):
        page.locator(".adders").get_by_role("button", name=label, exact=True).click()
    text, code, picture, callout, video, quiz, exercise, predictions = (card(page, n) for n in range(8))
    file = "a" * 64 + ".png"
    box(text, "source").fill("Hello")
    box(code, "source").fill("1 + 1")
    box(picture, "asset").fill("ab.png")
    box(callout, "source").fill("Mind the gap")
    box(video, "url").fill("https://example.org/v")
    box(video, "title").fill("A talk")
    box(quiz, "prompt").fill("Which?")
    box(quiz, "choices[0].text").fill("This")
    box(quiz, "choices[1].text").fill("That")
    quiz.get_by_role("radio", name="right").nth(1).check()
    box(exercise, "title").fill("Double it")
    exercise.locator('[data-path="checks"]').get_by_role("button", name="Add a check").click()
    box(exercise, "checks[0].expression").fill("double(2)")
    box(exercise, "checks[0].expected").fill("[4, 4.5]")
    box(predictions, "prompt").fill("Predict")
    box(predictions, "data").fill(file)
    box(predictions, "labels").fill(file)
    save(page)
    made = drafted(lesson)
    assert validate_body(made) == []
    assert [block["type"] for block in made["blocks"]] == [
        "markdown", "code", "image", "callout", "video", "quiz", "exercise", "predictions", "divider",
    ]  # fmt: skip
    assert [choice["correct"] for choice in made["blocks"][5]["choices"]] == [False, True]
    # Learners see the ids: "a" and "b" would tell which was written first.
    assert all(len(choice["id"]) > 8 for choice in made["blocks"][5]["choices"])
    assert made["blocks"][6]["checks"] == [
        {"kind": "value", "expression": "double(2)", "expected": [4, 4.5], "comparison": "equal"}
    ]


def test_blocks_move_by_buttons_by_keys_and_by_dragging(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    page.get_by_role("button", name="Fold all").click()
    card(page, 0).get_by_role("button", name=re.compile("Move .* down")).click()
    card(page, 2).locator("[data-handle]").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".editor > [role=status]")).to_have_text("Moved to place 2 of 3")
    expect(card(page, 1).locator("[data-handle]")).to_be_focused()
    save(page)
    assert sources(lesson) == ["The second text.", "The third text.", "## One\n\nThe *first* text."]
    page.get_by_role("button", name="Fold all").click()
    card(page, 2).locator("[data-handle]").drag_to(card(page, 0), target_position={"x": 60, "y": 4})
    save(page)
    # The order is the live one again, so nothing waits to be published.
    assert not LessonDraft.objects.filter(lesson=lesson).exists()


def test_a_deleted_block_comes_back_and_a_duplicate_has_its_own_id(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    card(page, 1).get_by_role("button", name="Delete").click()
    expect(page.locator(".cards > .card")).to_have_count(2)
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(box(card(page, 1), "source")).to_have_value("The second text.")
    card(page, 1).get_by_role("button", name="Duplicate").click()
    card(page, 0).get_by_role("button", name="Delete").click()
    save(page)
    assert sources(lesson) == ["The second text.", "The second text.", "The third text."]
    ids = [block["id"] for block in drafted(lesson)["blocks"]]
    assert ids[0] == "b2"
    assert ids[2] == "b3"
    assert len(set(ids)) == 3


def test_a_block_is_put_between_two_from_the_menu_with_the_keyboard(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    card(page, 0).get_by_role("button", name=re.compile("Add a block after")).focus()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    save(page)
    assert [block["type"] for block in drafted(lesson)["blocks"]] == ["markdown", "divider", "markdown", "markdown"]


def test_a_fault_is_shown_at_its_field_and_the_rest_is_still_previewed(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    page.locator(".adders").get_by_role("button", name="Quiz").click()
    quiz = card(page, 3)
    box(quiz, "prompt").fill("Which?")
    box(quiz, "choices[0].text").fill("This")
    second = box(quiz, "choices[1].text")
    expect(page.locator(".problems")).to_contain_text("choices[1].text must not be empty")
    expect(second).not_to_have_attribute("aria-invalid", "true")  # it is still being written
    page.locator("#id_title").focus()
    expect(second).to_have_attribute("aria-invalid", "true")
    expect(quiz.locator('[data-path="choices[1].text"] .bf-error')).to_have_text("must not be empty")
    expect(page.locator(".preview-page em")).to_have_text("first")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.locator(".errornote")).to_be_visible()
    expect(page.locator(".problems")).to_contain_text("choices[1].text must not be empty")
    page.locator(".problems").get_by_role("button", name="Block 4, Quiz").click()
    expect(box(card(page, 3), "choices[1].text")).to_be_focused()
    box(card(page, 3), "choices[1].text").fill("That")
    expect(page.locator(".problems")).to_be_hidden()
    save(page)
    assert drafted(lesson)["blocks"][3]["choices"][1]["text"] == "That"


def test_what_the_editor_does_not_show_comes_out_as_it_went_in(page: Page, lesson: Lesson) -> None:
    code = {
        "id": "c1",
        "type": "code",
        "source": "1 + 1",
        "language": "python",
        "run": "static",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "2 </textarea> é \u2028 \n"}],
        "execution_count": 7,
        "metadata": {"a": 1.0, "big": 123456789012345678901, "tiny": 1e-07, "nested": [None, {"10": 1, "2": 2}]},
    }
    stored = {"version": 1, "metadata": {"kernelspec": {"version": 3.0}}, "blocks": [code, *body("Text.")["blocks"]]}
    save_draft(lesson=lesson, body=stored)
    open_editor(page, lesson)
    box(card(page, 1), "source").fill("Changed.")
    save(page)
    stored["blocks"][1]["source"] = "Changed."
    assert drafted(lesson) == stored
    assert json.dumps(drafted(lesson), sort_keys=True) == json.dumps(stored, sort_keys=True)


def test_leaving_with_unsaved_changes_asks(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    box(card(page, 0), "source").press_sequentially("x")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("location.href = '/admin/'")
    page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert "/change/" in page.url


def test_changing_the_kind_of_a_question_and_back_loses_nothing(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    page.locator(".adders").get_by_role("button", name="Quiz").click()
    quiz = card(page, 3)
    box(quiz, "prompt").fill("How much?")
    box(quiz, "choices[0].text").fill("This")
    box(quiz, "choices[1].text").fill("That")
    box(quiz, "kind").select_option("numeric")
    box(quiz, "answer.value").fill("0.25")
    box(quiz, "answer.tolerance").fill("0.01")
    save(page)
    assert drafted(lesson)["blocks"][3]["answer"] == {"value": 0.25, "tolerance": 0.01}
    assert "choices" not in drafted(lesson)["blocks"][3]
    quiz = card(page, 3)
    box(quiz, "kind").select_option("text")
    box(quiz, "answer.accepted[0]").fill("a quarter")
    box(quiz, "kind").select_option("numeric")
    expect(box(quiz, "answer.value")).to_have_value("0.25")


def test_the_text_of_a_body_can_be_edited_as_json(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    page.get_by_role("button", name="Edit as JSON").click()
    area = page.locator("textarea[name=body]")
    area.fill(json.dumps(body("By hand.")))
    page.get_by_role("button", name="Back to blocks").click()
    expect(box(card(page, 0), "source")).to_have_value("By hand.")
    save(page)
    assert drafted(lesson) == body("By hand.")


def test_a_click_into_the_preview_goes_to_the_block_and_never_leaves(page: Page, lesson: Lesson) -> None:
    open_editor(page, lesson)
    page.locator(".preview-page").get_by_text("The third text.").click()
    expect(box(card(page, 2), "source")).to_be_focused()


def test_the_editor_works_on_a_narrow_screen(page: Page, lesson: Lesson) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    open_editor(page, lesson)
    expect(page.locator(".preview-page")).to_be_hidden()
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.locator(".preview-page em")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".preview-page").get_by_text("The second text.").click()
    expect(box(card(page, 1), "source")).to_be_focused()


def test_lessons_and_modules_are_put_in_order_by_hand(page: Page, course: Course) -> None:
    titles = [lesson.title for lesson in course.lessons.order_by("position")]
    rooms = [module.title for module in course.modules.order_by("position")]
    page.goto(f"/admin/courses/course/{course.pk}/change/")
    page.get_by_role("button", name=f"Move {titles[0]} down").click()
    page.get_by_role("button", name=re.compile(f"Move {titles[2]}: drag")).focus()
    page.keyboard.press("ArrowUp")  # out of the second module, to the end of the first
    expect(page.locator("[data-outline-says]")).to_have_text(f"{titles[2]}: place 3 of 3 in {rooms[0]}")
    page.get_by_role("button", name=f"Move {rooms[1]} up").click()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert [module.title for module in course.modules.order_by("position")] == [rooms[1], rooms[0]]
    assert [x.title for x in course.lessons.order_by("position")] == [titles[1], titles[0], titles[2]]
    assert course.lessons.get(title=titles[2]).module.title == rooms[0]
    target = page.locator(".outline-lessons").first
    page.get_by_role("button", name=re.compile(f"Move {titles[1]}: drag")).drag_to(target)
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert course.lessons.get(title=titles[1]).module.title == rooms[1]


def test_a_picture_is_stored_and_shown(page: Page, lesson: Lesson, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    open_editor(page, lesson)
    page.locator(".adders").get_by_role("button", name="Picture").click()
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><script>alert(1)</script><circle r="9"/></svg>'
    )
    card(page, 3).get_by_label("Choose a picture").set_input_files(
        {"name": "a.svg", "mimeType": "image/svg+xml", "buffer": svg}
    )
    expect(box(card(page, 3), "width")).to_have_value("40")
    box(card(page, 3), "alt").fill("A circle")
    expect(page.locator(".preview-page img[alt='A circle']")).to_be_visible()
    save(page)
    name = drafted(lesson)["blocks"][3]["asset"]
    assert b"script" not in (tmp_path / "assets" / name).read_bytes()


def test_the_editors_forms_say_what_the_schema_says() -> None:
    """admin-shapes.js is written by hand: every type, every field and every choice must be the schema's."""
    text = (Path(__file__).parent.parent / "static/js/admin-shapes.js").read_text(encoding="utf-8")
    shapes = json.loads(
        text[text.index("export const SHAPES = ") + len("export const SHAPES = ") :].rstrip().rstrip(";")
    )
    types = BODY_SCHEMA["$defs"]["block"]["properties"]["type"]["enum"]
    assert list(shapes) == types
    for name in types:
        known = BODY_SCHEMA["$defs"][name]
        shape = shapes[name]
        shown = {field["name"] for field in shape["fields"]}
        assert shown | set(shape["kept"]) == set(known["properties"]) - {"id", "type"}, name
        assert not shown & set(shape["kept"]), name
        required = set(known["required"]) - {"id", "type"}
        assert set(shape["fresh"]) >= required, name
        for field in shape["fields"]:
            rule = known["properties"][field["name"]]
            if "options" in field:
                choices = rule.get("enum") or ["single", "multiple", "numeric", "text"]
                assert list(field["options"]) == choices, (name, field["name"])
            if field.get("optional"):
                assert field["name"] not in required, (name, field["name"])
