"""A grader as one would write it first: the learner's code and the expected values in one process, the verdict printed.

Exists to be deceived: `test_escape_sandbox` shows by it that each of its forgeries is one.
"""

# ruff: noqa: S102, S307, T201, C419

import json
import sys


def same(value, check):
    if check.get("comparison") == "close":
        return abs(value - check["expected"]) < 1e-9
    return value == check["expected"]


def grade(checks, names):
    return all([passes(check, names) for check in checks])


def passes(check, names):
    try:
        if check["kind"] == "assert":
            exec(compile(check["source"], "check", "exec"), names)
            return True
        value = eval(check["expression"], names)
    except Exception:
        return False
    return same(value, check)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        job = json.load(file)
    learner: dict = {"__name__": "learner"}
    exec(job["code"], learner)
    print(json.dumps({"passed": grade(job["checks"], learner)}))
