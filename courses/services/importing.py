"""Import: a folder of notebooks becomes a course. Plan, then apply, all or nothing.

Reading (`courses.content.folder`) and compiling happen before the first write; plan and change are one transaction
under the course's lock, with one log row. Files are stored before the rows that name them: they are named by their
content, so what a refused import leaves behind harms nobody.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.text import slugify

from courses.content.assets import AssetSource
from courses.content.compiling import Compiled, compile_body
from courses.content.course_source import CourseSource
from courses.content.folder import read_course
from courses.content.report import CourseRefused, Problem
from courses.content.schema import BodyInvalid
from courses.models import Asset, Course
from courses.selectors import stored_path
from courses.services.applying import apply_plan
from courses.services.planning import Plan as Plan
from courses.services.planning import make_plan
from courses.services.publishing import lock_course

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,80}")
Progress = Callable[[int, int, str], None]
NEW_COURSE_LOCK = 7_203_118_044  # any number that nothing else in this database locks


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
    if not SLUG.fullmatch(final_slug):
        raise CourseRefused([Problem("", f"the slug {final_slug!r} must be 1 to 80 letters, digits, - and _")])
    uid = source.uid or final_slug
    with transaction.atomic():
        course = _find_course(uid=uid, slug=final_slug)
        plan = make_plan(course, source, results, slug=final_slug, publish=publish)
        if course is not None and source.uid is None:
            _refuse_another_course(course, plan, source)
        report = {"course": final_slug, **source.report.as_dict(), "changes": plan.as_dict()}
        if dry_run or plan.is_empty:
            return ImportOutcome(course, report, plan)
        _store_assets(source.assets)
        course = apply_plan(
            plan, course=course, source=source, uid=uid, slug=final_slug, publish=publish, acting_user=acting_user
        )
    return ImportOutcome(course, report, plan)


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
        titles = {block["id"]: block["title"] for block in lesson.body["blocks"] if block["type"] == "exercise"}
        for block_id, problem in results[lesson.uid].setup_problems.items():
            source.report.add_problem(lesson.path, f"exercise {titles[block_id]!r} {problem}")
    if faults:
        raise CourseRefused(faults)
    return results


def _find_course(*, uid: str, slug: str) -> Course | None:
    """The course to update, locked: by uid, else by slug where that course's uid was made of its slug."""
    if not Course.objects.filter(uid=uid).exists():
        # There is no row to lock yet: two imports of one new course go one after the other by this.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NEW_COURSE_LOCK])
    found = Course.objects.filter(uid=uid).first()
    by_slug = Course.objects.filter(slug=slug).first()
    if found is None and by_slug is not None and by_slug.uid == slug:
        found = by_slug  # it was imported before its author gave it a uid
    if by_slug is not None and by_slug != found:
        what = f"the slug “{slug}” belongs to another course; choose another one, or give this folder that course's uid"
        raise CourseRefused([Problem("course.toml", what)])
    return lock_course(found.pk) if found else None


def _refuse_another_course(course: Course, plan: Plan, source: CourseSource) -> None:
    """Two folders may have one title: one without a uid that shares no lesson with the course is another course."""
    if len(plan.added) == len(source.lessons) and course.lessons.live().exists():
        what = (
            f"none of its lessons is one of the course “{course.slug}”, whose lessons would all go; "
            "choose another slug, or write the course's uid into course.toml"
        )
        raise CourseRefused([Problem("", what)])


def _store_assets(assets: dict[str, AssetSource]) -> None:
    have = set(Asset.objects.filter(file__in=list(assets)).values_list("file", flat=True))
    rows = []
    for name, asset in sorted(assets.items()):  # in one order for every import, so that two never wait for each other
        _store_file(stored_path(name), asset)
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


def _store_file(path: str, asset: AssetSource) -> None:
    if default_storage.exists(path):
        return
    stored = default_storage.save(path, ContentFile(asset.read()))
    if stored != path:  # another import was faster, and the storage chose another name for the same bytes
        default_storage.delete(stored)
