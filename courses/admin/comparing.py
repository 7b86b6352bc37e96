"""What differs between two lesson bodies, block by block, as lines of text. Knows no model and no page."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_LINES = 2_000  # a block; difflib's time grows with their product
CONTEXT = 2  # unchanged lines around a change


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison. `sign` is "+", "-", " " or "…" for lines left out."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class BlockChange:
    """A block that was added, removed, changed or moved."""

    what: str
    block_id: str
    block_type: str
    lines: list[Line]


def compare_bodies(old: dict[str, Any], new: dict[str, Any]) -> list[BlockChange]:
    """The differences in the order of `new`; removed blocks stand where they were in `old`."""
    before = {block["id"]: block for block in old["blocks"]}
    after = {block["id"]: block for block in new["blocks"]}
    kept_before = [block_id for block_id in before if block_id in after]
    kept_after = [block_id for block_id in after if block_id in before]
    matcher = difflib.SequenceMatcher(None, kept_before, kept_after, autojunk=False)
    settled = {kept_before[match.a + step] for match in matcher.get_matching_blocks() for step in range(match.size)}
    changes: list[BlockChange] = []
    for block_id in _merged_order(list(before), list(after)):
        changes += _block_changes(block_id, before.get(block_id), after.get(block_id), moved=block_id not in settled)
    if old.get("metadata") != new.get("metadata"):
        lines = _diff(_as_json(old.get("metadata", {})), _as_json(new.get("metadata", {})))
        changes.append(BlockChange("changed", "", "metadata", lines))
    return changes


def _block_changes(
    block_id: str, old: dict[str, Any] | None, new: dict[str, Any] | None, *, moved: bool
) -> Iterator[BlockChange]:
    if old is None and new is not None:
        yield BlockChange("added", block_id, new["type"], [Line("+", text) for text in block_lines(new)])
    elif new is None and old is not None:
        yield BlockChange("removed", block_id, old["type"], [Line("-", text) for text in block_lines(old)])
    elif old is not None and new is not None and old != new:
        what = "changed and moved" if moved else "changed"
        yield BlockChange(what, block_id, new["type"], _diff(block_lines(old), block_lines(new)))
    elif new is not None and moved:
        yield BlockChange("moved", block_id, new["type"], [])


def _merged_order(before: list[str], after: list[str]) -> list[str]:
    """All ids in the new order, each removed one behind the neighbour that it had."""
    order = list(after)
    for index, block_id in enumerate(before):
        if block_id in after:
            continue
        place = order.index(before[index - 1]) + 1 if index else 0
        order.insert(place, block_id)
    return order


def block_lines(block: dict[str, Any]) -> list[str]:
    """A block as an author would read it: texts as they are, everything else as JSON."""
    lines = []
    for name, value in block.items():
        if name in ("id", "type"):
            continue
        if isinstance(value, str):
            lines += [f"{name}:", *value.splitlines()] if "\n" in value else [f"{name}: {value}"]
        else:
            written = _as_json(value)
            lines += [f"{name}: {written[0]}"] if len(written) == 1 else [f"{name}:", *written]
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"… {len(lines) - MAX_LINES} more lines"]
    return lines


def _as_json(value: Any) -> list[str]:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).splitlines()


def _diff(old: list[str], new: list[str]) -> list[Line]:
    lines: list[Line] = []
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)
    for number, group in enumerate(groups):
        if number:
            lines.append(Line("…", ""))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [Line(" ", text) for text in old[old_from:old_to]]
                continue
            lines += [Line("-", text) for text in old[old_from:old_to]]
            lines += [Line("+", text) for text in new[new_from:new_to]]
    return lines
