"""The outline of a course: which modules there are, which lessons they hold, and in what order.

A lesson's position counts through the whole course. Nothing is deleted that a learner may have touched: a removed
lesson is a tombstone that can come back, and so is a module with such lessons.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from courses.models import Course, Lesson, Module, PublishLog
from courses.services.listeners import content_changed
from courses.services.publishing import lock_course, refresh_counts
from courses.services.snapshots import Snapshot, log_publication, snapshot

Row = TypeVar("Row", Module, Lesson)


@dataclass(frozen=True, slots=True)
class PlacedModule:
    """What a module is to become. `position` counts from 1; `remove` asks for it to go."""

    id: int
    title: str
    position: int
    remove: bool = False


@dataclass(frozen=True, slots=True)
class PlacedLesson:
    """Where a lesson is to stand. `position` counts from 1 within the module."""

    id: int
    module_id: int
    position: int


@transaction.atomic
def arrange_outline(
    *,
    course: Course,
    modules: Sequence[PlacedModule] = (),
    lessons: Sequence[PlacedLesson] = (),
    new_modules: Iterable[str] = (),
) -> bool:
    """Bring modules and lessons into the wanted order; what is not named stays. Returns whether anything changed.

    Of two with one position the one that was moved there comes first, unless it came from above. Progress is untouched:
    it points at lessons, not at their places.

    Raises:
        ValidationError: a module or lesson is not of this course, or a module to remove still has lessons.
    """
    course = lock_course(course.pk)
    before = _order(course)
    rows = list(course.modules.filter(removed_at=None).order_by("position", "pk"))
    live = list(course.lessons.filter(removed_at=None).order_by("position", "pk"))
    _refuse_strangers({row.pk for row in rows}, {row.pk for row in live}, modules, lessons)
    titles = {wanted.id: wanted.title for wanted in modules}
    for row in rows:
        if row.title != titles.get(row.pk, row.title):
            row.title = titles[row.pk]
            row.full_clean(exclude=["course", "uid"])
    rows = _placed(rows, {wanted.id: wanted.position for wanted in modules})
    homes = {wanted.id: wanted.module_id for wanted in lessons}
    ordered: list[Lesson] = []
    for row in rows:
        former = [lesson for lesson in live if lesson.module_id == row.pk]
        staying = [lesson for lesson in former if homes.get(lesson.pk, row.pk) == row.pk]
        arriving = [lesson for lesson in live if lesson not in former and homes.get(lesson.pk) == row.pk]
        wanted = {lesson.id: lesson.position for lesson in lessons if lesson.module_id == row.pk}
        ordered += _placed(staying, wanted, arriving, places=former)
    _number(rows, ordered, homes)
    for title in new_modules:
        create_module(course=course, title=title)
    for wanted_module in modules:
        if wanted_module.remove:
            _remove_module(course.modules.get(pk=wanted_module.id))
    renumber(course)
    if _order(course) == before:
        return False
    course.updated_at = timezone.now()
    course.save(update_fields=["updated_at"])
    return True


def _placed(
    staying: list[Row], wanted: dict[int, int], arriving: Sequence[Row] = (), *, places: Sequence[Row] | None = None
) -> list[Row]:
    """Rows by wanted position; on a tie those moved up or arriving first, those moved down last."""
    former = {row.pk: place for place, row in enumerate(places or staying, 1)}
    keys = {}
    for row in staying:
        place = wanted.get(row.pk, former[row.pk])
        keys[row.pk] = (place, (place > former[row.pk]) - (place < former[row.pk]), former[row.pk])
    for row in arriving:
        keys[row.pk] = (wanted[row.pk], -1, row.pk)
    placed = list(staying)
    placed.extend(arriving)
    return sorted(placed, key=lambda row: keys[row.pk])


def _number(modules: list[Module], lessons: list[Lesson], homes: dict[int, int]) -> None:
    for position, module in enumerate(modules):
        module.position = position
    for position, lesson in enumerate(lessons):
        lesson.position = position
        lesson.module_id = homes.get(lesson.pk, lesson.module_id)
    Module.objects.bulk_update(modules, ["title", "position"])
    Lesson.objects.bulk_update(lessons, ["module", "position"])


def _refuse_strangers(
    known_modules: set[int],
    known_lessons: set[int],
    modules: Sequence[PlacedModule],
    lessons: Sequence[PlacedLesson],
) -> None:
    named = {module.id for module in modules} | {lesson.module_id for lesson in lessons}
    if named - known_modules or {lesson.id for lesson in lessons} - known_lessons:
        raise ValidationError("the outline has changed in the meantime, or names what is not of this course")


@transaction.atomic
def create_module(*, course: Course, title: str) -> Module:
    """Add a module at the end of a course. Learners see it once it has a published lesson.

    Raises:
        ValidationError: a dict by field.
    """
    lock_course(course.pk)
    last = course.modules.filter(removed_at=None).order_by("position").last()
    module = Module(course=course, uid=str(uuid.uuid4()), title=title, position=last.position + 1 if last else 0)
    module.full_clean(exclude=["course"])
    module.save()
    return module


def _remove_module(module: Module) -> None:
    if module.lessons.filter(removed_at=None).exists():
        raise ValidationError(f"“{module}” still has lessons: move or remove them first")
    if module.lessons.exists():  # tombstones need their module
        module.removed_at = timezone.now()
        module.save(update_fields=["removed_at"])
        return
    module.delete()


@transaction.atomic
def remove_lesson(*, lesson: Lesson, acting_user: Any = None) -> Lesson:
    """Take a lesson out of its course. Completions of it stay, and count, and it can be restored. Idempotent."""
    course = lock_course(lesson.course_id)
    lesson = Lesson.objects.get(pk=lesson.pk)
    if lesson.removed_at is not None:
        return lesson
    since = snapshot(course)
    lesson.removed_at = timezone.now()
    lesson.save(update_fields=["removed_at"])
    _settle(course, lesson, "removed", acting_user, since)
    return lesson


@transaction.atomic
def restore_lesson(*, lesson: Lesson, acting_user: Any = None) -> Lesson:
    """Bring a removed lesson back with everybody's completions; if its address is taken, at another. Idempotent."""
    course = lock_course(lesson.course_id)
    lesson = Lesson.objects.select_related("module").get(pk=lesson.pk)
    if lesson.removed_at is None:
        return lesson
    since = snapshot(course)
    slug, number = lesson.slug, 1
    while course.lessons.filter(slug=lesson.slug, removed_at=None).exists():
        number += 1
        lesson.slug = f"{slug[:114]}-{number}"
    lesson.removed_at = None
    lesson.save(update_fields=["removed_at", "slug"])
    if lesson.module.removed_at is not None:
        lesson.module.removed_at = None
        lesson.module.save(update_fields=["removed_at"])
    renumber(course)
    _settle(course, lesson, "revived", acting_user, since)
    return lesson


