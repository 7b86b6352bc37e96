"""Taking an answer: exactly once, counted exactly, judged at once or put into the queue.

Every write is under the enrolment's lock, so tries are counted right however many requests come at a time. A retry with
the same uid is the same attempt. What takes long stays outside of the lock: predictions, which may have 10 MB, are read
and scored before it, and an exercise becomes a job, which the request itself runs when nobody waits before it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from courses.models import Lesson
from courses.selectors import LessonBlock
from progress.models import Attempt, CheckJob, Enrolment, PredictionFile
from progress.selectors.attempts import tries_left
from progress.selectors.open_lessons import OpenLessons
from progress.services import checking, results, scoring
from progress.services.enrolling import locked_enrolment
from progress.services.refusals import Conflict
from progress.services.scoring import Answer, AnswerRefused, Judgement

__all__ = ["AnswerRefused", "Changed", "Conflict", "read_ahead", "submit_answer", "take_answer"]

STARTS = 3  # times that an answer is begun when the lesson was published, or the uid taken, meanwhile
PENDING_PER_BLOCK, PENDING_PER_PERSON = 3, 20
ANSWERS_PER_DAY = 1_000  # of a person in 24 hours: an answer may have 64 kB, and is kept for ever
# Written so that no statistics, as of a new table, lead to reading the attempts of other people.
_SO_FAR = """
    SELECT
        EXISTS (SELECT FROM progress_attempt WHERE uid = %s),
        (SELECT count(*) FILTER (WHERE a.recheck_of_id IS NULL) FROM progress_attempt a
            WHERE a.enrolment_id = ANY(ARRAY(SELECT id FROM progress_enrolment WHERE user_id = %s))
            AND a.created_at >= %s),
        EXISTS (SELECT FROM progress_reveal r
            WHERE r.enrolment_id = %s AND r.lesson_id = %s AND r.block_uid = %s AND r.kind = 'solution'
            AND NOT EXISTS (SELECT FROM progress_blockresult b WHERE b.enrolment_id = %s AND b.lesson_id = %s
                AND b.block_uid = %s AND b.passed_at <= r.created_at))
"""


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
    attempt = _begun(user, OpenLessons(user), lesson, block_id, uid, answer)
    if prefer_wait and attempt.verdict == Attempt.Verdict.PENDING and checking.run_now(attempt):
        attempt.refresh_from_db()
    return attempt


def _begun(user: Any, lessons: OpenLessons, lesson: Lesson, block_id: str, uid: UUID, answer: Any) -> Attempt:
    """Take the answer; begin anew when the lesson or the uid was somebody else's in this moment."""
    for _ in range(STARTS - 1):
        try:
            return _taken(user, lessons, lesson, block_id, uid, answer)
        except Changed as changed:
            lesson = changed.lesson
        except IntegrityError:
            pass  # an answer under another enrolment's lock took the uid: the next look finds it
    return _taken(user, lessons, lesson, block_id, uid, answer)


def _taken(user: Any, lessons: OpenLessons, lesson: Lesson, block_id: str, uid: UUID, answer: Any) -> Attempt:
    place = {"user": user, "lessons": lessons, "lesson": lesson, "block_id": block_id, "uid": uid}
    ready = read_ahead(**place, answer=answer)
    with transaction.atomic():
        enrolment = locked_enrolment(user, lesson.course_id)
        return take_answer(**place, enrolment=enrolment, ready=ready)[0]


