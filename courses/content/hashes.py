"""Two hashes of a block that is judged: one of its prose, one of its check.

Only a changed check makes earlier work "checked against an older version"; a corrected sentence does not. Pure
functions of a block as a body has it. Knows no models.
"""

import hashlib
import json
from typing import Any

from courses.content.exercise_setup import exercise_setups

# Per judged type, what decides whether an answer passes and for how many points. All else an author writes is prose.
_CHECK: dict[str, tuple[str, ...]] = {
    "quiz": ("kind", "answer", "points", "partial_credit", "graded"),
    "exercise": ("language", "packages", "starter", "checks", "hidden_checks", "points"),
    "predictions": ("data", "labels", "metric", "threshold", "points"),
}
JUDGED_TYPES: tuple[str, ...] = tuple(_CHECK)

# Neither prose nor check: identity, what is kept for export alone, and how often one may try.
_NEITHER = frozenset({"id", "type", "metadata", "cells", "attachments", "attempts", "tries_per_day", "missing"})


def check_hash(block: dict[str, Any], *, setup: str = "") -> str:
    """SHA-256, in hex, of what judges an answer to the block; "" for a block that is not judged.

    `setup` is what an exercise needs of the cells above (`exercise_setup`). It runs with every answer, so another one
    may judge otherwise and counts; an empty one is left out, so that an exercise which stands alone has the hash that
    it had before there were setups, and that no other cell of the lesson can change.

    The messages of checks are prose. Choices count by id and by whether they are right: an imported choice's id is made
    of its text, so a reworded choice is another choice.
    """
    fields = _CHECK.get(block["type"])
    if fields is None:
        return ""
    judged: dict[str, Any] = {name: block[name] for name in fields if name in block}
    for name in ("checks", "hidden_checks"):
        if name in judged:
            judged[name] = [_without_message(check) for check in judged[name]]
    if "choices" in block:
        judged["choices"] = sorted((choice["id"], bool(choice.get("correct"))) for choice in block["choices"])
    if setup:
        judged["setup"] = setup
    return _digest({"type": block["type"], **judged})


def prose_hash(block: dict[str, Any]) -> str:
    """SHA-256, in hex, of what the check hash leaves out: prompt, texts, hints, feedback, messages, solution.

    For a block that is not judged, of everything but its id and what is kept for export alone.
    """
    fields = _CHECK.get(block["type"], ())
    prose: dict[str, Any] = {
        name: value
        for name, value in block.items()
        if name not in fields and name not in _NEITHER and name != "choices"
    }
    for name in ("checks", "hidden_checks"):
        if block["type"] in _CHECK and name in block:
            prose[name] = [check.get("message", "") for check in block[name]]
    if "choices" in block:
        prose["choices"] = [(choice["text"], choice.get("feedback", "")) for choice in block["choices"]]
    return _digest({"type": block["type"], **prose})


def check_hashes(body: dict[str, Any]) -> dict[str, str]:
    """The check hash of every judged block of a body, by block id."""
    setups = exercise_setups(body["blocks"])
    return {
        block["id"]: check_hash(block, setup=setups[block["id"]].source if block["id"] in setups else "")
        for block in body["blocks"]
        if block["type"] in _CHECK
    }


def _without_message(check: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in check.items() if name != "message"}


def _plain(value: Any) -> Any:
    """Numbers that are equal hash as equal: a form sends 1 where a file says 1.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _digest(value: dict[str, Any]) -> str:
    canonical = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
