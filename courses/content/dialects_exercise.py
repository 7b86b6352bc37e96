"""An exercise of another dialect on its way to a block: what was gathered, and the block that it makes.

Solutions come as code or as Markdown; a solution with code in it becomes code, its words comments, so that it runs.
Knows no cells' order and no lesson.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from courses.content.checks import CheckReader
from courses.content.exercises import (
    MAX_CHECKS,
    MAX_HINTS,
    hidden_regions,
    kept_cell,
    needed_packages,
)
from courses.content.notebook import Cell
from courses.content.python_source import Segments, bound_names, parse_python
from courses.content.textfiles import fence_after

MAX_TEXT, MAX_HINT, MAX_TITLE, MAX_POINTS = 200_000, 20_000, 500, 1_000

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t]*(?:\{[\w-]*\})?[ \t]*([\w+#-]*)")
_PYTHON = frozenset({"python", "python3", "py", "ipython", "ipython3"})
_HASH_COMMENTS = frozenset({"python", "r", "julia", "bash", "ruby", "perl", "text"})


@dataclass
class Gathered:
    """What belongs to one exercise; `solutions` are (text, whether it is code)."""

    head: Cell
    title: str = ""
    prompt: str = ""
    starter: str = ""
    label: str = ""
    language: str = "text"
    points: float | None = None
    solutions: list[tuple[str, bool]] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    hidden_checks: list[dict[str, Any]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    reader: CheckReader = field(default_factory=CheckReader)

    def add_checks(self, cell: Cell, *, hidden: bool) -> None:
        """The assertions of a check cell; a hidden region of it stays hidden."""
        for source, secret in hidden_regions(cell, self.problems, hidden):
            checks, secret = self.reader.read(source, hidden=secret)
            (self.hidden_checks if secret else self.checks).extend(checks)

    def add_words(self, text: str) -> None:
        """More of the prompt, as a paragraph of its own; what is far over the bound is not gathered."""
        if len(self.prompt) <= MAX_TEXT:
            self.prompt = f"{self.prompt}\n\n{text.strip()}".strip()

    def add_solution(self, text: str, *, is_code: bool) -> None:
        """A part of the solution; an empty one adds nothing."""
        if text.strip():
            self.solutions.append((text.strip("\n"), is_code))

    def block(self, cells: list[Cell]) -> dict[str, Any]:
        """The exercise block, without an id. It gives points only where a check can."""
        solution, language = self._solution()
        graded = bool(self.checks or self.hidden_checks)
        points = (1 if self.points is None else min(self.points, MAX_POINTS)) if graded else 0
        if self.points and not graded:
            what = f"exercise {self.title!r} is worth {self.points:g} by hand: without a check it gives no points"
            self.problems.append((self.head.number, what))
        checks = [*self.checks, *self.hidden_checks]
        is_python = language == "python"
        return {
            "type": "exercise",
            "title": (" ".join(self.title.split()) or "Exercise")[:MAX_TITLE],
            "prompt": self._cut(self.prompt.strip(), "prompt"),
            "starter": self._cut(self.starter, "starter"),
            "solution": self._cut(solution, "solution"),
            "checks": self.checks[:MAX_CHECKS],
            "hidden_checks": self.hidden_checks[:MAX_CHECKS],
            "hints": [hint[:MAX_HINT] for hint in self.hints if hint.strip()][:MAX_HINTS],
            "packages": needed_packages(self.head, solution or self.starter, checks, self.problems)
            if is_python
            else [],
            "points": int(points) if float(points).is_integer() else points,
            "language": language,
            **({"cells": [kept_cell(cell) for cell in cells]} if cells else {}),
        }

    def _cut(self, text: str, name: str) -> str:
        if len(text) > MAX_TEXT:
            self.problems.append((self.head.number, f"the exercise's {name} has over {MAX_TEXT:,} characters: cut"))
        return text[:MAX_TEXT]

    def _solution(self) -> tuple[str, str]:
        """The solution as one text, and the exercise's language: that of its code, "text" when it has none."""
        fenced = [
            name for text, is_code in self.solutions if not is_code for name, _ in _pieces(text) if name is not None
        ]
        named = next((name for name in fenced if name and name not in ("text", "output", "none")), "")
        has_code = self.starter.strip() or any(is_code for _, is_code in self.solutions)
        if not has_code and not named:
            return "\n\n".join(text for text, _ in self.solutions), self.language if has_code else "text"
        language = self.language if has_code or self.language != "text" else named
        language = (
            "python" if language in _PYTHON else language if re.fullmatch(r"[\w+#.-]{1,60}", language) else "text"
        )
        mark = "#" if language in _HASH_COMMENTS else "//"
        return "\n\n".join(text if is_code else as_code(text, mark) for text, is_code in self.solutions), language


def as_code(text: str, mark: str) -> str:
    """Markdown as source: fenced code stays, words become comments."""
    parts = [_comment(piece, mark) if name is None else piece.strip("\n") for name, piece in _pieces(text)]
    return "\n\n".join(part for part in parts if part)


def _pieces(text: str) -> Iterator[tuple[str | None, str]]:
    """(language of a code fence or None for words, text without the fence's marks), in order."""
    fence, name, lines = "", None, []
    for line in text.splitlines(keepends=True):
        after = fence_after(line.lstrip(" \t") if fence else line, fence)
        if after == fence:
            lines.append(line)
            continue
        yield name, "".join(lines)
        found = _FENCE.match(line) if after else None
        fence, name, lines = after, found[2].lower() if found else "" if after else None, []
    yield name, "".join(lines)


def _comment(text: str, mark: str) -> str:
    return "\n".join(f"{mark} {line}".rstrip() for line in text.strip().splitlines())


def imports_of(source: str) -> list[tuple[set[str], str]]:
    """The import statements at the top level of a cell: the names that each binds, and its text."""
    if "import" not in source:
        return []
    # A magic or a shell line is no Python: it must not cost the imports beside it.
    kept = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    tree, text = parse_python(kept), Segments(kept)
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)] if tree else []
    return [(bound_names(node), text.text(node)) for node in nodes]
