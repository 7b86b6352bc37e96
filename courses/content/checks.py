"""The cells that check an exercise, as checks: `assert f(3) == 9` becomes a value that the server itself compares.

A value check cannot be forged by the learner's code; an assert check can, because it runs beside that code. So what
can be a value check becomes one, and everything else stays an assert check as its author wrote it.
"""

import ast
import json
import math
from dataclasses import dataclass
from typing import Any

from courses.content.python_source import Segments, bound_names, parse_python, read_names

MAX_ASSERT, MAX_EXPRESSION, MAX_MESSAGE = 50_000, 10_000, 500

Check = dict[str, Any]


@dataclass
class _Setup:
    source: str
    names: set[str]
    hidden: bool


class CheckReader:
    """Reads the check cells of one exercise in order: a later cell may use what an earlier one has set up."""

    def __init__(self) -> None:
        self._setups: list[_Setup] = []

    def read(self, source: str, *, hidden: bool) -> tuple[list[Check], bool]:
        """The checks that a cell's `source` holds, in order, and whether they are hidden.

        A cell of nothing but asserts gives a check for each. With other statements, or with names that an earlier
        cell set up, it stays one assert check as a whole; one that needs a hidden cell's names is hidden itself.
        """
        tree = parse_python(source)
        if tree is None:
            return ([_assert_check(source)] if source.strip() else []), hidden
        if not tree.body:
            return [], hidden
        names = read_names(tree)
        hidden = hidden or any(setup.hidden and setup.names & names for setup in self._setups)
        usable = [setup for setup in self._setups if hidden or not setup.hidden]
        needs_setup = any(setup.names & names for setup in usable)
        whole = "\n".join([setup.source for setup in usable] * needs_setup + [source])
        text = Segments(source)
        tree.body = [node for node in tree.body if not _is_remark(node)]
        if not tree.body:
            return [], hidden
        others = [node for node in tree.body if not isinstance(node, ast.Assert) and _raises(node, text) is None]
        for node in others:
            statement = text.text(node)
            self._setups.append(_Setup(statement, bound_names(node), hidden))
        if others or needs_setup:
            return [_assert_check(whole, _only_message(tree))], hidden
        return [_check_of(node, text) for node in tree.body], hidden


def _is_remark(node: ast.stmt) -> bool:
    """A string that stands alone, or `print("well done")`: it checks nothing."""
    value = node.value if isinstance(node, ast.Expr) else None
    if isinstance(value, ast.Call) and _name(value.func) == "print" and not value.keywords:
        return all(isinstance(argument, ast.Constant) for argument in value.args)
    return isinstance(value, ast.Constant)


def _only_message(tree: ast.Module) -> str:
    messages = [_message(node) for node in tree.body if isinstance(node, ast.Assert)]
    return messages[0] if len(messages) == 1 else ""


def _assert_check(source: str, message: str = "") -> Check:
    check: Check = {"kind": "assert", "source": source.strip()[:MAX_ASSERT]}
    return check | {"message": message} if message else check


def _check_of(node: ast.stmt, source: Segments) -> Check:
    raises = _raises(node, source)
    if raises is not None:
        return raises
    message = _message(node)
    check = value_check(node.test, source) if isinstance(node, ast.Assert) else None
    if check is None:
        return _assert_check(source.text(node), message)
    return check | {"message": message} if message else check


def _raises(node: ast.stmt, source: Segments) -> Check | None:
    """`try: f(-1)` / `except ValueError: pass` / `else: raise AssertionError("…")` as a check, else None."""
    if not isinstance(node, ast.Try) or len(node.handlers) != 1 or node.finalbody or len(node.orelse) != 1:
        return None
    handler, otherwise = node.handlers[0], node.orelse[0]
    is_silent = isinstance(handler.body[0], ast.Pass) and len(handler.body) == 1 and handler.name is None
    if not is_silent or not isinstance(handler.type, ast.Name) or handler.type.id == "AssertionError":
        return None
    message = _failure(otherwise)
    if message is None or len(node.body) != 1 or not isinstance(node.body[0], ast.Expr):
        return None
    check = _value(node.body[0].value, handler.type.id, "raises", source)
    return check | {"message": message} if check and message else check


