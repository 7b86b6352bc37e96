"""What learners may see of a Markdown text: solutions taken out, wherever in lists, quotes or notes they stand.

Owns `Part`, what a piece of text was read as, and the fine pass that every shown text goes through last. The coarse cut
into parts is in `dialects_text.py`.
"""

import re
from dataclasses import dataclass, field

from courses.content.dialects_fences import Fences, Opening, code_lines
from courses.content.dialects_marks import is_solution_title
from courses.content.quizzes import Quiz

MAX_SUMMARY = 1_000
FOLDS = frozenset(
    {"dropdown", "toggle", "details", "spoiler", "admonition", "callout", "note", "tip", "hint", "important"}
)
DETAILS = re.compile(r"<(/?)details\b[^>]*>", re.I)
_SUMMARY = re.compile(r"\s*<summary\b[^>]*>(.*?)</summary>", re.I | re.S)
_SCHEME = re.compile(r"=== BEGIN MARK SCHEME ===(.*?)(?:=== END MARK SCHEME ===|\Z)", re.S)
_BEGIN = re.compile(r"[ \t>#]*(?:<!--[ \t]*)?#+[ \t]*BEGIN (SOLUTION|HIDDEN TESTS)\b", re.I)
_END = re.compile(r"[ \t>#]*(?:<!--[ \t]*)?#+[ \t]*END (SOLUTION|HIDDEN TESTS)\b", re.I)


@dataclass
class Part:
    """A part of a text, as it stands in `source`.

    `kind` is text, quiz, exercise, solution, or the opening or closing mark of an exercise or solution that other
    cells belong to. `body` is what learners read of it; `label` what a solution calls its exercise.
    """

    source: str
    kind: str = "text"
    body: str = ""
    title: str = ""
    label: str = ""
    quizzes: list[Quiz] = field(default_factory=list)
    solutions: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def withholds(self) -> bool:
        """Whether learners see another text than the source."""
        return self.body != self.source


def visible(source: str) -> tuple[str, list[str]]:
    """(`source` as learners may see it, the solutions taken out), wherever in lists, quotes or notes they stand."""
    shown, removed = _without_nested(source)
    for take in (_without_details, _without_regions):
        shown, more = take(shown)
        removed += more
    return shown, removed


def summary(text: str) -> tuple[str, str]:
    """(the summary's words, the rest) of `<details>…</details>`."""
    opening = DETAILS.search(text)
    inner = text[opening.end() :] if opening else text
    inner = re.sub(r"</details>\s*\Z", "", inner, flags=re.I)
    found = _SUMMARY.match(inner)
    if not found:
        return "", inner.strip()
    words = re.sub(r"<[^<>]*>", " ", found[1])
    return " ".join(words.split()), inner[found.end() :].strip()


def _without_nested(source: str) -> tuple[str, list[str]]:
    if not any(mark in source for mark in ("```", "~~~", ":::")):
        return source, []
    fences = Fences()
    kept: list[str] = []
    removed: list[str] = []
    unread: list[str] = []
    taking, depth = kept, 0
    for line in source.splitlines(keepends=True):
        opened = fences.feed(line)
        if depth:
            taking[-1] += line
            if len(fences.stack) < depth:
                taking, depth = kept, 0
        elif opened is not None and _is_private(opened):
            # A quiz in here was not read as one: it would show its key, and is nobody's solution.
            taking, depth = (unread if opened.name == "quiz" else removed), len(fences.stack)
            taking.append(line)
        else:
            kept.append(line)
    return "".join(kept), removed


def _is_private(opening: Opening) -> bool:
    if opening.name in ("solution", "solution-start", "quiz"):
        return True
    return opening.name in FOLDS and is_solution_title(opening.argument)


def _without_details(source: str) -> tuple[str, list[str]]:
    if "<details" not in source.lower():
        return source, []
    lines = source.splitlines(keepends=True)
    is_code = code_lines(lines)
    # Marks inside code must not count: they are put out of the way, letter for letter.
    searched = "".join("\0" * len(line) if code else line for line, code in zip(lines, is_code, strict=True))
    kept, removed, at = [], [], 0
    tags = list(DETAILS.finditer(searched))
    for place, tag in enumerate(tags):
        if tag[1] or tag.start() < at:
            continue
        title, _ = summary(searched[tag.start() : tag.end() + MAX_SUMMARY])
        if not is_solution_title(title):
            continue
        depth, end = 0, len(source)
        for other in tags[place:]:
            depth += -1 if other[1] else 1
            if depth == 0:
                end = other.end()
                break
        kept.append(source[at : tag.start()])
        removed.append(source[tag.start() : end])
        at = end
    return ("".join([*kept, source[at:]]), removed) if removed else (source, [])


def _without_regions(source: str) -> tuple[str, list[str]]:
    """Without nbgrader's regions and mark schemes, which it reads in Markdown too."""
    removed = [found[1].strip() for found in _SCHEME.finditer(source)]
    shown = _SCHEME.sub("", source) if removed else source
    if "BEGIN" not in shown.upper():
        return shown, removed
    kept: list[str] = []
    inside = False
    lines = shown.splitlines(keepends=True)
    for line, is_code in zip(lines, code_lines(lines), strict=True):
        if is_code and not inside:
            kept.append(line)
        elif _BEGIN.match(line):
            inside = True
            removed.append("")
        elif _END.match(line):
            inside = False
        elif inside:
            removed[-1] += line
        else:
            kept.append(line)
    return "".join(kept), removed
