"""The tokens of mobile clients: allauth's JWT strategy with a format and a refresh of our own.

An access token is good for minutes, a refresh token for one use. Both name a session, which is looked up each time. Of
a session's refresh tokens one is good (`TokenFamily`); one that was used before comes from a copy, so that whoever
holds the other copy is not to be trusted either, and the session ends. The lock of the session's row makes this exact.
"""

import hashlib
import logging
import re
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from allauth.account.internal.userkit import user_id_to_str
from allauth.core import context
from allauth.core.internal.httpkit import authenticated_user, get_authorization_credential
from allauth.headless import app_settings
from allauth.headless.internal.sessionkit import lookup_session
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import selectors
from accounts.models import TokenFamily, User
from accounts.services.sessions import end_session, mark_seen

AUDIENCE = "urn:ml-practicum:api"
MAX_LENGTH = 4096  # characters; ours have about 450
CLOCK_SKEW = 60  # seconds that two web servers' clocks may differ
REMEMBERED = 2048  # tokens whose signature was found good, with about 2 kB each
CLAIMS = ("aud", "exp", "iat", "jti", "sid", "sub", "token_use")
_SESSION_KEY = re.compile(r"[a-z0-9]{32}")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bearer:
    """A valid access token: its claims, and the session that it belongs to."""

    claims: dict[str, Any]
    session: SessionBase


class TokenStrategy(JWTTokenStrategy):
    """Makes and takes tokens for allauth's own routes."""

    def create_session_token(self, request: HttpRequest) -> str:
        """The session's key. A session that was given a new key, as a new password does, gets new tokens with it.

        allauth gives tokens only to whoever was nobody before the request, and the old ones ended with the old key:
        the app that changed the password would have to ask for it again.
        """
        key = super().create_session_token(request)
        if request.user.is_authenticated and not TokenFamily.objects.filter(session_id=key).exists():
            request.allauth.headless._pre_user = AnonymousUser()  # type: ignore[attr-defined]
        return key

    def create_access_token(self, request: HttpRequest) -> str | None:
        return _mint("access", authenticated_user(request), _saved_key(request.session))

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        """The first pair of tokens of a session that was just logged in."""
        user, key = authenticated_user(request), _saved_key(request.session)
        now = timezone.now()
        family, _made = TokenFamily.objects.update_or_create(
            session_id=key,
            defaults={"current": uuid.uuid4(), "previous": None, "retry_key": "", "issued_at": now},
        )
        return {"access_token": _mint("access", user, key), "refresh_token": _refresh_of(family, user)}

    def _get_access_token(self, request: HttpRequest) -> dict[str, Any] | None:
        token = get_authorization_credential(request, app_settings.JWT_AUTHORIZATION_HEADER_SCHEME)
        found = bearer_of(token) if token else None
        return found[1].claims if found else None

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """A new access and refresh token, or None when the given one is not good.

        A used token that comes back ends its session, with two exceptions. A request that ran beside the one that used
        the token is refused and no more: an app with two threads is no thief. And a request with the `Idempotency-Key`
        of the one that used it is its retry after a lost answer: it gets the successor again, while that is unused.
        """
        claims = _claims(refresh_token, "refresh")
        key = _session_key(claims)
        if claims is None or key is None:
            return None
        arrived = getattr(context.request, "arrived_at", None) or timezone.now()
        retry_key = _retry_key(context.request)
        with transaction.atomic():
            overlapped = not _lock(key, wait=False)
            if overlapped and not _lock(key, wait=True):
                return None  # logged out
            session, family = lookup_session(key), TokenFamily.objects.filter(session_id=key).first()
            user = internal.validate_token_user(claims, session) if session else None
            if session is None or user is None or family is None:
                return None
            if claims["jti"] == str(family.current):
                _rotate(family, session, retry_key)
            elif not (retry_key and retry_key == family.retry_key and claims["jti"] == str(family.previous)):
                if not overlapped and arrived > family.issued_at:
                    end_session(key)
                    logger.warning("A used refresh token came back; a session of user %s was ended.", user.pk)
                return None
            return _mint("access", user, key), _refresh_of(family, user)


def bearer_of(token: str) -> tuple[User, Bearer] | None:
    """Whose access token this is, None when it is not good.

    1 query: the person with the session. 1 more where this is not enough to say yes.
    """
    claims = _claims(token, "access")
    key = _session_key(claims)
    if claims is None or key is None or not _NUMBER.fullmatch(claims["sub"]):
        return None
    found = selectors.person_and_session(person_id=int(claims["sub"]), session_key=key)
    if found is None:
        return None
    user, session = found[0], _ReadSession(key, found[1])
    if not _is_logged_in(user, session, claims["sub"]):
        # Django's judgement, which also knows the keys of before (SECRET_KEY_FALLBACKS) and ends a stale session.
        user = internal.validate_token_user(claims, session)
    return (user, Bearer(claims, session)) if user else None


