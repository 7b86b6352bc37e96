"""A lesson's questions as one person sees them: the choices stand in an order of their own, on pages and in the API.

The order is the same every time, so that a choice does not move under the eyes of who comes back. Reads no key.
"""

from typing import Any

from courses.content.choices import choice_order, in_order
from courses.content.rendering import quiz_html
from courses.models import Lesson
from progress.selectors.practice import LessonPractice


def own_order(*, user: Any, lesson: Lesson, block_id: str, choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The `choices` of a block, which have an "id" each, in the order of this person. No query."""
    seed = f"{user.pk}:{lesson.uid}:{block_id}"
    return in_order(choices, choice_order([choice["id"] for choice in choices], seed))


def own_blocks(*, user: Any, lesson: Lesson, practice: LessonPractice) -> list[dict[str, Any]]:
    """The public blocks of the live revision; those that the person can answer have their own order. No query."""
    return [
        _reordered(block, user, lesson, practice)
        for block in lesson.current_revision.public["blocks"]  # type: ignore[union-attr]  # readable: it is published
    ]


def own_parts(*, user: Any, lesson: Lesson, practice: LessonPractice) -> list[dict[str, Any]]:
    """The rendered parts `{"id", "type", "html"}` of the same blocks, in the same order. No query, no Markdown."""
    revision = lesson.current_revision
    public = {block["id"]: block for block in revision.public["blocks"]}  # type: ignore[union-attr]
    return [
        {"id": part["id"], "type": part["type"], "html": _html(part, public[part["id"]], user, lesson, practice)}
        for part in revision.html  # type: ignore[union-attr]
    ]


def _html(part: dict[str, Any], public: dict[str, Any], user: Any, lesson: Lesson, practice: LessonPractice) -> str:
    own = _reordered(part, user, lesson, practice)
    return part["html"] if own is part else quiz_html(public, own)


def _reordered(item: dict[str, Any], user: Any, lesson: Lesson, practice: LessonPractice) -> dict[str, Any]:
    if "choices" not in item or item["id"] not in practice.states:
        return item
    return {**item, "choices": own_order(user=user, lesson=lesson, block_id=item["id"], choices=item["choices"])}
