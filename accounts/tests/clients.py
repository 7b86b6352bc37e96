"""What tests use to act as a person: a browser's way through the forms, and a mobile client of the API."""

import json
import re
import time
from typing import Any

from allauth.mfa.app_settings import TOTP_PERIOD
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from accounts.tests.factories import PASSWORD

# Verification codes stand alone on a line; allauth's alphabet has no vowels, so that no word looks like one.
_CODE = re.compile(r"^\s*([BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4})\s*$", re.MULTILINE)


def mailed_code(address: str) -> str:
    """The code in the newest mail to `address`."""
    [*_earlier, newest] = [message for message in mail.outbox if message.to == [address]]
    found = _CODE.search(newest.body)
    assert found, newest.body
    return found[1]


def totp_code(secret: str, *, step: int = 0) -> str:
    """The code that an authenticator app shows `step` periods from now; one code is good for one use."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // TOTP_PERIOD + step))


def log_in(client: Client, email: str, password: str = PASSWORD, **query: str) -> HttpResponse:
    """Send the login form."""
    return client.post("/accounts/login/", {"login": email, "password": password, **query})


def reauthenticate(client: Client, password: str = PASSWORD) -> None:
    """Enter the password again, as changes of the second factor demand."""
    response = client.post("/accounts/reauthenticate/", {"password": password})
    assert response.status_code == 302, response.content


class MobileClient:
    """A client of /api/v1/ that keeps its tokens as an app does."""

    def __init__(self) -> None:
        self.client = Client()
        self.session_token = self.access_token = self.refresh_token = ""

    def request(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> HttpResponse:
        """Send JSON with the access token, else with the session token. A `str` is sent as it is."""
        access = self.access_token if token is None else token
        who = {"Authorization": f"Bearer {access}"} if access else {"X-Session-Token": self.session_token}
        body = data if isinstance(data, str) else "" if data is None else json.dumps(data)
        response = self.client.generic(
            method, f"/api/v1/{path}", body, "application/json", headers={**who, **(headers or {})}
        )
        self._keep(response)
        return response

    def _keep(self, response: HttpResponse) -> None:
        if response.streaming or response.headers.get("Content-Type") != "application/json" or not response.content:
            return
        body = response.json()
        found = {**(body.get("meta") or {}), **(body["data"] if isinstance(body.get("data"), dict) else {})}
        for name in ("session_token", "access_token", "refresh_token"):
            setattr(self, name, found.get(name) or getattr(self, name))

    def get(self, path: str, **options: Any) -> HttpResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, data: Any, **options: Any) -> HttpResponse:
        return self.request("POST", path, data, **options)

    def patch(self, path: str, data: Any, **options: Any) -> HttpResponse:
        return self.request("PATCH", path, data, **options)

    def delete(self, path: str, **options: Any) -> HttpResponse:
        return self.request("DELETE", path, **options)

    def log_in(self, email: str, password: str = PASSWORD) -> HttpResponse:
        return self.post("auth/login", {"email": email, "password": password})

    def reauthenticate(self, password: str = PASSWORD) -> HttpResponse:
        return self.post("auth/reauthenticate", {"password": password})

    def refresh(self, refresh_token: str | None = None, *, retry_key: str = "") -> HttpResponse:
        """Take the next pair of tokens; `retry_key` goes as the Idempotency-Key."""
        headers = {"Idempotency-Key": retry_key} if retry_key else None
        return self.post("tokens/refresh", {"refresh_token": refresh_token or self.refresh_token}, headers=headers)
