"""The second factor: activated in a browser, demanded in the browser and in the API, replaced by a recovery code."""

import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.tests.clients import MobileClient, log_in, reauthenticate, totp_code
from accounts.tests.factories import PASSWORD
from accounts.tests.passkeys import Passkey
from accounts.tests.test_reset_password import reset


@pytest.fixture(autouse=True)
def _tolerant(settings: Settings) -> None:
    """A test may run across the end of a code's 30 seconds."""
    settings.MFA_TOTP_TOLERANCE = 1


@pytest.fixture
def secret(ben: User) -> str:
    """ben's, whose second factor is on."""
    secret = generate_totp_secret()
    TOTP.activate(ben, secret)
    return secret


@pytest.fixture
def recovery_codes(ben: User, secret: str) -> list[str]:
    return RecoveryCodes.activate(ben).get_unused_codes()


def test_activate_in_the_browser(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    assert client.get("/accounts/2fa/totp/activate/").status_code == 302  # the password again
    reauthenticate(client)
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret

    response = client.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret)})

    assert response.headers["Location"] == "/accounts/2fa/recovery-codes/"
    assert Authenticator.objects.filter(user=ben, type=Authenticator.Type.TOTP).exists()
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    assert len(codes) == 10
    assert client.get("/accounts/2fa/recovery-codes/download/").status_code == 200


def test_profile_suggests_it_until_it_is_on(client: Client, ben: User) -> None:
    client.force_login(ben)
    assert "Turn on the second step" in client.get("/accounts/profile/").content.decode()
    TOTP.activate(ben, generate_totp_secret())
    assert "Turn on the second step" not in client.get("/accounts/profile/").content.decode()


def test_wrong_code_does_not_activate(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    reauthenticate(client)
    client.get("/accounts/2fa/totp/activate/")
    client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert not Authenticator.objects.filter(user=ben).exists()


def test_login_needs_the_second_step(client: Client, ben: User, secret: str) -> None:
    assert log_in(client, ben.email).headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/accounts/profile/").status_code == 302
    assert client.get("/api/v1/me").status_code == 401

    response = client.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})

    assert response.headers["Location"] == "/dashboard/"
    assert client.get("/accounts/profile/").status_code == 200


def test_wrong_code_does_not_log_in(client: Client, ben: User, secret: str) -> None:
    log_in(client, ben.email)
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert client.get("/accounts/profile/").status_code == 302


def test_code_is_good_once(client: Client, ben: User, secret: str) -> None:
    code = totp_code(secret)
    log_in(client, ben.email)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    onlooker = Client()
    log_in(onlooker, ben.email)
    onlooker.post("/accounts/2fa/authenticate/", {"code": code})
    assert onlooker.get("/accounts/profile/").status_code == 302


def test_codes_cannot_be_guessed_on(client: Client, ben: User, secret: str) -> None:
    log_in(client, ben.email)
    for _attempt in range(6):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    client.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert client.get("/accounts/profile/").status_code == 302


def test_recovery_code_logs_in_once(client: Client, ben: User, recovery_codes: list[str]) -> None:
    for browser, lets_in in [(client, True), (Client(), False)]:
        log_in(browser, ben.email)
        browser.post("/accounts/2fa/authenticate/", {"code": recovery_codes[0]})
        assert (browser.get("/accounts/profile/").status_code == 200) is lets_in


def test_deactivation_needs_the_factor_again(client: Client, ben: User, secret: str) -> None:
    log_in(client, ben.email)
    client.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=ben).exists()
    reauthenticate(client)
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=ben).exists()


def test_password_reset_does_not_skip_it(client: Client, ben: User, secret: str) -> None:
    reset(client, ben.email)
    assert client.get("/accounts/profile/").status_code == 302


def test_password_alone_gives_no_token(mobile: MobileClient, ben: User, secret: str) -> None:
    response = mobile.log_in(ben.email)
    assert response.status_code == 401
    assert {"id": "mfa_authenticate", "is_pending": True, "types": ["totp"]} in response.json()["data"]["flows"]
    assert not mobile.access_token
    assert not mobile.refresh_token
    assert mobile.get("me").status_code == 401
    assert mobile.get("me", token=mobile.session_token).status_code == 401
    assert mobile.get("account/authenticators").status_code == 401

    response = mobile.post("auth/2fa/authenticate", {"code": totp_code(secret)})

    assert response.status_code == 200
    assert [method["method"] for method in response.json()["data"]["methods"]] == ["password", "mfa"]
    assert mobile.get("me").json()["id"] == ben.pk


