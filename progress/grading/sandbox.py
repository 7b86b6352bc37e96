"""Runs a learner's code where it can do no harm, and returns what came out of it.

Owns jobs and outcomes. It judges nothing: expected values stay with the caller, because code that runs beside them
could read them. Knows no models and no HTTP. What comes back was written by a process with hostile code in it: its
shape is checked here, its values are only data.
"""

import base64
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings

from progress.grading import sandbox_packages, sandbox_process
from progress.grading.sandbox_packages import PackagesMissing

__all__ = ["Job", "Outcome", "PackagesMissing", "SandboxFailed", "run"]

PACKAGES_SECONDS = 20.0  # the least that code with packages gets: importing them takes some of it
MAX_SECONDS = 120.0
MAX_SOURCE = 1_000_000  # characters of code, setup and checks together
MAX_FILES = 64_000_000  # bytes
MAX_PRINTED = 20_100  # characters; the harness cuts before that
MAX_LINES = 80  # of a traceback


@dataclass(frozen=True)
class Job:
    """Code to run. `folder` is the working directory, a relative path among `files` ("../data/x.csv" works)."""

    code: str
    setup: str = ""
    checks: Sequence[dict] = ()
    hidden_checks: Sequence[dict] = ()
    packages: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    seconds: float = 5.0
    folder: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    `state`: "finished" (perhaps with `error`), "ended_early" (by the code itself), "timed_out" or "out_of_memory".
    `error` is what stopped the code: `{"type", "mro", "message", "traceback", "where"}`, where: "setup" or "code".
    `results` and `hidden_results` are in the order of the checks, and empty where the run did not get that far.
    `seconds` is the time from when the interpreter was ready.
    """

    state: str
    stdout: str = ""
    error: dict | None = None
    results: list[dict] = field(default_factory=list)
    hidden_results: list[dict] = field(default_factory=list)
    seconds: float = 0.0


class SandboxFailed(RuntimeError):
    """The run says nothing of the code: it could not start, or something else ended it. To be tried again."""


class _Garbage(ValueError):
    """The process said something with the right secret that the harness would not say."""


def run(job: Job, *, starting: float = sandbox_process.STARTING) -> Outcome:
    """Run a job in a process of its own; takes about half a second, and `seconds` more at most.

    `starting`: seconds that the process may take to start on a busy machine; SandboxFailed after them.

    Raises:
        SandboxFailed: the sandbox is missing, or was ended from outside. Never a reason to call code wrong.
        PackagesMissing: the job needs packages that are not installed on this server.
        ValueError: the job is over its bounds, or has a path that leaves its folder.
    """
    seconds, first = _prepare(job)
    packages = sandbox_packages.find(job.packages)
    folder = settings.SANDBOX_RUNTIME
    # Packages of compiled code cannot be in a snapshot, nor be loaded into an interpreter that came from one.
    arguments = ["", str(packages.folder)] if packages.names else ["snapshot.bin", ""]
    readable = [packages.folder] if packages.names else []
    try:
        with sandbox_process.started(folder, arguments, readable=readable, seconds=seconds) as process:
            process.limit(starting)
            first |= {"secret": process.secret.decode(), "packages": packages.names}
            process.send(json.dumps(first))
            first.clear()  # 80 MB, when there are many files
            process.line("booted")
            process.is_booted = True
            process.limit(seconds)
            return _converse(process, job)
    except sandbox_process.ProcessFailed as error:
        raise SandboxFailed(str(error)) from error


def _prepare(job: Job) -> tuple[float, dict]:
    """The time limit and the job's first line, without its secret."""
    sources = [job.code, job.setup, *(str(check) for check in [*job.checks, *job.hidden_checks])]
    if sum(map(len, sources)) > MAX_SOURCE:
        raise ValueError(f"a job may have {MAX_SOURCE:,} characters of code and checks")
    if sum(map(len, job.files.values())) > MAX_FILES:
        raise ValueError(f"a job may have {MAX_FILES:,} bytes of files")
    if not 0 < job.seconds <= MAX_SECONDS:
        raise ValueError(f"a job may take up to {MAX_SECONDS:.0f} seconds")
    for path in [*job.files, job.folder or "."]:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\0" in path:
            raise ValueError(f"{path!r} leaves the job's folder")
    files = {str(PurePosixPath(path)): base64.b64encode(data).decode() for path, data in job.files.items()}
    asked = {"code": job.code, "setup": job.setup, "checks": list(job.checks), "folder": job.folder}
    return max(job.seconds, PACKAGES_SECONDS) if job.packages else job.seconds, {"files": files, "run": asked}


def _converse(process: sandbox_process.Process, job: Job) -> Outcome:
    """Both halves of a run. Hidden checks are sent when the code and what it printed are done with."""
    begun = time.monotonic()
    done: dict[str, Any] = {}
    state = "finished"
    try:
        done = _first_half(process.line("first"), len(job.checks))
        if job.hidden_checks and done["error"] is None:
            process.send(json.dumps(list(job.hidden_checks)))
            done["hidden_results"] = _results(_parse(process.line("second")), len(job.hidden_checks))
    except sandbox_process.ProcessEnded as ended:
        state = ended.state
    except _Garbage:
        state = "ended_early"
    return Outcome(state=state, seconds=time.monotonic() - begun, **done)


def _parse(text: str) -> Any:
    def refuse(name: str) -> None:
        raise _Garbage(name)

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise _Garbage(str(error)) from error


def _first_half(text: str, count: int) -> dict[str, Any]:
    said = _parse(text)
    if not isinstance(said, dict) or set(said) != {"stdout", "error", "results"} or not _is_text(said["stdout"]):
        raise _Garbage("not a result")
    error = None if said["error"] is None else _raised(said["error"])
    results = _results(said["results"], 0 if error else count)
    return {"stdout": said["stdout"][:MAX_PRINTED], "error": error, "results": results}


def _results(said: Any, count: int) -> list[dict]:
    """One result a check, in the shape of one; their values are looked at by whoever decodes them."""
    if not isinstance(said, list) or len(said) != count:
        raise _Garbage("not as many results as checks")
    results: list[dict] = []
    for result in said:
        if not isinstance(result, dict) or len(result) != 1:
            raise _Garbage("not a result")
        if "raised" in result:
            results.append({"raised": _raised(result["raised"])})
        elif "value" in result or result.get("passed") is True:
            results.append(result)
        else:
            raise _Garbage("not a result")
    return results


def _raised(said: Any) -> dict:
    if not isinstance(said, dict) or set(said) != {"type", "mro", "message", "traceback", "where"}:
        raise _Garbage("not an error")
    if not (_is_text(said["type"]) and _is_text(said["message"]) and said["where"] in ("setup", "code", "check")):
        raise _Garbage("not an error")
    for name in ("mro", "traceback"):
        if not (isinstance(said[name], list) and len(said[name]) <= MAX_LINES and all(map(_is_text, said[name]))):
            raise _Garbage("not an error")
    return said


def _is_text(value: Any) -> bool:
    """Text that a database can hold."""
    return isinstance(value, str) and len(value) <= MAX_PRINTED and not re.search("[\0\ud800-\udfff]", value)