def _failure(node: ast.stmt) -> str | None:
    """The message of a statement that only fails, `raise AssertionError("…")` or `assert False, "…"`; else None."""
    if isinstance(node, ast.Assert):
        is_false = isinstance(node.test, ast.Constant) and node.test.value is False
        return _message(node) if is_false else None
    if not isinstance(node, ast.Raise) or node.exc is None:
        return None
    if _name(node.exc) == "AssertionError":
        return ""
    if not isinstance(node.exc, ast.Call) or _name(node.exc.func) != "AssertionError":
        return None
    said = node.exc.args[0] if node.exc.args else None
    return said.value[:MAX_MESSAGE] if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""


def _message(node: ast.stmt) -> str:
    said = node.msg if isinstance(node, ast.Assert) else None
    return said.value[:MAX_MESSAGE] if isinstance(said, ast.Constant) and isinstance(said.value, str) else ""


def value_check(test: ast.expr, source: Segments) -> Check | None:
    """The value check that an assert's condition amounts to, or None when it has to stay as it is."""
    for reading in (_equal, _close_by_difference, _close_by_function, _equal_by_function):
        check = reading(test, source)
        if check is not None:
            return check
    return None


def _equal(test: ast.expr, source: Segments) -> Check | None:
    """`f(3) == 9`, `9 == f(3)`, `f(3) is None`, `x.shape == (2, 3)`."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, right = test.left, test.comparators[0]
    if isinstance(test.ops[0], ast.Is):
        # `is True` is stricter than `== True` (1 would pass), so that only None is the same either way.
        is_none = isinstance(right, ast.Constant) and right.value is None
        return _value(left, None, "equal", source) if is_none else None
    if not isinstance(test.ops[0], ast.Eq):
        return None
    if _is_literal(left) and not _is_literal(right):
        left, right = right, left
    if _is_literal(left) or not _is_literal(right):
        return None
    expected = ast.literal_eval(right)
    shape = isinstance(expected, tuple) and all(type(size) is int for size in expected)
    if shape and isinstance(left, ast.Attribute) and left.attr == "shape":
        return _value(left.value, list(expected), "shape", source)
    return _value(left, expected, "equal", source) if _is_json(expected) else None


def _close_by_difference(test: ast.expr, source: Segments) -> Check | None:
    """`abs(f(1) - 2.5) < 1e-6`, and `1e-6 > abs(…)`."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, right, operator = test.left, test.comparators[0], test.ops[0]
    if isinstance(operator, ast.Gt | ast.GtE):
        left, right = right, left
    elif not isinstance(operator, ast.Lt | ast.LtE):
        return None
    is_abs = isinstance(left, ast.Call) and _name(left.func) in ("abs", "np.abs", "numpy.abs", "math.fabs")
    if not is_abs or not isinstance(left, ast.Call) or len(left.args) != 1 or left.keywords:
        return None
    difference, tolerance = left.args[0], _number(right)
    if not isinstance(difference, ast.BinOp) or not isinstance(difference.op, ast.Sub):
        return None
    if tolerance is None or tolerance < 0:
        return None
    for value, expected in ((difference.left, difference.right), (difference.right, difference.left)):
        number = _number(expected)
        if number is not None and _number(value) is None:
            return _value(value, number, "close", source, relative=0, absolute=tolerance)
    return None


_CLOSE_FUNCTIONS = {
    # name: (relative by default, absolute by default, their keywords, whether they may be given by position)
    "math.isclose": (1e-9, 0.0, ("rel_tol", "abs_tol"), False),
    "isclose": (1e-9, 0.0, ("rel_tol", "abs_tol"), False),
    "np.isclose": (1e-5, 1e-8, ("rtol", "atol"), True),
    "numpy.isclose": (1e-5, 1e-8, ("rtol", "atol"), True),
    "np.allclose": (1e-5, 1e-8, ("rtol", "atol"), True),
    "numpy.allclose": (1e-5, 1e-8, ("rtol", "atol"), True),
}


