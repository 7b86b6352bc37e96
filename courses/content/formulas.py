r"""Finding formulas in a Markdown source before Markdown reads it, because it takes `_`, `\\`, `*`, `|` for its own.

Owns what is a formula and what is not (money, shell variables, code). `protect` replaces each by a placeholder of two
characters that no text may contain around a number; `markdown.py` puts the formula back. Knows no TeX beyond
delimiters: `mathematics.py` reads what is inside.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

OPEN, CLOSE = "\ufdd0", "\ufdd1"  # Unicode noncharacters: never in exchanged text, removed from sources
PLACEHOLDER = re.compile(f"{OPEN}(\\d+){CLOSE}")
MAX_INLINE = 4_000
MAX_DISPLAY = 40_000

_START = re.compile(
    r"(?P<fence>(?m:^)(?P<prefix>[ \t]*(?:(?:>|[-+*]|\d{1,9}[.)])[ \t]*)*)(?P<fence_mark>`{3,}|~{3,})(?P<info>[^\n]*))"
    r"|(?P<role>(?:\{(?P<role_name>math|eq)\}|:eqref:)(?P<role_ticks>`+))"
    r"|(?P<ticks>`+)"
    r"|(?P<comment><!--)"
    r"|(?P<raw><(?P<raw_name>script|style|pre|code|textarea|svg|math)\b)"
    r"|(?P<tag></?[A-Za-z][\w:-]*(?:\s[^<>]{0,4000})?/?>|<https?://[^\s<>]+>)"
    r"|(?P<target>\]\((?=\S{0,2000}\))[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"|(?P<environment>\\begin\s*\{(?P<name>[A-Za-z]+\*?)\})"
    r"|(?P<reference>\\(?:eq)?ref\{(?P<label>[^{}\n]{1,200})\})"
    r"|(?P<bracket>\\{1,2}[\[(])"
    r"|(?P<escape>\\.)"
    r"|(?P<dollars>\${1,2})",
    re.DOTALL | re.IGNORECASE,
)
_LABEL_AFTER = re.compile(r"[ \t]*(?:\(([A-Za-z][\w:.-]{0,100})\)|\n?[ \t]*:eqlabel:`([^`\n]{1,100})`)[ \t]*(?=\n|\Z)")
_PROSE = re.compile(r"[^\W\d_]{2,}[,.;:]?\s+[^\W\d_]{2,}")
_MATHY = re.compile(r"[\\^_={}<>|+*/-]")
_QUOTE = re.compile(r"(?m)^[ \t]*((?:>[ \t]?)+)")


@dataclass(frozen=True)
class Formula:
    r"""One formula as written. `source` holds its delimiters; `label` is MyST's, behind the formula.

    `kind` is "inline", "display" or "reference" (an `\eqref` or `{eq}` in the text, `tex` being the label).
    """

    tex: str
    kind: str
    source: str
    label: str | None = None


@dataclass
class Protected:
    """A source whose formulas are placeholders, numbered on from `formulas` that were there before."""

    text: str
    formulas: list[Formula] = field(default_factory=list)


def protect(source: str, formulas: list[Formula] | None = None) -> Protected:
    """Replace the formulas of `source`; those of `formulas` keep their numbers, so parts can be read one by one."""
    found = [] if formulas is None else formulas
    return Protected(_Scan(source, found).run(), found)


def without_placeholders(source: str) -> str:
    """A source from outside, in which our two characters mean nothing."""
    if OPEN in source or CLOSE in source:
        source = source.replace(OPEN, "").replace(CLOSE, "")
    return source


def restore(text: str, formulas: list[Formula]) -> str:
    """The source again where a placeholder got into code or an attribute."""
    return PLACEHOLDER.sub(lambda found: formulas[int(found[1])].source, text) if OPEN in text else text


class _Scan:
    """One pass over a source from left to right; whatever starts first wins, as in TeX and in Markdown."""

    def __init__(self, source: str, formulas: list[Formula]) -> None:
        self.source = source
        self.formulas = formulas
        self.parts: list[str] = []
        self.copied = 0
        # Where there is no closing mark after a position, there is none after a later one: keeps the scan linear.
        self.no_more: dict[str, int] = {}
        self.paragraph = (0, -1)
        # Steps left for reading inside formulas: text made to be read again and again ends as plain text.
        self.budget = 50_000 + 4 * len(source)

    def run(self) -> str:
        if not re.search(r"[$\\]|\{(?:math|eq)\}|:eqref:", self.source):
            return self.source
        position = 0
        while found := _START.search(self.source, position):
            position = self._step(found)
        self.parts.append(self.source[self.copied :])
        return "".join(self.parts)

    def _step(self, found: re.Match[str]) -> int:
        """Handle one start; returns where to go on."""
        if found["dollars"]:
            return self._dollars(found)
        if found["escape"] or found["tag"] or found["target"]:
            return found.end()
        if found["ticks"]:
            return self._code_span(found.start(), found.end())
        if found["fence"] is not None:
            return self._fence(found)
        if found["role"]:
            return self._role(found)
        if found["comment"]:
            return self._after("-->", found.end())
        if found["raw"]:
            return self._after(f"</{found['raw_name'].lower()}", found.end())
        if found["environment"]:
            return self._environment(found)
        if found["reference"]:
            self._put(found.start(), found.end(), found["label"], "reference")
            return found.end()
        return self._bracket(found)

    def _after(self, mark: str, position: int) -> int:
        """Behind the next `mark`, or just on when there is none."""
        end = self._find(mark, position)
        return position if end < 0 else end + len(mark)

    def _find(self, mark: str, position: int) -> int:
        if position >= self.no_more.get(mark, len(self.source) + 1):
            return -1
        end = self.source.find(mark, position)
        if end < 0:
            self.no_more[mark] = position
        return end

    def _blank_line(self, position: int) -> int:
        """Where the paragraph that holds `position` ends (a quote's empty line ends it too)."""
        start, end = self.paragraph
        if not start <= position <= end:
            found = _BLANK.search(self.source, position)
            end = found.start() if found else len(self.source)
            self.paragraph = (position, end)
        return end

    def _marks(self, pattern: re.Pattern[str], start: int, limit: int) -> Iterator[re.Match[str]]:
        for mark in pattern.finditer(self.source, start, limit):
            self.budget -= 1
            if self.budget < 0:
                return
            yield mark

    def _fence(self, found: re.Match[str]) -> int:
        mark = found["fence_mark"]
        if mark[0] == "`" and "`" in found["info"]:
            start = found.start("fence_mark")
            return self._code_span(start, start + len(mark))
        closing = re.compile(rf"(?m)^[ \t>]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
        end = closing.search(self.source, found.end())
        return end.end() if end else len(self.source)

    def _code_span(self, start: int, after: int) -> int:
        ticks = after - start
        limit = self._blank_line(after)
        for run in self._marks(_TICKS, after, limit):
            if len(run[0]) == ticks:
                return run.end()
        return after

    def _role(self, found: re.Match[str]) -> int:
        start, ticks = found.end(), found["role_ticks"]
        end = self.source.find(ticks, start, self._blank_line(start))
        if end < 0:
            return start
        kind = "inline" if (found["role_name"] or "").lower() == "math" else "reference"
        self._put(found.start(), end + len(ticks), self.source[start:end], kind)
        return end + len(ticks)

    def _environment(self, found: re.Match[str]) -> int:
        name, depth = re.escape(found["name"]), 1
        limit = min(len(self.source), found.start() + MAX_DISPLAY)
        for mark in self._marks(re.compile(rf"\\(begin|end)\s*\{{{name}\}}"), found.end(), limit):
            depth += 1 if mark[1] == "begin" else -1
            if depth == 0:
                end = mark.end()
                self._put(found.start(), end, self.source[found.start() : end], "display")
                return end
        return found.end()

    def _bracket(self, found: re.Match[str]) -> int:
        slashes, opener = found[0][:-1], found[0][-1]
        closer = slashes + ("]" if opener == "[" else ")")
        start = found.end()
        limit = min(self._blank_line(start), start + MAX_INLINE)
        end = self.source.find(closer, start, limit)
        while len(slashes) == 1 and end > 0 and self.source[end - 1] == "\\":
            end = self.source.find(closer, end + 1, limit)
        content = self.source[start:end]
        # "\[1\]" and "\(see\)" are escaped brackets of prose; only what looks like TeX is a formula.
        if end < 0 or not content.strip() or (len(slashes) == 1 and not _TEXLIKE.search(content)):
            return start
        self._put(found.start(), end + len(closer), content, "display" if opener == "[" else "inline")
        return end + len(closer)

    def _dollars(self, found: re.Match[str]) -> int:
        if found["dollars"] == "$$":
            return self._display(found)
        start = found.end()
        if self.source.startswith("`", start):  # GitHub's $`…`$
            after = self.source.find("`$", start + 1, self._blank_line(start)) + 2
            if after > start + 3:
                self._put(found.start(), after, self.source[start + 1 : after - 2], "inline")
                return after
        end = self._closing_dollar(start)
        if end is None or not self._is_formula(start, end):
            return start
        if self.source[found.start() - 1 : found.start()] == "#" and _TEMPLATE.fullmatch(self.source, start, end):
            return end + 1
        self._put(found.start(), end + 1, self.source[start:end], "inline")
        return end + 1

    def _closing_dollar(self, start: int) -> int | None:
        """The dollar that ends an inline formula: outside braces if there is one, never inside a code span."""
        depth, first = 0, None
        limit = min(self._blank_line(start), start + MAX_INLINE)
        for mark in self._marks(_INSIDE, start, limit):
            piece = mark[0]
            if piece == "{":
                depth += 1
            elif piece == "}":
                depth -= 1
            elif piece[0] == "`" and depth <= 0:
                after = self._code_span(mark.start(), mark.end())
                if after > mark.end():
                    return None
            elif piece == "$":
                if depth <= 0:
                    return mark.start()
                first = mark.start() if first is None else first
        return first

    def _display(self, found: re.Match[str]) -> int:
        start = found.end()
        line_start = self.source.rfind("\n", 0, found.start()) + 1
        alone = not self.source[line_start : found.start()].strip(" \t>") and _REST_EMPTY.match(self.source, start)
        limit = self._blank_line(start)
        end = self._closing_dollars(start, limit)
        if end is None and alone:
            # On a line of its own it may hold empty lines, up to a line that is only "$$".
            closing = _ALONE.search(self.source, start, min(len(self.source), start + MAX_INLINE))
            if closing and not re.search(r"(?m)^[ \t>]*(?:#{1,6} |```|~~~)", self.source[start : closing.start()]):
                end = closing.end() - 2
        if end is None or not self.source[start:end].strip(" \t\n>"):
            return start
        after = end + 2
        label = _LABEL_AFTER.match(self.source, after)
        after = label.end() if label else after
        self._put(found.start(), after, self.source[start:end], "display", label[1] or label[2] if label else None)
        return after

    def _closing_dollars(self, start: int, limit: int) -> int | None:
        depth = 0
        first = None
        for mark in self._marks(_INSIDE_DISPLAY, start, limit):
            piece = mark[0]
            if piece == "$$":
                if depth <= 0:
                    return mark.start()
                first = mark.start() if first is None else first
            else:
                depth += (piece == "{") - (piece == "}")
        return first

    def _is_formula(self, start: int, end: int) -> bool:
        content = self.source[start:end]
        if not content.strip() or re.search(r"\n[ \t]*(?:\||#{1,6} )", content):
            return False
        after = self.source[end + 1 : end + 2]
        if "\\" in content:
            return True
        bare = re.sub(r"\{[^{}]*\}", "", content)
        prose, mathy = _PROSE.search(bare) is not None, _MATHY.search(content) is not None
        if content[0].isspace() != content[-1].isspace():
            if _WORD.search(bare) and (prose or not mathy):
                return False  # "$HOME and $PATH", "5$ or 6$"
        elif content[0].isspace() and prose:
            return False
        if after.isdigit() and (prose or not mathy or _AMOUNT.match(content)):
            return False  # "$5 and $10"
        return not (prose and _AMOUNT.match(content))

    def _put(self, start: int, end: int, tex: str, kind: str, label: str | None = None) -> None:
        line_start = self.source.rfind("\n", 0, start) + 1
        if "\n" in tex and _QUOTE.match(self.source[line_start:start]):
            tex = _QUOTE.sub("", tex)
        self.parts += [self.source[self.copied : start], f"{OPEN}{len(self.formulas)}{CLOSE}"]
        self.formulas.append(Formula(tex, kind, self.source[start:end], label))
        self.copied = end


_TEXLIKE = re.compile(r"[\\^={}]|_\{|[A-Za-z]_[A-Za-z0-9](?![A-Za-z0-9_])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_AMOUNT = re.compile(r"\d[\d.,]*[kKmMbB]?(?:\s|[-–/]|$)")
_TEMPLATE = re.compile(r"[A-Z][A-Z0-9_]*")  # in "#$NAME$"
_BLANK = re.compile(r"\n[ \t>]*(?=\n)")
_INSIDE = re.compile(r"\\.|[{}$]|`+", re.DOTALL)
_INSIDE_DISPLAY = re.compile(r"\\.|[{}]|\$\$", re.DOTALL)
_TICKS = re.compile("`+")
_REST_EMPTY = re.compile(r"[ \t]*(?=\n)")
_ALONE = re.compile(r"(?m)^[ \t>]*\$\$")
