"""Logging in to the admin goes through allauth: one form, one rate limit, one second factor."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.tests.clients import log_in, totp_code
from accounts.tests.factories import PASSWORD


def test_admin_sends_to_the_login_page(client: Client, db: None) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def test_admins_own_form_is_not_served(client: Client, boss: User) -> None:
    response = client.post("/admin/login/", {"username": boss.email, "password": PASSWORD, "next": "/admin/"})
    assert response.headers["Location"].startswith("/accounts/login/")
    assert client.get("/admin/").status_code == 302


def test_log_in_leads_back_to_the_admin(client: Client, boss: User) -> None:
    assert log_in(client, boss.email, next="/admin/").headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_second_factor_cannot_be_skipped(client: Client, boss: User, settings: Settings) -> None:
    settings.MFA_TOTP_TOLERANCE = 1
    secret = generate_totp_secret()
    TOTP.activate(boss, secret)

    response = log_in(client, boss.email, next="/admin/")

    assert response.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/admin/").status_code == 302
    client.post("/admin/login/", {"username": boss.email, "password": PASSWORD})
    assert client.get("/admin/").status_code == 302
    client.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert client.get("/admin/").status_code == 200


def test_learners_are_turned_away(client: Client, ben: User) -> None:
    client.force_login(ben)
    assert client.get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize("flag", ["is_active", "is_staff"])
def test_who_loses_the_right_is_out_at_once(client: Client, boss: User, flag: str) -> None:
    log_in(client, boss.email)
    User.objects.filter(pk=boss.pk).update(**{flag: False})
    assert client.get("/admin/").status_code == 302
