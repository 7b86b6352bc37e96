"""Leaving for good: asked for and confirmed, taken back in time, or done when the days are over."""

import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import TokenFamily, User
from accounts.services import leaving
from accounts.tests.clients import MobileClient, log_in, reauthenticate
from accounts.tests.factories import UserFactory


@pytest.fixture
def phone(mobile: MobileClient, ben: User) -> MobileClient:
    mobile.log_in(ben.email)
    return mobile


def days_pass(number: int) -> None:
    """Let the time of everyone's deletion come nearer."""
    for user in User.objects.exclude(deletion_due_at=None):
        user.deletion_due_at -= timedelta(days=number)
        user.save()


# Over the API


def test_a_login_alone_does_not_confirm_it(phone: MobileClient, ben: User) -> None:
    response = phone.delete("me")
    assert response.status_code == 403
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "auth/reauthenticate" in response.json()["detail"]
    ben.refresh_from_db()
    assert ben.deletion_due_at is None


def test_a_confirmation_of_long_ago_does_not_count(phone: MobileClient, settings: Settings) -> None:
    phone.reauthenticate()
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    assert phone.delete("me").status_code == 403


def test_someone_elses_confirmation_does_not_count(phone: MobileClient, client: Client, cy: User) -> None:
    """The cookie of another login in the same client: the token alone says who asks."""
    log_in(phone.client, cy.email)
    reauthenticate(phone.client)
    assert phone.delete("me").status_code == 403


def test_asking_ends_every_session_and_says_so(phone: MobileClient, client: Client, ben: User) -> None:
    other = MobileClient()
    other.log_in(ben.email)
    log_in(client, ben.email)
    assert phone.reauthenticate().status_code == 200

    response = phone.delete("me")

    assert response.status_code == 202
    ben.refresh_from_db()
    assert response.json() == {"deletion_due_at": ben.deletion_due_at.isoformat().replace("+00:00", "Z")}
    assert timedelta(days=13, hours=23) < ben.deletion_due_at - timezone.now() <= timedelta(days=14)
    assert [device.get("me").status_code for device in (phone, other)] == [401, 401]
    assert [device.refresh().status_code for device in (phone, other)] == [400, 400]
    assert client.get("/accounts/profile/").status_code == 302
    assert not UserSession.objects.filter(user=ben).exists()
    [message] = mail.outbox
    assert message.to == ["ben@example.org"]
    assert "Keep my account" in message.body


def test_asking_again_moves_nothing_and_sends_nothing(phone: MobileClient, ben: User) -> None:
    due_at = leaving.ask_for_deletion(user=ben)
    phone.log_in(ben.email)
    phone.reauthenticate()
    assert phone.delete("me").status_code == 202
    ben.refresh_from_db()
    assert ben.deletion_due_at == due_at
    assert len(mail.outbox) == 1


def test_logging_in_shows_it_and_it_can_be_taken_back(phone: MobileClient, ben: User) -> None:
    due_at = leaving.ask_for_deletion(user=ben)
    phone.log_in(ben.email)
    assert phone.get("me").json()["deletion_due_at"] == due_at.isoformat().replace("+00:00", "Z")

    assert phone.delete("me/deletion").status_code == 204

    assert phone.get("me").json()["deletion_due_at"] is None
    assert phone.delete("me/deletion").status_code == 204  # idempotent
    days_pass(30)
    call_command("delete_due_accounts")
    assert User.objects.filter(pk=ben.pk).exists()


def test_logging_in_alone_takes_nothing_back(phone: MobileClient, ben: User) -> None:
    leaving.ask_for_deletion(user=ben)
    phone.log_in(ben.email)
    ben.refresh_from_db()
    assert ben.deletion_due_at is not None


def test_a_session_with_its_csrf_token_may_ask_too(ben: User) -> None:
    client = Client(enforce_csrf_checks=False)
    log_in(client, ben.email)
    reauthenticate(client)
    assert client.delete("/api/v1/me").status_code == 202
    assert client.get("/api/v1/me").status_code == 401
    assert not Session.objects.exists()


def test_a_session_without_csrf_token_may_not(ben: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ben)
    assert client.delete("/api/v1/me").status_code == 403
    assert client.delete("/api/v1/me/deletion").status_code == 403


@pytest.mark.parametrize("value", ["2020-01-01T00:00:00Z", None])
def test_nobody_sets_the_day_by_writing_the_profile(phone: MobileClient, ben: User, value: str | None) -> None:
    due_at = leaving.ask_for_deletion(user=ben)
    phone.log_in(ben.email)
    assert phone.patch("me", {"deletion_due_at": value}).status_code == 200
    ben.refresh_from_db()
    assert ben.deletion_due_at == due_at


