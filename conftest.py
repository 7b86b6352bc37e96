"""Keeps the embedded PostgreSQL running while the tests do, unless DATABASE_URL is set; brings the cast."""

import pytest

from mlpracticum import env, postgres

pytest_plugins = ["accounts.tests.cast"]

_USE = pytest.StashKey[postgres.Handle]()


def pytest_configure(config: pytest.Config) -> None:
    if not env.DATABASE_URL:
        config.stash[_USE] = postgres.ensure()


def pytest_unconfigure(config: pytest.Config) -> None:
    use = config.stash.get(_USE, None)
    if use is not None:
        use.close()
