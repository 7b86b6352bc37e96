"""Import: a folder of notebooks becomes a course. Plan, then apply, all or nothing.

Reading (`courses.content.folder`) and compiling happen before the first write; the database changes in one transaction
under the course's lock, with one log row. Files are stored before it: they are named by their content, so a file that a
refused import leaves behind is overwritten by nothing and harms nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from courses.content.assets import AssetSource
from courses.content.compiling import Compiled, compile_body
from courses.content.folder import CourseSource, LessonSource, read_course
from courses.content.markdown import RenderContext, render_markdown
from courses.content.report import CourseRefused, Problem
from courses.content.schema import BodyInvalid
from courses.models import Asset, Course, Lesson, LessonDraft, Module, PublishLog
from courses.selectors import ASSET_FOLDER
from courses.services.listeners import content_changed
from courses.services.publishing import add_revision, lock_course, open_course, refresh_counts

Progress = Callable[[int, int, str], None]


@dataclass
class Plan:
    """What an import would change, by lesson uid. `renamed` and `moved` lessons may be `changed` too."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    course: list[str] = field(default_factory=list)  # names of the course's own fields
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        return not any((self.added, self.changed, self.moved, self.renamed, self.removed, self.revived, self.course))

    def as_dict(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "changed": self.changed,
            "moved": self.moved,
            "renamed": self.renamed,
            "removed": self.removed,
            "revived": self.revived,
            "course": self.course,
            "unchanged": self.unchanged,
        }


@dataclass
class ImportOutcome:
    """The result of an import: the course (None on a dry run of a new one) and the JSON report."""

    course: Course | None
    report: dict[str, Any]
    plan: Plan


def import_course(
    *,
    path: Path,
    slug: str | None = None,
    publish: bool = False,
    dry_run: bool = False,
    acting_user: Any = None,
    on_progress: Progress | None = None,
) -> ImportOutcome:
    """Bring the folder in. Importing it again without a change writes nothing.

    Without `publish` the lessons' bodies become drafts: a new course stays a draft, and learners of an open one see no
    change; lessons are neither moved nor removed until an import publishes.

    Args:
        path: a folder.
        slug: overrides the course's slug.
        on_progress: called with (done, total, what) while reading and compiling.

    Raises:
        CourseRefused: something in the folder cannot be taken; nothing was written.
    """
    tell = on_progress or (lambda done, total, what: None)
    source = read_course(path, on_progress=tell)
    results = _compile_all(source, tell)
    final_slug = slug or source.slug or slugify(source.title)[:80] or "course"
    uid = source.uid or final_slug
    with transaction.atomic():
        course = _find_course(uid=uid, slug=final_slug, has_uid=source.uid is not None)
        plan = _plan(course, source, results, slug=final_slug, publish=publish)
        report = {"course": final_slug, **source.report.as_dict(), "changes": plan.as_dict()}
        if dry_run or (plan.is_empty and course is not None and not _opens(course, publish)):
            return ImportOutcome(course, report, plan)
        _store_assets(source.assets)
        course = _apply(course, source, results, plan, uid=uid, slug=final_slug, publish=publish, user=acting_user)
    return ImportOutcome(course, report, plan)


def _opens(course: Course, publish: bool) -> bool:
    return publish and course.status != Course.Status.PUBLISHED


def _compile_all(source: CourseSource, tell: Progress) -> dict[str, Compiled]:
    lessons = source.lessons
    if not lessons:
        raise CourseRefused([Problem("", "no lesson found: no notebook and no Markdown file")])
    results: dict[str, Compiled] = {}
    faults = []
    for index, lesson in enumerate(lessons, 1):
        tell(index, len(lessons), f"compiling {lesson.path}")
        try:
            results[lesson.uid] = compile_body(lesson.body, title=lesson.title)
        except BodyInvalid as error:
            faults += [Problem(lesson.path, str(fault)) for fault in error.errors]
            continue
        source.report.add_formulas(lesson.path, results[lesson.uid].formulas)
    if faults:
        raise CourseRefused(faults)
    return results


