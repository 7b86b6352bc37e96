"""Completing lessons, taking that back, and finishing courses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.utils import timezone

from courses.models import Course, Lesson, LessonRevision
from progress.models import BlockResult, Enrolment, LessonCompletion
from progress.selectors.standings import Standing, standing_in
from progress.services.certifying import issue_if_earned
from progress.services.enrolling import locked_enrolment
from progress.services.refusals import LessonNotPassed


@dataclass(slots=True)
class CompletionResult:
    """What a completion changed: whether it did, how the lesson is now, and the course's new standing."""

    changed: bool
    is_completed: bool
    standing: Standing


@transaction.atomic
def complete_lesson(*, user: Any, lesson: Lesson, at: datetime | None = None) -> CompletionResult:
    """Mark a lesson as completed. Idempotent, from any number of devices at once.

    `at` is when a device that comes late says it was; a completion that was taken back after that stays so.

    Raises:
        Http404: the person does not take the course.
        LessonNotPassed: the lesson's rule wants its blocks passed, and some are not. A completion that is there stays.
    """
    enrolment = locked_enrolment(user, lesson.course_id)
    changed, is_completed = mark_completed(enrolment=enrolment, lesson=lesson, number=_live_number(lesson), at=at)
    return CompletionResult(changed, is_completed, _standing(user, lesson))


def mark_completed(
    *, enrolment: Enrolment, lesson: Lesson, number: int, at: datetime | None = None
) -> tuple[bool, bool]:
    """The same under the enrolment's lock, which the caller holds: whether it changed anything, and how the lesson is.

    `number` is the live revision's. At most 4 queries, 3 more where the rule wants its blocks passed, and those of a
    certificate when the course is finished by it.
    """
    now = timezone.now()
    when = at or now
    _check_passed(enrolment, lesson)
    place = {"enrolment": enrolment, "lesson": lesson}
    completion = LessonCompletion.objects.filter(**place).first()
    undone = completion.undone_at if completion else None
    changed = completion is None or (undone is not None and when >= undone)
    if completion is None:
        completion = LessonCompletion.objects.create(**place, revision=number, completed_at=when)
    else:
        completion.said_at = max(_said(completion), when)
        if at or changed:  # said again at a desk, it counts from the first time
            completion.completed_at = max(completion.completed_at, when)
        if changed:
            completion.undone_at, completion.revision = None, number
        completion.save(update_fields=["undone_at", "completed_at", "said_at", "revision"])
    if changed:
        enrolment.completed_lessons += 1
        enrolment.last_lesson, enrolment.last_activity_at = lesson, now
        if enrolment.completed_at is None and not _open_lessons(enrolment).exists():
            enrolment.completed_at = now
        enrolment.save(update_fields=["completed_lessons", "last_lesson", "last_activity_at", "completed_at"])
        issue_if_earned(enrolment)
    return changed, completion.undone_at is None


def _check_passed(enrolment: Enrolment, lesson: Lesson) -> None:
    if lesson.completion_rule != Lesson.CompletionRule.PASSED:
        return
    if LessonCompletion.objects.filter(enrolment=enrolment, lesson=lesson, undone_at=None).exists():
        return
    checks = (
        LessonRevision.objects.filter(pk=lesson.current_revision_id or 0).values_list("checks", flat=True).first() or {}
    )
    passed = BlockResult.objects.filter(
        enrolment=enrolment, lesson=lesson, block_uid__in=checks, passed_at__isnull=False
    ).count()
    if passed < len(checks):
        raise LessonNotPassed(passed, len(checks))


@transaction.atomic
def uncomplete_lesson(*, user: Any, lesson: Lesson, at: datetime | None = None) -> CompletionResult:
    """Take a completion back. Idempotent. A finished course is open again: the person said so.

    `at` is when a device that comes late says it was: who completed the lesson at that moment or later keeps it.

    Raises:
        Http404: the person does not take the course.
    """
    enrolment = locked_enrolment(user, lesson.course_id)
    number = _live_number(lesson) if at else 0  # only a word that comes late may have to be kept as a row of its own
    changed, is_completed = mark_open(enrolment=enrolment, lesson=lesson, number=number, at=at)
    return CompletionResult(changed, is_completed, _standing(user, lesson))


def mark_open(*, enrolment: Enrolment, lesson: Lesson, number: int, at: datetime | None = None) -> tuple[bool, bool]:
    """The same under the enrolment's lock, which the caller holds; as `mark_completed`. At most 3 queries."""
    now = timezone.now()
    place = {"enrolment": enrolment, "lesson": lesson}
    completion = LessonCompletion.objects.filter(**place).first()
    if completion is None and at:
        # Kept even when there is nothing to take back yet: the completion before it may come later than this.
        start = enrolment.enrolled_at
        LessonCompletion.objects.create(**place, revision=number, completed_at=start, undone_at=max(at, start))
        return False, False
    taken_back = bool(completion and completion.undone_at is None and (at is None or at > _said(completion)))
    if completion and (taken_back or (at and completion.undone_at and at > completion.undone_at)):
        completion.undone_at = at or max(now, completion.completed_at)
        completion.save(update_fields=["undone_at"])
    if taken_back:
        enrolment.completed_lessons -= 1
        enrolment.last_activity_at, enrolment.completed_at = now, None
        enrolment.save(update_fields=["completed_lessons", "last_activity_at", "completed_at"])
    return taken_back, bool(completion and completion.undone_at is None)


def _said(completion: LessonCompletion) -> datetime:
    return max(completion.completed_at, completion.said_at or completion.completed_at)


def _live_number(lesson: Lesson) -> int:
    number = lesson.revisions.filter(pk=lesson.current_revision_id or 0).values_list("number", flat=True).first()
    if number is None:
        raise Http404("not published")
    return number


def _standing(user: Any, lesson: Lesson) -> Standing:
    standing = standing_in(user=user, course=lesson.course)
    if standing is None:  # taken back to draft in this moment: the fact is rolled back with the transaction
        raise Http404("the course is not open")
    return standing


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
