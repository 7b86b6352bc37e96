"""All of one's data as a file: over the API and from the profile page."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import StreamingHttpResponse
from django.test import Client

from accounts.models import User
from accounts.services import personal_data
from accounts.tests.clients import MobileClient, log_in


@pytest.fixture
def phone(mobile: MobileClient, ben: User) -> MobileClient:
    mobile.client.defaults["HTTP_USER_AGENT"] = "Ben's phone"
    mobile.log_in(ben.email)
    return mobile


def exported(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    assert isinstance(response, StreamingHttpResponse)
    return json.loads(response.getvalue())


def test_it_has_what_accounts_knows(phone: MobileClient, ben: User, cy: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ben, secret)
    text = phone.get("me/export").getvalue().decode()
    data = json.loads(text)
    assert data["version"] == 1
    assert data["profile"]["email"] == "ben@example.org"
    assert data["profile"]["roles"] == ["learner"]
    assert data["addresses"] == [{"email": "ben@example.org", "verified": True, "primary": True}]
    assert [row["type"] for row in data["second_factors"]] == ["totp"]
    assert [row["user_agent"] for row in data["sessions"]] == ["Ben's phone"]
    assert data["admin_log"] == []
    # Nothing that lets its finder in, and nobody else.
    for hidden in (secret, "argon2", phone.session_token, "sealed:", "cy@example.org"):
        assert hidden not in text


def test_it_is_a_file_that_no_cache_keeps(phone: MobileClient) -> None:
    response = phone.get("me/export")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="ml-practicum-')
    assert response.headers["Cache-Control"] == "no-store"


def test_the_profile_page_has_it_too(client: Client, phone: MobileClient, ben: User) -> None:
    log_in(client, ben.email)
    assert 'href="/accounts/profile/data/"' in client.get("/accounts/profile/").content.decode()
    from_page, from_api = exported(client.get("/accounts/profile/data/")), exported(phone.get("me/export"))
    assert from_page.keys() == from_api.keys()
    assert from_page["profile"] == from_api["profile"]


def test_a_stranger_gets_none(client: Client, db: None) -> None:
    assert client.get("/api/v1/me/export").status_code == 401
    assert client.get("/accounts/profile/data/").headers["Location"].startswith("/accounts/login/")


def test_ten_an_hour_over_both_ways(client: Client, phone: MobileClient, ben: User, cy: User) -> None:
    log_in(client, ben.email)
    for _time in range(5):
        exported(client.get("/accounts/profile/data/"))
        exported(phone.get("me/export"))
    for response in (phone.get("me/export"), client.get("/accounts/profile/data/")):
        assert response.status_code == 429
        assert 3590 <= int(response.headers["Retry-After"]) <= 3600
    other = MobileClient()
    other.log_in(cy.email)
    exported(other.get("me/export"))


def test_a_section_is_read_while_it_is_sent(ben: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million rows are never in memory at once."""
    made = 0

    def rows(user: User) -> Iterator[dict[str, Any]]:
        nonlocal made
        for made in range(1, 1_000_001):
            yield {"number": made}

    monkeypatch.setitem(personal_data._sections, "numbers", rows)
    pieces = personal_data.document(ben)
    for piece in pieces:
        if '"number"' in piece:
            break
    assert made == 1


def test_names_and_texts_stay_valid_json(phone: MobileClient, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(display_name='"]}\\ \N{SNOWMAN} </script>')
    assert exported(phone.get("me/export"))["profile"]["display_name"] == '"]}\\ \N{SNOWMAN} </script>'


def test_pages_have_every_row_once(db: None) -> None:
    people = [User.objects.create_user(f"p{number}@example.org").pk for number in range(7)]
    rows = User.objects.filter(pk__in=people)
    for size in (1, 2, 3, 7, 8):
        assert [row.pk for row in personal_data.in_pages(rows, size=size)] == people
        assert [row["pk"] for row in personal_data.in_pages(rows.values("pk"), size=size)] == people
