"""Every page under /accounts/ renders, under our content security policy and with nothing inline that it blocks."""

import json
from html.parser import HTMLParser

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.tests.clients import log_in, mailed_code, reauthenticate
from accounts.tests.passkeys import Passkey

ANONYMOUS = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_password_reset_completed",
    "account_inactive",
]
SIGNED_IN = [
    "accounts:profile",
    "accounts:delete",
    "account_logout",
    "account_reauthenticate",
    "account_email",
    "account_change_password",
    "account_inactive",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "usersessions_list",
]
WITH_SECOND_FACTOR = [
    "mfa_index",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
    "mfa_list_webauthn",
]
# Reached in the middle of a flow or about one key; the tests below go there.
IN_A_FLOW = [
    "account_email_verification_sent",
    "account_set_password",
    "account_confirm_password_reset_code",
    "account_complete_password_reset",
    "mfa_authenticate",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn",
]
# A file, an answer for a script, and the page of a way to log in that is not switched on.
NOT_PAGES = [
    "accounts:data",
    "accounts:keep",
    "mfa_download_recovery_codes",
    "mfa_login_webauthn",
    "account_confirm_login_code",
]


class Inline(HTMLParser):
    """Collects what the policy blocks: script and style that are not files, style and event attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_data = given.get("type") in {"application/json", "application/ld+json"}
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag}[{name}]" for name in given if name == "style" or name.startswith("on")]
        self.found += [f"{tag}[{name}]" for name, value in attrs if (value or "").strip().startswith("javascript:")]


def inline_parts(response: HttpResponse) -> list[str]:
    page = Inline()
    page.feed(response.content.decode())
    return page.found


def check(response: HttpResponse) -> None:
    assert response.status_code == 200, response.headers
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert inline_parts(response) == []
    # Built from our layout: allauth's own has no such link.
    assert 'class="skip-link"' in response.content.decode()


@pytest.mark.parametrize("name", ANONYMOUS)
def test_page_for_anyone(client: Client, db: None, name: str) -> None:
    check(client.get(reverse(name)))


@pytest.mark.parametrize("name", SIGNED_IN)
def test_page_for_the_signed_in(client: Client, ben: User, name: str) -> None:
    log_in(client, ben.email)
    reauthenticate(client)
    check(client.get(reverse(name)))


def test_only_address_offers_nothing_that_cannot_be_done(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    reauthenticate(client)
    assert "action_" not in client.get(reverse("account_email")).content.decode().replace("action_add", "")
    EmailAddress.objects.create(user=ben, email="ben@home.example.org")
    page = client.get(reverse("account_email")).content.decode()
    assert all(f'name="action_{name}"' in page for name in ("primary", "send", "remove"))


@pytest.mark.parametrize("name", WITH_SECOND_FACTOR)
def test_page_with_a_second_factor(client: Client, ben: User, name: str) -> None:
    log_in(client, ben.email)
    reauthenticate(client)
    TOTP.activate(ben, generate_totp_secret())
    RecoveryCodes.activate(ben)
    check(client.get(reverse(name)))


def test_pages_of_a_sign_up(client: Client, db: None) -> None:
    client.post(reverse("account_signup"), {"email": "new@example.org", "password1": "correct horse 47"})
    check(client.get(reverse("account_email_verification_sent")))


def test_pages_of_a_password_reset(client: Client, ben: User) -> None:
    client.post(reverse("account_reset_password"), {"email": ben.email})
    check(client.get(reverse("account_confirm_password_reset_code")))
    client.post(reverse("account_confirm_password_reset_code"), {"code": mailed_code(ben.email)})
    check(client.get(reverse("account_complete_password_reset")))


def test_page_of_the_second_step(client: Client, ben: User) -> None:
    TOTP.activate(ben, generate_totp_secret())
    log_in(client, ben.email)
    check(client.get(reverse("mfa_authenticate")))


def test_page_for_who_has_no_password(client: Client, ben: User) -> None:
    ben.set_unusable_password()
    ben.save()
    client.force_login(ben)
    check(client.get(reverse("account_set_password")))


def test_pages_of_a_passkey(client: Client, ben: User) -> None:
    log_in(client, ben.email)
    reauthenticate(client)
    options = client.get(reverse("mfa_add_webauthn")).context["js_data"]["creation_options"]
    form = {"name": "Phone", "credential": json.dumps(Passkey().register(options))}
    client.post(reverse("mfa_add_webauthn"), form)
    key = Authenticator.objects.get(user=ben, type=Authenticator.Type.WEBAUTHN)
    check(client.get(reverse("mfa_list_webauthn")))
    check(client.get(reverse("mfa_edit_webauthn", args=[key.pk])))
    check(client.get(reverse("mfa_remove_webauthn", args=[key.pk])))
    check(client.get(reverse("mfa_reauthenticate_webauthn")))


@pytest.mark.parametrize("page", ["", "add/", "{ben}/change/", "{ben}/password/", "{ben}/delete/", "{ben}/history/"])
def test_admin_pages_about_people_hold_nothing_inline(client: Client, boss: User, ben: User, page: str) -> None:
    client.force_login(boss)
    response = client.get("/admin/accounts/user/" + page.format(ben=ben.pk))
    assert response.status_code == 200
    assert inline_parts(response) == []


@pytest.mark.parametrize(
    "path",
    ["login/", "signup/", "password/reset/"],
)
def test_form_with_errors_renders(client: Client, db: None, path: str) -> None:
    check(client.post(f"/accounts/{path}", {}))


def test_too_many_requests_is_a_page(client: Client, db: None) -> None:
    for _attempt in range(21):
        response = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    assert response.status_code == 429
    assert 'class="skip-link"' in response.content.decode()
    assert "Content-Security-Policy" in response.headers


def test_no_page_is_forgotten() -> None:
    """A page that an update of allauth brings must be looked at, so it fails here until it is listed."""
    listed = {*ANONYMOUS, *SIGNED_IN, *WITH_SECOND_FACTOR, *IN_A_FLOW, *NOT_PAGES}
    assert {name for name in _names(get_resolver()) if name.startswith(("account", "mfa_", "usersessions_"))} == listed


def _names(resolver: URLResolver, namespace: str = "") -> set[str]:
    found = set()
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            if entry.name:
                found.add(f"{namespace}{entry.name}")
        elif (entry.namespace or "").startswith(("headless", "accounts_api", "admin")):
            continue
        else:
            found |= _names(entry, f"{entry.namespace}:" if entry.namespace else namespace)
    return found
