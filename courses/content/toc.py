"""A book's table of contents as the order of a course: Jupyter Book's `_toc.yml` and MyST's `myst.yml`.

Both are read as groups of files, a group being a module. What they name and the folder lacks is listed, because books
are published with such gaps. Knows nothing of what the files hold.
"""

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import basename
from typing import Any

from courses.content.course_files import CourseFiles, Missing, folder_of, is_hidden
from courses.content.order import (
    SUFFIXES,
    Entry,
    ModulePlan,
    Outline,
    add_unlisted,
    course_readme,
    natural_key,
    notebooks_by_name,
    twin_of,
)
from courses.content.plain_yaml import YAMLRefused, load_yaml
from courses.content.report import Problem

MAX_ENTRIES = 5_000
_MAX_BYTES = 1_000_000
_CHILDREN = ("sections", "chapters", "entries", "children")
_GROUPS = ("parts", "subtrees")


@dataclass
class _Group:
    title: str | None = None
    files: list[tuple[str, str | None]] = field(default_factory=list)
    is_chapter: bool = False


def jupyter_book_outline(files: CourseFiles) -> Outline | None:
    """The order that `_toc.yml` gives, the one nearest to the root; None without one."""
    path = _nearest(files, "_toc.yml") or _nearest(files, "_toc.yaml")
    if path is None:
        return None
    outline = Outline(source=path)
    content = _load(files, path, outline)
    if content is None:
        return outline
    groups = list(_book_groups(content))
    config = _load(files, f"{folder_of(path)}/_config.yml".lstrip("/"), Outline())
    if isinstance(config, dict):
        outline.about = {
            "title": _text(config.get("title")),
            "summary": _text(config.get("description")),
            "authors": _names(config.get("author")),
        }
    return _resolved(outline, groups, files)


def myst_outline(files: CourseFiles) -> Outline | None:
    """The order that `myst.yml` gives in `project.toc`; None without one."""
    path = _nearest(files, "myst.yml")
    if path is None:
        return None
    outline = Outline(source=path)
    content = _load(files, path, outline)
    project = content.get("project") if isinstance(content, dict) else None
    if not isinstance(project, dict) or not isinstance(project.get("toc"), list):
        return outline if outline.faults else None
    outline.about = {
        "title": _text(project.get("title")),
        "summary": _text(project.get("description")),
        "authors": _names(project.get("authors") or project.get("author")),
        "licence": _licence(project.get("license")),
    }
    return _resolved(outline, list(_chapter_groups(project["toc"])), files)


def _nearest(files: CourseFiles, name: str) -> str | None:
    found = [path for path in files.sizes if basename(path) == name and not is_hidden(path) and "_build" not in path]
    return min(found, key=lambda path: (path.count("/"), path), default=None)


