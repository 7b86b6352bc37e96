"""The Python runtime of the server's sandbox: `install()` puts it into build/runtime/<version>/.

Owns which files learner code is run with, and the memory snapshot that makes a run start in a fraction of a second.
Pyodide comes from the locked packages in node_modules; the runner and the harness from progress/grading/runtime. Knows
no Django, so that an image can be built without settings.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deno import find_deno_bin

PROJECT = Path(__file__).resolve().parents[1]
SOURCES = PROJECT / "progress" / "grading" / "runtime"
PYODIDE = PROJECT / "node_modules" / "pyodide"
ROOT = PROJECT / "build" / "runtime"
VERSION: str = json.loads((PROJECT / "package.json").read_text(encoding="utf-8"))["dependencies"]["pyodide"]
TARGET = ROOT / VERSION
SNAPSHOT = "snapshot.bin"
# Beside the folder: learner code runs in a process that may read what lies in it until the code starts.
STAMP = ROOT / f"{VERSION}-made-from.txt"
SECONDS = 120  # for the snapshot; 3 on an idle machine

FROM_PYODIDE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
SCRIPTS = ("runner.mjs", "interpreter.mjs", "make_snapshot.mjs")
PYTHON = ("__init__.py", "encoding.py", "tracing.py", "harness.py")


class RuntimeFilesError(RuntimeError):
    """The sandbox's files cannot be made; the text says why."""


def install() -> bool:
    """Make the folder if it is not there or what it is made from has changed.

    Returns whether anything was done. The front-end packages must be installed before.

    Raises:
        RuntimeFilesError: a file is missing, or no snapshot can be made.
    """
    ROOT.mkdir(parents=True, exist_ok=True)
    with (ROOT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may come here at the same time
        wanted = _wanted()
        if TARGET.is_dir() and STAMP.is_file() and STAMP.read_text(encoding="ascii") == wanted:
            return False
        _make()
        STAMP.write_text(wanted, encoding="ascii")
        return True


def _parts() -> dict[str, Path]:
    """Place in the folder -> the file that is copied there."""
    return (
        {name: PYODIDE / name for name in FROM_PYODIDE}
        | {name: SOURCES / name for name in SCRIPTS}
        | {f"python/runtime/{name}": SOURCES / name for name in PYTHON}
    )


def _wanted() -> str:
    """What the folder is made from, as one checksum. A snapshot fits one build of deno and Pyodide only."""
    digest = hashlib.sha256(f"{VERSION} {Path(find_deno_bin()).stat().st_size}".encode())
    for place, path in sorted(_parts().items()):
        if not path.is_file():
            raise RuntimeFilesError(f"no file {path}: install the front-end packages first")
        # Pyodide's own files are covered by its version: deno.lock holds their checksums.
        content = b"" if path.parent == PYODIDE else path.read_bytes()
        digest.update(f"\0{place}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _make() -> None:
    """Copy, make the snapshot, then put the folder in place as a whole."""
    unfinished = ROOT / f"{VERSION}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    for place, path in _parts().items():
        (unfinished / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, unfinished / place)
    _make_snapshot(unfinished)
    old = ROOT / f"{VERSION}.old"
    shutil.rmtree(old, ignore_errors=True)
    if TARGET.exists():
        TARGET.rename(old)  # runs that have begun go on with the files that they have open
    unfinished.rename(TARGET)
    shutil.rmtree(old, ignore_errors=True)


def _make_snapshot(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as cache:
        command = [find_deno_bin(), "run", "--no-prompt", "--no-remote", "--no-npm", "--no-config", "--no-lock"]
        command += [f"--allow-read={folder}", f"--allow-write={folder}", str(folder / "make_snapshot.mjs")]
        try:
            result = subprocess.run(  # noqa: S603
                [*command, str(folder / SNAPSHOT)],
                env={"DENO_DIR": cache, "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"},
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise RuntimeFilesError(f"the sandbox's snapshot was not made in {SECONDS} s") from error
    if result.returncode != 0 or not (folder / SNAPSHOT).is_file():
        raise RuntimeFilesError(f"the sandbox's snapshot cannot be made:\n{result.stderr.strip()}")


if __name__ == "__main__":
    sys.stdout.write("installed\n" if install() else "up to date\n")
