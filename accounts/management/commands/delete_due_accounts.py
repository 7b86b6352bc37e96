"""`manage.py delete_due_accounts`: deletes the accounts whose people asked for it, once the days to think are over.

To be run daily; see docs/operating.md. Running it twice, or twice at the same moment, does no harm.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.leaving import delete_due_accounts


class Command(BaseCommand):
    help = "Delete the accounts whose people asked for it and whose days to change their minds are over."

    def handle(self, *args: Any, **options: Any) -> None:
        deleted, problems = delete_due_accounts()
        self.stdout.write(f"{deleted} account{'' if deleted == 1 else 's'} deleted.")
        if problems:
            raise CommandError("; ".join(problems))
