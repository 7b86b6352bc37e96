"""Scoring predictions against private labels on a public and a private part of the rows.

Owns what a label file and a file of predictions may look like, and the split. Passing is decided on the private part;
what an error says names rows and ids of the learner's own file, never a label. Knows no models and no requests.
"""

import csv
import hashlib
import io
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from progress.grading import metrics
from progress.grading.metrics import METRICS, reaches

__all__ = ["METRICS", "Labels", "Scores", "reaches", "read_labels", "read_predictions", "score"]

MAX_BYTES, MAX_ROWS = 10_000_000, 200_000
MAX_LINES = 3 * MAX_ROWS  # blank ones are no rows, and ten million of them take seconds
# Far from where a square would overflow.
MAX_SIZE = 1e100
PUBLIC_SHARE = 0.3

_ID_NAMES = frozenset({"id", "row", "row_id", "rowid", "index"})
_SPLIT_NAMES = frozenset({"split", "usage"})
_LABEL_NAMES = frozenset({"label", "labels", "target", "class", "y", "y_true", "truth", "value"})
_SUMS_TO_ONE = 1e-3

Item = TypeVar("Item")


@dataclass(frozen=True)
class Labels:
    """The private labels, one a row, all numbers or all texts; `ids` and `is_public` where the file names them."""

    values: Sequence[float] | Sequence[str]
    ids: Sequence[str] | None = None
    is_public: Sequence[bool] | None = None

    @cached_property
    def classes(self) -> list[Any]:
        """The different labels, sorted."""
        return sorted(set(self.values))


@dataclass(frozen=True)
class Scores:
    """The metric on both parts, finite numbers, and how many rows there are in all."""

    public: float
    private: float
    rows: int


def read_labels(data: bytes) -> Labels:
    """The labels of a CSV file: `label`, `id,label`, `label,split` or `id,label,split`, with or without a header.

    The split (Kaggle's `Usage` too) is "public" or "private". Raises ValueError, with the line.
    """
    rows = _read_csv(data)
    width = len(rows[0])
    names = [cell.lower() for cell in rows[0]]
    has_header = _is_label_header(rows, names)
    split_at = next((place for place, name in enumerate(names) if has_header and name in _SPLIT_NAMES), None)
    if width > 3 or (width == 3 and split_at is None and has_header):
        raise ValueError("labels need the columns label, or id and label, or id, label and split")
    if width == 3 and split_at is None:
        split_at = 2
    others = [place for place in range(width) if place != split_at]
    id_at = next((place for place in others if has_header and names[place] in _ID_NAMES), others[0])
    id_column = id_at if len(others) == 2 else None
    label_at = next(place for place in others if place != id_column)
    first_line = 1 + has_header
    rows = rows[has_header:]
    if not rows:
        raise ValueError("there is no label below the header")
    ids = None if id_column is None else _unique_ids([row[id_column] for row in rows], first_line)
    is_public = None if split_at is None else [_split(row[split_at], n) for n, row in enumerate(rows, first_line)]
    return Labels(_typed([row[label_at] for row in rows], first_line), ids, is_public)


def _is_label_header(rows: list[list[str]], names: list[str]) -> bool:
    if any(rows[0][place] == row[place] for row in rows[1:] for place in range(len(names))):
        return False  # "y" may be the column's name, but not when it is a label further down
    if any(name in _ID_NAMES | _SPLIT_NAMES | _LABEL_NAMES for name in names):
        return True
    # A text above numbers is a name, and so is one above texts that are all repeated, when it is not itself.
    below = [row[-1] for row in rows[1:]]
    is_text = _number(rows[0][-1]) is None and len(below) > 0
    return is_text and (all(_number(cell) is not None for cell in below) or min(Counter(below).values()) > 1)


def _split(text: str, line: int) -> bool:
    if text.lower() not in ("public", "private"):
        raise ValueError(f"line {line}: the split must be public or private")
    return text.lower() == "public"


def _typed(cells: list[str], first_line: int) -> list[float] | list[str]:
    """Numbers if all cells are, else texts; true and false are 1 and 0."""
    for line, cell in enumerate(cells, first_line):
        if not cell or cell.lower() == "nan":
            raise ValueError(f"line {line}: the label is missing")
    numbers = [_number(cell) for cell in cells]
    if any(number is None for number in numbers):
        return cells
    for line, number in enumerate(numbers, first_line):
        _check_size(number, f"line {line}")
    return [number for number in numbers if number is not None]


def _number(cell: Any) -> float | None:
    """The number that a cell or a JSON value is, infinite or NaN too; None for anything else."""
    if isinstance(cell, bool):
        return float(cell)
    if isinstance(cell, str) and cell.lower() in ("true", "false"):
        return float(cell.lower() == "true")
    if not isinstance(cell, int | float | str) or (isinstance(cell, str) and "_" in cell):
        return None
    try:
        return float(cell)
    except ValueError:
        return None
    except OverflowError:  # a whole number beyond what a float holds
        return math.inf


