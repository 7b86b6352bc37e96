"""Which files of Pyodide's distribution a job needs, and whether they are on this server, unaltered.

They lie in one flat folder (`manage.py fetch_runtime_packages` fills it): the wheels, named as the distribution's lock
file says, and that file, `pyodide-lock.json`. Knows nothing of how they are loaded.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

LOCK = "pyodide-lock.json"


class PackagesMissing(RuntimeError):
    """Packages that a job needs are not installed here: `names`, as the job has them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"not installed on this server: {', '.join(self.names)}")


@dataclass(frozen=True)
class Packages:
    """The packages of a job, dependencies included, by their names in the lock file."""

    folder: Path
    names: list[str]


def find(wanted: Iterable[str]) -> Packages:
    """The packages that a job asks for by name, or by what it imports ("sklearn").

    Raises:
        PackagesMissing: some are unknown, or a file of them is missing or is not what the lock file says.
    """
    folder: Path = settings.SANDBOX_PACKAGES
    asked = list(dict.fromkeys(wanted))
    if not asked:
        return Packages(folder, [])
    path = folder / LOCK
    known = _read_lock(path, path.stat().st_mtime_ns) if path.is_file() else {}
    needed: dict[str, None] = {}
    missing = []
    for name in asked:
        names = _with_dependencies(known, name)
        if names and all(_is_whole(folder, known[each]) for each in names):
            needed |= dict.fromkeys(names)
        else:
            missing.append(name)
    if missing:
        raise PackagesMissing(missing)
    return Packages(folder, list(needed))


@lru_cache(maxsize=2)
def _read_lock(path: Path, changed: int) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))["packages"]


def _with_dependencies(known: dict[str, Any], name: str) -> list[str]:
    """Keys of the lock file; none if one is not in it."""
    key = _key(name)
    if key not in known:
        key = next((each for each, package in known.items() if name in package["imports"]), "")
    found: list[str] = []
    waiting = [key]
    while waiting:
        each = waiting.pop()
        if each not in known:
            return []
        if each not in found:
            found.append(each)
            waiting += [_key(depends) for depends in known[each]["depends"]]
    return found


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_whole(folder: Path, package: dict[str, Any]) -> bool:
    path = folder / package["file_name"]
    if path.parent != folder or not path.is_file():
        return False
    state = path.stat()
    return _sha256(path, state.st_mtime_ns, state.st_size) == package["sha256"]


@lru_cache(maxsize=64)
def _sha256(path: Path, changed: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
