"""Who uses the server, and therefore how long it runs.

Every user holds a shared lock on `users.lock`; whoever leaves tries to take it alone, and who succeeds was
the last and stops the server. The kernel drops the locks of a killed process, so no count can go wrong.
Starting and stopping happen under `start.lock`. A lone user that was killed leaves the server running; the
next one finds it and stops it at its end.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from mlpracticum.postgres import account, places
from mlpracticum.postgres.cluster import START_LIMIT, STOP_LIMIT, Cluster
from mlpracticum.postgres.errors import PostgresError

LOCK_LIMIT = START_LIMIT + 2 * STOP_LIMIT + 20  # seconds; longer than anybody may hold `start.lock`


class Handle:
    """One use of the server.

    `owner` says whether this use started it. A context manager; leave it, or call `close`.
    """

    def __init__(self, folder: Path, users: int, *, owner: bool) -> None:
        self.owner = owner
        self._folder = folder
        self._users: int | None = users
        self._process = os.getpid()

    def close(self) -> None:
        """Stop using the server, and stop it when nobody else uses it. Further calls do nothing.

        In a forked child this only lets go of the child's copy: the use is its parent's.

        Raises:
            PostgresError: the server does not stop.
        """
        if self._users is None:
            return
        users, self._users = self._users, None
        if os.getpid() != self._process:
            os.close(users)
            return
        try:
            with _start_lock(self._folder):
                _leave(users, self._folder)
        finally:
            os.close(users)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Status:
    """What is known of the server at this moment."""

    running: bool
    pid: int | None
    ready: bool
    in_use: bool
    data: Path
    socket: Path
    log: Path


def ensure() -> Handle:
    """Use the embedded server: made at the first call, started if it does not run, ready when this returns.

    Raises:
        PostgresError: it cannot be made or started.
    """
    folder = places.folder()
    folder.mkdir(parents=True, exist_ok=True)
    with _start_lock(folder):
        users = _open(folder / "users.lock")
        try:
            # Does not wait: only holders of the start lock, which is ours now, ever take it alone.
            fcntl.flock(users, fcntl.LOCK_SH)
            owner = Cluster(folder, places.socket_dir()).bring_up()
        except BaseException:  # an interrupt as well must not leave a server behind
            try:
                _leave(users, folder)
            finally:
                os.close(users)
            raise
    return Handle(folder, users, owner=owner)


def status() -> Status:
    """What the server does now. Starts nothing.

    Raises:
        PostgresError: it is another user's.
    """
    folder = places.folder()
    cluster = Cluster(folder, places.socket_dir())
    if cluster.data.exists():
        account.choose(cluster.data)
    pid = cluster.pid()
    return Status(
        running=pid is not None,
        pid=pid,
        ready=pid is not None and cluster.is_ready(),
        in_use=_in_use(folder),
        data=cluster.data,
        socket=cluster.sockets,
        log=cluster.log,
    )


def stop_unused() -> bool:
    """Stop a server that a killed user left behind. Returns False, and does nothing, when somebody uses it.

    Raises:
        PostgresError: it does not stop.
    """
    folder = places.folder()
    if not folder.exists():
        return True
    with _start_lock(folder):
        users = _open(folder / "users.lock")
        try:
            return _leave(users, folder)
        finally:
            os.close(users)


def _leave(users: int, folder: Path) -> bool:
    """Stop the server unless others use it; returns whether this was the last use.

    The caller holds the start lock.
    """
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    Cluster(folder, places.socket_dir()).stop()
    return True


def _in_use(folder: Path) -> bool:
    try:
        users = os.open(folder / "users.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(users)
    return False


@contextmanager
def _start_lock(folder: Path) -> Iterator[None]:
    """Hold `start.lock`.

    Raises:
        PostgresError: somebody else has held it for longer than a start or a stop can take.
    """
    lock = _open(folder / "start.lock")
    deadline = time.monotonic() + LOCK_LIMIT
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise PostgresError(
                        f"another process has been starting or stopping PostgreSQL for {LOCK_LIMIT:.0f} s; "
                        f"it holds {folder / 'start.lock'}"
                    ) from None
                time.sleep(0.02)
        yield
    finally:
        os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
