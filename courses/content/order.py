"""Which files of a folder are lessons, and in which order: the modules of a course before anything is read.

An order file decides (`course.toml`, then a book's table of contents); without one, names do, in natural order, and
folders are modules. Knows file names and tables of contents, not what a lesson holds.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from posixpath import basename, splitext
from typing import Any

from courses.content.course_files import CourseFiles, folder_of, is_hidden
from courses.content.report import Problem
from courses.content.textfiles import is_script_notebook, is_text_notebook

SUFFIXES = (".ipynb", ".md", ".py")
MORE_NOTEBOOKS = "More notebooks"
_SNIFFED_BYTES = 20_000_000

_NO_LESSONS = frozenset(
    {
        *("license", "licence", "copying", "contributing", "contributors", "code_of_conduct", "code-of-conduct"),
        *("changelog", "changes", "history", "security", "support", "authors", "citation", "maintainers", "governance"),
        *("pull_request_template", "issue_template", "summary", "_sidebar", "_navbar", "_coverpage", "_toc", "todo"),
    }
)
_NO_LESSON_FOLDERS = frozenset(
    {
        "_build",
        "_site",
        "_static",
        "_templates",
        "slides",
        "node_modules",
        "venv",
        "env",
        "build",
        "dist",
        "translations",
    }
)
_INDEX = frozenset({"index", "readme"})


@dataclass
class Entry:
    """A lesson to be: its file, and what an order file says of it."""

    path: str
    title: str | None = None
    uid: str | None = None
    slug: str | None = None
    minutes: int | None = None
    preview: bool = False


@dataclass
class ModulePlan:
    """A module to be. Without a title it takes one from its folder, its first lesson or the course."""

    entries: list[Entry]
    title: str | None = None
    uid: str | None = None
    folder: str | None = None
    has_own_uid: bool = False
    is_chapter: bool = False


@dataclass
class Outline:
    """A course to be. `source` is the file that gave the order, "" for names alone.

    `faults` refuse the course, `problems` are only listed; `twins` are files that say the same as a lesson: path →
    path of the lesson.
    """

    modules: list[ModulePlan] = field(default_factory=list)
    source: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        """All lessons, in order."""
        return [entry for module in self.modules for entry in module.entries]


def natural_key(path: str) -> tuple[Any, ...]:
    """Orders paths as people count: `2-x` before `10-x`, an index or README before its neighbours."""
    parts = path.split("/")
    return tuple(_part_key(part, is_file=place == len(parts) - 1) for place, part in enumerate(parts))


def _part_key(part: str, *, is_file: bool) -> tuple[Any, ...]:
    stem = splitext(part)[0] if is_file else part
    pieces = re.split(r"(\d+)", stem.casefold())
    # A number comes before a word: `1-intro` before `appendix`.
    counted = tuple((0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece)
    return (0 if is_file and stem.casefold() in _INDEX else 1, counted, part)


def is_lesson_name(path: str) -> bool:
    """Whether a file of this name can be a lesson: its kind, and no licence, build or hidden file."""
    stem, suffix = splitext(basename(path))
    folders = folder_of(path).casefold().split("/")
    return (
        suffix.lower() in SUFFIXES
        and not is_hidden(path)
        and stem.casefold() not in _NO_LESSONS
        and not any(folder in _NO_LESSON_FOLDERS for folder in folders)
    )


def is_readme(path: str) -> bool:
    """Whether the file is a folder's README in Markdown."""
    return basename(path).casefold() in ("readme.md", "readme.markdown")


def course_readme(files: CourseFiles) -> str | None:
    """The README at the root, which is the course's description and no lesson."""
    return next((path for path in files.sizes if "/" not in path and is_readme(path)), None)


def twin_of(path: str, files: CourseFiles, notebooks: dict[str, list[str]]) -> str | None:
    """The notebook that a script or text notebook is a copy of: same name, in its folder or alone in the course."""
    stem, suffix = splitext(path)
    if suffix not in (".py", ".md"):
        return None
    beside = f"{stem}.ipynb"
    same_name = notebooks.get(basename(stem), [])
    if beside in files.sizes:
        twin = beside
    elif len(same_name) == 1 and basename(stem).casefold() not in _INDEX:
        twin = same_name[0]
    else:
        return None
    is_copy = is_script_notebook if suffix == ".py" else is_text_notebook
    return twin if is_copy(_head(files, path)) else None


