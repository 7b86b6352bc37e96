"""Publishing: a body becomes an immutable, compiled revision, and the log says what was live before.

Every function takes a lock on the course's row first, so two publishers of one course go one after the other.
"""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from courses.content.compiling import COMPILER_VERSION, Compiled, compile_body
from courses.content.judging import total_points
from courses.content.schema import BodyInvalid
from courses.models import Course, Lesson, LessonDraft, LessonRevision, PublishLog
from courses.services.listeners import content_changed
from courses.services.parts import describe_parts
from courses.services.snapshots import Snapshot, log_publication, snapshot


def lock_course(course_id: int) -> Course:
    """The course's row, locked until the transaction ends."""
    return Course.objects.select_for_update().get(pk=course_id)


def compiled(body: Any, *, title: str) -> Compiled:
    """Compile, with faults as Django reports them.

    Raises:
        ValidationError: the body breaks the schema; one message a fault, with its position.
    """
    try:
        return compile_body(body, title=title)
    except BodyInvalid as error:
        raise ValidationError([str(fault) for fault in error.errors]) from error


def save_draft(*, lesson: Lesson, body: dict[str, Any], acting_user: Any = None) -> LessonDraft:
    """Keep a body as the lesson's draft; learners see nothing of it. Idempotent.

    Raises:
        ValidationError: the body breaks the schema.
    """
    draft = LessonDraft.objects.filter(lesson=lesson).first() or LessonDraft(lesson=lesson)
    draft.body, draft.updated_at, draft.updated_by = body, timezone.now(), acting_user
    draft.full_clean(validate_unique=False)
    draft.save()
    return draft


def add_revision(*, lesson: Lesson, body: dict[str, Any], result: Compiled, acting_user: Any = None) -> LessonRevision:
    """Write the next revision and make it the live one. Must run in a transaction that holds the course's lock."""
    last = lesson.revisions.aggregate(last=Max("number"))["last"] or 0
    revision = LessonRevision.objects.create(
        lesson=lesson,
        number=last + 1,
        body=body,
        public=result.public,
        key=result.key,
        html=result.html,
        toc=result.toc,
        text=result.text,
        checks=result.checks,
        compiler=COMPILER_VERSION,
        checksum=result.checksum,
        created_by=acting_user,
    )
    describe_parts([revision.pk])
    make_live(lesson, revision)
    lesson.updated_at = revision.created_at
    lesson.save(update_fields=["current_revision", "points", "updated_at"])
    return revision


def make_live(lesson: Lesson, revision: LessonRevision) -> None:
    """Set what the lesson's row says of its live revision; the caller saves it."""
    lesson.current_revision = revision
    lesson.points = total_points(revision.checks)


@transaction.atomic
def publish_lesson(*, lesson: Lesson, acting_user: Any = None) -> LessonRevision | None:
    """Publish a lesson's draft. Returns the new revision, or None where the draft equals what is live.

    Raises:
        ValidationError: there is no draft, or its body breaks the schema.
    """
    course = lock_course(lesson.course_id)
    lesson = Lesson.objects.select_related("current_revision").get(pk=lesson.pk)
    draft = LessonDraft.objects.filter(lesson=lesson).first()
    if draft is None:
        raise ValidationError(f"“{lesson}” has no draft to publish")
    result = compiled(draft.body, title=lesson.title)
    live, since = lesson.current_revision, snapshot(course)
    draft.delete()
    if live is not None and live.checksum == result.checksum:
        return None
    revision = add_revision(lesson=lesson, body=draft.body, result=result, acting_user=acting_user)
    refresh_counts(course)
    drafts = {str(lesson.pk): {"was": {"revision": revision.number}, "now": None}}
    _log(course, PublishLog.Kind.PUBLISH, lesson, live, acting_user, since, drafts)
    content_changed(course)
    return revision


