"""`manage.py check_answers`: the process that checks submitted exercises.

Runs beside the web, as many as one likes: the queue and the bound on runs at a time are in the database. Nothing is
lost with it, however it ends.
"""

import logging
import os
import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from progress.services import checking

POLL = 0.5  # seconds between looks into an empty queue
GRACE = 30.0  # seconds that running checks may take to end after a signal

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Ends on SIGTERM or SIGINT: running checks are finished, or given back to the queue when they take too long."""

    help = "Check submitted exercises, until a signal ends it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="check what waits now, then end")
        parser.add_argument("--grace", type=float, default=GRACE, help="seconds for running checks after a signal")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            while checking.run_next():
                pass
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        # One thread a slot: while a check runs, its thread only waits for the sandbox's process.
        threads = [threading.Thread(target=_serve, args=(stop,), daemon=True) for _ in range(settings.SANDBOX_SLOTS)]
        for thread in threads:
            thread.start()
        stop.wait()
        deadline = time.monotonic() + options["grace"]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            _leave_at_once()


def _leave_at_once() -> None:
    """End with checks running; their sandboxes end with this process."""
    try:
        checking.give_back_held()
    except checking.DATABASE_AWAY:
        log.warning("running checks could not be given back; they are taken again when their time is over")
    os._exit(0)


def _serve(stop: threading.Event) -> None:
    pause = POLL
    while not stop.is_set():
        try:
            close_old_connections()
            if not checking.run_next():
                stop.wait(POLL)
            pause = POLL
        except Exception as error:
            # The database may be away for a while, and a fault must not end the checking of all answers.
            if isinstance(error, checking.DATABASE_AWAY):
                log.warning("no answers are checked: the database is away: %s", str(error).strip())
            else:
                log.exception("a fault in the queue of answers")
            connections.close_all()
            stop.wait(pause)
            pause = min(2 * pause, 10.0)
    connections.close_all()
