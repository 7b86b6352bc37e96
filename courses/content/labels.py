"""What a label is called where a text refers to it: its section's title, "Figure 2", "Smith and Lee (2020)".

Reads d2l's own marks too (`:label:`, `:numref:`, `:cite:`), which stand in paragraphs of plain Markdown. Works on the
tokens of one text; the lesson's `RenderContext` keeps the names. Knows no files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it.token import Token

CITATION = "cite-"
"""What the label of a cited work begins with; its list of works is in `bibliography.py`."""

_LINE = re.compile(r"[ \t]*:(label|eqlabel|width|begin_tab|end_tab|bibliography):(?:`([^`\n]{0,200})`)?[ \t]*")
_PREFIX = re.compile(r"(?:sec|subsec|chap|chapter|app|fig|figure|tab|table|tbl|eq|ex|thm|def|img)[_:-]+", re.I)
_NOUNS = (("fig", "Figure"), ("img", "Figure"), ("tab", "Table"), ("tbl", "Table"))
_AUTHOR_YEAR = re.compile(r"[^()\n]{1,200}\([^()\n]{1,20}\)")


@dataclass
class Marks:
    """d2l's marks taken out of a paragraph: the labels they give, and what is left of it."""

    labels: list[str] = field(default_factory=list)
    text: str = ""


def d2l_marks(text: str) -> Marks | None:
    """The marks in the lines of a paragraph; None when it has none."""
    if ":" not in text or not any(map(_LINE.fullmatch, text.split("\n"))):
        return None
    found = Marks()
    kept: list[str] = []
    for line in text.split("\n"):
        mark = _LINE.fullmatch(line)
        if mark is None:
            kept.append(line)
        elif mark[1] in ("label", "eqlabel") and mark[2]:
            found.labels.append(mark[2].strip())
        elif mark[1] == "width" and kept and kept[-1].endswith(")"):
            kept[-1] += f"{{width={mark[2]}}}"
        elif mark[1] == "begin_tab" and mark[2]:
            kept.append(f"**{mark[2]}**\n")
    found.text = "\n".join(kept).strip("\n")
    return found


def named_labels(tokens: list[Token], titles: dict[int, str], counts: dict[str, int]) -> Iterator[tuple[str, str]]:
    """(label, what it is called) of each label in `tokens` that has a name.

    `titles` are the headings' words by the place of their tokens; `counts` go on from text to text of a lesson.
    """
    pending: list[Token] = []
    title = ""
    for place, token in enumerate(tokens):
        if token.type == "target":
            noun = token.meta.get("noun") or _noun(token.content)
            if noun:
                yield token.content, _counted(noun, counts)
            elif not token.meta.get("is_behind"):
                pending.append(token)
            elif title:
                yield token.content, title
            continue
        if token.type == "figure_open" and "id" in token.attrs:
            yield str(token.attrs["id"]), _counted("Figure", counts)
        if token.type == "heading_open":
            title = titles.get(place, "")
            yield from ((target.content, title) for target in pending if title)
        elif token.type == "inline" and pending:
            yield from _cited(pending, token.content)
        if token.type not in ("paragraph_open", "heading_open"):
            pending = []


def readable(label: str) -> str:
    """A label in words, for one that nothing here has: `sec_linear_regression` is "linear regression"."""
    noun = _noun(label)
    bare = label.rpartition("/")[2]
    words = " ".join(re.split(r"[\s_:-]+", _PREFIX.sub("", bare, count=1).removesuffix(".md")))
    return f"{noun} ({words})" if noun else words.strip() or label


def titled(words: str, name: str) -> str:
    """MyST's own words for a numbered reference, `Figure %s`, with the number that `name` ends in."""
    if "%s" not in words and "{number}" not in words:
        return words
    number = re.search(r"\d+\Z", name)
    return words.replace("%s", number[0] if number else "").replace("{number}", number[0] if number else "").strip()


def _noun(label: str) -> str:
    return next((noun for prefix, noun in _NOUNS if re.match(rf"{prefix}\w*?[-_:]", label, re.I)), "")


def _counted(noun: str, counts: dict[str, int]) -> str:
    counts[noun] = counts.get(noun, 0) + 1
    return f"{noun} {counts[noun]}"


def _cited(pending: list[Token], text: str) -> Iterator[tuple[str, str]]:
    found = _AUTHOR_YEAR.match(text)
    for target in pending:
        if found and target.content.startswith(CITATION):
            yield target.content, found[0]