class _ReadSession(SessionStore):
    """A session whose stored text was read already."""

    key_salt = SessionStore().key_salt  # else it would be made of this class's name

    def __init__(self, key: str, stored: str) -> None:
        super().__init__(key)
        self._stored = stored

    def load(self) -> dict[str, Any]:
        return self.decode(self._stored)


def _is_logged_in(user: User, session: SessionBase, subject: str) -> bool:
    """Whether this session is the person's: of what `django.contrib.auth.get_user` asks, the common way to a yes."""
    return (
        session.get(SESSION_KEY) == subject == str(user.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and user.is_active
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    )


def _lock(key: str, *, wait: bool) -> bool:
    rows = Session.objects.filter(session_key=key).select_for_update(skip_locked=not wait)
    return rows.values_list("session_key", flat=True).first() is not None


def _rotate(family: TokenFamily, session: SessionBase, retry_key: str) -> None:
    """Put a new token in the place of the current one, and keep the session of whoever is active."""
    now = timezone.now()
    family.previous, family.current, family.retry_key, family.issued_at = family.current, uuid.uuid4(), retry_key, now
    family.save()
    # One column, not `session.save()`: that would write back what another request has changed in between.
    Session.objects.filter(pk=family.pk).update(expire_date=session.get_expiry_date())
    mark_seen(family.pk)


def _retry_key(request: HttpRequest | None) -> str:
    given = request.headers.get("Idempotency-Key", "") if request is not None else ""
    return hashlib.sha256(given.encode()).hexdigest() if given else ""


def _saved_key(session: SessionBase) -> str:
    if not session.session_key:
        session.save()
    return str(session.session_key)


def _refresh_of(family: TokenFamily, user: User) -> str:
    return _mint("refresh", user, family.session_id, jti=family.current, at=family.issued_at)


def _mint(use: str, user: User, key: str, *, jti: uuid.UUID | None = None, at: datetime | None = None) -> str:
    config = internal._get_jwt_config()
    now = at or timezone.now()
    lasts = {"access": app_settings.JWT_ACCESS_TOKEN_EXPIRES_IN, "refresh": app_settings.JWT_REFRESH_TOKEN_EXPIRES_IN}
    claims = {
        "aud": AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(seconds=lasts[use])).timestamp()),
        "jti": str(jti or uuid.uuid4()),
        "sid": internal.session_key_to_sid(key),
        "sub": user_id_to_str(user),
        "token_use": use,
    }
    return jwt.encode(claims, config.signing_key, config.algorithm, headers=internal.get_jwt_headers(config))


def _claims(token: str, use: str) -> dict[str, Any] | None:
    """What a token of ours says, None for anything else. Never raises, whatever it is given."""
    if len(token) > MAX_LENGTH or not token.isascii():
        return None
    config = internal._get_jwt_config()
    try:
        claims = _signed(token, config.verifying_key, config.algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return None  # the last ones: a header of a thousand brackets, an infinite number
    texts = all(isinstance(claims[name], str) for name in ("jti", "sid", "sub"))
    numbers = all(type(claims[name]) is int for name in ("iat", "exp"))
    if not texts or not numbers or claims["token_use"] != use:
        return None
    now = time.time()
    if claims["exp"] <= now or claims["iat"] > now + CLOCK_SKEW:
        return None
    return dict(claims)


@lru_cache(maxsize=REMEMBERED)
def _signed(token: str, key: Any, algorithm: str) -> dict[str, Any]:
    """The claims of a token with our signature; whether their time has come, or is over, is for the caller to see.

    An app shows the same token many times in its five minutes. Only what is signed is remembered: a refusal is an
    exception, so that forged tokens push nothing out.
    """
    options: Any = {"require": list(CLAIMS), "verify_iat": False, "verify_exp": False, "strict_aud": True}
    return jwt.decode(token, key, [algorithm], options, audience=AUDIENCE)


def _session_key(claims: dict[str, Any] | None) -> str | None:
    try:
        key = _deciphered(claims["sid"], settings.SECRET_KEY) if claims else None
    except ValueError:  # not ASCII, or too short to hold a nonce
        return None
    return key if key and _SESSION_KEY.fullmatch(key) else None


@lru_cache(maxsize=REMEMBERED)
def _deciphered(sid: str, _secret: str) -> str | None:
    """The session's key in a `sid`; the secret, by which allauth deciphers it, is what the answer depends on."""
    return internal.session_key_from_sid(sid)
