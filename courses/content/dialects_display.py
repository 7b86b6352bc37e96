"""jupyterquiz's `display_quiz(…)` in a code cell: which questions it shows, read from the source and never run.

Owns the reading of the call and of literals that hold questions. Files are looked up by the caller.
"""

import ast
from dataclasses import dataclass, field
from typing import Any

from courses.content.dialects_quiz_json import quiz_sets
from courses.content.python_source import parse_python
from courses.content.quizzes import Quiz


@dataclass
class Displayed:
    """What a cell shows: `quizzes` of its own or of an earlier cell, `files` to look up, `spans` in the text.

    `holds_key` says that the source itself has questions with their answers; `is_call` that it displays some.
    """

    quizzes: list[Quiz] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    holds_key: bool = False
    is_call: bool = False


class Displays:
    """Reads the cells of one notebook in order, and remembers the questions that they assign to names."""

    def __init__(self) -> None:
        self._named: dict[str, Any] = {}

    def read(self, source: str) -> Displayed:
        """What the cell with this source displays; nothing for any other cell."""
        shown = Displayed()
        if not any(mark in source for mark in ("display_quiz", '"answers"', "'answers'")):
            return shown
        kept = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
        tree = parse_python(kept)
        if tree is None:
            return shown
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and (value := _questions(node.value)) is not None:
                shown.holds_key = True
                self._named |= {target.id: value for target in node.targets if isinstance(target, ast.Name)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node.func) == "display_quiz" and node.args:
                shown.is_call = True
                self._argument(node.args[0], shown)
        return shown

    def _argument(self, node: ast.expr, shown: Displayed) -> None:
        if isinstance(node, ast.Name) and node.id in self._named:
            shown.quizzes += [quiz for found in quiz_sets(self._named[node.id]) for quiz in found.quizzes]
        elif (value := _questions(node)) is not None:
            shown.holds_key = True
            shown.quizzes += [quiz for found in quiz_sets(value) for quiz in found.quizzes]
        elif text := _last_text(node):
            (shown.spans if text.startswith("#") else shown.files).append(text.lstrip("#"))


def _questions(node: ast.expr) -> Any:
    """The literal that `node` is when it holds questions, else None."""
    if not isinstance(node, ast.List | ast.Dict | ast.Tuple):
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    value = list(value) if isinstance(value, tuple) else value
    return value if quiz_sets(value) else None


def _called(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _last_text(node: ast.expr) -> str:
    """The file's name in `"q.json"` and in `base + "q.json"`; "" for anything else."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        node = node.right
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
