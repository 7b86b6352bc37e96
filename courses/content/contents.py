"""Groups of file names, as any order file gives them, made into modules of files that the folder has.

What a file names and the folder lacks is listed, because courses are published with such gaps. Knows nothing of the
formats that the names come from, nor of what the files hold.
"""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from posixpath import basename

from courses.content.course_files import REMOTE, CourseFiles, Found, Missing, folder_of, is_hidden
from courses.content.order import (
    SUFFIXES,
    Entry,
    ModulePlan,
    Outline,
    Survey,
    add_unlisted,
    course_readme,
    is_lesson_name,
    natural_key,
    notebooks_by_name,
    survey,
    twin_of,
)
from courses.content.report import Problem
from courses.content.twins import is_grading_copy

MAX_ENTRIES = 5_000
_MAX_PATTERNS = 200
_MAX_TWINS = 3
_INDEX_NAMES = ("README", "readme", "index", "Index")


@dataclass
class Group:
    """A module to be: `files` are (reference as written, title or None); `glob:` before a reference makes it a pattern.

    `is_chapter`: the first file is the chapter's own page and names the module.
    """

    title: str | None = None
    files: list[tuple[str, str | None]] = field(default_factory=list)
    is_chapter: bool = False


def nearest(files: CourseFiles, name: str, *, depth: int = 99) -> str | None:
    """The file called `name` that lies nearest to the root, at most `depth` folders below it, English before others."""
    found = [
        path
        for path in files.sizes
        if basename(path) == name and path.count("/") <= depth and not is_hidden(path) and "_build" not in path
    ]
    return min(found, key=lambda path: (path.count("/"), "/en/" not in f"/{path}", path), default=None)


def resolved(
    outline: Outline,
    groups: Sequence[Group],
    files: CourseFiles,
    *,
    folder: str | None = None,
    also: Sequence[str] = (),
    least: int = 0,
) -> Outline | None:
    """`outline` with the groups' files as modules, each file once; notebooks stand for their scripts, having outputs.

    References are relative to `folder` (by default where `outline.source` lies), then to each of `also`. None, and
    nothing changed, when fewer than `least` lessons are found.
    """
    base = folder_of(outline.source) if folder is None else folder
    if (count := sum(len(group.files) for group in groups)) > MAX_ENTRIES:
        outline.faults.append(Problem(outline.source, f"has {count:,} entries; at most {MAX_ENTRIES:,} are read"))
        return outline
    finder = _Finder(files, outline, [base, *also])
    found = [[(path, title) for name, title in group.files for path in finder.paths(name)] for group in groups]
    order = [path for entries in found for path, _ in entries]
    seen = survey(files, first=order)
    modules = _modules(groups, found, files, seen, outline)
    if sum(len(module.entries) for module in modules) < least:
        return None
    files.base = base
    outline.modules += modules
    add_unlisted(outline, files, seen)
    return outline


def _modules(
    groups: Sequence[Group],
    found: list[list[tuple[str, str | None]]],
    files: CourseFiles,
    seen: Survey,
    outline: Outline,
) -> list[ModulePlan]:
    notebooks = notebooks_by_name(files)
    lessons, translated = set(seen.lessons), set(seen.translated)
    every = {path for entries in found for path, _ in entries}
    taken: set[str] = set()
    modules: list[ModulePlan] = []
    for group, named in zip(groups, found, strict=True):
        entries: list[Entry] = []
        for path, title in named:
            for _ in range(_MAX_TWINS):
                twin = seen.twins.get(path) or twin_of(path, files, notebooks)
                if twin is None:
                    break
                outline.twins[path] = path = twin
            exercise = seen.answers.get(path)
            if exercise is not None and exercise not in every:
                outline.twins[path] = path = exercise  # the order names the instructor's version alone
            is_left_out = path in seen.answers or is_grading_copy(path, files)
            is_likely = path in lessons or (
                is_lesson_name(path) and not path.endswith(".py") and path not in translated
            )
            if not outline.is_binding and not is_likely:
                is_left_out = True  # a README links to licences and translations as it does to lessons
            if path not in taken and not is_left_out and path != course_readme(files):
                taken.add(path)
                entries.append(Entry(path, title=title))
        if entries:
            modules.append(ModulePlan(entries, group.title, _module_uid(group, entries), is_chapter=group.is_chapter))
    return modules