def test_a_mail_that_cannot_be_sent_changes_nothing(ben: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    with pytest.raises(OSError, match="refused"):
        leaving.ask_for_deletion(user=ben)
    ben.refresh_from_db()
    assert ben.deletion_due_at is None


# On the pages


def test_the_page_asks_for_the_password_and_then_does_it(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    page = client.get("/accounts/delete/")
    assert "14 days" in page.content.decode()

    response = client.post("/accounts/delete/")
    assert response.headers["Location"].startswith("/accounts/reauthenticate/")
    ben.refresh_from_db()
    assert ben.deletion_due_at is None

    reauthenticate(client)
    response = client.post("/accounts/delete/", follow=True)
    ben.refresh_from_db()
    assert ben.deletion_due_at is not None
    assert "will be deleted on" in response.content.decode()
    assert client.get("/accounts/profile/").status_code == 302


def test_the_password_page_goes_on_with_what_was_asked(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    response = client.post("/accounts/delete/")
    response = client.post(response.headers["Location"], {"password": "correct horse 47"})
    assert response.status_code == 302
    ben.refresh_from_db()
    assert ben.deletion_due_at is not None
    assert client.get("/accounts/profile/").status_code == 302  # logged out


def test_a_wrong_password_deletes_nothing(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    response = client.post("/accounts/delete/")
    client.post(response.headers["Location"], {"password": "not the password"})
    ben.refresh_from_db()
    assert ben.deletion_due_at is None


def test_logging_in_leads_to_the_choice(client: Client, ben: User) -> None:
    leaving.ask_for_deletion(user=ben)
    assert log_in(client, ben.email).headers["Location"] == "/accounts/delete/"
    assert "Keep my account" in client.get("/accounts/delete/").content.decode()
    assert "Keep my account" in client.get("/accounts/profile/").content.decode()

    response = client.post("/accounts/keep/", follow=True)

    assert "Your account stays" in response.content.decode()
    ben.refresh_from_db()
    assert ben.deletion_due_at is None


def test_keeping_is_no_link(client: Client, ben: User) -> None:
    client.force_login(ben)
    assert client.get("/accounts/keep/").status_code == 405


@pytest.mark.parametrize("path", ["/accounts/delete/", "/accounts/keep/"])
def test_a_stranger_is_sent_to_the_login(client: Client, db: None, path: str) -> None:
    assert client.post(path).headers["Location"].startswith("/accounts/login/")


# When the time has come


def test_due_accounts_go_with_all_that_is_theirs(ben: User, cy: User, capsys: pytest.CaptureFixture[str]) -> None:
    phone = MobileClient()
    leaving.ask_for_deletion(user=ben)
    log_in(Client(), ben.email)  # thought about it, and left it
    TOTP.activate(ben, generate_totp_secret())
    days_pass(14)

    call_command("delete_due_accounts")

    assert capsys.readouterr().out == "1 account deleted.\n"
    assert not User.objects.filter(pk=ben.pk).exists()
    for model in (EmailAddress, Authenticator, UserSession):
        assert not model.objects.filter(user_id=ben.pk).exists()
    assert not Session.objects.exists()
    assert not TokenFamily.objects.exists()
    assert User.objects.filter(pk=cy.pk).exists()
    assert [message.subject for message in mail.outbox] == ["Your account will be deleted", "Your account is deleted"]
    assert phone.log_in("ben@example.org").status_code == 400
    call_command("delete_due_accounts")
    assert "0 accounts deleted." in capsys.readouterr().out


def test_the_address_is_free_again(ben: User) -> None:
    leaving.ask_for_deletion(user=ben)
    days_pass(15)
    leaving.delete_due_accounts()
    assert UserFactory(email="ben@example.org").pk != ben.pk


def test_nobody_goes_before_the_day(ben: User, cy: User) -> None:
    leaving.ask_for_deletion(user=ben)
    days_pass(13)
    assert leaving.delete_due_accounts() == (0, [])


def test_the_days_are_a_setting(ben: User, settings: Settings) -> None:
    settings.ACCOUNT_DELETION_GRACE_DAYS = 3
    assert leaving.ask_for_deletion(user=ben) < timezone.now() + timedelta(days=3, minutes=1)


# Whoever runs the site


def test_the_last_superuser_stays(mobile: MobileClient, client: Client, boss: User) -> None:
    mobile.log_in(boss.email)
    mobile.reauthenticate()
    response = mobile.delete("me")
    assert response.status_code == 409
    assert "last superuser" in response.json()["detail"]

    log_in(client, boss.email)
    reauthenticate(client)
    response = client.post("/accounts/delete/")
    assert response.status_code == 409
    assert "last superuser" in response.content.decode()
    assert mobile.get("me").status_code == 200  # and was not logged out


@pytest.mark.parametrize("change", [{"is_active": False}, {"deletion_due_at": timezone.now()}])
def test_a_superuser_who_cannot_act_is_no_other(boss: User, change: dict[str, object]) -> None:
    UserFactory(email="second@example.org", is_superuser=True, **change)
    with pytest.raises(leaving.LastSuperuser):
        leaving.ask_for_deletion(user=boss)


def test_one_of_two_may_go_unless_the_other_went_first(boss: User, capsys: pytest.CaptureFixture[str]) -> None:
    second = UserFactory(email="second@example.org", is_superuser=True)
    leaving.ask_for_deletion(user=boss)
    second.delete()
    days_pass(20)
    with pytest.raises(CommandError, match="last superuser"):
        call_command("delete_due_accounts")
    assert User.objects.filter(pk=boss.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_superusers_who_ask_at_once_do_not_both_go() -> None:
    people = [UserFactory(email=f"boss{number}@example.org", is_superuser=True) for number in range(4)]
    start, refused = threading.Barrier(len(people), timeout=20), []

    def ask(user: User) -> None:
        try:
            start.wait()
            leaving.ask_for_deletion(user=user)
        except leaving.LastSuperuser:
            refused.append(user)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask, args=(user,)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(refused) == 1
    assert User.objects.filter(deletion_due_at=None).count() == 1
