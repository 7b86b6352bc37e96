"""The order of a course in fences called `toc` (d2l) or `{toctree}` (Sphinx): an index names files, which name others.

Only the fences are read, not the text around them. Knows nothing of lessons' bodies.
"""

import re
from collections.abc import Iterator
from posixpath import basename, join, normpath, splitext

from courses.content.contents import Group, resolved
from courses.content.course_files import REMOTE, CourseFiles, Found, folder_of, is_hidden
from courses.content.order import SUFFIXES, Outline
from courses.content.order_markdown import text_of

_MAX_FILES, _MAX_DEPTH, _MAX_LINE = 2_000, 20, 1_000
_LEAST_LISTED = 2
_TOC_OPEN = re.compile(r" {0,3}(`{3,}|:{3,}|~{3,})\s*(?:toc|\{toctree\})\s*\Z")
_TITLED = re.compile(r"(.*\S)\s*<([^<>]+)>\s*\Z")


def fenced_outline(files: CourseFiles) -> Outline | None:
    """The order that ```` ```toc ```` (d2l) or `{toctree}` (Sphinx) fences in an index give, and in files they name."""
    indexes = [path for path in files.sizes if basename(path) == "index.md" and path.count("/") <= 2]
    for path in sorted(indexes, key=lambda path: (path.count("/"), path)):
        if is_hidden(path) or "_build" in path or not (entries := toc_entries(text_of(files, path))):
            continue
        groups = list(_fence_groups(entries, path, files))
        return resolved(Outline(source=path), groups, files, least=_LEAST_LISTED)
    return None


def toc_entries(text: str) -> list[tuple[str, str | None]]:
    """(name, title or None) of each line in the `toc` fences of a text, without their options."""
    entries: list[tuple[str, str | None]] = []
    fence = ""
    for line in text.splitlines():
        if not fence:
            opening = _TOC_OPEN.match(line)
            fence = opening[1] if opening else ""
            continue
        name = line.strip()[:_MAX_LINE]
        if name.startswith(fence):
            fence = ""
        elif name and not name.startswith(":"):
            titled = _TITLED.match(name)
            entries.append((titled[2], titled[1]) if titled else (name, None))
    return entries


def _fence_groups(entries: list[tuple[str, str | None]], index: str, files: CourseFiles) -> Iterator[Group]:
    """A file that has a `toc` of its own is a chapter, with all that is below it; the others share a module."""
    walker = _Walker(files, folder_of(index), {index})
    loose = Group()
    for name, title in entries:
        below = walker.below(name, folder_of(index))
        if below:
            if loose.files:
                yield loose
                loose = Group()
            yield Group(title, [(walker.reference(name, folder_of(index)), title), *below], is_chapter=True)
        else:
            loose.files.append((walker.reference(name, folder_of(index)), title))
    if loose.files:
        yield loose


class _Walker:
    """Follows `toc` fences from file to file, each file once."""

    def __init__(self, files: CourseFiles, base: str, seen: set[str]) -> None:
        self.files = files
        self.base = base
        self.seen = seen

    def reference(self, name: str, folder: str) -> str:
        """`name`, written in `folder`, as it is written at the base."""
        if name.startswith("/") or REMOTE.match(name):
            return name
        inside = folder.removeprefix(self.base).lstrip("/")
        path = normpath(join(inside, name))
        return f"glob:{path}" if "*" in path else path

    def below(self, name: str, folder: str, depth: int = 1) -> list[tuple[str, str | None]]:
        """The entries of the fences in the file that `name` means, and of those in the files they name."""
        found = self.files.find(name, folder=folder, suffixes=SUFFIXES)
        if not isinstance(found, Found) or found.path in self.seen or len(self.seen) > _MAX_FILES:
            return []
        if depth > _MAX_DEPTH:
            return []
        self.seen.add(found.path)
        if splitext(found.path)[1] != ".md":
            return []
        here = folder_of(found.path)
        entries: list[tuple[str, str | None]] = []
        for inner, title in toc_entries(text_of(self.files, found.path)):
            entries.append((self.reference(inner, here), title))
            entries += self.below(inner, here, depth + 1)
        return entries
