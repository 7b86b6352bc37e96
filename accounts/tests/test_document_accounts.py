"""The OpenAPI document says of django-allauth's routes what they do: one way through all of them, held against it."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from accounts.api.auth_document import OPERATIONS
from accounts.middleware import MAX_BODY
from accounts.models import User
from accounts.tests.clients import MobileClient, mailed_code, totp_code
from accounts.tests.factories import PASSWORD
from accounts.tests.passkeys import Passkey

# Their good answer is 401, as allauth has it: nobody is logged in by them, and the next step is told.
GOOD_WITH_401 = {"sign_up", "request_password_reset", "log_out"}
ZED = "zed@example.org"
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Answer:
    return SchemaGenerator().get_schema(request=None, public=True)


class Phone(MobileClient):
    """A client that holds every answer against the document, and notes which operations and statuses it saw."""

    seen: set[tuple[str, str]] = set()

    def __init__(self, document: Answer) -> None:
        super().__init__()
        self.document = document

    def request(self, method: str, path: str, *args: Any, **options: Any) -> HttpResponse:
        cache.clear()  # where the limits are counted
        response = super().request(method, path, *args, **options)
        operation = self.document["paths"]["/api/v1/" + path.partition("?")[0]][method.lower()]
        said = operation["responses"].get(str(response.status_code))
        assert said, (method, path, response.status_code, response.content)
        schema = {**said["content"]["application/json"]["schema"], "components": self.document["components"]}
        faults = [error.message for error in Draft202012Validator(schema).iter_errors(response.json())]
        assert faults == [], (method, path, response.json())
        self.seen.add((operation["operationId"], str(response.status_code)))
        return response

    def put(self, path: str, data: Any) -> HttpResponse:
        return self.request("PUT", path, data)

    def status(self, path: str, data: Any = None, *, method: str = "", **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request(method or ("GET" if data is None else "POST"), path, data, headers=named).status_code


def test_every_route_of_theirs_is_documented(document: Answer) -> None:
    from allauth.headless.constants import Client
    from allauth.headless.urls import build_urlpatterns
    from django.urls import URLPattern

    def routes(patterns: Any, before: str = "") -> Any:
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                yield before + str(pattern.pattern), pattern.callback.view_class
            else:
                yield from routes(pattern.url_patterns, before + str(pattern.pattern))

    unused = re.compile(r"phone|code/confirm")
    mounted = {
        (route.removeprefix("v1/"), method)
        for route, view in routes(build_urlpatterns(Client.APP))
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method) and not unused.search(route)
    }
    assert mounted == {(operation.path, operation.method) for operation in OPERATIONS}


def test_every_way_in_and_out_is_as_documented(db: None, document: Answer) -> None:
    Phone.seen = set()
    phone = Phone(document)
    assert phone.status("config") == 200
    _sign_up(phone)
    _addresses(phone)
    passkey = _second_factors(phone)
    _log_in_with_both(document, passkey)
    _change_and_forget_the_password(phone, Phone(document))
    reached = {name for name, status in Phone.seen if status == "200"}
    assert reached | GOOD_WITH_401 == {operation.name for operation in OPERATIONS}
    assert {name for name, status in Phone.seen if status == "401"} >= GOOD_WITH_401


def _sign_up(phone: Phone) -> None:
    assert phone.status("auth/session") == 401
    assert phone.status("auth/signup", {"email": "x"}) == 400
    assert phone.status("auth/signup", "[]") == 400
    assert phone.status("auth/signup", '"' + "x" * MAX_BODY + '"') == 413
    assert phone.status("auth/signup", {"email": ZED, "password": PASSWORD, "display_name": "Zed"}) == 401
    code = mailed_code(ZED)
    assert phone.status("auth/email/verify", X_Email_Verification_Key="x") == 400
    assert phone.status("auth/email/verify", X_Email_Verification_Key=code) == 200
    assert phone.status("auth/email/verify/resend", {}) == 200
    assert phone.status("auth/email/verify", {"key": "x"}) == 400
    assert phone.status("auth/email/verify", {"key": mailed_code(ZED)}) == 200
    assert phone.status("auth/email/verify", {"key": "x"}) == 409
    assert phone.status("auth/email/verify/resend", {}) == 409
    assert phone.status("auth/signup", {"email": "y@example.org", "password": PASSWORD}) == 409
    assert phone.status("auth/login", {"email": ZED, "password": PASSWORD}) == 409
    assert phone.status("auth/session") == 200
    assert User.objects.get(email=ZED).display_name == "Zed"
    known = Phone(phone.document)
    assert known.status("auth/signup", {"email": ZED, "password": PASSWORD}) == 401
    # Of a known address there is no account to be made: the person is blank.
    assert known.status("auth/email/verify", X_Email_Verification_Key="x") == 400
    assert Phone(phone.document).status("auth/email/verify", {"key": "x"}) == 409
    known.session_token = "a" * 32
    assert known.status("auth/session") == 410
    assert known.status("auth/login", {"email": ZED, "password": PASSWORD}) == 410


def _addresses(phone: Phone) -> None:
    other = {"email": "zed@example.net"}
    assert phone.status("account/email") == 200
    assert phone.status("account/email", other) == 200
    assert phone.status("account/email", {"email": "x"}) == 400
    assert phone.status("account/email", {**other, "primary": True}, method="PATCH") == 400
    sent = [phone.put("account/email", other).status_code for _ in range(5)]
    assert (sent[0], sent[-1]) == (200, 403)  # so many mails to one address are enough
    assert phone.status("auth/email/verify", {"key": mailed_code(other["email"])}) == 200
    assert phone.status("account/email", {**other, "primary": True}, method="PATCH") == 200
    assert phone.status("account/email", other, method="DELETE") == 400
    assert phone.status("account/email", {"email": ZED, "primary": True}, method="PATCH") == 200
    assert phone.status("account/email", other, method="DELETE") == 200
    nobody = Phone(phone.document)
    assert nobody.status("account/email") == 401
    assert nobody.status("account/email", other) == 409


def _second_factors(phone: Phone) -> Passkey:
    passkey = Passkey()
    assert phone.status("auth/reauthenticate", {"password": "wrong"}) == 400
    assert phone.status("account/authenticators/recovery-codes") in (401, 404)
    assert phone.status("auth/reauthenticate", {"password": PASSWORD}) == 200
    secret = phone.get("account/authenticators/totp").json()["meta"]["secret"]
    assert phone.status("account/authenticators/recovery-codes", {}) == 400
    assert phone.status("account/authenticators/totp", {"code": "0"}) == 400
    assert phone.status("account/authenticators/totp", {"code": totp_code(secret)}) == 200
    assert phone.status("account/authenticators/totp") == 200
    assert phone.status("account/authenticators/recovery-codes", {}) == 200
    options = phone.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
    assert phone.status("account/authenticators/webauthn", {"name": "x", "credential": {"id": 1}}) == 400
    new = {"name": "Phone", "credential": passkey.register(options)}
    key = phone.post("account/authenticators/webauthn", new).json()["data"]["id"]
    assert phone.put("account/authenticators/webauthn", {"id": key, "name": "Mine"}).json()["data"]["name"] == "Mine"
    assert phone.put("account/authenticators/webauthn", {"id": key + 99, "name": "Mine"}).status_code == 400
    assert phone.status("account/authenticators") == 200
    options = phone.get("auth/webauthn/reauthenticate").json()["data"]["request_options"]
    assert phone.status("auth/webauthn/reauthenticate", {"credential": passkey.log_in(options)}) == 200
    code = phone.get("account/authenticators/recovery-codes").json()["data"]["unused_codes"][0]
    assert phone.status("auth/2fa/reauthenticate", {"code": "0"}) == 400
    assert phone.status("auth/2fa/reauthenticate", {"code": code}) == 200
    return passkey


def _log_in_with_both(document: Answer, passkey: Passkey) -> None:
    phone = Phone(document)
    assert phone.status("auth/2fa/authenticate", {"code": "0"}) == 401
    assert phone.status("auth/webauthn/authenticate") == 401
    assert phone.status("auth/login", {"email": ZED, "password": "wrong"}) == 400
    assert phone.log_in(ZED).status_code == 401
    assert phone.status("auth/2fa/authenticate", {"code": "0"}) == 400
    options = phone.get("auth/webauthn/authenticate").json()["data"]["request_options"]
    assert phone.status("auth/webauthn/authenticate", {"credential": passkey.log_in(options)}) == 200
    # Logged in with a password and not reauthenticated of late.
    assert phone.status("account/authenticators/recovery-codes", {}) == 401
    phone = Phone(document)
    options = phone.get("auth/webauthn/login").json()["data"]["request_options"]
    assert phone.status("auth/webauthn/login", {"credential": {"id": "x"}}) == 400
    assert phone.status("auth/webauthn/login", {"credential": passkey.log_in(options)}) == 200
    assert phone.refresh(retry_key="7").status_code == 200
    assert phone.refresh("x").status_code == 400
    assert phone.status("auth/session", method="DELETE") == 401


def _change_and_forget_the_password(phone: Phone, forgetful: Phone) -> None:
    keys = [one["id"] for one in phone.get("account/authenticators").json()["data"] if one["type"] == "webauthn"]
    assert phone.status("account/authenticators/webauthn", {"authenticators": [99]}, method="DELETE") == 400
    assert phone.status("account/authenticators/webauthn", {"authenticators": keys}, method="DELETE") == 200
    assert phone.status("auth/2fa/authenticate", {"code": "0"}) == 401
    # Another phone with the code, while there is still a second factor.
    other, secret = Phone(phone.document), phone.get("account/authenticators/recovery-codes").json()["data"]
    other.log_in(ZED)
    assert other.status("auth/2fa/authenticate", {"code": secret["unused_codes"][0]}) == 200
    assert phone.status("account/authenticators/totp", method="DELETE") == 200
    new = PASSWORD + " and more"
    changes = {"current_password": PASSWORD, "new_password": "short"}
    assert phone.status("account/password/change", changes) == 400
    assert phone.status("account/password/change", {**changes, "new_password": new}) == 200
    assert forgetful.log_in(ZED, new).status_code == 200
    devices = phone.get("auth/sessions").json()["data"]
    others = [device["id"] for device in devices if not device["is_current"]]
    assert phone.status("auth/sessions", {"sessions": [10**6]}, method="DELETE") == 400
    assert phone.status("auth/sessions", {"sessions": others}, method="DELETE") == 200
    current = [device["id"] for device in devices if device["is_current"]]
    assert phone.status("auth/sessions", {"sessions": current}, method="DELETE") == 401
    forgetful = Phone(phone.document)
    assert forgetful.status("auth/password/request", {"email": ZED}) == 401
    code = mailed_code(ZED)
    assert forgetful.status("auth/password/reset", X_Password_Reset_Key="x") == 400
    assert forgetful.status("auth/password/reset", X_Password_Reset_Key=code) == 200
    assert forgetful.status("auth/password/reset", {"key": code, "password": "short"}) == 400
    assert forgetful.status("auth/password/reset", {"key": code, "password": PASSWORD}) == 200
    assert Phone(phone.document).status("auth/password/reset", {"key": code, "password": PASSWORD}) == 409


@pytest.mark.parametrize("path", ["auth/login", "auth/code/confirm", "account/phone", "auth/session"])
def test_what_is_not_there_is_told_like_anything_else(mobile: MobileClient, path: str) -> None:
    answer = mobile.request("PUT", path, {})
    if "phone" in path or "code/" in path:
        assert answer.status_code == 404
        return
    assert answer.status_code == 405
    assert answer.json()["errors"][0]["code"] == "method_not_allowed"
    assert "PUT" not in answer["Allow"]
    asked = mobile.request("OPTIONS", path)
    assert (asked.status_code, asked["Allow"]) == (204, answer["Allow"])


def test_limits_are_told_with_the_wait(mobile: MobileClient) -> None:
    answers = [mobile.post("auth/signup", {"email": "x"}) for _ in range(25)]
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) > 0
