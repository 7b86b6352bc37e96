"""Judging one check of an exercise from what the interpreter gave for it, with a message that teaches.

Pure standard library, and also run in the browser: see `wire.py`. The expected value never entered the interpreter that
ran the learner's code, and nothing of that code is called here: what is compared are values read from JSON.

Equality is Python's for plain values (1 == 1.0 == True). An author's list came through JSON, so that it stands for a
list, a tuple, an array or a Series of those values; a dict's keys are text there, and 1, 1.5, True and None match
"1", "1.5", "true" and "null". As in an assert, an array of one value equals that value, and a "close" number is
compared with each value of an array, as numpy.allclose does. Close is |a - b| <= absolute + relative * |b|, b expected.
"""

import json
import math
from typing import Any

# In the browser's worker there is no package: both files lie beside each other.
if __package__:
    from progress.grading import wire
else:
    import wire  # type: ignore[import-not-found,no-redef]

RELATIVE, ABSOLUTE = 1e-6, 1e-9
MAX_CALLED, MAX_MESSAGE, MAX_LABEL = 300, 700, 200

Check = dict[str, Any]
Judged = dict[str, Any]


class Different(Exception):
    """Why a value is not the expected one, as a sentence; `path` leads to the place, outermost step first."""

    def __init__(self, message: str, path: tuple[str, ...] = ()) -> None:
        self.message, self.path = message, path
        super().__init__(message)

    def under(self, step: Any) -> "Different":
        """The same difference, seen from one level further out."""
        return Different(self.message, (f"[{wire.show(step)}]", *self.path))


def judge(check: Check, result: Any, *, hidden: bool = False) -> Judged:
    """Whether `result`, any JSON, passes `check`: `{"passed", "called", "returned", "expected", "message"}`.

    Texts are bounded; `returned` and `expected` are "" where they make no sense, `message` when the check passed.
    With `hidden` only `passed` is in the answer. Never raises, and passes nothing that it cannot read.
    """
    judged = {"passed": False, "called": _called(check), "returned": "", "expected": "", "message": ""}
    is_value = check.get("kind") == "value"
    if is_value:
        judged["expected"] = _expected_text(check)
    try:
        if not isinstance(result, dict) or len(result) != 1:
            raise Different("The check gave no readable result.")
        if "raised" in result:
            _judge_raised(check, result["raised"])
        elif not is_value:
            if result.get("passed") is not True:
                raise Different("The check gave no readable result.")
        elif "value" not in result:
            raise Different("The check gave no readable result.")
        else:
            _judge_value(check, wire.decode(result["value"]), judged)
        judged["passed"] = True
    except Different as different:
        judged["message"] = wire.clean(different.message, MAX_MESSAGE)
    return {"passed": judged["passed"]} if hidden else judged


def label_of(check: Check) -> str:
    """A visible check in one line: its author's message, else what it asks for, as `f(3) gives 9`."""
    if message := wire.clean(check.get("message"), MAX_LABEL):
        return message
    if check.get("kind") != "value":
        lines = [line.strip() for line in wire.clean(check.get("source"), 5_000).splitlines() if line.strip()]
        asserts = [line.removeprefix("assert ") for line in lines if line.startswith("assert ")]
        return wire.clean((asserts or lines or ["a check"])[0], MAX_LABEL)
    verb = {"close": "gives about", "shape": "has the shape", "raises": "raises"}.get(check["comparison"], "gives")
    return wire.clean(f"{wire.clean(check['expression'], 120)} {verb} {_expected_text(check)}", MAX_LABEL)


def _called(check: Check) -> str:
    return wire.clean(check.get("expression") if check.get("kind") == "value" else check.get("source"), MAX_CALLED)


def _expected_text(check: Check) -> str:
    if check["comparison"] == "shape":
        return _shape_text(_expected_shape(check["expected"]))
    return wire.clean(str(check["expected"]), 100) if check["comparison"] == "raises" else wire.show(check["expected"])


