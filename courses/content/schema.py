"""What a lesson body is: its block types and their fields as JSON Schema, and checking a body against it.

Owns the shape and the words of its errors, which name the faulty place (`blocks[3].choices[1].text: must not be
empty`). Knows no Django, no rendering and no notebook. Rules that JSON Schema cannot say (unique ids, exactly one
right choice) are in `block_rules.py`. To add a block type: a row in `_BLOCKS`, a template, rows in `compiling.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from courses.content.block_rules import Fault, Path, block_rules
from courses.content.strict_json import JSONRefused, check_value, format_path

MAX_BLOCKS = 6_000
MAX_ERRORS = 100
MAX_SOURCE = 200_000
MAX_SHORT = 500

_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}\Z"
_FILE = r"^[A-Za-z0-9_-]{1,100}\.[a-z0-9]{1,10}\Z"
_HTTPS = r"^https://[^\s<>\"'\\]+\Z"
_NO_SCHEME = r"^(https://|(?![A-Za-z][A-Za-z0-9+.-]*:)(?!//))[^\s<>\"\\]*\Z"
_NAME = r"^[A-Za-z0-9_+#.\[\]-]{1,60}\Z"

# The words for a pattern, read by _message: a regular expression tells an author nothing.
_PATTERN_WORDS = {
    _ID: "must be 1 to 64 letters, digits, or . _ : -, starting with a letter or digit",
    _FILE: "must be the name of a stored file",
    _HTTPS: "must be an https:// address",
    _NO_SCHEME: "must be a relative or https:// address",
    _NAME: "must be a plain name without spaces",
}

Schema = dict[str, Any]


def _text(most: int = MAX_SOURCE, least: int = 0) -> Schema:
    return {"type": "string", "maxLength": most} | ({"minLength": least} if least else {})


def _matching(pattern: str, most: int = MAX_SHORT) -> Schema:
    return {"type": "string", "maxLength": most, "pattern": pattern}


def _list(items: Schema, most: int, least: int = 0) -> Schema:
    return {"type": "array", "items": items, "maxItems": most} | ({"minItems": least} if least else {})


def _fields(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


_FREE = {"type": "object"}
_FLAG = {"type": "boolean"}
_SIZE = {"type": "integer", "minimum": 1, "maximum": 20_000}
_POINTS = {"type": "number", "minimum": 0, "maximum": 1_000}
_TITLE = _text(MAX_SHORT)
_ASSET = _fields({"file": _matching(_FILE)}, {"width": _SIZE, "height": _SIZE})
_ASSETS = {"type": "object", "maxProperties": 1_000, "additionalProperties": _ASSET}
_LINKS = {"type": "object", "maxProperties": 2_000, "additionalProperties": _matching(_NO_SCHEME, 2_000)}
_REFERENCES = {"assets": _ASSETS, "links": _LINKS}
_COMMENT = _text(MAX_SHORT)

_OUTPUT = {
    "type": "object",
    "required": ["output_type"],
    "properties": {
        "output_type": {"enum": ["stream", "display_data", "execute_result", "error"]},
        "name": _text(100),
        "text": {"type": ["string", "array"], "items": {"type": "string"}},
        "data": {"type": "object", "maxProperties": 50},
        "metadata": _FREE,
        "execution_count": {"type": ["integer", "null"]},
        "ename": {"type": "string"},
        "evalue": {"type": "string"},
        "traceback": {"type": "array", "items": {"type": "string"}},
    },
}

_CHECK_KINDS: dict[str, Schema] = {
    "value": _fields(
        {
            "kind": {"const": "value"},
            "expression": _text(10_000, 1),
            "expected": {},
            "comparison": {"enum": ["equal", "close", "shape", "raises"]},
        },
        {
            "relative": {"type": "number", "minimum": 0},
            "absolute": {"type": "number", "minimum": 0},
            "message": _COMMENT,
        },
    ),
    "assert": _fields({"kind": {"const": "assert"}, "source": _text(50_000, 1)}, {"message": _COMMENT}),
}

_QUIZ_KINDS = ("single", "multiple", "numeric", "text")
_CHOICE = _fields({"id": _matching(_ID), "text": _text(10_000, 1), "correct": _FLAG}, {"feedback": _text(10_000)})
_ANSWERS = {
    "numeric": _fields(
        {"value": {"type": "number"}, "tolerance": {"type": "number", "minimum": 0}}, {"units": _text(100)}
    ),
    "text": _fields({"accepted": _list(_text(1_000, 1), 100, 1), "case_sensitive": _FLAG}),
}
_CELL = {
    "type": "object",
    "required": ["cell_type", "source"],
    "properties": {
        "id": {"type": "string"},
        "cell_type": {"type": "string"},
        "source": _text(),
        "metadata": _FREE,
    },
}

# One row a block type: its required fields, then its optional ones; the common ones are added below.
_BLOCKS: dict[str, tuple[dict[str, Schema], dict[str, Schema]]] = {
    "markdown": ({"source": _text()}, {"attachments": _FREE, **_REFERENCES}),
    "code": (
        {
            "source": _text(),
            "language": _matching(_NAME),
            "outputs": _list(_OUTPUT, 1_000),
            "run": {"enum": ["interactive", "static", "hidden"]},
        },
        {
            "title": _TITLE,
            "run_note": _text(200),
            "execution_count": {"type": ["integer", "null"]},
            "cell_type": {"enum": ["code", "raw"]},
            "assets": _ASSETS,
        },
    ),
    "image": (
        {"asset": _matching(_FILE), "alt": _text(2_000)},
        {"caption": _text(10_000), "width": _SIZE, "height": _SIZE},
    ),
    "callout": (
        {"kind": {"enum": ["note", "tip", "important", "warning", "danger"]}, "source": _text()},
        {"title": _TITLE, **_REFERENCES},
    ),
    "video": ({"url": _matching(_HTTPS, 2_000), "title": _text(MAX_SHORT, 1)}, {}),
    "quiz": (
        {
            "kind": {"enum": list(_QUIZ_KINDS)},
            "prompt": _text(50_000, 1),
            "points": _POINTS,
            "attempts": {"type": ["integer", "null"], "minimum": 1, "maximum": 1_000},
            "graded": _FLAG,
        },
        {
            "choices": _list(_CHOICE, 50),
            "answer": _FREE,
            "explanation": _text(50_000),
            "partial_credit": _FLAG,
            "missing": _text(MAX_SHORT),
            **_REFERENCES,
        },
    ),
    "exercise": (
        {
            "title": _TITLE,
            "prompt": _text(),
            "starter": _text(),
            "solution": _text(),
            "checks": _list({"$ref": "#/$defs/check"}, 200),
            "hidden_checks": _list({"$ref": "#/$defs/check"}, 200),
            "hints": _list(_text(20_000), 50),
            "packages": _list(_matching(_NAME), 50),
            "points": _POINTS,
            "language": _matching(_NAME),
        },
        {"cells": _list(_CELL, 200), **_REFERENCES},
    ),
    "predictions": (
        {
            "prompt": _text(50_000, 1),
            "data": _matching(_FILE),
            "labels": _matching(_FILE),
            "metric": {"enum": ["accuracy", "f1", "roc_auc", "log_loss", "mae", "rmse", "r2"]},
            "threshold": {"type": "number"},
            "tries_per_day": {"type": "integer", "minimum": 1, "maximum": 1_000},
            "points": _POINTS,
        },
        _REFERENCES,
    ),
    "divider": ({}, {}),
}

BLOCK_TYPES: tuple[str, ...] = tuple(_BLOCKS)


def _block_schema(block_type: str) -> Schema:
    required, optional = _BLOCKS[block_type]
    common: dict[str, Schema] = {"id": _matching(_ID), "type": {"const": block_type}}
    return _fields(common | required, {"metadata": _FREE, **optional})


def _when(field: str, value: str, then: str) -> Schema:
    return {
        "if": {"required": [field], "properties": {field: {"const": value}}},
        "then": {"$ref": f"#/$defs/{then}"},
    }


_DEFS: dict[str, Schema] = {block_type: _block_schema(block_type) for block_type in BLOCK_TYPES}
_DEFS |= {f"check_{kind}": schema for kind, schema in _CHECK_KINDS.items()}
# "if … then" by the naming field, not "oneOf": so the errors of a wrong quiz are those of a quiz.
_DEFS["check"] = {
    "type": "object",
    "required": ["kind"],
    "properties": {"kind": {"enum": list(_CHECK_KINDS)}},
    "allOf": [_when("kind", kind, f"check_{kind}") for kind in _CHECK_KINDS],
}
_DEFS["quiz"]["allOf"] = [
    {
        "if": {"required": ["kind"], "properties": {"kind": {"const": kind}}},
        "then": {"properties": {"answer": answer}},
    }
    for kind, answer in _ANSWERS.items()
]
_DEFS["block"] = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {"type": {"enum": list(BLOCK_TYPES)}},
    "allOf": [_when("type", block_type, block_type) for block_type in BLOCK_TYPES],
}

BODY_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Lesson body",
    **_fields({"version": {"const": 1}, "blocks": _list({"$ref": "#/$defs/block"}, MAX_BLOCKS)}, {"metadata": _FREE}),
    "$defs": _DEFS,
}

_BODY_VALIDATOR = Draft202012Validator(BODY_SCHEMA)


@dataclass(frozen=True)
class BodyError:
    """One fault: `path` is where in the body, `message` completes the sentence."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class BodyInvalid(ValueError):
    """A body that must not be stored or compiled; `errors` is never empty."""

    def __init__(self, errors: list[BodyError]) -> None:
        self.errors = errors
        super().__init__("; ".join(str(error) for error in errors[:5]))


