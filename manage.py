#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL the embedded PostgreSQL runs for as long as the command needs it."""

import os
import sys
from contextlib import nullcontext


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        from mlpracticum import env, postgres
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")  # a missing secret, a misspelt value

    needs_database = len(sys.argv) > 1 and sys.argv[1] not in NO_DATABASE
    try:
        with postgres.ensure() if needs_database and not env.DATABASE_URL else nullcontext():
            execute_from_command_line(sys.argv)
    except postgres.PostgresError as error:
        sys.exit(f"{error}")  # written for the person at the terminal


# Commands that never open a connection start at once, and work where no database can run (an image build).
NO_DATABASE = {
    "help",
    "version",
    "--help",
    "--version",
    "collectstatic",
    "findstatic",
    "compilemessages",
    "diffsettings",
}


if __name__ == "__main__":
    main()
