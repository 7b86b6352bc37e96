"""Logging in with an address and a password in a browser."""

import pytest
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.tests.clients import log_in
from accounts.tests.factories import PASSWORD


@pytest.mark.parametrize("address", ["ben@example.org", "BEN@Example.ORG", "  ben@example.org "])
def test_address_is_accepted_in_any_case(client: Client, ben: User, address: str) -> None:
    assert log_in(client, address).headers["Location"] == "/dashboard/"
    assert client.get("/accounts/profile/").status_code == 200


def test_next_page_on_this_site_is_followed(client: Client, ben: User) -> None:
    assert log_in(client, ben.email, next="/accounts/profile/").headers["Location"] == "/accounts/profile/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_next_page_elsewhere_is_not_followed(client: Client, ben: User, target: str) -> None:
    assert log_in(client, ben.email, next=target).headers["Location"] == "/dashboard/"


def test_wrong_password_and_unknown_address_read_the_same(client: Client, ben: User) -> None:
    wrong = log_in(client, ben.email, "not the password").context["form"].errors
    unknown = log_in(client, "nobody@example.org", PASSWORD).context["form"].errors
    assert wrong == unknown != {}


def test_inactive_person_cannot_log_in(client: Client, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert log_in(client, ben.email).headers["Location"] == "/accounts/inactive/"
    assert client.get("/accounts/profile/").status_code == 302


def test_deactivation_ends_the_session(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert client.get("/accounts/profile/").status_code == 302


def test_sixth_guess_is_not_looked_at(client: Client, ben: User) -> None:
    for _attempt in range(5):
        log_in(client, ben.email, "not the password")
    response = log_in(client, ben.email)  # the right one, too late
    assert "Too many failed login attempts" in str(response.context["form"].errors)
    assert client.get("/accounts/profile/").status_code == 302


def test_guesses_are_counted_where_every_worker_sees_them(client: Client, ben: User) -> None:
    assert isinstance(caches["default"], DatabaseCache)
    log_in(client, ben.email, "not the password")
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache_table WHERE cache_key LIKE '%%login_failed%%'")
        assert cursor.fetchall()


def test_hostile_characters_are_refused_not_a_fault(client: Client, ben: User) -> None:
    for value in ["\x00", "ben\x00@example.org", "ben@example.org\ud800".encode("utf-8", "replace").decode()]:
        assert log_in(client, value, value).status_code == 200
