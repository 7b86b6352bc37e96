"""The table of the database cache: rate limits are counted in it, by all workers together."""

from django.core.management import call_command
from django.db import migrations


def create_cache_table(apps, schema_editor):
    # The command knows which caches are in the database (none, with Redis) and leaves a table that exists.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_roles")]
    operations = [migrations.RunPython(create_cache_table, migrations.RunPython.noop)]
