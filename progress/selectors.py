"""Reads of what a person did. The access check is the fetch: other people's rows and unreadable courses do not exist.

How completion is counted: `completed` is the number of completed lessons, of which some may have been removed from the
course since; `total` is the course's live lessons plus those removed ones. So a removal never lowers the share, and
nothing passes 100 %. A finished course stays at 100 % and says how many lessons are new.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject, TruncDate
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from courses.models import Course, Lesson
from courses.selectors import Outline, lesson_rows, outline_of, outline_rows
from courses.services.listeners import Check, LearnerCounts
from progress.models import Attempt, Enrolment, LessonCompletion

ACTIVITY_WEEKS = 26


@dataclass(slots=True)
class NextLesson:
    """Where to go on."""

    id: int
    slug: str
    title: str
    minutes: int
    url: str


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
            "completed_at", slug=F("course__slug"), title=F("course__title"), lesson_count=F("course__lesson_count"),
            course_minutes=F("course__minutes"),
        )
    )  # fmt: skip


def as_standing(row: dict[str, Any]) -> Standing:
    """One row of `my_course_rows`. No query."""
    removed = row["completed_removed"] or 0
    completed, total = row["completed_lessons"], row["lesson_count"] + removed
    # A course that lost its last lesson was not finished by that: what was removed may come back.
    finished = row["completed_at"] is not None or (row["lesson_count"] > 0 and total <= completed)
    upcoming = row["upcoming"]
    base = reverse("courses:course", args=[row["slug"]])
    return Standing(
        course_id=row["course_id"],
        slug=row["slug"],
        title=row["title"],
        minutes=row["course_minutes"],
        completed=completed,
        total=total,
        new_lessons=max(0, total - completed) if finished else 0,
        is_finished=finished,
        next_lesson=NextLesson(url=f"{base}{upcoming['slug']}/", **upcoming) if upcoming else None,
        last_activity_at=row["last_activity_at"],
        enrolled_at=row["enrolled_at"],
        completed_at=row["completed_at"],
    )


def my_courses(*, user: Any) -> list[Standing]:
    """Every course the person takes, the last touched first. 1 query, for one course and for twenty."""
    return [as_standing(row) for row in my_course_rows(user=user)]


def standing_in(*, user: Any, course: Course) -> Standing | None:
    """How far the person is in one course; None when not enrolled. 1 query, none for an anonymous visitor."""
    if not user.is_authenticated:
        return None
    row = my_course_rows(user=user).filter(course=course).first()
    return as_standing(row) if row else None


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


def course_for(*, user: Any, slug: str) -> Course:
    """A course that the person may see: as in the catalogue, and archived ones that they take. 1 query.

    Raises:
        Http404: there is none, or not for this person.
    """
    seen = Course.objects.visible_to(user).exclude(status=Course.Status.ARCHIVED)
    if user.is_authenticated:
        taken = Enrolment.objects.filter(user=user, course=OuterRef("pk"), left_at=None)
        seen = seen | Course.objects.readable().filter(Exists(taken))
    return get_object_or_404(seen, slug=slug)


def course_outline(*, user: Any, course: Course) -> Outline:
    """The outline with the person's ticks. 1 query."""
    rows = outline_rows(course)
    if user.is_authenticated:
        rows = rows.annotate(
            is_done=Exists(
                LessonCompletion.objects.filter(
                    lesson=OuterRef("pk"), enrolment__user=user, enrolment__left_at=None, undone_at=None
                )
            )
        )
    return outline_of(course, rows)


def lesson_for(*, user: Any, lesson_id: int) -> Lesson:
    """A lesson of a course that the person takes, or a preview. 1 query.

    Raises:
        Http404: there is none, or not for this person.
    """
    return get_object_or_404(_readable_lessons(user), pk=lesson_id)


def lesson_at(*, user: Any, course_slug: str, lesson_slug: str) -> Lesson:
    """As `lesson_for`, by address.

    Raises:
        Http404: there is none, or not for this person.
    """
    lessons = _readable_lessons(user).defer("current_revision__public")
    return get_object_or_404(lessons, course__slug=course_slug, slug=lesson_slug)


def lesson_to_copy(*, user: Any, course_slug: str, lesson_slug: str) -> Lesson:
    """As `lesson_at`, with the public content in place of the page. 1 query.

    Raises:
        Http404: there is none, or not for this person.
    """
    lessons = _readable_lessons(user).defer("current_revision__html", "current_revision__toc")
    return get_object_or_404(lessons, course__slug=course_slug, slug=lesson_slug)


def _readable_lessons(user: Any) -> QuerySet[Lesson]:
    previews = lesson_rows().filter(is_preview=True, course__in=Course.objects.published())
    if not user.is_authenticated:
        return previews
    taken = Enrolment.objects.filter(user=user, course=OuterRef("course"), left_at=None)
    enrolled = lesson_rows().filter(Exists(taken), course__in=Course.objects.readable())
    done = LessonCompletion.objects.filter(lesson=OuterRef("pk"), enrolment__user=user, undone_at=None)
    return (previews | enrolled).annotate(is_enrolled=Exists(taken), is_done=Exists(done))


