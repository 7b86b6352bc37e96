"""The Python of readers' browsers: one folder with everything that its worker loads, under a name of its own.

Owns which files those are. The folder's name has Pyodide's version and a checksum of the rest, because browsers keep
its files for a year and the runtime asks for them by plain names. Knows no Django.
"""

import gzip
import hashlib
import json
import shutil
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PYODIDE = PROJECT / "node_modules" / "pyodide"
GRADING = PROJECT / "progress" / "grading"
TARGET = PROJECT / "build" / "assets" / "runtime"
LOCK = "pyodide-lock.json"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", LOCK)
WORKER = ("worker.mjs", "confine.mjs", "packages.mjs")
# Python that is the same on the server and in the worker.
SHARED = ("wire.py", "comparing.py")
LICENCE = """Pyodide {version}, https://pyodide.org, is under the Mozilla Public License 2.0: https://www.mozilla.org/MPL/2.0/
It contains CPython, under the PSF License Agreement: https://docs.python.org/3/license.html
"""


class RuntimeAssetsError(RuntimeError):
    """A part of the runtime is missing; the text says which."""


def python_files() -> dict[str, Path]:
    """Place below the worker's root → file. The same paths as here, so that imports read alike."""
    own = [GRADING / name for name in SHARED]
    own += [path for folder in ("runtime", "browser") for path in sorted((GRADING / folder).glob("*.py"))]
    return {f"progress/grading/{path.relative_to(GRADING).as_posix()}": path for path in own}


def sources() -> list[Path]:
    """Files of ours that the folder is made from."""
    return [*(GRADING / "browser" / name for name in WORKER), *python_files().values()]


def checksum() -> str:
    """Of everything that the folder is made from, except Pyodide: that has a version.

    Raises:
        RuntimeAssetsError: a file is missing.
    """
    made_from = hashlib.sha256(Path(__file__).read_bytes())
    for path in sources():
        if not path.is_file():
            raise RuntimeAssetsError(f"no file {path}")
        made_from.update(b"\0".join([path.name.encode(), path.read_bytes(), b""]))
    return made_from.hexdigest()


def install(place: Path = TARGET) -> Path:
    """Make the folder anew below `place`, with `runtime.json` and the lock file beside it. Returns the folder.

    Raises:
        RuntimeAssetsError: a file is missing.
    """
    missing = [name for name in (*CORE, "package.json") if not (PYODIDE / name).is_file()]
    if missing:
        raise RuntimeAssetsError(f"no file {', '.join(missing)} in {PYODIDE}")
    pyodide = json.loads((PYODIDE / "package.json").read_text(encoding="utf-8"))["version"]
    version = f"{pyodide}-{checksum()[:12]}"
    unfinished = place.with_name(f"{place.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    folder = unfinished / version
    folder.mkdir(parents=True)
    for name in CORE:
        shutil.copyfile(PYODIDE / name, folder / name)
    for name in WORKER:
        shutil.copyfile(GRADING / "browser" / name, folder / name)
    # One file with all of ours: a request for each would double the number of a start's requests.
    texts = {name: path.read_text(encoding="utf-8") for name, path in python_files().items()}
    unpacked = sum(path.stat().st_size for path in folder.iterdir())
    modules = {"bytes": unpacked, "files": texts}
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    size = sum(_compress(path) for path in sorted(folder.iterdir()))
    (folder / "LICENCE.txt").write_text(LICENCE.format(version=pyodide), encoding="utf-8")
    about = {"version": version, "pyodide": pyodide, "bytes": size}
    (unfinished / "runtime.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    # The server asks it about packages; in an image the folder itself is only among the collected static files.
    shutil.copyfile(PYODIDE / LOCK, unfinished / LOCK)
    shutil.rmtree(place, ignore_errors=True)
    unfinished.rename(place)
    return place / version


def _compress(path: Path) -> int:
    """Put a compressed copy beside a file, where that is worth it. Returns the bytes that travel."""
    content = path.read_bytes()
    packed = gzip.compress(content, 9, mtime=0)
    if len(packed) > 0.95 * len(content):
        return len(content)
    path.with_name(f"{path.name}.gz").write_bytes(packed)
    return len(packed)
