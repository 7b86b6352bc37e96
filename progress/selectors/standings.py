"""How far a person is in courses.

How completion is counted: `completed` is the number of completed lessons, of which some may have been removed from the
course since; `total` is the course's live lessons plus those removed ones. So a removal never lowers the share, and
nothing passes 100 %. A finished course stays at 100 % and says how many lessons are new.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject, Least
from django.urls import reverse

from accounts.querysets import CompiledRows, Given
from courses.models import Course, Lesson
from progress.models import BlockResult, Enrolment, LessonCompletion


@dataclass(slots=True)
class NextLesson:
    """Where to go on."""

    id: int
    slug: str
    title: str
    minutes: int
    course_slug: str

    @property
    def url(self) -> str:
        return reverse("courses:lesson", args=[self.course_slug, self.slug])


@dataclass(slots=True)
class LessonPoints:
    """What a person won in a lesson, of what there is."""

    title: str
    url: str
    score: float
    points: float


@dataclass(slots=True)
class ModulePoints:
    """A module's lessons that give points."""

    title: str
    lessons: list[LessonPoints] = field(default_factory=list)

    @property
    def score(self) -> float:
        return sum(lesson.score for lesson in self.lessons)

    @property
    def points(self) -> float:
        return sum(lesson.points for lesson in self.lessons)


@dataclass(slots=True)
class Standing:
    """How far one is in a course: a row of my-courses, and the head of a course page."""

    course_id: int
    slug: str
    title: str
    minutes: int
    completed: int
    total: int
    new_lessons: int
    is_finished: bool
    next_lesson: NextLesson | None
    last_activity_at: datetime
    enrolled_at: datetime
    completed_at: datetime | None
    score: float
    points: float
    certificate_percent: int | None
    certificate_uid: UUID | None
    modules: list[ModulePoints] = field(default_factory=list)
    """Points by module and lesson, where `with_lesson_points` was asked for them."""

    @property
    def score_percent(self) -> int:
        """Share of the points, rounded down: 100 only with all of them."""
        return int(100 * self.score / self.points) if self.points else 0

    @property
    def certificate_points(self) -> float | None:
        """Points that the certificate takes; None where the course gives none, or has no points to verify."""
        return certificate_points(self)

    @property
    def percent(self) -> int:
        return percent(self.completed, self.total, is_finished=self.is_finished)

    @property
    def url(self) -> str:
        return reverse("courses:course", args=[self.slug])


