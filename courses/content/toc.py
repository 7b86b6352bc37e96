"""A book's table of contents as the order of a course: Jupyter Book's `_toc.yml` and MyST's `myst.yml`.

Both are read as groups of files, a group being a module. What they name and the folder lacks is listed, because books
are published with such gaps. Knows nothing of what the files hold.
"""

from collections.abc import Iterator
from typing import Any

from courses.content.contents import Group, nearest, resolved
from courses.content.course_files import CourseFiles, folder_of
from courses.content.order import Outline
from courses.content.plain_yaml import YAMLRefused, load_yaml
from courses.content.report import Problem

_MAX_BYTES = 1_000_000
_CHILDREN = ("sections", "chapters", "entries", "children")
_GROUPS = ("parts", "subtrees")


def jupyter_book_outline(files: CourseFiles) -> Outline | None:
    """The order that `_toc.yml` gives, the one nearest to the root; None without one."""
    path = nearest(files, "_toc.yml") or nearest(files, "_toc.yaml")
    if path is None:
        return None
    outline = Outline(source=path)
    content = load_order_file(files, path, outline)
    if content is None:
        return outline
    groups = list(_book_groups(content))
    config = load_order_file(files, f"{folder_of(path)}/_config.yml".lstrip("/"), Outline())
    if isinstance(config, dict):
        outline.about = {
            "title": one_line(config.get("title")),
            "summary": one_line(config.get("description")),
            "authors": _names(config.get("author")),
        }
    return resolved(outline, groups, files)


def myst_outline(files: CourseFiles) -> Outline | None:
    """The order that `myst.yml` gives in `project.toc`; None without one."""
    path = nearest(files, "myst.yml")
    if path is None:
        return None
    outline = Outline(source=path)
    content = load_order_file(files, path, outline)
    project = content.get("project") if isinstance(content, dict) else None
    if not isinstance(project, dict) or not isinstance(project.get("toc"), list):
        return outline if outline.faults else None
    outline.about = {
        "title": one_line(project.get("title")),
        "summary": one_line(project.get("description")),
        "authors": _names(project.get("authors") or project.get("author")),
        "licence": licence_of(project.get("license")),
    }
    return resolved(outline, list(_chapter_groups(project["toc"])), files)


def load_order_file(files: CourseFiles, path: str, outline: Outline) -> Any:
    """The list or mapping that the YAML file at `path` holds; None when there is none, and a fault when it is bad."""
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


def _book_groups(content: Any) -> Iterator[Group]:
    """Groups of `_toc.yml`: a list (version 0), or a mapping with parts or chapters (version 1)."""
    if isinstance(content, list):
        yield from _old_groups(content)
        return
    first = Group()
    if isinstance(content.get("root"), str):
        first.files.append((content["root"], one_line(content.get("title"))))
    parts = next((content[key] for key in _GROUPS if isinstance(content.get(key), list)), None)
    if parts is not None:
        for part in parts:
            if not isinstance(part, dict):
                continue
            group = Group(one_line(part.get("caption") or part.get("title")), list(_files(_children(part))))
            if first.files and group.title is None:
                group.files[:0] = first.files
            elif first.files:
                yield first
            first = Group()
            yield group
        return
    groups = list(_chapter_groups(_children(content)))
    if groups and not groups[0].is_chapter and first.files:
        groups[0].files[:0] = first.files
    else:
        yield first
    yield from groups


def _old_groups(content: list[Any]) -> Iterator[Group]:
    """Version 0: a flat list in which `part:` or `header:` begins a new group."""
    group = Group()
    for item in content:
        if not isinstance(item, dict):
            continue
        heading = item.get("part") or item.get("header")
        if heading is None:
            group.files.extend(_files([item]))
            continue
        yield group
        group = Group(one_line(heading), list(_files(_children(item))))
    yield group


def _chapter_groups(chapters: list[Any]) -> Iterator[Group]:
    """A chapter with others below it is a module of its own; chapters without share one."""
    loose = Group()
    for chapter in chapters:
        if isinstance(chapter, dict) and _children(chapter):
            if loose.files:
                yield loose
                loose = Group()
            yield Group(one_line(chapter.get("title")), list(_files([chapter])), is_chapter=True)
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
            yield file, one_line(item.get("title"))
        for pattern in (item.get("glob"), item.get("pattern")):
            if isinstance(pattern, str):
                yield f"glob:{pattern}", None
        yield from _files(_children(item))


def one_line(value: Any) -> str | None:
    """`value` when it is text that says something, without line breaks."""
    return " ".join(value.split()) if isinstance(value, str) and value.strip() else None


def _names(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    names = [item.get("name") if isinstance(item, dict) else item for item in items]
    return [name.strip()[:200] for name in names if isinstance(name, str) and name.strip()][:50]


def licence_of(value: Any) -> str | None:
    """A licence's name, given as text or as a mapping."""
    if isinstance(value, dict):
        value = value.get("content") or value.get("code")
    return one_line(value)
