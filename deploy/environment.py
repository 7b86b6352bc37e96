"""Makes the Python environment of a checkout, `.venv` with the locked packages, and says what it does.

Runs before anything is installed, with any Python from 3.11 on, so it uses the standard library alone. It
is run from the project's folder by the Makefile: `python3 deploy/environment.py [--dev]`.
"""

import fcntl
import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / "installed"  # copies of the requirement files as they were when they were installed
OLDEST = (3, 11)
LOG = VENV / "install.log"


def main(arguments: list[str]) -> int:
    names = ["requirements.txt", "requirements-dev.txt"] if arguments == ["--dev"] else ["requirements.txt"]
    with Path(names[0]).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` may be started together
        return (make_environment() if not is_usable() else 0) or install(names)


def is_usable() -> bool:
    """Whether .venv has a Python that runs: the one it was made with may have been removed since."""
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([PYTHON, "-I", "-c", check], check=False).returncode == 0  # noqa: S603
    except OSError:
        return False


def make_environment() -> int:
    """Make .venv; returns an exit status."""
    begun = time.monotonic()
    say(f"Python environment .venv with Python {sys.version.split()[0]} … ")
    options = ["--clear"] if has_ensurepip() else ["--clear", "--without-pip"]
    if not has_ensurepip() and importlib.util.find_spec("pip") is None:
        say("failed\n")
        sys.stderr.write(
            "This Python cannot make environments: its module ensurepip is missing. Distributions pack it apart,\n"
            "Debian and Ubuntu as python3-venv. Install that, or name another: make run PYTHON=/path/to/python3\n"
        )
        return 1
    command = [sys.executable, "-m", "venv", *options, VENV]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode != 0:
        say("failed\n")
        sys.stderr.write(result.stdout + result.stderr)
        return 1
    say(f"made in {time.monotonic() - begun:.0f} s\n")
    return 0


def has_ensurepip() -> bool:
    return importlib.util.find_spec("ensurepip") is not None


def install(names: list[str]) -> int:
    """Install each requirement file that is not the one installed last; returns an exit status."""
    for name in names:
        wanted, installed = Path(name), INSTALLED / name
        if installed.is_file() and installed.read_bytes() == wanted.read_bytes():
            continue
        status = run_pip(wanted)
        if status != 0:
            return status
        INSTALLED.mkdir(exist_ok=True)
        installed.write_bytes(wanted.read_bytes())
    return 0


def run_pip(requirements: Path) -> int:
    """Install one file. pip's own output goes to a log; its last lines are shown when it fails."""
    begun = time.monotonic()
    total = len(re.findall(r"^[A-Za-z0-9]\S*==", requirements.read_text(encoding="utf-8"), flags=re.MULTILINE))
    title = f"{total} packages of {requirements}"
    say(f"{title}, a minute or two the first time … ")
    pip = [PYTHON, "-I", "-m", "pip"]
    if not (VENV / "bin" / "pip").exists():
        pip = [sys.executable, "-m", "pip", "--python", PYTHON]
    options = ["--require-hashes", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    done = 0
    with (
        LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(  # noqa: S603
            [*pip, "install", *options, "-r", requirements],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        for line in process.stdout or []:
            log.write(line)
            if sys.stdout.isatty() and line.startswith(("Collecting", "Requirement already", "Installing collected")):
                done += 1
                progress = f"{min(done, total)} of {total} fetched" if done <= total else "unpacking"
                say(f"\r\x1b[2K{title} … {progress}, {time.monotonic() - begun:.0f} s")
    if sys.stdout.isatty():
        say(f"\r\x1b[2K{title} … ")
    if process.returncode != 0:
        say("failed\n")
        sys.stderr.write("".join(LOG.read_text(encoding="utf-8").splitlines(keepends=True)[-20:]))
        sys.stderr.write(f"The whole output is in {LOG}\n")
        return process.returncode
    say(f"installed in {time.monotonic() - begun:.0f} s\n")
    return 0


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
