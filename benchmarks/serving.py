"""Servers under load on this machine: started with production's settings, driven by wrk, their processor time taken.

Processor time is what the processes of a server and of its database used, by the kernel's count (/proc, so Linux
alone). It hardly depends on what else the machine does, which rates and latencies do.
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

HERE = Path(__file__).parent
WORKERS = 2
TICKS = os.sysconf("SC_CLK_TCK")  # a second


@dataclass(frozen=True)
class Target:
    """A server: where it answers, which requests it gets, and the processes whose time is counted."""

    name: str
    url: str
    requests: Path
    pids: tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """What one target did for some seconds."""

    rate: float  # answers a second
    p50: float  # ms
    p99: float  # ms
    processor: float  # µs an answer, of the server and the database; 0 where no process is known
    refused: int  # answers with a status from 400 on
    broken: int  # connections that failed


@contextmanager
def gunicorn(application: str, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Serve as the image does, with two workers; gives the address and the parent's process id."""
    port = _free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--config", str(HERE.parent / "deploy" / "gunicorn.conf.py"),
        "--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}", "--log-level", "warning", application,
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=HERE.parent, env={**os.environ, **environment})  # noqa: S603 (our own words)
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(timeout=60)


def production(database: str, folder: Path, secret: str) -> dict[str, str]:
    """The environment of a production server on a database of this machine."""
    return {
        "MLPRACTICUM_MODE": "production", "DATABASE_URL": database, "SECRET_KEY": secret, "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "false", "DEBUG": "false", "LOG_LEVEL": "WARNING",
        "MEDIA_ROOT": str(folder / "media"), "STATIC_ROOT": str(folder),
    }  # fmt: skip


def database_url() -> str:
    """The address of the database that Django has open here, for another process."""
    from django.db import connection

    connection.ensure_connection()
    info = connection.connection.info
    password = f":{quote(info.password, safe='')}" if info.password else ""
    return f"postgresql://{info.user}{password}@/{info.dbname}?host={quote(info.host, safe='')}&port={info.port}"


def database_pids() -> tuple[int, ...]:
    """The database server's first process, where it runs on this machine and may be looked at."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    table = _processes()
    known = backend in table and b"postgres" in Path(f"/proc/{backend}/cmdline").read_bytes()
    return (table[backend][0],) if known else ()


def measure(target: Target, *, seconds: int, connections: int) -> Window:
    """Load the target for some seconds, after two of warming up."""
    _drive(target, seconds=2, connections=connections, first=7)
    before = _used(target.pids)
    result = _drive(target, seconds=seconds, connections=connections, first=0)
    used = _used(target.pids) - before
    return Window(
        rate=result["requests"] / result["microseconds"] * 1e6,
        p50=result["p50"] / 1000,
        p99=result["p99"] / 1000,
        processor=used / max(result["requests"], 1) * 1e6,
        refused=result["refused"],
        broken=result["broken"],
    )


def _drive(target: Target, *, seconds: int, connections: int, first: int) -> dict[str, int]:
    address = urlsplit(target.url)
    own = {"ROTATE_FILE": str(target.requests), "ROTATE_BASE": address.path.rstrip("/"), "ROTATE_FIRST": str(first)}
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(HERE / "rotate.lua")]
    answer = subprocess.run(  # noqa: S603 (our own words)
        [*command, f"{address.scheme}://{address.netloc}"],
        env={**os.environ, **own}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"^RESULT (.*)$", answer.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk said nothing of {target.name}: {answer.stdout}{answer.stderr}")
    return json.loads(found[1])


def _used(pids: tuple[int, ...]) -> float:
    """Seconds of processor time of processes with all below them; of ended ones too, where these are their parents."""
    table = _processes()
    children: dict[int, list[int]] = {}
    for pid, (parent, _own, _ended) in table.items():
        children.setdefault(parent, []).append(pid)
    waiting, total, seen = list(pids), 0, set()
    while waiting:
        pid = waiting.pop()
        if pid in seen or pid not in table:
            continue
        seen.add(pid)
        _parent, own, ended = table[pid]
        total += own + (ended if pid in pids else 0)
        waiting += children.get(pid, [])
    return total / TICKS


def _processes() -> dict[int, tuple[int, int, int]]:
    """Of every process: its parent, its ticks, and those of its children that ended."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        fields = text[text.rindex(b")") + 2 :].split()  # the name before it may hold anything
        user, system, ended_user, ended_system = (int(field) for field in fields[11:15])
        found[int(entry.name)] = (int(fields[1]), user + system, ended_user + ended_system)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, server: subprocess.Popen) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not start; what it says is above")
