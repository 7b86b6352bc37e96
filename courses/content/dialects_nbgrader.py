"""What nbgrader's cell metadata says: which cell is an answer, a test or a task, and what it is worth.

Reads schema versions 1 to 3 tolerantly. Knows one cell at a time.
"""

import math
import re
from dataclasses import dataclass

from courses.content.notebook import Cell

_STUB = re.compile(r"\byour (?:code|answer) here\b", re.I)


@dataclass(frozen=True)
class Grading:
    """A cell's part in an assignment. `is_answer` is what learners write, `is_test` what grades it."""

    is_answer: bool = False
    is_test: bool = False
    is_task: bool = False
    is_manual: bool = False
    points: float = 0


NOTHING = Grading()


def grading(cell: Cell) -> Grading:
    """What nbgrader knows of the cell; NOTHING when it is not nbgrader's."""
    known = cell.metadata.get("nbgrader")
    if not isinstance(known, dict):
        return NOTHING
    solution, grade, task = (known.get(name) is True for name in ("solution", "grade", "task"))
    points = known.get("points", 0)
    fits = isinstance(points, int | float) and not isinstance(points, bool) and math.isfinite(points) and points > 0
    return Grading(
        is_answer=solution and not task,
        is_test=grade and not solution and not task and cell.cell_type == "code",
        is_task=task,
        is_manual=task or (grade and solution),
        points=points if fits else 0,
    )


def is_stub(source: str) -> bool:
    """Whether an answer is nbgrader's own placeholder, so that it holds no solution."""
    return not source.strip() or bool(_STUB.search(source))
