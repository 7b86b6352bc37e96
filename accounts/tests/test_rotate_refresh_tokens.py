"""A refresh token is good for one use: what follows from a second one, from a retry, and from a write beside it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.headless.internal.sessionkit import session_store
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connections
from django.utils import timezone

from accounts.models import TokenFamily, User
from accounts.tests.clients import MobileClient
from accounts.tests.factories import UserFactory


@pytest.fixture
def phone(mobile: MobileClient, ben: User) -> MobileClient:
    mobile.log_in(ben.email)
    return mobile


def test_a_used_token_ends_its_session_and_all_its_tokens(phone: MobileClient) -> None:
    stolen = phone.refresh_token
    phone.refresh()
    assert phone.get("me").status_code == 200

    assert MobileClient().refresh(stolen).status_code == 400

    assert phone.get("me").status_code == 401
    assert phone.refresh().status_code == 400
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()


def test_a_token_used_long_ago_ends_it_as_well(phone: MobileClient) -> None:
    stolen = phone.refresh_token
    for _time in range(3):
        assert phone.refresh().status_code == 200
    assert MobileClient().refresh(stolen).status_code == 400
    assert phone.refresh().status_code == 400


def test_when_the_thief_is_first_the_owner_ends_it(phone: MobileClient) -> None:
    thief = MobileClient()
    thief.refresh(phone.refresh_token)
    assert thief.get("me").status_code == 200

    assert phone.refresh().status_code == 400

    assert thief.get("me").status_code == 401
    assert thief.refresh().status_code == 400


def test_other_devices_of_the_person_stay(phone: MobileClient, ben: User) -> None:
    tablet = MobileClient()
    tablet.log_in(ben.email)
    stolen = phone.refresh_token
    phone.refresh()
    MobileClient().refresh(stolen)
    assert tablet.get("me").status_code == 200
    assert tablet.refresh().status_code == 200


def test_a_retry_with_its_key_gets_the_same_successor(phone: MobileClient) -> None:
    """The answer of the first request was lost on its way."""
    old = phone.refresh_token
    assert MobileClient().refresh(old, retry_key="b1946ac9").status_code == 200

    assert phone.refresh(old, retry_key="b1946ac9").status_code == 200

    assert phone.get("me").status_code == 200
    assert phone.refresh().status_code == 200


def test_a_retry_may_be_repeated_and_both_answers_are_one(phone: MobileClient) -> None:
    old, clients = phone.refresh_token, [MobileClient() for _ in range(3)]
    for client in clients:
        assert client.refresh(old, retry_key="k").status_code == 200
    assert all(client.get("me").status_code == 200 for client in clients)
    assert TokenFamily.objects.count() == 1


@pytest.mark.parametrize("key", ["", "another"])
def test_a_retry_without_the_key_is_a_second_use(phone: MobileClient, key: str) -> None:
    old = phone.refresh_token
    phone.refresh(old, retry_key="b1946ac9")
    assert MobileClient().refresh(old, retry_key=key).status_code == 400
    assert phone.get("me").status_code == 401


def test_a_retry_after_the_successor_was_used_is_a_second_use(phone: MobileClient) -> None:
    old = phone.refresh_token
    phone.refresh(old, retry_key="k")
    assert phone.refresh().status_code == 200
    assert MobileClient().refresh(old, retry_key="k").status_code == 400
    assert phone.get("me").status_code == 401


def test_no_key_is_no_retry_of_no_key(phone: MobileClient) -> None:
    old = phone.refresh_token
    phone.refresh(old)
    assert MobileClient().refresh(old).status_code == 400


def test_refreshing_keeps_the_session_alive(phone: MobileClient) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    Session.objects.update(expire_date=soon)
    phone.refresh()
    assert Session.objects.get().expire_date > soon + timedelta(days=30)


def test_refreshing_notes_when_the_device_was_seen(phone: MobileClient) -> None:
    long_ago = timezone.now() - timedelta(days=3)
    UserSession.objects.update(last_seen_at=long_ago)
    phone.refresh()
    assert UserSession.objects.get().last_seen_at > long_ago + timedelta(days=2)


def test_the_family_goes_with_its_session(phone: MobileClient) -> None:
    assert TokenFamily.objects.count() == 1
    session_store(phone.session_token).delete()
    assert not TokenFamily.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_session_saved_beside_a_refresh_brings_no_used_token_back() -> None:
    """A request loads the session, another refreshes, the first saves: the whole row is written back."""
    phone = MobileClient()
    phone.log_in(UserFactory().email)
    used = phone.refresh_token
    loaded, refreshed, statuses = threading.Event(), threading.Event(), []

    def save_session() -> None:
        session = session_store(phone.session_token)
        session["note"] = session.get("note", 0)
        loaded.set()
        assert refreshed.wait(20)
        session.save()

    def refresh() -> None:
        assert loaded.wait(20)
        statuses.append(phone.refresh().status_code)
        refreshed.set()

    run(save_session, refresh)

    assert statuses == [200]
    assert session_store(phone.session_token)["note"] == 0  # the write beside it is there too
    assert phone.refresh().status_code == 200
    assert MobileClient().refresh(used).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_refresh_overwrites_no_session_that_is_saved_beside_it() -> None:
    phone = MobileClient()
    phone.log_in(UserFactory().email)

    def write(name: str) -> Callable[[], None]:
        def save() -> None:
            for number in range(10):
                session = session_store(phone.session_token)
                session[name] = number
                session.save()

        return save

    statuses: list[int] = []
    run(write("note"), lambda: statuses.extend(phone.refresh().status_code for _ in range(10)))

    assert statuses == [200] * 10
    assert session_store(phone.session_token)["note"] == 9
    assert phone.get("me").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_logging_out_beside_a_refresh_ends_both_in_every_order() -> None:
    address = UserFactory().email
    for _round in range(5):
        phone, other = MobileClient(), MobileClient()
        phone.log_in(address)
        other.refresh_token, statuses = phone.refresh_token, []
        run(
            lambda phone=phone: statuses.append(phone.delete("auth/session").status_code),  # noqa: B023
            lambda other=other: statuses.append(other.refresh().status_code),  # noqa: B023
        )
        assert set(statuses) <= {200, 400, 401}
        assert other.get("me", token=other.access_token or "x").status_code == 401
        assert other.refresh().status_code == 400


def run(*works: Callable[[], object]) -> None:
    """Run all at the same moment, each in a thread of its own; what one raises fails the test."""
    faults: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not faults, faults
