"""Describes Python values as JSON text, for a reader that does not trust them.

Owns the encoding half of the wire format; `progress.grading.wire` is the other half and documents it. Described is
what a value is, never what it says of itself: equality, hashes, `__class__`, `__float__` and the like of a learner's
class are not asked, so that no object can be equal to every answer. Knows nothing of checks.
"""

import builtins
import json.encoder
import sys
from collections.abc import Iterable
from typing import Any

# Functions look names up in the builtins that their module had when they were made. A private copy keeps working when
# learner code replaces `len` or `repr`; the same goes for everything that is bound to a name here at import.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

ITEMS = 100_000  # of a value, all levels together
DEPTH = 20
CHARACTERS = 1_000_000  # of the JSON text of a value
REPR = 200  # characters
WORD = 2**63  # larger whole numbers do not survive other readers of JSON
BITS = 14_000  # of a whole number that is still written out; Python refuses to beyond 4,300 digits

_mro = type.__dict__["__mro__"].__get__
_name = type.__dict__["__name__"].__get__
_real = complex.__dict__["real"].__get__
_imag = complex.__dict__["imag"].__get__
_quote: Any = json.encoder.encode_basestring_ascii
_modules = sys.modules


class _Large(Exception):
    """The value is beyond the bounds."""


def dumps(value: Any) -> str:
    """The JSON text of what `to_wire` or the harness made: exact dict, list, str, int, float, bool and None.

    `json.dumps` would do, but runs in Python code that learner code can replace.
    """
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return int.__repr__(value)
    if kind is float:
        return float.__repr__(value)
    if kind is str:
        return _quote(value)
    if kind is list:
        return "[" + ",".join([dumps(item) for item in value]) + "]"
    if kind is dict:
        return "{" + ",".join([_quote(key) + ":" + dumps(item) for key, item in value.items()]) + "}"
    raise TypeError(f"not a wire value: {type_name(value)}")


def type_name(value: Any) -> str:
    """The name of a value's class, as the interpreter has it."""
    return clean(_name(type(value)))[:REPR]


def class_names(value: Any) -> list[str]:
    """The names of the class and its bases, nearest first, without `object`."""
    return [clean(_name(kind))[:REPR] for kind in _mro(type(value)) if kind is not object][:20]


def clean(text: str) -> str:
    """An exact str that UTF-8 can hold: lone surrogates are written out."""
    return bytes.decode(str.encode(text, "utf-8", "backslashreplace"), "utf-8")


def short_repr(value: Any, limit: int = REPR) -> str:
    """What repr() says, bounded; for display only, because a learner's class may say anything, or fail."""
    try:
        text = clean(repr(value))
    except BaseException:  # a learner's __repr__ may raise whatever there is
        return f"<{type_name(value)}>"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_a(value: Any, *kinds: type) -> bool:
    """Whether a value's class descends from one of these. `isinstance` would believe a lying `__class__`."""
    return any(base is kind for base in _mro(type(value)) for kind in kinds)


def to_wire(value: Any) -> Any:
    """A value as the wire format has it.

    Never raises for what the value is; code of a learner's class runs for `{"object": …}` alone, for its repr.
    """
    try:
        wire = _Encoder().encode(value, 0)
        return wire if len(dumps(wire)) <= CHARACTERS else large(value)
    except (_Large, MemoryError, RecursionError):
        return large(value)


def large(value: Any) -> dict:
    """What stands for a value that is too big to be sent."""
    size = 0
    for kind in (list, tuple, dict, str, bytes, bytearray, set, frozenset):
        if is_a(value, kind):
            size = kind.__len__(value)
    if is_a(value, int):
        size = int.bit_length(value)
    numpy = _library_type("numpy", "ndarray")
    if numpy is not None and is_a(value, numpy):
        size = int(numpy.size.__get__(value))
    return {"large": {"type": type_name(value), "size": size}}


def _library_type(module: str, name: str) -> Any:
    """A class of a library, if the library is loaded; whatever learner code put there may come back."""
    try:
        kind = vars(_modules[module])[name]
    except (KeyError, TypeError):
        return None
    return kind if is_a(kind, type) else None


