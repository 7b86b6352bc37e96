"""Leaderboards of predictions blocks: best public scores of those who chose to be seen.

The private split stays out of it: a rank by private scores would tell them.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, FloatField, Max, Min, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import Http404

from courses.content.rendering import LOWER_IS_BETTER, METRICS
from courses.models import Lesson
from courses.selectors import block_of
from progress.models import Attempt, Enrolment

SHOWN = 100  # rows


@dataclass(slots=True)
class LeaderboardRow:
    """One person. `rank` is shared by equal scores."""

    rank: int
    name: str
    score: float
    tries: int
    is_me: bool


@dataclass(slots=True)
class Leaderboard:
    """A page of rows, and the viewer's own when they are among those seen."""

    metric: str
    lower_is_better: bool
    is_member: bool
    rows: list[LeaderboardRow]
    me: LeaderboardRow | None
    page: int = 1
    has_next: bool = False


def leaderboard(*, user: Any, lesson: Lesson, block_id: str, page: int = 1) -> Leaderboard:
    """The leaderboard of a block for one who takes the course. At most 6 queries for any number of people.

    Raises:
        Http404: the person does not take the course, or the block has no leaderboard.
    """
    block = block_of(lesson, block_id)
    mine = Enrolment.objects.filter(user=user, course=lesson.course_id, left_at=None).first()
    if mine is None or block.type != "predictions" or block.check is None:
        raise Http404("no leaderboard")
    metric = block.public["metric"]
    lower = metric in LOWER_IS_BETTER
    best = Min("public") if lower else Max("public")
    seen: QuerySet[Any] = (
        Attempt.objects.filter(
            lesson=lesson, block_uid=block_id, check_hash=block.check["hash"], recheck_of=None, verified_by="server",
            enrolment__on_leaderboard=True, enrolment__left_at=None, enrolment__user__is_active=True,
            outcome__has_key="public_score",
        )
        .annotate(public=Cast(KT("outcome__public_score"), FloatField()))
        .order_by()
    )  # fmt: skip
    ordered = _best(seen, best).order_by(F("best").asc() if lower else F("best").desc(), "enrolment_id")

    def rank_of(score: float) -> int:
        better = {"best__lt": score} if lower else {"best__gt": score}
        return _best(seen, best).filter(**better).count() + 1

    rows: list[LeaderboardRow] = []
    start = (page - 1) * SHOWN
    found_rows = list(ordered[start : start + SHOWN + 1])  # one more tells whether there is a next page
    for number, row in enumerate(found_rows[:SHOWN], start + 1):
        if rows:
            rank = rows[-1].rank if rows[-1].score == row["best"] else number
        else:
            rank = rank_of(row["best"]) if start else 1  # equals of the first row may stand on the page before
        rows.append(_row(row, rank=rank, me=mine.pk))
    own = next((row for row in rows if row.is_me), None)
    if own is None and (found := _best(seen.filter(enrolment=mine), best).first()):
        own = _row(found, rank=rank_of(found["best"]), me=mine.pk)
    has_next = len(found_rows) > SHOWN
    return Leaderboard(METRICS[metric], lower, mine.on_leaderboard, rows, own, page, has_next)


def _best(seen: QuerySet[Any], best: Min | Max) -> QuerySet[Any]:
    by_person = seen.values("enrolment_id", name=F("enrolment__user__display_name"))
    return by_person.annotate(best=best, tries=Count("pk")).order_by("enrolment_id")


def _row(row: dict[str, Any], *, rank: int, me: int) -> LeaderboardRow:
    return LeaderboardRow(rank, row["name"] or "A learner", row["best"], row["tries"], row["enrolment_id"] == me)
