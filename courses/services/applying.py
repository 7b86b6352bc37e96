"""An import's plan is carried out: rows, revisions and drafts, and the one log row that can undo it all.

Must run in the transaction that made the plan and holds the course's lock. Decides nothing: what to do is in the plan.
"""

from typing import Any

from django.utils import timezone

from courses.content.course_source import CourseSource
from courses.models import Course, Lesson, LessonDraft, Module, PublishLog
from courses.services.listeners import content_changed
from courses.services.planning import LessonStep, Plan, course_fields
from courses.services.publishing import add_revision, open_course, refresh_counts
from courses.services.snapshots import log_publication, snapshot


def apply_plan(
    plan: Plan,
    *,
    course: Course | None,
    source: CourseSource,
    uid: str,
    slug: str,
    publish: bool,
    acting_user: Any = None,
) -> Course:
    """Write what the plan says. `course` is None for a new one, which gets `uid`."""
    since = snapshot(course) if course else None
    course = course or Course(uid=uid)
    if not plan.staged:
        for name, value in course_fields(source, slug).items():
            setattr(course, name, value)
        course.save()
    if acting_user is not None and not acting_user.is_superuser and not course.authors.exists():
        course.authors.add(acting_user)
    course.lessons.filter(uid__in=plan.removed, removed_at=None).update(removed_at=timezone.now())
    modules = _write_modules(course, source, plan)
    _clear_slugs(course, plan)
    before: dict[str, int | None] = {}
    drafts: dict[str, Any] = {}
    for step in plan.steps:
        row = _write_row(course, step, modules, plan.staged)
        if not step.writes_body:
            continue
        if publish:
            _publish_body(row, step, acting_user, before, drafts)
        else:
            _keep_as_draft(row, step, acting_user, drafts)
    if not plan.staged:
        _drop_empty_modules(course)
        refresh_counts(course)
    opened = publish and open_course(course)
    log_publication(
        course=course,
        kind=PublishLog.Kind.IMPORT,
        since=since,
        acting_user=acting_user,
        changes={**plan.as_dict(), "published": publish, "opened": opened},
        before=before,
        drafts=drafts,
    )
    content_changed(course)
    return course


def _write_row(course: Course, step: LessonStep, modules: dict[str, Module], staged: bool) -> Lesson:
    row = step.row
    if row is not None and staged:
        return row
    fields = {**step.fields, "module_id": modules[step.module_uid].pk, "removed_at": None}
    if row is None:
        if staged:  # addresses of an open course wait too: this one may still be another lesson's
            fields["slug"] = _free_slug(course, fields["slug"])
        return Lesson.objects.create(course=course, **fields)
    changed = [name for name, value in fields.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fields[name])
    if changed:
        row.save(update_fields=[name.removesuffix("_id") for name in changed])
    return row


def _publish_body(
    row: Lesson, step: LessonStep, user: Any, before: dict[str, int | None], drafts: dict[str, Any]
) -> None:
    live = row.current_revision
    draft = LessonDraft.objects.filter(lesson=row).first()
    if live is None or step.needs_revision:
        before[row.uid] = live.number if live else None
        live = add_revision(lesson=row, body=step.source.body, result=step.result, acting_user=user)
    if draft is not None:
        is_same = draft.body == step.source.body
        drafts[str(row.pk)] = {"was": {"revision": live.number} if is_same else {"body": draft.body}, "now": None}
        draft.delete()


def _keep_as_draft(row: Lesson, step: LessonStep, user: Any, drafts: dict[str, Any]) -> None:
    live = row.current_revision
    draft = LessonDraft.objects.filter(lesson=row).first()
    was = {"body": draft.body} if draft else None
    if live is not None and live.checksum == step.result.checksum:
        drafts[str(row.pk)] = {"was": was, "now": None}
        LessonDraft.objects.filter(lesson=row).delete()
        return
    drafts[str(row.pk)] = {"was": was, "now": step.result.checksum}
    LessonDraft.objects.update_or_create(
        lesson=row, defaults={"body": step.source.body, "updated_at": timezone.now(), "updated_by": user}
    )


def _write_modules(course: Course, source: CourseSource, plan: Plan) -> dict[str, Module]:
    """The modules by uid. A staged import touches none that is there, and makes what its new lessons need."""
    modules = {module.uid: module for module in course.modules.all()}
    needed = {step.module_uid for step in plan.steps if step.row is None}
    for position, wanted in enumerate(source.modules):
        row = modules.get(wanted.uid)
        fields = {"title": wanted.title[:200], "position": position, "removed_at": None}
        if row is None and (not plan.staged or wanted.uid in needed):
            modules[wanted.uid] = Module.objects.create(course=course, uid=wanted.uid, **fields)
        elif row is not None and not plan.staged and any(getattr(row, name) != fields[name] for name in fields):
            row.title, row.position, row.removed_at = wanted.title[:200], position, None
            row.save()
    return modules


def _drop_empty_modules(course: Course) -> None:
    """A module that no lesson uses any more leaves the outline; its row goes too unless a tombstone needs it."""
    course.modules.filter(lessons=None).delete()
    course.modules.filter(removed_at=None).exclude(lessons__removed_at=None).update(removed_at=timezone.now())


def _clear_slugs(course: Course, plan: Plan) -> None:
    """Take addresses from lessons that are about to get another, so that two may swap theirs; a lesson that the
    folder does not have any more gives way to one that it has."""
    if plan.staged:
        return
    targets = {step.row.pk: step.source.slug for step in plan.steps if step.row is not None}
    wanted = {step.source.slug for step in plan.steps}
    for row in course.lessons.filter(removed_at=None, slug__in=wanted).only("id", "slug"):
        if row.pk not in targets:
            Lesson.objects.filter(pk=row.pk).update(slug=_free_slug(course, row.slug, wanted))
        elif row.slug != targets[row.pk]:
            Lesson.objects.filter(pk=row.pk).update(slug=parked_slug(row.pk))


def parked_slug(lesson_id: int) -> str:
    """An address for the middle of a transaction; two underscores begin no slug that is made of a title."""
    return f"__parked-{lesson_id}"


def _free_slug(course: Course, slug: str, wanted: set[str] | None = None) -> str:
    taken = set(course.lessons.filter(removed_at=None).values_list("slug", flat=True)) | (wanted or set())
    free, number = slug, 1
    while free in taken:
        number += 1
        free = f"{slug[:114]}-{number}"
    return free
