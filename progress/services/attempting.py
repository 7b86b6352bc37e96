"""Taking an answer: exactly once, counted exactly, judged at once or put into the queue.

Every write is under the enrolment's lock, so tries are counted right however many requests come at a time. A retry with
the same uid is the same attempt. Quizzes and predictions are judged inside the transaction; an exercise becomes a job,
which the request itself runs when nobody waits before it.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from courses.models import Lesson
from courses.selectors import LessonBlock, block_of
from progress.models import Attempt, BlockResult, CheckJob, Enrolment, PredictionFile, Reveal
from progress.selectors.attempts import tries_left
from progress.selectors.reading import enrolled_lesson
from progress.services import checking, results, scoring
from progress.services.enrolling import locked_enrolment
from progress.services.refusals import Conflict
from progress.services.scoring import AnswerRefused

__all__ = ["AnswerRefused", "Conflict", "submit_answer"]

PENDING_PER_BLOCK, PENDING_PER_PERSON = 3, 20
ANSWERS_PER_DAY = 1_000  # of a person in 24 hours: an answer may have 64 kB, and is kept for ever


def submit_answer(
    *, user: Any, lesson: Lesson, block_id: str, uid: UUID, answer: Any, prefer_wait: bool = True
) -> Attempt:
    """Take a person's answer to a block.

    The same uid again gives the first attempt and counts nothing. An exercise may come back pending; with `prefer_wait`
    it is run here, for some seconds, when nobody waits before it. Must not be called inside a transaction then.

    Raises:
        Http404: the person does not take the course, or the lesson is not open or has no such block.
        AnswerRefused: the answer cannot be read. It is not counted.
        Conflict: no try is left, too much of theirs waits or came today, nothing to check here, or the uid is another
            answer's.
    """
    attempt = _taken(user, lesson, block_id, uid, answer)
    if prefer_wait and attempt.verdict == Attempt.Verdict.PENDING and checking.run_now(attempt):
        attempt.refresh_from_db()
    return attempt


@transaction.atomic
def _taken(user: Any, lesson: Lesson, block_id: str, uid: UUID, answer: Any) -> Attempt:
    enrolment = locked_enrolment(user, lesson.course_id)
    if (known := _known(enrolment, lesson, block_id, uid)) is not None:
        return known
    # Read anew: it may have been published since the caller read it, and this lock keeps the next publication out.
    lesson = enrolled_lesson(user=user, lesson_id=lesson.pk)
    block = block_of(lesson, block_id)
    _check_judged(block)
    _check_day(enrolment)
    left = _checked_tries(user, lesson, block)
    given = scoring.read_answer(block, answer)
    attempt = Attempt(uid=uid, enrolment=enrolment, lesson=lesson, answer=given.stored, **scoring.fields_of(block))
    attempt.created_at = timezone.now()
    attempt.after_solution = _saw_solution(attempt)
    if block.type == "exercise":
        _check_room(attempt)
        attempt.verdict = Attempt.Verdict.PENDING
    else:
        judgement = scoring.judge_at_once(block, given.content, is_last=left == 1)
        for name, value in scoring.settled_fields(attempt, judgement).items():
            setattr(attempt, name, value)
    try:
        with transaction.atomic():
            attempt.save(force_insert=True)
    except IntegrityError:
        # An answer under another enrolment's lock took the uid in this moment.
        if (known := _known(enrolment, lesson, block_id, uid)) is not None:
            return known
        raise
    if block.type == "predictions":
        PredictionFile.objects.create(attempt=attempt, content=scoring.packed(given.content))
    enrolment.last_lesson, enrolment.last_activity_at = lesson, attempt.created_at
    enrolment.save(update_fields=["last_lesson", "last_activity_at"])
    if attempt.verdict == Attempt.Verdict.PENDING:
        CheckJob.objects.create(attempt=attempt, turn=_waiting(enrolment).exclude(pk=attempt.pk).count())
    else:
        results.record(attempt)
    return attempt


def _known(enrolment: Enrolment, lesson: Lesson, block_id: str, uid: UUID) -> Attempt | None:
    attempt = Attempt.objects.filter(uid=uid).first()
    if attempt is None:
        return None
    if (attempt.enrolment_id, attempt.lesson_id, attempt.block_uid) != (enrolment.pk, lesson.pk, block_id):
        raise Conflict("This uid was used for another answer: make a new one for each answer.")
    attempt.enrolment, attempt.lesson = enrolment, lesson
    return attempt


def _check_judged(block: LessonBlock) -> None:
    if block.type == "exercise" and block.public["language"] != "python":
        raise Conflict("Only exercises in Python can be checked.")
    if block.check is None:
        raise Conflict("There is nothing to check here.")


def _check_day(enrolment: Enrolment) -> None:
    since = timezone.now() - timedelta(days=1)
    recent = Attempt.objects.filter(enrolment__user=enrolment.user_id, created_at__gte=since, recheck_of=None)
    if recent.count() >= ANSWERS_PER_DAY:
        raise Conflict(f"You gave {ANSWERS_PER_DAY:,} answers in the last 24 hours, which is the most that is taken.")


def _checked_tries(user: Any, lesson: Lesson, block: LessonBlock) -> int | None:
    left = tries_left(user=user, lesson=lesson, block=block)
    if left == 0 and block.type == "predictions":
        raise Conflict("All tries of today are used. Tomorrow there are new ones.")
    if left == 0:
        raise Conflict("No tries are left.")
    return left


def _saw_solution(attempt: Attempt) -> bool:
    """Whether the person was shown the solution before they had passed."""
    place = {"enrolment": attempt.enrolment, "lesson": attempt.lesson, "block_uid": attempt.block_uid}
    shown = Reveal.objects.filter(**place, kind=Reveal.Kind.SOLUTION)
    passed = BlockResult.objects.filter(**place, passed_at__lte=OuterRef("created_at"))
    return shown.exclude(Exists(passed)).exists()


def _check_room(attempt: Attempt) -> None:
    waiting = _waiting(attempt.enrolment)
    here = waiting.filter(lesson=attempt.lesson, block_uid=attempt.block_uid)
    if here.count() >= PENDING_PER_BLOCK:
        raise Conflict(f"{PENDING_PER_BLOCK} of your answers here wait to be checked. Wait for them first.")
    if waiting.count() >= PENDING_PER_PERSON:
        raise Conflict(f"{PENDING_PER_PERSON} of your answers wait to be checked. Wait for some of them first.")


def _waiting(enrolment: Enrolment) -> QuerySet[Attempt]:
    """What waits of a person's answers, in all their courses. Re-checks, which others may ask for, do not count."""
    return Attempt.objects.filter(enrolment__user=enrolment.user_id, verdict=Attempt.Verdict.PENDING, recheck_of=None)
