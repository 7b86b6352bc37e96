"""Learners by the thousand for benchmarks: what they did in the courses that are there, with counters that are right.

The same seed makes the same people do the same things on the same days, as long as the courses are the same; only
primary keys and certificates are the database's own. Written by COPY in one transaction: all of it or nothing. Answers
are made up, and nobody of these can log in.
"""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import connection, models, transaction

from accounts import roles
from accounts.models import User
from courses.models import Course, Lesson
from courses.services.publishing import lock_course
from progress.models import Attempt, BlockResult, Enrolment, LessonCompletion
from progress.services.live_blocks import certify

BEGIN = datetime(2025, 1, 6, tzinfo=UTC)  # nobody did anything before
COURSES_EACH = 3
FINISHERS = 0.02  # the share of enrolments in which everything is done
ANSWERS = 12  # attempts of one enrolment that is not finished
JUDGED = ("quiz", "exercise")  # predictions would take files
_FIRST = ("Ada", "Ben", "Chen", "Dina", "Emil", "Fatou", "Goran", "Hana", "Ivo", "Jana", "Kofi", "Lena", "Mara", "Nils")
_LAST = ("Adler", "Brandt", "Costa", "Dvorak", "Eriksen", "Fischer", "Gruber", "Haddad", "Ito", "Jansen", "Kowalski")


class LoadRefused(ValueError):
    """Nothing was written; the message says why."""


@dataclass
class Counts:
    """How many rows were made."""

    people: int = 0
    enrolments: int = 0
    completions: int = 0
    attempts: int = 0
    results: int = 0


@dataclass(frozen=True)
class _Lesson:
    id: int
    revision: int
    needs_passing: bool
    blocks: list[tuple[str, dict[str, Any]]]
    others: bool  # it has judged blocks that nobody answers here


@dataclass(frozen=True)
class _Course:
    id: int
    lessons: list[_Lesson]  # those that are open, in order
    live: int


@dataclass
class _Rows:
    """What is written, by table. Primary keys of enrolments and attempts are places in their lists until then."""

    people: list[tuple[Any, ...]] = field(default_factory=list)
    enrolments: list[dict[str, Any]] = field(default_factory=list)
    completions: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)


def generate(*, learners: int, seed: int) -> Counts:
    """Make `learners` people and what they did in the published courses.

    Raises:
        LoadRefused: no course is published, or people of this seed are here already.
    """
    with transaction.atomic():
        courses = [_course(lock_course(pk)) for pk in _published()]
        if not any(course.lessons for course in courses):
            raise LoadRefused("no course is published here: import one first")
        if User.objects.filter(email=_address(seed, 0)).exists():
            raise LoadRefused(f"the learners of seed {seed} are here already; take another seed")
        rows = _made_up(learners, seed, [course for course in courses if course.lessons])
        _write(rows)
        for course in Course.objects.filter(pk__in=[course.id for course in courses]).order_by("pk"):
            certify(course)
    with connection.cursor() as cursor:  # else the first measured queries run with plans for empty tables
        cursor.execute("ANALYZE")
    return Counts(len(rows.people), len(rows.enrolments), len(rows.completions), len(rows.attempts), len(rows.results))


def _published() -> Sequence[int]:
    return list(Course.objects.published().order_by("uid").values_list("pk", flat=True))


def _course(course: Course) -> _Course:
    live = course.lessons.live()
    rows = (
        Lesson.objects.open()
        .filter(course=course)
        .order_by("position", "uid")
        .values_list("pk", "current_revision__number", "completion_rule", "current_revision__checks")
    )
    lessons = []
    for pk, number, rule, checks in rows:
        blocks = [(name, check) for name, check in sorted(checks.items()) if check["type"] in JUDGED]
        needs = rule == Lesson.CompletionRule.PASSED
        lessons.append(_Lesson(pk, number, needs, blocks, others=len(blocks) < len(checks)))
    return _Course(course.pk, lessons, live.count())


def _address(seed: int, number: int) -> str:
    return f"learner-{number}.load-{seed}@example.org"


def _made_up(learners: int, seed: int, courses: list[_Course]) -> _Rows:
    rows = _Rows()
    for number in range(learners):
        # A generator of their own: the first thousand are the same people among ten thousand.
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 (no secret)
        joined = BEGIN + timedelta(minutes=chance.randrange(90 * 24 * 60))
        name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"
        rows.people.append((_address(seed, number), name, joined, f"!{chance.getrandbits(160):040x}"))
        for course in chance.sample(courses, min(len(courses), chance.randint(1, COURSES_EACH))):
            _enrol(rows, chance, number, course, joined)
    return rows


def _enrol(rows: _Rows, chance: random.Random, person: int, course: _Course, joined: datetime) -> None:
    place, now = len(rows.enrolments), joined + timedelta(minutes=chance.randint(1, 5000))
    enrolment: dict[str, Any] = {
        "person": person, "course_id": course.id, "completed_lessons": 0, "score": Decimal(0), "last_lesson_id": None,
        "enrolled_at": now, "last_activity_at": now, "completed_at": None,
    }  # fmt: skip
    rows.enrolments.append(enrolment)
    finishes = chance.random() < FINISHERS
    wanted = len(course.lessons) if finishes else int(len(course.lessons) * chance.random() ** 2)
    answers = 10**9 if finishes else ANSWERS
    for lesson in course.lessons[:wanted]:
        all_passed = not lesson.others
        for block_id, check in lesson.blocks:
            if answers <= 0:
                all_passed = False
                break
            now, given, passed = _answer(rows, chance, place, lesson, block_id, check, now, finishes)
            answers -= given
            all_passed = all_passed and passed
        enrolment["last_activity_at"] = now
        if lesson.needs_passing and not all_passed:
            continue
        now += timedelta(minutes=chance.randint(2, 600))
        rows.completions.append({"enrolment": place, "lesson_id": lesson.id, "revision": lesson.revision, "at": now})
        enrolment["completed_lessons"] += 1
        enrolment["last_lesson_id"], enrolment["last_activity_at"] = lesson.id, now
    if enrolment["completed_lessons"] == course.live:
        enrolment["completed_at"] = now


