"""Values that leave an interpreter, as JSON, read back for comparing and for showing. Knows no check and no block.

Pure standard library, Python 3.11 to Pyodide's 3.14: the browser's worker loads this file and `comparing.py` as plain
modules, so that a learner reads in the page the same words as after submitting. What is read here was written beside a
learner's code: every form is looked at before it is believed, and what is none of them is `Unreadable`.

The forms: null, true, text, whole and finite numbers as they are; `{"int": "123"}` beyond 64 bits; `{"float": "nan"}`;
`{"list": […]}`, `{"tuple": …}`, `{"set": …}`; `{"dict": [[key, value], …]}`; `{"bytes": "hex"}`;
`{"complex": [real, imaginary]}`; `{"array": {"shape", "dtype", "data"}}` flat; `{"scalar": {"dtype", "value"}}`;
`{"series": {"values", "index", "name"}}`; `{"frame": {"columns", "index", "data"}}` row by row;
`{"object": {"type", "repr"}}` for anything else, which equals nothing; `{"large": {"type", "size"}}` for what is over
the encoder's bounds.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 24  # the encoder stops at 20
MAX_ITEMS = 100_000
MAX_SHOWN = 200
MAX_DIMENSIONS = 32
# Above this many bits str() of an int raises ValueError (sys.set_int_max_str_digits).
MAX_INT_BITS = 14_000


@dataclass(frozen=True)
class Items:
    """A list, tuple or set; `kind` says which."""

    kind: str
    items: list[Any]


@dataclass(frozen=True)
class Mapping:
    """A dict, as pairs in its order."""

    pairs: list[tuple[Any, Any]]


@dataclass(frozen=True)
class Array:
    """A numpy array, or a part of one: `data` is that of the whole, this part begins at `start`."""

    shape: tuple[int, ...]
    dtype: str
    data: list[Any]
    start: int = 0
    is_part: bool = False

    def parts(self) -> Iterator[Any]:
        """Along the first axis: arrays of one dimension less, at last the values themselves."""
        step = math.prod(self.shape[1:])
        for number in range(self.shape[0]):
            start = self.start + number * step
            inner = self.shape[1:]
            yield Array(inner, self.dtype, self.data, start, is_part=True) if inner else self.data[start]


@dataclass(frozen=True)
class Scalar:
    """A numpy number."""

    dtype: str
    value: Any


@dataclass(frozen=True)
class Series:
    """A pandas Series."""

    values: list[Any]


@dataclass(frozen=True)
class Frame:
    """A pandas DataFrame, row by row."""

    columns: list[Any]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Opaque:
    """An object of any other type. Its `text` is what the object says of itself: shown, never compared."""

    type: str
    text: str


@dataclass(frozen=True)
class Large:
    """A value over the encoder's bounds: known by its type alone."""

    type: str
    size: int | None


@dataclass(frozen=True)
class Unreadable:
    """What is not of the format."""


