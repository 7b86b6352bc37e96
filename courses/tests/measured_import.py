"""Reads course folders as an import does, each in a process of its own, and says what each took.

Run as a module; a folder a line on standard input, a JSON object a line on standard output:
`{"seconds", "megabytes", "outcome": "read" | "refused" | "failed" | "killed", "said": [..], "report": {..}}`.
`megabytes` is what the process's memory grew by at its peak. It is killed after LIMIT seconds.
"""

import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import django

LIMIT = 60  # seconds; generous, for a busy machine


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.md").write_text("# Warm\n\n$x$ and `code`\n", encoding="utf-8")
        attempt(Path(folder))  # imports and builds everything that the children share
    for line in sys.stdin:
        sys.stdout.write(json.dumps(measured(Path(line.rstrip("\n")))) + "\n")
        sys.stdout.flush()


def measured(folder: Path) -> dict[str, Any]:
    """What `attempt` gives, from a child process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as out:
            json.dump(timed(folder), out)
        os._exit(0)
    os.close(writing)
    started = time.monotonic()
    with os.fdopen(reading) as answer:
        ready, _, _ = select.select([answer], [], [], LIMIT)
        if not ready:
            os.kill(child, signal.SIGKILL)
        text = answer.read()
    os.waitpid(child, 0)
    took = round(time.monotonic() - started, 2)
    return json.loads(text) if text else {"outcome": "killed", "said": [], "seconds": took, "megabytes": 0}


def timed(folder: Path) -> dict[str, Any]:
    before, started = peak(), time.monotonic()
    try:
        result = attempt(folder)
    except BaseException as error:  # the very thing that must not happen, and has to be told
        result = {"outcome": "failed", "said": [f"{type(error).__name__}: {error}"[:500]]}
    return result | {"seconds": round(time.monotonic() - started, 2), "megabytes": round(peak() - before)}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def attempt(folder: Path) -> dict[str, Any]:
    """Everything that an import does before it writes: read, resolve, compile."""
    from courses.content.compiling import compile_body
    from courses.content.folder import read_course
    from courses.content.report import CourseRefused
    from courses.content.schema import BodyInvalid

    try:
        course = read_course(folder)
        for lesson in course.lessons:
            compile_body(lesson.body, title=lesson.title)
    except CourseRefused as refusal:
        return {"outcome": "refused", "said": [str(problem) for problem in refusal.problems[:20]]}
    except BodyInvalid as invalid:
        return {"outcome": "refused", "said": [str(fault) for fault in invalid.errors[:20]]}
    report = course.report.as_dict()
    problems = course.report.problems
    said = [str(problem) for problem in [*problems[:20], *problems[-20:]]]
    counts = {"lessons": report["lessons"], "cells": report["cells"]}
    lists = [*report["images"]["missing"][:20], *report["outputs"]["dropped"][:20], *report["links"]["broken"][:20]]
    return {"outcome": "read", "said": [*said, *map(json.dumps, lists)], "report": counts}


if __name__ == "__main__":
    main()