def enrolled_lesson(*, user: Any, lesson_id: int) -> Lesson:
    """A lesson of a course that the person takes, without its body. 1 query.

    Raises:
        Http404: there is none, or the person does not take the course.
    """
    taken = Enrolment.objects.filter(user=user, course=OuterRef("course"), left_at=None)
    lessons = Lesson.objects.open().filter(Exists(taken), course__in=Course.objects.readable())
    return get_object_or_404(lessons.select_related("course"), pk=lesson_id)


@dataclass(slots=True)
class ActivityDay:
    """A square of the activity chart. `level` is 0 (none) to 4."""

    date: date
    count: int
    level: int


def activity(*, user: Any, today: date | None = None) -> list[list[ActivityDay]]:
    """Completed lessons a day over the last 26 weeks, Monday first; the running week is short. 1 query.

    A day is one in the person's own time zone.
    """
    zone = ZoneInfo(user.time_zone)
    today = today or timezone.localdate(timezone=zone)
    first = today - timedelta(days=today.weekday(), weeks=ACTIVITY_WEEKS - 1)
    rows = (
        LessonCompletion.objects.filter(
            enrolment__user=user, undone_at=None, completed_at__gte=datetime.combine(first, time.min, zone)
        )
        .annotate(day=TruncDate("completed_at", tzinfo=zone))
        .values("day")
        .annotate(n=Count("*"))
        .values_list("day", "n")
    )
    counts = dict(rows)
    days = [first + timedelta(days=offset) for offset in range((today - first).days + 1)]
    squares = [ActivityDay(day, counts.get(day, 0), min(4, counts.get(day, 0))) for day in days]
    return [squares[start : start + 7] for start in range(0, len(squares), 7)]


def activity_text(weeks: Iterable[list[ActivityDay]]) -> str:
    """The activity chart in one sentence, for those who do not see it. No query."""
    days = [day for week in weeks for day in week if day.count]
    lessons = sum(day.count for day in days)
    if not lessons:
        return f"No lesson completed in the last {ACTIVITY_WEEKS} weeks."
    return (
        f"{lessons} lesson{'s' if lessons > 1 else ''} completed on {len(days)} day{'s' if len(days) > 1 else ''} "
        f"in the last {ACTIVITY_WEEKS} weeks."
    )


def learner_counts(lesson_ids: Collection[int], checks: Collection[Check]) -> LearnerCounts:
    """How many people completed the lessons, have them open, and passed the checks. 2 queries, 3 with checks.

    People who left the course count: what they did comes back with them.
    """
    done = LessonCompletion.objects.filter(lesson__in=lesson_ids, undone_at=None).order_by().values("lesson_id")
    finished_it = LessonCompletion.objects.filter(
        enrolment=OuterRef("pk"), lesson=OuterRef("last_lesson"), undone_at=None
    )
    reading = Enrolment.objects.filter(last_lesson__in=lesson_ids).exclude(Exists(finished_it)).order_by()
    counts = LearnerCounts(
        completed=dict(done.annotate(n=Count("*")).values_list("lesson_id", "n")),
        reading=dict(reading.values("last_lesson_id").annotate(n=Count("*")).values_list("last_lesson_id", "n")),
    )
    if not checks:
        return counts
    passed = (
        Attempt.objects.filter(
            verdict=Attempt.Verdict.PASSED,
            lesson__in={lesson for lesson, _, _ in checks},
            check_hash__in={check for _, _, check in checks},
        )
        .order_by()
        .values_list("lesson_id", "block_uid", "check_hash")
        .annotate(n=Count("enrolment", distinct=True))
    )
    wanted = set(checks)
    counts.passed.update({(*row[:2], row[2]): row[3] for row in passed if row[:3] in wanted})
    return counts


@dataclass(slots=True)
class Difference:
    """A counter that does not equal its facts."""

    what: str
    stored: Any
    counted: Any
    enrolment_id: int | None = None


def counter_differences() -> list[Difference]:
    """Compare every counter with the facts. 2 queries; reads whole tables."""
    live = (
        Lesson.objects.live()
        .filter(course=OuterRef("pk"))
        .order_by()
        .values("course")
        .annotate(n=Count("*"))
        .values("n")
    )
    gone = (
        Lesson.objects.filter(course=OuterRef("pk"), removed_at__isnull=False)
        .order_by()
        .values("course")
        .annotate(n=Count("*"))
        .values("n")
    )
    found = []
    for course in Course.objects.annotate(live=Subquery(live), gone=Subquery(gone)).order_by("pk").iterator():
        for name, counted in (("lesson_count", course.live or 0), ("removed_count", course.gone or 0)):
            if getattr(course, name) != counted:
                found.append(Difference(f"course {course.slug}: {name}", getattr(course, name), counted))
    done = (
        LessonCompletion.objects.filter(enrolment=OuterRef("pk"), undone_at=None)
        .order_by()
        .values("enrolment")
        .annotate(n=Count("*"))
        .values("n")
    )
    for enrolment in Enrolment.objects.annotate(done=Subquery(done)).order_by("pk").iterator():
        if enrolment.completed_lessons != (enrolment.done or 0):
            what = f"enrolment {enrolment.pk}: completed_lessons"
            found.append(Difference(what, enrolment.completed_lessons, enrolment.done or 0, enrolment.pk))
    return found