def _check_size(number: float | None, where: str) -> float:
    if number is None:
        raise ValueError(f"{where}: must be a number")
    if math.isnan(number):
        raise ValueError(f"{where}: the value is missing (NaN)")
    if abs(number) > MAX_SIZE:
        raise ValueError(f"{where}: the number is too large")
    return number


def _unique_ids(ids: list[str], first_line: int) -> list[str]:
    seen: set[str] = set()
    for line, row_id in enumerate(ids, first_line):
        if row_id in seen:
            raise ValueError(f"line {line}: the id {_shown(row_id)} is there twice")
        seen.add(row_id)
    return ids


def _shown(text: str) -> str:
    return f"“{text}”" if text.isprintable() and len(text) <= 60 else ascii(text)[:60]


def _read_csv(data: bytes | str) -> list[list[str]]:
    """The rows of a CSV file, cells stripped, all of one width, blank lines left out; at least one."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"the file is larger than {MAX_BYTES // 1_000_000} MB")
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ValueError("the file is not a CSV text in UTF-8") from None
    if "\0" in data:
        raise ValueError("the file is not a CSV text")
    first = data.lstrip("\ufeff\r\n").split("\n", 1)[0]
    delimiter = next((mark for mark in (",", ";", "\t") if mark in first), ",")
    rows: list[list[str]] = []
    try:
        reader = csv.reader(io.StringIO(data.removeprefix("\ufeff"), newline=""), delimiter=delimiter, strict=True)
        for row in reader:
            if reader.line_num > MAX_LINES:
                raise ValueError(f"there are more than {MAX_LINES:,} lines")
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            rows.append(cells)
            if len(rows) > MAX_ROWS + 1:
                raise ValueError(f"there are more than {MAX_ROWS:,} rows")
            if len(cells) != len(rows[0]):
                raise ValueError(f"line {len(rows)}: has {len(cells)} columns, the first line {len(rows[0])}")
    except csv.Error as error:
        raise ValueError(f"line {len(rows) + 1}: {error}") from None
    if not rows:
        raise ValueError("the file is empty")
    return rows


def read_predictions(answer: Any, labels: Labels, metric: str) -> list[Any]:
    """The predictions in the labels' order: numbers or texts, for log loss of many classes rows of probabilities.

    `answer` is a JSON list (or `{"predictions": …}`) in the order of the rows, or a CSV file as bytes or text: one
    prediction a line, or an id and a prediction in any order; for rows of probabilities one column a class, in the
    order of the header if it names the classes, else of the sorted classes. Raises ValueError, with the line.
    """
    if isinstance(answer, dict) and set(answer) == {"predictions"}:
        answer = answer["predictions"]
    if isinstance(answer, list):
        if len(answer) > MAX_ROWS:
            raise ValueError(f"there are more than {MAX_ROWS:,} predictions")
        _check_count(len(answer), len(labels.values))
        return [_prediction(value, labels, metric, f"prediction {n}") for n, value in enumerate(answer, 1)]
    if not isinstance(answer, bytes | str):
        raise ValueError("must be a list of predictions, or a CSV file")
    return _from_csv(_read_csv(answer), labels, metric)


def _from_csv(rows: list[list[str]], labels: Labels, metric: str) -> list[Any]:
    wanted, width = len(labels.values), len(rows[0])
    columns = len(labels.classes) if metric == "log_loss" and width >= len(labels.classes) > 2 else 1
    if width - columns not in (0, 1):
        raise ValueError(f"there are {width} columns: give the predictions, or an id and the predictions")
    has_ids = width == columns + 1
    header = rows[0] if _has_header(rows, labels, metric, has_ids) else None
    lines = list(enumerate(rows, 1))[1 if header else 0 :]
    _check_count(len(lines), wanted)
    order = _class_order(header[has_ids:], labels) if header and columns > 1 else None
    found: dict[int, Any] = {}
    places = _places([row[0] for _, row in lines], lines[0][0] if lines else 1, labels) if has_ids else range(wanted)
    for (line, row), place in zip(lines, places, strict=True):
        cells: Any = row[has_ids:]
        cells = [cells[number] for number in order] if order else cells
        found[place] = _prediction(cells if columns > 1 else cells[0], labels, metric, f"line {line}")
    return [found[place] for place in range(wanted)]


def _has_header(rows: list[list[str]], labels: Labels, metric: str, has_ids: bool) -> bool:
    """By the number of rows if that decides, else by what the first line says."""
    if len(rows) == len(labels.values) + 1:
        return True
    if len(rows) == len(labels.values) and not has_ids:
        return False
    if has_ids:
        return rows[0][0].lower() in _ID_NAMES or not rows[0][0]
    return metric not in metrics.CLASS_METRICS and _number(rows[0][0]) is None


def _check_count(found: int, wanted: int) -> None:
    if found != wanted:
        raise ValueError(f"there are {found:,} predictions, expected {wanted:,}: one for each row of the data")


def _places(ids: list[str], first_line: int, labels: Labels) -> list[int]:
    """Where each row belongs: by the labels' ids, else by a column that numbers the rows from 0 or from 1."""
    _unique_ids(ids, first_line)
    if labels.ids is not None:
        known = {row_id: place for place, row_id in enumerate(labels.ids)}
    else:
        start = 0 if "0" in ids else 1
        known = {str(place + start): place for place in range(len(labels.values))}
    for line, row_id in enumerate(ids, first_line):
        if row_id not in known:
            raise ValueError(f"line {line}: the id {_shown(row_id)} is not in the data")
    return [known[row_id] for row_id in ids]


