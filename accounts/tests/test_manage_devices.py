"""Where someone is logged in: listed, and ended one by one, over the API and on the page."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.tests.clients import MobileClient, log_in


def device(user: User, name: str) -> MobileClient:
    """A phone of that name, logged in."""
    mobile = MobileClient()
    mobile.client.defaults["HTTP_USER_AGENT"] = name
    assert mobile.log_in(user.email).status_code == 200
    return mobile


@pytest.fixture
def phone(ben: User) -> MobileClient:
    return device(ben, "PracticumApp/1.4 (Pixel 9)")


@pytest.fixture
def tablet(ben: User) -> MobileClient:
    return device(ben, "PracticumApp/1.3 (Ben's iPad)")


def test_the_list_names_devices_and_when_they_were_seen(phone: MobileClient, tablet: MobileClient) -> None:
    rows = {row["user_agent"]: row for row in phone.get("auth/sessions").json()["data"]}
    assert set(rows) == {"PracticumApp/1.4 (Pixel 9)", "PracticumApp/1.3 (Ben's iPad)"}
    mine = rows["PracticumApp/1.4 (Pixel 9)"]
    assert set(mine) == {"id", "user_agent", "ip", "created_at", "last_seen_at", "is_current"}
    assert mine["is_current"] is True
    assert rows["PracticumApp/1.3 (Ben's iPad)"]["is_current"] is False
    assert abs(timezone.now().timestamp() - mine["last_seen_at"]) < 60


def test_browsers_are_in_the_list(client: Client, phone: MobileClient, ben: User) -> None:
    log_in(client, ben.email)
    assert len(phone.get("auth/sessions").json()["data"]) == 2
    assert "PracticumApp/1.4 (Pixel 9)" in client.get("/accounts/sessions/").content.decode()


def test_others_devices_are_not(phone: MobileClient, cy: User) -> None:
    other = device(cy, "Cy's phone")
    assert [row["user_agent"] for row in other.get("auth/sessions").json()["data"]] == ["Cy's phone"]


def test_revoking_ends_both_tokens_at_once(phone: MobileClient, tablet: MobileClient) -> None:
    [lost] = [row["id"] for row in phone.get("auth/sessions").json()["data"] if not row["is_current"]]

    response = phone.delete("auth/sessions", data={"sessions": [lost]})

    assert response.status_code == 200
    assert [row["is_current"] for row in response.json()["data"]] == [True]
    assert tablet.get("me").status_code == 401
    assert tablet.refresh().status_code == 400
    assert phone.get("me").status_code == 200


def test_revoking_the_current_one_logs_out(phone: MobileClient) -> None:
    [mine] = [row["id"] for row in phone.get("auth/sessions").json()["data"]]
    assert phone.delete("auth/sessions", data={"sessions": [mine]}).status_code == 401
    assert phone.get("me").status_code == 401


def test_nobody_revokes_what_is_not_theirs(phone: MobileClient, cy: User) -> None:
    other = device(cy, "Cy's phone")
    theirs = UserSession.objects.get(user=cy).pk
    assert phone.delete("auth/sessions", data={"sessions": [theirs]}).status_code == 400
    assert other.get("me").status_code == 200


@pytest.mark.parametrize("sessions", [None, "x", [0], ["x"], [[]], {}, [10**30], [-1]])
def test_what_is_no_session_is_400(phone: MobileClient, sessions: object) -> None:
    assert phone.delete("auth/sessions", data={"sessions": sessions}).status_code == 400


def test_an_anonymous_caller_has_no_list(db: None) -> None:
    assert MobileClient().get("auth/sessions").status_code == 401


def test_a_browser_is_noted_once_an_hour(
    client: Client, ben: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    log_in(client, ben.email)
    client.get("/accounts/profile/")
    before = UserSession.objects.get().last_seen_at
    client.get("/accounts/profile/")
    assert UserSession.objects.get().last_seen_at == before  # the login was just now

    long_ago = timezone.now() - timedelta(hours=2)
    User.objects.update(last_login=long_ago)
    UserSession.objects.update(last_seen_at=long_ago)
    client.get("/accounts/profile/")
    noted = UserSession.objects.get().last_seen_at
    assert timezone.now() - noted < timedelta(minutes=1)

    client.get("/accounts/profile/")
    assert UserSession.objects.get().last_seen_at == noted


def test_logging_out_after_hours_works(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    User.objects.update(last_login=timezone.now() - timedelta(hours=2))
    assert client.post("/accounts/logout/").status_code == 302
    assert not Session.objects.exists()


def test_a_limit_of_allauth_says_when_to_come_back(db: None) -> None:
    answers = [MobileClient().log_in("nobody@example.org", f"guess {number}") for number in range(32)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(answer.headers["Retry-After"] == "60" for answer in refused)
