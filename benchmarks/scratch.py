"""A site of its own for a measurement: a database and a media folder that are gone afterwards."""

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django


@contextmanager
def scratch_site() -> Iterator[Path]:
    """Django on an empty database, and a temporary folder; both are removed at the end."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")
    os.environ.setdefault("TEST_DATABASE_NAME", "benchmark")
    from mlpracticum import env, postgres

    use = None if env.DATABASE_URL else postgres.ensure()
    try:
        django.setup()
        from django.db import connection
        from django.test.utils import override_settings, setup_test_environment

        setup_test_environment(debug=False)  # so that the test client's host is allowed
        before = connection.settings_dict["NAME"]
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            connection.creation.create_test_db(verbosity=0, autoclobber=True)
            try:
                with override_settings(MEDIA_ROOT=str(Path(folder) / "media")):
                    yield Path(folder)
            finally:
                connection.creation.destroy_test_db(before, verbosity=0)
    finally:
        if use is not None:
            use.close()


def peak_megabytes() -> float:
    """The most memory that this process has held so far, in MB of 10⁶ bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
