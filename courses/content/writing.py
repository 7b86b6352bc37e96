"""A course written as a folder again: lessons in their own formats, the files that they refer to, `course.toml`.

What `folder.py` reads from that folder is the same course. Knows no models: it is given plain data and a function that
reads stored files. Writes only below the folder that it is given, whatever a path in the data says.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import dirname, join, normpath, splitext
from typing import Any
from urllib.parse import unquote

import jupytext
import nbformat

from courses.content.course_files import IGNORED_FOLDERS
from courses.content.course_source import COMPLETIONS
from courses.content.description_writing import description_files
from courses.content.manifest import NAME as MANIFEST
from courses.content.manifest_writing import CourseEntry, LessonEntry, ModuleEntry, write_manifest
from courses.content.notebook import Cell, Notebook, NotebookRefused
from courses.content.notebook_writing import NEW_METADATA, NEW_VERSION, ReadFile, lesson_cells, write_notebook
from courses.content.order import RMARKDOWN, is_readme
from courses.content.report import Problem
from courses.content.textfiles import read_markdown, read_rmarkdown, read_script

MAX_PART = 255  # bytes of a file's name that file systems take

_SUFFIXES = {"ipynb": ".ipynb", "markdown": ".md", "myst": ".md", "percent": ".py", "rmarkdown": ".Rmd"}


@dataclass
class LessonToWrite:
    """A lesson with the module that it is in. `path` is "" for one that was made here."""

    module: str
    module_title: str
    uid: str
    slug: str
    title: str
    minutes: int
    is_preview: bool
    path: str
    body: dict[str, Any] = field(repr=False)
    completion: str = COMPLETIONS[0]


@dataclass
class Written:
    """What was written, and what does not come back as it is here."""

    lessons: int = 0
    cells: int = 0
    files: int = 0
    problems: list[Problem] = field(default_factory=list)


class CourseWriter:
    """Writes one course below `root`, an empty folder."""

    def __init__(self, root: Path, read_file: ReadFile) -> None:
        self.root = root
        self.read_file = read_file
        self.written = Written()
        self._paths: dict[str, str] = {}  # path → what stands there: a stored file's name, or "lesson"
        self._readmes: set[str] = set()

    def write(
        self, course: CourseEntry, lessons: Iterable[LessonToWrite], files: dict[str, str], *, paths: set[str]
    ) -> Written:
        """Write everything. `files` are the course's own, by path; `paths` those of its lessons. Raises OSError."""
        lesson_paths = set(paths)
        modules: dict[str, ModuleEntry] = {}
        for path in paths | {MANIFEST}:
            self._paths[path] = "lesson"
        for lesson in lessons:
            module = modules.setdefault(lesson.module, ModuleEntry(lesson.module_title, lesson.module))
            path = self.lesson(lesson, lesson_paths)
            if path:
                uid = lesson.uid if lesson.uid != path else None
                entry = LessonEntry(path, lesson.title, uid, lesson.slug, lesson.minutes, lesson.is_preview)
                entry.completion = _completion(lesson)
                module.lessons.append(entry)
        course.modules = [module for module in modules.values() if module.lessons]
        for path, file in files.items():
            self.file(path, file, MANIFEST)
        self.readme(course)
        self.description(course)
        course.data_files = [path for path in course.data_files if self._paths.get(path) not in (None, "lesson")]
        (self.root / MANIFEST).write_bytes(write_manifest(course).encode())
        return self.written

    def problem(self, path: str, what: str) -> None:
        self.written.problems.append(Problem(path, what))

    # Lessons

    def lesson(self, lesson: LessonToWrite, taken: set[str]) -> str:
        """Write the lesson's file and what it refers to; give its path, "" when it has none that may be written."""
        metadata = lesson.body.get("metadata", {})
        cells = lesson_cells(lesson.body, self.read_file)
        form = str(metadata.get("format", "ipynb"))
        if form not in _SUFFIXES or (form == "markdown" and any(c.cell_type != "markdown" for c in cells.cells)):
            form = "ipynb"  # a Markdown file has no place for cells that were added here
        path = self._lesson_path(lesson, _SUFFIXES[form], taken)
        if not path:
            self.problem(lesson.path, "is not a path that may be written; the lesson is left out")
            return ""
        for block, what in cells.problems:
            self.problem(path, f"block {block}: {what}")
        if form == "ipynb":
            version = tuple(metadata.get("nbformat") or NEW_VERSION)
            about = metadata.get("notebook", {} if metadata else NEW_METADATA)
            data = write_notebook(cells.cells, about, version)
        else:
            data = self.text(path, form, metadata, cells.cells)
        self._put(path, data)
        self.written.lessons += 1
        self.written.cells += len(cells.cells)
        for reference, file in cells.files.items():
            self.referred(reference, file, path)
        self.used(metadata.get("files", {}), path)
        self._readmes.update(place for link in cells.course_links if (place := _place(link, dirname(path))))
        return path

    def used(self, files: dict[str, str | None], path: str) -> None:
        """Write the files that the lesson's code imports or reads."""
        for place, file in files.items():
            if file is not None:
                self.file(place, file, path)
            elif place not in self._paths:
                self.problem(path, f"{place[:200]!r}, which its code uses, was not kept by the import")

    def referred(self, reference: str, file: str, wanted_by: str) -> None:
        """Write a stored file where `reference`, which stands in the file `wanted_by`, looks for it."""
        place = _place(reference, dirname(wanted_by))
        if place is None:
            self.problem(wanted_by, f"{reference[:200]!r} leads outside the folder and is not written")
        elif self._paths.get(place) != "lesson":
            self.file(place, file, wanted_by)

    def description(self, course: CourseEntry) -> None:
        """Write the files that the description refers to."""
        found, is_whole = description_files(course.description, course.description_html)
        for reference, file in found.items():
            self.referred(reference, file, MANIFEST)
        if not is_whole:
            self.problem(MANIFEST, "a file of the description has no reference in its text and is not written")

    def readme(self, course: CourseEntry) -> None:
        """What lessons call the README is the course's description; it is in `course.toml` too, which decides."""
        for path in self._readmes:
            if "/" not in path and path not in self._paths and is_readme(path):
                self._put(path, f"# {course.title}\n\n{course.description}\n".encode())
                self._paths[path] = "readme"

    def _lesson_path(self, lesson: LessonToWrite, suffix: str, taken: set[str]) -> str:
        if not lesson.path:
            path, count = f"{lesson.slug}{suffix}", 1
            while path in taken:
                count += 1
                path = f"{lesson.slug}-{count}{suffix}"
        else:
            stem, kept = splitext(lesson.path)
            # Markdown goes by several endings, and keeps its own.
            is_fit = kept == suffix or (suffix == ".md" and kept not in (".ipynb", ".py", *RMARKDOWN))
            is_fit = is_fit or (suffix == ".Rmd" and kept in RMARKDOWN)
            path = lesson.path if is_fit else stem + suffix
            if path != lesson.path and path in taken:
                path = f"{stem}-{lesson.slug}{suffix}"
        if not is_safe(path):
            return ""
        taken.add(path)
        self._paths[path] = "lesson"
        return path

    def text(self, path: str, form: str, metadata: dict[str, Any], cells: list[Cell]) -> bytes:
        """A lesson that is kept as text, front matter included."""
        header = metadata.get("front_matter", "")
        if form == "markdown":
            body = "".join(_ended(cell.source, is_last=cell is cells[-1]) for cell in cells)
        else:
            body = _by_jupytext(form, metadata.get("notebook", {}), metadata.get("lexer", ""), cells)
        data = (header + body).encode()
        if form != "markdown" and (number := _first_difference(form, data, cells)) is not None:
            self.problem(path, f"cell {number} would be read back as something else")
        return data

    # Files

    def file(self, path: str, file: str, wanted_by: str) -> None:
        """Write a stored file at `path`; the first of two that claim one path has it."""
        if not is_safe(path):
            self.problem(wanted_by, f"{path[:200]!r} is not a path that may be written")
            return
        if path in self._paths:
            if self._paths[path] != file:
                self.problem(wanted_by, f"{path[:200]!r} is another file already")
            return
        try:
            data = self.read_file(file)
        except LookupError:
            self.problem(wanted_by, f"{path[:200]!r}: the stored file {file} is gone")
            return
        try:
            self._put(path, data)
        except (NotADirectoryError, FileExistsError, IsADirectoryError):
            self.problem(wanted_by, f"{path[:200]!r} is a file and a folder at once, and is not written")
            return
        self._paths[path] = file
        self.written.files += 1

    def _put(self, path: str, data: bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def _completion(lesson: LessonToWrite) -> str | None:
    """What course.toml has to say of when the lesson is done: nothing where its own file says nothing else either."""
    own = lesson.body.get("metadata", {}).get("notebook", {})
    settings = own.get("mlpracticum")
    says_nothing = "completion" not in own and not (isinstance(settings, dict) and "completion" in settings)
    return None if lesson.completion == COMPLETIONS[0] and says_nothing else lesson.completion


def is_safe(path: str) -> bool:
    """Whether a path of the data stays in the folder, and is one that an import would read again."""
    parts = path.split("/")
    return bool(path) and all(
        part not in ("", ".", "..")
        and part not in IGNORED_FOLDERS
        and part.isprintable()
        and "\\" not in part
        and len(part.encode()) <= MAX_PART
        for part in parts
    )


def _place(reference: str, folder: str) -> str | None:
    """The path that a reference, written in a lesson of `folder`, means first; None outside of the course."""
    bare = re.sub(r"[?#].*", "", reference)
    text = unquote(bare if splitext(bare)[1] or not splitext(reference)[1] else reference)
    text = text.replace("\\", "/").strip()
    path = normpath(join("" if text.startswith("/") else folder, text.lstrip("/")))
    return path if is_safe(path) else None


def _ended(source: str, *, is_last: bool) -> str:
    """A section of a Markdown file: the next one begins on a line of its own, after an empty one."""
    return source if is_last or source.endswith("\n") else source + "\n\n"


def _by_jupytext(form: str, metadata: dict[str, Any], lexer: str, cells: list[Cell]) -> str:
    """Cells as a py:percent (or light) script or as MyST text, without a header: that is kept as it was."""
    named = metadata.get("jupytext")
    represented = named.get("text_representation") if isinstance(named, dict) else None
    style = represented.get("format_name") if isinstance(represented, dict) else None
    styles = {
        "rmarkdown": ("rmarkdown",),
        "percent": ("percent", "light", "hydrogen", "sphinx"),
        "myst": ("myst", "markdown"),
    }
    ending = _SUFFIXES[form]
    known = styles[form]
    options = {"extension": ending, "format_name": style if style in known else known[0]}
    told: dict[str, Any] = {"jupytext": {"notebook_metadata_filter": "-all"}}
    if form == "rmarkdown" and isinstance(named, dict):
        told["jupytext"]["main_language"] = named.get("main_language", "R")
    told |= {"language_info": {"name": lexer, "pygments_lexer": lexer}} if lexer else {}
    notebook = nbformat.v4.new_notebook(metadata=told)
    makers = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    for cell in cells:
        maker = makers.get(cell.cell_type, nbformat.v4.new_raw_cell)
        made = maker(cell.source, metadata=nbformat.from_dict(cell.metadata))
        made.pop("id", None)
        notebook.cells.append(made)
    notebook.nbformat_minor = 4
    return jupytext.writes(notebook, fmt=options)


def _first_difference(form: str, data: bytes, cells: list[Cell]) -> int | None:
    """The number of the first cell that is read back differently, None when all are the same."""
    try:
        readers = {"percent": read_script, "rmarkdown": read_rmarkdown}
        read: Notebook = readers.get(form, read_markdown)(data)
    except NotebookRefused:
        return 1 if cells else None
    found = [(cell.cell_type, cell.source, cell.metadata) for cell in read.cells]
    wanted = [(cell.cell_type, cell.source, cell.metadata) for cell in cells]
    for number, (one, other) in enumerate(zip(found, wanted, strict=False), 1):
        if one != other:
            return number
    return None if len(found) == len(wanted) else min(len(found), len(wanted)) + 1
