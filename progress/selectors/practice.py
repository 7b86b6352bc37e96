"""What a person did in the blocks of a lesson: results, saved work, hints, the newest attempt, tries left.

All of it comes with the query of the person's standing, as JSON that PostgreSQL puts together: a lesson page does not
pay a query a block. Nothing here reads a key; which blocks are judged is in the revision's `checks`.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, JSONObject
from django.http import Http404
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.querysets import CompiledRows, Given
from courses.models import Lesson
from courses.selectors import LessonBlock, block_of
from progress.models import Attempt, BlockResult, Reveal, SavedWork
from progress.selectors.standings import Standing, as_standing, my_course_rows

WRITABLE = ("code", "quiz", "exercise")


@dataclass(slots=True)
class GivenAnswer:
    """An attempt as the block shows it."""

    uid: str
    verdict: str
    answer: Any
    outcome: dict[str, Any]
    score: float
    max_score: float
    revision: int
    check_hash: str
    after_solution: bool
    created_at: datetime

    @property
    def is_passed(self) -> bool:
        return self.verdict == Attempt.Verdict.PASSED


@dataclass(slots=True)
class SavedState:
    """What is saved of a block."""

    content: dict[str, Any]
    version: int
    saved_at: datetime


@dataclass(slots=True)
class BlockState:
    """Where a person is in a block that is judged. `score` is the best, of `max_score` points that it has now.

    `is_outdated`: passed, and the check has changed since. `tries_left`: None means any number. `hints` and `solution`
    are the HTML of those that were shown.
    """

    block_id: str
    type: str
    max_score: float
    check_hash: str = ""
    attempts: int = 0
    tries_left: int | None = None
    score: float = 0.0
    passed_at: datetime | None = None
    is_outdated: bool = False
    hints: list[str] = field(default_factory=list)
    solution: str = ""
    saved: SavedState | None = None
    last: GivenAnswer | None = None
    pending: GivenAnswer | None = None

    @property
    def is_passed(self) -> bool:
        return self.passed_at is not None

    @property
    def is_pending(self) -> bool:
        return self.pending is not None

    @property
    def hints_shown(self) -> int:
        return len(self.hints)

    @property
    def solution_shown(self) -> bool:
        return bool(self.solution)


@dataclass(slots=True)
class LessonPractice:
    """A person's work in a lesson: judged blocks by id, and what is saved of any block by id."""

    states: dict[str, BlockState] = field(default_factory=dict)
    work: dict[str, SavedState] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        return sum(state.is_passed for state in self.states.values())

    @property
    def is_passed(self) -> bool:
        return self.passed == len(self.states)


def standing_with_practice(*, user: Any, lesson: Lesson) -> tuple[Standing | None, LessonPractice]:
    """The person's standing in the lesson's course, and their work in the lesson. 1 query; none for a visitor.

    `lesson` has its current revision with `checks`.
    """
    revision = lesson.current_revision
    if not user.is_authenticated or revision is None:
        return None, LessonPractice()
    rows = _PRACTICE.rows(user=user.pk, course=lesson.course_id, lesson=lesson.pk, **own_day(user))
    if not rows:
        return None, LessonPractice()
    return as_standing(rows[0]), _practice(rows[0], revision.checks)


def lesson_practice(*, user: Any, lesson: Lesson) -> LessonPractice:
    """The person's work in a lesson alone. 1 query."""
    return standing_with_practice(user=user, lesson=lesson)[1]


_ATTEMPT = {
    "uid": Cast("uid", CharField()),
    "verdict": "verdict",
    "answer": "answer",
    "outcome": "outcome",
    "score": "score",
    "max_score": "max_score",
    "revision": "revision",
    "check_hash": "check_hash",
    "after_solution": "after_solution",
    "created_at": "created_at",
}