def _class_order(header: list[str], labels: Labels) -> list[int] | None:
    """For each class the column that the header gives it; None when the header names something else."""
    named = [_number(name) if isinstance(labels.classes[0], float) else name for name in header]
    return [named.index(label) for label in labels.classes] if set(named) == set(labels.classes) else None


def _prediction(value: Any, labels: Labels, metric: str, where: str) -> Any:
    if metric in metrics.CLASS_METRICS and isinstance(labels.values[0], str):
        if not isinstance(value, str | int | float) or not str(value).strip():
            raise ValueError(f"{where}: must be a label")
        return str(value).strip()
    if metric == "log_loss" and (isinstance(value, list) or len(labels.classes) > 2):
        return _probabilities(value, labels, where)
    number = _check_size(_number(value), where)
    if metric == "log_loss" and not 0 <= number <= 1:
        raise ValueError(f"{where}: must be a probability from 0 to 1")
    return number


def _probabilities(value: Any, labels: Labels, where: str) -> list[float]:
    if not isinstance(value, list) or len(value) != len(labels.classes):
        raise ValueError(f"{where}: must be {len(labels.classes)} probabilities, one for each class in sorted order")
    row = [_check_size(_number(item), where) for item in value]
    total = math.fsum(row)
    if not all(0 <= item <= 1 for item in row) or abs(total - 1) > _SUMS_TO_ONE:
        raise ValueError(f"{where}: must be probabilities from 0 to 1 that sum to 1")
    return [item / total for item in row]


def score(labels: Labels, predictions: Sequence[Any], metric: str, split_seed: str) -> Scores:
    """The metric on the public and on the private rows.

    Where the file names no split, about 30 % of the rows are public: the same ones for the same `split_seed` and ids.
    A split with a part that the metric cannot be computed on is none: then all rows count for both.
    Raises ValueError for a metric that the labels do not allow (text labels for an error, three classes for ROC AUC).
    """
    _check_metric(labels, metric)
    if len(predictions) != len(labels.values):
        _check_count(len(predictions), len(labels.values))
    is_public = labels.is_public if labels.is_public is not None else _hashed_split(labels, split_seed)
    parts = [_part(range(len(is_public)), is_public, wanted) for wanted in (True, False)]
    if not all(_is_measurable([labels.values[row] for row in part], labels, metric) for part in parts):
        parts = [list(range(len(labels.values)))] * 2
    public, private = (
        _finite(
            metrics.measure(
                metric, [labels.values[row] for row in part], [predictions[row] for row in part], labels.classes
            )
        )
        for part in parts
    )
    return Scores(public, private, len(labels.values))


def _check_metric(labels: Labels, metric: str) -> None:
    is_error = metric not in metrics.CLASS_METRICS | metrics.PROBABILITY_METRICS
    if is_error and isinstance(labels.values[0], str):
        raise ValueError(f"the labels of this task are not numbers, as {metric} needs them")
    if metric == "roc_auc" and len(labels.classes) != 2 or metric == "log_loss" and len(labels.classes) < 2:
        raise ValueError(f"the labels of this task have {len(labels.classes)} classes, which {metric} cannot measure")


def _hashed_split(labels: Labels, split_seed: str) -> list[bool]:
    names = labels.ids if labels.ids is not None else [str(row) for row in range(len(labels.values))]
    # "\0" is in no id, so that no two pairs of seed and id are one text.
    digests = [hashlib.sha256(f"{split_seed}\0{name}".encode()).digest() for name in names]
    ranked = sorted(range(len(names)), key=digests.__getitem__)
    public = set(ranked[: max(1, round(PUBLIC_SHARE * len(names)))])
    return [row in public for row in range(len(names))]


def _part(rows: Sequence[Item], is_public: Sequence[bool], wanted: bool) -> list[Item]:
    return [row for row, public in zip(rows, is_public, strict=True) if public is wanted]


def _is_measurable(truth: Sequence[Any], labels: Labels, metric: str) -> bool:
    if not truth:
        return False
    if metric in ("roc_auc", "f1"):
        return len(set(truth)) > 1 or len(labels.classes) != 2
    return metric != "r2" or len(set(truth)) > 1


def _finite(value: float) -> float:
    """R² of absurd predictions is minus infinity, which JSON and the database cannot hold."""
    return min(max(value, -MAX_SIZE), MAX_SIZE)
