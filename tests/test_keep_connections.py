"""Connections that are kept between requests: a look at the socket tells whether the server closed one."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept():
    """A connection of its own, as a thread keeps one from request to request."""
    own = connection.copy()
    own.settings_dict = {**connection.settings_dict, "CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 60}
    own.connect()
    yield own
    own.close()


def _backend(kept):
    with kept.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def _end(backend):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])  # waits until it has ended
        assert cursor.fetchone() == (True,)


def _next_request(kept):
    kept.close_if_unusable_or_obsolete()
    kept.health_check_done = False


def test_a_good_connection_is_kept(kept):
    first = _backend(kept)
    _next_request(kept)
    assert kept.is_usable()
    assert _backend(kept) == first


def test_a_connection_that_the_server_closed_is_replaced_before_a_query_fails(kept):
    first = _backend(kept)
    _end(first)
    _next_request(kept)
    assert _backend(kept) != first


def test_a_good_connection_is_looked_at_without_a_query(kept):
    backend = _backend(kept)
    with connection.cursor() as cursor:
        cursor.execute("SELECT state_change FROM pg_stat_activity WHERE pid = %s", [backend])
        before = cursor.fetchone()
        assert kept.is_usable()
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT state_change FROM pg_stat_activity WHERE pid = %s", [backend])
        assert cursor.fetchone() == before


def test_a_closed_connection_is_not_usable(kept):
    kept.connection.close()
    assert not kept.is_usable()
    kept.close()
    assert not kept.is_usable()


def test_after_an_error_the_server_is_asked(kept):
    kept.errors_occurred = True
    _end(_backend(kept))
    assert not kept.is_usable()


def test_the_site_looks_at_kept_connections(kept):
    assert connection.settings_dict["CONN_HEALTH_CHECKS"] is True
    with CaptureQueriesContext(kept) as captured:
        _backend(kept)
    assert len(captured) == 1