def practice_rows(*, user: Any, course: Any, lesson: Any, midnight: Any, day_ago: Any) -> QuerySet[Any]:
    """The row behind `standing_with_practice`; all values may be `Given`. 1 query when evaluated."""
    mine = {"enrolment": OuterRef("pk"), "lesson": lesson}
    last = {name: f"last_attempt__{value}" for name, value in _ATTEMPT.items() if isinstance(value, str)}
    results = BlockResult.objects.filter(**mine).values(
        data=JSONObject(
            block="block_uid", score="score", passed_at="passed_at", passed_hash="passed_hash",
            last=JSONObject(uid=Cast("last_attempt__uid", CharField()), **last),
        )
    )  # fmt: skip
    pending = Attempt.objects.filter(**mine, verdict=Attempt.Verdict.PENDING, recheck_of=None).order_by("created_at")
    counted = (
        Attempt.objects.filter(**mine, recheck_of=None)
        .order_by()
        .values("block_uid", "check_hash")
        .annotate(n=Count("*"), **tries_of_today(midnight=midnight, day_ago=day_ago))
    )
    work = SavedWork.objects.filter(**mine).values(
        data=JSONObject(block="block_uid", content="content", version="version", saved_at="saved_at")
    )
    # Of the private key only what was shown; a hint that is there no more is left out.
    shown = Case(
        When(kind=Reveal.Kind.HINT, then=_key_text("hints", Cast("number", CharField()))),
        default=_key_text("solution"),
    )
    reveals = Reveal.objects.filter(**mine).order_by("kind", "number")
    return (
        my_course_rows(user=user)
        .filter(course=course)
        .annotate(
            p_results=ArraySubquery(results),
            p_pending=ArraySubquery(pending.values(data=JSONObject(block="block_uid", last=JSONObject(**_ATTEMPT)))),
            p_counted=ArraySubquery(
                counted.values(
                    data=JSONObject(block="block_uid", hash="check_hash", n="n", today="today", recent="recent")
                )
            ),
            p_work=ArraySubquery(work),
            p_reveals=ArraySubquery(reveals.values(data=JSONObject(block="block_uid", kind="kind", html=shown))),
        )
    )


_PRACTICE = CompiledRows(
    lambda: practice_rows(
        user=Given("user", BigIntegerField()),
        course=Given("course", BigIntegerField()),
        lesson=Given("lesson", BigIntegerField()),
        midnight=Given("midnight", DateTimeField()),
        day_ago=Given("day_ago", DateTimeField()),
    )
)


def _key_text(*path: Any) -> Func:
    """A text below `html` in the key of the live block that a row names by `lesson` and `block_uid`."""
    steps = [Value(step) if isinstance(step, str) else step for step in path]
    return Func(
        F("lesson__current_revision__key"), F("block_uid"), Value("html"), *steps,
        function="jsonb_extract_path_text",
        output_field=CharField(),
    )  # fmt: skip


def own_day(user: Any) -> dict[str, Any]:
    """When the person's own day began, and 24 hours ago."""
    zone = ZoneInfo(user.time_zone)
    midnight = datetime.combine(timezone.localdate(timezone=zone), time.min, zone)
    return {"midnight": midnight, "day_ago": timezone.now() - timedelta(days=1)}


def tries_of_today(*, midnight: Any, day_ago: Any) -> dict[str, Count]:
    """To count attempts with: those of the person's own day, and those of the last 24 hours; see `own_day`."""
    return {
        "today": Count("pk", filter=Q(created_at__gte=midnight)),
        "recent": Count("pk", filter=Q(created_at__gte=day_ago)),
    }


def left_today(allowed: int, *, today: int, recent: int) -> int:
    """How many tries are left of so many a day.

    In any 24 hours there is one midnight, so nobody uses more than two days' tries in them; without that bound a person
    who changes the time zone of the account every hour would have new tries every hour.
    """
    return max(0, min(allowed - today, 2 * allowed - recent))


