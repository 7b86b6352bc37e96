"""A person's attempts: finding them, their place in the queue, how many are left, and what may be told of them.

What an attempt says to its person is in its `outcome`, which grading made fit for their eyes; nothing here reads a key.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from courses.models import Lesson
from courses.selectors import LessonBlock
from progress.models import Attempt, BlockResult, CheckJob
from progress.selectors.practice import left_today, own_day, points, tries_of_today
from progress.selectors.standings import standing_in

WAITING = "Waiting to be checked."
RETRYING = "This could not be checked yet. It is not counted as wrong, and will be tried again by itself."
VERDICTS, VERIFIERS = Attempt.Verdict.values, Attempt.VerifiedBy.values
NOT_INSTALLED = "is not installed on this server"  # how the fault of a missing package ends: it may be told


def attempt_of(*, user: Any, uid: UUID) -> Attempt:
    """A person's own attempt, with its lesson and course. 1 query.

    Raises:
        Http404: there is none of this uid, or it is somebody else's, or of a course that the person has left.
    """
    found = _attempts_of(user).filter(uid=uid).first()
    if found is None:
        raise Http404("no such attempt")
    return found


def attempts_in(*, user: Any, lesson: Lesson, block_id: str) -> QuerySet[Attempt]:
    """A person's attempts at a block, the newest first, re-checks among them. 1 query when evaluated."""
    return _attempts_of(user).filter(lesson=lesson, block_uid=block_id).order_by("-created_at", "-pk")


def _attempts_of(user: Any) -> QuerySet[Attempt]:
    mine = Attempt.objects.filter(enrolment__user=user, enrolment__left_at=None)
    return mine.select_related("lesson", "lesson__course", "enrolment")


def result_of(attempt: Attempt) -> BlockResult | None:
    """The best that the attempt's person did in its block; None before anything is judged. 1 query."""
    place = {"enrolment": attempt.enrolment_id, "lesson": attempt.lesson_id, "block_uid": attempt.block_uid}
    return BlockResult.objects.filter(**place).first()


def queue_position(attempt: Attempt) -> int | None:
    """The place in the queue, 1 being next; None for an attempt that does not wait. 2 queries.

    Jobs that run already, and those that rest after a fault, are not before it.
    """
    job = CheckJob.objects.filter(attempt=attempt).first()
    if job is None:
        return None
    earlier = Q(turn__lt=job.turn) | Q(turn=job.turn) & (
        Q(created_at__lt=job.created_at) | Q(created_at=job.created_at, pk__lt=job.pk)
    )
    return due_jobs(timezone.now()).filter(earlier).count() + 1


def due_jobs(now: datetime) -> QuerySet[CheckJob]:
    """Jobs that wait for a run, in their order: nobody has them, or whoever had them did not come back in time."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return CheckJob.objects.filter(free, not_before__lte=now).order_by("turn", "created_at", "pk")


def tries_left(*, user: Any, lesson: Lesson, block: LessonBlock) -> int | None:
    """How many more answers the person may give; None: any number. At most 1 query.

    Tries are those at the check as it is now: a changed question gives new ones. Predictions have so many a day of the
    person's own, whatever changes.
    """
    if block.check is None:
        return 0
    given = Attempt.objects.filter(
        enrolment__user=user, enrolment__course=lesson.course_id, lesson=lesson, block_uid=block.id, recheck_of=None
    )
    if block.type == "predictions":
        return left_today(block.public["tries_per_day"], **given.aggregate(**tries_of_today(**own_day(user))))
    allowed = block.check["attempts"]
    if allowed is None:
        return None
    return max(0, allowed - given.filter(check_hash=block.check["hash"]).count())


def attempt_document(attempt: Attempt, block: LessonBlock | None, result: BlockResult | None = None) -> dict[str, Any]:
    """What API and pages tell of an attempt. At most 5 queries.

    `block` is the live one, None where the lesson has it no more; `result` is looked up when not given. "progress" is
    the person's `Standing` in the course, None where they have left it; the API gives it its shape.
    """
    result = result or result_of(attempt)
    lesson, user = attempt.lesson, attempt.enrolment.user
    job = CheckJob.objects.filter(attempt=attempt).first() if attempt.verdict == Attempt.Verdict.PENDING else None
    return {
        "uid": str(attempt.uid),
        "lesson_id": attempt.lesson_id,
        "block_id": attempt.block_uid,
        "type": attempt.block_type,
        "verdict": attempt.verdict,
        "score": points(attempt.score),
        "max_score": points(attempt.max_score),
        "verified_by": attempt.verified_by,
        "revision": attempt.revision,
        "is_outdated": block is None or block.check is None or block.check["hash"] != attempt.check_hash,
        "created_at": attempt.created_at,
        "checked_at": attempt.checked_at,
        "attempts_left": tries_left(user=user, lesson=lesson, block=block) if block else 0,
        "position": queue_position(attempt) if job else None,
        "feedback": _waiting(job) if attempt.verdict == Attempt.Verdict.PENDING else attempt.outcome,
        "result": {
            "best_score": points(result.score) if result else 0,
            "max_score": points(result.max_score) if result else points(attempt.max_score),
            "is_passed": bool(result and result.passed_at),
            "attempts": result.attempts if result else 0,
        },
        "progress": standing_in(user=user, course=lesson.course),
    }


def _waiting(job: CheckJob | None) -> dict[str, Any]:
    if job is None or not job.last_fault:
        return {"message": WAITING}
    reason = f" Reason: {job.last_fault}." if job.last_fault.endswith(NOT_INSTALLED) else ""
    return {"message": RETRYING + reason}
