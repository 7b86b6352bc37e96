"""A course whose lessons are judged, for tests: questions, exercises and predictions that know their answers."""

import json
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from courses.models import Course, Lesson
from courses.selectors import stored_path
from courses.services.publishing import publish_course, save_draft
from courses.tests.factories import CourseFactory, LessonFactory, ModuleFactory
from progress.models import Attempt, Enrolment
from progress.services.certifying import issue_if_earned
from progress.services.enrolling import locked_enrolment
from progress.services.results import record

LABELS = "label\n" + "\n".join("ab"[number % 2] for number in range(20)) + "\n"
RIGHT_PREDICTIONS = ["ab"[number % 2] for number in range(20)]
DATA_FILE, LABELS_FILE = "d" * 64 + ".csv", "e" * 64 + ".private"


def quiz(block_id: str = "ask", **fields: Any) -> dict[str, Any]:
    """One point for choice "b"."""
    return {
        "id": block_id, "type": "quiz", "kind": "single", "prompt": "Which line fits?", "points": 1, "attempts": None,
        "graded": True, "explanation": "Squares punish far points.",
        "choices": [
            {"id": "a", "text": "The steep one", "correct": False, "feedback": "Look at the far points."},
            {"id": "b", "text": "The flat one", "correct": True, "feedback": "Yes."},
        ],
        **fields,
    }  # fmt: skip


def exercise(block_id: str = "code", **fields: Any) -> dict[str, Any]:
    """Two points for a function `double`."""
    return {
        "id": block_id, "type": "exercise", "title": "Double", "prompt": "Write `double`.", "language": "python",
        "starter": "def double(x):\n    raise NotImplementedError\n", "solution": "def double(x):\n    return 2 * x\n",
        "checks": [{"kind": "value", "expression": "double(3)", "expected": 6, "comparison": "equal"}],
        "hidden_checks": [{"kind": "value", "expression": "double(-1)", "expected": -2, "comparison": "equal"}],
        "hints": ["Two times.", "Use `*`."], "packages": [], "points": 2,
        **fields,
    }  # fmt: skip


def predictions(block_id: str = "predict", **fields: Any) -> dict[str, Any]:
    """Three points for an accuracy of 0.8 on twenty labels; the files are stored by `judged_course`."""
    return {
        "id": block_id, "type": "predictions", "prompt": "Predict.", "data": DATA_FILE, "labels": LABELS_FILE,
        "metric": "accuracy", "threshold": 0.8, "tries_per_day": 3, "points": 3,
        **fields,
    }  # fmt: skip


def body_of(*blocks: dict[str, Any]) -> dict[str, Any]:
    """A lesson body, its own copy."""
    return json.loads(json.dumps({"version": 1, "blocks": list(blocks)}))


def judged_course(*bodies: dict[str, Any], **fields: Any) -> Course:
    """An open course with one lesson a body."""
    course = CourseFactory(**fields)
    module = ModuleFactory(course=course, title="Lines")
    for number, body in enumerate(bodies):
        save_draft(lesson=LessonFactory(module=module, position=number), body=body)
    publish_course(course=course)
    course.refresh_from_db()
    return course


def store_labels() -> None:
    """Put the files of `predictions` where an import would."""
    for name in (DATA_FILE, LABELS_FILE):
        if not default_storage.exists(stored_path(name)):
            default_storage.save(stored_path(name), ContentFile(LABELS.encode()))


def lesson_of(course: Course, position: int = 0) -> Lesson:
    """A lesson of the course as a service gets it."""
    return course.lessons.select_related("course", "current_revision").order_by("position")[position]


def settle(enrolment: Enrolment, lesson: Lesson, block_id: str, *, share: float = 1.0) -> Attempt:
    """A verified attempt for `share` of the block's points, with what follows from it; passed with all of them."""
    check = lesson.current_revision.checks[block_id]
    points = Decimal(str(check["points"]))
    with transaction.atomic():
        enrolment = locked_enrolment(enrolment.user, lesson.course_id)
        attempt = Attempt.objects.create(
            enrolment=enrolment, lesson=lesson, block_uid=block_id, block_type=check["type"], answer="x",
            revision=lesson.current_revision.number, check_hash=check["hash"], max_score=points,
            score=points * Decimal(str(share)), verdict="passed" if share == 1 else "failed", verified_by="server",
            checked_at=timezone.now(), outcome={"message": "Judged."},
        )  # fmt: skip
        record(attempt)
        issue_if_earned(enrolment)
    return attempt
