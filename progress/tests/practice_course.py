"""A course with something to answer in it, for tests of practice."""

from typing import Any
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from courses.models import Course, Lesson
from courses.services.publishing import publish_course, publish_lesson, save_draft
from courses.tests.factories import CourseFactory, LessonFactory, ModuleFactory
from progress.models import Attempt
from progress.services.attempting import submit_answer

GOOD = "def double(x):\n    return 2 * x\n"
BAD = "def double(x):\n    return x + 2\n"
LABELS = f"{'ab' * 32}.private"


def single(block_id: str = "q1", **fields: Any) -> dict[str, Any]:
    """A question with one right choice, “b”."""
    choices = [
        {"id": "a", "text": "One", "correct": False, "feedback": "Too few."},
        {"id": "b", "text": "Two", "correct": True},
        {"id": "c", "text": "Three", "correct": False},
    ]
    return {
        "id": block_id, "type": "quiz", "kind": "single", "prompt": "How many?", "choices": choices, "graded": True,
        "points": 2, "attempts": 3, "explanation": "Two it is.", **fields,
    }  # fmt: skip


def multiple(block_id: str = "m1", **fields: Any) -> dict[str, Any]:
    """A question with two right choices of four, “a” and “b”, and partial credit."""
    choices = [{"id": name, "text": name.upper(), "correct": name in "ab"} for name in "abcd"]
    return single(block_id, kind="multiple", choices=choices, partial_credit=True, attempts=None, **fields)


def value_check(expression: str, expected: Any) -> dict[str, Any]:
    return {"kind": "value", "expression": expression, "expected": expected, "comparison": "equal"}


def exercise(block_id: str = "e1", **fields: Any) -> dict[str, Any]:
    """Double a number: one visible check, one hidden that `BAD` fails."""
    return {
        "id": block_id, "type": "exercise", "title": "Double", "prompt": "Double it.", "starter": "# here\n",
        "solution": GOOD, "checks": [value_check("double(2)", 4)], "hidden_checks": [value_check("double(21)", 42)],
        "hints": ["Use *."], "packages": [], "points": 5, "language": "python", **fields,
    }  # fmt: skip


def predictions(block_id: str = "p1", labels: list[int] | None = None, **fields: Any) -> dict[str, Any]:
    """Eight rows of 0 and 1, of which all are to be right; the labels are put into the storage."""
    name = fields.pop("name", LABELS)
    if not default_storage.exists(f"private/{name}"):
        text = "label,split\n" + "".join(
            f"{label},{'public' if row < 3 else 'private'}\n" for row, label in enumerate(labels or RIGHT)
        )
        default_storage.save(f"private/{name}", ContentFile(text.encode()))
    return {
        "id": block_id, "type": "predictions", "prompt": "Predict.", "data": f"{'cd' * 32}.csv", "labels": name,
        "metric": "accuracy", "threshold": 0.8, "tries_per_day": 2, "points": 10, **fields,
    }  # fmt: skip


RIGHT = [0, 1, 1, 0, 1, 0, 0, 1]


def practice_course(*blocks: dict[str, Any], **fields: Any) -> tuple[Course, Lesson]:
    """An open course with one lesson of these blocks."""
    course = CourseFactory(**fields)
    lesson = LessonFactory(module=ModuleFactory(course=course))
    save_draft(lesson=lesson, body={"version": 1, "blocks": list(blocks)})
    publish_course(course=course)
    course.refresh_from_db()
    lesson.refresh_from_db()
    return course, lesson


def republish(lesson: Lesson, *blocks: dict[str, Any]) -> None:
    """Publish other blocks in place of the lesson's."""
    lesson.refresh_from_db()
    save_draft(lesson=lesson, body={"version": 1, "blocks": list(blocks)})
    publish_lesson(lesson=lesson)
    lesson.refresh_from_db()


def answer(user: Any, lesson: Lesson, block_id: str, given: Any, *, uid: UUID | None = None, **more: Any) -> Attempt:
    """Submit an answer with a uid of its own."""
    return submit_answer(user=user, lesson=lesson, block_id=block_id, uid=uid or uuid4(), answer=given, **more)