def _answer(
    rows: _Rows, chance: random.Random, place: int, lesson: _Lesson, block_id: str, check: dict[str, Any],
    now: datetime, finishes: bool,
) -> tuple[datetime, int, bool]:  # fmt: skip
    """One to three tries at a block, and its result. Returns the time after, how many tries, and whether it passed."""
    points = Decimal(str(check["points"])).quantize(Decimal("0.001"))
    tries = chance.randint(1, min(3, check.get("attempts") or 3))
    passes = finishes or chance.random() < 0.8
    passed_at = None
    for number in range(1, tries + 1):
        now += timedelta(seconds=chance.randint(20, 900))
        passed = passes and number == tries
        passed_at = now if passed else None
        rows.attempts.append(
            {
                "uid": UUID(int=chance.getrandbits(128), version=4), "enrolment": place, "lesson_id": lesson.id,
                "block_uid": block_id, "block_type": check["type"], "revision": lesson.revision,
                "check_hash": check["hash"], "answer": f"answer {number}", "score": points if passed else Decimal(0),
                "verdict": "passed" if passed else "failed", "max_score": points, "at": now,
            }
        )  # fmt: skip
    rows.results.append(
        {
            "enrolment": place, "lesson_id": lesson.id, "block_uid": block_id, "block_type": check["type"],
            "attempts": tries, "score": points if passed_at else Decimal(0), "max_score": points,
            "passed_at": passed_at, "passed_hash": check["hash"] if passed_at else "", "at": now,
            "last": len(rows.attempts) - 1,
        }
    )  # fmt: skip
    rows.enrolments[place]["score"] += points if passed_at else Decimal(0)
    return now, tries, passed_at is not None


def _write(rows: _Rows) -> None:
    people = _new_keys(User, len(rows.people))
    enrolments = _new_keys(Enrolment, len(rows.enrolments))
    attempts = _new_keys(Attempt, len(rows.attempts))
    _copy(
        User,
        ("id", "email", "display_name", "date_joined", "password"),
        ((key, *person) for key, person in zip(people, rows.people, strict=True)),
    )
    learner = Group.objects.get(name=roles.LEARNER).pk
    _copy(User.groups.through, ("user_id", "group_id"), ((key, learner) for key in people))
    _copy(
        EmailAddress,
        ("user_id", "email", "verified", "primary"),
        ((key, person[0], True, True) for key, person in zip(people, rows.people, strict=True)),
    )
    same: tuple[str, ...] = (
        "course_id",
        "completed_lessons",
        "score",
        "last_lesson_id",
        "enrolled_at",
        "last_activity_at",
        "completed_at",
    )
    _copy(
        Enrolment,
        ("id", "user_id", *same),
        (
            (key, people[row["person"]], *(row[name] for name in same))
            for key, row in zip(enrolments, rows.enrolments, strict=True)
        ),
    )
    _copy(
        LessonCompletion,
        ("enrolment_id", "lesson_id", "revision", "completed_at"),
        ((enrolments[row["enrolment"]], row["lesson_id"], row["revision"], row["at"]) for row in rows.completions),
    )
    same = (
        "uid", "lesson_id", "block_uid", "block_type", "revision", "check_hash", "answer", "verdict", "score",
        "max_score",
    )  # fmt: skip
    _copy(
        Attempt,
        ("id", "enrolment_id", "verified_by", "outcome", "created_at", "checked_at", *same),
        (
            (key, enrolments[row["enrolment"]], "server", _outcome(row), row["at"], row["at"], *(row[n] for n in same))
            for key, row in zip(attempts, rows.attempts, strict=True)
        ),
    )
    same = ("lesson_id", "block_uid", "block_type", "attempts", "score", "max_score", "passed_at", "passed_hash")
    _copy(
        BlockResult,
        ("enrolment_id", "last_attempt_id", "updated_at", *same),
        (
            (enrolments[row["enrolment"]], attempts[row["last"]], row["at"], *(row[name] for name in same))
            for row in rows.results
        ),
    )


def _outcome(row: dict[str, Any]) -> dict[str, Any]:
    message = "Passed." if row["verdict"] == "passed" else "Not passed."
    if row["block_type"] == "quiz":
        return {"message": message, "choices": [], "explanation": None, "correct": None, "answer": None}
    return {"message": message, "checks": [], "hidden": {"passed": 0, "total": 0}, "stdout": "", "error": None}


def _new_keys(model: type[models.Model], count: int) -> list[int]:
    """Primary keys that nobody else gets, rising."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [f'"{table}"', count]
        )
        return sorted(key for (key,) in cursor.fetchall())


def _copy(model: type[models.Model], names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows into a model's table; columns that are not named get the model's defaults."""
    columns = {field.attname: field for field in model._meta.concrete_fields}
    others = [name for name, column in columns.items() if name not in names and not column.primary_key]
    defaults = tuple(_stored(columns[name].get_default()) for name in others)
    quoted = ", ".join(f'"{columns[name].column}"' for name in (*names, *others))
    answer = names.index("answer") if "answer" in names else None
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({quoted}) FROM STDIN') as copy,
    ):
        for row in rows:
            if answer is not None:  # a JSON text
                row = (*row[:answer], json.dumps(row[answer]), *row[answer + 1 :])
            copy.write_row((*(_stored(value) for value in row), *defaults))


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value