def percent(completed: int, total: int, *, is_finished: bool) -> int:
    """Share of a course as a whole number: 100 only when finished, and never 0 for something done."""
    if is_finished:
        return 100
    if not total or not completed:
        return 0
    return max(1, min(99, (200 * completed + total) // (2 * total)))


def certificate_threshold(points: Decimal, share: int) -> Decimal:
    """`share` percent of `points`."""
    return points * share / 100


def certificate_points(course: Any) -> float | None:
    """Points that the certificate of a course, or of one's standing in it, takes; None where there is none to earn."""
    if course.certificate_percent is None or not course.points:
        return None
    return float(certificate_threshold(Decimal(str(course.points)), course.certificate_percent))


def _completions_of(enrolment: Any, lesson: Any) -> QuerySet[LessonCompletion]:
    return LessonCompletion.objects.filter(enrolment=enrolment, lesson=lesson, undone_at=None)


def my_course_rows(*, user: Any) -> QuerySet[Any]:
    """The rows behind `my_courses`, for lists by page; `as_standing` reads one. 1 query when evaluated."""
    removed = LessonCompletion.objects.filter(
        enrolment=OuterRef("pk"), undone_at=None, lesson__removed_at__isnull=False
    )
    upcoming = (
        Lesson.objects.open()
        .filter(course=OuterRef("course"))
        .exclude(Exists(_completions_of(OuterRef(OuterRef("pk")), OuterRef("pk"))))
        .order_by("position", "id")
        .values(data=JSONObject(id="id", slug="slug", title="title", minutes="minutes"))[:1]
    )
    return (
        Enrolment.objects.filter(user=user, left_at=None, course__in=Course.objects.readable())
        .annotate(
            completed_removed=Case(
                # Most courses never lost a lesson: PostgreSQL then skips the subquery.
                When(course__removed_count=0, then=Value(0)),
                default=Subquery(
                    removed.order_by().values("enrolment").annotate(n=Count("*")).values("n"),
                    output_field=IntegerField(),
                ),
            ),
            upcoming=Subquery(upcoming),
        )
        .order_by("-last_activity_at", "-id")
        .values(
            "id", "course_id", "completed_lessons", "completed_removed", "upcoming", "last_activity_at", "enrolled_at",
            "completed_at", "score", "lost_points", slug=F("course__slug"), title=F("course__title"),
            lesson_count=F("course__lesson_count"),
            course_minutes=F("course__minutes"), course_points=F("course__points"),
            certificate_percent=F("course__certificate_percent"), certificate_uid=F("certificate__uid"),
        )
    )  # fmt: skip


def as_standing(row: dict[str, Any]) -> Standing:
    """One row of `my_course_rows`. No query."""
    removed = row["completed_removed"] or 0
    completed, total = row["completed_lessons"], row["lesson_count"] + removed
    # A course that lost its last lesson was not finished by that: what was removed may come back.
    finished = row["completed_at"] is not None or (row["lesson_count"] > 0 and total <= completed)
    upcoming = row["upcoming"]
    return Standing(
        course_id=row["course_id"],
        slug=row["slug"],
        title=row["title"],
        minutes=row["course_minutes"],
        completed=completed,
        total=total,
        new_lessons=max(0, total - completed) if finished else 0,
        is_finished=finished,
        next_lesson=NextLesson(course_slug=row["slug"], **upcoming) if upcoming else None,
        last_activity_at=row["last_activity_at"],
        enrolled_at=row["enrolled_at"],
        completed_at=row["completed_at"],
        score=float(row["score"]),
        # What was won in a block that the course has no more stays won, and possible.
        points=float(row["course_points"] + row["lost_points"]),
        certificate_percent=row["certificate_percent"],
        certificate_uid=row["certificate_uid"],
    )


_MY_COURSES = CompiledRows(lambda: my_course_rows(user=Given("user", BigIntegerField())))
_STANDING = CompiledRows(
    lambda: my_course_rows(user=Given("user", BigIntegerField())).filter(course=Given("course", BigIntegerField()))
)


def my_courses(*, user: Any, at_most: int | None = None) -> list[Standing]:
    """Every course the person takes, the last touched first. 1 query, for one course and for twenty."""
    return [as_standing(row) for row in _MY_COURSES.rows(user=user.pk, at_most=at_most)]


def standing_in(*, user: Any, course: Course) -> Standing | None:
    """How far the person is in one course; None when not enrolled. 1 query, none for an anonymous visitor."""
    if not user.is_authenticated:
        return None
    rows = _STANDING.rows(user=user.pk, course=course.pk)
    return as_standing(rows[0]) if rows else None


def with_standing(courses: QuerySet[Course], *, user: Any) -> QuerySet[Course]:
    """Add the person's standing to each course of a list; `card_standing` reads it. No further query."""
    if not user.is_authenticated:
        return courses
    mine = my_course_rows(user=user).filter(course=OuterRef("pk")).order_by()
    shape = JSONObject(completed="completed_lessons", removed="completed_removed", completed_at="completed_at")
    return courses.annotate(standing=Subquery(mine.values(data=shape)[:1]))


@dataclass(slots=True)
class CardStanding:
    """How far one is, on a card of the catalogue."""

    percent: int
    is_finished: bool


def card_standing(course: Any) -> CardStanding | None:
    """The standing that `with_standing` added; None when not enrolled. No query."""
    row = getattr(course, "standing", None)
    if row is None:
        return None
    total = course.lesson_count + (row["removed"] or 0)
    finished = row["completed_at"] is not None or (course.lesson_count > 0 and total <= row["completed"])
    return CardStanding(percent(row["completed"], total, is_finished=finished), finished)


def with_lesson_points(standings: list[Standing], *, user: Any) -> list[Standing]:
    """Add the points of each module and lesson, where there are any. 1 query for any number of courses."""
    by_course = {standing.course_id: standing for standing in standings if standing.points}
    won = BlockResult.objects.filter(lesson=OuterRef("pk"), enrolment__user=user, enrolment__left_at=None, is_live=True)
    won_points = won.order_by().values("lesson").annotate(n=Sum("score")).values("n")
    lessons = (
        Lesson.objects.live()
        .filter(course__in=by_course, points__gt=0)
        # A block may be worth less than when it was answered: nobody has more of a lesson's points than there are.
        .annotate(score=Least(F("points"), Coalesce(Subquery(won_points), Value(Decimal(0)))))
        .order_by("course_id", "position", "pk")
        .values("course_id", "module_id", "module__title", "title", "slug", "points", "score")
    )
    seen = None
    for row in lessons:
        standing = by_course[row["course_id"]]
        if row["module_id"] != seen:
            seen = row["module_id"]
            standing.modules.append(ModulePoints(row["module__title"]))
        url = reverse("courses:lesson", args=[standing.slug, row["slug"]])
        standing.modules[-1].lessons.append(LessonPoints(row["title"], url, float(row["score"]), float(row["points"])))
    return standings
