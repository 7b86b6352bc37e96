"""What a block remembers of the cell that it was made of, so that the notebook can be written again.

It stands in the block's `metadata` under `mlpracticum.import`: private, never rendered. `lessons.py` writes it and
`notebook_writing.py` reads it. Keys: `cell`, `part`, `parts` (one cell gave several blocks), `in_exercise` (the quiz
stood in the head of the exercise that follows), `cell_id` (the cell's id in the file, where the block has another),
`source` and `outputs` (what learners do not see), `made` (the block as it was made), `data_uris`, `output_uris`,
`assets`, `attachments`; `derived` (the block was made of a cell that is a block of its own).
"""

import hashlib
import json
from typing import Any

Block = dict[str, Any]

_NAMESPACE, _MARK = "mlpracticum", "import"
_NOT_COMPARED = frozenset({"id", "metadata", "assets", "links", "attachments", "cells", "run", "run_note"})


def remember(metadata: dict[str, Any], **kept: Any) -> dict[str, Any]:
    """`metadata` with what export needs besides; what it remembers already stays."""
    own = metadata.get(_NAMESPACE)
    own = own if isinstance(own, dict) else {}
    before = own.get(_MARK)
    before = before if isinstance(before, dict) else {}
    return metadata | {_NAMESPACE: own | {_MARK: before | kept}}


def remembered(block: Block) -> dict[str, Any]:
    """What the block remembers; empty for one that never was a cell."""
    own = block.get("metadata", {}).get(_NAMESPACE)
    mark = own.get(_MARK) if isinstance(own, dict) else None
    return mark if isinstance(mark, dict) else {}


def own_metadata(block: Block) -> dict[str, Any]:
    """The cell's metadata as its author wrote it, without what we put there."""
    metadata = dict(block.get("metadata", {}))
    own = metadata.get(_NAMESPACE)
    if isinstance(own, dict) and _MARK in own:
        rest = {name: value for name, value in own.items() if name != _MARK}
        metadata |= {_NAMESPACE: rest}
        if not rest:
            del metadata[_NAMESPACE]
    return metadata


def fingerprint(block: Block) -> str:
    """A hash of what the block says: another one means that it was edited here since it was made of its cells."""
    said = {name: value for name, value in block.items() if name not in _NOT_COMPARED}
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_derived(block: Block) -> bool:
    """Whether the block was made of another file, or of a cell that gave a block of its own."""
    return "quiz_file" in block.get("metadata", {}) or remembered(block).get("derived") is True


def is_as_made(block: Block) -> bool:
    """Whether nobody edited the block since its cells were read."""
    return remembered(block).get("made") == fingerprint(block)
