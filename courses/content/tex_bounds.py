"""How deep a formula would take the converter, measured before it is called.

math-core recurses over groups and arguments (deep enough input ends the process) and reads everything behind an
unclosed bracket twice (twenty unclosed brackets take minutes). This module reads TeX as it does and refuses both.
"""

import re
import unicodedata
from dataclasses import dataclass, field

MAX_DEPTH = 50
"""Groups, environments and `\\left … \\right` within each other."""
MAX_CHAIN = 50
"""Commands that wait for an argument at one time."""
MAX_UNCLOSED = 6
"""Opening brackets without a closing one, in one cell and the groups in it: each doubles the time."""

_PIECE = re.compile(r"\\(begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+|\\.|[{}^_&]|\s+|.", re.DOTALL)
# How many arguments a command takes, where it is not one. Too many for a symbol is harmless: it ends at the next atom.
_ARITIES = {
    **dict.fromkeys((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\binom", r"\dbinom", r"\tbinom"), 2),
    **dict.fromkeys((r"\overset", r"\underset", r"\stackrel", r"\textcolor", r"\rule"), 2),
    **dict.fromkeys((r"\sideset", r"\prescript"), 3),
    r"\mathchoice": 4,
    r"\genfrac": 6,
}
# These hold all that follows them in their group.
_SWITCHES = {r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\scriptscriptstyle", r"\color"}
_OPENING = {
    *(r"\{", r"\lbrace", r"\lbrack", r"\lparen", r"\langle", r"\lang", r"\lAngle", r"\lBrace", r"\lvert", r"\lVert"),
    *(r"\lfloor", r"\lceil", r"\lgroup", r"\lmoustache", r"\llangle", r"\llbracket", r"\llcorner", r"\ulcorner"),
    *(r"\llparenthesis", r"\mathopen", r"\bigl", r"\Bigl", r"\biggl", r"\Biggl", "⎰"),
}
_CLOSING = {
    *(r"\}", r"\rbrace", r"\rbrack", r"\rparen", r"\rangle", r"\rang", r"\rAngle", r"\rBrace", r"\rvert", r"\rVert"),
    *(r"\rfloor", r"\rceil", r"\rgroup", r"\rmoustache", r"\rrangle", r"\rrbracket", r"\lrcorner", r"\urcorner"),
    *(r"\rrparenthesis", r"\mathclose", r"\bigr", r"\Bigr", r"\biggr", r"\Biggr", "⎱"),
}


class BoundExceeded(ValueError):
    """A formula that is not given to the converter; the message says why."""


@dataclass
class _Cell:
    """Brackets of a group or, in a table, of one cell of it: open now, and the most unclosed ones inside."""

    in_table: bool = False
    open: int = 0
    inside: int = 0
    worst: int = 0

    def end(self) -> int:
        """Unclosed brackets from here inwards, once nothing more can close them; ready for the next cell."""
        self.worst = max(self.worst, self.open + self.inside)
        self.open = self.inside = 0
        return self.worst


@dataclass
class _Reading:
    # What is still open, the innermost last: > 0 arguments to come, 0 a group, -1 a switch.
    stack: list[int] = field(default_factory=list)
    cells: list[_Cell] = field(default_factory=lambda: [_Cell()])

    def open_group(self, in_table: bool) -> None:
        self.stack.append(0)
        self.cells.append(_Cell(in_table))

    def close_group(self) -> None:
        self.end_cell()
        if self.stack:
            self.stack.pop()
            inner = self.cells.pop().worst
            self.cells[-1].inside = max(self.cells[-1].inside, inner)
        self.atom()

    def end_cell(self) -> None:
        while self.stack and self.stack[-1] != 0:
            self.stack.pop()
        if self.cells[-1].end() > MAX_UNCLOSED:
            raise BoundExceeded(f"leaves more than {MAX_UNCLOSED} brackets open")

    def atom(self) -> None:
        """One more thing that can be an argument; a command that has all of its own is one itself."""
        while self.stack and self.stack[-1] > 0:
            self.stack[-1] -= 1
            if self.stack[-1]:
                return
            self.stack.pop()

    def bracket(self, piece: str) -> None:
        cell = self.cells[-1]
        if piece in _OPENING or unicodedata.category(piece[0]) == "Ps":
            cell.open += 1
        elif piece in _CLOSING or unicodedata.category(piece[0]) == "Pe":
            cell.open = max(0, cell.open - 1)

    def check(self) -> None:
        groups = len(self.cells) - 1
        if groups > MAX_DEPTH:
            raise BoundExceeded(f"nested more than {MAX_DEPTH} levels deep")
        if len(self.stack) - groups > MAX_CHAIN:
            raise BoundExceeded(f"chains more than {MAX_CHAIN} commands")


def check_bounds(tex: str) -> None:
    """Raise BoundExceeded for a formula (its macros unfolded, its comments gone) that must not be converted."""
    reading = _Reading()
    after_fence = False
    for found in _PIECE.finditer(tex):
        piece = found[0]
        if piece.isspace():
            continue
        fence, after_fence = after_fence, piece in (r"\left", r"\right", r"\middle")
        if fence:
            continue  # the delimiter that belongs to \left
        if piece in ("}", r"\right") or found[1] == "end":
            reading.close_group()
        elif piece in ("{", r"\left") or found[1] == "begin":
            reading.open_group(found[1] == "begin")
        elif piece in _SWITCHES:
            reading.stack.append(-1)
        elif piece in ("&", r"\\") and reading.cells[-1].in_table:
            reading.end_cell()
        else:
            reading.bracket(piece)
            if piece in "^_" or (piece[0] == "\\" and piece[1:].isalpha()):
                reading.stack.append(_ARITIES.get(piece, 1))
            else:
                reading.atom()
        reading.check()
    while len(reading.cells) > 1:
        reading.close_group()
    reading.end_cell()
