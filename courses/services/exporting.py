"""Export: a course becomes the folder again that an import reads, and a lesson a learner's own notebook.

A folder is all or nothing: it is written beside the wanted one and takes its name when it is whole. Nothing here writes
to the database; a learner's copy is made of public content alone.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from courses.content.learner_notebook import Place, learner_notebook
from courses.content.manifest_writing import CourseEntry
from courses.content.report import Problem
from courses.content.writing import CourseWriter, LessonToWrite, Written
from courses.models import Course, Lesson
from courses.selectors import stored_path

COPY_VERSION = 2  # one more when the same content gives another notebook, so that browsers ask for it again
_FEW = 20  # lessons whose bodies are in memory at a time


class ExportRefused(ValueError):
    """An export that cannot be made; nothing was written. The message says why."""


@dataclass
class ExportOutcome:
    """What an export wrote: how many lessons, cells and files, and what does not come back as it is here."""

    folder: Path
    lessons: int
    cells: int
    files: int
    problems: list[Problem]


def export_course(*, slug: str, folder: Path) -> ExportOutcome:
    """Write the course into `folder`, which must be empty or not exist.

    A lesson that has a draft is written as its draft: that is the newest that its author wrote. Removed lessons are
    left out, and so are lessons without a body.

    Raises:
        ExportRefused: there is no such course, or the folder cannot be written; nothing was left behind.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportRefused(f"{folder} is not an empty folder")
    if not target.parent.is_dir():
        raise ExportRefused(f"{folder.parent} is not a folder")
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ExportRefused(f"{folder.parent} cannot be written: {error.strerror}") from error
    try:
        written = _write(slug, beside)
        beside.chmod(0o755)  # mkdtemp's own mode would keep everybody else out of the course
        beside.replace(target)
    except OSError as error:
        raise ExportRefused(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        # Gone by its name when it was renamed; half-made when something failed.
        shutil.rmtree(beside, ignore_errors=True)
    return ExportOutcome(target, written.lessons, written.cells, written.files, written.problems)


@transaction.atomic
def _write(slug: str, folder: Path) -> Written:
    course = Course.objects.filter(slug=slug).first()
    if course is None:
        raise ExportRefused(f"there is no course “{slug}”")
    writer = CourseWriter(folder, _stored_file)
    paths = set(_rows(course).exclude(source_path="").values_list("source_path", flat=True))
    return writer.write(_entry(course), _lessons(course, writer), dict(course.data_files), paths=paths)


def _rows(course: Course) -> Any:
    return course.lessons.filter(removed_at=None).order_by("position", "pk")


def _lessons(course: Course, writer: CourseWriter) -> Iterator[LessonToWrite]:
    rows = _rows(course).select_related("module", "draft", "current_revision")
    unread = [f"current_revision__{name}" for name in ("public", "key", "html", "toc", "text", "checks")]
    keys = list(_rows(course).values_list("pk", flat=True))
    few = (rows.defer(*unread).filter(pk__in=keys[start : start + _FEW]) for start in range(0, len(keys), _FEW))
    for row in chain.from_iterable(few):
        body = _body(row)
        if body is None:
            writer.problem(row.source_path or row.slug, "has no body yet and is left out")
            continue
        yield LessonToWrite(
            module=row.module.uid,
            module_title=row.module.title,
            uid=row.uid,
            slug=row.slug,
            title=row.title,
            minutes=row.minutes,
            is_preview=row.is_preview,
            completion=row.completion_rule,
            path=row.source_path,
            body=body,
        )


def _body(lesson: Lesson) -> dict[str, Any] | None:
    draft = getattr(lesson, "draft", None)
    if draft is not None:
        return draft.body
    return lesson.current_revision.body if lesson.current_revision else None


def _entry(course: Course) -> CourseEntry:
    return CourseEntry(
        uid=course.uid,
        title=course.title,
        slug=course.slug,
        summary=course.summary,
        level=course.level,
        language=course.language,
        licence=course.licence,
        description=course.description,
        authors=list(course.author_names),
        outcomes=list(course.outcomes),
        requirements=list(course.requirements),
        data_files=list(course.data_files),
        certificate=course.certificate_percent,
        description_html=course.description_html,
    )


def lesson_copy_tag(*, lesson: Lesson, page: str, code: Mapping[str, str] | None = None) -> str:
    """The ETag of a lesson's copy, told without making it. No query: the revision is loaded with the lesson."""
    revision = lesson.current_revision
    parts = [str(COPY_VERSION), revision.checksum if revision else "", lesson.title, lesson.course.title, page]
    parts += [json.dumps(dict(code or {}), sort_keys=True)]
    return f'"{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=12).hexdigest()}"'


def lesson_copy(
    *, lesson: Lesson, page: str, address_of: Callable[[str], str], code: Mapping[str, str] | None = None
) -> bytes:
    """A lesson as an `.ipynb` to take away, without any answer. No query: the revision is loaded with the lesson.

    Args:
        lesson: a published lesson with its course.
        page: the absolute address of its page.
        address_of: makes an address that stands on that page absolute.
        code: what the learner wrote, by block id, in place of what the author did.
    """
    if lesson.current_revision is None:
        raise ValueError("a lesson that was never published has no copy")
    place = Place(course_title=lesson.course.title, title=lesson.title, page=page, address_of=address_of)
    return learner_notebook(lesson.current_revision.public, place, _stored_file, code=code)


def _stored_file(name: str) -> bytes:
    """The bytes of a file of the store. Raises LookupError when there is none."""
    try:
        with default_storage.open(stored_path(name)) as file:
            return file.read()
    except FileNotFoundError as error:
        raise LookupError(name) from error
