"""The processes that work in the background beside `make run`, and never outlive it.

One runs background jobs with django-tasks' own worker, one checks submitted exercises; this adds the end: a thread sees
when the parent is gone, even killed, and stops the process. In production `manage.py db_worker` and `manage.py
check_answers` run under the container's care instead.
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
GRACE = 5  # seconds for a job to notice that it must stop; what is undone can be tried again
POLL = 1  # seconds between looks into an empty queue
# What each kind of worker runs. A check that takes longer than the grace is given back to the queue.
COMMANDS: dict[str, tuple[str, dict[str, object]]] = {
    "jobs": ("db_worker", {"interval": POLL, "startup_delay": False, "reload": False}),
    "answers": ("check_answers", {"grace": GRACE - 2}),
}


@contextmanager
def running() -> Iterator[None]:
    """A worker of each kind as a child of this process, for as long as the context lasts."""
    owner = os.getpid()
    children: list[subprocess.Popen[bytes]] = []
    try:
        for kind in COMMANDS:
            # A session of its own: Ctrl-C is told once, by the parent, and not by the terminal as well.
            child = subprocess.Popen(  # noqa: S603 (this very module)
                [sys.executable, "-m", "mlpracticum.worker", kind, "--parent", str(owner)],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            children.append(child)
        yield
    finally:
        if os.getpid() == owner:  # gunicorn's workers are forked inside the context, and leave it too
            _end(children)


def _end(children: "list[subprocess.Popen[bytes]]") -> None:
    for end in ("terminate", "terminate", "kill"):  # django-tasks takes the second one as: at once
        for child in children:
            getattr(child, end)()
        deadline = time.monotonic() + GRACE
        for child in children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass  # told again, and more firmly
        children = [child for child in children if child.poll() is None]


def main(arguments: list[str] | None = None) -> int:
    """Run one kind of work until told to stop, or until the parent is gone."""
    parser = argparse.ArgumentParser(prog="mlpracticum.worker", description="Work in the background for a parent.")
    parser.add_argument("kind", choices=sorted(COMMANDS), help="what to run")
    parser.add_argument("--parent", type=int, required=True, help="the process whose end ends this one")
    given = parser.parse_args(arguments)
    threading.Thread(target=_leave_with, args=(given.parent,), daemon=True).start()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")
    import django
    from django.core.management import call_command

    django.setup()
    for name in ("django_tasks", "django_tasks_db"):
        logging.getLogger(name).addFilter(_is_a_fault)
    command, options = COMMANDS[given.kind]
    call_command(command, **options)
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
