"""The measures of predictions, in plain Python and as scikit-learn defines them by default.

Labels are all numbers or all texts; sizes of lists are the caller's concern. F1 of two classes is that of the positive
one: 1 where there is such a label (scikit-learn's default), else the greater; of more classes it is the unweighted mean
("macro"). ROC AUC takes the greater of two labels as positive. Log loss takes the probability of the greater label, or
a row of probabilities in the order of the sorted labels.
"""

import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

METRICS = ("accuracy", "f1", "roc_auc", "log_loss", "mae", "rmse", "r2")
LOWER_IS_BETTER = frozenset({"log_loss", "mae", "rmse"})
CLASS_METRICS = frozenset({"accuracy", "f1"})
PROBABILITY_METRICS = frozenset({"roc_auc", "log_loss"})

Label = float | str


def accuracy(truth: Sequence[Label], predicted: Sequence[Label]) -> float:
    """The share of predictions that are the label."""
    return sum(a == b for a, b in zip(truth, predicted, strict=True)) / len(truth)


def f1(truth: Sequence[Label], predicted: Sequence[Label], classes: Sequence[Label] = ()) -> float:
    """F1, 0 where nothing is right. `classes`: those of the whole file, if `truth` is only a part of it."""
    hits = Counter(a for a, b in zip(truth, predicted, strict=True) if a == b)
    found, given = Counter(truth), Counter(predicted)
    known = set(classes) or set(found)

    def of(label: Label) -> float:
        return 2 * hits[label] / (found[label] + given[label]) if hits[label] else 0.0

    if len(known) <= 2:
        return of(1 if 1 in known else max(known))
    labels = found.keys() | given.keys()
    return math.fsum(of(label) for label in labels) / len(labels)


def roc_auc(truth: Sequence[Label], scores: Sequence[float]) -> float:
    """The chance that a positive row is scored above a negative one, ties counting half.

    Raises ValueError unless there are exactly two labels.
    """
    labels = sorted(set(truth))
    if len(labels) != 2:
        raise ValueError("ROC AUC needs rows of exactly two classes")
    pairs = sorted(zip(scores, (label == labels[1] for label in truth), strict=True), key=itemgetter(0))
    below = wins = 0.0
    for _, tied in groupby(pairs, key=itemgetter(0)):
        members = [is_positive for _, is_positive in tied]
        positives = sum(members)
        negatives = len(members) - positives
        wins += positives * (below + negatives / 2)
        below += negatives
    return wins / (below * (len(pairs) - below))


def log_loss(truth: Sequence[Label], predicted: Sequence[Any], classes: Sequence[Label] = ()) -> float:
    """The mean of -log of the probability given to what was true, clipped by the machine epsilon.

    `classes` as for `f1`. Raises ValueError when a row has not one probability a class.
    """
    labels = sorted(set(classes) or set(truth))
    place = {label: number for number, label in enumerate(labels)}
    tiny = sys.float_info.epsilon
    losses = []
    for label, given in zip(truth, predicted, strict=True):
        row: Sequence[float] = (1 - given, given) if isinstance(given, int | float) else given
        if len(row) != len(labels):
            raise ValueError(f"a row has {len(row)} probabilities for {len(labels)} classes")
        losses.append(-math.log(min(max(row[place[label]], tiny), 1 - tiny)))
    return math.fsum(losses) / len(losses)


def mae(truth: Sequence[float], predicted: Sequence[float]) -> float:
    """The mean of the absolute errors."""
    return math.fsum(abs(a - b) for a, b in zip(truth, predicted, strict=True)) / len(truth)


def rmse(truth: Sequence[float], predicted: Sequence[float]) -> float:
    """The root of the mean of the squared errors."""
    return math.sqrt(_squares(truth, predicted) / len(truth))


def r2(truth: Sequence[float], predicted: Sequence[float]) -> float:
    """1 - squared errors / squared deviations from the mean; for equal labels 1 if all are right, else 0."""
    mean = math.fsum(truth) / len(truth)
    deviations, errors = math.fsum((value - mean) * (value - mean) for value in truth), _squares(truth, predicted)
    if not deviations:
        return 0.0 if errors else 1.0
    return 1 - errors / deviations


def _squares(truth: Sequence[float], predicted: Sequence[float]) -> float:
    # Not **: it raises OverflowError where * gives infinity.
    return math.fsum((a - b) * (a - b) for a, b in zip(truth, predicted, strict=True))


def measure(metric: str, truth: Sequence, predicted: Sequence, classes: Sequence[Label]) -> float:
    """The value of `metric`, one of METRICS; `classes` are all labels there are, also outside `truth`."""
    if metric == "f1":
        return f1(truth, predicted, classes)
    if metric == "log_loss":
        return log_loss(truth, predicted, classes)
    plain: dict[str, Callable[[Sequence, Sequence], float]] = {
        "accuracy": accuracy,
        "roc_auc": roc_auc,
        "mae": mae,
        "rmse": rmse,
        "r2": r2,
    }
    return plain[metric](truth, predicted)


def reaches(metric: str, value: float, threshold: float) -> bool:
    """Whether `value` is as good as `threshold` or better. Lower is better for errors and losses."""
    return value <= threshold if metric in LOWER_IS_BETTER else value >= threshold