def _settle(course: Course, lesson: Lesson, change: str, acting_user: Any, since: Snapshot) -> None:
    refresh_counts(course)
    if lesson.current_revision_id is None:  # no learner ever saw it
        return
    log_publication(
        course=course,
        kind=PublishLog.Kind.PUBLISH,
        since=since,
        acting_user=acting_user,
        changes={change: [lesson.uid]},
    )
    content_changed(course)


def renumber(course: Course) -> None:
    """Number modules, and lessons through the whole course, from 0 without gaps. Must hold the course's lock."""
    modules = list(course.modules.filter(removed_at=None).order_by("position", "pk"))
    for position, module in enumerate(modules):
        if module.position != position:
            Module.objects.filter(pk=module.pk).update(position=position)
    rows = course.lessons.filter(removed_at=None).order_by("module__position", "module_id", "position", "pk")
    for position, lesson in enumerate(rows.only("id", "position")):
        if lesson.position != position:
            Lesson.objects.filter(pk=lesson.pk).update(position=position)


def _order(course: Course) -> list[Any]:
    modules = course.modules.filter(removed_at=None).order_by("position", "pk").values_list("pk", "title")
    lessons = course.lessons.filter(removed_at=None).order_by("position", "pk").values_list("pk", "module_id")
    return [list(modules), list(lessons)]
