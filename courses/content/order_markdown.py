"""The order of a course as Markdown says it: mdBook's SUMMARY, docsify's sidebar, an index notebook, a README.

A page of contents is read as a list of items with their headings, depths and links; groups are made of those. The
links of a README or an index are a hint only: what they name must look like a lesson. Knows nothing of lessons' bodies.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import basename, join, normpath
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from courses.content.contents import Group, nearest, resolved
from courses.content.course_files import REMOTE, CourseFiles, Found, folder_of, is_hidden
from courses.content.lesson_drafts import title_from_words
from courses.content.notebook import NotebookRefused, read_notebook
from courses.content.order import SUFFIXES, Outline, course_readme

MAX_BYTES = 2_000_000
MAX_CONTENTS = 400_000
_MAX_MARKS = 20_000
_LEAST_LISTED = 2
_LEAST_LINKED = 3
_CONTENTS_TITLE = re.compile(r"(?:summary|(?:table of )?contents|toc|index|overview|оглавление|содержание)\W*", re.I)
_NO_TITLE = re.compile(
    r"(?:the |jupyter )?(?:lesson|notebook|link|here|code|open|view|colab|part|chapter)s?\W*\d*\W*", re.I
)
_HREF = re.compile(r"""<a\b[^>]{0,300}?\bhref\s{0,9}=\s{0,9}["']([^"']{1,500})["']""", re.I)
_OWN_SITE = re.compile(r"https?://[^/]+/(?:github/)?[^/]+/[^/]+/blob/[^/]+/(.+?)(?:[?#].*)?\Z")


@dataclass
class Item:
    """A line of a contents page. `depth` is 0 for a heading, 1 and more in lists and tables."""

    text: str
    depth: int
    links: list[tuple[str, str]] = field(default_factory=list)
    level: int = 0


# Whole files of contents


def summary_outline(files: CourseFiles) -> Outline | None:
    """The order that mdBook's (or GitBook's) `SUMMARY.md` gives, relative to itself."""
    return _listed_outline(files, nearest(files, "SUMMARY.md", depth=2))


def sidebar_outline(files: CourseFiles) -> Outline | None:
    """The order that docsify's `_sidebar.md` gives, relative to itself; `/` is the folder that it lies in."""
    return _listed_outline(files, nearest(files, "_sidebar.md", depth=1))


def _listed_outline(files: CourseFiles, path: str | None) -> Outline | None:
    text = text_of(files, path)
    if path is None or not text:
        return None
    groups = list(_list_groups(contents_items(text)))
    for group in groups:
        # docsify writes its home page as `/` and every other page from there.
        group.files = [(name if name.strip("/") else "README.md", title) for name, title in group.files]
    outline = Outline(source=path)
    return resolved(outline, groups, files, also=[folder_of(path)], least=_LEAST_LISTED)


def _list_groups(items: list[Item]) -> Iterator[Group]:
    """Headings begin modules; without them the entries of the highest level that have others below do."""
    parts = list(_heading_groups(items))
    if sum(1 for part in parts if part.title) > 0:
        yield from parts
        return
    entries = [item for item in items if item.depth]
    loose = Group()
    for place, item in enumerate(entries):
        below = entries[place + 1] if place + 1 < len(entries) else None
        if item.depth > 1:
            loose.files.extend(item.links)
        elif below is not None and below.depth > 1:
            if loose.files:
                yield loose
            loose = Group(item.text or None, list(item.links), is_chapter=bool(item.links))
        elif loose.title is not None:
            if loose.files:
                yield loose
            # An entry without a page and without others below is a caption of what follows.
            loose = Group(None, list(item.links)) if item.links else Group(item.text or None)
        elif not item.links and item.text:
            if loose.files:
                yield loose
            loose = Group(item.text)
        else:
            loose.files.extend(item.links)
    if loose.files:
        yield loose


