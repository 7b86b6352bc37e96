"""Logging out."""

from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from accounts.tests.clients import log_in


def test_log_out_ends_the_session(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    stolen = client.cookies["sessionid"].value

    assert client.post("/accounts/logout/").headers["Location"] == "/"

    assert not Session.objects.filter(session_key=stolen).exists()
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/accounts/profile/").status_code == 302


def test_a_link_alone_does_not_log_out(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/accounts/profile/").status_code == 200


def test_log_out_needs_the_csrf_token(ben: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ben)
    assert client.post("/accounts/logout/").status_code == 403
