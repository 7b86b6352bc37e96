"""The file that `backup` writes and `restore` reads: a tar with `database.dump`, `media/…` and, last, `manifest.json`.

The manifest holds the SHA-256 of every member, so a file that was cut, altered or put together by hand is found before
anything is touched. Knows files alone; the database is `database_tools`'.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

FORMAT, VERSION = "ml-practicum backup", 1
DUMP, MEDIA, MANIFEST = "database.dump", "media/", "manifest.json"
MAX_MANIFEST = 500_000_000  # bytes
_TABLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_CHUNK = 1024 * 1024


class BackupFaulty(ValueError):
    """The file is no whole backup; the message says why."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `tables`: rows by table. `files`: `[bytes, SHA-256]` by path below the media folder."""

    made_at: str
    server: int
    migrations: list[str]
    tables: dict[str, int]
    database: list[Any] = field(default_factory=lambda: [0, ""])
    files: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def media_size(self) -> int:
        return sum(size for size, _ in self.files.values())


class _Hashing:
    """A file that is read and hashed in one go."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.digest.update(data)
        self.size += len(data)
        return data


def write_backup(target: Path, *, dump: Path, media: Path, manifest: Manifest) -> Manifest:
    """Write the whole backup, readable by its owner alone; it has its name only once it is complete and verified.

    Raises:
        OSError: it cannot be written.
        BackupFaulty: what was written does not read back.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                manifest.database[:] = _add(tar, DUMP, dump)
                for path in sorted(media.rglob("*")) if media.is_dir() else ():
                    if path.is_file() and not path.is_symlink():
                        inner = path.relative_to(media).as_posix()
                        try:
                            manifest.files[inner] = _add(tar, MEDIA + inner, path)
                        except FileNotFoundError:  # an upload that was done with in this moment
                            continue
                text = json.dumps({"format": FORMAT, "version": VERSION, **vars(manifest)}).encode()
                last = tarfile.TarInfo(MANIFEST)
                last.size = len(text)
                tar.addfile(last, io.BytesIO(text))
            file.flush()
            os.fsync(file.fileno())
        verified = read_backup(unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return verified


def _add(tar: tarfile.TarFile, name: str, path: Path) -> list[Any]:
    with path.open("rb") as file:
        info = tar.gettarinfo(arcname=name, fileobj=file)
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        reading = _Hashing(file)
        tar.addfile(info, reading)
    return [info.size, reading.digest.hexdigest()]


def read_backup(path: Path) -> Manifest:
    """Read all of a backup and compare it with its manifest.

    Raises:
        BackupFaulty: it is none, or not what was written.
        OSError: it cannot be read.
    """
    found: dict[str, list[Any]] = {}
    text = b""

    def look(info: tarfile.TarInfo, file: IO[bytes]) -> None:
        nonlocal text
        if info.name == MANIFEST:
            if info.size > MAX_MANIFEST:
                raise BackupFaulty("its manifest is too large")
            text = file.read()
            return
        reading = _Hashing(file)
        while reading.read(_CHUNK):
            pass
        found[info.name] = [reading.size, reading.digest.hexdigest()]

    _each(path, look)
    manifest = _manifest(text)
    wanted = {DUMP: manifest.database, **{MEDIA + name: entry for name, entry in manifest.files.items()}}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            what = (
                "is missing" if name not in found else "is not in its manifest" if name not in wanted else "was altered"
            )
            raise BackupFaulty(f"{name} {what}")
    return manifest


def _each(path: Path, look: Callable[[tarfile.TarInfo, IO[bytes]], None]) -> None:
    seen = set()
    try:
        with tarfile.open(path, mode="r:") as tar:
            for info in tar:
                inside = PurePosixPath(info.name)
                is_ours = info.name in (DUMP, MANIFEST) or (info.name.startswith(MEDIA) and len(inside.parts) > 1)
                if not info.isreg() or not is_ours or ".." in inside.parts or str(inside) != info.name:
                    raise BackupFaulty(f"{info.name!r} has no place in a backup")
                if info.name in seen:
                    raise BackupFaulty(f"{info.name!r} is there twice")
                seen.add(info.name)
                file = tar.extractfile(info)
                if file is not None:
                    look(info, file)
    except tarfile.TarError as error:
        raise BackupFaulty(f"it is no tar file, or it was cut: {error}") from error


def _manifest(text: bytes) -> Manifest:
    if not text:
        raise BackupFaulty("it has no manifest: it is no backup, or it was cut")
    try:
        data = json.loads(text)
        if (data.pop("format"), data.pop("version")) != (FORMAT, VERSION):
            raise BackupFaulty("it is of a version that is not known here")
        manifest = Manifest(**data)
        for name, count in manifest.tables.items():
            if not _TABLE.fullmatch(name) or not isinstance(count, int):
                raise BackupFaulty(f"its manifest counts {name!r}")
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, BackupFaulty):
            raise
        raise BackupFaulty("its manifest cannot be read") from error
    return manifest


def extract_dump(path: Path, target: Path) -> None:
    """Copy the database's part of a verified backup to `target`."""
    with tarfile.open(path, mode="r:") as tar, target.open("wb") as file:
        source = tar.extractfile(DUMP)
        if source is None:
            raise BackupFaulty(f"{DUMP} is missing")
        while chunk := source.read(_CHUNK):
            file.write(chunk)


def extract_media(path: Path, media: Path, manifest: Manifest) -> int:
    """Put the files of a verified backup below `media`; those that are there stay. Returns how many were written.

    Each has its name only once it is whole. Files are named by their content, so one that is there too early or too
    long harms nobody.
    """
    written = 0

    def put(info: tarfile.TarInfo, file: IO[bytes]) -> None:
        nonlocal written
        if not info.name.startswith(MEDIA):
            return
        inner = info.name.removeprefix(MEDIA)
        target = media / inner
        if target.is_file() and _entry(target) == manifest.files[inner]:
            return
        # What others may not read lies in a folder that they may not enter.
        is_private = not info.mode & 0o077
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if is_private else 0o755)
        handle, name = tempfile.mkstemp(prefix=".restoring-", dir=target.parent)
        unfinished = Path(name)
        try:
            with os.fdopen(handle, "wb") as copy:
                while chunk := file.read(_CHUNK):
                    copy.write(chunk)
            unfinished.chmod(info.mode & 0o777)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
        written += 1

    _each(path, put)
    return written


def _entry(path: Path) -> list[Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return [path.stat().st_size, digest.hexdigest()]