def _find_course(*, uid: str, slug: str, has_uid: bool) -> Course | None:
    """The course to update: by uid, else by slug where the folder says no uid of its own."""
    found = Course.objects.filter(uid=uid).first()
    by_slug = Course.objects.filter(slug=slug).first()
    if found is None and by_slug is not None and has_uid:
        what = f"the slug “{slug}” belongs to another course (uid {by_slug.uid}); choose another with --slug"
        raise CourseRefused([Problem("course.toml", what)])
    if found is not None and by_slug is not None and by_slug.pk != found.pk:
        what = f"the slug “{slug}” belongs to another course (uid {by_slug.uid})"
        raise CourseRefused([Problem("course.toml", what)])
    found = found or by_slug
    return lock_course(found.pk) if found else None


def _course_fields(source: CourseSource, slug: str) -> dict[str, Any]:
    context = RenderContext()
    context.enter({"id": "", "type": "markdown", **source.description_references})
    return {
        "slug": slug,
        "title": source.title[:200],
        "summary": source.summary[:300],
        "description": source.description,
        "description_html": render_markdown(source.description, context) if source.description else "",
        "outcomes": source.outcomes,
        "requirements": source.requirements,
        "level": source.level,
        "language": source.language,
        "licence": source.licence,
        "author_names": source.authors,
        "data_files": source.data_files,
    }


def _positions(source: CourseSource) -> list[tuple[int, str, LessonSource]]:
    """Every lesson with its place in the whole course and its module's uid."""
    rows = [(module.uid, lesson) for module in source.modules for lesson in module.lessons]
    return [(position, module_uid, lesson) for position, (module_uid, lesson) in enumerate(rows)]


def _lesson_fields(position: int, lesson: LessonSource, result: Compiled) -> dict[str, Any]:
    return {
        "slug": lesson.slug,
        "title": lesson.title[:200],
        "minutes": max(1, min(600, lesson.minutes or result.minutes)),
        "is_preview": lesson.is_preview,
        "source_path": lesson.path,
        "position": position,
    }


def _plan(
    course: Course | None, source: CourseSource, results: dict[str, Compiled], *, slug: str, publish: bool
) -> Plan:
    plan = Plan()
    if course is None:
        plan.added = [lesson.uid for _, _, lesson in _positions(source)]
        plan.course = ["new"]
        return plan
    wanted = _course_fields(source, slug)
    plan.course = sorted(name for name, value in wanted.items() if getattr(course, name) != value)
    rows = course.lessons.select_related("module", "current_revision", "draft").defer(
        "current_revision__body", "current_revision__public", "current_revision__key", "current_revision__html"
    )
    known = {lesson.uid: lesson for lesson in rows}
    for position, module_uid, lesson in _positions(source):
        row = known.pop(lesson.uid, None)
        if row is None:
            plan.added.append(lesson.uid)
            continue
        kinds = _differences(row, module_uid, _lesson_fields(position, lesson, results[lesson.uid]))
        if row.removed_at is not None:
            kinds.append("revived")
        if not _holds(row, results[lesson.uid].checksum, lesson.body, publish):
            kinds.append("changed")
        for kind in kinds:
            getattr(plan, kind).append(lesson.uid)
        plan.unchanged += not kinds
    plan.removed = [uid for uid, row in known.items() if row.removed_at is None]
    if not publish:
        plan.removed = []
    return plan


def _differences(row: Lesson, module_uid: str, fields: dict[str, Any]) -> list[str]:
    kinds = []
    if row.module.uid != module_uid or row.position != fields["position"]:
        kinds.append("moved")
    if any(getattr(row, name) != value for name, value in fields.items() if name != "position"):
        kinds.append("renamed")
    return kinds


def _holds(row: Lesson, checksum: str, body: dict[str, Any], publish: bool) -> bool:
    """Whether the lesson has this body already: live, or (for an import that does not publish) as its draft."""
    draft = getattr(row, "draft", None)
    live = row.current_revision
    if draft is not None:
        return not publish and draft.body == body
    return live is not None and live.checksum == checksum


