"""A forgotten password, replaced by way of a code in a mail."""

from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.tests.clients import MobileClient, log_in, mailed_code
from accounts.tests.factories import PASSWORD

NEW = "entirely new 92"


def reset(client: Client, email: str) -> None:
    client.post("/accounts/password/reset/", {"email": email})
    client.post("/accounts/password/reset/confirm/", {"code": mailed_code(email)})
    client.post("/accounts/password/reset/complete/", {"password1": NEW, "password2": NEW})


def test_reset_replaces_the_password(client: Client, ben: User) -> None:
    reset(client, ben.email)
    assert log_in(Client(), ben.email, PASSWORD).status_code == 200  # refused, the form again
    assert log_in(Client(), ben.email, NEW).headers["Location"] == "/dashboard/"


def test_reset_ends_sessions_and_tokens_elsewhere(client: Client, ben: User, mobile: MobileClient) -> None:
    elsewhere = Client()
    log_in(elsewhere, ben.email)
    mobile.log_in(ben.email)

    reset(client, ben.email)

    assert elsewhere.get("/accounts/profile/").status_code == 302
    assert mobile.get("me").status_code == 401
    assert mobile.refresh().status_code == 400


def test_unknown_address_gets_the_same_answer(client: Client, ben: User) -> None:
    known = client.post("/accounts/password/reset/", {"email": ben.email})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    [message] = [message for message in mail.outbox if message.to == ["nobody@example.org"]]
    assert "/accounts/signup/" in message.body


def test_wrong_code_does_not_open_the_form(client: Client, ben: User) -> None:
    client.post("/accounts/password/reset/", {"email": ben.email})
    client.post("/accounts/password/reset/confirm/", {"code": "BBBB-BBBB"})
    client.post("/accounts/password/reset/complete/", {"password1": NEW, "password2": NEW})
    ben.refresh_from_db()
    assert ben.check_password(PASSWORD)
