"""`manage.py doctor`: is everything there that serving needs?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from progress.management.diagnosis import examine


class Command(BaseCommand):
    """Exit status 0: the site can serve. 1: it cannot, and a line marked ✗ says why."""

    help = "Say what is well (✓), worth a look (!) and missing or misconfigured (✗), with what to do about it."
    requires_system_checks: list[str] = []  # they are among what is looked at

    def handle(self, *args: Any, **options: Any) -> None:
        marks = []
        for finding in examine():
            marks.append(finding.mark)
            self.stdout.write(f"{finding.mark} {finding.what}{f'  → {finding.advice}' if finding.advice else ''}")
        wrong = marks.count("✗")
        if wrong:
            raise CommandError(f"{wrong} of {len(marks)} findings keep the site from serving", returncode=1)
        self.stdout.write("The site can serve.")
