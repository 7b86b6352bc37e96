"""`manage.py generate_load_data --learners N --seed S`: many learners, for benchmarks."""

import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from progress.services.load_data import LoadRefused, generate

MOST = 1_000_000


class Command(BaseCommand):
    """Exit status 0: all were made. 1: nothing was written."""

    help = "Make learners and what they did in the published courses; the same seed makes the same."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--learners", type=int, required=True, metavar="N", help=f"how many people, 1 to {MOST:,}")
        parser.add_argument("--seed", type=int, required=True, metavar="S", help="which people: any whole number")
        parser.add_argument("--in-production", action="store_true", help="also in production mode; there is no undo")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["learners"] <= MOST:
            raise CommandError(f"--learners: must be from 1 to {MOST:,}")
        if settings.PRODUCTION and not options["in_production"]:
            raise CommandError("this is for development and benchmarks; --in-production says that you mean it")
        begun = time.monotonic()
        try:
            counts = generate(learners=options["learners"], seed=options["seed"])
        except LoadRefused as refused:
            raise CommandError(str(refused)) from refused
        made = ", ".join(f"{number:,} {name}" for name, number in asdict(counts).items())
        self.stdout.write(f"{made}; {time.monotonic() - begun:.1f} s")
