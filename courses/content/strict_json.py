"""Reading JSON that may be hostile, so that what passes can be stored in PostgreSQL's jsonb and sent to any client.

Owns the refusals: NUL, lone surrogates, numbers that are not finite, depth, size. Knows no Django and no lesson:
`schema.py` says what a lesson body looks like, this module only says what a value may be made of.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

MAX_KEY_CHARACTERS = 1_000
"""Characters of one object key; a longer one is refused, because it would travel in every error message."""


class JSONRefused(ValueError):
    """A value that must not be stored. `path` is where (`blocks[2].source`), `reason` is why, `str()` is both."""

    def __init__(self, reason: str, path: str = "") -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}" if path else reason)


def loads(data: bytes | str, *, max_bytes: int, max_depth: int = 64) -> Any:
    """Parse `data`, which is UTF-8 of at most `max_bytes` bytes and at most `max_depth` containers deep.

    Raises JSONRefused for all that is refused, the position included where there is one.
    """
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise JSONRefused(f"is {size:,} bytes long, more than {max_bytes:,}")
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise JSONRefused(f"is not UTF-8 (byte {error.start})") from error
    try:
        value = json.loads(data, parse_constant=_refuse_constant)
    except JSONRefused:
        raise
    except RecursionError as error:
        raise JSONRefused(f"is nested more than {max_depth} levels deep") from error
    except json.JSONDecodeError as error:
        raise JSONRefused(f"is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise JSONRefused("holds a number with too many digits") from error
    check_value(value, max_depth=max_depth)
    return value


def check_value(value: Any, *, max_depth: int = 64) -> None:
    """Refuse what JSON text can carry and our store or clients cannot: raises JSONRefused with the place.

    Walks with its own stack: a value nested thousands deep is refused, not a RecursionError.
    """
    pending: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while pending:
        item, path = pending.pop()
        if isinstance(item, str):
            _check_text(item, path)
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise JSONRefused("must be a finite number", format_path(path))
        elif isinstance(item, dict | list):
            if len(path) >= max_depth:
                raise JSONRefused(f"is nested more than {max_depth} levels deep", format_path(path[:4]))
            pending.extend(_children(item, path))
        elif item is not None and not isinstance(item, bool | int):
            raise JSONRefused(f"is not a JSON value ({type(item).__name__})", format_path(path))


def format_path(path: tuple[str | int, ...] | list[str | int]) -> str:
    """`("blocks", 2, "source")` as `blocks[2].source`; long keys are cut."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if len(step) <= 60 else step[:57] + "..."
            text += f".{key}" if text else key
    return text


def _children(item: dict | list, path: tuple[str | int, ...]) -> Iterator[tuple[Any, tuple[str | int, ...]]]:
    if isinstance(item, list):
        for index, entry in enumerate(item):
            yield entry, (*path, index)
        return
    for key, entry in item.items():
        if not isinstance(key, str):
            raise JSONRefused("has a key that is not text", format_path(path))
        if len(key) > MAX_KEY_CHARACTERS:
            raise JSONRefused(f"has a key of more than {MAX_KEY_CHARACTERS:,} characters", format_path(path))
        _check_text(key, path)
        yield entry, (*path, key)


def _check_text(text: str, path: tuple[str | int, ...]) -> None:
    if "\x00" in text:
        raise JSONRefused("contains a NUL character", format_path(path))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise JSONRefused("contains half of a surrogate pair", format_path(path)) from error


def _refuse_constant(name: str) -> float:
    raise JSONRefused(f"holds {name}, which is not JSON")
