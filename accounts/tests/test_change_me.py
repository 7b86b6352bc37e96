"""PATCH /api/v1/me."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from accounts.tests.clients import MobileClient


@pytest.fixture
def app(mobile: MobileClient, ben: User) -> MobileClient:
    mobile.log_in(ben.email)
    return mobile


def test_change_is_kept_and_answered(app: MobileClient, ben: User) -> None:
    response = app.patch("me", {"display_name": " Ben B. ", "time_zone": "Europe/Vienna"})
    assert response.status_code == 200
    assert (response.json()["display_name"], response.json()["time_zone"]) == ("Ben B.", "Europe/Vienna")
    ben.refresh_from_db()
    assert (ben.display_name, ben.locale, ben.time_zone) == ("Ben B.", "en", "Europe/Vienna")


def test_name_may_be_emptied(app: MobileClient) -> None:
    assert app.patch("me", {"display_name": ""}).json()["display_name"] == ""


def test_everything_else_is_inert(app: MobileClient, ben: User) -> None:
    before = User.objects.filter(pk=ben.pk).values().get()
    admin = Group.objects.get(name="admin")
    response = app.patch(
        "me",
        {
            "id": 1,
            "email": "boss@example.org",
            "is_staff": True,
            "is_superuser": True,
            "is_active": False,
            "password": "x",
            "groups": [admin.pk],
            "roles": ["admin"],
            "user_permissions": [1],
            "date_joined": "2000-01-01T00:00:00Z",
            "whatever": {"deep": []},
        },
    )
    assert response.status_code == 200
    assert User.objects.filter(pk=ben.pk).values().get() == before
    assert response.json()["roles"] == ["learner"]


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"time_zone": "Mars/Olympus"}, ["/time_zone"]),
        ({"locale": "klingon!"}, ["/locale"]),
        ({"locale": "e", "time_zone": "x"}, ["/locale", "/time_zone"]),
        ({"display_name": "x" * 81}, ["/display_name"]),
        ({"display_name": "two\nlines"}, ["/display_name"]),
        ({"display_name": None}, ["/display_name"]),
        ({"display_name": ["a"]}, ["/display_name"]),
        ({"display_name": 5, "locale": 5, "time_zone": 5}, ["/display_name", "/locale", "/time_zone"]),
        ({"display_name": {"a": 1}}, ["/display_name"]),
        ({"locale": ""}, ["/locale"]),
    ],
)
def test_errors_point_at_their_field(app: MobileClient, body: Any, pointers: list[str]) -> None:
    response = app.patch("me", body)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in response.json()["errors"]] == pointers
    assert all(error["detail"] for error in response.json()["errors"])


@pytest.mark.parametrize(
    "body",
    [
        '{"display_name": "\\u0000"}',
        '{"display_name": "\\ud800"}',
        '{"\\u0000": 1}',
        '{"display_name": NaN}',
        "[" * 2000 + "]" * 2000,
        "[]",
        '"text"',
        "null",
        "{",
        "\udcff",
    ],
)
def test_hostile_body_is_400(app: MobileClient, body: str) -> None:
    content = body.encode("utf-8", "surrogateescape")
    headers = {"Authorization": f"Bearer {app.access_token}"}
    response = Client().patch("/api/v1/me", content, "application/json", headers=headers)
    assert response.status_code == 400


def test_a_fault_in_one_field_changes_none(app: MobileClient, ben: User) -> None:
    app.patch("me", {"display_name": "New", "time_zone": "Nowhere"})
    ben.refresh_from_db()
    assert ben.display_name == "Ben"


def test_session_needs_the_csrf_token(ben: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ben)
    response = client.patch("/api/v1/me", {"display_name": "Mallory"}, content_type="application/json")
    assert response.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_other_methods_are_405(app: MobileClient, method: str) -> None:
    assert app.request(method, "me", {}).status_code == 405
