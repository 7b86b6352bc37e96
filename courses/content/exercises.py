"""An exercise as consecutive notebook cells (exercise, solution, check, hidden-check, hint) as one exercise block.

The cells themselves are kept in `cells`, so that the notebook can be written again; the starter that learners get is
the solution with its marked regions taken out. Knows cells and text; ids and references are the caller's.
"""

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from courses.content.checks import CheckReader
from courses.content.notebook import Cell
from courses.content.python_source import imported_modules, parse_python
from courses.content.references import first_heading

PART_TAGS = frozenset({"solution", "check", "hidden-check", "hint"})
MAX_PACKAGES, MAX_HINTS, MAX_CHECKS, MAX_POINTS = 50, 50, 200, 1_000
PLACEHOLDER = "# Your code here"

# What a learner's Python must load for a module; the standard library needs nothing.
PACKAGES = {
    "numpy": "numpy",
    "pandas": "pandas",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "seaborn": "seaborn",
    "statsmodels": "statsmodels",
    "sympy": "sympy",
    "networkx": "networkx",
}

_BEGIN = re.compile(r"[ \t]*#+[ \t]*BEGIN SOLUTION\b", re.I)
_END = re.compile(r"[ \t]*#+[ \t]*END SOLUTION\b", re.I)
_BEGIN_HIDDEN = re.compile(r"[ \t]*#+[ \t]*BEGIN HIDDEN TESTS\b", re.I)
_END_HIDDEN = re.compile(r"[ \t]*#+[ \t]*END HIDDEN TESTS\b", re.I)
# otter-grader's marks, besides a line's own `# SOLUTION`.
_QUIET = re.compile(r"[ \t]*#+[ \t]*BEGIN SOLUTION[ \t]+NO PROMPT\b", re.I)
_BEGIN_PROMPT = re.compile(r"[ \t\"'.=]*#+[ \t]*BEGIN PROMPT\b", re.I)
_END_PROMPT = re.compile(r"[ \t\"';]*#+[ \t]*END PROMPT\b", re.I)
_ASSIGNED = re.compile(r"[ \t]*(?:return\b|[\w.]+(?:\[[^\]=]*\])*(?:[ \t]*,[ \t]*[\w.]+)*[ \t]*(?:=(?!=)|<-))")
_PACKAGE = re.compile(r"[A-Za-z0-9_+#.\[\]-]{1,60}")


@dataclass
class Exercise:
    """An exercise as read: `block` without an id, and what is wrong with it as (cell number, what)."""

    block: dict[str, Any]
    cells: list[Cell]
    problems: list[tuple[int, str]] = field(default_factory=list)


def is_exercise_start(cell: Cell) -> bool:
    """Whether an exercise begins with this cell."""
    return cell.cell_type == "markdown" and "exercise" in cell.tags


def exercise_length(cells: list[Cell], start: int) -> int:
    """How many cells the exercise that begins at `start` takes: up to the first that is no part of one."""
    end = start + 1
    while end < len(cells) and not is_exercise_start(cells[end]) and cells[end].tags & PART_TAGS:
        end += 1
    return end - start


def read_exercise(cells: list[Cell], language: str) -> Exercise:
    """The exercise block for `cells`, whose first is the exercise cell. Never fails: see `problems`."""
    problems: list[tuple[int, str]] = []
    head = cells[0]
    title, prompt = first_heading(head.source)
    visible: list[dict[str, Any]] = []
    hidden: list[dict[str, Any]] = []
    solutions, hints, reader = [], [], CheckReader()
    for cell in cells[1:]:
        if cell.cell_type == "code" and "hint" in cell.tags:
            hints.append(f"```{language}\n{cell.source}\n```")
        elif cell.cell_type == "markdown":
            hints.append(cell.source.strip())
            if "hint" not in cell.tags:
                problems.append((cell.number, "a Markdown cell in an exercise is taken as a hint"))
        elif cell.tags & {"check", "hidden-check"}:
            is_hidden = "hidden-check" in cell.tags
            for source, secret in hidden_regions(cell, problems, is_hidden):
                checks, secret = reader.read(source, hidden=secret)
                (hidden if secret else visible).extend(checks)
        else:
            solutions.append(cell)
    solution_source = "\n\n".join(cell.source for cell in solutions)
    if len(solutions) != 1:
        found = "no cell" if not solutions else f"{len(solutions)} cells"
        problems.append((head.number, f"exercise {title!r} has {found} tagged solution; one is expected"))
    starter, solution = split_solution(solution_source, [] if not solutions else problems, head.number)
    if isinstance(own := head.settings.get("starter"), str):
        starter = own  # a starter that is not the solution with its regions taken out
    points = _points(head, problems)
    if points and not visible and not hidden:
        problems.append((head.number, f"exercise {title!r} has no check, so that it gives no points"))
        points = 0
    block = {
        "type": "exercise",
        "title": (title or "Exercise")[:500],
        "prompt": prompt.strip(),
        "starter": starter,
        "solution": solution,
        "checks": visible[:MAX_CHECKS],
        "hidden_checks": hidden[:MAX_CHECKS],
        "hints": [hint for hint in hints if hint][:MAX_HINTS],
        "packages": needed_packages(head, solution, [*visible, *hidden], problems),
        "points": points,
        "language": language,
        "cells": [kept_cell(cell) for cell in cells],
    }
    return Exercise(block, cells, problems)


