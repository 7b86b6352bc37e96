"""Which process is a PostgreSQL server on given data. Answers from the system, never from a pid alone.

A pid in a file proves nothing: its process may be gone, be a zombie, or be another program that was given
the number.
"""

import os
import subprocess
import time
from pathlib import Path
from typing import IO

_children: set[int] = set()  # pids of servers that this process started and has not reaped


def spawn(command: list[str], *, log: IO[bytes], environment: dict[str, str], identity: dict) -> int:
    """Start a server in a session of its own, so that Ctrl-C in the terminal does not reach it.

    Returns its pid.

    It may outlive this process. While both live, `is_alive` reaps it.
    """
    process = subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env=environment,
        start_new_session=True,
        **identity,
    )
    process.returncode = 0  # ours to reap: Popen would warn of a process left behind when the object goes
    _children.add(process.pid)
    return process.pid


def first_line_pid(path: Path) -> int | None:
    """The pid on the first line of postmaster.pid, or of a socket's lock file; None when there is none."""
    try:
        line = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except OSError:  # no such file, or not ours to read: then it is not our server's either
        return None
    return int(line) if line.isdigit() and int(line) > 1 else None


def is_alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    if pid in _children:
        _reap(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # no /proc on this system, or the process ended between the two looks
        return not Path("/proc/self/stat").exists()
    return status.rpartition(")")[2].split()[0] != "Z"


def serves(pid: int, data: Path) -> bool:
    """Whether the process is the PostgreSQL server whose data folder is `data`.

    Either its command line names the folder, or it works in it: the second stays true when the folder is
    renamed.
    """
    if not is_alive(pid):
        return False
    process = Path(f"/proc/{pid}")
    if not Path("/proc/self/cmdline").exists():
        listed = subprocess.run(  # noqa: S603
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        return "postgres" in listed and str(data) in listed
    try:
        arguments = process.joinpath("cmdline").read_bytes().split(b"\0")
        if os.path.basename(arguments[0]) != b"postgres":
            return False
        return os.fsencode(data) in arguments or process.joinpath("cwd").samefile(data)
    except OSError:  # ended meanwhile, or another user's whose folder we may not see
        return False


def wait_for_end(pid: int, seconds: float) -> bool:
    """Wait until the process has ended; False when it still lives after `seconds`."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _reap(pid: int) -> None:
    try:
        ended = os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # reaped by another part of this program, or started by our parent before a fork
        ended = True
    if ended:
        _children.discard(pid)