def test_api_refuses_a_wrong_code(mobile: MobileClient, ben: User, secret: str) -> None:
    mobile.log_in(ben.email)
    assert mobile.post("auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    assert not mobile.access_token


def test_activate_over_the_api(mobile: MobileClient, ben: User) -> None:
    mobile.log_in(ben.email)
    assert mobile.post("account/authenticators/totp", {"code": "000000"}).status_code in {400, 401}
    mobile.post("auth/reauthenticate", {"password": PASSWORD})
    secret = mobile.get("account/authenticators/totp").json()["meta"]["secret"]
    assert mobile.post("account/authenticators/totp", {"code": totp_code(secret)}).status_code == 200
    assert MobileClient().log_in(ben.email).status_code == 401


def test_a_passkey_logs_in_without_a_password(mobile: MobileClient, ben: User) -> None:
    passkey = Passkey()
    mobile.log_in(ben.email)
    mobile.post("auth/reauthenticate", {"password": PASSWORD})
    options = mobile.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
    added = mobile.post("account/authenticators/webauthn", {"name": "Phone", "credential": passkey.register(options)})
    assert added.status_code == 200, added.json()

    phone = MobileClient()
    options = phone.get("auth/webauthn/login").json()["data"]["request_options"]
    answer = passkey.log_in(options)
    assert phone.post("auth/webauthn/login", {"credential": answer}).status_code == 200
    assert phone.get("me").json()["id"] == ben.pk
    # The challenge is used up.
    assert MobileClient().post("auth/webauthn/login", {"credential": answer}).status_code == 400


def test_a_passkey_logs_in_on_the_page(client: Client, ben: User) -> None:
    passkey = Passkey()
    log_in(client, ben.email)
    reauthenticate(client)
    options = client.get("/accounts/2fa/webauthn/add/").context["js_data"]["creation_options"]
    form = {"name": "Phone", "passwordless": "on", "credential": json.dumps(passkey.register(options))}
    assert client.post("/accounts/2fa/webauthn/add/", form).status_code == 302

    browser = Client()
    options = browser.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"}).json()
    form = {"credential": json.dumps(passkey.log_in(options["request_options"]))}
    assert browser.post("/accounts/2fa/webauthn/login/", form).headers["Location"] == "/dashboard/"


def test_another_passkey_is_refused(mobile: MobileClient, ben: User) -> None:
    passkey, forged = Passkey(), Passkey()
    mobile.log_in(ben.email)
    mobile.post("auth/reauthenticate", {"password": PASSWORD})
    options = mobile.get("account/authenticators/webauthn?passwordless").json()["data"]["creation_options"]
    mobile.post("account/authenticators/webauthn", {"name": "Phone", "credential": passkey.register(options)})
    forged.register(options)

    phone = MobileClient()
    for pretend in [None, passkey.credential_id]:
        forged.credential_id = pretend or forged.credential_id
        options = phone.get("auth/webauthn/login").json()["data"]["request_options"]
        assert phone.post("auth/webauthn/login", {"credential": forged.log_in(options)}).status_code == 400
    assert not phone.access_token


@pytest.mark.parametrize(
    "credential",
    [
        "x",
        [1],
        {"a": 1},
        {"id": "x", "response": {}},
        {"id": "x", "rawId": "eA", "type": "public-key", "response": {}},
        {"id": "eA", "rawId": "eA", "response": {"clientDataJSON": "eA", "authenticatorData": "eA", "signature": "eA"}},
        {"id": "eA", "rawId": "eA", "response": {"clientDataJSON": "e30", "attestationObject": "eA"}},
    ],
)
def test_what_no_passkey_answers_is_400(client: Client, mobile: MobileClient, ben: User, credential: object) -> None:
    assert mobile.post("auth/webauthn/login", {"credential": credential}).status_code == 400
    form = {"credential": json.dumps(credential)}
    assert client.post("/accounts/2fa/webauthn/login/", form).status_code == 400
    mobile.log_in(ben.email)
    mobile.post("auth/reauthenticate", {"password": PASSWORD})
    new = {"name": "Phone", "credential": credential}
    assert mobile.post("account/authenticators/webauthn", new).status_code == 400


@pytest.mark.parametrize("credential", [0, False, "extensions", "properties"])
def test_a_broken_passkey_is_not_kept(mobile: MobileClient, ben: User, credential: object) -> None:
    mobile.log_in(ben.email)
    mobile.post("auth/reauthenticate", {"password": PASSWORD})
    options = mobile.get("account/authenticators/webauthn").json()["data"]["creation_options"]
    if isinstance(credential, str):
        broken = {"extensions": 7, "properties": {"credProps": 7}}[credential]
        credential = {**Passkey().register(options), "clientExtensionResults": broken}
    new = {"name": "Phone", "credential": credential}
    assert mobile.post("account/authenticators/webauthn", new).status_code == 400
    assert mobile.get("account/authenticators").json()["data"] == []


def test_credential_that_is_no_json_is_400(client: Client, db: None) -> None:
    for credential in ["{", "[" * 5000, '"\\u0000"']:
        assert client.post("/accounts/2fa/webauthn/login/", {"credential": credential}).status_code == 400


def test_passkey_pages(client: Client, ben: User) -> None:
    assert client.get("/accounts/2fa/webauthn/login/", headers={"Accept": "application/json"}).status_code == 200
    log_in(client, ben.email)
    reauthenticate(client)
    page = client.get("/accounts/2fa/webauthn/add/")
    assert page.status_code == 200
    assert '"challenge"' in page.content.decode()
    assert client.get("/accounts/2fa/webauthn/").status_code == 200
