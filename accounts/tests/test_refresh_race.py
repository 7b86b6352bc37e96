"""Two refreshes of one token at once: one wins, and the winner's tokens live."""

import threading
import time

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, connections, transaction

from accounts.tests.clients import MobileClient
from accounts.tests.factories import UserFactory

THREADS, ROUNDS = 6, 5


@pytest.mark.django_db(transaction=True)
def test_one_of_many_concurrent_refreshes_succeeds() -> None:
    mobile = MobileClient()
    mobile.log_in(UserFactory(email="ben@example.org").email)

    for _round in range(ROUNDS):
        clients = [MobileClient() for _ in range(THREADS)]
        statuses = refresh_together(clients, mobile.refresh_token)

        assert sorted(statuses) == [200] + [400] * (THREADS - 1)
        winner = clients[statuses.index(200)]
        assert winner.get("me").status_code == 200
        mobile = winner  # its refresh token is used in the next round, so it must not be a dead one


def _waiting() -> int:
    with connection.cursor() as cursor:
        # Inside a transaction PostgreSQL shows what it showed at the first look, until it is told to look again.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def refresh_together(clients: list[MobileClient], refresh_token: str) -> list[int]:
    """Refresh with all clients at the same moment; the answers in the clients' order."""
    start = threading.Barrier(len(clients), timeout=20)
    statuses = [0] * len(clients)

    def refresh(number: int) -> None:
        try:
            start.wait()
            statuses[number] = clients[number].refresh(refresh_token).status_code
        finally:
            connections.close_all()

    threads = [threading.Thread(target=refresh, args=(number,)) for number in range(len(clients))]
    # Held back until all of them wait: one that a busy machine starts late would rightly be taken for a replay.
    with transaction.atomic():
        list(Session.objects.select_for_update())
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 20
        while _waiting() < len(clients):
            assert time.monotonic() < deadline, "not all of them came to the lock"
            time.sleep(0.05)
    for thread in threads:
        thread.join(timeout=30)
    return statuses
