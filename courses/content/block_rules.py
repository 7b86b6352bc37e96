"""Rules of a lesson body that need more than one place, so that JSON Schema cannot say them.

Asked of bodies whose shape may be wrong elsewhere: each rule looks before it reads, and leaves what the schema already
tells. Knows no Django; `schema.py` calls it and sorts the faults.
"""

from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]
Fault = tuple[Path, str]


def block_rules(blocks: list[Any]) -> Iterator[Fault]:
    """Rules that need more than one place, for blocks whose shape allows asking; the schema tells of the rest."""
    seen: dict[str, int] = {}
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        block_id = block.get("id")
        if isinstance(block_id, str):
            if block_id in seen:
                yield ("blocks", index, "id"), f"is used twice (first by blocks[{seen[block_id]}])"
            seen.setdefault(block_id, index)
        rule = _RULES.get(str(block.get("type")))
        if rule:
            yield from rule(block, ("blocks", index))


def _quiz_rules(quiz: dict, path: Path) -> Iterator[Fault]:
    graded = quiz.get("graded") is True
    if quiz.get("kind") in ("single", "multiple"):
        yield from _choice_rules(quiz, path, graded)
    elif quiz.get("kind") in ("numeric", "text"):
        if "choices" in quiz:
            yield (*path, "choices"), f"is only for single and multiple, not {quiz['kind']}"
        if graded and "answer" not in quiz:
            yield (*path, "answer"), "is required"


def _choice_rules(quiz: dict, path: Path, graded: bool) -> Iterator[Fault]:
    if "answer" in quiz:
        yield (*path, "answer"), f"is only for numeric and text, not {quiz['kind']}"
    if "choices" not in quiz:
        yield (*path, "choices"), "is required"
    if not isinstance(quiz.get("choices"), list):
        return
    choices = [choice for choice in quiz["choices"] if isinstance(choice, dict)]
    if graded and len(choices) < 2:
        yield (*path, "choices"), "must have at least 2 entries"
    seen: set[str] = set()
    for index, choice in enumerate(quiz["choices"]):
        choice_id = choice.get("id") if isinstance(choice, dict) else None
        if isinstance(choice_id, str) and choice_id in seen:
            yield (*path, "choices", index, "id"), "is used twice in this question"
        if isinstance(choice_id, str):
            seen.add(choice_id)
    right = sum(choice.get("correct") is True for choice in choices)
    if graded and quiz["kind"] == "single" and right != 1:
        yield (*path, "choices"), f"must have exactly one correct choice, not {right}"
    if graded and quiz["kind"] == "multiple" and right == 0:
        yield (*path, "choices"), "must have at least one correct choice"


def _exercise_rules(exercise: dict, path: Path) -> Iterator[Fault]:
    if exercise.get("checks") == [] and exercise.get("hidden_checks") == []:
        points = exercise.get("points")
        if isinstance(points, int | float) and points > 0:
            yield (*path, "checks"), "must not be empty in an exercise that gives points"
    for field in ("checks", "hidden_checks"):
        checks = exercise.get(field)
        for index, check in enumerate(checks if isinstance(checks, list) else ()):
            if not isinstance(check, dict) or check.get("comparison") != "raises":
                continue
            if not isinstance(check.get("expected"), str):
                yield (*path, field, index, "expected"), "must be the name of an exception"


_RULES: dict[str, Callable[[dict, Path], Iterator[Fault]]] = {"quiz": _quiz_rules, "exercise": _exercise_rules}