def _load(files: CourseFiles, path: str, outline: Outline) -> Any:
    if path not in files.sizes:
        return None
    try:
        content = load_yaml(files.read(path, max_bytes=_MAX_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError) as error:  # not UTF-8, too large, or refused YAML
        what = str(error) if isinstance(error, YAMLRefused) else f"cannot be read: {error}"
        outline.faults.append(Problem(path, what))
        return None
    if not isinstance(content, dict | list):
        outline.faults.append(Problem(path, "must hold a list or a mapping"))
        return None
    return content


def _book_groups(content: Any) -> Iterator[_Group]:
    """Groups of `_toc.yml`: a list (version 0), or a mapping with parts or chapters (version 1)."""
    if isinstance(content, list):
        yield from _old_groups(content)
        return
    first = _Group()
    if isinstance(content.get("root"), str):
        first.files.append((content["root"], _text(content.get("title"))))
    parts = next((content[key] for key in _GROUPS if isinstance(content.get(key), list)), None)
    if parts is not None:
        for part in parts:
            if not isinstance(part, dict):
                continue
            group = _Group(_text(part.get("caption") or part.get("title")), list(_files(_children(part))))
            if first.files and group.title is None:
                group.files[:0] = first.files
            elif first.files:
                yield first
            first = _Group()
            yield group
        return
    groups = list(_chapter_groups(_children(content)))
    if groups and not groups[0].is_chapter and first.files:
        groups[0].files[:0] = first.files
    else:
        yield first
    yield from groups


def _old_groups(content: list[Any]) -> Iterator[_Group]:
    """Version 0: a flat list in which `part:` or `header:` begins a new group."""
    group = _Group()
    for item in content:
        if not isinstance(item, dict):
            continue
        heading = item.get("part") or item.get("header")
        if heading is None:
            group.files.extend(_files([item]))
            continue
        yield group
        group = _Group(_text(heading), list(_files(_children(item))))
    yield group


def _chapter_groups(chapters: list[Any]) -> Iterator[_Group]:
    """A chapter with others below it is a module of its own; chapters without share one."""
    loose = _Group()
    for chapter in chapters:
        if isinstance(chapter, dict) and _children(chapter):
            if loose.files:
                yield loose
                loose = _Group()
            yield _Group(_text(chapter.get("title")), list(_files([chapter])), is_chapter=True)
        else:
            loose.files.extend(_files([chapter]))
    if loose.files:
        yield loose


def _children(item: dict[str, Any]) -> list[Any]:
    found: list[Any] = []
    for key in _CHILDREN:
        if isinstance(item.get(key), list):
            found.extend(item[key])
    for key in _GROUPS:
        for group in item[key] if isinstance(item.get(key), list) else ():
            found.extend(_children(group) if isinstance(group, dict) else [])
    return found


def _files(items: list[Any]) -> Iterator[tuple[str, str | None]]:
    """(file or pattern, title) of each entry and of those below it, in reading order."""
    for item in items:
        if isinstance(item, str):
            yield item, None
        if not isinstance(item, dict):
            continue
        file = item.get("file")
        url = item.get("url")
        if file is None and isinstance(url, str) and url.startswith("/") and not item.get("external"):
            file = url.lstrip("/")  # how the first Jupyter Books named their files
        if isinstance(file, str):
            yield file, _text(item.get("title"))
        for pattern in (item.get("glob"), item.get("pattern")):
            if isinstance(pattern, str):
                yield f"glob:{pattern}", None
        yield from _files(_children(item))


def _resolved(outline: Outline, groups: list[_Group], files: CourseFiles) -> Outline:
    """The groups' files found in the folder, each once; scripts replaced by their notebooks, which have outputs."""
    folder = files.base = folder_of(outline.source)
    notebooks = notebooks_by_name(files)
    taken: set[str] = set()
    count = 0
    for group in groups:
        entries: list[Entry] = []
        for name, title in group.files:
            count += 1
            for path in _paths(name, folder, files, outline):
                twin = twin_of(path, files, notebooks)
                if twin is not None:
                    outline.twins[path] = twin
                    path = twin
                if path not in taken and path != course_readme(files):
                    taken.add(path)
                    entries.append(Entry(path, title=title))
        if entries:
            uid = _module_uid(group, entries)
            outline.modules.append(ModulePlan(entries, group.title, uid, is_chapter=group.is_chapter))
    if count > MAX_ENTRIES:
        outline.faults.append(Problem(outline.source, f"has {count:,} entries; at most {MAX_ENTRIES:,} are read"))
    add_unlisted(outline, files)
    return outline


def _paths(name: str, folder: str, files: CourseFiles, outline: Outline) -> list[str]:
    if name.startswith("glob:"):
        pattern = f"{folder}/{name[5:]}".lstrip("/")
        matches = [path for path in files.sizes if fnmatch.fnmatchcase(path, pattern) and path.endswith(SUFFIXES)]
        return sorted(matches, key=natural_key)
    found = files.find(name, folder=folder, suffixes=SUFFIXES)
    if isinstance(found, Missing):
        outline.problems.append(Problem(outline.source, f"names {name[:200]!r}: {found.why}"))
        return []
    if not found.path.endswith(SUFFIXES):
        outline.problems.append(Problem(outline.source, f"names {name[:200]!r}, which is not a lesson's kind of file"))
        return []
    if found.guessed in ("case", "name"):
        outline.problems.append(Problem(outline.source, f"names {name[:200]!r}; {found.path!r} is taken"))
    return [found.path]


def _module_uid(group: _Group, entries: list[Entry]) -> str:
    """A module is known by its title, else by its first lesson: its place may change."""
    return (f"toc:{group.title}" if group.title else f"toc:{entries[0].path}")[:200]


def _text(value: Any) -> str | None:
    return " ".join(value.split()) if isinstance(value, str) and value.strip() else None


def _names(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    return [name.strip()[:200] for name in names if isinstance(name, str) and name.strip()][:50]


def _licence(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("content") or value.get("code")
    return _text(value)
