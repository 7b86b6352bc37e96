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
from courses.content.translations import in_translations_folder, translations
from courses.content.twins import answer_files, equal_files, is_grading_copy, student_twins

SUFFIXES = (".ipynb", ".md", ".mdx", ".py", ".Rmd", ".rmd", ".qmd")
RMARKDOWN = (".Rmd", ".rmd", ".qmd")
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
        "checkpoints",
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
    completion: str | None = None
    hint: str | None = None
    """What the README or index that gave the order calls it: a title where the notebook's own headings are none."""
    is_extra: bool = False
    """No order file names it: it comes last."""


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

    `is_binding` says whether that file is an order file: a README that links to lessons is only a hint at their order.
    `faults` refuse the course, `problems` are only listed; `twins` are files that say the same as a lesson: path →
    path of the lesson. `answers` are files that learners are never shown; `solutions` those of them that answer an
    exercise, by its file.
    """

    modules: list[ModulePlan] = field(default_factory=list)
    source: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)
    solutions: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    is_binding: bool = True
    problems: list[Problem] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    @property
    def entries(self) -> list[Entry]:
        """All lessons, in order."""
        return [entry for module in self.modules for entry in module.entries]


@dataclass
class Survey:
    """The lesson files of a folder, by names and bytes: `lessons` in natural order, and what is not among them.

    `twins`: path → the lesson that says the same; `copies` are those equal byte by byte. `answers`: files that learners
    are never shown → the exercise's file, or None. `translated` are translations, `grading` what nbgrader makes of its
    sources: releases, submitted work.
    """

    lessons: list[str] = field(default_factory=list)
    twins: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str | None] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    translated: list[str] = field(default_factory=list)
    grading: list[str] = field(default_factory=list)


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
        and not stem.casefold().endswith("-checkpoint")
        and not in_translations_folder(path)
        and not any(folder in _NO_LESSON_FOLDERS for folder in folders)
    )


def is_unread_lesson(path: str) -> bool:
    """Whether the file would be a lesson if reStructuredText were read."""
    return path.endswith(".rst") and is_lesson_name(f"{path[:-4]}.md")


def is_readme(path: str) -> bool:
    """Whether the file is a folder's README in Markdown."""
    return basename(path).casefold() in ("readme.md", "readme.mdx", "readme.markdown")


def course_readme(files: CourseFiles) -> str | None:
    """The README at the root, which is the course's description and no lesson."""
    return next((path for path in files.sizes if "/" not in path and is_readme(path)), None)


def twin_of(path: str, files: CourseFiles, notebooks: dict[str, list[str]]) -> str | None:
    """The notebook that a script or text is a copy of: same name, in its folder or alone in the course."""
    stem, suffix = splitext(path)
    beside = f"{stem}.ipynb"
    if suffix in RMARKDOWN:
        return beside if files.sizes.get(beside) else None
    if suffix not in (".py", ".md"):
        return None
    same_name = notebooks.get(basename(stem), [])
    if files.sizes.get(beside):
        twin = beside
    elif len(same_name) == 1 and basename(stem).casefold() not in _INDEX and files.sizes[same_name[0]]:
        twin = same_name[0]
    elif suffix == ".py" and f"{stem}.md" in files.sizes and is_text_notebook(_head(files, f"{stem}.md")):
        twin = f"{stem}.md"
    else:
        return None
    if suffix == ".md" and twin == beside and f"{stem}_files" in files.folders:
        return twin  # converted from the notebook, with its pictures in that folder
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


def survey(files: CourseFiles, *, first: Iterable[str] = ()) -> Survey:
    """Look over the folder. Of equal files the one in `first` is the lesson, else the one nearest to the root."""
    found = Survey(translated=[path for path in files.sizes if _is_translated_lesson(path)])
    notebooks = notebooks_by_name(files)
    readme = course_readme(files)
    lessons: list[str] = []
    for path in files.sizes:
        if path == readme or not is_lesson_name(path):
            continue
        if is_grading_copy(path, files):
            found.grading.append(path)
            continue
        twin = twin_of(path, files, notebooks)
        if twin is not None:
            found.twins[path] = twin
        elif not path.endswith(".py") or is_script_notebook(_head(files, path)):
            lessons.append(path)
    company = _folders_with_lessons([*lessons, *found.twins])
    others = translations([*lessons, *([readme] if readme else [])])
    found.translated += sorted(others)
    lessons = [path for path in lessons if path not in others]
    found.twins |= student_twins(lessons)
    found.answers = answer_files(lessons)
    lessons = [path for path in lessons if path not in found.answers and path not in found.twins]
    lessons = [path for path in lessons if not is_readme(path) or folder_of(path) in company]
    wanted = {path: place for place, path in enumerate(first)}
    lessons.sort(key=lambda path: (wanted.get(path, len(wanted)), path.count("/"), natural_key(path)))
    for same in equal_files(lessons, files):
        found.copies |= dict.fromkeys(same[1:], same[0])
    found.twins |= found.copies
    found.lessons = sorted((path for path in lessons if path not in found.copies), key=natural_key)
    if not found.lessons and readme is not None:
        found.lessons = [readme]
    return found


