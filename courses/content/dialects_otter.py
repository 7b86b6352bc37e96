"""otter-grader's assignments: raw cells that say BEGIN QUESTION, SOLUTION, PROMPT and TESTS around the cells between.

Gives each question as an exercise: words, starter, solution, and checks out of assertions, functions and expressions
with their saved results. What has a mark is never shown as it is. Knows the cells of one lesson.
"""

import ast
import re
from dataclasses import dataclass, replace
from typing import Any

from courses.content.dialects_exercise import Gathered
from courses.content.exercises import has_answer_region, split_solution
from courses.content.notebook import Cell, joined_text
from courses.content.plain_yaml import YAMLRefused, load_yaml
from courses.content.python_source import parse_python
from courses.content.references import first_heading

MAX_CONFIG = 10_000

_MARK = re.compile(
    r"\A[\s`#]*(?:<!--[\s#]*)?"
    r"(?P<mark>(?:BEGIN|END)[ \t]+(?:QUESTION|PROMPT|SOLUTION|TESTS?|EXPORT)|ASSIGNMENT CONFIG)\b"
)
_BEGIN_CONFIG = re.compile(r"[ \t\"']*#+[ \t]*BEGIN TEST CONFIG\b")
_END_CONFIG = re.compile(r"[ \t\"';]*#+[ \t]*END TEST CONFIG\b")
_HIDDEN = re.compile(r"[ \t]*#+[ \t]*HIDDEN\b", re.I)
_BOLD = re.compile(r"\A\s*(?:\*\*|__)([^*_\n]{1,80}?)[.:\s]*(?:\*\*|__)[.:]?\s*")
_TRUE_FUNCTIONS = frozenset({"isinstance", "issubclass", "all", "any", "hasattr", "callable", "isclose", "allclose"})


@dataclass(frozen=True)
class Question:
    """A question: `end` is the place after its last cell, `config` what its first mark says."""

    end: int
    config: dict[str, Any]


def marked(cell: Cell) -> str:
    """What a cell that is nothing but a mark says, "BEGIN QUESTION"; "" for any other cell."""
    if cell.cell_type == "code" or not (found := _MARK.match(cell.source[:MAX_CONFIG])):
        return ""
    is_mark = cell.cell_type == "raw" or cell.source.lstrip().startswith(("<!--", "```"))
    return " ".join(found["mark"].split()).removesuffix("S") if is_mark else ""


def questions(cells: list[Cell]) -> dict[int, Question]:
    """The questions of a lesson by the place of their first cell; one that is not closed ends before the next."""
    marks = [(place, mark) for place, cell in enumerate(cells) if (mark := marked(cell))]
    found: dict[int, Question] = {}
    start: int | None = None
    for place, mark in [*marks, (len(cells), "BEGIN QUESTION")]:
        if start is not None and mark in ("BEGIN QUESTION", "END QUESTION"):
            found[start] = Question(place + (mark == "END QUESTION"), _config(cells[start]))
            start = None
        if mark == "BEGIN QUESTION":
            start = place
    return found


def gather_question(question: Question, cells: list[Cell], language: str) -> Gathered:
    """The exercise that the question's `cells` are."""
    config = question.config
    gathered = Gathered(cells[0], language=language)
    place, worth, asks_words = "", 0.0, False
    for cell in cells:
        mark = marked(cell)
        if mark:
            place = mark.removeprefix("BEGIN ") if mark.startswith("BEGIN") else ""
        elif place == "SOLUTION":
            asks_words = asks_words or cell.cell_type != "code"
            _add_solution(gathered, cell)
        elif place == "TEST" and cell.cell_type == "code":
            worth += _add_test(gathered, cell)
        elif place == "PROMPT" and cell.cell_type == "code":
            gathered.starter = f"{gathered.starter}\n\n{cell.source}".strip("\n")
        elif cell.cell_type == "code" and has_answer_region(cell.source):
            _add_solution(gathered, cell)
        elif cell.cell_type == "code" and cell.source.strip():
            gathered.add_words(f"```{language}\n{cell.source}\n```")
        elif cell.cell_type == "markdown" and place != "PROMPT":
            gathered.add_words(cell.source)
    _name(gathered, config)
    points = _points(config.get("points"))
    gathered.points = points if points is not None else worth or None
    if config.get("manual") is True:
        gathered.checks, gathered.hidden_checks = [], []
    return gathered


def _add_solution(gathered: Gathered, cell: Cell) -> None:
    if cell.cell_type != "code":
        gathered.add_solution(cell.source, is_code=False)
        return
    starter, solution = split_solution(cell.source, [], cell.number)
    gathered.starter = f"{gathered.starter}\n\n{starter}".strip("\n") + "\n"
    gathered.add_solution(solution, is_code=True)


def _name(gathered: Gathered, config: dict[str, Any]) -> None:
    title, rest = first_heading(gathered.prompt)
    bold = None if title else _BOLD.match(gathered.prompt)
    if title:
        gathered.title, gathered.prompt = title, rest.strip()
    elif bold:
        gathered.title, gathered.prompt = bold[1].strip(), gathered.prompt[bold.end() :]
    else:
        gathered.title = str(config.get("name") or "")[:80]


