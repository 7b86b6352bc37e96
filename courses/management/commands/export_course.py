"""`manage.py export_course SLUG DIR`: a course becomes a folder of notebooks again."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from courses.services.exporting import ExportRefused, export_course


class Command(BaseCommand):
    """Exit status 0: the whole course is in the folder. 1: refused, and nothing was written."""

    help = "Write a course as the folder that import_course reads: importing it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="the course's address")
        parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that is empty or does not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            outcome = export_course(slug=options["slug"], folder=options["folder"])
        except ExportRefused as refused:
            raise CommandError(f"{refused}; nothing was written", returncode=1) from refused
        for problem in outcome.problems:
            self.stderr.write(str(problem))
        self.stdout.write(
            f"exported: {options['slug']} · {outcome.lessons} lessons, {outcome.cells} cells, {outcome.files} files · "
            f"{len(outcome.problems)} problems"
        )