def validate_body(body: Any) -> list[BodyError]:
    """The faults of `body` in reading order, at most MAX_ERRORS; an empty list when it may be stored."""
    try:
        check_value(body)
    except JSONRefused as refused:
        return [BodyError(refused.path or "body", refused.reason)]
    found: dict[Fault, None] = {}
    for fault in _faults(_BODY_VALIDATOR, body, ()):
        found[fault] = None  # one place can be reached by two rules that say the same
        if len(found) >= MAX_ERRORS:
            break
    if isinstance(body, dict) and isinstance(body.get("blocks"), list):
        for fault in block_rules(body["blocks"]):
            found[fault] = None
    ordered = sorted(found, key=lambda fault: _reading_order(fault[0]))
    return [BodyError(format_path(path) or "body", message) for path, message in ordered[:MAX_ERRORS]]


def _faults(validator: Draft202012Validator, value: Any, path: Path) -> Iterator[Fault]:
    for error in validator.iter_errors(value):
        yield from _translated(error, path)


def _translated(error: ValidationError, path: Path) -> Iterator[Fault]:
    where: Path = (*path, *error.absolute_path)
    match error.validator:
        case "required":
            # jsonschema reports each missing name as its own error and names it only in the message.
            yield from (((*where, name), "is required") for name in [_missing_name(error)])
        case "additionalProperties":
            known = error.schema.get("properties", {})
            for name in list(error.instance)[:1_000]:
                if name not in known:
                    yield (*where, name), "is not a known field"
        case _:
            yield where, _message(error)


def _missing_name(error: ValidationError) -> str:
    return next(name for name in error.validator_value if error.message.startswith(repr(name)))


def _message(error: ValidationError) -> str:
    limit = error.validator_value
    match error.validator:
        case "enum":
            return "must be one of " + ", ".join(str(value) for value in limit)
        case "const":
            return f"must be {limit}"
        case "type":
            return _must_be(limit)
        case "minLength" | "minItems" if limit == 1:
            return "must not be empty"
        case "minItems":
            return f"must have at least {limit} entries"
        case "maxLength":
            return f"must have at most {limit:,} characters"
        case "maxItems" | "maxProperties":
            return f"must have at most {limit:,} entries"
        case "minimum":
            return f"must be at least {limit}"
        case "maximum":
            return f"must be at most {limit:,}"
        case "pattern":
            return _PATTERN_WORDS[limit]
    return error.message[:200]


_TYPE_WORDS = {
    "string": "text",
    "object": "an object",
    "array": "a list",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


def _must_be(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else types
    return "must be " + " or ".join(_TYPE_WORDS[name] for name in names)


def _reading_order(path: Path) -> list[tuple[int, int, str]]:
    return [(1, step, "") if isinstance(step, int) else (0, 0, step) for step in path]
