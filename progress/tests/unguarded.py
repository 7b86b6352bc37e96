"""Runs code without a sandbox, to show that a script which the sandbox stops would succeed elsewhere.

For scripts of `escapes` alone: they are harmless, and memory and time are bounded here all the same.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deno import find_deno_bin
from django.conf import settings

NAIVE = Path(__file__).with_name("naive_grader.py")
ESCAPES = Path(__file__).with_name("escapes.mjs")
UNGUARDED = Path(__file__).with_name("unguarded.mjs")
MEMORY = 3 * 2**30  # bytes of private memory


def _run(command: list[str], *, cwd: Path, env: dict[str, str], seconds: float) -> subprocess.CompletedProcess:
    wrapper = (
        "import os, resource, sys;"
        f"resource.setrlimit(resource.RLIMIT_DATA, ({MEMORY}, {MEMORY}));"
        "resource.setrlimit(resource.RLIMIT_CPU, (30, 30));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    return subprocess.run(
        [sys.executable, "-c", wrapper, *command], cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds
    )


def run_python(program: str, folder: Path, secret: str) -> dict[str, str]:
    """What `program` left in `got`, under plain CPython in `folder`."""
    path = folder / "program.py"
    path.write_text(program + "\nimport json\nsys.__stdout__.write(json.dumps(got))\n", encoding="utf-8")
    done = _run(
        [sys.executable, str(path)], cwd=folder, env={"PRACTICE_SECRET": secret, "PATH": os.defpath}, seconds=60
    )
    return json.loads(done.stdout)


def run_javascript(program: str, folder: Path, secret: str) -> dict[str, str]:
    """The same under Pyodide, in a deno that may do everything."""
    path = folder / "program.txt"
    path.write_text(program, encoding="utf-8")
    done = _run(
        [find_deno_bin(), "run", "-A", "--no-config", "--no-lock", "--no-remote", str(UNGUARDED)]
        + [str(settings.SANDBOX_RUNTIME), str(path)],
        cwd=folder,
        env={"PRACTICE_SECRET": secret, "PATH": os.defpath, "DENO_DIR": str(folder / "deno")},
        seconds=60,
    )
    return json.loads(done.stdout)


def run_escapes(names: dict[str, object], folder: Path, secret: str) -> dict[str, str]:
    """What the scripts of escapes.mjs found in a deno that may do everything."""
    (folder / "runtime").mkdir()
    shutil.copyfile(ESCAPES, folder / "runtime" / "runner.mjs")
    done = subprocess.run(
        [find_deno_bin(), "run", "-A", "--no-config", "--no-lock", "--quiet", str(folder / "runtime" / "runner.mjs")],
        input=json.dumps(names | {"up": "../..", "secret": "s"}),
        env={"PRACTICE_SECRET": secret, "PATH": os.defpath, "DENO_DIR": str(folder / "deno")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = next(line for line in done.stdout.splitlines() if line.startswith("s first "))
    return json.loads(said.removeprefix("s first "))


def grade_naively(code: str, checks: list[dict], folder: Path, seconds: float = 20) -> str:
    """What a naive grader says: "passed", "failed", or "busy" if it has not come to an end."""
    job = folder / "job.json"
    job.write_text(json.dumps({"code": code, "checks": checks}), encoding="utf-8")
    try:
        done = _run([sys.executable, str(NAIVE), str(job)], cwd=folder, env={"PATH": os.defpath}, seconds=seconds)
    except subprocess.TimeoutExpired:
        return "busy"
    for line in reversed(done.stdout.splitlines()):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "passed" in said:
            return "passed" if said["passed"] is True else "failed"
    return "failed"


def peak_memory(code: str, folder: Path) -> int:
    """Bytes that code used at most, as plain CPython. Under the bound above."""
    path = folder / "greedy.py"
    ending = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)\n"
    path.write_text(code + ending, encoding="utf-8")
    done = _run([sys.executable, str(path)], cwd=folder, env={"PATH": os.defpath}, seconds=60)
    return int(done.stdout.split()[-1])
