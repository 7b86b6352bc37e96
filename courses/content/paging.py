"""A long lesson as several pages: where they begin, and how links find the page that they lead to.

Most lessons are one page. One whose HTML would weigh too much is marked when it is published: each part and each
heading gets its "page", and a part that refers to another page "leads", so that a request only picks. Pure functions of
rendered parts. Knows no blocks' fields and no addresses but `?part=2`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from typing import Any
from urllib.parse import unquote

WHOLE_BYTES = 260_000
"""What a lesson may weigh on one page: with the site's own HTML around it, under 300 kB."""
PAGE_BYTES = 240_000
FORM_BYTES = 3_000
"""What the form of a judged block adds to its part."""
HEADING_BYTES = 120  # of an entry in "On this page", its words apart

Part = dict[str, Any]
Heading = dict[str, Any]

_BEGINS_WITH_HEADING = re.compile(r'<section class="block prose"[^<>]*>\s*(?:<span[^<>]*></span>\s*)*<h[1-4]\b')
_ID = re.compile(r' id="([^"<>]+)"')
_LINK = re.compile(r' href="#([^"<>]+)"')


@dataclass(frozen=True)
class LessonPage:
    """One page of a lesson. `number` counts from 1; `toc` are all headings of the lesson, `href` on each."""

    number: int
    total: int
    parts: list[Part]
    toc: list[Heading]

    @property
    def html(self) -> str:
        """The page's parts as they were published."""
        return "".join(part["html"] for part in self.parts)

    @property
    def next(self) -> int | None:
        """The number of the page after this one."""
        return self.number + 1 if self.number < self.total else None

    @property
    def previous(self) -> int | None:
        """The number of the page before this one."""
        return self.number - 1 if self.number > 1 else None


def page_ranges(parts: list[Part], toc: list[Heading]) -> list[range]:
    """Which parts each page has: all on one while that is light enough, else pages of about the same weight.

    A page begins with a heading where there is one at about the right place. A part is never divided: one that weighs
    more than a page has its own.
    """
    weights = [len(part["html"].encode()) + (FORM_BYTES if "prompt" in part else 0) for part in parts]
    contents = sum(HEADING_BYTES + 2 * len(heading["title"].encode()) for heading in toc)
    left = sum(weights)
    if left + contents <= WHOLE_BYTES:
        return [range(len(parts))]
    room = max(PAGE_BYTES // 2, PAGE_BYTES - contents)
    ranges: list[range] = []
    start = size = 0
    for index, weight in enumerate(weights):
        is_heading = _BEGINS_WITH_HEADING.match(parts[index]["html"]) is not None
        pages = _pages(left, room)
        # The goal is such that the last page is no scrap; a heading near it may come first, if no page is added by it.
        is_good = is_heading and size >= 0.9 * left / pages and _pages(left - size, room) < pages
        if size and (size + weight > room or (pages > 1 and is_good)):
            ranges.append(range(start, index))
            left -= size
            start, size = index, 0
        size += weight
    return [*ranges, range(start, len(parts))]


def _pages(weight: int, room: int) -> int:
    return max(1, -(-weight // room))


def paginate(parts: list[Part], toc: list[Heading]) -> tuple[list[Part], list[Heading]]:
    """The same parts and headings, marked with their "page" where there are several; equal ones where there is one."""
    ranges = page_ranges(parts, toc)
    if len(ranges) == 1:
        return parts, toc
    pages = [number for number, places in enumerate(ranges, 1) for _ in places]
    where: dict[str, int] = {}
    for part, page in zip(parts, pages, strict=True):
        for name in _ID.findall(part["html"]):
            where.setdefault(unescape(name), page)
    marked = []
    for part, page in zip(parts, pages, strict=True):
        found = {link: where.get(unquote(unescape(link)), page) for link in _LINK.findall(part["html"])}
        leads = {link: other for link, other in found.items() if other != page}
        marked.append({**part, "page": page, **({"leads": leads} if leads else {})})
    return marked, [{**heading, "page": where.get(heading["id"], 1)} for heading in toc]


def lesson_page(parts: list[Part], toc: list[Heading], *, part: str = "", at: str = "") -> LessonPage:
    """The page that a request asks for: by number, or with the id `at` on it. What is neither is the first page."""
    total = max((entry.get("page", 1) for entry in parts), default=1)
    number = int(part) if re.fullmatch(r"[0-9]{1,4}", part) else 0
    if not 1 <= number <= total:
        number = _page_with(parts, at) if at and total > 1 else 1
    here = [_with_leads(entry) for entry in parts if entry.get("page", 1) == number]
    return LessonPage(number, total, here, [_with_href(heading, number) for heading in toc])


def place_on_page(parts: list[Part], name: str) -> str:
    """The relative address of what has the id `name`: `#name`, or `?part=2#name` where it is on another page."""
    page = _page_with(parts, name) if parts and "page" in parts[0] else 1
    return f"#{name}" if page == 1 else f"?part={page}#{name}"


def _page_with(parts: Iterable[Part], name: str) -> int:
    wanted = f' id="{escape(name)}"'
    return next((part.get("page", 1) for part in parts if wanted in part["html"]), 1)


def _with_href(heading: Heading, number: int) -> Heading:
    page = heading.get("page", number)
    return {**heading, "href": f"#{heading['id']}" if page == number else f"?part={page}#{heading['id']}"}


def _with_leads(part: Part) -> Part:
    """The part with its links to other pages made to lead there, in its pieces too."""
    leads = part.get("leads")
    if not leads:
        return part

    def lead(found: re.Match[str]) -> str:
        return f' href="?part={leads[found[1]]}#{found[1]}"' if found[1] in leads else found[0]

    changed: Part = {name: _LINK.sub(lead, part[name]) for name in ("html", "prompt") if name in part}
    if "choices" in part:
        changed["choices"] = [{**choice, "html": _LINK.sub(lead, choice["html"])} for choice in part["choices"]]
    return {**part, **changed}
