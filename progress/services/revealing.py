"""Hints one at a time, and the solution: what a person was shown is a fact, because it decides about points."""

from typing import Any

from django.db import transaction
from django.http import Http404

from courses.models import Lesson
from courses.selectors import LessonBlock, block_of
from progress.models import Reveal
from progress.services.enrolling import locked_enrolment


@transaction.atomic
def reveal_hint(*, user: Any, lesson: Lesson, block_id: str) -> list[str]:
    """Show one hint more. Returns the HTML of all hints shown; when all are, it changes nothing.

    Raises:
        Http404: the person does not take the course, or the block has no hints.
    """
    enrolment = locked_enrolment(user, lesson.course_id)
    hints = _html(block_of(lesson, block_id)).get("hints", [])
    if not hints:
        raise Http404("no hints")
    mine = Reveal.objects.filter(enrolment=enrolment, lesson=lesson, block_uid=block_id, kind=Reveal.Kind.HINT)
    shown = mine.count()
    if shown < len(hints):
        Reveal.objects.create(
            enrolment=enrolment, lesson=lesson, block_uid=block_id, kind=Reveal.Kind.HINT, number=shown
        )
        shown += 1
    return hints[:shown]


@transaction.atomic
def reveal_solution(*, user: Any, lesson: Lesson, block_id: str) -> str:
    """Show an exercise's solution, as HTML. Idempotent. Before a pass this is giving up: later passes earn no points.

    Raises:
        Http404: the person does not take the course, or the block has no solution.
    """
    enrolment = locked_enrolment(user, lesson.course_id)
    solution = _html(block_of(lesson, block_id)).get("solution", "")
    if not solution:
        raise Http404("no solution")
    Reveal.objects.get_or_create(
        enrolment=enrolment, lesson=lesson, block_uid=block_id, kind=Reveal.Kind.SOLUTION, number=0
    )
    return solution


def shown_hints(*, user: Any, lesson: Lesson, block_id: str) -> tuple[list[str], int]:
    """The hints that were shown, as HTML, and how many there are. Raises Http404 as `reveal_hint` does."""
    hints = _html(block_of(lesson, block_id)).get("hints", [])
    if not hints:
        raise Http404("no hints")
    shown = Reveal.objects.filter(
        enrolment__user=user, lesson=lesson, block_uid=block_id, kind=Reveal.Kind.HINT
    ).count()
    return hints[:shown], len(hints)


def _html(block: LessonBlock) -> dict[str, Any]:
    return block.key.get("html", {})
