"""`make run`: from a checkout with its packages to a served site on this machine.

Owns the order of the steps and their output. It is the one owner of the embedded PostgreSQL and serves in
this very process: gunicorn's workers, and the one that runs background jobs, end by themselves when it is killed, so
that no port and no lock stays taken. For development and trials; docs/operating.md says how to serve in production.
"""

import argparse
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from mlpracticum import env, postgres, worker

HOST = "127.0.0.1"
WORKERS, THREADS = 2, 4
EXAMPLES = env.BASE_DIR / "examples"
DEMO_AUTHOR = "ada@example.org"  # may edit the example courses
DEMO_ACCOUNTS = env.VAR_DIR / "demo-accounts.txt"


class CannotRun(Exception):
    """The site cannot be served; the text is for the person at the terminal."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="mlpracticum.run", description="Prepare the site and serve it here.")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args(arguments).port
    # Also before gunicorn listens to signals, the database must be stopped when one ends this process.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    begun, process = time.monotonic(), os.getpid()
    try:
        _check_port(port)
        with _database():
            _prepare()
            with worker.running():
                _serve(port, begun)
    except (CannotRun, CommandError, postgres.PostgresError, ImproperlyConfigured) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        _say("\nInterrupted.\n")
        return 130
    except SystemExit:
        # gunicorn leaves by this; so do its workers, forked from here, and they pass here too.
        if os.getpid() == process:
            _say("Stopped.\n")
        raise
    return 0


def _leave(number: int, frame: object) -> None:
    sys.exit(128 + number)


def _check_port(port: int) -> None:
    """Fail before any work when the address is taken.

    Raises:
        CannotRun: it is, or it may not be used.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise CannotRun(
                f"Port {port} cannot be used ({error}). Is the site running already? "
                "Choose another port: make run PORT=8001"
            ) from error


@contextmanager
def _database() -> Iterator[None]:
    if env.DATABASE_URL:
        _say("Database: the server of DATABASE_URL\n")
        yield
        return
    with _step("PostgreSQL"):
        use = postgres.ensure()
    with use:
        yield


def _prepare() -> None:
    """Bring database and content up to date. Every step does nothing when there is nothing to do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")
    with _step("Django"):
        django.setup()
    with _step("Database tables"):
        call_command("migrate", verbosity=0, interactive=False)
    _recompile()
    if env.PRODUCTION:
        with _step("Static files"):
            call_command("collectstatic", verbosity=0, interactive=False)
    else:
        _make_demo_accounts()
        for folder in sorted(path.parent for path in EXAMPLES.glob("*/course.toml")):
            _import_example(folder)
    connections.close_all()  # the workers are forked from here, and a connection must not be shared


def _recompile() -> None:
    """After an upgrade: what an older compiler made of lessons is made again."""
    from courses.services.recompiling import waiting_revisions

    if waiting := waiting_revisions():
        with _step(f"Lessons ({waiting:,} revisions are compiled again)"):
            call_command("recompile_lessons", verbosity=0)


def _import_example(folder: Path) -> None:
    """Bring an example course up to date, unless somebody edited it here: a restart must not undo that."""
    from accounts.selectors import person_with
    from courses.selectors import edited_since_import

    _say(f"Course {folder.relative_to(env.BASE_DIR)} … ")
    if edited_since_import(slug=folder.name):
        _say("was edited in the admin; left as it is\n")
        return
    _say("\n")
    author = {"author": DEMO_AUTHOR} if person_with(email=DEMO_AUTHOR) else {}
    call_command("import_course", str(folder), publish=True, **author)


def _make_demo_accounts() -> None:
    """Make an account for each role at the first run; their passwords are shown once and kept in a private file."""
    from accounts.services.demo import create_demo_accounts

    made = create_demo_accounts()
    if not made:
        return
    lines = [f"{account.role:8} {account.email:20} {account.password}\n" for account in made]
    known = DEMO_ACCOUNTS.read_text(encoding="utf-8").splitlines(keepends=True) if DEMO_ACCOUNTS.exists() else []
    kept = [line for line in known if not any(account.email in line for account in made)]
    DEMO_ACCOUNTS.unlink(missing_ok=True)
    DEMO_ACCOUNTS.touch(mode=0o600)
    DEMO_ACCOUNTS.write_text("".join([*kept, *lines]), encoding="utf-8")
    _say(f"Demo accounts (kept in {_short(DEMO_ACCOUNTS)}):\n" + "".join(f"  {line}" for line in lines))


def _serve(port: int, begun: float) -> None:
    """Serve until a signal ends it; then raises SystemExit, in this process and in every worker."""

    def announce(arbiter: Arbiter) -> None:
        signal.signal(signal.SIGHUP, lambda *_: arbiter.signal(signal.SIGTERM, None))  # a closed terminal ends it
        accounts = f"Demo accounts: {_short(DEMO_ACCOUNTS)}. " if DEMO_ACCOUNTS.exists() else ""
        _say(
            f"\nML-Practicum is at http://{HOST}:{port}/ (ready after {time.monotonic() - begun:.1f} s). "
            f"{accounts}Ctrl-C stops it.\n\n"
        )

    _Server(port, announce).run()


class _Server(BaseApplication):
    """gunicorn without its command line and configuration files."""

    def __init__(self, port: int, when_ready: Callable[[Arbiter], None]) -> None:
        self.options: dict[str, Any] = {
            "bind": [f"{HOST}:{port}"],
            "worker_class": "gthread",
            "workers": WORKERS,
            "threads": THREADS,
            "timeout": 60,  # seconds
            "graceful_timeout": 5,  # seconds that requests may take to end after Ctrl-C
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": when_ready,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from mlpracticum.wsgi import application

        return application


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    begun = time.monotonic()
    _say(f"{what} … ")
    try:
        yield
    except BaseException:
        _say("failed\n")
        raise
    _say(f"{time.monotonic() - begun:.1f} s\n")


def _short(path: Path) -> str:
    return str(path.relative_to(env.BASE_DIR)) if path.is_relative_to(env.BASE_DIR) else str(path)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
