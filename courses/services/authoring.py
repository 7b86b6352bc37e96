"""Writes of course authors: a course's own words, a lesson's settings and its draft.

Publishing is `publishing`, the order of modules and lessons is `outlining`. A draft that equals what is live is no
draft: it is dropped, so that "has a draft" always means "something waits to be published".
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone
from django.utils.text import slugify

from courses.content.markdown import RenderContext, render_markdown
from courses.models import Course, Lesson, LessonDraft, LessonRevision
from courses.services.listeners import content_changed
from courses.services.outlining import renumber
from courses.services.publishing import lock_course, refresh_counts, save_draft
from courses.services.snapshots import log_publication, snapshot

COURSE_FIELDS = (
    "slug", "title", "summary", "description", "outcomes", "requirements", "level", "language", "licence",
    "author_names", "certificate_percent",
)  # fmt: skip
LESSON_FIELDS = ("slug", "title", "module", "minutes", "available_from", "is_preview", "completion_rule")
EMPTY_BODY: dict[str, Any] = {"version": 1, "blocks": []}


@transaction.atomic
def save_course(*, course: Course, acting_user: Any = None) -> Course:
    """Write a course's own fields, as set on the object; a new course gets an identity and its maker as an author.

    Status, counters and dates of publishing are left alone, so a stale object cannot take them back.
    """
    course.description_html = render_markdown(course.description, RenderContext()) if course.description else ""
    course.updated_at = timezone.now()
    if course.pk is None:
        course.uid = course.uid or str(uuid.uuid4())
        course.slug = course.slug or free_slug(course.title, _course_slug_taken, most=80)
        course.save()
        if acting_user is not None:
            course.authors.add(acting_user)
        return course
    stored = lock_course(course.pk)
    course.save(update_fields=[*COURSE_FIELDS, "description_html", "updated_at"])
    if course.certificate_percent != stored.certificate_percent:
        content_changed(course)  # somebody may have enough points now
    return course


@transaction.atomic
def create_lesson(*, lesson: Lesson) -> Lesson:
    """Store a new, empty lesson at the end of its module. Learners see nothing of it until it is published.

    Args:
        lesson: unsaved, with module and title; its course is the module's, its slug is made from the title when empty.

    Raises:
        ValidationError: a dict by field, for example a slug that another lesson of the course has.
    """
    course = lock_course(lesson.module.course_id)
    lesson.course, lesson.uid = course, lesson.uid or str(uuid.uuid4())
    lesson.slug = lesson.slug or free_slug(lesson.title, lambda text: is_lesson_slug_taken(lesson, text), most=120)
    _check_lesson(lesson)
    lesson.position = _after_last(course)
    lesson.save()
    renumber(course)
    refresh_counts(course)
    lesson.refresh_from_db(fields=["position"])
    return lesson


@transaction.atomic
def save_lesson(*, lesson: Lesson, body: dict[str, Any] | None = None, acting_user: Any = None) -> Lesson:
    """Write a lesson's settings, as set on the object, and keep its body as the draft. Settings take effect at once.

    Raises:
        ValidationError: a dict by field for the settings; by position for the body.
    """
    course = lock_course(lesson.course_id)
    stored = Lesson.objects.values(*LESSON_FIELDS).get(pk=lesson.pk)
    _check_lesson(lesson)
    wanted = {name: lesson.module_id if name == "module" else getattr(lesson, name) for name in LESSON_FIELDS}
    if wanted != stored:  # a draft alone is no news for learners: the course's date stays
        lesson.save(update_fields=LESSON_FIELDS)  # not the position: the object may be older than the lock
        if lesson.module_id != stored["module"]:
            Lesson.objects.filter(pk=lesson.pk).update(position=_after_last(course))
        renumber(course)
        refresh_counts(course)
        if wanted["completion_rule"] != stored["completion_rule"]:
            content_changed(course)
    if body is not None:
        write_draft(lesson=lesson, body=body, acting_user=acting_user)
    return lesson


@transaction.atomic
def write_draft(*, lesson: Lesson, body: dict[str, Any], acting_user: Any = None) -> LessonDraft | None:
    """Keep a body as the draft, unless it is what is live already: then there is no draft. Idempotent.

    Raises:
        ValidationError: the body breaks the schema.
    """
    lock_course(lesson.course_id)
    stored = LessonDraft.objects.filter(lesson=lesson).first()
    if body == (live_body(lesson) or EMPTY_BODY):
        if stored is not None:
            stored.delete()
        return None
    if stored is not None and stored.body == body:
        return stored
    return save_draft(lesson=lesson, body=body, acting_user=acting_user)


@transaction.atomic
def discard_draft(*, lesson: Lesson) -> bool:
    """Throw the draft away; what is live stays. Returns whether there was one. Idempotent."""
    lock_course(lesson.course_id)
    deleted, _ = LessonDraft.objects.filter(lesson=lesson).delete()
    return deleted > 0


@transaction.atomic
def archive_course(*, course: Course, acting_user: Any = None) -> Course:
    """Close a course to newcomers: it leaves the catalogue, and those who take it go on. Idempotent.

    Raises:
        ValidationError: the course was never open, so it has nobody to stay open for.
    """
    course = lock_course(course.pk)
    if course.status == Course.Status.ARCHIVED:
        return course
    if course.status != Course.Status.PUBLISHED:
        raise ValidationError(f"“{course}” is not published, so there is nothing to archive")
    since = snapshot(course)
    course.status = Course.Status.ARCHIVED
    course.save(update_fields=["status"])
    log_publication(course=course, kind="unpublish", since=since, acting_user=acting_user, changes={"archived": True})
    content_changed(course)
    return course


def live_body(lesson: Lesson) -> dict[str, Any] | None:
    """The body of the live revision, None where nothing is published. 1 query."""
    if lesson.current_revision_id is None:
        return None
    return LessonRevision.objects.values_list("body", flat=True).get(pk=lesson.current_revision_id)


def body_to_edit(lesson: Lesson) -> dict[str, Any]:
    """What an editor starts from: the draft, else what is live, else an empty body. At most 2 queries."""
    draft = LessonDraft.objects.filter(lesson=lesson).first()
    return draft.body if draft else live_body(lesson) or EMPTY_BODY


def has_draft() -> Exists:
    """A condition on lessons: something waits to be published."""
    return Exists(LessonDraft.objects.filter(lesson=OuterRef("pk")))


def lesson_version(lesson: Lesson) -> str:
    """A short name of the lesson's state as stored; it changes with every saved edit. 1 query.

    An editor's form carries it back, so that a save over somebody else's work is noticed.
    """
    row = Lesson.objects.values(*LESSON_FIELDS, "current_revision__number", "draft__updated_at").get(pk=lesson.pk)
    state = json.dumps(row, default=str, sort_keys=True)
    return hashlib.sha256(state.encode()).hexdigest()[:24]


def free_slug(title: str, is_taken: Callable[[str], bool], *, most: int) -> str:
    """A slug made of a title, with a number where it is taken. One query a try."""
    base = slugify(title)[: most - 4].strip("-") or "untitled"
    slug, number = base, 1
    while is_taken(slug):
        number += 1
        slug = f"{base}-{number}"
    return slug


def _after_last(course: Course) -> int:
    last = course.lessons.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _course_slug_taken(slug: str) -> bool:
    return Course.objects.filter(slug=slug).exists()


def is_lesson_slug_taken(lesson: Lesson, slug: str) -> bool:
    """Whether another lesson of the course has this address; a removed one has given its up. 1 query."""
    same = Lesson.objects.filter(course_id=lesson.course_id, slug=slug, removed_at=None)
    return same.exclude(pk=lesson.pk).exists()


def _check_lesson(lesson: Lesson) -> None:
    """The rules that hold under the course's lock; the database holds them too, but cannot say them."""
    lesson.clean_fields(exclude=["uid", "current_revision"])
    if lesson.removed_at is None and is_lesson_slug_taken(lesson, lesson.slug):
        raise ValidationError({"slug": f"another lesson of this course has the slug “{lesson.slug}”"})
    if lesson.module.course_id != lesson.course_id:
        raise ValidationError({"module": "this module belongs to another course"})