def notebooks_by_name(files: CourseFiles) -> dict[str, list[str]]:
    """The notebooks of the course that can be lessons, by name without folder and ending."""
    found: dict[str, list[str]] = {}
    for path in files.sizes:
        if path.endswith(".ipynb") and is_lesson_name(path):
            found.setdefault(splitext(basename(path))[0], []).append(path)
    return found


def _head(files: CourseFiles, path: str) -> bytes:
    try:
        return files.read(path, max_bytes=_SNIFFED_BYTES)
    except (OSError, ValueError):
        return b""  # reading the lesson itself will say what is wrong


def lesson_files(files: CourseFiles) -> tuple[list[str], dict[str, str]]:
    """(files that are lessons by their names, in natural order; twins left out: path → the lesson's path)."""
    notebooks = notebooks_by_name(files)
    readme = course_readme(files)
    named = [path for path in files.sizes if is_lesson_name(path) and path != readme]
    lessons: list[str] = []
    twins: dict[str, str] = {}
    for path in named:
        twin = twin_of(path, files, notebooks)
        if twin is not None:
            twins[path] = twin
        elif not path.endswith(".py") or is_script_notebook(_head(files, path)):
            lessons.append(path)
    lessons = [path for path in lessons if not is_readme(path) or _has_company(path, lessons)]
    if not lessons and readme is not None:
        lessons = [readme]
    return sorted(lessons, key=natural_key), twins


def _has_company(readme: str, lessons: Iterable[str]) -> bool:
    """Whether a README stands in a folder of lessons; alone in one of pictures or data it is only a note."""
    folder = folder_of(readme)
    return any(path.startswith(f"{folder}/") and not is_readme(path) for path in lessons)


def natural_outline(files: CourseFiles) -> Outline:
    """The course by names alone: each folder below the common one is a module, loose files are one of their own."""
    lessons, twins = lesson_files(files)
    outline = Outline(twins=twins)
    if not lessons:
        return outline
    common = _common_folder(lessons)
    modules: dict[str, list[Entry]] = {}
    for path in lessons:
        below = path[len(common) :].lstrip("/").split("/")
        folder = f"{common}/{below[0]}".lstrip("/") if len(below) > 1 else common
        modules.setdefault(folder, []).append(Entry(path))
    # Loose files come first, whatever the folders are called.
    for folder in sorted(modules, key=lambda folder: (folder != common, natural_key(folder + "/x"))):
        uid = folder or "course"
        outline.modules.append(ModulePlan(modules[folder], uid=uid, folder=folder if folder != common else None))
    return outline


def _common_folder(paths: list[str]) -> str:
    folders = [folder_of(path).split("/") if folder_of(path) else [] for path in paths]
    common: list[str] = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return "/".join(common)


def add_unlisted(outline: Outline, files: CourseFiles) -> None:
    """Notebooks that a table of contents does not name come after it, in a module of their own, and are listed."""
    lessons, twins = lesson_files(files)
    named = {entry.path for entry in outline.entries}
    outline.twins |= {path: twin for path, twin in twins.items() if path not in named}
    covered = {twin for path, twin in twins.items() if path in named}
    rest = [path for path in lessons if path.endswith(".ipynb") and path not in named | covered]
    for path in rest:
        what = f"is not named in {outline.source}; it comes last, in {MORE_NOTEBOOKS!r}"
        outline.problems.append(Problem(path, what))
    if rest:
        outline.modules.append(ModulePlan([Entry(path) for path in rest], MORE_NOTEBOOKS, uid="more-notebooks"))


def list_left_out(outline: Outline, files: CourseFiles) -> None:
    """Say which lesson files `course.toml` does not name: they are left out, perhaps by oversight."""
    lessons, twins = lesson_files(files)
    named = {entry.path for entry in outline.entries}
    outline.twins |= {path: twin for path, twin in twins.items() if path not in named}
    known = named | set(twins.values())
    for path in lessons:
        if path not in known and path != course_readme(files):
            outline.problems.append(Problem(path, f"is not named in {outline.source} and is left out"))
