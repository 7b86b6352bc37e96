"""Counts over all people: whom a change of content touches, and whether counters equal their facts."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Subquery

from courses.models import Course, Lesson
from courses.services.listeners import Check, LearnerCounts
from progress.models import Attempt, Enrolment, LessonCompletion


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
