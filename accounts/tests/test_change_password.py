"""Changing the password while logged in."""

from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.tests.clients import MobileClient, log_in
from accounts.tests.factories import PASSWORD

NEW = "entirely new 92"
FORM = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}


def test_change_keeps_this_session_and_ends_the_others(client: Client, ben: User, mobile: MobileClient) -> None:
    elsewhere = Client()
    log_in(client, ben.email)
    log_in(elsewhere, ben.email)
    mobile.log_in(ben.email)

    assert client.post("/accounts/password/change/", FORM).status_code == 302

    ben.refresh_from_db()
    assert ben.check_password(NEW)
    assert client.get("/accounts/profile/").status_code == 200
    assert elsewhere.get("/accounts/profile/").status_code == 302
    assert mobile.get("me").status_code == 401


def test_old_password_is_needed(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    response = client.post("/accounts/password/change/", {**FORM, "oldpassword": "not the password"})
    assert "oldpassword" in response.context["form"].errors
    ben.refresh_from_db()
    assert ben.check_password(PASSWORD)


def test_change_over_the_api_ends_the_other_sessions(client: Client, ben: User, mobile: MobileClient) -> None:
    log_in(client, ben.email)
    mobile.log_in(ben.email)
    change = {"current_password": PASSWORD, "new_password": NEW}
    assert mobile.post("account/password/change", change).status_code == 200
    assert client.get("/accounts/profile/").status_code == 302
    assert MobileClient().log_in(ben.email, NEW).status_code == 200


def test_no_mail_holds_a_password(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    client.post("/accounts/password/change/", FORM)
    assert not any(NEW in message.body or PASSWORD in message.body for message in mail.outbox)
