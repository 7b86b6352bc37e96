"""Which file says a course's order, and the order that YAML files give: Hugging Face, mkdocs, Carpentries.

`find_outline` holds the rule of precedence that docs/course-format.md states. Each reader makes groups of names out of
one format; `contents` finds their files. Knows nothing of what lessons hold.
"""

import re
from collections.abc import Iterator, Sequence
from posixpath import join, normpath
from typing import Any

from courses.content.contents import Group, nearest, resolved
from courses.content.course_files import CourseFiles, folder_of
from courses.content.order import Outline, is_lesson_name, natural_key, natural_outline
from courses.content.order_fences import fenced_outline
from courses.content.order_markdown import (
    index_outline,
    readme_outline,
    sidebar_outline,
    summary_outline,
)
from courses.content.plain_yaml import YAMLRefused, load_yaml
from courses.content.report import Problem
from courses.content.toc import jupyter_book_outline, licence_of, load_order_file, myst_outline, one_line

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 3
_TOP_KEY = re.compile(r"(?:\A|(?<=\n))(?=[^\s#-])")


def find_outline(files: CourseFiles) -> Outline:
    """The course's order, of a folder without modules in `course.toml`; names decide where no file does."""
    notes: list[Problem] = []
    for read in (
        jupyter_book_outline,
        myst_outline,
        toctree_outline,
        mkdocs_outline,
        fenced_outline,
        carpentries_outline,
        quarto_outline,
        summary_outline,
        sidebar_outline,
        index_outline,
        readme_outline,
    ):
        outline = read(files)
        if outline is None:
            continue
        if outline.modules or outline.faults:
            outline.problems[:0] = notes
            return outline
        # It is an order file, but one of something else: what it lacks is listed, and the next one is asked.
        notes += [*outline.problems[:20], Problem(outline.source, "names no lesson of this folder and is passed over")]
    outline = natural_outline(files)
    outline.problems[:0] = notes
    return outline


def toctree_outline(files: CourseFiles) -> Outline | None:
    """The order that Hugging Face's `_toctree.yml` gives: parts with `sections` of `local:` and `title:`."""
    path = nearest(files, "_toctree.yml", depth=_MAX_DEPTH)
    if path is None:
        return None
    outline = Outline(source=path)
    content = load_order_file(files, path, outline)
    if not isinstance(content, list):
        return outline if outline.faults else None
    return _found(outline, list(_toctree_groups(content)), files)


def _toctree_groups(items: list[Any]) -> Iterator[Group]:
    loose = Group()
    for item in items:
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("sections"), list):
            if loose.files:
                yield loose
                loose = Group()
            yield Group(one_line(item.get("title")), list(_toctree_files([item])))
        else:
            loose.files.extend(_toctree_files([item]))
    if loose.files:
        yield loose


def _toctree_files(items: list[Any]) -> Iterator[tuple[str, str | None]]:
    for item in items:
        if not isinstance(item, dict):
            continue
        if isinstance(item.get("local"), str):
            # A section's own page has the section's title already.
            yield item["local"], None if isinstance(item.get("sections"), list) else one_line(item.get("title"))
        if isinstance(item.get("sections"), list):
            yield from _toctree_files(item["sections"])


def mkdocs_outline(files: CourseFiles) -> Outline | None:
    """The order that `nav` in `mkdocs.yml` gives; names are relative to its `docs_dir`, else to its own folder."""
    path = nearest(files, "mkdocs.yml", depth=1) or nearest(files, "mkdocs.yaml", depth=1)
    if path is None:
        return None
    outline = Outline(source=path)
    content = _top_level(files, path, ("nav", "docs_dir", "site_name", "site_description", "site_author"), outline)
    if not isinstance(content.get("nav"), list):
        return outline if outline.problems else None
    outline.about = {
        "title": one_line(content.get("site_name")),
        "summary": one_line(content.get("site_description")),
        "authors": [author] if (author := one_line(content.get("site_author"))) else [],
    }
    here = folder_of(path)
    docs = normpath(join(here, one_line(content.get("docs_dir")) or "docs"))
    inside = "" if docs.startswith("..") or docs == "." else docs.lstrip("/")
    return _found(outline, list(_nav_groups(content["nav"])), files, folder=inside, also=[here])


def _nav_groups(items: list[Any]) -> Iterator[Group]:
    """Each section of the highest level is a module; a section that is alone there gives way to its own sections."""
    sections = [value for item in items if isinstance(item, dict) for value in item.values() if isinstance(value, list)]
    if len(items) == 1 and len(sections) == 1 and any(_is_section(item) for item in sections[0]):
        yield from _nav_groups(sections[0])
        return
    loose = Group()
    for item in items:
        for title, value in item.items() if isinstance(item, dict) else ((None, item),):
            if not isinstance(value, list):
                loose.files.extend(_nav_files(value, title))
                continue
            if loose.files:
                yield loose
                loose = Group()
            yield Group(one_line(title), list(_nav_files(value, None)))
    if loose.files:
        yield loose


