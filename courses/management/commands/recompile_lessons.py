"""`manage.py recompile_lessons`: after an upgrade, bring what was derived from lesson bodies up to date."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from courses.services.recompiling import recompile_lessons


class Command(BaseCommand):
    """Says nothing when there is nothing to do. Refused bodies are named; learners go on with what they had."""

    help = "Compile lesson revisions again that an older version of ML-Practicum compiled. Safe beside a running site."

    def handle(self, *args: Any, **options: Any) -> None:
        result = recompile_lessons(on_progress=self._progress if options["verbosity"] else None)
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
        if result.revisions and options["verbosity"]:
            self.stdout.write(f"{result.revisions:,} revisions compiled again.")
        for refused in result.refused:
            self.stderr.write(f"stays as it was: {refused}")

    def _progress(self, done: int, total: int, what: str) -> None:
        if not sys.stderr.isatty():
            return
        # Not through self.stderr, which colours what it writes as an error.
        sys.stderr.write(f"\r\x1b[2K{done}/{total} {what[:60]}")
        sys.stderr.flush()
