"""Results of blocks, derived from settled attempts, and a person's score, the sum of them.

One statement says what a result is: it serves a rebuild, the comparison, and an attempt that is settled after a newer
one. The usual case, an attempt that is the block's newest, is added to the result that is there, so that the 500th
answer costs no more than the 1st; `test_score_results.py` holds the two equal. The order in which attempts are settled
does not matter. Whoever writes here holds the enrolment's lock.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from courses.models import Lesson
from progress.models import Attempt, BlockResult, Enrolment
from progress.selectors.counting import Difference
from progress.services.certifying import issue_if_earned
from progress.services.live_blocks import refresh_lost_points

# Of equal scores the one out of the fewest points is the better. The newest pass is the one that was asked for last:
# ids of one enrolment's attempts rise in the order of asking, whichever was settled first.
_DERIVED = """
    SELECT enrolment_id, lesson_id, block_uid,
        (array_agg(block_type ORDER BY id DESC))[1] AS block_type,
        count(*) FILTER (WHERE recheck_of_id IS NULL) AS attempts,
        max(score) AS score,
        (array_agg(max_score ORDER BY score DESC, max_score))[1] AS max_score,
        min(checked_at) FILTER (WHERE verdict = 'passed') AS passed_at,
        coalesce((array_agg(check_hash ORDER BY id DESC) FILTER (WHERE verdict = 'passed'))[1], '') AS passed_hash,
        max(id) AS last_attempt_id
    FROM progress_attempt
    WHERE verdict <> 'pending' AND {which}
    GROUP BY enrolment_id, lesson_id, block_uid
"""
_FIELDS = ("block_type", "attempts", "score", "max_score", "passed_at", "passed_hash", "last_attempt_id")
_OF_ENROLMENT = "enrolment_id = %s"
_OF_PLACE = f"{_OF_ENROLMENT} AND lesson_id = %s AND block_uid = %s"

Place = tuple[int, int, str]
"""Ids of an enrolment and a lesson, and a block's."""


def record(attempt: Attempt, *, is_live: bool | None = None) -> BlockResult:
    """Bring the result of the attempt's block up to date, with the person's score and what it earns.

    `attempt` was settled in this transaction; `attempt.enrolment` is the locked row, and has the new score afterwards.
    Who has just looked says by `is_live` whether the course has the block. 2 queries for the newest attempt of a live
    block that brings no points, whatever came before it.
    """
    place = (attempt.enrolment_id, attempt.lesson_id, attempt.block_uid)
    result = _stored(place)
    before = result.score
    if result.pk and attempt.pk > result.last_attempt_id:
        values = _with_newest(result, attempt)
    else:
        values = _derived(_OF_PLACE, place)[place]
    _write(result, values, is_live=is_live)
    if result.score != before:
        _set_score(attempt.enrolment, attempt.enrolment.score + result.score - before)
        issue_if_earned(attempt.enrolment)
    return result


def _with_newest(result: BlockResult, attempt: Attempt) -> dict[str, Any]:
    """What `_DERIVED` says once there is this attempt, newer than all that made the result."""
    score, max_score = max(
        (result.score, result.max_score), (attempt.score, attempt.max_score), key=lambda pair: (pair[0], -pair[1])
    )
    values = {
        "block_type": attempt.block_type,
        "attempts": result.attempts + (attempt.recheck_of_id is None),
        "score": score,
        "max_score": max_score,
        "last_attempt_id": attempt.pk,
    }
    if attempt.verdict == Attempt.Verdict.PASSED and attempt.checked_at is not None:
        values["passed_at"] = min(result.passed_at or attempt.checked_at, attempt.checked_at)
        values["passed_hash"] = attempt.check_hash
    return values


def rebuild(enrolment: Enrolment) -> list[Difference]:
    """Set an enrolment's results and its score to what the attempts say. Returns what differed."""
    found = list(_differences(enrolment))
    if not found:
        return []
    derived = _derived(_OF_ENROLMENT, (enrolment.pk,))
    for result in BlockResult.objects.filter(enrolment=enrolment):
        if (enrolment.pk, result.lesson_id, result.block_uid) not in derived:
            result.delete()
    for place, values in derived.items():
        _write(_stored(place), values)
    total = BlockResult.objects.filter(enrolment=enrolment).aggregate(sum=Sum("score", default=Decimal(0)))
    _set_score(enrolment, total["sum"])
    return found


