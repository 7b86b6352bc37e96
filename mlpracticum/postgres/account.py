"""As whom the server runs. PostgreSQL refuses root, so root's server gets a system user of its own.

Owns the choice of the user, and copies of the binaries where that user could not reach them. It never
changes the mode of a folder that it did not make.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from mlpracticum.postgres import places
from mlpracticum.postgres.errors import PostgresError

SERVICE_USER = "ml-practicum"
ADVICE = "Start as a normal user, or set DATABASE_URL to a PostgreSQL server of your own."
# A fixed, small environment: PGDATA, PGPORT or a foreign locale of the caller's must not reach the server.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}


@dataclass(frozen=True)
class Account:
    """The operating system's user who owns the data and runs the server."""

    uid: int
    gid: int

    def identity(self) -> dict:
        """Arguments of `subprocess` that make a child run as this user; none when we are that user."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def run(self, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess:
        """Run a program as this user and collect what it says. Does not raise on its exit status.

        Raises:
            OSError: this user may not execute it.
        """
        return subprocess.run(  # noqa: S603 (programs named by this package)
            [os.fspath(part) for part in command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd="/",
            env=environment(),
            check=False,
            **self.identity(),
        )

    def reaches(self, path: Path) -> bool:
        """Whether this user may use a folder, or execute a program.

        Asked of the system itself: modes are not all.
        """
        test = "-d" if path.is_dir() else "-f"
        command = f'[ {test} "$1" ] && [ -x "$1" ]'
        return self.run("/bin/sh", "-c", command, "sh", path).returncode == 0


def environment(**more: str) -> dict[str, str]:
    """The environment of the server's programs.

    LD_LIBRARY_PATH is kept for a PostgreSQL that PG_BIN points to.
    """
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {**ENVIRONMENT, **kept, **more}


def choose(data: Path) -> Account:
    """The user for a server on `data`: their owner; when there are none yet ourselves, or root's system user.

    Raises:
        PostgresError: the data belong to somebody else, or root has no user to offer.
    """
    own = os.geteuid()
    try:
        owner = data.stat().st_uid
    except FileNotFoundError:
        return service_account() if own == 0 else Account(own, os.getegid())
    if own == 0:
        if owner == 0:
            raise PostgresError(f"{data} belongs to root, and PostgreSQL refuses to run as root. {ADVICE}")
        return Account(owner, _group_of(owner))
    if owner != own:
        raise PostgresError(
            f"{data} belongs to {_name_of(owner)}: start as that user (as root, if it is {SERVICE_USER}), "
            "choose another folder with MLPRACTICUM_VAR, or set DATABASE_URL."
        )
    return Account(own, os.getegid())


def service_account() -> Account:
    """The system user of root's servers; made when missing.

    Raises:
        PostgresError: it cannot be made.
    """
    try:
        entry = pwd.getpwnam(SERVICE_USER)
    except KeyError:
        _add_service_user()
        entry = pwd.getpwnam(SERVICE_USER)
    return Account(entry.pw_uid, entry.pw_gid)


def _add_service_user() -> None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        raise PostgresError(f"PostgreSQL refuses to run as root, and there is no useradd to make a user. {ADVICE}")
    command = [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    result = subprocess.run(  # noqa: S603
        [*command, "--shell", "/usr/sbin/nologin", SERVICE_USER], capture_output=True, text=True, check=False
    )
    # Another project's first start may have been faster: only a user that still is not there is a failure.
    try:
        pwd.getpwnam(SERVICE_USER)
    except KeyError:
        raise PostgresError(
            f"PostgreSQL refuses to run as root, and useradd could not make the user {SERVICE_USER}: "
            f"{result.stderr.strip()}. {ADVICE}"
        ) from None


def data_folder(folder: Path) -> Path:
    """Where the data of the server in `folder` lie, or will lie.

    That is `folder/data`, unless root's system user cannot reach it. Data that exist win: a folder that
    becomes reachable later must not make them look lost.
    """
    near, far = folder / "data", places.root_folder() / "data"
    if os.geteuid() != 0 or near.exists() or not folder.exists():
        return near
    if far.exists() or not service_account().reaches(folder):
        return far
    return near


def reachable_binaries(account: Account) -> Path:
    """PostgreSQL's programs in a place where `account` may execute them; root copies them when needed.

    Raises:
        PostgresError: PG_BIN names programs out of this user's reach.
    """
    found = places.binaries()
    if account.reaches(found / "postgres"):
        return found
    if os.environ.get("PG_BIN") or os.geteuid() != 0:
        raise PostgresError(f"{_name_of(account.uid)} may not execute {found / 'postgres'}. {ADVICE}")
    copy = make_root_folder() / f"binaries-{places.package_version()}"
    if not copy.exists():
        _copy_package(places.package_folder(), copy)
    return copy / places.PACKAGE / "pginstall" / "bin"


def make_root_folder() -> Path:
    """`places.root_folder()`, made when missing, open to every user for passing through.

    Raises:
        PostgresError: somebody else made it.
    """
    path = places.root_folder()
    for part in (path.parent, path):
        part.mkdir(mode=0o755, parents=True, exist_ok=True)
        if part.is_symlink() or part.stat().st_uid != 0:
            raise PostgresError(f"{part} does not belong to root: remove it, or set DATABASE_URL.")
        part.chmod(0o755)  # mkdir's mode is cut by the umask
    return path


def _copy_package(package: Path, target: Path) -> None:
    """Copy the package and the shared libraries that its wheel put beside it, readable by all.

    A killed copy leaves no target.
    """
    unfinished = target.with_name(f"{target.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, unfinished / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    unfinished.rename(target)


def _group_of(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        raise PostgresError(f"the data belong to user number {uid}, who does not exist here. {ADVICE}") from None


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user number {uid}"
