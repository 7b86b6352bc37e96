"""`manage.py restore FILE [--replace]`: what `backup` wrote, all of it or nothing."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from progress.management.backup_file import BackupFaulty, Manifest, extract_dump, extract_media, read_backup
from progress.management.database_tools import ToolFailed, find_tools

FACTS = ("accounts_user", "courses_course")  # without a row in these, a database holds nothing that anybody misses


class Command(BaseCommand):
    """Exit status 0: the database is the backup's. 1: the database is as it was."""

    help = "Bring back the database and the media folder from a file that `backup` wrote. Stop the site before."
    requires_system_checks: list[str] = []  # the database may be empty

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--replace", action="store_true", help="also when the database holds people or courses")

    def handle(self, *args: Any, **options: Any) -> None:
        source, media = options["file"].absolute(), Path(settings.MEDIA_ROOT)
        try:
            manifest = read_backup(source)
            self._refuse_newer(manifest)
            if not options["replace"]:
                self._refuse_full()
            tools = find_tools(connection, newest=True)
            with tempfile.TemporaryDirectory(prefix="restore-") as folder:
                dump = Path(folder) / "database.dump"
                extract_dump(source, dump)
                # Files first: one too many harms nobody, a row without its file would be a broken picture.
                written = extract_media(source, media, manifest)
                connection.close()  # a transaction of ours would hold the tables
                tools.replace(dump, counts=manifest.tables)
        except (ToolFailed, BackupFaulty) as error:
            raise CommandError(f"the database is as it was. {error}") from error
        except (OSError, Error) as error:
            raise CommandError(f"the database is as it was. {error}") from error
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(
            f"restored as of {manifest.made_at}: {sum(manifest.tables.values()):,} rows of {len(manifest.tables)} "
            f"tables, counted; {len(manifest.files):,} files, {written:,} of them written"
        )
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("The backup is of an older version: run `manage.py migrate`, then `recompile_lessons`.")

    def _refuse_newer(self, manifest: Manifest) -> None:
        known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
        # A squashed or removed migration of a package is none of ours to judge.
        ours = ("accounts.", "courses.", "progress.")
        unknown = sorted(name for name in manifest.migrations if name not in known and name.startswith(ours))
        if unknown:
            raise CommandError(f"the backup is of a newer version, with {', '.join(unknown[:3])}: upgrade first")

    def _refuse_full(self) -> None:
        with connection.cursor() as cursor:
            there = set(connection.introspection.table_names(cursor))
            for name in FACTS:
                if name not in there:
                    continue
                cursor.execute(f"SELECT EXISTS (SELECT FROM {connection.ops.quote_name(name)})")  # noqa: S608 (a constant)
                if cursor.fetchone()[0]:
                    raise CommandError(
                        f"the database {connection.settings_dict['NAME']!r} holds people or courses; "
                        "--replace puts the backup in their place"
                    )
