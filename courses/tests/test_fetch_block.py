"""One block of a lesson for grading: what it gives, and that nothing else leaves the database."""

from typing import Any

import pytest
from django.http import Http404

from courses.models import Lesson
from courses.selectors import block_of, revision_block
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import LessonFactory, body_of_blocks, exercise, published_course, quiz


@pytest.fixture
def lesson(db: None) -> Lesson:
    """Revision 2 is live; revision 1 had other points for the quiz "12", and no exercise."""
    lesson = published_course(lessons=1).lessons.get()
    for blocks in (
        [quiz("12", points=5, explanation="old")],
        [quiz("12", explanation="Because"), exercise("a.b:c-d_e"), {"id": "line", "type": "divider"}],
    ):
        save_draft(lesson=lesson, body=body_of_blocks(*blocks))
        publish_lesson(lesson=lesson)
    lesson.refresh_from_db()
    return lesson


def test_a_block_comes_with_what_judges_it(lesson: Lesson, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        block = block_of(lesson, "12")
    assert (block.id, block.type, block.revision) == ("12", "quiz", 3)
    assert block.public["choices"] == [{"id": "right", "text": "This"}, {"id": "wrong", "text": "That"}]
    assert "Because" not in str(block.public)
    assert block.key["choices"][0] == {"id": "right", "correct": True}
    assert block.key["html"]["explanation"] == "<p>Because</p>"
    assert block.check is not None
    assert (block.check["points"], block.check["attempts"]) == (1, None)
    assert block.part["prompt"] == "<p>Which?</p>"
    assert [choice["id"] for choice in block.part["choices"]] == ["right", "wrong"]


def test_every_character_of_an_id_is_taken(lesson: Lesson) -> None:
    block = block_of(lesson, "a.b:c-d_e")
    assert block.key["solution"] == "def square(x):\n    return x * x"
    assert block.part["prompt"] == "<p>Write <code>square</code>.</p>"


def test_a_block_that_is_not_judged_has_no_check(lesson: Lesson) -> None:
    block = block_of(lesson, "line")
    assert (block.check, block.key, block.public) == (None, {}, {"id": "line", "type": "divider"})


def test_an_earlier_revision_answers_as_it_was(lesson: Lesson, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        block = revision_block(lesson, 2, "12")
    assert block.revision == 2
    assert block.check is not None
    assert block.check["points"] == 5
    assert block.key["explanation"] == "old"


@pytest.mark.parametrize("name", ["", "no", "0", "12 ", "\0", '" || true', "$.blocks", "x" * 10_000, "é"])
def test_what_is_not_there_is_not_found(lesson: Lesson, name: str) -> None:
    with pytest.raises(Http404):
        block_of(lesson, name)
    with pytest.raises(Http404):
        revision_block(lesson, 2, name)


def test_no_block_of_an_unpublished_lesson_or_of_another_one(lesson: Lesson) -> None:
    with pytest.raises(Http404):
        block_of(LessonFactory(), "12")
    with pytest.raises(Http404):
        revision_block(lesson, 9, "12")
    with pytest.raises(Http404):
        revision_block(published_course(lessons=1).lessons.get(), 2, "12")