def _judge_raised(check: Check, raised: Any) -> None:
    """Raise Different unless the check wants just this exception."""
    raised = raised if isinstance(raised, dict) else {}
    name = wire.clean(raised.get("type"), 100) or "an exception"
    if check.get("kind") == "value" and check["comparison"] == "raises":
        bases = raised.get("mro") if isinstance(raised.get("mro"), list) else []
        # It is a RuntimeError to Python, but a starter that nobody has touched must not pass.
        unwritten = name == "NotImplementedError" and check["expected"] != name
        if not unwritten and check["expected"] in [name, *bases[:100]]:
            return
        if not unwritten:
            raise Different(f"{describe_raised(raised)} Expected {check['expected']}.")
    message = raised.get("message")
    if check.get("kind") == "assert" and name == "AssertionError":
        said = wire.clean(message, MAX_MESSAGE)
        raise Different(said if said and said != check.get("message") else "What the check asserts does not hold.")
    raise Different(describe_raised(raised))


_HINTS = {
    "NameError": "Is it spelled as it was defined, and defined before this line?",
    "RecursionError": "The function calls itself without reaching an end.",
    "IndentationError": "Lines of one block begin in the same column.",
    "ZeroDivisionError": "Which input makes the divisor zero?",
    "IndexError": "The last index is one less than the length.",
    "UnboundLocalError": "It is assigned in the function, but not on every way to this line.",
    "ModuleNotFoundError": "This exercise does not have that package.",
}


