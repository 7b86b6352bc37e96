"""Tokens that are not good: forged, swapped, expired, malformed. Each is a 401 that says how to do it right."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from allauth.headless.tokens.strategies.jwt import internal
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User
from accounts.services import leaving
from accounts.services.sessions import end_sessions_of
from accounts.tests.clients import MobileClient
from accounts.tests.factories import PASSWORD, UserFactory

_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = _RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = _RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def signed(claims: Any, *, key: Any = None, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(claims, key or settings.SECRET_KEY, algorithm=algorithm, headers=header or None)


def part(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def with_header(token: str, header: Any) -> str:
    """The token with another header; its signature is then of something else."""
    return ".".join([part(header), *token.split(".")[1:]])


def resigned(header: str, payload: str) -> str:
    """Any two texts as a token that our key has signed: what a fault in the parser would meet."""
    import hashlib
    import hmac

    message = f"{part(header)}.{part(payload)}"
    digest = hmac.new(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256).digest()
    return f"{message}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def changed(**values: Any) -> Callable[[MobileClient], str]:
    """A token that our key has signed, with other claims; None takes a claim out."""

    def make(mobile: MobileClient) -> str:
        claims = {**claims_of(mobile.access_token), **values}
        return signed({name: value for name, value in claims.items() if value is not None})

    return make


def flipped(token: str, index: int) -> str:
    """The token with one character of one of its three parts changed."""
    parts = token.split(".")
    text = parts[index]
    middle = len(text) // 2
    parts[index] = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]
    return ".".join(parts)


def of_another_session(mobile: MobileClient) -> str:
    """The claims of one person with the session of another."""
    other = MobileClient()
    other.log_in(UserFactory().email)
    return signed({**claims_of(mobile.access_token), "sid": claims_of(other.access_token)["sid"]})


FORGED: dict[str, Callable[[MobileClient], str]] = {
    # The algorithm
    "alg none": lambda m: jwt.encode(claims_of(m.access_token), None, algorithm="none"),
    "alg None": lambda m: with_header(m.access_token, {"alg": "None", "typ": "JWT"}).rpartition(".")[0] + ".",
    "alg nOnE with its signature": lambda m: with_header(m.access_token, {"alg": "nOnE", "typ": "JWT"}),
    "alg missing": lambda m: with_header(m.access_token, {"typ": "JWT"}),
    "alg of another type": lambda m: with_header(m.access_token, {"alg": ["HS256"]}),
    "HS384 with our key": lambda m: signed(claims_of(m.access_token), algorithm="HS384"),
    "HS512 with our key": lambda m: signed(claims_of(m.access_token), algorithm="HS512"),
    "RS256 with a key of one's own": lambda m: signed(claims_of(m.access_token), key=PRIVATE, algorithm="RS256"),
    "HS256 keyed with a public key": lambda m: resigned_with(claims_of(m.access_token), PUBLIC),
    "RS256 in the header of ours": lambda m: with_header(m.access_token, {"alg": "RS256", "typ": "JWT"}),
    # The key
    "another key": lambda m: signed(claims_of(m.access_token), key="x" * 64),
    "an empty key": lambda m: resigned_with(claims_of(m.access_token), b""),
    "a key in the header": lambda m: signed(claims_of(m.access_token), key="x" * 64, jwk={"kty": "oct", "k": "eHh4"}),
    "a key named by path": lambda m: signed(claims_of(m.access_token), key="x" * 64, kid="../../dev/null"),
    "a key at an address": lambda m: signed(claims_of(m.access_token), key="x" * 64, jku="https://example.org/k"),
    "the first half of our key": lambda m: signed(claims_of(m.access_token), key=settings.SECRET_KEY[:32]),
    # The signature and the parts
    "truncated by one": lambda m: m.access_token[:-1],
    "truncated by half": lambda m: m.access_token[: len(m.access_token) // 2],
    "no signature": lambda m: m.access_token.rpartition(".")[0] + ".",
    "two parts": lambda m: m.access_token.rpartition(".")[0],
    "four parts": lambda m: m.access_token + "." + m.access_token.rpartition(".")[2],
    "a dot in front": lambda m: "." + m.access_token,
    "a dot behind": lambda m: m.access_token + ".",
    "dots alone": lambda m: "..",
    "a changed header": lambda m: flipped(m.access_token, 0),
    "changed claims": lambda m: flipped(m.access_token, 1),
    "a changed signature": lambda m: flipped(m.access_token, 2),
    "claims of another token": lambda m: ".".join(
        [m.access_token.split(".")[0], m.refresh_token.split(".")[1], m.access_token.split(".")[2]]
    ),
    "in upper case": lambda m: m.access_token.upper(),
    "in quotes": lambda m: f'"{m.access_token}"',
    # What is inside
    "header of deep brackets": lambda m: f"{part('[' * 2500)}.{m.access_token.split('.')[1]}.AAAA",
    "claims of deep brackets, signed": lambda m: resigned('{"alg":"HS256"}', "[" * 2500),
    "claims that are a list, signed": lambda m: resigned('{"alg":"HS256"}', "[1, 2]"),
    "claims that are no JSON, signed": lambda m: resigned('{"alg":"HS256"}', "not json"),
    "claims that never end, signed": lambda m: resigned(
        '{"alg":"HS256"}', json.dumps(claims_of(m.access_token))[:-1] + ', "exp": Infinity}'
    ),
    "compressed": lambda m: signed(claims_of(m.access_token), key="x" * 64, zip="DEF"),
    "100 kB": lambda m: signed({**claims_of(m.access_token), "more": "x" * 100_000}),
    "letters of other scripts": lambda m: m.access_token[:-4] + "жжжж",
    "a look-alike of a dot": lambda m: m.access_token.replace(".", "\N{ONE DOT LEADER}", 1),
    "letters as a server hands them on": lambda m: m.access_token[:-4] + "жж".encode().decode("latin-1"),
    # The claims, under our own signature
    "a refresh token": lambda m: m.refresh_token,
    "the session token": lambda m: m.session_token,
    "another audience": changed(aud="urn:ml-practicum:other"),
    "several audiences": changed(aud=["urn:ml-practicum:api", "x"]),
    "no audience": changed(aud=None),
    "expired by a second": lambda m: changed(exp=int(time.time()) - 1)(m),
    "expires now": lambda m: changed(exp=int(time.time()))(m),
    "never expires": changed(exp=None),
    "expiry as text": lambda m: changed(exp=str(int(time.time()) + 300))(m),
    "expiry with a fraction": lambda m: changed(exp=time.time() + 300)(m),
    "expiry that is true": changed(exp=True),
    "not before tomorrow": lambda m: changed(nbf=int(time.time()) + 86_400)(m),
    "issued tomorrow": lambda m: changed(iat=int(time.time()) + 86_400)(m),
    "no time of issue": changed(iat=None),
    "no use": changed(token_use=None),
    "another use": changed(token_use="id"),
    "no subject": changed(sub=None),
    "another subject": lambda m: changed(sub=str(UserFactory().pk))(m),
    "a subject that is nobody": changed(sub="0"),
    "a subject that is a number": lambda m: changed(sub=int(claims_of(m.access_token)["sub"]))(m),
    "a subject that is SQL": changed(sub="1 OR 1=1"),
    "no session": changed(sid=None),
    "a session that is a list": changed(sid=["x"]),
    "an empty session": changed(sid=""),
    "a session that is no base64": changed(sid="%%%"),
    "a session of other letters": changed(sid="ж" * 20),
    "a session too short to open": changed(sid="AAAA"),
    "a session that is not there": lambda m: changed(sid=internal.session_key_to_sid("a" * 32))(m),
    "a session key with a NUL": lambda m: changed(sid=internal.session_key_to_sid("a" * 31 + "\0"))(m),
    "the session's key in clear": lambda m: changed(sid=m.session_token)(m),
    "the session of someone else": of_another_session,
    "no id": changed(jti=None),
    "an id that is a number": changed(jti=7),
}


def resigned_with(claims: dict[str, Any], key: bytes) -> str:
    """HS256 with a key that PyJWT refuses to sign with: a PEM, or nothing."""
    import hashlib
    import hmac

    message = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}"
    digest = hmac.new(key, message.encode(), hashlib.sha256).digest()
    return f"{message}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def logged_out(mobile: MobileClient, ben: User) -> None:
    mobile.delete("auth/session")


def session_row_deleted(mobile: MobileClient, ben: User) -> None:
    Session.objects.all().delete()


def session_expired(mobile: MobileClient, ben: User) -> None:
    from django.utils import timezone

    Session.objects.update(expire_date=timezone.now())


def inactive(mobile: MobileClient, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(is_active=False)


def deleted(mobile: MobileClient, ben: User) -> None:
    ben.delete()


def password_changed(mobile: MobileClient, ben: User) -> None:
    ben.set_password("another good 47 phrase")
    ben.save()


def backend_removed(mobile: MobileClient, ben: User) -> None:
    session = SessionStore(mobile.session_token)
    session[BACKEND_SESSION_KEY] = "accounts.old.Backend"
    session.save()


def session_of_another_kind(mobile: MobileClient, ben: User) -> None:
    session = SessionStore(mobile.session_token)
    del session[HASH_SESSION_KEY]
    session.save()


def session_unreadable(mobile: MobileClient, ben: User) -> None:
    Session.objects.update(session_data="x:y:z")


def ended_everywhere(mobile: MobileClient, ben: User) -> None:
    end_sessions_of(ben)


def deletion_asked(mobile: MobileClient, ben: User) -> None:
    leaving.ask_for_deletion(user=ben)


def family_revoked(mobile: MobileClient, ben: User) -> None:
    first = mobile.refresh_token
    thief = MobileClient()
    assert thief.refresh(first).status_code == 200
    assert mobile.refresh(first).status_code == 400


ENDINGS = [
    logged_out,
    session_row_deleted,
    session_expired,
    inactive,
    deleted,
    password_changed,
    backend_removed,
    session_of_another_kind,
    session_unreadable,
    ended_everywhere,
    deletion_asked,
    family_revoked,
]

HEADERS = [
    "Bearer",
    "Bearer ",
    "bearer ",
    "Bearer  ",
    "Bearer {0} {0}",
    "Bearer {0},Bearer {0}",
    "Bearer {0}; x",
    "Bearer token={0}",
    "Bearer\x00{0}",
    "Bearer \xff\xfe",
    "{0}",
    "Token {0}",
    "JWT {0}",
    "Basic {0}",
    "Basic YmVuQGV4YW1wbGUub3JnOmNvcnJlY3QgaG9yc2UgNDc=",
    'Digest username="ben@example.org"',
    "Negotiate {0}",
    "Session {0}",
    ",Bearer {0}",
]


@pytest.fixture
def known(mobile: MobileClient, ben: User) -> MobileClient:
    """ben's phone, whose token is good."""
    mobile.log_in(ben.email)
    assert mobile.get("me").status_code == 200
    return mobile


