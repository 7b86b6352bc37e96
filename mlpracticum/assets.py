"""Third-party front-end files: `python -m mlpracticum.assets` puts them where staticfiles finds them.

Owns the list of files that pages use. The packages come from the npm registry by package.json and
deno.lock, which holds their checksums; nothing of them is kept in git. Knows no Django, so that an image
can be built without settings.
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

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = PROJECT / "node_modules"
BUILD = PROJECT / "build"
TARGET = BUILD / "assets" / "vendor"
# Beside the folder and not in it: what lies in it is served.
STAMP = BUILD / "assets-made-from.txt"
INTER = "@fontsource-variable/inter"
MONO = "@fontsource-variable/jetbrains-mono"
MATHS = "@fontsource/stix-two-math"

# place below vendor/ -> file in node_modules. The fonts' licence must travel with them.
FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "licences/htmx.txt": "htmx.org/LICENSE",
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
        if _is_current():
            return False
        _install_packages()
        _copy()
        return True


def _wanted() -> str:
    """What the files were made from, as one checksum."""
    locked = [(PROJECT / name).read_bytes() for name in ("package.json", "deno.lock")]
    return hashlib.sha256(b"\0".join([*locked, repr(sorted(FILES.items())).encode()])).hexdigest()


def _is_current() -> bool:
    made = STAMP.is_file() and TARGET.is_dir() and PACKAGES.is_dir()
    return made and STAMP.read_text(encoding="ascii") == _wanted()


def _install_packages() -> None:
    cache = Path(os.environ.get("DENO_DIR") or BUILD / "deno")
    # The system's certificates too: a company's proxy is known to the machine and not to deno.
    settings = {"DENO_TLS_CA_STORE": "mozilla,system", "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
    result = subprocess.run(  # noqa: S603
        [find_deno_bin(), "install", "--frozen", "--node-modules-dir=auto"],
        cwd=PROJECT,
        env=settings | os.environ | {"DENO_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise AssetsError(f"deno install failed:\n{result.stderr.strip()}")


def _copy() -> None:
    """Copy every file, then put the folder in place as a whole, then say what it was made from."""
    unfinished = BUILD / "vendor.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    for place, source in FILES.items():
        if not (PACKAGES / source).is_file():
            raise AssetsError(f"no file {source} in {PACKAGES}")
        (unfinished / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGES / source, unfinished / place)
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