def kept_cell(cell: Cell) -> dict[str, Any]:
    """The cell as an exercise keeps it for export."""
    kept: dict[str, Any] = {
        "id": cell.id,
        "cell_type": cell.cell_type,
        "source": cell.source,
        "metadata": cell.metadata,
    }
    if cell.written_id != cell.id and (cell.written_id or cell.has_own_id):
        kept["written_id"] = cell.written_id
    if cell.execution_count is not None:
        kept["execution_count"] = cell.execution_count
    return kept


def has_answer_region(source: str) -> bool:
    """Whether a source holds a region that learners must not see, in an exercise or outside of one."""
    if "SOLUTION" not in source and "BEGIN" not in source.upper():
        return False
    marks = (_BEGIN.match, _BEGIN_HIDDEN.match, _marked_line)
    return any(mark(line) for line in source.splitlines() for mark in marks)


def without_answers(source: str) -> str:
    """`source` as a learner may see it: without solution regions and without hidden tests."""
    kept, inside = [], False
    for line in source.splitlines():
        if _BEGIN_HIDDEN.match(line):
            inside = True
        elif _END_HIDDEN.match(line):
            inside = False
        elif not inside:
            kept.append(line)
    return split_solution("\n".join(kept), [], 0)[0] if has_answer_region("\n".join(kept)) else "\n".join(kept)


def split_solution(source: str, problems: list[tuple[int, str]], number: int) -> tuple[str, str]:
    """(starter, solution) of a solution cell. Without a marked region everything is the solution.

    In the starter each region is one comment; where the region was the only body of its block, it also raises
    NotImplementedError, so that the starter is valid Python and says what is missing. A line that ends in `# SOLUTION`
    keeps what it assigns to.
    """
    lines = source.splitlines()
    regions = _regions(lines, problems, number)
    prompts = _prompts(lines)
    solution = [
        marked[0] if (marked := _marked_line(line)) else line
        for index, line in enumerate(lines)
        if index not in prompts and not _BEGIN.match(line) and not _END.match(line)
    ]
    if not regions and not any(map(_marked_line, lines)):
        if source.strip():
            problems.append((number, "the solution cell marks no region, so that the starter is empty"))
        return PLACEHOLDER + "\n", "\n".join(solution)
    only_bodies = _only_bodies(lines, regions)
    starter: list[str] = []
    for index, line in enumerate(lines):
        region = next(((begin, end) for begin, end in regions if begin <= index <= end), None)
        if region is None:
            if not _END.match(line) and prompts.get(index, True):
                starter += _left_of(line)
        elif index == region[0]:
            if _QUIET.match(line) and (region not in only_bodies or region[1] + 1 in prompts):
                continue
            indent = _indent(lines, region)
            starter.append(indent + PLACEHOLDER)
            if region in only_bodies:
                starter.append(f"{indent}raise NotImplementedError")
    return "\n".join(starter), "\n".join(solution)


def _left_of(line: str) -> list[str]:
    """What a learner gets of a line outside of all regions: `x = 2 # SOLUTION` is `x = ...`."""
    marked = _marked_line(line)
    if marked is None:
        return [line]
    source, is_quiet = marked
    if is_quiet:
        return []
    assigned = _ASSIGNED.match(source[:1_000])
    return [f"{assigned[0]} ..." if assigned else line[: len(line) - len(line.lstrip())] + "..."]


def _marked_line(line: str) -> tuple[str, bool] | None:
    """(source, whether nothing takes its place) of a line that ends in `# SOLUTION` or `# SOLUTION NO PROMPT`."""
    if "SOLUTION" not in line:
        return None
    source, mark, words = line.rpartition("#")
    source = source.rstrip("# \t")
    says_so = words.split() in (["SOLUTION"], ["SOLUTION", "NO", "PROMPT"])
    is_code = bool(source.strip()) and not source.lstrip().startswith("#")
    return (source, "PROMPT" in words) if mark and says_so and is_code else None