def result_differences() -> list[Difference]:
    """Where results and scores do not equal the attempts, over all enrolments. 2 queries; reads whole tables."""
    return list(_differences(None))


def _differences(enrolment: Enrolment | None) -> Iterator[Difference]:
    which, values = (_OF_ENROLMENT, [enrolment.pk]) if enrolment else ("TRUE", [])
    derived = _DERIVED.format(which=which)
    equal = " AND ".join(f"r.{name} IS NOT DISTINCT FROM d.{name}" for name in _FIELDS)
    results = f"""
        WITH d AS ({derived}), r AS (SELECT * FROM progress_blockresult WHERE {which})
        SELECT enrolment_id, lesson_id, block_uid, r.id, {", ".join(f"r.{name}, d.{name}" for name in _FIELDS)}
        FROM r FULL JOIN d USING (enrolment_id, lesson_id, block_uid)
        WHERE r.id IS NULL OR d.last_attempt_id IS NULL OR NOT ({equal})
        ORDER BY 1, 2, 3
    """  # noqa: S608 (constants)
    for enrolment_id, lesson_id, block_uid, result_id, *pairs in _rows(results, [*values, *values]):
        what = f"enrolment {enrolment_id}: result of lesson {lesson_id}, block {block_uid}"
        counted_last = pairs[-1]
        if result_id is None or counted_last is None:
            sides = ["missing" if side is None else "there" for side in (result_id, counted_last)]
            yield Difference(what, sides[0], sides[1], enrolment_id)
            continue
        for name, stored, counted in zip(_FIELDS, pairs[::2], pairs[1::2], strict=True):
            if stored != counted:
                yield Difference(f"{what}: {name}", stored, counted, enrolment_id)
    # Counted from the attempts: a wrong result must not make a wrong score right.
    scores = f"""
        WITH d AS ({derived}), counted AS (SELECT enrolment_id, sum(score) AS score FROM d GROUP BY enrolment_id)
        SELECT e.id, e.score, coalesce(counted.score, 0)
        FROM progress_enrolment e LEFT JOIN counted ON counted.enrolment_id = e.id
        WHERE e.score <> coalesce(counted.score, 0) AND {which.replace(_OF_ENROLMENT, "e.id = %s")}
        ORDER BY 1
    """  # noqa: S608 (constants)
    for enrolment_id, stored, counted in _rows(scores, [*values, *values]):
        yield Difference(f"enrolment {enrolment_id}: score", stored, counted, enrolment_id)


def _derived(which: str, values: tuple[Any, ...]) -> dict[Place, dict[str, Any]]:
    rows = _rows(_DERIVED.format(which=which), list(values))
    return {row[:3]: dict(zip(_FIELDS, row[3:], strict=True)) for row in rows}


def _rows(statement: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _stored(place: Place) -> BlockResult:
    enrolment_id, lesson_id, block_uid = place
    key = {"enrolment_id": enrolment_id, "lesson_id": lesson_id, "block_uid": block_uid}
    return BlockResult.objects.filter(**key).first() or BlockResult(**key, score=Decimal(0))


def _write(result: BlockResult, values: dict[str, Any], *, is_live: bool | None = None) -> None:
    for name, value in values.items():
        setattr(result, name, value)
    result.updated_at = timezone.now()
    # An answer may be judged after its block left the course; of live ones publishing keeps the mark.
    result.is_live = _is_live(result) if is_live is None else is_live
    result.save()


def _is_live(result: BlockResult) -> bool:
    lessons = Lesson.objects.live().filter(pk=result.lesson_id)
    return lessons.filter(current_revision__checks__has_key=result.block_uid).exists()


def _set_score(enrolment: Enrolment, score: Decimal) -> None:
    enrolment.score = score
    enrolment.save(update_fields=["score"])
    refresh_lost_points(enrolment)