def _practice(row: dict[str, Any], checks: dict[str, Any]) -> LessonPractice:
    work = {
        item["block"]: SavedState(item["content"], item["version"], _time(item["saved_at"])) for item in row["p_work"]
    }
    states = {
        block_id: BlockState(block_id, check["type"], float(check["points"]), check["hash"], saved=work.get(block_id))
        for block_id, check in checks.items()
    }
    for item in row["p_counted"]:
        if (state := states.get(item["block"])) is None:
            continue
        state.attempts += item["n"]
    for block_id, state in states.items():
        state.tries_left = _tries_left(checks[block_id], [c for c in row["p_counted"] if c["block"] == block_id])
    for item in row["p_results"]:
        if (state := states.get(item["block"])) is None:
            continue
        state.score = float(item["score"])
        state.passed_at = _time(item["passed_at"]) if item["passed_at"] else None
        state.is_outdated = state.is_passed and item["passed_hash"] != checks[item["block"]]["hash"]
        state.last = _given(item["last"])
    for item in row["p_pending"]:
        if (state := states.get(item["block"])) is not None:
            state.pending = _given(item["last"])
    for item in row["p_reveals"]:
        if (state := states.get(item["block"])) is None:
            continue
        if item["html"] and item["kind"] == Reveal.Kind.HINT:
            state.hints.append(item["html"])
        elif item["html"]:
            state.solution = item["html"]
    return LessonPractice(states, work)


def _tries_left(check: dict[str, Any], counted: list[dict[str, Any]]) -> int | None:
    if check.get("tries_per_day") is not None:
        today, recent = (sum(item[name] for item in counted) for name in ("today", "recent"))
        return left_today(check["tries_per_day"], today=today, recent=recent)
    if check.get("attempts") is None:
        return None
    # A question whose check changed is another question: its tries begin anew.
    return max(0, check["attempts"] - sum(item["n"] for item in counted if item["hash"] == check["hash"]))


def _given(item: dict[str, Any]) -> GivenAnswer:
    return GivenAnswer(
        uid=item["uid"],
        verdict=item["verdict"],
        answer=item["answer"],
        outcome=item["outcome"],
        score=float(item["score"]),
        max_score=float(item["max_score"]),
        revision=item["revision"],
        check_hash=item["check_hash"],
        after_solution=item["after_solution"],
        created_at=_time(item["created_at"]),
    )


def _time(text: str) -> datetime:
    # PostgreSQL writes a time in JSON as ISO 8601.
    return parse_datetime(text)  # type: ignore[return-value]


def writable_block(*, lesson: Lesson, block_id: str) -> tuple[int, str] | None:
    """The live revision's number and the type of a block that a person can write in; None for any other. 1 query."""
    try:
        block = block_of(lesson, block_id)
    except Http404:
        return None
    return (block.revision, block.type) if block.type in WRITABLE else None


def saved_work(*, user: Any, lesson: Lesson, block_id: str) -> tuple[str, SavedState | None]:
    """What the person saved of one block, and whether it is a "source" or an "answer". 2 queries.

    Raises:
        Http404: the lesson has no such block to write in.
    """
    found = writable_block(lesson=lesson, block_id=block_id)
    if found is None:
        raise Http404("no such block")
    row = SavedWork.objects.filter(
        enrolment__user=user, enrolment__left_at=None, lesson=lesson.pk, block_uid=block_id
    ).first()
    name = "answer" if found[1] == "quiz" else "source"
    return name, SavedState(row.content, row.version, row.saved_at) if row else None


def is_known(*, user: Any, uid: UUID) -> bool:
    """Whether the person has an attempt of this uid. 1 query."""
    return Attempt.objects.filter(uid=uid, enrolment__user=user).exists()


def live_block(lesson: Lesson, block_id: str) -> LessonBlock | None:
    """The block as it is now; None where the lesson has it no more. 1 query."""
    try:
        return block_of(lesson, block_id)
    except Http404:
        return None


def learner_code(*, user: Any, lesson: Lesson) -> dict[str, str]:
    """The person's own code in a lesson, by block: what is saved, else the newest answer to an exercise. 2 queries."""
    if not user.is_authenticated:
        return {}
    mine = {"enrolment__user": user, "enrolment__left_at": None, "lesson": lesson.pk}
    answered = Attempt.objects.filter(**mine, block_type="exercise").order_by("block_uid", "-created_at", "-pk")
    code = dict(answered.distinct("block_uid").values_list("block_uid", "answer"))
    saved = SavedWork.objects.filter(**mine, content__has_key="source").values_list("block_uid", "content__source")
    return {block: text for block, text in {**code, **dict(saved)}.items() if isinstance(text, str)}


def points(value: Decimal | float) -> float | int:
    """Points as people write them: 2 and 2.5."""
    number = float(value)
    return int(number) if number.is_integer() else number
