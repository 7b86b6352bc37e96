"""Requests of accounts that succeed: logins and sign-ups that are under way, second factors, passkeys, addresses.

Every step that waits for a secret (a code from a mail, the answer to a challenge) has a session of its own, in which
nothing else happens.
"""

from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.core.cache import cache

from accounts.models import User
from accounts.tests.clients import MobileClient, mailed_code, totp_code
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.passkeys import Passkey


@dataclass(frozen=True)
class Recipe:
    """A request that succeeds, without who sends it."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


Recipes = dict[str, list[Recipe]]
SECOND, THIRD = "second@example.org", "third@example.org"


def logged_in(person: User) -> MobileClient:
    """A client that may do whatever asks for the password again."""
    client = MobileClient()
    assert client.log_in(person.email).status_code == 200
    assert client.reauthenticate().status_code == 200
    return client


def of_accounts(person: User, client: MobileClient, *, has_factors: bool) -> Recipes:
    """What `client`, logged in as `person`, can do, and what somebody can do who is not.

    With `has_factors` they get an authenticator app, recovery codes and a passkey; else these can be switched on.
    """
    EmailAddress.objects.create(user=person, email=SECOND, verified=True)
    other = MobileClient()
    other.log_in(person.email)
    current = [device["id"] for device in client.get("auth/sessions").json()["data"] if not device["is_current"]]
    changes = {"current_password": PASSWORD, "new_password": f"{PASSWORD} and more"}
    known = {
        "auth_config": [Recipe()],
        "session": [Recipe()],
        "log_out": [Recipe()],
        "reauthenticate": [Recipe(body={"password": PASSWORD})],
        "sessions": [Recipe()],
        "end_sessions": [Recipe(body={"sessions": current})],
        "change_password": [Recipe(body=changes)],
        "addresses": [Recipe()],
        "add_address": [Recipe(body={"email": "fourth@example.org"})],
        "choose_address": [Recipe(body={"email": SECOND, "primary": True})],
        "remove_address": [Recipe(body={"email": SECOND})],
        "authenticators": [Recipe()],
        "passkey_creation_options": [Recipe(), Recipe(query={"passwordless": ""})],
        "refresh_tokens": [Recipe(body={"refresh_token": other.refresh_token}, headers={"Idempotency-Key": "a"})],
    }
    known |= _with_factors(person, client) if has_factors else _without_factors(client)
    known |= _of_nobody()
    cache.clear()
    return known


def _without_factors(client: MobileClient) -> Recipes:
    secret = client.get("account/authenticators/totp").json()["meta"]["secret"]
    options = client.get("account/authenticators/webauthn").json()["data"]["creation_options"]
    return {
        "activate_totp": [Recipe(body={"code": totp_code(secret)})],
        "add_passkey": [Recipe(body={"name": "Phone", "credential": Passkey().register(options)})],
    }


def _with_factors(person: User, client: MobileClient) -> Recipes:
    passkey, codes, key = _switch_on(client)
    question = client.get("auth/webauthn/reauthenticate").json()["data"]["request_options"]
    # Not before: with an address that is not verified nothing can be switched on.
    EmailAddress.objects.create(user=person, email=THIRD, verified=False)
    return {
        "verify_address": [Recipe(body={"email": THIRD})],
        "totp": [Recipe()],
        "deactivate_totp": [Recipe()],
        "recovery_codes": [Recipe()],
        "new_recovery_codes": [Recipe()],
        "rename_passkey": [Recipe(body={"id": key, "name": "Mine"})],
        "remove_passkeys": [Recipe(body={"authenticators": [key]})],
        "reauthenticate_with_code": [Recipe(body={"code": codes[0]})],
        "passkey_reauthentication_options": [Recipe()],
        "reauthenticate_with_passkey": [Recipe(body={"credential": passkey.log_in(question)})],
    }


def _switch_on(client: MobileClient) -> tuple[Passkey, list[str], int]:
    """An authenticator app, recovery codes, and a passkey that logs in; the passkey, the codes, the passkey's id."""
    secret = client.get("account/authenticators/totp").json()["meta"]["secret"]
    assert client.post("account/authenticators/totp", {"code": totp_code(secret)}).status_code == 200
    codes = client.get("account/authenticators/recovery-codes").json()["data"]["unused_codes"]
    passkey = Passkey()
    options = client.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
    made = client.post("account/authenticators/webauthn", {"name": "Phone", "credential": passkey.register(options)})
    return passkey, codes, made.json()["data"]["id"]


def _of_nobody() -> Recipes:
    """Of people who are not logged in (yet)."""
    plain, forgetful = UserFactory(email="plain@example.org"), UserFactory(email="forgetful@example.org")
    careful = UserFactory(email="careful@example.org")
    passkey, codes, _key = _switch_on(logged_in(careful))

    signing = MobileClient()
    signing.post("auth/signup", {"email": "new@example.org", "password": PASSWORD})
    code = mailed_code("new@example.org")

    waiting, asked, asking, resetting = (MobileClient() for _ in range(4))
    waiting.log_in(careful.email)
    asked.log_in(careful.email)
    question = asked.get("auth/webauthn/authenticate").json()["data"]["request_options"]
    login_question = asking.get("auth/webauthn/login").json()["data"]["request_options"]
    resetting.post("auth/password/request", {"email": forgetful.email})
    reset = mailed_code(forgetful.email)

    def of(client: MobileClient, body: Any = None, **headers: str) -> Recipe:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Recipe(body=body, headers={"X-Session-Token": client.session_token, **named})

    return {
        "log_in": [Recipe(body={"email": plain.email, "password": PASSWORD})],
        "sign_up": [Recipe(body={"email": "newer@example.org", "password": PASSWORD, "display_name": "New"})],
        "email_verification": [of(signing, X_Email_Verification_Key=code)],
        "verify_email": [of(signing, {"key": code})],
        "resend_verification_code": [of(signing)],
        "second_factor": [of(waiting, {"code": codes[0]})],
        "passkey_second_factor_options": [of(waiting)],
        "passkey_second_factor": [of(asked, {"credential": passkey.log_in(question)})],
        "passkey_login_options": [Recipe()],
        "log_in_with_passkey": [of(asking, {"credential": passkey.log_in(login_question)})],
        "request_password_reset": [Recipe(body={"email": forgetful.email})],
        "password_reset": [of(resetting, X_Password_Reset_Key=reset)],
        "reset_password": [of(resetting, {"key": reset, "password": f"{PASSWORD} and more"})],
    }
