"""Regions of a Markdown text that are written in HTML or JSX: folded solutions, MDX questions, hidden quiz spans.

Gives the lines that each takes and what it is. Knows the lines of one text, no other cell.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator

from courses.content.dialects_fences import code_lines
from courses.content.dialects_marks import is_solution_title
from courses.content.dialects_mdx import OPENING as MDX_OPENING
from courses.content.dialects_mdx import read_question as read_mdx_question
from courses.content.dialects_quiz_json import read_embedded
from courses.content.dialects_visible import DETAILS, Part, summary, visible

Region = tuple[int, int, Part]

_HIDING = re.compile(r"<(span|div|p|code)\b([^<>]{0,500})>", re.I)
_HIDDEN = re.compile(r"display\s*:\s*none|\bhidden\b", re.I)
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t#]*(?:\[\[[\w-]+\]\])?[ \t]*\r?\n?\Z")
_ASKS = re.compile(r"\A {0,3}(?:#{3,}|##[ \t]+(?:Q\b|\d|.*\?))")


def html_regions(source: str, lines: list[str]) -> Iterator[Region]:
    """(first line, line after the last, part) of each region, those of one kind in order."""
    is_code = code_lines(lines)
    yield from _details(lines, is_code)
    if MDX_OPENING.search(source):
        yield from _mdx_questions(source, lines, is_code)
    if _HIDDEN.search(source):
        yield from _spans(lines, is_code)


def _details(lines: list[str], is_code: list[bool]) -> Iterator[Region]:
    """`<details>` that fill whole lines and whose summary says solution."""
    closing = _closing_lines(lines, is_code)
    index = 0
    while index < len(lines):
        line = lines[index]
        if index not in closing or is_code[index] or not line.lstrip(" ").lower().startswith("<details"):
            index += 1
            continue
        end = closing[index]
        text = "".join(lines[index:end])
        title, body = summary(text)
        if is_solution_title(title):
            yield index, end, Part("", "solution", solutions=[body])
        index = end


def _closing_lines(lines: list[str], is_code: list[bool]) -> dict[int, int]:
    """Line of each opening tag → the line after its closing tag, or the next line where text stands behind that."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for index, line in enumerate(lines):
        for tag in () if is_code[index] or "details" not in line.lower() else DETAILS.finditer(line):
            if not tag[1]:
                opened.append(index)
            elif opened:
                start = opened.pop()
                # Text behind the closing tag is not part of it: the finer pass takes it apart.
                closing[start] = start + 1 if line[tag.end() :].strip() else index + 1
    return dict.fromkeys(opened, len(lines)) | closing


def _mdx_questions(source: str, lines: list[str], is_code: list[bool]) -> Iterator[Region]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    after = 0
    index = 0
    while index < len(lines):
        found = None if is_code[index] else MDX_OPENING.match(lines[index].lstrip(" \t"))
        if not found or index < after:
            index += 1
            continue
        first = _question_start(lines, is_code, after, index)
        prompt, removed = visible(_question_prompt(lines[first:index]))
        at = starts[index] + len(lines[index]) - len(lines[index].lstrip(" \t"))
        quiz, end = read_mdx_question(source, at, prompt)
        after = min(bisect_left(starts, end), len(lines))
        yield first, after, Part("", "quiz", quizzes=[quiz], solutions=removed)
        index = after


def _question_start(lines: list[str], is_code: list[bool], after: int, index: int) -> int:
    """Where the words of a question begin: its heading, else the paragraph before it."""
    for line in range(index - 1, after - 1, -1):
        found = None if is_code[line] else _HEADING.match(lines[line])
        if found:
            if _ASKS.search(lines[line]):
                return line
            break  # the title of a page or a section is no question; what stands below it is
    start = index
    while start > after and not lines[start - 1].strip():
        start -= 1
    while start > after and (lines[start - 1].strip() or is_code[start - 1]):
        start -= 1
    return start


def _question_prompt(lines: list[str]) -> str:
    found = _HEADING.match(lines[0]) if lines else None
    if not found:
        return "".join(lines).strip()
    # "2. What …" would be a list of its own.
    heading = re.sub(r"\A(?:Q\s*)?\d+\s*[.):-]\s*", "", found[1].strip(), flags=re.I)
    return "\n\n".join(text for text in (heading, "".join(lines[1:]).strip()) if text)


def _spans(lines: list[str], is_code: list[bool]) -> Iterator[Region]:
    """Hidden elements that hold a quiz as JSON: their lines, whole."""
    # Code is put out of the way, letter for letter, so that places stay the same.
    text = "".join("\0" * (len(line) - 1) + "\n" if code else line for line, code in zip(lines, is_code, strict=True))
    at = 0
    unclosed: set[str] = set()
    for found in _HIDING.finditer(text):
        tag = found[1].lower()
        if found.start() < at or tag in unclosed or not _HIDDEN.search(found[2]):
            continue
        end = text.find(f"</{found[1]}>", found.end())
        if end < 0:
            unclosed.add(tag)
        elif quizzes := read_embedded(text[found.end() : end]):
            at = end + len(tag) + 3
            yield text.count("\n", 0, found.start()), text.count("\n", 0, at) + 1, Part("", "quiz", quizzes=quizzes)
