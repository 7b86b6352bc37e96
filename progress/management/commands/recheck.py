"""`manage.py recheck`: judge old passes by the checks as they are now."""

import time
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from progress.services import checking, rechecking

LOOK = 0.5  # seconds between looks at the queue while others check


class Command(BaseCommand):
    """Nobody loses a pass by it: who passes again is up to date, who does not stays passed by the older version."""

    help = "Judge passes by an older version of a check again, by the version that is live."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--course", default="", help="slug of a course; default: all")
        parser.add_argument("--lesson", default="", help="slug of a lesson")
        parser.add_argument("--block", default="", help="id of a block")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {name: options[name] for name in ("course", "lesson", "block")}
        outdated = list(rechecking.outdated_passes(**asked))
        for (course, lesson, block), count in Counter((o.course, o.lesson, o.block_id) for o in outdated).items():
            self.stdout.write(f"{course}/{lesson}, {block}: {count} passed by an older version")
        waiting = [each for each in outdated if not each.is_rechecked]
        known = len(outdated) - len(waiting)
        self.stdout.write(f"{len(waiting)} to be checked again, {known} were already")
        if options["dry_run"]:
            return
        attempts = [attempt.pk for each in waiting if (attempt := rechecking.recheck(each)) is not None]
        self._wait(attempts)
        counts = rechecking.verdicts(attempts)
        self.stdout.write(
            f"{counts['passed']} passed again, {counts['failed']} did not and stay passed by the older version, "
            f"{counts['pending']} are not checked yet and wait in the queue, "
            f"{len(waiting) - len(attempts)} could not be judged"
        )

    def _wait(self, attempts: list[int]) -> None:
        """Check beside the worker, if there is one, until none of ours can be checked now."""
        while left := rechecking.due_of(attempts):
            self.stdout.write(f"\r{len(attempts) - left} of {len(attempts)} checked", ending="")
            self.stdout.flush()
            if not checking.run_next():
                time.sleep(LOOK)
        if attempts:
            self.stdout.write(f"\r{len(attempts)} of {len(attempts)} looked at")
