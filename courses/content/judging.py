"""What of a lesson is judged: each gradable block's type, the hash of its check, its points, the tries it allows.

Owns what "gradable" means. A block without a key or without a check is shown and never counted. Pure functions of a
body's blocks. Knows no models and no grading.
"""

from decimal import Decimal
from typing import Any

from courses.content.exercise_setup import Setup
from courses.content.hashes import check_hash

Checks = dict[str, dict[str, Any]]
_STEP = Decimal("0.001")


def is_gradable(block: dict[str, Any]) -> bool:
    """Whether an answer to the block can be judged: a quiz with its key, an exercise with a check, predictions."""
    match block["type"]:
        case "quiz":
            return block["graded"]
        case "exercise":
            # Only Python can be run here: an exercise in R is one to read, and must not hold a lesson up.
            return block["language"] == "python" and bool(block["checks"] or block["hidden_checks"])
        case "predictions":
            return True
    return False


def block_checks(blocks: list[dict[str, Any]], setups: dict[str, Setup]) -> Checks:
    """`{block id: {"type", "hash", "points", "attempts"}}` of the gradable blocks, in order.

    Points have at most three decimals. `attempts` is None where there is no limit for good: also for predictions, which
    have "tries_per_day" instead. `setups` are those of `exercise_setup.exercise_setups`.
    """
    return {
        block["id"]: {
            "type": block["type"],
            "hash": check_hash(block, setup=setups[block["id"]].source if block["id"] in setups else ""),
            "points": _points(block["points"]),
            "attempts": block.get("attempts"),
            **({"tries_per_day": block["tries_per_day"]} if block["type"] == "predictions" else {}),
        }
        for block in blocks
        if is_gradable(block)
    }


def total_points(checks: Checks) -> Decimal:
    """The points that all blocks of `checks` give together, to three decimals."""
    return sum((Decimal(str(entry["points"])).quantize(_STEP) for entry in checks.values()), Decimal(0))


def _points(points: int | float) -> int | float:
    rounded = float(Decimal(str(points)).quantize(_STEP))
    return int(rounded) if rounded.is_integer() else rounded
