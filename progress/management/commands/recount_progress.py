"""`manage.py recount_progress [--fix]`: do the counters equal the facts?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from progress.services.recounting import differences, recount


class Command(BaseCommand):
    """Exit status 0: all equal (or put right). 1: some differ."""

    help = "Compare counters, results and scores with the facts that they count."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="set the counters to what the facts say")

    def handle(self, *args: Any, **options: Any) -> None:
        found = differences()
        for difference in found:
            self.stdout.write(f"{difference.what}: stored {difference.stored}, counted {difference.counted}")
        if not found:
            self.stdout.write("every counter equals its facts")
        elif options["fix"]:
            self.stdout.write(f"{recount()} counters put right")
        else:
            raise CommandError(f"{len(found)} counters differ; --fix sets them", returncode=1)