def _heading_groups(items: list[Item]) -> Iterator[Group]:
    """One group a heading with links below; the page's own title names none."""
    group = Group()
    for place, item in enumerate(items):
        if not item.level:
            group.files.extend(item.links)
            continue
        if group.files:
            yield group
        is_own_title = _CONTENTS_TITLE.fullmatch(item.text) or (place == 0 and item.level == 1 and not item.links)
        group = Group(None if is_own_title else item.text or None, list(item.links))
    if group.files:
        yield group


# Pages that link to lessons


def index_outline(files: CourseFiles) -> Outline | None:
    """The order in which an `index.ipynb` links to other lessons; it comes first itself."""
    named = [path for path in files.sizes if path.casefold().endswith("index.ipynb") and not is_hidden(path)]
    path = min(
        (path for path in named if basename(path).casefold() == "index.ipynb" and path.count("/") <= 1),
        key=lambda path: (path.count("/"), path),
        default=None,
    )
    if path is None:
        return None
    try:
        notebook = read_notebook(files.read(path, max_bytes=MAX_BYTES))
    except (NotebookRefused, OSError, ValueError):
        return None  # reading it as a lesson will say what is wrong
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")[:MAX_CONTENTS]
    groups = _linked_groups(text, path, files)
    if groups and len(groups) == 1:
        groups[0].files[:0] = [(basename(path), None)]
    elif groups:
        groups.insert(0, Group(None, [(basename(path), None)]))
    return _linked_outline(path, groups, files, least=_LEAST_LINKED + 1)


def readme_outline(files: CourseFiles) -> Outline | None:
    """The order in which the README at the root lists lessons, in tables and lists."""
    path = course_readme(files)
    groups = _linked_groups(text_of(files, path), path, files) if path else []
    return _linked_outline(path, groups, files, least=_LEAST_LINKED) if path else None


def _linked_outline(path: str, groups: list[Group], files: CourseFiles, *, least: int) -> Outline | None:
    outline = Outline(source=path, is_binding=False)
    found = resolved(outline, groups, files, least=least) if groups else None
    if found is not None:
        for module in found.modules:
            for entry in module.entries:
                # The words of a link are a title only where the notebook has no better one: "lesson", "ch02.ipynb".
                entry.hint, entry.title = _title_hint(entry.title), None
    return found


def _linked_groups(text: str, path: str, files: CourseFiles) -> list[Group]:
    folder = folder_of(path)
    groups = [
        Group(group.title, [(_local(name, files), title) for name, title in group.files])
        for group in _heading_groups(contents_items(text))
    ]
    inside = [files.folder(name, folder=folder) for group in groups for name, _ in group.files]
    paths = [
        found.path
        for group in groups
        for name, _ in group.files
        if isinstance(found := files.find(name, folder=folder, suffixes=SUFFIXES), Found)
    ]
    whole = {place for place in inside if place and not any(path.startswith(f"{place}/") for path in paths)}
    for group in groups:
        group.files = [
            entry for entry in (_wanted(name, title, folder, whole, files) for name, title in group.files) if entry
        ]
    groups = [group for group in groups if group.files]
    if len(groups) > _LEAST_LINKED and sum(len(group.files) == 1 for group in groups) >= 0.75 * len(groups):
        return [Group(None, [entry for group in groups for entry in group.files])]  # a heading for each lesson
    if sum(1 for group in groups if any(_is_file(name, folder, files) for name, _ in group.files)) == 1:
        groups = [part for group in groups for part in _by_folder(group, folder, files)]
    return groups


def _wanted(
    name: str, title: str | None, folder: str, whole: set[str], files: CourseFiles
) -> tuple[str, str | None] | None:
    """A link as a reference: all lessons of a folder that is linked to as such, else the file that it names."""
    inside = files.folder(name, folder=folder)
    if inside is not None:
        below = inside.removeprefix(f"{folder}/") if folder else inside
        return (f"glob:{_glob_escaped(below)}/*", None) if inside in whole else None
    bare = re.sub(r"[?#].*", "", name)
    return (name, title) if bare.endswith(SUFFIXES) and not REMOTE.match(name) else None


