"""Reads about people. Selectors never write and state their query count."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled

from accounts.models import User


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
