"""The cast: ada writes courses, ben learns, cy is a stranger to both; boss is the superuser."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import DjangoDbBlocker

from accounts.models import User
from accounts.tests.clients import MobileClient
from accounts.tests.factories import UserFactory


@pytest.fixture
def ada(db: None) -> User:
    return UserFactory(email="ada@example.org", display_name="Ada", role="author")


@pytest.fixture
def ben(db: None) -> User:
    return UserFactory(email="ben@example.org", display_name="Ben")


@pytest.fixture
def cy(db: None) -> User:
    return UserFactory(email="cy@example.org", display_name="Cy")


@pytest.fixture
def boss(db: None) -> User:
    return UserFactory(email="boss@example.org", display_name="Boss", is_staff=True, is_superuser=True)


@pytest.fixture
def mobile(db: None) -> MobileClient:
    return MobileClient()


@pytest.fixture(autouse=True)
def _no_left_over_limits(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rate limits are counted in a table that flushing the models leaves alone, so tests that commit clear it."""
    yield
    marker = request.node.get_closest_marker("django_db")
    commits = marker is not None and marker.kwargs.get("transaction", False)
    if commits or {"transactional_db", "live_server"} & set(request.fixturenames):
        with django_db_blocker.unblock():
            cache.clear()