def _title_hint(words: str | None) -> str | None:
    says_something = words and len(words) > 3 and not words.endswith(SUFFIXES) and not _NO_TITLE.fullmatch(words)
    return words if says_something else None


def _is_file(name: str, folder: str, files: CourseFiles) -> bool:
    return name.startswith("glob:") or isinstance(files.find(name, folder=folder, suffixes=SUFFIXES), Found)


def _by_folder(group: Group, folder: str, files: CourseFiles) -> list[Group]:
    """One list of links over several folders, each of which has its turn once: a module a folder."""
    runs: list[tuple[str, list[tuple[str, str | None]]]] = []
    for name, title in group.files:
        found = files.find(name, folder=folder, suffixes=SUFFIXES)
        path = found.path if isinstance(found, Found) else normpath(join(folder, name.removeprefix("glob:")))
        place = path.split("/")[0] if "/" in path else ""
        if not runs or runs[-1][0] != place:
            runs.append((place, []))
        runs[-1][1].append((name, title))
    places = [place for place, _ in runs]
    if (
        len(places) == 1
        or len(set(places)) < len(places)
        or all(len(entries) == 1 and not entries[0][0].startswith("glob:") for _, entries in runs)
    ):
        return [group]
    return [Group(title_from_words(place) if place else group.title, entries) for place, entries in runs]


def _glob_escaped(path: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", path)


def _local(name: str, files: CourseFiles) -> str:
    """A link to this course's own repository on a site for notebooks as the path that it means here."""
    found = _OWN_SITE.match(name)
    path = unquote(found[1]) if found else ""
    return f"/{path}" if path in files.sizes else name


# Reading Markdown


def contents_items(text: str) -> list[Item]:
    """The headings, list entries and table rows of a Markdown page, in order, with their links."""
    if text.count("[") > _MAX_MARKS:
        return []  # no page of contents; each opening bracket is looked for its end in all that follows
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    items: list[Item] = []
    depth = level = 0
    for token in tokens:
        if token.type in ("bullet_list_open", "ordered_list_open", "table_open"):
            depth += 1
        elif token.type in ("bullet_list_close", "ordered_list_close", "table_close"):
            depth -= 1
        elif token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type == "html_block":
            links = [(href, "") for href in _HREF.findall(token.content)]
            items += [Item("", max(depth, 1), links)] if "<t" in token.content or "<li" in token.content else []
        elif token.type == "inline":
            item = _item(token, depth, level)
            if level or depth or _is_made_of_links(item):
                item.depth = 0 if level else max(depth, 1)
                items.append(item)
    return items


def _item(token: Token, depth: int, level: int) -> Item:
    words: list[str] = []
    links: list[tuple[str, str]] = []
    href: str | None = None
    start = 0
    for child in token.children or ():
        if child.type == "link_open":
            href, start = str(child.attrGet("href") or ""), len(words)
        elif child.type == "link_close":
            if href:
                links.append((href, " ".join("".join(words[start:]).split())))
            href = None
        elif child.type == "html_inline":
            links += [(found, "") for found in _HREF.findall(child.content)]
        elif child.type in ("text", "code_inline"):
            words.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            words.append(" ")
    return Item(" ".join("".join(words).split()), depth, links, level)


def _is_made_of_links(item: Item) -> bool:
    """Whether a paragraph is a list of links rather than prose with a link in it."""
    linked = sum(len(text) for _, text in item.links)
    return bool(item.links) and linked >= 0.6 * len(item.text)


def text_of(files: CourseFiles, path: str | None) -> str:
    """The text at `path`, "" when it is no page of contents: absent, too large, not UTF-8."""
    if path is None:
        return ""
    try:
        return files.read(path, max_bytes=MAX_CONTENTS).decode("utf-8-sig")
    except (OSError, ValueError):
        return ""  # a page that cannot be read says no order; as a lesson it will be named
