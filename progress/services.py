"""Writes of what a person did. Each takes the enrolment's row lock, so that counters equal facts in any race."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.utils import timezone

from courses.models import Course, Lesson
from courses.services.publishing import refresh_counts
from progress.models import Enrolment, LessonCompletion
from progress.selectors import Standing, counter_differences, standing_in


@dataclass(slots=True)
class CompletionResult:
    """What a completion changed: whether it did, and the course's new standing."""

    changed: bool
    standing: Standing


@transaction.atomic
def enroll(*, user: Any, course: Course) -> Enrolment:
    """Take a course. Idempotent; coming back after leaving finds everything as it was.

    Raises:
        Http404: the course is not open.
    """
    if course.status != Course.Status.PUBLISHED and not _takes(user, course):
        raise Http404("this course is not open")
    enrolment, created = Enrolment.objects.get_or_create(user=user, course=course)
    if not created and enrolment.left_at is not None:
        enrolment = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
        enrolment.left_at = None
        enrolment.last_activity_at = timezone.now()
        enrolment.save(update_fields=["left_at", "last_activity_at"])
    return enrolment


def _takes(user: Any, course: Course) -> bool:
    return Enrolment.objects.filter(user=user, course=course, left_at=None).exists()


def leave_course(*, user: Any, course: Course) -> None:
    """Stop taking a course. Idempotent; what was done is kept for a return."""
    Enrolment.objects.filter(user=user, course=course, left_at=None).update(left_at=timezone.now())


@transaction.atomic
def complete_lesson(*, user: Any, lesson: Lesson) -> CompletionResult:
    """Mark a lesson as completed. Idempotent, from any number of devices at once.

    Raises:
        Http404: the person does not take the course.
    """
    enrolment = _locked_enrolment(user, lesson.course_id)
    now = timezone.now()
    completion, created = LessonCompletion.objects.get_or_create(
        enrolment=enrolment,
        lesson=lesson,
        defaults={"revision": _live_number(lesson), "completed_at": now},
    )
    changed = created or completion.undone_at is not None
    if changed:
        if not created:
            completion.undone_at, completion.completed_at = None, now
            completion.revision = _live_number(lesson)
            completion.save(update_fields=["undone_at", "completed_at", "revision"])
        enrolment.completed_lessons += 1
        enrolment.last_lesson, enrolment.last_activity_at = lesson, now
        if enrolment.completed_at is None and not _open_lessons(enrolment).exists():
            enrolment.completed_at = now
        enrolment.save(update_fields=["completed_lessons", "last_lesson", "last_activity_at", "completed_at"])
    return _result(changed, user, lesson)


@transaction.atomic
def uncomplete_lesson(*, user: Any, lesson: Lesson) -> CompletionResult:
    """Take a completion back. Idempotent. A finished course is open again: the person said so.

    Raises:
        Http404: the person does not take the course.
    """
    enrolment = _locked_enrolment(user, lesson.course_id)
    now = timezone.now()
    taken_back = LessonCompletion.objects.filter(enrolment=enrolment, lesson=lesson, undone_at=None).update(
        undone_at=now
    )
    if taken_back:
        enrolment.completed_lessons -= 1
        enrolment.last_activity_at, enrolment.completed_at = now, None
        enrolment.save(update_fields=["completed_lessons", "last_activity_at", "completed_at"])
    return _result(bool(taken_back), user, lesson)


def _locked_enrolment(user: Any, course_id: int) -> Enrolment:
    # A publication holds the course's row; without this lock it and a completion could each miss the other, and a
    # course that is finished would not be recognised as finished. Learners do not wait for each other by it.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {Course._meta.db_table} WHERE id = %s FOR KEY SHARE", [course_id])  # noqa: S608
    rows = Enrolment.objects.select_for_update().filter(user=user, course_id=course_id, left_at=None)
    enrolment = rows.first()
    if enrolment is None:
        raise Http404("not enrolled")
    return enrolment


def _live_number(lesson: Lesson) -> int:
    number = lesson.revisions.filter(pk=lesson.current_revision_id or 0).values_list("number", flat=True).first()
    if number is None:
        raise Http404("not published")
    return number


def _result(changed: bool, user: Any, lesson: Lesson) -> CompletionResult:
    standing = standing_in(user=user, course=lesson.course)
    if standing is None:  # taken back to draft in this moment: the fact is rolled back with the transaction
        raise Http404("the course is not open")
    return CompletionResult(changed, standing)


def _open_lessons(enrolment: Enrolment) -> Any:
    done = LessonCompletion.objects.filter(enrolment=enrolment, lesson=OuterRef("pk"), undone_at=None)
    return Lesson.objects.live().filter(course_id=enrolment.course_id).exclude(Exists(done))


def settle_finished(course: Course) -> None:
    """After a change of content: who has now completed every live lesson has finished. Nobody is ever un-finished.

    A course without a live lesson finishes nobody: a publication that is undone may leave it so for a while.
    """
    if not Lesson.objects.live().filter(course_id=course.pk).exists():
        return
    done = LessonCompletion.objects.filter(enrolment=OuterRef(OuterRef("pk")), lesson=OuterRef("pk"), undone_at=None)
    open_lessons = Lesson.objects.live().filter(course_id=course.pk).exclude(Exists(done))
    Enrolment.objects.filter(course=course, completed_at=None, completed_lessons__gt=0).exclude(
        Exists(open_lessons)
    ).update(completed_at=timezone.now())


@transaction.atomic
def recount() -> int:
    """Set every counter to what the facts say. Returns how many differed."""
    differences = counter_differences()
    if not differences:
        return 0
    for course in Course.objects.select_for_update().order_by("pk"):
        refresh_counts(course)
    wrong = [difference.enrolment_id for difference in differences if difference.enrolment_id]
    # Lock first, count in a later statement: a completion that commits in between is then seen.
    for enrolment in Enrolment.objects.select_for_update().filter(pk__in=wrong).order_by("pk"):
        enrolment.completed_lessons = LessonCompletion.objects.filter(enrolment=enrolment, undone_at=None).count()
        enrolment.save(update_fields=["completed_lessons"])
    for course in Course.objects.order_by("pk"):
        settle_finished(course)
    return len(differences)
