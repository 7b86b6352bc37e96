"""An exercise block as the notebook cells that an author would write. The other way round is `exercises.py`.

Knows cells and text. Also how a check looks as a statement that Jupyter runs, which a learner's own copy needs too.
"""

import re
from typing import Any

from courses.content.exercises import PLACEHOLDER, read_exercise, split_solution
from courses.content.notebook import Cell

Check = dict[str, Any]

_SAID = ("title", "prompt", "starter", "solution", "checks", "hidden_checks", "hints", "packages", "points")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]", re.M)


def write_exercise(block: dict[str, Any]) -> list[Cell]:
    """The tagged cells for an exercise block: head, solution, checks, hints. Only the head has an id."""
    before = block.get("cells") or [{}]
    metadata = dict(before[0].get("metadata") or {})
    tags = metadata.get("tags")
    metadata["tags"] = list(dict.fromkeys(["exercise", *(tags if isinstance(tags, list) else [])]))
    own = metadata.get("mlpracticum")
    settings = {**(own if isinstance(own, dict) else {}), "id": block["id"], "points": block["points"]}
    settings |= {"packages": block["packages"]}
    settings.pop("starter", None)
    level = _HEADING.search(before[0].get("source", ""))
    heading = f"{level[1] if level else '##'} {block['title']}"
    source = f"{heading}\n\n{block['prompt'].strip()}".rstrip()
    solution, is_derived = _with_regions(block["starter"], block["solution"])
    if not is_derived:
        settings["starter"] = block["starter"]
    head = Cell("markdown", source, 1, id=block["id"], metadata=metadata | {"mlpracticum": settings})
    parts = [("solution", solution)]
    parts += [("check", check_source(check)) for check in block["checks"]]
    parts += [("hidden-check", check_source(check)) for check in block["hidden_checks"]]
    cells = [head, *(Cell("code", text, 0, metadata={"tags": [tag]}) for tag, text in parts)]
    cells += [Cell("markdown", hint, 0, metadata={"tags": ["hint"]}) for hint in block["hints"]]
    for number, cell in enumerate(cells, 1):
        cell.number = number
    return cells


def exercise_reads_back(block: dict[str, Any], cells: list[Cell]) -> str:
    """The name of the first field that `cells` do not give back as `block` has it, or ""."""
    read = read_exercise(cells, block["language"]).block
    return next((name for name in _SAID if _stripped(read[name]) != _stripped(block[name])), "")


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def check_source(check: Check, *, loosely: bool = False) -> str:
    """The check as Python. `loosely` accepts tuples, arrays and small rounding as the server does, and needs no import
    but what the statement itself brings; without it the statement is the one that is read back as this very check.
    """
    if check["kind"] == "assert":
        return check["source"]
    message = f", {check['message']!r}" if check.get("message") else ""
    expression, expected = check["expression"], check["expected"]
    match check["comparison"]:
        case "raises":
            failure = f"({check['message']!r})" if check.get("message") else ""
            body = f"try:\n    {expression}\nexcept {expected}:\n    pass\n"
            return f"{body}else:\n    raise AssertionError{failure}"
        case "shape":
            return f"assert {_grouped(expression)}.shape == {tuple(expected)!r}{message}"
        case "close":
            return _close(check, message, loosely=loosely)
    if expected is None:
        return f"assert {expression} is None{message}"
    if loosely and isinstance(expected, list | dict):
        plain = f"json.loads(json.dumps({expression}, default=lambda value: value.tolist()))"
        return f"import json\n\nassert {plain} == {expected!r}{message}"
    return f"assert {_grouped(expression)} == {expected!r}{message}"


def _close(check: Check, message: str, *, loosely: bool) -> str:
    expression, expected = check["expression"], check["expected"]
    relative, absolute = check.get("relative", 0), check.get("absolute", 0)
    if isinstance(expected, list):
        imported = "import numpy as np\n\n" if loosely else ""
        return (
            f"{imported}assert np.allclose({expression}, {expected!r}, rtol={relative!r}, atol={absolute!r}){message}"
        )
    if loosely:
        relative, absolute = 0, absolute + relative * abs(expected)
    if not relative:
        return f"assert abs({_grouped(expression)} - {_grouped(repr(expected))}) <= {absolute!r}{message}"
    return f"assert math.isclose({expression}, {expected!r}, rel_tol={relative!r}, abs_tol={absolute!r}){message}"


def _grouped(expression: str) -> str:
    """In brackets, unless it is a name, a number, or one call or attribute of a name."""
    return expression if re.fullmatch(r"[\w.]+(?:\([^()]*\))?", expression) else f"({expression})"


def _with_regions(starter: str, solution: str) -> tuple[str, bool]:
    """The solution with marks around what the starter leaves out, and whether the starter follows from it."""
    if starter.strip() == PLACEHOLDER:
        return solution, split_solution(solution, [], 0)[1] == solution
    marked = _marked(starter.split("\n"), solution.split("\n"))
    if marked is not None and split_solution(marked, [], 0) == (starter, solution):
        return marked, True
    return solution, False


def _marked(starter: list[str], solution: list[str]) -> str | None:
    """Lines of the starter are looked for in the solution in order; where it has a placeholder, a region is marked."""
    lines: list[str] = []
    place, region = 0, ""
    for line in starter:
        if line.strip() == PLACEHOLDER:
            region = line[: len(line) - len(line.lstrip())] + "### "
            lines.append(region + "BEGIN SOLUTION")
            continue
        if region and line.strip() == "raise NotImplementedError":
            continue
        if line not in solution[place:]:
            return None
        found = solution.index(line, place)
        if found > place and not region:
            return None
        lines += solution[place:found]
        if region:
            lines.append(region + "END SOLUTION")
            region = ""
        lines.append(line)
        place = found + 1
    lines += solution[place:] if region else []
    if region:
        lines.append(region + "END SOLUTION")
    elif place < len(solution):
        return None
    return "\n".join(lines)
