"""Keeps the embedded PostgreSQL running while the tests do, unless DATABASE_URL is set; brings the cast."""

import gc
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import hypothesis
import pytest
from django.apps import apps
from django.db import connection
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from mlpracticum import env, postgres, runtime_files

pytest_plugins = ["accounts.tests.cast"]

hypothesis.settings.register_profile("thorough", max_examples=1_000, deadline=None)  # by hand: it takes an hour

_USE = pytest.StashKey[postgres.Handle]()
_COMMITTING = {"transactional_db", "live_server"}
_ROLES = (
    ("accounts.migrations.0002_roles", "create_roles"),
    ("courses.migrations.0003_roles", "grant"),
    ("progress.migrations.0002_roles", "grant"),
    ("progress.migrations.0004_practice_rules", "grant"),
)


def pytest_configure(config: pytest.Config) -> None:
    if not env.DATABASE_URL:
        config.stash[_USE] = postgres.ensure()


def pytest_collection_finish() -> None:
    """What stays until the end, tests and Django themselves, is not looked through at each collection of garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test that commits empties every table afterwards: what migrations wrote is written again for the next one."""
    yield
    if nextitem is None:
        return  # the tests' database is gone, and the connection leads to the real one again
    marker = item.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    if commits or _COMMITTING & set(getattr(item, "fixturenames", ())):
        with item.config.stash[blocking_manager_key].unblock():
            for module, function in _ROLES:
                getattr(import_module(module), function)(apps, SimpleNamespace(connection=connection))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tests' database; at the end, what still uses it is cut off: else it could not be dropped.

    A server's threads keep their connections for a while, and this thread has two: while Playwright's event loop runs,
    `connection` is another one.
    """
    yield
    connection.close()  # tests may have ended it while the other one was in its place
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def sandbox_runtime() -> None:
    """The sandbox as the sources are now, for tests that run learners' code."""
    runtime_files.install()


@pytest.fixture(autouse=True)
def _time_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request waits for a sandbox however busy the machine of the tests is: no worker would take it over."""
    monkeypatch.setattr("progress.services.checking.START_IN_REQUEST", 60.0)


def pytest_unconfigure(config: pytest.Config) -> None:
    use = config.stash.get(_USE, None)
    if use is not None:
        use.close()
