"""`manage.py backup FILE`: database and media in one file, verified."""

import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from progress.management.backup_file import BackupFaulty, Manifest, write_backup
from progress.management.database_tools import ToolFailed, find_tools


class Command(BaseCommand):
    """Exit status 0: FILE is a whole backup. 1: there is no FILE, or the one that was there is as it was."""

    help = "Write the database and the media folder to one file, and read it back. The site may go on serving."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        target, media = options["file"].absolute(), Path(settings.MEDIA_ROOT)
        if not target.parent.is_dir():
            raise CommandError(f"there is no folder {target.parent}")
        if target.is_dir() or target.resolve().is_relative_to(media.resolve()):
            raise CommandError("FILE must be a file outside of the media folder")
        try:
            tools = find_tools(connection)
            with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
                dump = Path(folder) / "database.dump"
                with transaction.atomic(durable=True), connection.cursor() as cursor:
                    # What is counted and what pg_dump writes is one moment.
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    cursor.execute("SELECT pg_export_snapshot()")
                    snapshot = cursor.fetchone()[0]
                    manifest = _manifest(cursor)
                    tools.dump(dump, snapshot=snapshot, without=_caches())
                # Files come before the rows that name them, and never change: taken later, none is missing.
                made = write_backup(target, dump=dump, media=media, manifest=manifest)
        except (ToolFailed, BackupFaulty) as error:
            raise CommandError(str(error)) from error
        except Error as error:
            raise CommandError(f"the database does not answer: {error}") from error
        except OSError as error:
            raise CommandError(f"the backup cannot be written: {error}") from error
        self.stdout.write(
            f"{target}: {sum(made.tables.values()):,} rows of {len(made.tables)} tables, {len(made.files):,} files "
            f"of {made.media_size / 1e6:,.1f} MB; verified"
        )


def _manifest(cursor: Any) -> Manifest:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relpersistence = 'p' "
        "AND relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    tables = {}
    for name in [row[0] for row in cursor.fetchall() if row[0] not in _caches()]:
        cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(name)}")  # noqa: S608 (the system's own names)
        tables[name] = cursor.fetchone()[0]
    applied = MigrationRecorder(connection).applied_migrations()
    return Manifest(
        made_at=timezone.now().isoformat(),
        server=connection.pg_version,
        migrations=sorted(f"{app}.{name}" for app, name in applied),
        tables=tables,
    )


def _caches() -> list[str]:
    """Tables whose rows nobody misses: used codes and counts of tries must not come back."""
    return [cache["LOCATION"] for cache in settings.CACHES.values() if cache["BACKEND"].endswith(".DatabaseCache")]