class _Encoder:
    """Encodes one value, counting what it has met."""

    def __init__(self) -> None:
        self.items = 0

    def count(self, number: int) -> None:
        self.items += number
        if self.items > ITEMS:
            raise _Large

    def encode(self, value: Any, depth: int) -> Any:
        if depth > DEPTH:
            raise _Large
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return _whole(value)
        if kind is float:
            return _real_number(value)
        if kind is str:
            return _text(value)
        library = self._of_library(value, depth)
        return self._builtin(value, depth) if library is None else library

    def _list(self, values: Iterable[Any], depth: int) -> list:
        return [self.encode(item, depth + 1) for item in values]

    def _builtin(self, value: Any, depth: int) -> Any:
        """Builtins and their subclasses, through the builtins' own methods."""
        if is_a(value, int):
            return _whole(int.__int__(value))
        if is_a(value, float):
            return _real_number(float.__float__(value))
        if is_a(value, str):
            return _text(str.__getitem__(value, slice(None)))
        if is_a(value, complex):
            return {"complex": [_real_number(_real(value)), _real_number(_imag(value))]}
        if is_a(value, bytes, bytearray):
            kind = bytes if is_a(value, bytes) else bytearray
            if kind.__len__(value) * 2 > CHARACTERS:
                raise _Large
            return {"bytes": kind.hex(value)}
        base: Any
        for base, name in ((list, "list"), (tuple, "tuple"), (set, "set"), (frozenset, "set")):
            if is_a(value, base):
                self.count(base.__len__(value))
                items = self._list(base.__iter__(value), depth)
                return {name: sorted(items, key=dumps) if name == "set" else items}
        if is_a(value, dict):
            self.count(2 * dict.__len__(value))
            return {"dict": [self._list(pair, depth) for pair in dict.items(value)]}
        return {"object": {"type": type_name(value), "repr": short_repr(value)}}

    def _of_library(self, value: Any, depth: int) -> Any:
        """numpy's and pandas' values; None for all others, and for what only pretends to be theirs."""
        for module, name, encode in (
            ("numpy", "ndarray", self._array),
            ("numpy", "generic", self._scalar),
            ("pandas", "Series", self._series),
            ("pandas", "DataFrame", self._frame),
        ):
            kind = _library_type(module, name)
            if kind is not None and is_a(value, kind):
                try:
                    return encode(value, kind, depth)
                except _Large:
                    raise
                except Exception:  # a forged library, or a broken subclass: described as a stranger
                    return {"object": {"type": type_name(value), "repr": short_repr(value)}}
        return None

    def _array(self, value: Any, kind: Any, depth: int) -> dict:
        self.count(int(kind.size.__get__(value)))
        shape = [int(length) for length in kind.shape.__get__(value)]
        dtype = kind.dtype.__get__(value)
        if dtype.kind in "mM":  # times: their numbers mean nothing without the unit
            value = kind.astype(value, "U")
        flat = self._list(kind.tolist(kind.flatten(value)), depth)
        return {"array": {"shape": shape, "dtype": clean(str(dtype))[:REPR], "data": flat}}

    def _scalar(self, value: Any, kind: Any, depth: int) -> dict:
        item = kind.item(value)
        inner = None if item is value else self.encode(item, depth + 1)
        return {"scalar": {"dtype": clean(str(kind.dtype.__get__(value)))[:REPR], "value": inner}}

    def _column(self, values: Any, depth: int) -> list:
        self.count(int(values.size))
        return [None if _is_missing(item) else self.encode(item, depth + 1) for item in values.tolist()]

    def _series(self, value: Any, kind: Any, depth: int) -> dict:
        index, values = self._column(value.index, depth), self._column(value, depth)
        return {"series": {"values": values, "index": index, "name": self.encode(value.name, depth + 1)}}

    def _frame(self, value: Any, kind: Any, depth: int) -> dict:
        columns, index = self._column(value.columns, depth), self._column(value.index, depth)
        # Column by column: `.values` would turn whole numbers beside fractions into fractions.
        data = [self._column(value.iloc[:, number], depth) for number in range(len(columns))]
        rows = [list(row) for row in zip(*data, strict=True)] if data else [[] for _ in index]
        return {"frame": {"columns": columns, "index": index, "data": rows}}


def _is_missing(value: Any) -> bool:
    """pandas' marks for what is not there: NA and NaT."""
    return type_name(value) in ("NAType", "NaTType")


def _whole(value: int) -> Any:
    if -WORD <= value <= WORD:
        return value
    if int.bit_length(value) > BITS:
        raise _Large
    return {"int": int.__repr__(value)}


def _real_number(value: float) -> Any:
    if value != value:  # noqa: PLR0124 (what a NaN is)
        return {"float": "nan"}
    if value in (float("inf"), float("-inf")):
        return {"float": "inf" if value > 0 else "-inf"}
    return value


def _text(value: str) -> str:
    if len(value) > CHARACTERS:
        raise _Large
    return clean(value)