def assert_refused(response: Any) -> None:
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response.json()["type"] == "urn:ml-practicum:problem:not-authenticated"
    assert "traceback" not in response.content.decode().lower()


def test_there_are_enough_of_them() -> None:
    assert len(FORGED) + len(ENDINGS) + len(HEADERS) >= 48


@pytest.mark.parametrize("kind", FORGED)
def test_it_is_no_access_token(known: MobileClient, kind: str) -> None:
    token = FORGED[kind](known)
    assert_refused(Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}))
    assert known.get("me").status_code == 200  # and its model is as good as before


@pytest.mark.parametrize("kind", FORGED)
def test_it_is_none_for_allauth_either(known: MobileClient, kind: str) -> None:
    token = FORGED[kind](known)
    response = Client().get("/api/v1/auth/session", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401
    assert response.json()["meta"]["is_authenticated"] is False


@pytest.mark.parametrize("kind", [kind for kind in FORGED if kind != "a refresh token"])
def test_it_is_no_refresh_token(known: MobileClient, kind: str) -> None:
    response = MobileClient().refresh(FORGED[kind](known) or "x")
    assert response.status_code == 400
    assert known.refresh().status_code == 200  # none of them ends the session


@pytest.mark.parametrize(
    "change", [{"aud": "x"}, {"exp": 1}, {"sub": "0"}, {"sid": "AAAA"}, {"jti": str(uuid.uuid4())}]
)
def test_a_changed_refresh_token_is_refused(known: MobileClient, change: dict[str, Any]) -> None:
    forged = signed({**claims_of(known.refresh_token), **change})
    assert MobileClient().refresh(forged).status_code == 400


def test_an_access_token_does_not_refresh(known: MobileClient) -> None:
    assert known.refresh(known.access_token).status_code == 400
    assert known.get("me").status_code == 200


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
def test_both_tokens_are_over(known: MobileClient, ben: User, ending: Callable[[MobileClient, User], None]) -> None:
    access, refresh = known.access_token, known.refresh_token
    ending(known, ben)
    assert_refused(MobileClient().get("me", token=access))
    assert MobileClient().refresh(refresh).status_code == 400


@pytest.mark.parametrize("header", HEADERS)
def test_it_is_no_way_to_send_one(known: MobileClient, header: str) -> None:
    assert_refused(Client().get("/api/v1/me", headers={"Authorization": header.format(known.access_token)}))


def test_the_scheme_may_be_written_in_any_case(known: MobileClient) -> None:
    """RFC 9110: schemes are not case-sensitive."""
    for scheme in ("bearer", "BEARER", "Bearer"):
        response = Client().get("/api/v1/me", headers={"Authorization": f"{scheme} {known.access_token}"})
        assert response.status_code == 200


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_bad_token_writes_nothing(known: MobileClient, ben: User, method: str) -> None:
    forged = signed(claims_of(known.access_token), key="x" * 64)
    assert_refused(known.request(method, "me", {"display_name": "Mallory"}, token=forged))
    ben.refresh_from_db()
    assert (ben.display_name, ben.deletion_due_at) == ("Ben", None)


def test_a_bad_token_is_not_made_good_by_a_cookie(known: MobileClient, client: Client, ben: User) -> None:
    client.force_login(ben)
    response = client.get("/api/v1/me", headers={"Authorization": "Bearer x.y.z"})
    assert_refused(response)


def test_a_token_of_a_clock_slightly_ahead_is_good(known: MobileClient) -> None:
    """Two web servers' clocks are never quite the same."""
    token = changed(iat=int(time.time()) + 5)(known)
    assert known.get("me", token=token).status_code == 200


def test_a_new_password_on_the_phone_ends_every_token_but_the_new_ones(known: MobileClient, ben: User) -> None:
    other, before = MobileClient(), known.access_token
    other.log_in(ben.email)
    response = known.post("account/password/change", {"current_password": PASSWORD, "new_password": "quite another 47"})
    assert response.status_code == 200
    assert_refused(other.get("me"))
    assert_refused(other.get("me", token=before))
    assert known.get("me").status_code == 200
    assert known.refresh().status_code == 200
