"""Processes of the site on the test's own database: a web server, checkers, and a look at what they use."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

PROJECT = Path(__file__).resolve().parents[1]
# As `manage.py check_answers`, with a lease that a test can wait for.
CHECKER = """
import sys
from datetime import timedelta
import django
django.setup()
from django.core.management import call_command
from progress.services import checking
checking.LEASE = timedelta(seconds=float(sys.argv[1]))
call_command("check_answers", grace=float(sys.argv[2]))
"""


def environment(**more: Any) -> dict[str, str]:
    """What a process needs to work on the test's database. libpq reads a socket's folder from PGHOST alone."""
    database = connection.settings_dict
    own = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "mlpracticum.settings",
        "MLPRACTICUM_MODE": "development",
        "DATABASE_URL": f"postgres://{quote(database['USER'])}@/{quote(database['NAME'])}",
        "PGHOST": database["HOST"],
        "PGPORT": str(database["PORT"]),
        "PGPASSWORD": database["PASSWORD"] or "",
    }
    return own | {name: str(value) for name, value in more.items()}


def start_checker(*, lease: float = 60, grace: float = 30, **more: Any) -> subprocess.Popen[bytes]:
    """A process that checks answers."""
    command = [sys.executable, "-c", CHECKER, str(lease), str(grace)]
    return subprocess.Popen(command, cwd=PROJECT, env=environment(**more), stdin=subprocess.DEVNULL)


def start_web(*, workers: int = 2, **more: Any) -> tuple[subprocess.Popen[bytes], int]:
    """gunicorn as `make run` has it, once it answers; and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--workers", str(workers), "--threads", "4", "--worker-class", "gthread", "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, "mlpracticum.wsgi"]
    server = subprocess.Popen(command, cwd=PROJECT, env=environment(**more), stdin=subprocess.DEVNULL)
    wait_for(lambda: _accepts(port), 60)
    return server, port


def end(*processes: subprocess.Popen[bytes]) -> None:
    """Ask them to end, and wait until they have."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(fact: Callable[[], Any], seconds: float) -> Any:
    """Wait until `fact` is true, and return it. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < deadline, f"not true after {seconds} s"
        time.sleep(0.05)
    return found


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(process.joinpath("stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        children.setdefault(parent, []).append(int(process.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def is_sandbox(pid: int) -> bool:
    """Whether the process is a sandbox with learner code."""
    try:
        return b"runner.mjs" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def memory(pid: int) -> float:
    """Resident memory of one process, in MB; 0 when it is gone."""
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1000 if found else 0.0


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
