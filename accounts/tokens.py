"""The tokens of mobile clients: allauth's JWT strategy, made safe against two refreshes at once."""

from allauth.headless.internal.sessionkit import session_store
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal
from django.db import transaction


class TokenStrategy(JWTTokenStrategy):
    """Rotating refresh tokens whose state is in the session's row."""

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """A new access and refresh token, or None when the given one is not valid any more.

        The session's row is locked before the token is looked up in it. Without the lock two clients with one token
        both get an answer, and the one that saved last makes the other's new token a dead one.
        """
        payload = internal.decode_token(refresh_token, "refresh")
        if payload is None:
            return None
        session_key = internal.session_key_from_sid(payload["sid"])
        sessions = session_store().model.objects
        with transaction.atomic():
            if sessions.select_for_update().filter(session_key=session_key).first() is None:
                return None  # logged out
            return super().refresh_token(refresh_token)
