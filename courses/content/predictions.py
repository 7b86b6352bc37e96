"""The author's form of a predictions block: a `{predictions}` directive that is a Markdown cell of its own.

Reads and writes it. The labels lie in a file of the course's folder, which is never offered to learners. Knows text
only: the files that it names are looked up by the caller.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from courses.content.notebook import BLOCK_ID
from courses.content.textfiles import fence_after

METRICS = ("accuracy", "f1", "roc_auc", "log_loss", "mae", "rmse", "r2")
MAX_PROMPT, MAX_POINTS, MAX_TRIES = 50_000, 1_000, 1_000
TRIES_PER_DAY, POINTS = 5, 1
_OPENING = re.compile(r"(`{3,}|~{3,}|:{3,})\{predictions\}[ \t]*(.*?)[ \t]*\Z")
_INSIDE = re.compile(r"^ {0,3}(?:`{3,}|~{3,}|:{3,})\{predictions\}", re.M)
_OPTION = re.compile(r":([a-z][a-z-]*):[ \t]*(.*?)[ \t]*\Z")


@dataclass
class Predictions:
    """A directive as read. `data` and `labels` are paths as written; `block` lacks both files and the id.

    With `faults` it cannot become a block; with `problems` it can.
    """

    block: dict[str, Any]
    id: str = ""
    data: str = ""
    labels: str = ""
    faults: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def has_predictions(source: str) -> bool:
    """Whether a directive stands anywhere in the source."""
    return bool(_INSIDE.search(source))


def read_predictions(source: str) -> Predictions | None:
    """The directive that `source` is; None when it is anything else, also one with text around it."""
    lines = source.strip().splitlines()
    opening = _OPENING.match(lines[0]) if lines else None
    if opening is None:
        return None
    fence = opening[1]
    for index, line in enumerate(lines[1:], 1):
        if not fence_after(line, fence):
            if index < len(lines) - 1:
                return None
            break
    else:
        return None
    options: dict[str, str] = {}
    body = lines[1:-1]
    while body and (found := _OPTION.match(body[0])):
        options[found[1]] = found[2]
        body.pop(0)
    return _read(opening[2], options, "\n".join(body).strip())


def _read(metric: str, options: dict[str, str], prompt: str) -> Predictions:
    read = Predictions({"type": "predictions", "prompt": prompt[:MAX_PROMPT] or "Predict.", "metric": metric})
    if metric not in METRICS:
        read.faults.append(f"metric {metric[:40]!r} is not one of {', '.join(METRICS)}")
    own_id = options.pop("id", "")
    if own_id and BLOCK_ID.fullmatch(own_id):
        read.id = own_id
    elif own_id:
        read.problems.append(f"id {own_id[:80]!r} is not a valid id and is not used")
    read.data, read.labels = options.pop("data", ""), options.pop("labels", "")
    for name, path in (("data", read.data), ("labels", read.labels)):
        if not path:
            read.faults.append(f":{name}: names no file")
    threshold = _number(options.pop("threshold", ""))
    if threshold is None:
        read.faults.append(":threshold: is not a number")
    read.block["threshold"] = threshold
    tries = _number(options.pop("tries", str(TRIES_PER_DAY)))
    if tries is None or not tries.is_integer() or not 1 <= tries <= MAX_TRIES:
        read.problems.append(f":tries: is not a whole number from 1 to {MAX_TRIES}; {TRIES_PER_DAY} is taken")
        tries = float(TRIES_PER_DAY)
    points = _number(options.pop("points", str(POINTS)))
    if points is None or not 0 <= points <= MAX_POINTS:
        read.problems.append(f":points: is not a number from 0 to {MAX_POINTS}; {POINTS} is taken")
        points = float(POINTS)
    read.block |= {"tries_per_day": int(tries), "points": int(points) if points.is_integer() else points}
    read.problems += [f"option {name[:40]!r} is not known" for name in options]
    return read


def _number(text: str) -> float | None:
    # float() would take "nan" and "1_0", which nobody means.
    return float(text) if re.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,2})?", text) else None


def write_predictions(block: dict[str, Any], *, data: str, labels: str) -> str:
    """The directive for a block whose files lie at the paths `data` and `labels`; ends without a line break."""
    prompt = block["prompt"].strip()
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"^[ \t]*(`{3,})", prompt, re.M)), default=0))
    options = {
        "id": block["id"],
        "data": data,
        "labels": labels,
        "threshold": block["threshold"],
        "tries": block["tries_per_day"],
        "points": block["points"],
    }
    lines = [f":{name}: {value}" for name, value in options.items()]
    return "\n".join([f"{fence}{{predictions}} {block['metric']}", *lines, "", prompt, fence])
