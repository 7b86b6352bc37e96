"""The accounts that a development site begins with, one of each kind; refused in production."""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts import roles
from accounts.models import User
from accounts.services import people


@dataclass(frozen=True)
class DemoAccount:
    """An account made for trying things out, with the only copy of its password in clear."""

    role: str
    email: str
    password: str


_DEMO_PEOPLE = (
    (roles.ADMIN, "admin@example.org", "Admin"),
    (roles.AUTHOR, "ada@example.org", "Ada"),
    (roles.LEARNER, "ben@example.org", "Ben"),
)


@transaction.atomic
def create_demo_accounts() -> list[DemoAccount]:
    """Create the demo accounts that are missing and return those, with new random passwords. Idempotent.

    Raises:
        ImproperlyConfigured: the site runs in production mode, where nobody asked for three open doors.
    """
    if settings.PRODUCTION:
        raise ImproperlyConfigured("demo accounts are for development only")
    made = []
    for role, email, name in _DEMO_PEOPLE:
        if User.objects.filter(email=email).exists():
            continue
        password = _readable_password()
        user = people.create_account(email=email, password=password, display_name=name)
        people.grant_role(user=user, role=role)
        if role == roles.ADMIN:
            user.is_superuser = True
            user.save(update_fields=["is_superuser"])
        people.mark_email_verified(user=user)
        made.append(DemoAccount(role, email, password))
    return made


def _readable_password() -> str:
    """Four words of two syllables and two digits, for example `kobi-rana-tule-miso-47`: 55 bits, easy to retype."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    words = ("".join(secrets.choice(syllables) for _ in range(2)) for _ in range(4))
    return "-".join([*words, f"{secrets.randbelow(100):02d}"])
