"""Logging in as a mobile client: allauth's headless API with JWTs that are looked up in their session."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.tests.clients import MobileClient, mailed_code
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tokens import _mint


def test_sign_up_verify_and_use(mobile: MobileClient) -> None:
    response = mobile.post("auth/signup", {"email": "Eve@example.org", "password": PASSWORD, "display_name": "Eve"})
    assert response.status_code == 401
    assert {"id": "verify_email", "is_pending": True} in response.json()["data"]["flows"]
    assert not mobile.access_token

    response = mobile.post("auth/email/verify", {"key": mailed_code("eve@example.org")})

    assert response.status_code == 200
    me = mobile.get("me").json()
    assert (me["email"], me["display_name"], me["roles"]) == ("eve@example.org", "Eve", ["learner"])


def test_sign_up_with_a_known_address_reads_the_same(mobile: MobileClient, ben: User) -> None:
    unknown = mobile.post("auth/signup", {"email": "eve@example.org", "password": PASSWORD})
    known = MobileClient().post("auth/signup", {"email": "BEN@example.org", "password": PASSWORD})
    assert (known.status_code, known.json()["data"]) == (unknown.status_code, unknown.json()["data"])
    assert [message.to for message in mail.outbox] == [["eve@example.org"], ["ben@example.org"]]


def test_log_in_gives_tokens_that_work(mobile: MobileClient, ben: User) -> None:
    response = mobile.log_in("Ben@Example.org")
    assert response.status_code == 200
    assert mobile.get("me").json()["id"] == ben.pk


def test_wrong_password_is_400_without_tokens(mobile: MobileClient, ben: User) -> None:
    assert mobile.log_in(ben.email, "not the password").status_code == 400
    assert not mobile.access_token


def test_sixth_guess_is_not_looked_at(mobile: MobileClient, ben: User) -> None:
    for _attempt in range(5):
        mobile.log_in(ben.email, "not the password")
    response = mobile.log_in(ben.email)
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "too_many_login_attempts"


def test_unverified_address_gives_no_token(mobile: MobileClient, db: None) -> None:
    UserFactory(email="new@example.org", verified=False)
    assert mobile.log_in("new@example.org").status_code == 401
    assert not mobile.access_token


def test_refresh_rotates_and_the_old_one_is_refused(mobile: MobileClient, ben: User) -> None:
    mobile.log_in(ben.email)
    first = mobile.refresh_token

    assert mobile.refresh().status_code == 200
    assert mobile.refresh_token != first
    assert mobile.get("me").status_code == 200

    assert MobileClient().refresh(first).status_code == 400


def test_log_out_revokes_both_tokens(mobile: MobileClient, ben: User) -> None:
    mobile.log_in(ben.email)
    assert mobile.delete("auth/session").status_code == 401
    assert mobile.get("me").status_code == 401
    assert mobile.refresh().status_code == 400


def test_a_session_ended_on_the_sessions_page_is_ended_for_the_app(
    client: Client, mobile: MobileClient, ben: User
) -> None:
    mobile.log_in(ben.email)
    client.post("/accounts/login/", {"login": ben.email, "password": PASSWORD})
    assert client.post("/accounts/sessions/").status_code == 302
    assert mobile.get("me").status_code == 401


def test_inactive_person_is_refused(mobile: MobileClient, ben: User) -> None:
    mobile.log_in(ben.email)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    assert mobile.get("me").status_code == 401
    assert mobile.refresh().status_code == 400
    assert MobileClient().log_in(ben.email).status_code == 401


def test_deleted_person_is_refused(mobile: MobileClient, ben: User) -> None:
    mobile.log_in(ben.email)
    ben.delete()
    assert mobile.get("me").status_code == 401
    assert mobile.refresh().status_code == 400
    assert mobile.get("auth/session").status_code in {401, 410}


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer x.y.z", "Bearer \xff", "Basic YTpi", "bearer "])
def test_what_is_no_token_is_refused(db: None, header: str) -> None:
    response = Client().get("/api/v1/me", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_refresh_token_is_no_access_token(mobile: MobileClient, ben: User) -> None:
    mobile.log_in(ben.email)
    assert mobile.get("me", token=mobile.refresh_token).status_code == 401
    assert mobile.refresh(mobile.access_token).status_code == 400


def test_a_token_signed_by_someone_else_is_refused(mobile: MobileClient, ben: User) -> None:
    import jwt

    mobile.log_in(ben.email)
    claims = jwt.decode(mobile.access_token, options={"verify_signature": False})
    for forged in [jwt.encode(claims, "x" * 64, algorithm="HS256"), jwt.encode(claims, "", algorithm="none")]:
        assert mobile.get("me", token=forged).status_code == 401


def test_a_token_costs_one_query(mobile: MobileClient, ben: User, django_assert_num_queries: Any) -> None:
    mobile.log_in(ben.email)
    with django_assert_num_queries(2):  # the person with the session; the roles that `me` shows
        assert mobile.get("me").json()["email"] == ben.email


def test_a_session_of_the_key_before_is_good_for_a_token_of_the_new_one(
    mobile: MobileClient, ben: User, settings: Any
) -> None:
    mobile.log_in(ben.email)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 60, [settings.SECRET_KEY]
    token = _mint("access", ben, mobile.session_token)
    assert mobile.get("me", token=token).json()["email"] == ben.email
    settings.SECRET_KEY_FALLBACKS = []
    assert mobile.get("me", token=token).status_code == 401


@pytest.mark.parametrize("route", ["auth/signup", "auth/login", "auth/password/request", "tokens/refresh"])
@pytest.mark.parametrize(
    "body",
    [
        "[" * 5000 + "]" * 5000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"email": "a\\u0000@example.org", "password": "x", "refresh_token": "x"}',
        '{"email": "a@example.org", "password": "\\ud800", "display_name": "\\ud800", "refresh_token": "\\ud800"}',
        '{"email": "a@example.org", "password": NaN, "refresh_token": NaN}',
        "null",
        "not json",
    ],
    ids=["deep list", "deep object", "nul", "surrogate", "nan", "null", "text"],
)
def test_hostile_body_is_400(mobile: MobileClient, route: str, body: str) -> None:
    assert mobile.request("POST", route, body).status_code == 400


@pytest.mark.parametrize("route", ["account/phone", "auth/phone/verify", "auth/phone/verify/resend"])
def test_phone_numbers_are_not_in_use(mobile: MobileClient, ben: User, route: str) -> None:
    for _signed_in in (False, True):
        assert mobile.get(route).status_code == 404
        assert mobile.post(route, {"phone": "+431234567", "code": "1"}).status_code == 404
        mobile.log_in(ben.email)


@pytest.mark.parametrize("route", ["auth/signup", "auth/login", "tokens/refresh"])
def test_wrong_types_are_400(mobile: MobileClient, route: str) -> None:
    for value in [None, [], {}, 1, True, ["a"], "x" * 40_000]:
        body = {"email": value, "password": value, "refresh_token": value, "display_name": value}
        assert mobile.post(route, body).status_code == 400
