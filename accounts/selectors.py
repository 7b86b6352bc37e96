"""Reads about people. Selectors never write and state their query count."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS
from django.db.models import BigIntegerField, CharField, Subquery
from django.db.models.functions import Now

from accounts.models import User
from accounts.querysets import CompiledRows, Given

_COLUMNS = [field.attname for field in User._meta.concrete_fields]


def address_of(user: User) -> str:
    """How allauth's mails and messages name a person. No query."""
    return user.email


def roles_of(user: User) -> list[str]:
    """The names of a person's roles, in alphabetical order. One query."""
    return list(user.groups.order_by("name").values_list("name", flat=True))


def has_second_factor(user: User) -> bool:
    """Whether logging in takes a second step. One query."""
    return bool(is_mfa_enabled(user, types=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def is_email_taken(email: str, *, owner: User) -> bool:
    """Whether anyone but `owner` (saved or not) logs in with this address, or has verified it as a second one.

    Two queries at most.
    """
    address = User.objects.normalize_email(email)
    if User.objects.filter(email=address).exclude(pk=owner.pk).exists():
        return True
    return EmailAddress.objects.filter(email=address, verified=True).exclude(user_id=owner.pk).exists()


def person_with(*, email: str) -> User | None:
    """The active person with this address, None when there is none. 1 query."""
    return User.objects.filter(email=User.objects.normalize_email(email), is_active=True).first()


_PERSON_OF_SESSION = CompiledRows(
    lambda: (
        User.objects.filter(pk=Given("person", BigIntegerField()))
        .annotate(
            session_data=Subquery(
                Session.objects.filter(session_key=Given("key", CharField()), expire_date__gt=Now()).values(
                    "session_data"
                )
            )
        )
        .filter(session_data__isnull=False)
        .values(*_COLUMNS, "session_data")
    )
)


def person_and_session(*, person_id: int, session_key: str) -> tuple[User, str] | None:
    """The person, and what is stored of a session that is not over; None where either is missing. 1 query.

    Whose session it is, and whether the person may use it, is for the caller to say.
    """
    rows = _PERSON_OF_SESSION.rows(person=person_id, key=session_key)
    if not rows:
        return None
    *columns, data = rows[0].values()
    return User.from_db(DEFAULT_DB_ALIAS, _COLUMNS, columns), data


def is_last_superuser(user: User) -> bool:
    """Whether nobody else could run the site: no other superuser is active and going to stay. One query at most."""
    if not user.is_superuser:
        return False
    others = User.objects.filter(is_superuser=True, is_active=True, deletion_due_at=None).exclude(pk=user.pk)
    return not others.exists()


def due_for_deletion(now: datetime) -> list[int]:
    """The keys of those whose accounts are to be deleted by now, the longest due first. One query."""
    due = User.objects.filter(deletion_due_at__lte=now).order_by("deletion_due_at", "pk")
    return list(due.values_list("pk", flat=True))


def own_profile(user: User) -> dict[str, Any]:
    """What is stored about the person alone, but for the password's hash. One query."""
    names = ("id", "email", "display_name", "locale", "time_zone", "date_joined", "last_login", "deletion_due_at")
    return {**{name: getattr(user, name) for name in names}, "roles": roles_of(user)}


def own_addresses(user: User) -> Iterator[dict[str, Any]]:
    """The person's addresses. One query."""
    yield from EmailAddress.objects.filter(user=user).order_by("pk").values("email", "verified", "primary").iterator()


def own_second_factors(user: User) -> Iterator[dict[str, Any]]:
    """Kinds and dates of second factors; a secret would open the account to whoever finds the document. One query."""
    rows = Authenticator.objects.filter(user=user).order_by("pk")
    for row in rows.iterator():
        yield {"type": row.type, "name": str(row), "created_at": row.created_at, "last_used_at": row.last_used_at}


def own_sessions(user: User) -> Iterator[dict[str, Any]]:
    """Where the person is logged in; without the keys, which are passwords. One query."""
    fields = ("user_agent", "ip", "created_at", "last_seen_at")
    yield from UserSession.objects.filter(user=user).order_by("pk").values(*fields).iterator()


def own_admin_log(user: User) -> Iterator[dict[str, Any]]:
    """What the person changed in the admin. One query."""
    fields = ("action_time", "content_type__model", "object_repr", "action_flag", "change_message")
    yield from LogEntry.objects.filter(user_id=user.pk).order_by("pk").values(*fields).iterator()