def _is_translated_lesson(path: str) -> bool:
    is_lesson = splitext(path)[1].lower() in SUFFIXES and not is_hidden(path)
    return is_lesson and not path.endswith(".py") and in_translations_folder(path)


def _folders_with_lessons(paths: Iterable[str]) -> set[str]:
    """The folders in which a README is a lesson; alone in one of pictures or data it is only a note."""
    folders: set[str] = set()
    for path in paths:
        parts = [] if is_readme(path) else path.split("/")
        folders |= {"/".join(parts[:end]) for end in range(1, len(parts))}
    return folders


def natural_outline(files: CourseFiles) -> Outline:
    """The course by names alone: each folder below the common one is a module, loose files are one of their own."""
    found = survey(files)
    lessons = found.lessons
    outline = Outline()
    list_twins(outline, found)
    if not lessons:
        return outline
    common = common_folder(lessons)
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


def common_folder(paths: list[str]) -> str:
    """The deepest folder that all of `paths` lie in, "" for the root."""
    folders = [folder_of(path).split("/") if folder_of(path) else [] for path in paths]
    common: list[str] = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return "/".join(common)


def add_unlisted(outline: Outline, files: CourseFiles, found: Survey) -> None:
    """Notebooks that an order file does not name come after it, in a module of their own, and are listed."""
    named = {entry.path for entry in outline.entries}
    covered = {twin for path, twin in found.twins.items() if path in named}
    rest = [path for path in found.lessons if path not in named | covered]
    notebooks = [path for path in rest if path.endswith(".ipynb")]
    for path in notebooks:
        what = f"is not named in {outline.source}; it comes last, in {MORE_NOTEBOOKS!r}"
        outline.problems.append(Problem(path, what))
    if len(rest) > len(notebooks) and not outline.is_binding:
        # An order file leaves texts out on purpose; a README may have been meant to name some lessons only.
        count = len(rest) - len(notebooks)
        what = f"names some lessons; {_counted(count, 'text file')} that it does not name are left out"
        outline.problems.append(Problem(outline.source, what))
    if notebooks:
        entries = [Entry(path, is_extra=True) for path in notebooks]
        outline.modules.append(ModulePlan(entries, MORE_NOTEBOOKS, uid="more-notebooks"))
    list_twins(outline, found)


def list_twins(outline: Outline, found: Survey) -> None:
    """Put twins and solutions into `outline`, and say which files are left out for being one."""
    named = {entry.path for entry in outline.entries}
    outline.twins |= {path: twin for path, twin in found.twins.items() if path not in named}
    for path, exercise in sorted(found.answers.items()):
        if exercise is not None and path not in named:
            outline.solutions[exercise] = path
            outline.twins.setdefault(path, exercise)  # a link to it leads to its exercise
        if path not in named:
            outline.answers.append(path)
        if path in named:
            what = f"has the name of a solution; learners see it because {outline.source} names it"
        else:
            of = f" of {exercise!r}" if exercise else ""
            what = f"holds the answers{of}; learners are not shown it"
        outline.problems.append(Problem(path, what))
    for path, twin in sorted(found.copies.items()):
        # Texts that an order file does not name would be no lessons anyway.
        if path not in named and (path.endswith(".ipynb") or not outline.source):
            outline.problems.append(Problem(path, f"is a copy of {twin!r}, which is taken"))
    for noun, paths in (("translation", found.translated), ("nbgrader file", found.grading)):
        if left_out := [path for path in paths if path not in named]:
            what = f"{_counted(len(left_out), noun)} left out, among them {min(left_out)!r}"
            outline.problems.append(Problem("", what))


def list_left_out(outline: Outline, files: CourseFiles) -> None:
    """Say which lesson files `course.toml` does not name: they are left out, perhaps by oversight."""
    found = survey(files, first=[entry.path for entry in outline.entries])
    named = {entry.path for entry in outline.entries}
    list_twins(outline, found)
    known = named | set(found.twins.values())
    for path in found.lessons:
        if path not in known and path != course_readme(files):
            outline.problems.append(Problem(path, f"is not named in {outline.source} and is left out"))


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
