"""Third-party front-end files: `python -m mlpracticum.assets` puts them where staticfiles finds them.

Owns the list of files that pages use, and when they are made anew. The packages come from the npm registry by
package.json and deno.lock, which holds their checksums; nothing of them is kept in git. The two Python runtimes are
made here too: that of browsers by `runtime_assets`, that of the server's sandbox by `runtime_files`. Knows no Django,
so that an image can be built without settings.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from deno import find_deno_bin

from mlpracticum import runtime_assets, runtime_files

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = PROJECT / "node_modules"
BUILD = PROJECT / "build"
TARGET = BUILD / "assets" / "vendor"
# Beside the folder and not in it: what lies in it is served.
STAMP = BUILD / "assets-made-from.txt"
INTER = "@fontsource-variable/inter"
MONO = "@fontsource-variable/jetbrains-mono"
MATHS = "@fontsource/stix-two-math"

EDITOR = PROJECT / "static" / "js" / "practice" / "editor-entry.js"

# place below vendor/ -> file in node_modules. The fonts' licence must travel with them.
FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "licences/htmx.txt": "htmx.org/LICENSE",
    "licences/dompurify.txt": "dompurify/LICENSE",
    "licences/codemirror.txt": "@codemirror/view/LICENSE",
    "licences/lezer.txt": "@lezer/highlight/LICENSE",
    "fonts/inter-latin.woff2": f"{INTER}/files/inter-latin-wght-normal.woff2",
    "fonts/inter-latin-ext.woff2": f"{INTER}/files/inter-latin-ext-wght-normal.woff2",
    "fonts/inter-cyrillic.woff2": f"{INTER}/files/inter-cyrillic-wght-normal.woff2",
    "fonts/inter-italic-latin.woff2": f"{INTER}/files/inter-latin-wght-italic.woff2",
    "licences/inter.txt": f"{INTER}/LICENSE",
    "fonts/jetbrains-mono-latin.woff2": f"{MONO}/files/jetbrains-mono-latin-wght-normal.woff2",
    "fonts/jetbrains-mono-cyrillic.woff2": f"{MONO}/files/jetbrains-mono-cyrillic-wght-normal.woff2",
    "licences/jetbrains-mono.txt": f"{MONO}/LICENSE",
    "fonts/stix-two-math.woff2": f"{MATHS}/files/stix-two-math-latin-400-normal.woff2",
    "licences/stix-two-math.txt": f"{MATHS}/LICENSE",
}
# Made here as one small file each, not copied: without the mark of a source map, which collectstatic would look for.
BUNDLED = {"editor.js": EDITOR, "purify.min.js": PACKAGES / "dompurify" / "dist" / "purify.es.mjs"}


class AssetsError(RuntimeError):
    """The front-end files cannot be installed; the text says why."""


def install() -> bool:
    """Install the packages and copy the files, if the lock or the list changed since the last time.

    Returns whether anything was done.

    Raises:
        AssetsError: the packages cannot be had, or lack a file.
    """
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with (BUILD / "assets.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may come here at the same time
        is_current = _is_current()
        try:
            if not is_current:
                _install_packages()
                runtime_assets.install()
                _copy()
            return runtime_files.install() or not is_current  # it has a stamp of its own
        except (runtime_assets.RuntimeAssetsError, runtime_files.RuntimeFilesError) as error:
            raise AssetsError(str(error)) from error


def _wanted() -> str:
    """What the files were made from, as one checksum."""
    made_from = [PROJECT / "package.json", PROJECT / "deno.lock", EDITOR]
    try:
        runtime = runtime_assets.checksum()
    except runtime_assets.RuntimeAssetsError as error:
        raise AssetsError(str(error)) from error
    parts = [
        *(path.read_bytes() for path in made_from),
        repr((sorted(FILES.items()), sorted(BUNDLED))).encode(),
        runtime.encode(),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _is_current() -> bool:
    folders = (TARGET, PACKAGES, runtime_assets.TARGET)
    made = STAMP.is_file() and all(folder.is_dir() for folder in folders)
    return made and STAMP.read_text(encoding="ascii") == _wanted()


def _install_packages() -> None:
    _deno("install", "--frozen", "--node-modules-dir=auto")


def _bundle(source: Path, target: Path) -> None:
    """A script and all that it imports, as one file."""
    _deno("bundle", "--platform", "browser", "--minify", "--quiet", "--frozen", "-o", str(target), str(source))


def _deno(*arguments: str) -> None:
    cache = Path(os.environ.get("DENO_DIR") or BUILD / "deno")
    # The system's certificates too: a company's proxy is known to the machine and not to deno.
    settings = {"DENO_TLS_CA_STORE": "mozilla,system", "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
    result = subprocess.run(  # noqa: S603
        [find_deno_bin(), *arguments],
        cwd=PROJECT,
        env=settings | os.environ | {"DENO_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise AssetsError(f"deno {arguments[0]} failed:\n{result.stderr.strip()}")


def _copy() -> None:
    """Copy every file, then put the folder in place as a whole, then say what it was made from."""
    unfinished = BUILD / "vendor.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    for place, source in FILES.items():
        if not (PACKAGES / source).is_file():
            raise AssetsError(f"no file {source} in {PACKAGES}")
        (unfinished / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGES / source, unfinished / place)
    for place, path in BUNDLED.items():
        _bundle(path, unfinished / place)
    shutil.rmtree(TARGET, ignore_errors=True)
    unfinished.rename(TARGET)
    STAMP.write_text(_wanted(), encoding="ascii")


def main() -> int:
    begun = time.monotonic()
    sys.stdout.write("Front-end files … ")
    sys.stdout.flush()
    try:
        done = install()
    except AssetsError as error:
        sys.stdout.write("failed\n")
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"installed in {time.monotonic() - begun:.1f} s\n" if done else "up to date\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
