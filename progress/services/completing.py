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
    now = timezone.now()
    when = at or now
    _check_passed(enrolment, lesson)
    completion, created = LessonCompletion.objects.get_or_create(
        enrolment=enrolment,
        lesson=lesson,
        defaults={"revision": _live_number(lesson), "completed_at": when},
    )
    undone = completion.undone_at
    changed = created or (undone is not None and when >= undone)
    if not created:
        completion.said_at = max(_said(completion), when)
        if at or changed:  # said again at a desk, it counts from the first time
            completion.completed_at = max(completion.completed_at, when)
        if changed:
            completion.undone_at, completion.revision = None, _live_number(lesson)
        completion.save(update_fields=["undone_at", "completed_at", "said_at", "revision"])
    if changed:
        enrolment.completed_lessons += 1
        enrolment.last_lesson, enrolment.last_activity_at = lesson, now
        if enrolment.completed_at is None and not _open_lessons(enrolment).exists():
            enrolment.completed_at = now
        enrolment.save(update_fields=["completed_lessons", "last_lesson", "last_activity_at", "completed_at"])
        issue_if_earned(enrolment)
    return _result(changed, completion.undone_at is None, user, lesson)


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
    now = timezone.now()
    if at:
        # Kept even when there is nothing to take back yet: the completion before it may come later than this.
        start = enrolment.enrolled_at
        LessonCompletion.objects.get_or_create(
            enrolment=enrolment,
            lesson=lesson,
            defaults={"revision": _live_number(lesson), "completed_at": start, "undone_at": max(at, start)},
        )
    completion = LessonCompletion.objects.filter(enrolment=enrolment, lesson=lesson).first()
    taken_back = bool(completion and completion.undone_at is None and (at is None or at > _said(completion)))
    if completion and (taken_back or (at and completion.undone_at and at > completion.undone_at)):
        completion.undone_at = at or max(now, completion.completed_at)
        completion.save(update_fields=["undone_at"])
    if taken_back:
        enrolment.completed_lessons -= 1
        enrolment.last_activity_at, enrolment.completed_at = now, None
        enrolment.save(update_fields=["completed_lessons", "last_activity_at", "completed_at"])
    return _result(taken_back, bool(completion and completion.undone_at is None), user, lesson)


def _said(completion: LessonCompletion) -> datetime:
    return max(completion.completed_at, completion.said_at or completion.completed_at)


def _live_number(lesson: Lesson) -> int:
    number = lesson.revisions.filter(pk=lesson.current_revision_id or 0).values_list("number", flat=True).first()
    if number is None:
        raise Http404("not published")
    return number


def _result(changed: bool, is_completed: bool, user: Any, lesson: Lesson) -> CompletionResult:
    standing = standing_in(user=user, course=lesson.course)
    if standing is None:  # taken back to draft in this moment: the fact is rolled back with the transaction
        raise Http404("the course is not open")
    return CompletionResult(changed, is_completed, standing)


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
