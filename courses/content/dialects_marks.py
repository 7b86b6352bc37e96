"""The words by which authors mark a solution, a blank to fill in, a hint or a check, in any notebook dialect.

Owns the recognising alone: each function looks at one text or one cell and says what it is. What becomes of it is
decided in `dialects_lesson.py`. A cell that is taken for a solution is never shown, so the words are kept narrow.
"""

import ast
import re

from courses.content.notebook import Cell
from courses.content.python_source import parse_python

SOLUTION_TAGS = frozenset(
    {
        *("solution", "solutions", "answer", "answers", "to_remove_solution", "to_remove_explanation", "instructor"),
        "otter_assign_solution_cell",
    }
)
HIDDEN_CHECK_TAGS = frozenset({"hidden-check", "hidden-tests", "hidden_tests", "hidden-test"})

_TITLE = re.compile(
    r"""[\W_]*
    (?:(?:click|press|tap|open|expand|double[- ]click)\b.{0,40}?\s)?
    (?:(?:to|for|see|show|view|reveal|check|the|an?|one|our|my|possible|sample|example|model|suggested|full|complete
        |exercise|challenge|task|correct|here|is|покажи|показать|посмотреть)\s+)*
    (?:solutions?|answers?|answer\ key|решени[еяй]|ответы?)
    (?:\s+(?:to|for|of)\s+(?:(?:the|this|all|your|above|previous|last|first|second)\s+)*
        (?:(?:part|exercises?|questions?|problems?|tasks?|challenges?|quiz|assignment|lab|above|[\d.]+)\b.{0,80}|\#?\d.*)
      |\s*(?:\#?\d[\d.]*|[ivx]+|[a-z])(?:[.:)\s].{0,80})?
      |\s*[:(\u2013\u2014-].{0,80}
      |\s+(?:key|code|exercise|challenge|question|problem|task|here|below)\b.{0,60}
    )?[\W_]*""",
    re.I | re.X | re.S,
)
_HINT_TITLE = re.compile(
    r"[\W_]*(?:(?:click|show|see|view|a|the|for|to)\s+)*(?:hints?|подсказк[аи])\b.{0,60}", re.I | re.S
)
_REMOVED = re.compile(r"[\s#/*<!\"'%-]{0,100}@?(?:title[ \t]{1,20})?to[_ ]remove[_ ](?:solution|explanation)\b", re.I)
_OTTER_WORDS = re.compile(r"\s{0,99}(?:<[^<>]{0,200}>\s{0,99}){0,9}(?:\*\*|__|<(?:strong|b)>)\s{0,99}SOLUTION\b")
_PRODUCTION = re.compile(r"^[ \t]*#[ \t]*%%RM_IF\(PROD\)%%", re.M)
_FORM = re.compile(r"\A\s*#+\s*@(?:title|markdown)[ \t]*(.*)")
_FORM_SOLUTION = re.compile(r"\bsolutions?\b|\banswers?\b|решени[ея]", re.I)
_ANNOUNCED = re.compile(
    r"""\b(?:click|double[- ]click|tap|press|expand|unfold|open|нажмите|раскройте)\b
    [^.\n]{0,80}?\b(?:solutions?|answers?|решени[ея])\b""",
    re.I | re.X,
)
_CALL = re.compile(r"#?\s*[A-Za-z_][\w.\[\]]*\.(?:hint|solution)\(\s*\)\s*;?\s*(?:#.*)?")
_REVEALED = re.compile(r"^[ \t]*[A-Za-z_][\w.\[\]]*\.(?:hint|solution)\(\s*\)", re.M)
_BLANK_COMMENT = re.compile(
    r"""\byour\s+(?:own\s+)?(?:code|answer|solution|implementation|work)\b|\bTODO\b|\bfill[ _-]*(?:in|me)\b
    |\b(?:code|answer|solution)\s+goes\s+here\b|\b(?:ваш|твой|свой)\s+код\b|\b(?:напишите|допишите|впишите|вставьте)\b""",
    re.I | re.X,
)
_BLANK_CODE = re.compile(
    r"""(?<!\w)_{3,}(?!\w)|\bNotImplementedError\b|(?:=|\breturn|[(,])\s*\.\.\.\s*(?:[,)].*)?$|^\s*\.\.\.\s*$
    |<\s*your\s+(?:code|answer)|<\s*ваш\s+код""",
    re.I | re.X,
)
_UNFINISHED = re.compile(r"[ \t]*[A-Za-z_][\w.\[\], \t'\"]{0,200}[ \t]=[ \t]*")
_TASK = re.compile(
    r"\b(?:exercises?|problem|task|question|challenge|your turn|assignment|part [a-z\d])\b|упражнени|задани|задач", re.I
)


