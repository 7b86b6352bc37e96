"""What a Markdown source refers to: images, links, headings and anchors, as the renderer will meet them.

Reads with the renderer's own parser, so that what is resolved and what is shown are the same. What a reference leads
to is decided in `images.py` and `links.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it.token import Token

from courses.content.markdown import Parsed, RenderContext, heading_title, parse_markdown
from courses.content.textfiles import fence_after

_ATX = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<[!?].*?(?:>|\Z)", re.S)
_HEADING_ID = re.compile(r"\s*\{#([\w:.-]{1,100})\}\s*\Z")


@dataclass
class Heading:
    """A heading: its level from 1 to 6 and its text without marks."""

    level: int
    text: str


@dataclass
class References:
    """Everything found, in reading order, repetitions included. `anchors` are ids that the author set.

    `roles` are MyST's references by name (`{doc}`, `{ref}` …): a file or a label.
    """

    images: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


def find_references(source: str) -> References:
    """Read `source`: Markdown with HTML, formulas and directives. Never fails."""
    found = References()
    if not source.strip():
        return found
    context = RenderContext()
    parsed = parse_markdown(source, context)
    for index, token in enumerate(parsed.tokens):
        if token.type == "heading_open":
            _read_heading(token, parsed.tokens[index + 1], parsed, context, found)
        elif token.type == "target":
            found.anchors.append(token.content)
        elif token.type == "html_block":
            _read_html(token.content, found)
        elif token.type == "picture":
            found.images.append(str(token.attrs.get("src", "")))
        elif token.type == "figure_open" and "id" in token.attrs:
            found.anchors.append(str(token.attrs["id"]))
        elif token.type == "inline":
            for child in _walk(token.children or ()):
                _read_inline(child, found)
    return found


def first_heading(source: str) -> tuple[str, str]:
    """(text of the first heading, `source` without it); ("", source) when there is none."""
    lines = source.splitlines(keepends=True)
    fence = ""
    for index, line in enumerate(lines):
        fence = fence_after(line, fence)
        is_setext = index + 1 < len(lines) and line.strip() and _SETEXT.match(lines[index + 1].rstrip("\r\n"))
        if fence or not (_ATX.match(line.rstrip("\r\n")) or (is_setext and not line.lstrip().startswith((">", "-")))):
            continue
        length = 1 if _ATX.match(line.rstrip("\r\n")) else 2
        headings = find_references("".join(lines[index : index + length])).headings
        if headings:
            return headings[0].text, "".join(lines[:index] + lines[index + length :])
    return "", source


def _read_heading(token: Token, inline: Token, parsed: Parsed, context: RenderContext, found: References) -> None:
    named = _HEADING_ID.search(inline.content)
    if named:
        found.anchors.append(named[1])
    found.headings.append(Heading(int(token.tag[1]), heading_title(inline, parsed.formulas, context)))


def _read_inline(token: Token, found: References) -> None:
    if token.type == "link_open":
        found.links.append(str(token.attrs.get("href", "")))
    elif token.type == "image":
        found.images.append(str(token.attrs.get("src", "")))
    elif token.type == "reference":
        found.roles.append(str(token.meta["target"]))
    elif token.type == "html_inline":
        _read_html(token.content, found)


def _walk(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        # An image's children are its alt text: a link in there is not one.
        if token.children and token.type != "image":
            yield from _walk(token.children)


class _Page(HTMLParser):
    """Collects references from a piece of HTML; comments and unclosed tags do no harm."""

    def __init__(self, found: References) -> None:
        super().__init__(convert_charrefs=True)
        self._found = found
        self._heading: Heading | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value.strip() for name, value in attrs if value and value.strip()}
        if tag == "img" and "src" in values:
            self._found.images.append(values["src"])
        elif tag == "a" and "href" in values:
            self._found.links.append(values["href"])
        elif re.fullmatch("h[1-6]", tag):
            self._heading = Heading(int(tag[1]), "")
        if tag not in ("meta", "input", "iframe"):
            self._found.anchors.extend(values[name] for name in ("id", "name") if name in values)

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._heading.text += data

    def handle_endtag(self, tag: str) -> None:
        if self._heading is not None and re.fullmatch("h[1-6]", tag):
            self._heading.text = " ".join(self._heading.text.split())
            self._found.headings.append(self._heading)
            self._heading = None


def _read_html(content: str, found: References) -> None:
    page = _Page(found)
    # Comments hold no references, and open ones would cost Python's parser the square of their number.
    page.feed(_COMMENT.sub("", content))
    page.close()
