"""One PostgreSQL server on one data folder: made, started, asked, stopped.

The caller holds the start lock (see `sharing`), so that nothing here races with another starter. Knows
nothing of who uses the server.
"""

import os
import re
import shutil
import signal
import stat
import subprocess
import time
from functools import cached_property
from pathlib import Path

from mlpracticum.postgres import account, places
from mlpracticum.postgres.account import Account
from mlpracticum.postgres.errors import PostgresError
from mlpracticum.postgres.processes import first_line_pid, is_alive, serves, spawn, wait_for_end

START_LIMIT = 60.0  # seconds; crash recovery after a power cut replays the log before anybody is let in
STOP_LIMIT = 20.0  # seconds for a fast shutdown, then as many for an immediate one
LOG_LIMIT = 5_000_000  # bytes; a longer log is put aside at the next start
OLDEST_MAJOR = 17  # the first PostgreSQL with the builtin locale provider


class Cluster:
    """The server of `folder`. Making the object touches nothing."""

    def __init__(self, folder: Path, sockets: Path) -> None:
        self.log = folder / "server.log"
        self.sockets = sockets
        self.data = account.data_folder(folder)

    @cached_property
    def account(self) -> Account:
        return account.choose(self.data)

    @cached_property
    def binaries(self) -> Path:
        return account.reachable_binaries(self.account)

    @property
    def _socket_lock(self) -> Path:
        return self.sockets / f".s.PGSQL.{places.PORT}.lock"

    def pid(self) -> int | None:
        """The running server's pid, or None.

        The socket's lock file tells of a server whose postmaster.pid was deleted.
        """
        for path in (self.data / "postmaster.pid", self._socket_lock):
            pid = first_line_pid(path)
            if pid is not None and serves(pid, self.data):
                return pid
        return None

    def bring_up(self) -> bool:
        """Make the server run and answer. Returns whether it had to be started.

        Raises:
            PostgresError: it does not come up within START_LIMIT seconds, or at all; quotes the end of its
            log.
        """
        deadline = time.monotonic() + START_LIMIT
        pid, started = self.pid(), False
        if pid is not None:
            _secure_folder(self.sockets, self.account)
            if self._lost_its_socket():
                self.stop()
                pid = None
        while time.monotonic() < deadline:
            if pid is None:
                self._prepare()
                offset = self.log.stat().st_size if self.log.exists() else 0
                pid, started = self._spawn(), True
            if self._wait_until_ready(pid, deadline):
                return started
            if started and not is_alive(pid):
                # Children of a killed server need a moment to notice and let go of its memory: try again.
                if "shared memory block" not in self._log_since(offset):
                    break
                time.sleep(0.2)
            pid = self.pid()
        raise PostgresError(f"PostgreSQL did not start. The end of {self.log}:\n{self.log_tail()}")

    def stop(self) -> None:
        """End the server; open connections are closed. Does nothing when it does not run.

        Raises:
            PostgresError: it does not end.
        """
        pid = self.pid()
        if pid is None:
            return
        # What `pg_ctl stop -m fast`, then `-m immediate`, send; a signal needs neither programs nor their
        # user.
        for kind in (signal.SIGINT, signal.SIGQUIT):
            try:
                os.kill(pid, kind)
            except ProcessLookupError:
                return
            if wait_for_end(pid, STOP_LIMIT):
                self._remove_socket_folder()
                return
        raise PostgresError(f"PostgreSQL (pid {pid}) does not stop. The end of {self.log}:\n{self.log_tail()}")

    def _remove_socket_folder(self) -> None:
        try:
            self.sockets.rmdir()
        except OSError:  # gone, or a file of somebody's lies in it: either way it is looked at before the next start
            pass

    def is_ready(self) -> bool:
        """Whether the server answers on its socket and lets clients in."""
        program = places.binaries() / "pg_isready"
        address = ["-h", str(self.sockets), "-p", str(places.PORT), "-U", places.USER, "-d", "postgres"]
        return (
            subprocess.run(  # noqa: S603
                [program, *address, "-q", "-t", "3"], env=account.environment(), check=False
            ).returncode
            == 0
        )

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of the server's log."""
        return "\n".join(self._log_since(0).splitlines()[-lines:]) or "(empty)"

    def _wait_until_ready(self, pid: int, deadline: float) -> bool:
        """Wait until the server answers; False when it ended instead, or the time is up."""
        pause = 0.02
        while is_alive(pid) and time.monotonic() < deadline:
            if self.is_ready():
                return True
            time.sleep(pause)
            pause = min(pause * 1.5, 0.25)
        return False

    def _lost_its_socket(self) -> bool:
        """Whether a ready server has no socket where clients look: its folder was moved, or /tmp cleaned."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return True
        ready = len(lines) > 7 and lines[7].startswith("ready")
        return ready and not (self.sockets / f".s.PGSQL.{places.PORT}").is_socket()

    def _prepare(self) -> None:
        """Everything a server needs before it can start; the data are made at the first start."""
        _secure_folder(self.sockets, self.account)
        if not self.data.exists():
            self._create()
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != str(self._major()):
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {found}, but the programs in {self.binaries} are of "
                f"{self._major()}. Use those of {found} (PG_BIN), or move the folder away to start empty."
            )
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_name("server.log.1"))
        # Nobody serves these data (the caller looked), so the pid in the socket's lock file is a stranger's.
        self._socket_lock.unlink(missing_ok=True)
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists() and first_line_pid(pid_file) is None:
            pid_file.unlink()  # cut short by a crash; PostgreSQL would refuse to start beside it

    def _create(self) -> None:
        """initdb and the first database, in a folder that gets its name last: a kill leaves no half."""
        if self._major() < OLDEST_MAJOR:
            raise PostgresError(f"{self.binaries}: PostgreSQL {OLDEST_MAJOR} or newer is needed")
        if self.data.parent == places.root_folder():
            account.make_root_folder()
        unfinished = self.data.with_name("data.new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, self.account.uid, self.account.gid)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        # trust: whoever can open the socket is let in, and its folder is closed to other users
        access = ["--username", places.USER, "--auth-local=trust", "--auth-host=reject"]
        result = self.account.run(self.binaries / "initdb", "-D", unfinished, *locale, *access)
        if result.returncode != 0:
            raise PostgresError(f"initdb failed:\n{result.stdout}")
        statement = f"CREATE DATABASE {places.DATABASE}\n"
        result = self.account.run(self.binaries / "postgres", "--single", "-D", unfinished, "postgres", stdin=statement)
        if result.returncode != 0 or "ERROR" in result.stdout:
            raise PostgresError(f"the first database could not be made:\n{result.stdout}")
        unfinished.rename(self.data)

    def _spawn(self) -> int:
        """Start the server; returns its pid at once, long before it is ready."""
        stale = first_line_pid(self.data / "postmaster.pid")
        # PostgreSQL refuses to start while the pid in postmaster.pid lives, whoever that is by now. It
        # excepts its grandparent, and this variable names that one. Its check of the shared memory still
        # guards the data.
        more = {"PG_GRANDPARENT_PID": str(stale)} if stale is not None else {}
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "port": str(places.PORT),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [os.fspath(self.binaries / "postgres"), "-D", os.fspath(self.data), *options]
        with self.log.open("ab") as log:
            return spawn(command, log=log, environment=account.environment(**more), identity=self.account.identity())

    def _major(self) -> int:
        text = self.account.run(self.binaries / "postgres", "--version").stdout
        found = re.search(r"\(PostgreSQL\) (\d+)", text)
        if found is None:
            raise PostgresError(f"{self.binaries / 'postgres'} does not run on this machine: {text.strip()}")
        return int(found[1])

    def _log_since(self, offset: int) -> str:
        try:
            return self.log.read_bytes()[offset:].decode("utf-8", errors="replace")
        except FileNotFoundError:
            return ""


def _secure_folder(path: Path, owner: Account) -> None:
    """Make the socket's folder, or make sure that the one found is private to the server's user.

    /tmp is open to all: a folder, or a link, that somebody else put there first would let them play the
    database.

    Raises:
        PostgresError: it is not a folder of `owner` that is closed to others.
    """
    try:
        path.mkdir(mode=0o700)
        os.chown(path, owner.uid, owner.gid)
    except FileExistsError:
        pass
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PostgresError(f"{path} must be a folder of the database server, but is something else: remove it.")
    if found.st_uid == 0 == os.geteuid() != owner.uid:
        os.chown(path, owner.uid, owner.gid)  # a start as root was killed between mkdir and chown
    elif found.st_uid != owner.uid:
        raise PostgresError(f"{path} belongs to user number {found.st_uid} and not to the database server: remove it.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise PostgresError(f"{path} is open to other users: remove it, or close it with chmod 700.")