@transaction.atomic
def revert_lesson(*, lesson: Lesson, number: int, acting_user: Any = None) -> LessonRevision:
    """Make an earlier revision the live one again. History keeps every revision. Idempotent.

    Raises:
        ValidationError: the lesson has no such revision.
    """
    course = lock_course(lesson.course_id)
    lesson = Lesson.objects.select_related("current_revision").get(pk=lesson.pk)
    revision = lesson.revisions.filter(number=number).first()
    if revision is None:
        raise ValidationError(f"“{lesson}” has no revision {number}")
    live = lesson.current_revision
    if live == revision:
        return revision
    since = snapshot(course)
    make_live(lesson, revision)
    lesson.updated_at = timezone.now()
    lesson.save(update_fields=["current_revision", "points", "updated_at"])
    refresh_counts(course)
    _log(course, PublishLog.Kind.REVERT, lesson, live, acting_user, since)
    content_changed(course)
    return revision


@transaction.atomic
def publish_course(*, course: Course, acting_user: Any = None) -> list[LessonRevision]:
    """Publish every draft of a course and open the course. Idempotent.

    Raises:
        ValidationError: a draft breaks the schema (named by lesson), or no lesson could be read afterwards.
    """
    course = lock_course(course.pk)
    since = snapshot(course)
    made, before, faults, published = [], {}, [], {}
    drafts = LessonDraft.objects.filter(lesson__course=course, lesson__removed_at=None)
    for draft in drafts.select_related("lesson__current_revision").order_by("lesson__position"):
        lesson = draft.lesson
        try:
            result = compiled(draft.body, title=lesson.title)
        except ValidationError as error:
            faults += [f"{lesson.title}: {message}" for message in error.messages]
            continue
        live = lesson.current_revision
        draft.delete()
        if live is None or live.checksum != result.checksum:
            made.append(add_revision(lesson=lesson, body=draft.body, result=result, acting_user=acting_user))
            before[lesson.uid] = live.number if live else None
            published[str(lesson.pk)] = {"was": {"revision": made[-1].number}, "now": None}
    if faults:
        raise ValidationError(faults)
    refresh_counts(course)
    if course.lesson_count == 0:
        raise ValidationError("a course without a published lesson cannot be opened")
    opened = open_course(course)
    if made or opened:
        changes = {"published": sorted(before), "opened": opened}
        log_publication(
            course=course,
            kind=PublishLog.Kind.PUBLISH,
            since=since,
            acting_user=acting_user,
            changes=changes,
            before=before,
            drafts=published,
        )
        content_changed(course)
    return made


def open_course(course: Course) -> bool:
    """Set the status to published. Returns whether that changed anything."""
    if course.status == Course.Status.PUBLISHED:
        return False
    course.status = Course.Status.PUBLISHED
    course.published_at = course.published_at or timezone.now()
    course.save(update_fields=["status", "published_at"])
    return True


@transaction.atomic
def unpublish_course(*, course: Course, acting_user: Any = None) -> Course:
    """Take a course back to draft: learners no longer see it, and nothing that they did is lost. Idempotent."""
    course = lock_course(course.pk)
    if course.status == Course.Status.DRAFT:
        return course
    since = snapshot(course)
    course.status = Course.Status.DRAFT
    course.save(update_fields=["status"])
    log_publication(course=course, kind=PublishLog.Kind.UNPUBLISH, since=since, acting_user=acting_user)
    return course


def refresh_counts(course: Course) -> None:
    """Recompute what the course's row says of its lessons. Must hold the course's lock."""
    live = course.lessons.live()
    course.lesson_count = live.count()
    course.removed_count = course.lessons.filter(removed_at__isnull=False).count()
    sums = live.aggregate(minutes=Sum("minutes", default=0), points=Sum("points", default=Decimal(0)))
    course.minutes, course.points = sums["minutes"], sums["points"]
    course.updated_at = timezone.now()
    course.save(update_fields=["lesson_count", "removed_count", "minutes", "points", "updated_at"])


def _log(
    course: Course,
    kind: str,
    lesson: Lesson,
    live: LessonRevision | None,
    acting_user: Any,
    since: Snapshot,
    drafts: dict[str, Any] | None = None,
) -> None:
    log_publication(
        course=course,
        kind=kind,
        since=since,
        acting_user=acting_user,
        changes={"published": [lesson.uid]},
        before={lesson.uid: live.number if live else None},
        drafts=drafts,
    )