def describe_raised(raised: Any) -> str:
    """An exception that was not asked for, in a sentence or two: Python's own message, and what often helps."""
    raised = raised if isinstance(raised, dict) else {}
    name = wire.clean(raised.get("type"), 100) or "An exception"
    message = wire.clean(raised.get("message"), MAX_MESSAGE // 2)
    if name == "NotImplementedError":
        return "Not written yet: put your code in the place of raise NotImplementedError."
    hint = _HINTS.get(name, "")
    said = f"{name}: {message}" if message else name
    return f"Raised {said}{'' if said.endswith(('.', '?', '!')) else '.'} {hint}".strip()


def _judge_value(check: Check, value: Any, judged: Judged) -> None:
    comparison, expected = check["comparison"], check["expected"]
    judged["returned"] = wire.show(value)
    if comparison == "raises":
        raise Different(f"Returned {judged['returned']}; it should have raised {expected}.")
    if comparison == "shape":
        _compare_shape(value, _expected_shape(expected), judged)
        return
    tolerance = None
    if comparison == "close":
        tolerance = (_tolerance(check, "relative", RELATIVE), _tolerance(check, "absolute", ABSOLUTE))
    try:
        _compare(value, expected, tolerance)
    except Different as different:
        if not different.path:
            raise
        place = "".join(different.path)
        order = " The right values are there, in another order." if _is_reordered(value, expected, tolerance) else ""
        raise Different(f"At {place}: {different.message}{order}") from different


def _tolerance(check: Check, name: str, default: float) -> float:
    given = check.get(name, default)
    return given if isinstance(given, int | float) and given >= 0 else default


_PUT_IN_LIST = ("generator", "map", "filter", "zip", "range", "dict_keys", "dict_values", "dict_items", "enumerate")
_CALLABLE = ("function", "method", "builtin_function_or_method", "type", "ufunc", "_ArrayFunctionDispatcher")


def _refuse_unreadable(value: Any, expected: Any) -> None:
    """What cannot be compared equals nothing, whatever it says of itself."""
    match value:
        case wire.Unreadable():
            raise Different("The value could not be read.")
        case wire.Large(name):
            raise Different(f"Got {wire.with_article(name)} that is too large to check.")
        case wire.Opaque(name) if name in _CALLABLE:
            raise Different(
                f"Got {wire.with_article(name)}, expected {wire.kind_of(expected)}: are its parentheses () missing?"
            )
        case wire.Opaque("coroutine"):
            raise Different(f"Got a coroutine, expected {wire.kind_of(expected)}: is there an await missing?")
        case wire.Opaque(name) if name in _PUT_IN_LIST:
            raise Different(
                f"Got {wire.with_article(name)}, expected {wire.kind_of(expected)}: list(…) makes a list of it."
            )
        case wire.Opaque(name):
            raise Different(f"Got {wire.with_article(name)} object, expected {wire.kind_of(expected)}.")


def _compare_shape(value: Any, expected: tuple[int, ...] | None, judged: Judged) -> None:
    _refuse_unreadable(value, expected)
    shape = wire.shape_of(value)
    judged["returned"] = _shape_text(shape)
    if shape is None:
        is_list = isinstance(value, wire.Items) and value.kind != "set"
        has_none = "Its rows are of different lengths" if is_list else f"Got {wire.kind_of(value)}, which has no shape"
        raise Different(f"{has_none}; expected the shape {_shape_text(expected)}.")
    if shape != expected:
        transposed = " Is it transposed?" if len(shape) > 1 and shape[::-1] == expected else ""
        raise Different(f"The shape is {_shape_text(shape)}, expected {_shape_text(expected)}.{transposed}")


def _expected_shape(expected: Any) -> tuple[int, ...] | None:
    """`[2, 3]` is a shape, and so is 3 for (3,); any other list stands for its own shape."""
    if type(expected) is int:
        return (expected,)
    if isinstance(expected, list) and all(type(size) is int for size in expected):
        return tuple(expected)
    return wire.shape_of(expected)


def _shape_text(shape: tuple[int, ...] | None) -> str:
    return "" if shape is None else wire.clean(str(shape), 100)


Tolerance = tuple[float, float] | None


def _compare(value: Any, expected: Any, tolerance: Tolerance) -> None:
    """Raise Different at the first place where `value`, as decoded, is not `expected`, an author's JSON."""
    value = wire.plain(value)
    _refuse_unreadable(value, expected)
    if isinstance(expected, list):
        _compare_lists(value, expected, tolerance)
    elif isinstance(expected, dict):
        _compare_dicts(value, expected, tolerance)
    elif isinstance(value, wire.Array | wire.Series):
        _compare_each(value, expected, tolerance)
    elif isinstance(expected, str):
        if not isinstance(value, str):
            raise Different(_wrong_type(value, expected))
        if value != expected:
            raise Different(_other_text(value, expected))
    elif expected is None:
        if value is not None:
            raise Different(_wrong_type(value, expected))
    elif not isinstance(value, bool | int | float | complex):
        raise Different(_wrong_type(value, expected))
    elif value != expected:
        _compare_numbers(value, expected, tolerance)


def _compare_each(value: Any, expected: Any, tolerance: Tolerance) -> None:
    """A single value is expected and an array came."""
    values = value.data if isinstance(value, wire.Array) and not value.is_part else getattr(value, "values", None)
    is_number = isinstance(expected, int | float) and not isinstance(expected, bool)
    if not values or (len(values) > 1 and (tolerance is None or not is_number)):
        raise Different(_wrong_type(value, expected))
    for position, item in enumerate(values):
        try:
            _compare(item, expected, tolerance)
        except Different as different:
            if len(values) == 1:
                raise
            message = f"{_wrong_type(value, expected)} Value {position} of it: {different.message}"
            raise Different(message) from different


def _compare_lists(value: Any, expected: list[Any], tolerance: Tolerance) -> None:
    if isinstance(value, wire.Array | wire.Frame):
        shape, wanted = wire.shape_of(value), wire.shape_of(expected)
        # An empty array has a shape that no list of lists can say: (0, 3) is [] too.
        if shape != wanted and not (shape and shape[0] == len(expected) == 0):
            raise Different(f"The shape is {_shape_text(shape)}, expected {_shape_text(wanted) or 'other rows'}.")
    items = _items(value)
    if items is None:
        raise Different(_wrong_type(value, expected))
    if len(items) != len(expected):
        raise Different(_other_length(len(items), len(expected)))
    for position, (item, wanted) in enumerate(zip(items, expected, strict=False)):
        try:
            _compare(item, wanted, tolerance)
        except Different as different:
            raise different.under(position) from different


def _items(value: Any) -> list[Any] | None:
    match value:
        case wire.Items(kind, items) if kind != "set":
            return items
        case wire.Array():
            return list(value.parts())
        case wire.Series(values):
            return values
        case wire.Frame(_, rows):
            return [wire.Items("list", row) for row in rows]
    return None


def _other_length(found: int, wanted: int) -> str:
    off = " One too many: does a loop run once too often?" if found == wanted + 1 else ""
    off = " One is missing: does a loop end too early?" if found == wanted - 1 else off
    return f"It has {_count(found)}, expected {wanted}.{off}"


def _count(number: int) -> str:
    return "no values" if number == 0 else "1 value" if number == 1 else f"{number:,} values"


def _compare_dicts(value: Any, expected: dict[str, Any], tolerance: Tolerance) -> None:
    if not isinstance(value, wire.Mapping):
        raise Different(_wrong_type(value, expected))
    found: dict[str, Any] = {}
    for key, item in value.pairs:
        text = _key_text(key)
        if text is None or text in found or text not in expected:
            raise Different(f"The key {wire.show(key)} is not expected.")
        found[text] = item
    for text, wanted in expected.items():
        if text not in found:
            raise Different(f"The key {wire.show(text)} is missing.")
        try:
            _compare(found[text], wanted, tolerance)
        except Different as different:
            raise different.under(text) from different


def _key_text(key: Any) -> str | None:
    """A dict's key as JSON writes it."""
    key = wire.plain(key)
    if isinstance(key, str):
        return key
    if isinstance(key, int) and key.bit_length() > wire.MAX_INT_BITS:
        return None
    return json.dumps(key) if key is None or isinstance(key, bool | int | float) else None


def _compare_numbers(value: Any, expected: Any, tolerance: Tolerance) -> None:
    """Two numbers that are not equal: close enough, or why not."""
    shown = f"{wire.show(value)} instead of {wire.show(expected)}"
    if isinstance(value, bool) or isinstance(expected, bool):
        raise Different(f"{shown}.")
    try:
        difference = abs(value - expected)
        allowed = 0.0 if tolerance is None else tolerance[1] + tolerance[0] * abs(expected)
        is_finite = math.isfinite(difference) and math.isfinite(abs(value)) and math.isfinite(abs(expected))
    except OverflowError:  # a whole number beyond what a float holds
        raise Different(f"{shown}.") from None
    if not is_finite:
        raise Different(f"{shown}.")
    if tolerance is not None:
        if difference <= allowed:
            return
        near = f" Close, but {difference:.3g} away: at most {allowed:.3g} is allowed."
        raise Different(f"{shown}.{near if difference <= max(100 * allowed, 0.01 * abs(expected)) else ''}")
    sign = " Is the sign right?" if value == -expected else ""
    rounding = " They differ by rounding alone, and this check wants the exact value."
    raise Different(f"{shown}.{rounding if difference <= 1e-9 * abs(expected) else sign}")


def _other_text(value: str, expected: str) -> str:
    shown = f"{wire.show(value)} instead of {wire.show(expected)}."
    if value.split() == expected.split() or "".join(value.split()) == "".join(expected.split()):
        return f"{shown} Only spaces or line ends differ."
    if value.casefold() == expected.casefold():
        return f"{shown} Only capital letters differ."
    same = next((i for i, (a, b) in enumerate(zip(value, expected, strict=False)) if a != b), None)
    if same is None:
        same = min(len(value), len(expected))
    return f"{shown} They differ from character {same} on." if same > 20 else shown


def _wrong_type(value: Any, expected: Any) -> str:
    if value is None:
        return f"Got None, expected {wire.kind_of(expected)}: is there a return?"
    if expected is None:
        return f"Got {wire.kind_of(value)}, expected None."
    hint = ""
    if isinstance(value, str) and wire.show(expected) == value:
        hint = " It looks right, but it is text: quotation marks or str() make text of it."
    elif isinstance(value, wire.Items) and value.kind == "set" and isinstance(expected, list):
        hint = " A set has no order and no repetitions."
    elif _is_single(value, expected):
        hint = " Return the value itself, not a list of it."
    elif isinstance(expected, list) and len(expected) == 1 and expected[0] == value:
        hint = " Put the value in a list."
    return f"Got {wire.kind_of(value)}, expected {wire.kind_of(expected)}.{hint}"


def _is_single(value: Any, expected: Any) -> bool:
    return isinstance(value, wire.Items) and len(value.items) == 1 and wire.plain(value.items[0]) == expected


def _is_reordered(value: Any, expected: Any, tolerance: Tolerance) -> bool:
    """Whether two flat lists of numbers, or of text, are the same but for their order."""
    items = _items(wire.plain(value))
    if items is None or not isinstance(expected, list) or len(items) < 2 or len(items) != len(expected):
        return False
    items = [wire.plain(item) for item in items]
    for types in (str, int | float):
        if all(isinstance(item, types) for item in [*items, *expected]):
            # Sorted, not counted: a learner may choose numbers whose hashes collide.
            try:
                _compare(wire.Items("list", sorted(items)), sorted(expected), tolerance)
            except Different:
                return False
            return True
    return False
