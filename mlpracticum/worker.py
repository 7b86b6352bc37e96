"""The process that runs background jobs beside `make run`, and never outlives it.

It serves the queue with django-tasks' own worker; this adds the end: a thread sees when the parent is gone, even
killed, and stops the process. In production `manage.py db_worker` runs under the container's care instead.
"""

import argparse
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOOK = 0.5  # seconds between looks at the parent
GRACE = 5  # seconds for a job to notice that it must stop; an import is undone and can be tried again
POLL = 1  # seconds between looks into an empty queue


@contextmanager
def running() -> Iterator[None]:
    """A worker as a child of this process, for as long as the context lasts."""
    owner = os.getpid()
    # A session of its own: Ctrl-C is told once, by the parent, and not by the terminal as well.
    child = subprocess.Popen(  # noqa: S603 (this very module)
        [sys.executable, "-m", "mlpracticum.worker", "--parent", str(owner)],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        if os.getpid() == owner:  # gunicorn's workers are forked inside the context, and leave it too
            _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.terminate()  # django-tasks takes the second one as: at once
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def main(arguments: list[str] | None = None) -> int:
    """Run jobs until told to stop, or until the parent is gone."""
    parser = argparse.ArgumentParser(prog="mlpracticum.worker", description="Run background jobs for a parent process.")
    parser.add_argument("--parent", type=int, required=True, help="the process whose end ends this one")
    parent = parser.parse_args(arguments).parent
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")
    import django
    from django.core.management import call_command

    django.setup()
    for name in ("django_tasks", "django_tasks_db"):
        logging.getLogger(name).addFilter(_is_a_fault)
    call_command("db_worker", interval=POLL, startup_delay=False, reload=False)
    return 0


def _is_a_fault(record: logging.LogRecord) -> bool:
    """The terminal is the site's: that a worker starts, takes a job and ends is not news there."""
    return record.levelno >= logging.ERROR


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)  # a job that does not let go: its transaction is undone by the database


if __name__ == "__main__":
    sys.exit(main())
