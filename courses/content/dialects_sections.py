"""Sections of answers: what stands below a heading that says "Solution", up to the next one of its level.

A worked example in a text has such a heading too. So it counts where its own words name exercises, or where a task or a
blank stands before it. Knows cells and their headings, no block.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from courses.content.dialects_fences import Fences
from courses.content.dialects_marks import has_blank, has_code, is_solution_title
from courses.content.notebook import Cell

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*\r?\n?\Z")
_OF_TASKS = re.compile(
    r"\b(?:exercis|question|problem|challenge|quiz|homework|assignment|task)|упражн|задани|задач", re.I
)
_TASK = re.compile(
    r"[\W\d_]*(?:exercises?|your turn|try it|challenge|question|task|problem|assignment|homework|part [a-z\d]\b|todo)\b"
    r"|.*\b(?:exercises?|your turn)\b|.*(?:упражнени|задани|задач)",
    re.I,
)
_ASKS = re.compile(r"[\W_]*(?:exercise|your turn|challenge|question|task|todo)\b", re.I)
_NEVER = 7  # below every level of headings


@dataclass
class Section:
    """A section of answers: its heading's words, and the number of the cell that it begins in."""

    title: str
    cell: int


@dataclass
class Sections:
    """`cells` stand in one as a whole, by their places; `lines` are the answer lines of a text that has others too."""

    cells: set[int] = field(default_factory=set)
    lines: dict[int, set[int]] = field(default_factory=dict)
    found: list[Section] = field(default_factory=list)

    def pieces(self, index: int, source: str) -> Iterator[tuple[str, bool]]:
        """The text of the cell at `index` in pieces, each with whether it is an answer; joined, they are `source`."""
        marked = self.lines.get(index)
        if not marked:
            yield source, False
            return
        lines = source.splitlines(keepends=True)
        start = 0
        for place in range(1, len(lines) + 1):
            if place == len(lines) or (place in marked) != (start in marked):
                yield "".join(lines[start:place]), start in marked
                start = place


def answer_sections(cells: list[Cell], apart: set[int]) -> Sections:
    """The sections of answers in a lesson; cells at the places in `apart` say themselves what they are, and end one."""
    walk = _Walk()
    for index, cell in enumerate(cells):
        if index in apart:
            walk.leave()
        elif cell.cell_type == "markdown":
            walk.text(index, cell)
        elif cell.cell_type == "code":
            walk.code(index, cell)
    return walk.sections


class _Walk:
    """What is open while the cells are read in order: an answer section, and the task that an answer would be to."""

    def __init__(self) -> None:
        self.sections = Sections()
        self.level = 0  # of the answer section that is open, 0 for none
        self.task = 0  # the level of the heading that the task stands below, 0 for none

    def leave(self) -> None:
        self.level = 0

    def code(self, index: int, cell: Cell) -> None:
        is_blank = has_blank(cell.source) or not has_code(cell.source)
        if is_blank and cell.source.strip():
            self.task = self.task or _NEVER
        elif self.level:
            self.sections.cells.add(index)

    def text(self, index: int, cell: Cell) -> None:
        if not cell.source.strip():
            return
        if not self.level and not _MAY_MATTER.search(cell.source):
            return
        lines = cell.source.splitlines(keepends=True)
        marked: set[int] = set()
        fences = Fences()
        for place, line in enumerate(lines):
            was_inside = bool(fences.stack)
            fences.feed(line)
            # A heading inside a directive or a div is its own: what that is, its name says.
            heading = None if was_inside or fences.stack else _HEADING.match(line)
            if heading:
                self._heading(len(heading[1]), heading[2], cell.number)
            elif not self.level and (has_blank(line) if was_inside else _ASKS.match(line)):
                self.task = self.task or _NEVER
            if self.level:
                marked.add(place)
        if len(marked) == len(lines):
            self.sections.cells.add(index)
        elif marked:
            self.sections.lines[index] = marked

    def _heading(self, level: int, title: str, number: int) -> None:
        words = re.sub(r"<[^<>]*>", " ", title).strip()
        if is_solution_title(words) and (self.task or _OF_TASKS.search(words)):
            if not self.level or level <= self.level:
                self.level = level
                self.sections.found.append(Section(" ".join(words.split())[:200], number))
            return
        if self.level and level > self.level:
            return
        self.level = 0
        if _TASK.match(words):
            self.task = level
        elif level <= self.task:
            self.task = 0


_MAY_MATTER = re.compile(
    r"^ {0,3}#{1,6}[ \t]|^[\W_]*(?:exercise|your turn|challenge|question|task|todo)\b|^ *[`~]{3}", re.I | re.M
)
