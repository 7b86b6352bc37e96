"""Brings packages of the Pyodide distribution to this server. Knows no models.

Owns what makes a file the right one: the checksum in the lock file of the installed runtime, whose own is in deno.lock.
"""

import hashlib
import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 100_000_000  # of a file; the largest of the distribution has about 50 MB
CHUNK = 256 * 1024
TIMEOUT = 30  # seconds without a byte
TRIES, PAUSE = 3, 2.0  # seconds between two tries


class CannotFetch(Exception):
    """A package cannot be brought here; the text says why."""


@dataclass(frozen=True)
class Package:
    """An entry of the lock file."""

    name: str
    version: str
    file_name: str
    sha256: str


def packages_for(names: Iterable[str], lock: dict) -> list[Package]:
    """The packages of these names (or of modules: "sklearn") with all that they depend on.

    Raises:
        CannotFetch: the distribution has no such package, or the lock file cannot be used.
    """
    by_module = {module: name for name, entry in lock.items() for module in entry["imports"]}
    found: dict[str, Package] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        key = re.sub(r"[-_.]+", "-", name).lower()
        key = key if key in lock else by_module.get(name, "")
        if key not in lock:
            raise CannotFetch(f"the distribution has no package {name}")
        if key in found:
            continue
        entry = lock[key]
        # The name becomes a path here, and a part of an address.
        if not re.fullmatch(r"[A-Za-z0-9][\w.+-]*", entry["file_name"]):
            raise CannotFetch(f"{key}: the lock file has an unusable file name")
        found[key] = Package(key, entry["version"], entry["file_name"], entry["sha256"])
        waiting += entry["depends"]
    return list(found.values())


def is_here(package: Package, folder: Path) -> bool:
    """Whether the package's file is in the folder, unaltered."""
    path = folder / package.file_name
    return path.is_file() and _sha256(path) == package.sha256


def fetch(package: Package, *, base: str, folder: Path, tell: Callable[[int, int | None], None]) -> int:
    """Download a package's file into the folder; what an interrupted download left is gone on with. Returns its bytes.

    The file gets its name when it is whole and right. `tell(bytes, total or None)` hears of progress.

    Raises:
        CannotFetch: it cannot be had, is too big or is not the one of the lock file.
    """
    part = folder / f"{package.file_name}.part"
    for attempt in range(1, TRIES + 1):
        try:
            _download(f"{base}{package.file_name}", part, tell)
            break
        except urllib.error.HTTPError as error:
            if error.code == 416:  # what is there is not the beginning of the file
                part.unlink(missing_ok=True)
            if error.code != 416 and error.code < 500 or attempt == TRIES:
                raise CannotFetch(f"{package.file_name}: the server said {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == TRIES:
                raise CannotFetch(f"{package.file_name}: {error}; run it again to go on") from error
        time.sleep(PAUSE)
    if _sha256(part) != package.sha256:
        part.unlink()
        raise CannotFetch(f"{package.file_name}: what came is not the file of the lock file (its checksum differs)")
    size = part.stat().st_size
    part.replace(folder / package.file_name)
    return size


def keep_lock(lock_file: Path, folder: Path) -> None:
    """Put the lock file beside the packages, where the sandbox reads it."""
    unfinished = folder / f".{lock_file.name}.{os.getpid()}"
    shutil.copyfile(lock_file, unfinished)
    unfinished.replace(folder / lock_file.name)


def remove_others(lock: dict, folder: Path) -> list[str]:
    """Remove packages that are not of this distribution: those of an earlier Pyodide. Returns their file names."""
    known = {entry["file_name"] for entry in lock.values()}
    others = [path for path in sorted(folder.glob("*.whl*")) if path.name.removesuffix(".part") not in known]
    for path in others:
        path.unlink()
    return [path.name for path in others]


def _download(address: str, part: Path, tell: Callable[[int, int | None], None]) -> None:
    begun = part.stat().st_size if part.is_file() else 0
    # The setting is checked to be http or https, and a redirect to another kind of address is refused by urllib.
    request = urllib.request.Request(address, headers={"User-Agent": "ml-practicum"})  # noqa: S310
    if begun:
        request.add_header("Range", f"bytes={begun}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        if answer.status != 206:
            begun = 0
        length = answer.headers.get("Content-Length", "")
        total = begun + int(length) if length.isdigit() else None
        if total is not None and total > MOST_BYTES:
            raise CannotFetch(f"{part.stem}: {total / 1e6:.0f} MB are more than a package may have")
        size = begun
        with part.open("ab" if begun else "wb") as file:
            while chunk := answer.read(CHUNK):
                size += len(chunk)
                if size > MOST_BYTES:
                    raise CannotFetch(f"{part.stem}: more than {MOST_BYTES / 1e6:.0f} MB")
                file.write(chunk)
                tell(size, total)
    if total is not None and size < total:
        raise http.client.IncompleteRead(b"", total - size)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