def decode(value: Any, depth: int = 0) -> Any:
    """The value that `value`, any JSON, stands for. Never raises; takes time in proportion to its size."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else Unreadable()
    if not isinstance(value, dict) or len(value) != 1 or depth > MAX_DEPTH:
        return Unreadable()
    ((tag, content),) = value.items()
    reader = _READERS.get(tag)
    decoded = reader(content, depth + 1) if reader else None
    return Unreadable() if decoded is None else decoded


def _int(content: Any, depth: int) -> Any:
    digits = isinstance(content, str) and re.fullmatch(r"-?[0-9]{1,4300}", content)
    return int(content) if digits else None


def _float(content: Any, depth: int) -> Any:
    return float(content) if content in ("nan", "inf", "-inf") else None


def _all(content: Any, depth: int) -> list[Any] | None:
    return [decode(item, depth) for item in content] if isinstance(content, list) else None


def _items(kind: str) -> Callable[[Any, int], Any]:
    def read(content: Any, depth: int) -> Any:
        items = _all(content, depth)
        return None if items is None else Items(kind, items)

    return read


def _dict(content: Any, depth: int) -> Any:
    if not isinstance(content, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in content):
        return None
    return Mapping([(decode(key, depth), decode(item, depth)) for key, item in content])


def _bytes(content: Any, depth: int) -> Any:
    is_hex = isinstance(content, str) and re.fullmatch(r"(?:[0-9a-fA-F]{2})*", content)
    return bytes.fromhex(content) if is_hex else None


def _complex(content: Any, depth: int) -> Any:
    parts = _all(content, depth)
    if parts is None or len(parts) != 2 or not all(isinstance(part, float | int) for part in parts):
        return None
    try:
        return complex(*parts)
    except OverflowError:
        return None


def _array(content: Any, depth: int) -> Any:
    fields = _fields(content, "shape", "dtype", "data")
    if fields is None:
        return None
    shape, dtype, data = fields
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not isinstance(data, list):
        return None
    # Sizes are bounded one by one: (10**9, 0) has no value in it, and would still be walked along.
    if not all(type(size) is int and 0 <= size <= MAX_ITEMS for size in shape) or math.prod(shape) != len(data):
        return None
    values = [decode(item, depth) for item in data]
    return Array(tuple(shape), _name(dtype), values) if shape else _numpy_number(dtype, values[0])


def _scalar(content: Any, depth: int) -> Any:
    fields = _fields(content, "dtype", "value")
    return None if fields is None else _numpy_number(fields[0], decode(fields[1], depth))


def _numpy_number(dtype: Any, value: Any) -> Any:
    if isinstance(value, Opaque):  # a date, say
        return Opaque(_name(dtype), value.text)
    # None is what a number of a type that Python lacks (longdouble) comes as; it must not equal an expected None.
    return Scalar(_name(dtype), value) if isinstance(value, bool | int | float | complex | str | bytes) else None


def _series(content: Any, depth: int) -> Any:
    fields = _fields(content, "values")
    values = None if fields is None else _all(fields[0], depth)
    return None if values is None else Series(values)


def _frame(content: Any, depth: int) -> Any:
    fields = _fields(content, "columns", "data")
    columns = None if fields is None else _all(fields[0], depth)
    if fields is None or columns is None or not isinstance(fields[1], list):
        return None
    rows = [_all(row, depth) for row in fields[1]]
    return Frame(columns, rows) if all(row is not None and len(row) == len(columns) for row in rows) else None  # type: ignore[arg-type]


def _object(content: Any, depth: int) -> Any:
    fields = _fields(content, "type", "repr")
    return None if fields is None else Opaque(_name(fields[0]), clean(fields[1], MAX_SHOWN))


def _large(content: Any, depth: int) -> Any:
    fields = _fields(content, "type", "size")
    if fields is None:
        return None
    size = fields[1] if type(fields[1]) is int and 0 <= fields[1] < 10**18 else None
    return Large(_name(fields[0]), size)


_READERS: dict[str, Callable[[Any, int], Any]] = {
    "int": _int,
    "float": _float,
    "list": _items("list"),
    "tuple": _items("tuple"),
    "set": _items("set"),
    "dict": _dict,
    "bytes": _bytes,
    "complex": _complex,
    "array": _array,
    "scalar": _scalar,
    "series": _series,
    "frame": _frame,
    "object": _object,
    "large": _large,
}


def _fields(content: Any, *names: str) -> list[Any] | None:
    if not isinstance(content, dict) or not all(name in content for name in names):
        return None
    return [content[name] for name in names]


def _name(text: Any) -> str:
    return clean(text, 60) or "object"


_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(text: Any, most: int) -> str:
    """Text of a learner's code, fit to be stored as JSON and shown: at most `most` characters; "" for no text."""
    if not isinstance(text, str):
        return ""
    text = _UNPRINTABLE.sub("\ufffd", text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def plain(value: Any) -> Any:
    """A numpy number as the Python number it equals, anything else as it is."""
    return value.value if isinstance(value, Scalar) else value


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The sizes along each axis, as numpy would say, or None: text, a dict, rows of two lengths have none."""
    value = plain(value)
    return None if value is None or isinstance(value, str | bytes) else _shape(value)


def _shape(value: Any) -> tuple[int, ...] | None:
    value = plain(value)
    if isinstance(value, Array):
        return value.shape
    if isinstance(value, Series):
        return (len(value.values),)
    if isinstance(value, Frame):
        return (len(value.rows), len(value.columns))
    if isinstance(value, Items) and value.kind != "set":
        value = value.items
    if isinstance(value, list):
        inner = {_shape(item) for item in value}
        only = inner.pop() if len(inner) == 1 else None if inner else ()
        return None if only is None else (len(value), *only)
    return () if value is None or isinstance(value, bool | int | float | complex | str | bytes) else None


def kind_of(value: Any) -> str:
    """What a value is, in words: "a list", "an array of shape (2, 3)". For decoded values and for an author's JSON."""
    match value:
        case None:
            return "None"
        case bool():
            return "True or False"
        case Array(shape):
            return f"an array of shape {shape}"
        case Scalar(dtype):
            return f"a numpy {dtype}"
        case Series():
            return "a pandas Series"
        case Frame():
            return "a pandas DataFrame"
        case Items(kind):
            return f"a {kind}"
        case Mapping() | dict():
            return "a dict"
        case Opaque(name) | Large(name):
            return with_article(name)
        case str():
            return "a str"
        case int() | float():
            return "a number"
        case complex():
            return "a complex number"
    return "a list" if isinstance(value, list) else "bytes" if isinstance(value, bytes) else "an unreadable value"


def with_article(name: str) -> str:
    """`a Foo`, `an OrderedDict`."""
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"


def show(value: Any) -> str:
    """A value as Python writes it, cut after MAX_SHOWN characters: for decoded values and for an author's JSON."""
    pieces: list[str] = []
    length = 0
    for piece in _pieces(value):
        pieces.append(piece)
        length += len(piece)
        if length > MAX_SHOWN:  # the rest of a list of 100,000 is never written
            break
    return clean("".join(pieces), MAX_SHOWN)


def _pieces(value: Any) -> Iterator[str]:
    value = plain(value)
    match value:
        case Items(kind, items):
            opening, closing = {"list": ("[", "]"), "tuple": ("(", ")"), "set": ("{", "}")}[kind]
            empty_set = kind == "set" and not items
            yield "set()" if empty_set else opening
            yield from _joined(items)
            yield "" if empty_set else "," * (kind == "tuple" and len(items) == 1) + closing
        case list():
            yield "["
            yield from _joined(value)
            yield "]"
        case Mapping() | dict():
            yield "{"
            for number, (key, item) in enumerate(value.items() if isinstance(value, dict) else value.pairs):
                yield ", " * (number > 0)
                yield from _pieces(key)
                yield ": "
                yield from _pieces(item)
            yield "}"
        case Array():
            yield "[" if value.is_part else "array(["
            yield from _joined(value.parts())
            yield "]" if value.is_part else "])"
        case Series(values):
            yield "Series(["
            yield from _joined(values)
            yield "])"
        case Frame(columns, rows):
            yield f"DataFrame of {len(rows)} row{'s' * (len(rows) != 1)}, columns: "
            yield from _joined(columns)
        case Opaque(name, text):
            yield text or f"<{name}>"
        case Large(name, size):
            yield f"<{name}" + (f" of {size:,}>" if size is not None else ">")
        case Unreadable():
            yield "<unreadable>"
        case str() | bytes():
            yield repr(value[: MAX_SHOWN + 1])
        case int() if value.bit_length() > MAX_INT_BITS:
            yield f"<a whole number of about {int(value.bit_length() * 0.30103):,} digits>"
        case _:
            yield repr(value)


def _joined(items: Any) -> Iterator[str]:
    for number, item in enumerate(items):
        if number:
            yield ", "
        yield from _pieces(item)
