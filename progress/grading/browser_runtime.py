"""What a page is told of the Python that its reader's browser can load: where it is, how big, which packages there are.

A library: reads the files that `make assets` and `fetch_runtime_packages` left; knows no models.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

from django.conf import settings
from django.urls import reverse


class BrowserRuntime(TypedDict):
    """The part `runtime` of a lesson page's settings."""

    base: str
    """Address of the runtime's folder, ending with a slash."""
    bytes: int
    """What a browser downloads at its first start, compressed."""
    packages: dict[str, int] | None
    """Package → bytes; None when all of the distribution can be had, their sizes not known."""
    package_base: str | None
    """Address of the packages' folder; None when there are none."""


def browser_runtime() -> BrowserRuntime | None:
    """The runtime of this installation, or None where `make assets` has not made one."""
    path = settings.PRACTICE_RUNTIME / "runtime.json"
    about = _about(path, _changed(path))
    if about is None:
        return None
    packages = installed_packages()
    url = packages_url()
    return {
        "base": f"{settings.STATIC_URL}runtime/{about['version']}/",
        "bytes": about["bytes"],
        "packages": packages if packages or not url else None,
        "package_base": url,
    }


def packages_url() -> str | None:
    """Where browsers get packages: this site if it has any, else the distribution; None for nowhere.

    An address with its scheme for another site, a path for this one; it ends with a slash.
    """
    if installed_packages():
        return reverse("runtime-package", args=["-"]).removesuffix("-")
    return settings.PYODIDE_PACKAGE_URL or None


def installed_packages() -> dict[str, int]:
    """Packages of the distribution that lie in RUNTIME_PACKAGES, with their size in bytes."""
    folder = settings.RUNTIME_PACKAGES
    return dict(_installed(folder, _changed(folder), *_lock_file()))


def package_file(name: str) -> Path | None:
    """The file of that name, if it is one of the distribution's and is here."""
    known = {entry["file_name"] for entry in lock_packages().values()}
    path = settings.RUNTIME_PACKAGES / name
    return path if name in known and path.is_file() else None


def lock_packages() -> dict[str, dict[str, Any]]:
    """The entries of Pyodide's lock file by package name; none where the runtime is not installed."""
    return _lock(*_lock_file())


def _lock_file() -> tuple[Path, int]:
    path = settings.PRACTICE_RUNTIME / "pyodide-lock.json"
    return path, _changed(path)


# The second argument is in the key alone: what is read again is what has changed.


@lru_cache(maxsize=2)
def _about(path: Path, changed: int) -> dict[str, Any] | None:
    return json.loads(path.read_text(encoding="utf-8")) if changed else None


@lru_cache(maxsize=2)
def _lock(path: Path, changed: int) -> dict[str, dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["packages"] if changed else {}


@lru_cache(maxsize=2)
def _installed(folder: Path, changed: int, lock: Path, lock_changed: int) -> dict[str, int]:
    if not changed:
        return {}
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.whl")}
    entries = _lock(lock, lock_changed).items()
    return {name: sizes[entry["file_name"]] for name, entry in entries if entry["file_name"] in sizes}


def _changed(path: Path) -> int:
    """When a file, or what lies in a folder, last changed; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
