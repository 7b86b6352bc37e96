"""Fences in any Markdown dialect, line by line: code, MyST directives with backticks or colons, pandoc's divs.

One walk serves all: a code fence hides what is in it, a directive or a div lets one look inside. Knows no meaning of
names beyond that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_OPEN = 100

_PREFIX = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?[ \t>]*")
_FENCE = re.compile(r"(`{3,}|~{3,}|:{3,})[ \t]*(.*?)[ \t]*\r?\n?\Z")
_DIRECTIVE = re.compile(r"\{([A-Za-z][\w:+.-]{0,60})\}[ \t]*(.*)\Z")
_DIV = re.compile(r"(?:([A-Za-z][\w-]{0,60})|\{[ \t]*[^}]*?\.([A-Za-z][\w-]{0,60})[^}]*\})[ \t:]*\Z")
_OPAQUE = frozenset(
    {
        "code",
        "code-block",
        "code-cell",
        "raw-cell",
        "sourcecode",
        "math",
        "raw",
        "literalinclude",
        "mermaid",
        "eval-rst",
    }
    | {"prompt", "doctest", "parsed-literal", "literal", "ipython", "jupyter-execute", "quiz"}
)
_OPTION = re.compile(r"[ \t]*:([\w-]{1,40}):(?:[ \t]+(.*?))?[ \t]*\Z")


@dataclass
class Opening:
    """An open fence: its mark, its directive's or div's `name` in lower case ("" for code), and its argument."""

    mark: str
    name: str = ""
    argument: str = ""
    is_div: bool = False
    is_opaque: bool = False


@dataclass
class Fences:
    """What is open after the lines that were fed."""

    stack: list[Opening] = field(default_factory=list)

    def feed(self, line: str) -> Opening | None:
        """Take one line in; the fence that it opens, if it does."""
        found = _FENCE.match(_PREFIX.sub("", line, count=1))
        if not found:
            return None
        mark, info = found[1], found[2]
        if self.stack and self.stack[-1].is_opaque:
            if not info and _closes(mark, self.stack[-1]):
                self.stack.pop()
            return None
        if not info:
            return self._bare(mark)
        if mark[0] == "`" and "`" in info:
            return None
        opening = _opening(mark, info) if len(self.stack) < MAX_OPEN else None
        if opening is not None:
            self.stack.append(opening)
        return opening

    def _bare(self, mark: str) -> Opening | None:
        for depth in range(len(self.stack) - 1, -1, -1):
            if _closes(mark, self.stack[depth]):
                del self.stack[depth:]
                return None
        if mark[0] == ":":
            return None
        self.stack.append(Opening(mark, is_opaque=True))
        return self.stack[-1]


def _closes(mark: str, opening: Opening) -> bool:
    # A div is closed by any colons, as in pandoc; everything else by a mark at least as long as its own.
    return mark[0] == opening.mark[0] and (opening.is_div or len(mark) >= len(opening.mark))


def _opening(mark: str, info: str) -> Opening | None:
    directive = _DIRECTIVE.match(info)
    if directive:
        name = directive[1].lower()
        return Opening(mark, name, directive[2].strip().rstrip(":").strip(), is_opaque=name in _OPAQUE)
    if mark[0] != ":":
        return Opening(mark, is_opaque=True)
    div = _DIV.match(info)
    if div:
        return Opening(mark, (div[1] or div[2]).lower(), is_div=True)
    words = info.strip(": ").split(None, 1)
    return Opening(mark, words[0].lower(), words[1] if len(words) > 1 else "", is_div=True) if words else None


@dataclass
class Fenced:
    """A fence that stands at the top level of a text: lines `start` to `end` (exclusive), its body between."""

    opening: Opening
    start: int
    end: int
    body: str
    options: dict[str, str]
    is_closed: bool


def top_fences(lines: list[str]) -> Iterator[Fenced]:
    """The directives and divs at the top level, in order; code fences and quoted ones are passed over."""
    fences = Fences()
    start, opening = 0, None
    for index, line in enumerate(lines):
        was_open = bool(fences.stack)
        opened = fences.feed(line)
        if opened is not None and not was_open:
            start, opening = index, opened
        if opening is not None and not fences.stack:
            if opening.name and lines[start].lstrip(" \t")[:1] in "`~:":
                yield _fenced(lines, opening, start, index + 1, closed=True)
            opening = None
    if opening is not None and opening.name:
        yield _fenced(lines, opening, start, len(lines), closed=False)


def _fenced(lines: list[str], opening: Opening, start: int, end: int, *, closed: bool) -> Fenced:
    inner = lines[start + 1 : end - 1 if closed else end]
    indent = len(lines[start]) - len(lines[start].lstrip(" \t"))
    inner = [line[min(indent, len(line) - len(line.lstrip(" \t"))) :] for line in inner]
    options: dict[str, str] = {}
    first = 0
    if not opening.is_div:
        options, first = directive_options(inner)
    return Fenced(opening, start, end, "".join(inner[first:]), options, closed)


def directive_options(lines: list[str]) -> tuple[dict[str, str], int]:
    """The `:name: value` lines (or the block between `---` lines) at the top, and how many lines they take."""
    options: dict[str, str] = {}
    bare = [line.strip() for line in lines]
    if bare and bare[0] == "---" and "---" in bare[1:]:
        end = bare.index("---", 1)
        for line in bare[1:end]:
            name, _, value = line.partition(":")
            options[name.strip()] = value.strip().strip("\"'")
        return options, end + 1
    index = 0
    while index < len(lines) and (found := _OPTION.match(lines[index].rstrip("\r\n"))):
        options[found[1]] = found[2] or ""
        index += 1
    return options, index


def code_lines(lines: list[str]) -> list[bool]:
    """For each line whether it stands in a code fence or is one of its marks."""
    fences = Fences()
    inside = []
    for line in lines:
        before = bool(fences.stack) and fences.stack[-1].is_opaque
        fences.feed(line)
        inside.append(before or (bool(fences.stack) and fences.stack[-1].is_opaque))
    return inside