def _config(cell: Cell) -> dict[str, Any]:
    found = _MARK.match(cell.source[:MAX_CONFIG])
    rest = cell.source[found.end() : MAX_CONFIG] if found else ""
    return _yaml(rest.strip("` \t\n").removesuffix("-->"))


def _yaml(text: str) -> dict[str, Any]:
    """The settings that a mark holds; faulty ones say nothing, and the question stands without them."""
    try:
        value = load_yaml(text)
    except YAMLRefused:
        return {}
    return value if isinstance(value, dict) else {}


def _points(value: Any) -> float | None:
    if isinstance(value, dict):
        value = value.get("value", value.get("each"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000:
        return None
    return float(value)


# Tests


def _add_test(gathered: Gathered, cell: Cell) -> float:
    """Add what a test cell checks; what it is worth, 0 when it does not say."""
    config, source, hidden = _settings(cell.source)
    if gathered.language != "python":
        return 0.0
    tree = parse_python(source)
    if tree is None or not tree.body:
        if source.strip():
            gathered.problems.append((cell.number, "a test that is no Python is not read"))
        return 0.0
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test")]
    points = _points(config.get("points")) or 0.0
    if functions:
        for function in functions:
            decorated = _decorator(function)
            hidden = hidden or decorated.get("hidden") is True
            points += _points(decorated.get("points")) or 0.0
        source = _called(tree, functions)
    else:
        source = _asserted(tree, source, cell)
        if not source:
            gathered.problems.append((cell.number, "a test without a saved result checks nothing and is not taken"))
            return 0.0
    gathered.add_checks(replace(cell, source=source), hidden=hidden)
    return points


def _settings(source: str) -> tuple[dict[str, Any], str, bool]:
    """(the settings of a test cell, its source without them, whether it is hidden)."""
    lines = source.strip("\n").splitlines()
    if lines and _HIDDEN.match(lines[0]):
        return {}, "\n".join(lines[1:]), True
    if not lines or not _BEGIN_CONFIG.match(lines[0]):
        return {}, source, False
    end = next((place for place, line in enumerate(lines) if _END_CONFIG.match(line)), len(lines) - 1)
    config = _yaml("\n".join(lines[1:end]))
    # Settings that cannot be read may have said hidden.
    return config, "\n".join(lines[end + 1 :]), config.get("hidden", not config) is not False


def _decorator(function: ast.FunctionDef) -> dict[str, Any]:
    calls = [node for node in function.decorator_list if isinstance(node, ast.Call)]
    return {
        keyword.arg: keyword.value.value
        for call in calls
        for keyword in call.keywords
        if keyword.arg and isinstance(keyword.value, ast.Constant)
    }


def _called(tree: ast.Module, functions: list[ast.FunctionDef]) -> str:
    """Test functions, each called with the learner's names that its parameters are called after."""
    for function in functions:
        function.decorator_list = []
    calls = [f"{node.name}({', '.join(arg.arg for arg in node.args.args)})" for node in functions]
    kept = [node for node in tree.body if not _imports_otter(node)]
    return "\n".join([*map(ast.unparse, kept), *calls])


def _imports_otter(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "otter"


def _asserted(tree: ast.Module, source: str, cell: Cell) -> str:
    """A test that is an expression as an assertion of its saved result; "" for one that has none."""
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        return source if any(isinstance(node, ast.Assert) for node in ast.walk(tree)) else ""
    if any(isinstance(node, ast.Assert) for node in tree.body):
        return source
    before = "\n".join(map(ast.unparse, tree.body[:-1]))
    expression = ast.unparse(last.value)
    wanted = _result(cell)
    if wanted is None:
        check = f"assert {expression}" if _is_condition(last.value) else ""
    elif wanted == "True":
        check = f"assert {expression}"
    else:
        check = _equals(expression, wanted)
    return "\n".join(part for part in (before, check) if part) if check else ""


def _equals(expression: str, wanted: str) -> str:
    try:
        value = ast.literal_eval(wanted)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return f"assert repr({expression}) == {wanted!r}"
    if isinstance(value, float):
        return f"assert abs({expression} - {value!r}) <= {max(abs(value), 1.0) * 1e-9!r}"
    return f"assert ({expression}) == {value!r}"


def _result(cell: Cell) -> str | None:
    """The text of the value that a cell was saved with."""
    for output in cell.outputs[:20]:
        if isinstance(output, dict) and output.get("output_type") == "execute_result":
            data = output.get("data")
            text = joined_text(data.get("text/plain")) if isinstance(data, dict) else None
            return text if text is not None and len(text) <= MAX_CONFIG else None
    return None


def _is_condition(node: ast.expr) -> bool:
    if isinstance(node, ast.Compare | ast.BoolOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        return True
    name = node.func if isinstance(node, ast.Call) else None
    called = name.id if isinstance(name, ast.Name) else name.attr if isinstance(name, ast.Attribute) else ""
    return called in _TRUE_FUNCTIONS