class _Finder:
    def __init__(self, files: CourseFiles, outline: Outline, folders: list[str]) -> None:
        self.files = files
        self.outline = outline
        self.folders = list(dict.fromkeys(folders))
        self.lessons = [path for path in files.sizes if path.endswith(SUFFIXES)]
        self.by_name: dict[str, list[str]] = {}
        for path in self.lessons:
            self.by_name.setdefault(basename(path), []).append(path)
        self.patterns = 0

    def paths(self, name: str) -> list[str]:
        """The lesson files that `name` means; what is wrong with it is listed."""
        if name.startswith("glob:"):
            self.patterns += 1
            if self.patterns > _MAX_PATTERNS:
                self.tell(f"pattern {name[5:205]!r} is not read: over {_MAX_PATTERNS} of them")
                return []
            pattern = f"{self.folders[0]}/{name[5:]}".lstrip("/")
            matches = [path for path in self.lessons if fnmatch.fnmatchcase(path, pattern)]
            return sorted(matches, key=natural_key)
        found = self.find(name)
        if isinstance(found, Missing):
            if not REMOTE.match(name) and (self.outline.is_binding or _names_lesson(name)):
                is_rst = isinstance(self.files.find(f"{name}.rst", folder=self.folders[0]), Found)
                self.tell(f"names {name[:200]!r}: {'is reStructuredText, which is not read' if is_rst else found.why}")
            return []
        if not found.path.endswith(SUFFIXES):
            if self.outline.is_binding:
                self.tell(f"names {name[:200]!r}, which is not a lesson's kind of file")
            return []
        if found.guessed in ("case", "name"):
            self.tell(f"names {name[:200]!r}; {found.path!r} is taken")
        return [found.path]

    def tell(self, what: str) -> None:
        self.outline.problems.append(Problem(self.outline.source, what))

    def find(self, name: str) -> Found | Missing:
        """The file as written in one of the folders, the index of a folder, the end of a path, else a guess."""
        guesses = [self.files.find(name, folder=folder, suffixes=SUFFIXES) for folder in self.folders]
        sure = next(
            (found for found in guesses if isinstance(found, Found) and found.guessed in ("", "link", "suffix")), None
        )
        if sure is not None:
            return sure
        bare = re.sub(r"[?#].*", "", name).rstrip("/")
        for folder in self.folders:
            for index in _INDEX_NAMES if bare else ():
                found = self.files.find(f"{bare}/{index}", folder=folder, suffixes=SUFFIXES)
                if isinstance(found, Found) and found.guessed in ("", "link", "suffix"):
                    return found
        return self.by_end(bare) or next((found for found in guesses if isinstance(found, Found)), guesses[0])

    def by_end(self, name: str) -> Found | None:
        """The only file whose path ends in `name`, when that has a folder in it: it lies under another one."""
        tail = re.sub(r"\A(?:\.{0,2}/)+", "", name)
        if "/" not in tail:
            return None
        tails = [f"{tail}{suffix}" for suffix in ("", *SUFFIXES)]
        same = [path for end in tails for path in self.by_name.get(basename(end), ()) if path.endswith(f"/{end}")]
        return Found(same[0], "name") if len(same) == 1 else None


def _names_lesson(name: str) -> bool:
    return re.sub(r"[?#].*", "", name).endswith((".ipynb", ".md", ".mdx"))


def _module_uid(group: Group, entries: list[Entry]) -> str:
    """A module is known by its title, else by its first lesson: its place may change."""
    return (f"toc:{group.title}" if group.title else f"toc:{entries[0].path}")[:200]
