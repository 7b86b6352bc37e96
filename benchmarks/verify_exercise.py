"""How long the server takes to verify an exercise in plain Python: from the learner's source to the judgement.

Budget: a median under 1 s. Needs no database. Run: `python -m benchmarks.verify_exercise`.
"""

import argparse
import os
import statistics
import time
from typing import Any

import django

BUDGET = 1.0  # seconds
SOLUTION = """
def mean_squared_error(actual, predicted):
    return sum((a - p) ** 2 for a, p in zip(actual, predicted)) / len(actual)
"""
CHECKS: list[dict[str, Any]] = [
    {"kind": "value", "expression": "mean_squared_error([1, 2], [1, 4])", "expected": 2.0, "comparison": "equal"},
    {"kind": "value", "expression": "mean_squared_error([0.1], [0.3])", "expected": 0.04, "comparison": "close"},
]
HIDDEN: list[dict[str, Any]] = [
    {
        "kind": "value",
        "expression": "mean_squared_error([], [])",
        "expected": "ZeroDivisionError",
        "comparison": "raises",
    },
    {"kind": "assert", "source": "assert mean_squared_error([5], [5]) == 0"},
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")
    django.setup()
    from mlpracticum import runtime_files

    runtime_files.install()
    times = sorted(_verify() for _ in range(given.runs))
    median = statistics.median(times)
    print(f"median {median:.2f} s (budget {BUDGET:.0f} s), {times[0]:.2f} to {times[-1]:.2f} s in {given.runs} runs")
    return int(median >= BUDGET)


def _verify() -> float:
    """Seconds of one verification, which must find the solution right."""
    from progress.grading import exercises, sandbox

    public = {"checks": CHECKS, "packages": [], "setup": ""}
    key = {"hidden_checks": HIDDEN}
    started = time.perf_counter()
    outcome = sandbox.run(exercises.job_of(public, key, SOLUTION, {}))
    judgement = exercises.judgement(public, key, outcome)
    taken = time.perf_counter() - started
    assert judgement.passed, judgement
    return taken


if __name__ == "__main__":
    raise SystemExit(main())