def _store_assets(assets: dict[str, AssetSource]) -> None:
    have = set(Asset.objects.filter(file__in=list(assets)).values_list("file", flat=True))
    rows = []
    for name, asset in assets.items():
        path = f"{ASSET_FOLDER}/{name}"
        if not default_storage.exists(path):
            default_storage.save(path, ContentFile(asset.read()))
        if name not in have:
            rows.append(
                Asset(
                    sha256=name.partition(".")[0],
                    file=name,
                    media_type=asset.media_type,
                    size=asset.size,
                    width=asset.width,
                    height=asset.height,
                )
            )
    # Another import may have stored the same bytes in the meantime: the content is equal, so either row will do.
    Asset.objects.bulk_create(rows, ignore_conflicts=True)


def _apply(
    course: Course | None,
    source: CourseSource,
    results: dict[str, Compiled],
    plan: Plan,
    *,
    uid: str,
    slug: str,
    publish: bool,
    user: Any,
) -> Course:
    course = course or Course(uid=uid)
    staged = not publish and course.status != Course.Status.DRAFT  # an open course waits for an import that publishes
    if not staged:
        for name, value in _course_fields(source, slug).items():
            setattr(course, name, value)
    course.save()
    if user is not None and not user.is_superuser and not course.authors.exists():
        course.authors.add(user)
    modules = _apply_modules(course, source)
    known = {lesson.uid: lesson for lesson in course.lessons.select_related("current_revision")}
    before: dict[str, int | None] = {}
    if publish and plan.removed:
        _remove(course, plan.removed)
    _free_slugs(course, source, staged)
    for position, module_uid, lesson in _positions(source):
        row = known.get(lesson.uid)
        result = results[lesson.uid]
        is_new = row is None
        row = row or Lesson(course=course, uid=lesson.uid)
        if is_new or not staged:
            row.module = modules[module_uid]
            row.removed_at = None
            for name, value in _lesson_fields(position, lesson, result).items():
                setattr(row, name, value)
            row.save()
        _apply_body(row, lesson, result, publish=publish, user=user, before=before)
    _drop_empty_modules(course, modules, staged)
    refresh_counts(course)
    opened = publish and open_course(course)
    PublishLog.objects.create(
        course=course,
        kind=PublishLog.Kind.IMPORT,
        acting_user=user,
        changes={**plan.as_dict(), "published": publish, "opened": opened},
        before=before,
    )
    content_changed(course)
    return course


def _apply_body(
    row: Lesson, lesson: LessonSource, result: Compiled, *, publish: bool, user: Any, before: dict[str, int | None]
) -> None:
    live = row.current_revision
    if publish:
        LessonDraft.objects.filter(lesson=row).delete()
        if live is None or live.checksum != result.checksum:
            before[row.uid] = live.number if live else None
            add_revision(lesson=row, body=lesson.body, result=result, acting_user=user)
        return
    if live is not None and live.checksum == result.checksum:
        LessonDraft.objects.filter(lesson=row).delete()
        return
    LessonDraft.objects.update_or_create(
        lesson=row, defaults={"body": lesson.body, "updated_at": timezone.now(), "updated_by": user}
    )


def _apply_modules(course: Course, source: CourseSource) -> dict[str, Module]:
    modules = {module.uid: module for module in course.modules.all()}
    for position, wanted in enumerate(source.modules):
        module = modules.get(wanted.uid) or Module(course=course, uid=wanted.uid)
        module.title, module.position, module.removed_at = wanted.title[:200], position, None
        module.save()
        modules[wanted.uid] = module
    return modules


def _drop_empty_modules(course: Course, modules: dict[str, Module], staged: bool) -> None:
    """A module that no lesson uses any more leaves the outline; its row goes too unless a tombstone needs it."""
    if staged:
        return
    course.modules.filter(lessons=None).delete()
    empty = course.modules.exclude(lessons__removed_at=None)
    empty.update(removed_at=timezone.now())


def _remove(course: Course, uids: list[str]) -> None:
    course.lessons.filter(uid__in=uids, removed_at=None).update(removed_at=timezone.now())


def _free_slugs(course: Course, source: CourseSource, staged: bool) -> None:
    """Park the slugs of lessons that are about to get another, so that two lessons can swap theirs."""
    if staged:
        return
    wanted = {lesson.uid: lesson.slug for _, _, lesson in _positions(source)}
    for row in course.lessons.filter(uid__in=list(wanted)).only("id", "uid", "slug"):
        if row.slug != wanted[row.uid]:
            Lesson.objects.filter(pk=row.pk).update(slug=f"parked-{row.pk}")
