"""Signing up in a browser: the address is verified by a code, and nobody learns which addresses are known."""

import threading

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.test import Client

from accounts import roles, selectors
from accounts.models import User
from accounts.services import people
from accounts.tests.clients import MobileClient, mailed_code
from accounts.tests.factories import PASSWORD, UserFactory

FORM = {"email": "Dora@Example.org", "password1": PASSWORD, "display_name": "Dora D."}


def test_sign_up_verifies_the_address_and_logs_in(client: Client, db: None) -> None:
    response = client.post("/accounts/signup/", FORM)
    assert response.headers["Location"] == "/accounts/confirm-email/"
    assert client.get("/accounts/profile/").status_code == 302  # not logged in yet

    response = client.post("/accounts/confirm-email/", {"code": mailed_code("dora@example.org")})

    assert response.headers["Location"] == "/dashboard/"
    dora = User.objects.get(email="dora@example.org")
    assert dora.display_name == "Dora D."
    assert selectors.roles_of(dora) == [roles.LEARNER]
    assert not dora.is_staff
    assert EmailAddress.objects.get(user=dora).verified
    assert client.get("/accounts/profile/").status_code == 200


def test_chosen_name_does_not_reach_the_mail(client: Client, db: None) -> None:
    """Anyone may type anyone's address here, so the mail must not carry a sentence of their making."""
    client.post("/accounts/signup/", {**FORM, "display_name": "You won! see evil.example"})
    [message] = mail.outbox
    assert "evil.example" not in message.body + message.subject


def test_wrong_code_is_refused(client: Client, db: None) -> None:
    client.post("/accounts/signup/", FORM)
    assert client.post("/accounts/confirm-email/", {"code": "BBBB-BBBB"}).status_code == 200
    assert not EmailAddress.objects.get(email="dora@example.org").verified


def test_codes_cannot_be_guessed_on(client: Client, db: None) -> None:
    client.post("/accounts/signup/", FORM)
    code = mailed_code("dora@example.org")
    for _attempt in range(3):
        client.post("/accounts/confirm-email/", {"code": "BBBB-BBBB"})
    client.post("/accounts/confirm-email/", {"code": code})
    assert not EmailAddress.objects.get(email="dora@example.org").verified


def test_login_before_verification_asks_for_the_code(client: Client, db: None) -> None:
    UserFactory(email="new@example.org", verified=False)
    response = client.post("/accounts/login/", {"login": "new@example.org", "password": PASSWORD})
    assert response.headers["Location"] == "/accounts/confirm-email/"
    client.post("/accounts/confirm-email/", {"code": mailed_code("new@example.org")})
    assert client.get("/accounts/profile/").status_code == 200


def test_known_address_gets_the_same_answer_and_another_mail(client: Client, ben: User) -> None:
    unknown = client.post("/accounts/signup/", FORM)
    known = Client().post("/accounts/signup/", {**FORM, "email": "BEN@example.org"})

    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert User.objects.filter(email="ben@example.org").count() == 1
    [message] = [message for message in mail.outbox if message.to == ["ben@example.org"]]
    assert "/accounts/password/reset/" in message.body


@pytest.mark.parametrize("password", ["short", "password123", "1234567890123", "dora@example"])
def test_weak_password_is_refused(client: Client, db: None, password: str) -> None:
    response = client.post("/accounts/signup/", {**FORM, "password1": password})
    assert "password1" in response.context["form"].errors
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["two\nlines", "bell\x07", "x" * 81])
def test_name_must_be_one_short_line(client: Client, db: None, name: str) -> None:
    response = client.post("/accounts/signup/", {**FORM, "display_name": name})
    assert "display_name" in response.context["form"].errors


def test_privileged_fields_are_inert(client: Client, db: None) -> None:
    client.post("/accounts/signup/", {**FORM, "is_staff": "on", "is_superuser": "on", "groups": "1"})
    dora = User.objects.get(email="dora@example.org")
    assert (dora.is_staff, dora.is_superuser) == (False, False)


def test_an_address_that_is_too_long_to_keep_is_refused_everywhere(mobile: MobileClient, ben: User) -> None:
    long = f"x@{'a' * 63}.{'a' * 63}.{'a' * 63}.{'a' * 61}"
    assert len(long) == 255
    assert mobile.post("auth/signup", {"email": long, "password": PASSWORD}).status_code == 400
    assert mobile.post("auth/password/request", {"email": long}).status_code == 400
    mobile.log_in(ben.email)
    assert mobile.post("account/email", {"email": long}).status_code == 400


def test_database_refuses_addresses_that_differ_in_case(ben: User) -> None:
    with transaction.atomic(), pytest.raises(IntegrityError, match="user_email_unique_case_insensitive"):
        User.objects.bulk_create([User(email="Ben@Example.org")])


def test_create_account_says_which_field_is_wrong(ben: User) -> None:
    with pytest.raises(ValidationError) as refused:
        people.create_account(email="BEN@example.org", password=PASSWORD, time_zone="Mars/Olympus")
    assert set(refused.value.message_dict) == {"email", "time_zone"}


def test_create_account_refuses_a_second_address_of_someone(ben: User) -> None:
    EmailAddress.objects.create(user=ben, email="ben.two@example.org", verified=True)
    with pytest.raises(ValidationError, match="exists already"):
        people.create_account(email="Ben.Two@example.org", password=PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_simultaneous_sign_ups_make_one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """All pass the form's check before any has saved: the constraint decides, and nobody gets a 500."""
    ready = threading.Barrier(4, timeout=20)
    create_account = people.create_account

    def create_together(**fields: str) -> User:
        ready.wait()
        return create_account(**fields)

    monkeypatch.setattr(people, "create_account", create_together)
    statuses: list[int] = []

    def sign_up(path: str, form: dict[str, str], content_type: str | None) -> None:
        try:
            options = {"content_type": content_type} if content_type else {}
            statuses.append(Client().post(path, form, **options).status_code)
        finally:
            connections.close_all()

    browser = ("/accounts/signup/", FORM, None)
    api = ("/api/v1/auth/signup", {"email": FORM["email"], "password": PASSWORD}, "application/json")
    threads = [threading.Thread(target=sign_up, args=way) for way in (browser, api, browser, api)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len(statuses) == 4
    # 302 and 401 ask for the code; 429 is the limit on mails to one address.
    assert set(statuses) <= {302, 401, 429}
    assert User.objects.filter(email="dora@example.org").count() == 1
