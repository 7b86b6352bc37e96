"""The order in which a quiz's choices are shown: never the author's, who may always write the right one first.

Pure functions of ids. Knows no models and no Django.
"""

import hashlib
from collections.abc import Sequence
from typing import Any


def choice_order(choice_ids: Sequence[str], seed: str) -> list[str]:
    """The choices shuffled by `seed`: the same for the same seed on every machine and in every version of Python."""
    return sorted(choice_ids, key=lambda choice: (hashlib.sha256(f"{seed}\0{choice}".encode()).digest(), choice))


def in_order(choices: Sequence[dict[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """The `choices`, which have an "id" each, as `order` names them."""
    by_id = {choice["id"]: choice for choice in choices}
    return [by_id[name] for name in order]


def without_authors_order(block: dict[str, Any]) -> dict[str, Any]:
    """The block with its choices in the order that visitors see; any other block as it is.

    The block's id is the seed, so the same choices stand in another order in another question.
    """
    if "choices" not in block:
        return block
    order = choice_order([choice["id"] for choice in block["choices"]], block["id"])
    return {**block, "choices": in_order(block["choices"], order)}