def _prompts(lines: list[str]) -> dict[int, bool]:
    """The lines that only learners get, between BEGIN PROMPT and END PROMPT: whether each is more than a mark."""
    found: dict[int, bool] = {}
    begin: int | None = None
    for index, line in enumerate(lines):
        if begin is None and _BEGIN_PROMPT.match(line):
            begin = index
        elif begin is not None and _END_PROMPT.match(line):
            found |= {place: begin < place < index for place in range(begin, index + 1)}
            begin = None
    return found


def _regions(lines: list[str], problems: list[tuple[int, str]], number: int) -> list[tuple[int, int]]:
    """(first, last) line of each region, its marks included. An open region runs to the end."""
    regions: list[tuple[int, int]] = []
    begin: int | None = None
    for index, line in enumerate(lines):
        if _BEGIN.match(line) and begin is None:
            begin = index
        elif _END.match(line):
            if begin is None:
                problems.append((number, "END SOLUTION stands without BEGIN SOLUTION"))
            else:
                regions.append((begin, index))
                begin = None
    if begin is not None:
        problems.append((number, "BEGIN SOLUTION has no END SOLUTION: the rest of the cell is the solution"))
        regions.append((begin, len(lines) - 1))
    return regions


def _indent(lines: list[str], region: tuple[int, int]) -> str:
    """The indentation of the region's first code line: the marks themselves may stand at the margin."""
    for line in lines[region[0] + 1 : region[1] + 1]:
        if line.strip() and not line.lstrip().startswith("#"):
            return line[: len(line) - len(line.lstrip())]
    return lines[region[0]][: len(lines[region[0]]) - len(lines[region[0]].lstrip())]


def _only_bodies(lines: list[str], regions: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """The regions that are the whole body of a function, loop, branch …, docstring aside."""
    marked: list[str] = []
    for index, line in enumerate(lines):
        number = next((n for n, (begin, end) in enumerate(regions) if begin <= index <= end), None)
        if number is None:
            marked.append("" if _END.match(line) else line)
        elif index == regions[number][0]:
            marked.append(f"{_indent(lines, regions[number])}__region_{number}__")
    tree = parse_python("\n".join(marked))
    if tree is None:
        return set()  # a region inside an expression, or a magic: a comment has to do
    only: set[tuple[int, int]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module):
            continue
        for name in ("body", "orelse", "finalbody", "handlers"):
            body = getattr(node, name, None)
            if not isinstance(body, list):
                continue
            statements = [item for item in body if not _is_docstring(item)]
            numbers = [_region_number(item) for item in statements]
            if numbers and None not in numbers:
                only.add(regions[next(number for number in numbers if number is not None)])
    return only


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _region_number(node: ast.AST) -> int | None:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name):
        found = re.fullmatch(r"__region_(\d+)__", node.value.id)
        return int(found[1]) if found else None
    return None


def hidden_regions(cell: Cell, problems: list[tuple[int, str]], is_hidden: bool) -> list[tuple[str, bool]]:
    """A check cell's source in parts, each with whether it is hidden: hidden test regions apart from the rest."""
    parts: list[tuple[list[str], bool]] = [([], is_hidden)]
    inside = False
    for line in cell.source.splitlines():
        if _BEGIN_HIDDEN.match(line):
            inside = True
            parts.append(([], True))
        elif _END_HIDDEN.match(line):
            inside = False
            parts.append(([], is_hidden))
        else:
            parts[-1][0].append(line)
    if inside:
        problems.append((cell.number, "BEGIN HIDDEN TESTS has no END HIDDEN TESTS: the rest of the cell is hidden"))
    return [("\n".join(lines), secret) for lines, secret in parts if "\n".join(lines).strip()]


def _points(head: Cell, problems: list[tuple[int, str]]) -> int | float:
    points = head.settings.get("points", 1)
    if isinstance(points, bool) or not isinstance(points, int | float) or not 0 <= points <= MAX_POINTS:
        problems.append((head.number, f"points {points!r:.40} is not a number from 0 to {MAX_POINTS}; 1 is taken"))
        return 1
    return points


def needed_packages(
    head: Cell, solution: str, checks: list[dict[str, Any]], problems: list[tuple[int, str]]
) -> list[str]:
    """The packages that the author names, else those that the solution and the checks import."""
    named = head.settings.get("packages")
    if isinstance(named, list) and all(isinstance(name, str) and _PACKAGE.fullmatch(name) for name in named):
        return list(dict.fromkeys(named))[:MAX_PACKAGES]
    if named is not None:
        problems.append((head.number, "packages must be a list of names; the imports are taken instead"))
    modules: set[str] = set()
    for source in [solution, *(check.get("source", "") for check in checks)]:
        tree = parse_python(source)
        modules |= imported_modules(tree) if tree else set()
    return sorted({PACKAGES[module] for module in modules if module in PACKAGES})
