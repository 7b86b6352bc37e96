"""PostgreSQL's own programs for a whole database: pg_dump out of it, pg_restore and psql into it.

Owns which of the installed versions is used, and how a database is replaced: in one transaction that ends with a
COMMIT of ours, so that whatever dies in between leaves the old data. Knows nothing of what is stored.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

PROGRAMS = ("pg_dump", "pg_restore", "psql")
WAIT = 30  # seconds for others to let go of the tables
_BEGIN = f"""
BEGIN;
SET client_min_messages = warning;
SET lock_timeout = '{WAIT}s';
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""
_HEADER = 60  # lines in which pg_restore sets the session up


class ToolFailed(RuntimeError):
    """A program is missing, or said no; the message is for the person at the terminal."""


@dataclass(frozen=True)
class Tools:
    """The programs of one PostgreSQL version, for one database. `where` are the arguments that name it."""

    folder: Path
    version: int
    server: int
    where: list[str]
    environment: dict[str, str]

    def dump(self, target: Path, *, snapshot: str, without: list[str]) -> None:
        """Write the database, as the exported `snapshot` sees it, to `target`. Tables in `without` are left empty.

        Raises:
            ToolFailed: what pg_dump said.
        """
        options = ["--format=custom", "--no-owner", "--no-privileges", "--no-unlogged-table-data"]
        options += [f"--snapshot={snapshot}", f"--file={target}", *(f"--exclude-table-data={name}" for name in without)]
        done = subprocess.run(  # noqa: S603 (programs found by `find_tools`)
            [self.folder / "pg_dump", *options, *self.where], env=self.environment, capture_output=True, check=False
        )
        if done.returncode:
            raise ToolFailed(f"pg_dump: {_last_words(done.stderr)}")

    def replace(self, dump: Path, *, counts: Mapping[str, int]) -> None:
        """Put the dump in place of everything in the database, if then every table has as many rows as `counts` says.

        One transaction: after a failure, or the death of anything that takes part, all is as it was.

        Raises:
            ToolFailed: what the programs said; nothing has changed.
        """
        with (
            tempfile.TemporaryFile() as words,  # not pipes: a full one would stop its program
            subprocess.Popen(  # noqa: S603
                [self.folder / "pg_restore", "--no-owner", "--no-privileges", "--file=-", dump],
                env=self.environment, stdout=subprocess.PIPE, stderr=words,
            ) as reader,
            subprocess.Popen(  # noqa: S603
                [self.folder / "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-", *self.where],
                env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words,
            ) as writer,
        ):  # fmt: skip
            try:
                is_whole = self._pass_on(reader, writer, counts)
            except BaseException:
                writer.kill()
                reader.kill()
                raise
            finally:
                _close(writer.stdin)
            if writer.wait() or not is_whole:
                words.seek(0)
                raise ToolFailed(_last_words(words.read()))

    def _pass_on(self, reader: Any, writer: Any, counts: Mapping[str, int]) -> bool:
        """Send the dump as SQL; the COMMIT only when all of it was there. Returns whether it was."""
        try:
            writer.stdin.write(_BEGIN.encode())
            for number, line in enumerate(reader.stdout):
                # A setting that older servers do not know, written by newer programs.
                if number < _HEADER and line.startswith(b"SET transaction_timeout") and self.server < 17:
                    continue
                writer.stdin.write(line)
            if reader.wait():
                writer.kill()  # before any COMMIT
                return False
            writer.stdin.write(f"{_check(counts)}\nCOMMIT;\n".encode())
            writer.stdin.flush()
        except BrokenPipeError:  # psql has stopped at an error
            reader.kill()
            return False
        return True


def find_tools(connection: Any, *, newest: bool = False) -> Tools:
    """Programs that understand this server: of its own version, else newer; with `newest`, the newest there are.

    Raises:
        ToolFailed: there are none.
    """
    server = connection.pg_version // 10000
    found = {version: folder for folder in reversed(_folders()) if (version := _version(folder)) >= server}
    if not found:
        raise ToolFailed(
            f"no pg_dump, pg_restore and psql of PostgreSQL {server} or newer: install its client programs, "
            "or name their folder in PG_BIN"
        )
    version = max(found) if newest else min(found)
    return Tools(found[version], version, server, *_place(connection))


def _place(connection: Any) -> tuple[list[str], dict[str, str]]:
    """Arguments that name the database, and the environment with its password, which no argument may show."""
    connection.ensure_connection()
    there = connection.connection.info  # where it is indeed: an address may also say it in its options
    where = [f"--host={there.host}", f"--port={there.port}", f"--username={there.user}", f"--dbname={there.dbname}"]
    _, secrets = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    # The shell's own environment stays: certificates and .pgpass are found by it.
    environment = {**os.environ, **(secrets or {}), "LC_MESSAGES": "C"}
    return where, environment | ({"PGPASSWORD": there.password} if there.password else {})


def _folders() -> list[Path]:
    named = [settings.POSTGRES_PROGRAMS] if settings.POSTGRES_PROGRAMS else []
    on_path = [Path(path).parent for path in [shutil.which("pg_dump")] if path]
    folders = [*named, *on_path, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return [folder for folder in folders if all((folder / name).is_file() for name in PROGRAMS)]


def _version(folder: Path) -> int:
    """The major version of the programs; 0 when they do not say."""
    try:
        said = subprocess.run(  # noqa: S603
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False, timeout=20
        ).stdout
    except OSError:  # of another kind of machine
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else 0


def _check(counts: Mapping[str, int]) -> str:
    """SQL that fails where a table has not as many rows as it should. Names are plain: `backup_file` has seen to it."""
    rows = "\n".join(
        f'IF (SELECT count(*) FROM public."{name}") <> {int(count)} '  # noqa: S608 (see above)
        f"THEN RAISE EXCEPTION '{name}: not {int(count)} rows'; END IF;"
        for name, count in sorted(counts.items())
    )
    return f"DO $check$ BEGIN\n{rows}\nEND $check$;"


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        pass  # its program has ended, and what it said is told


def _last_words(said: bytes) -> str:
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return " · ".join(lines[:4])[:600] or "ended without a word"
