"""Judging old passes by the check as it is now.

A pass stays a pass whatever comes of it: a re-check is an attempt of its own that names the old one, and only its pass
moves `passed_hash` forward. Each old pass is judged once by each state of a check.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404
from django.utils import timezone

from courses.models import Lesson
from courses.selectors import LessonBlock, block_of
from progress.models import Attempt, BlockResult, CheckJob, Enrolment, PredictionFile
from progress.selectors.reading import enrolled_lesson
from progress.services import checking, results, scoring
from progress.services.enrolling import locked_enrolment, locked_enrolment_of
from progress.services.refusals import Conflict
from progress.services.scoring import AnswerRefused, Judgement

TURN = 1_000_000  # behind everybody who waits for an answer of today


def recheck_block(*, user: Any, lesson: Lesson, block_id: str) -> Attempt:
    """Judge the person's newest passing answer by the block's check as it is now. The same state twice: the same row.

    An exercise may come back pending, as from `submit_answer`. Must not be called inside a transaction.

    Raises:
        Http404: the person does not take the course, or the lesson is not open or has no such block.
        Conflict: nothing is passed here, or it was passed by the check as it is, or nothing can be judged.
    """
    with transaction.atomic():
        enrolment = locked_enrolment(user, lesson.course_id)
        lesson = enrolled_lesson(user=user, lesson_id=lesson.pk)
        block = block_of(lesson, block_id)
        attempt = _rechecked(enrolment, lesson, block, turn=0)
    if attempt.verdict == Attempt.Verdict.PENDING and checking.run_now(attempt):
        attempt.refresh_from_db()
    return attempt


@dataclass(slots=True)
class Outdated:
    """A pass by a check that has changed since. `is_rechecked`: the present check has judged it, or will, already."""

    enrolment_id: int
    course_id: int
    course: str
    lesson_id: int
    lesson: str
    block_id: str
    is_rechecked: bool


def outdated_passes(*, course: str = "", lesson: str = "", block: str = "") -> Iterator[Outdated]:
    """Passes in live blocks whose check has changed since, of all people. The filters are slugs. 1 query a block."""
    lessons = Lesson.objects.live().select_related("current_revision", "course").order_by("pk")
    lessons = lessons.defer(*(f"current_revision__{part}" for part in ("body", "public", "key", "html", "toc", "text")))
    if course:
        lessons = lessons.filter(course__slug=course)
    if lesson:
        lessons = lessons.filter(slug=lesson)
    for row in lessons.iterator(chunk_size=100):
        for block_id, check in row.current_revision.checks.items():
            if block and block != block_id:
                continue
            done = Attempt.objects.filter(
                enrolment=OuterRef("enrolment"), lesson=row, block_uid=block_id, check_hash=check["hash"],
                recheck_of__isnull=False,
            )  # fmt: skip
            passed = BlockResult.objects.filter(lesson=row, block_uid=block_id, passed_at__isnull=False)
            outdated = passed.exclude(passed_hash=check["hash"]).annotate(is_rechecked=Exists(done)).order_by("pk")
            for enrolment_id, is_rechecked in outdated.values_list("enrolment_id", "is_rechecked"):
                yield Outdated(enrolment_id, row.course_id, row.course.slug, row.pk, row.slug, block_id, is_rechecked)


@transaction.atomic
def recheck(outdated: Outdated) -> Attempt | None:
    """Judge one of `outdated_passes`, or queue it behind all others if it is an exercise. None: it cannot be judged."""
    enrolment = locked_enrolment_of(outdated.enrolment_id, outdated.course_id)
    lesson = Lesson.objects.live().filter(pk=outdated.lesson_id).first()
    if enrolment is None or lesson is None:
        return None
    try:
        return _rechecked(enrolment, lesson, block_of(lesson, outdated.block_id), turn=TURN)
    except (Http404, Conflict):
        return None


def _rechecked(enrolment: Enrolment, lesson: Lesson, block: LessonBlock, *, turn: int) -> Attempt:
    mine = Attempt.objects.filter(enrolment=enrolment, lesson=lesson, block_uid=block.id)
    passed = mine.filter(verdict=Attempt.Verdict.PASSED).order_by("-pk").first()
    if passed is None or block.check is None or passed.block_type != block.type:
        raise Conflict("Nothing is passed here that could be checked again.")
    if passed.check_hash == block.check["hash"]:
        raise Conflict("This was passed as it is now.")
    known = mine.filter(recheck_of__isnull=False, check_hash=block.check["hash"]).order_by("-pk").first()
    if known is not None:
        known.enrolment, known.lesson = enrolment, lesson
        return known
    attempt = Attempt(
        enrolment=enrolment, lesson=lesson, answer=passed.answer, recheck_of=passed.recheck_of or passed,
        after_solution=passed.after_solution, **scoring.fields_of(block),
    )  # fmt: skip
    if block.type == "exercise":
        attempt.verdict = Attempt.Verdict.PENDING
        attempt.save(force_insert=True)
        CheckJob.objects.create(attempt=attempt, turn=turn)
        return attempt
    for name, value in scoring.settled_fields(attempt, _judged(block, passed)).items():
        setattr(attempt, name, value)
    attempt.save(force_insert=True)
    results.record(attempt)
    return attempt


def _judged(block: LessonBlock, passed: Attempt) -> Judgement:
    answer = passed.answer
    if block.type == "predictions":
        first = passed.recheck_of_id or passed.pk
        answer = scoring.unpacked(bytes(PredictionFile.objects.get(attempt=first).content))
    try:
        content = scoring.read_answer(block, answer).content
    except AnswerRefused as refused:
        return Judgement(False, Decimal(0), {"message": f"Your answer does not fit what is asked now: {refused}"})
    return scoring.judge_at_once(block, content, is_last=False)


def due_of(attempts: Collection[int]) -> int:
    """How many of these attempts wait for a run or have one; those that rest after a fault do not count. 1 query."""
    now = timezone.now()
    return CheckJob.objects.filter(Q(not_before__lte=now) | Q(lease_until__gt=now), attempt__in=attempts).count()


def verdicts(attempts: Collection[int]) -> Counter[str]:
    """How many of these attempts have which verdict. 1 query."""
    rows = Attempt.objects.filter(pk__in=attempts).order_by().values_list("verdict").annotate(n=Count("*"))
    return Counter(dict(rows.values_list("verdict", "n")))
