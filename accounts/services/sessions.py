"""Ends sessions: a browser's or a mobile client's, and with them every token that belongs to one.

The session's row goes first, then allauth's row about it: a refresh takes its locks in the same order.
"""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.models import User


@transaction.atomic
def end_session(session_key: str) -> None:
    """End one session. Idempotent."""
    Session.objects.filter(session_key=session_key).delete()
    UserSession.objects.filter(session_key=session_key).delete()


@transaction.atomic
def end_sessions_of(user: User) -> int:
    """End every session of a person, on all devices; returns how many there were. Idempotent."""
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()
    return len(keys)


def mark_seen(session_key: str) -> None:
    """Note that a session is in use now."""
    UserSession.objects.filter(session_key=session_key).update(last_seen_at=timezone.now())