class Changed(Conflict):
    """The lesson was published while the answer to it was read. `lesson` is the new state: read the answer again."""

    def __init__(self, lesson: Lesson) -> None:
        super().__init__("This lesson is being changed. Send your answer again in a moment.")
        self.lesson = lesson


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer, and what was made of it before the lock; that counts only if the block is still this one."""

    answer: Any
    block: LessonBlock | None = None
    judged: tuple[Answer, Judgement] | None = None
    file: bytes = b""
    refusal: AnswerRefused | Conflict | None = None


def read_ahead(*, user: Any, lessons: OpenLessons, lesson: Lesson, block_id: str, uid: UUID, answer: Any) -> Ready:
    """Read and score an answer as far as that takes long, which is predictions. Refuses nothing: the lock comes first.

    At most 1 query; of predictions 3, to read none that is known or has no try.
    """
    try:
        block = lessons.block(lesson, block_id)
    except Http404:
        return Ready(answer)
    if block.type != "predictions" or block.check is None:
        return Ready(answer)
    if Attempt.objects.filter(uid=uid).exists() or tries_left(user=user, lesson=lesson, block=block) == 0:
        return Ready(answer, block)
    try:
        read = scoring.read_answer(block, answer)
        judgement = scoring.judge_at_once(block, read.content, is_last=False)
        return Ready(answer, block, (read, judgement), scoring.packed(read.content))
    except (AnswerRefused, Conflict) as refusal:
        return Ready(answer, block, refusal=refusal)


def take_answer(
    *, user: Any, enrolment: Enrolment, lessons: OpenLessons, lesson: Lesson, block_id: str, uid: UUID, ready: Ready
) -> tuple[Attempt, bool]:
    """Take an answer to a block under the lock of the enrolment, which the caller holds; says too whether it is new.

    6 queries for a quiz's answer that brings no points, however many came before; 1 more where tries are counted, and 1
    to load the block.

    Raises:
        Changed: `ready` was read by an older state of the lesson.
        IntegrityError: the uid was taken in this moment; the transaction is to be tried again.
        Http404, AnswerRefused, Conflict: as `submit_answer`.
    """
    is_known, recent, saw_solution = _so_far(enrolment, lesson, block_id, uid)
    if is_known:
        return _known(enrolment, lesson, block_id, uid), False
    # Looked at anew: it may have been published since the caller read it, and this lock keeps the next publication out.
    lesson, live = lessons.current(lesson)
    block = lessons.block(lesson, block_id, live)
    _check_judged(block)
    if recent >= ANSWERS_PER_DAY:
        raise Conflict(f"You gave {ANSWERS_PER_DAY:,} answers in the last 24 hours, which is the most that is taken.")
    left = _checked_tries(user, lesson, block)
    given, judgement = _judged(ready, lesson, block, left)
    attempt = Attempt(uid=uid, enrolment=enrolment, lesson=lesson, answer=given.stored, **scoring.fields_of(block))
    attempt.created_at = timezone.now()
    attempt.after_solution = saw_solution
    if judgement is None:
        _check_room(attempt)
        attempt.verdict = Attempt.Verdict.PENDING
    else:
        for name, value in scoring.settled_fields(attempt, judgement).items():
            setattr(attempt, name, value)
    attempt.save(force_insert=True)
    if block.type == "predictions":
        PredictionFile.objects.create(attempt=attempt, content=ready.file)
    enrolment.last_lesson, enrolment.last_activity_at = lesson, attempt.created_at
    enrolment.save(update_fields=["last_lesson", "last_activity_at"])
    if attempt.verdict == Attempt.Verdict.PENDING:
        CheckJob.objects.create(attempt=attempt, turn=_waiting(enrolment).exclude(pk=attempt.pk).count())
    else:
        results.record(attempt, is_live=True)
    return attempt, True


def _judged(ready: Ready, lesson: Lesson, block: LessonBlock, left: int | None) -> tuple[Answer, Judgement | None]:
    """The answer in its normal form and the judgement of it, None for code: that is made later."""
    if block.type == "predictions":
        if ready.block is block and ready.refusal is not None:
            raise ready.refusal
        if ready.block is not block or ready.judged is None:
            raise Changed(lesson)
        return ready.judged
    given = scoring.read_answer(block, ready.answer)
    if block.type == "exercise":
        return given, None
    return given, scoring.judge_at_once(block, given.content, is_last=left == 1)


def _known(enrolment: Enrolment, lesson: Lesson, block_id: str, uid: UUID) -> Attempt:
    attempt = Attempt.objects.get(uid=uid)
    if (attempt.enrolment_id, attempt.lesson_id, attempt.block_uid) != (enrolment.pk, lesson.pk, block_id):
        raise Conflict("This uid was used for another answer: make a new one for each answer.")
    attempt.enrolment, attempt.lesson = enrolment, lesson
    return attempt


def _check_judged(block: LessonBlock) -> None:
    if block.type == "exercise" and block.public["language"] != "python":
        raise Conflict("Only exercises in Python can be checked.")
    if block.check is None:
        raise Conflict("There is nothing to check here.")


def _so_far(enrolment: Enrolment, lesson: Lesson, block_id: str, uid: UUID) -> tuple[bool, int, bool]:
    """What was before an answer.

    Whether its uid is known, how many answers the person gave in 24 hours, and whether they saw the solution before
    they had passed.
    """
    if "\0" in block_id:  # PostgreSQL has no text for it
        raise Http404("no such block")
    place = (enrolment.pk, lesson.pk, block_id)
    with connection.cursor() as cursor:
        cursor.execute(_SO_FAR, (uid, enrolment.user_id, timezone.now() - timedelta(days=1), *place, *place))
        return cursor.fetchone()


def _checked_tries(user: Any, lesson: Lesson, block: LessonBlock) -> int | None:
    left = tries_left(user=user, lesson=lesson, block=block)
    if left == 0 and block.type == "predictions":
        raise Conflict("All tries of today are used. Tomorrow there are new ones.")
    if left == 0:
        raise Conflict("No tries are left.")
    return left


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