def is_solution_title(text: str) -> bool:
    """Whether a title, summary or comment says that what follows is a solution, and nothing else."""
    return len(text) <= 200 and bool(_TITLE.fullmatch(text))


def is_hint_title(text: str) -> bool:
    """Whether a title says that what follows is a hint."""
    return len(text) <= 200 and bool(_HINT_TITLE.fullmatch(text))


def names_a_task(text: str) -> bool:
    """Whether a heading or first line announces an exercise."""
    return bool(_TASK.search(text[:300]))


def is_solution_cell(cell: Cell) -> bool:
    """Whether the whole cell is a solution: its tags, Colab's form, the comment or heading that it opens with."""
    if cell.tags & SOLUTION_TAGS or _REMOVED.match(cell.source) or _OTTER_WORDS.match(cell.source):
        return True
    if cell.cell_type != "code":
        return False
    form = _FORM.match(cell.source)
    if form and _FORM_SOLUTION.search(form[1]) and not _BLANK_COMMENT.search(form[1]):
        return True
    if _PRODUCTION.search(cell.source) or is_call_for_help(cell.source):
        return True
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    says_so = first.startswith(("#", "//")) and is_solution_title(first.lstrip("#/ "))
    return says_so and has_code(cell.source) and not _BLANK_COMMENT.search(first)


def announces_solution(source: str) -> bool:
    """Whether a short text says that the solution is in the cells below it: "Click below for a possible solution"."""
    return len(source) <= 400 and bool(_ANNOUNCED.search(source))


def is_call_for_help(source: str) -> bool:
    """Whether a cell does nothing but ask a checker for a hint or its solution, `q1.solution()`."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    calls = [line for line in lines if _CALL.fullmatch(line)]
    return bool(calls) and all(line.startswith("#") or line in calls for line in lines)


def reveals_solution(source: str) -> bool:
    """Whether running the cell prints a hint or a solution, so that its outputs hold it."""
    return bool(_REVEALED.search(source))


def has_blank(source: str) -> bool:
    """Whether the cell leaves something for the learner to write: a comment, `____`, `...`, NotImplementedError."""
    for line in source.splitlines():
        code, mark, comment = line.partition("#")
        if code.rstrip().endswith("=") and _UNFINISHED.fullmatch(code):
            return True  # `x =` and nothing behind it
        if mark and _BLANK_COMMENT.search(comment):
            return True
        may_be = "___" in code or "..." in code or "NotImpl" in code or "<" in code
        if may_be and _BLANK_CODE.search(code.rstrip()):
            return True
    return False


def has_code(source: str) -> bool:
    """Whether a source has a line that is no comment."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in source.splitlines())


def is_check_cell(source: str) -> bool:
    """Whether the cell holds assertions that can tell right from wrong, at its top level or one step below."""
    tree = parse_python(source)
    if tree is None:
        return False
    nodes = [*tree.body, *(child for node in tree.body for child in ast.iter_child_nodes(node))]
    is_definition = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body)
    return any(isinstance(node, ast.Assert) for node in (tree.body if is_definition else nodes))


def is_only_checks(source: str) -> bool:
    """Whether nothing is lost when the cell is not shown: assertions, prints and strings alone."""
    tree = parse_python(source)
    return tree is not None and all(isinstance(node, ast.Assert | ast.Expr | ast.Try) for node in tree.body)
