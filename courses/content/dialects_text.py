"""A Markdown text of any dialect cut into what learners read, what they answer, and what they must not see.

Owns MyST's `{exercise}`, `{solution}` and question admonitions, Carpentries' challenges (fenced or quoted), MDX
questions, hidden quiz spans and `<details>` with a solution. The sources of the parts, joined, are the text again.
"""

import re
from collections.abc import Iterator

from courses.content.dialects_fences import Fenced, code_lines, top_fences
from courses.content.dialects_html import Region, html_regions
from courses.content.dialects_marks import is_hint_title, is_solution_title
from courses.content.dialects_questions import is_question, read_question
from courses.content.dialects_visible import FOLDS, Part, visible
from courses.content.quizzes import split_quizzes
from courses.content.references import first_heading

MAX_NESTING = 5
_EXERCISES = frozenset({"exercise", "challenge", "prf:exercise", "checklist"})
_KRAMDOWN = re.compile(r"(?:>[ \t]?)*\{:[ \t]*\.([\w-]+)[^}]*\}[ \t]*\r?\n?\Z")
_RULE = re.compile(r"\s*(?:\+\+\+[^\n]*\s*)*\Z")


def split_text(source: str, depth: int = 0) -> list[Part]:
    """`source` in parts, our own quiz directives among them; [] for an empty one."""
    parts: list[Part] = []
    for piece in split_quizzes(source):
        if piece.quiz is not None:
            parts.append(Part(piece.source, "quiz", quizzes=[piece.quiz]))
        else:
            parts += _split(piece.source, depth)
    return _merged(parts)


def _split(source: str, depth: int) -> list[Part]:
    lines = source.splitlines(keepends=True)
    found = sorted(_regions(source, lines, depth), key=lambda region: region[0])
    parts: list[Part] = []
    at = 0
    for start, end, part in found:
        if start < at:
            continue  # inside of one that was taken already
        if start > at:
            parts.append(_text("".join(lines[at:start])))
        part.source = "".join(lines[start:end])
        parts.append(part)
        at = end
    if at < len(lines):
        parts.append(_text("".join(lines[at:])))
    return parts


def _text(source: str) -> Part:
    body, removed = visible(source)
    return Part(source, body=body, solutions=removed)


def _merged(parts: list[Part]) -> list[Part]:
    """Blank lines and block breaks between parts belong to the part before, or after, them."""
    kept: list[Part] = []
    before = ""
    for part in parts:
        if part.kind == "text" and not part.solutions and len(parts) > 1 and _RULE.match(part.source):
            if kept:
                kept[-1].source += part.source
                kept[-1].body += part.source if kept[-1].kind == "text" else ""
            else:
                before += part.source
            continue
        if before:
            part.source = before + part.source
            part.body = before + part.body if part.kind == "text" else part.body
            before = ""
        kept.append(part)
    return kept


def _regions(source: str, lines: list[str], depth: int) -> Iterator[Region]:
    """(first line, line after the last, part) of everything that is more than text."""
    if depth > MAX_NESTING:
        return
    if any(mark in source for mark in ("```", "~~~", ":::")):
        for fenced in top_fences(lines):
            if part := _fenced_part(fenced, depth):
                yield fenced.start, fenced.end, part
    if "{:" in source:
        yield from _quoted_challenges(lines, depth)
    if "<" in source:
        yield from html_regions(source, lines)


def _fenced_part(fenced: Fenced, depth: int) -> Part | None:
    opening, options = fenced.opening, fenced.options
    name, title = opening.name, opening.argument
    classes = options.get("class", "").split()
    unclosed = [] if fenced.is_closed else [f"{name!r} is not closed: everything to the end of the cell is taken as it"]
    if name in ("exercise-end", "solution-end"):
        return Part("", name)
    if name == "exercise-start":
        prompt = fenced.body.strip()
        return Part("", name, prompt, title, options.get("label", options.get("name", "")))
    if name == "solution-start":
        return Part("", name, label=title.split(" ")[0] if title else "")
    if name == "admonition" and is_question(title, fenced.body):
        body, removed = visible(fenced.body)
        return Part("", "quiz", quizzes=[read_question(body)], solutions=removed, problems=unclosed)
    if name in _EXERCISES or (name in FOLDS and "exercise" in classes):
        return _exercise_part(fenced.body, title, options.get("label", options.get("name", "")), depth, unclosed)
    is_folded = name in FOLDS or "dropdown" in classes or "toggle" in classes
    if name == "solution" or (is_folded and (is_solution_title(title) or "solution" in classes)):
        label = title.split(" ")[0] if name == "solution" and title else ""
        return Part("", "solution", label=label, solutions=[fenced.body.strip()], problems=unclosed)
    return None


def _exercise_part(body: str, title: str, label: str, depth: int, problems: list[str]) -> Part:
    part = Part("", "exercise", title=title, label=label, problems=problems)
    prompt: list[str] = []
    for inner in split_text(body, depth + 1):
        part.solutions += inner.solutions
        part.hints += inner.hints
        part.quizzes += inner.quizzes
        part.problems += inner.problems
        if inner.kind in ("text", "exercise"):
            prompt.append(inner.body)
    kept: list[str] = []
    for text in prompt:
        shown, hints = _without_hints(text)
        part.hints += hints
        kept.append(shown)
    part.body = "".join(kept).strip()
    if not title:
        found, rest = first_heading(part.body)
        if found:
            part.title, part.body = found, rest.strip()
    return part


def _without_hints(text: str) -> tuple[str, list[str]]:
    lines = text.splitlines(keepends=True)
    hints: list[str] = []
    for fenced in reversed(list(top_fences(lines))):
        name, title = fenced.opening.name, fenced.opening.argument
        folded = "dropdown" in fenced.options.get("class", "") or name in ("dropdown", "toggle", "details", "spoiler")
        if name == "hint" or (folded and is_hint_title(title)):
            hints.insert(0, f"{title}\n\n{fenced.body}".strip() if name == "hint" else fenced.body.strip())
            del lines[fenced.start : fenced.end]
    return "".join(lines), hints


# Carpentries' older form: `> ## Challenge` … `> {: .solution}` … `{: .challenge}`


def _quoted_challenges(lines: list[str], depth: int) -> Iterator[Region]:
    is_code = code_lines(lines)
    for index, line in enumerate(lines):
        found = None if is_code[index] or line.startswith(">") else _KRAMDOWN.match(line)
        if not found or found[1] not in ("challenge", "solution", "exercise"):
            continue
        start = index
        while start and lines[start - 1].startswith(">"):
            start -= 1
        if start == index:
            continue
        inner = [re.sub(r"\A>[ \t]?", "", quoted) for quoted in lines[start:index]]
        if found[1] == "solution":
            yield start, index + 1, Part("", "solution", solutions=["".join(inner).strip()])
            continue
        body: list[str] = []
        solutions: list[str] = []
        quoted: list[str] = []
        for text in inner:
            mark = _KRAMDOWN.match(text)
            if mark and quoted and mark[1] == "solution":
                solutions.append("".join(re.sub(r"\A>[ \t]?", "", part) for part in quoted).strip())
                quoted = []
            elif text.startswith(">"):
                quoted.append(text)
            else:
                body += quoted
                quoted = []
                body.append("" if mark else text)
        part = _exercise_part("".join(body + quoted), "", "", depth, [])
        part.solutions = solutions + part.solutions
        yield start, index + 1, part