def _is_section(item: Any) -> bool:
    return isinstance(item, dict) and any(isinstance(value, list) for value in item.values())


def _nav_files(value: Any, title: str | None) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, str):
        yield (f"glob:{value}" if "*" in value else value), one_line(title)
    elif isinstance(value, list):
        for item in value:
            yield from _nav_files(item, None)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _nav_files(item, name)


def carpentries_outline(files: CourseFiles) -> Outline | None:
    """The order that `episodes:` in a Carpentries lesson's `config.yaml` gives; pages for instructors are not in it.

    Its older form, for Jekyll, is `episode_order:` in `_config.yml`, or the names in `_episodes/`.
    """
    path = next((name for name in ("config.yaml", "config.yml", "_config.yml") if name in files.sizes), None)
    if path is None:
        return None
    outline = Outline(source=path)
    keys = ("episodes", "episode_order", "title", "license", "carpentry", "lang")
    content = _top_level(files, path, keys, outline)
    if path == "_config.yml":
        is_lesson = "_episodes" in files.folders and ("episode_order" in content or "carpentry" in content)
        content = {**content, "episodes": content.get("episode_order")} if is_lesson else {}
    if "episodes" not in content:
        return None
    folder = next((name for name in ("episodes", "_episodes") if name in files.folders), "")
    episodes = content["episodes"]
    if not isinstance(episodes, list) or not episodes:
        # Without a list the episodes come by their names.
        inside = [name for name in files.sizes if folder and folder_of(name) == folder and is_lesson_name(name)]
        episodes = [name.removeprefix(f"{folder}/") for name in sorted(inside, key=natural_key)]
    outline.about = {"title": one_line(content.get("title")), "licence": licence_of(content.get("license"))}
    language = one_line(content.get("lang"))
    if language and re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?", language):
        outline.about["language"] = language
    group = Group(files=[(name, None) for name in episodes if isinstance(name, str)])
    return _found(outline, [group], files, folder=folder, also=[""])


def quarto_outline(files: CourseFiles) -> Outline | None:
    """The order that `chapters:` in a Quarto book's `_quarto.yml` gives, or `rmd_files:` in a bookdown's."""
    path = nearest(files, "_quarto.yml", depth=1) or nearest(files, "_bookdown.yml", depth=1)
    if path is None:
        return None
    outline = Outline(source=path)
    content = _top_level(files, path, ("book", "rmd_files"), outline)
    book = content.get("book")
    book = book if isinstance(book, dict) else {"chapters": content.get("rmd_files")}
    if not isinstance(book.get("chapters"), list):
        return None
    outline.about = {"title": one_line(book.get("title"))}
    groups: list[Group] = [Group()]
    for item in book["chapters"]:
        if isinstance(item, dict) and isinstance(item.get("chapters"), list):
            part = one_line(item.get("part"))
            is_page = bool(part) and str(part).endswith((".qmd", ".Rmd", ".md"))
            groups.append(Group(None if is_page else part, [(str(part), None)] if is_page else [], is_chapter=is_page))
            groups[-1].files += [(name, None) for name in item["chapters"] if isinstance(name, str)]
        elif isinstance(item, str | dict):
            name = item if isinstance(item, str) else one_line(item.get("href") or item.get("file"))
            groups[-1].files += [(name, None)] if name else []
    return _found(outline, groups, files)


def _found(
    outline: Outline,
    groups: list[Group],
    files: CourseFiles,
    *,
    folder: str | None = None,
    also: Sequence[str] = (),
) -> Outline:
    """The groups resolved; an outline without modules when none of their files is here."""
    return resolved(outline, groups, files, folder=folder, also=also, least=1) or outline


def _top_level(files: CourseFiles, path: str, keys: tuple[str, ...], outline: Outline) -> dict[str, Any]:
    """The values of `keys` at the top of a YAML file; whatever else it holds (aliases, tags, errors) is not read."""
    try:
        text = files.read(path, max_bytes=_MAX_BYTES).decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, ValueError) as error:
        outline.problems.append(Problem(path, f"cannot be read: {error}"))
        return {}
    content: dict[str, Any] = {}
    for part in _TOP_KEY.split(text):
        if not part.startswith(tuple(f"{key}:" for key in keys)):
            continue
        try:
            value = load_yaml(part, any_tag=True)
        except YAMLRefused as error:
            outline.problems.append(Problem(path, f"{part.partition(':')[0]}: {error}"))
            continue
        content |= value if isinstance(value, dict) else {}
    return content