def _close_by_function(test: ast.expr, source: Segments) -> Check | None:
    """`math.isclose(f(1), 2.5, rel_tol=…)`, `np.isclose(…)`, `np.allclose(f(x), [1, 2])`."""
    if not isinstance(test, ast.Call) or _name(test.func) not in _CLOSE_FUNCTIONS or len(test.args) < 2:
        return None
    relative, absolute, keywords, by_position = _CLOSE_FUNCTIONS[_name(test.func)]
    given: dict[str, ast.expr] = dict(zip(keywords, test.args[2:], strict=False)) if by_position else {}
    if len(test.args) - 2 != len(given):
        return None
    for keyword in test.keywords:
        if keyword.arg not in keywords:
            return None
        given[str(keyword.arg)] = keyword.value
    tolerances = [_number(given[name]) if name in given else 0.0 for name in keywords]
    if any(value is None or value < 0 for value in tolerances):
        return None
    relative = tolerances[0] if keywords[0] in given else relative  # type: ignore[assignment]
    absolute = tolerances[1] if keywords[1] in given else absolute  # type: ignore[assignment]
    value, expected = test.args[0], _array_literal(test.args[1])
    if expected is None:
        value, expected = test.args[1], _array_literal(test.args[0])
    if expected is None or _array_literal(value) is not None:
        return None
    return _value(value, expected, "close", source, relative=relative, absolute=absolute)


def _equal_by_function(test: ast.expr, source: Segments) -> Check | None:
    """`np.array_equal(f(x), [1, 2])`."""
    if not isinstance(test, ast.Call) or _name(test.func) not in ("np.array_equal", "numpy.array_equal"):
        return None
    if len(test.args) != 2 or test.keywords:
        return None
    expected = _array_literal(test.args[1])
    return _value(test.args[0], expected, "equal", source) if isinstance(expected, list) else None


def _value(node: ast.expr, expected: Any, comparison: str, source: Segments, **tolerances: float) -> Check | None:
    if any(isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom) for part in ast.walk(node)):
        return None  # binds a name or needs a loop: it does not stand alone as an expression
    text = source.text(node)
    # Lines held together by a bracket outside the segment would not parse on their own.
    expression = text if "\n" not in text else ast.unparse(node)
    if len(expression) > MAX_EXPRESSION:
        return None
    return {
        "kind": "value",
        "expression": expression,
        "expected": _as_json(expected),
        "comparison": comparison,
        **tolerances,
    }


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _is_json(value: Any, depth: int = 0) -> bool:
    """Whether `value` survives JSON: lists, tuples (as lists), text keys, finite numbers of a fair size."""
    if depth > 20:
        return False
    if isinstance(value, list | tuple):
        return all(_is_json(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item, depth + 1) for key, item in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**300)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _number(node: ast.expr) -> float | int | None:
    """The finite number that a literal is, else None."""
    if not _is_literal(node):
        return None
    value = ast.literal_eval(node)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and _is_json(value) else None


def _array_literal(node: ast.expr) -> Any:
    """The number, or nested list of numbers, of a literal or of `np.array(literal)`; else None."""
    if isinstance(node, ast.Call) and _name(node.func) in ("np.array", "numpy.array", "np.asarray"):
        if len(node.args) != 1 or node.keywords:
            return None
        node = node.args[0]
    if not _is_literal(node):
        return None
    value = ast.literal_eval(node)
    return _as_json(value) if _is_numbers(value) else None


def _is_numbers(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return bool(value) and all(map(_is_numbers, value))
    return isinstance(value, int | float) and _is_json(value)


def _name(node: ast.expr) -> str:
    """`np.allclose` for that function, "" for anything but dotted names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""
