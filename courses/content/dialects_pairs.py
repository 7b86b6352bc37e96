"""Which cells of a solution notebook answer which cells of its exercise notebook.

The two are the same notebook but for the blanks: what is equal in both holds them together, what stands in the place
of a blank is its solution. Knows cells, not files or names.
"""

from difflib import SequenceMatcher

from courses.content.dialects_marks import has_blank, has_code
from courses.content.notebook import Cell

MAX_CELLS = 600


def align(exercise: list[Cell], solution: list[Cell]) -> dict[int, list[Cell]]:
    """The solution's cells for each blank cell of the exercise, by its place; a blank without any is absent."""
    if len(exercise) > MAX_CELLS or len(solution) > MAX_CELLS:
        return {}
    ours, theirs = [list(map(_key, cells)) for cells in (exercise, solution)]
    found: dict[int, list[Cell]] = {}
    # autojunk would take a line of code that comes often for noise, and lose the thread.
    for what, i1, i2, j1, j2 in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if what not in ("replace", "insert"):
            continue
        blanks = [index for index in range(i1, i2) if is_blank_cell(exercise[index])]
        answers = [cell for cell in solution[j1:j2] if cell.source.strip()]
        if blanks and any(cell.cell_type == "code" for cell in answers):
            _share(blanks, answers, found)
    return found


def _share(blanks: list[int], answers: list[Cell], found: dict[int, list[Cell]]) -> None:
    """One code cell for each blank, in order; what is left over belongs to the last."""
    place = 0
    for cell in answers:
        found.setdefault(blanks[place], []).append(cell)
        if cell.cell_type == "code":
            place = min(place + 1, len(blanks) - 1)


def is_blank_cell(cell: Cell) -> bool:
    """Whether a code cell waits for the learner: it is marked so, or holds nothing but comments."""
    return cell.cell_type == "code" and (has_blank(cell.source) or not has_code(cell.source))


def _key(cell: Cell) -> tuple[str, str]:
    return cell.cell_type, "\n".join(line.rstrip() for line in cell.source.strip().splitlines())
