"""Writes about people: accounts, profiles, roles. Raises Django's own exceptions; knows no request and no API."""

from typing import Any, cast

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Field

from accounts import roles, selectors
from accounts.models import User

TAKEN = "An account with this e-mail address exists already."


def create_account(
    *, email: str, password: str | None, display_name: str = "", locale: str = "en", time_zone: str = "UTC"
) -> User:
    """Create an active person with the role of learner, whose address is not verified yet.

    The password's strength is the caller's to check, because forms show it beside their field; None makes an account
    that cannot log in with a password.

    Raises:
        ValidationError: a dict by field. A known address is under "email", also when another request won the race.
    """
    user = User(
        email=User.objects.normalize_email(email), display_name=display_name, locale=locale, time_zone=time_zone
    )
    user.set_password(password)
    _check(user)
    try:
        with transaction.atomic():
            user.save()
            grant_role(user=user, role=roles.LEARNER)
    except IntegrityError as error:
        if not User.objects.filter(email=user.email).exists():
            raise
        # Two sign-ups with one address passed the check together; the constraint let one through.
        raise ValidationError({"email": TAKEN}) from error
    return user


def update_profile(
    *, user: User, display_name: str | None = None, locale: str | None = None, time_zone: str | None = None
) -> User:
    """Change the given parts of a profile; None leaves a part as it is. Idempotent; all of it or nothing.

    Raises:
        ValidationError: a dict by field; `user` is then unchanged.
    """
    wanted = {"display_name": display_name, "locale": locale, "time_zone": time_zone}
    cleaned: dict[str, str] = {}
    errors: dict[str, ValidationError] = {}
    for name, value in wanted.items():
        if value is None:
            continue
        try:
            field = cast("Field[str, str]", User._meta.get_field(name))
            cleaned[name] = field.clean(value.strip(), user)
        except ValidationError as error:
            errors[name] = error
    if errors:
        raise ValidationError(errors)
    changed = [name for name, value in cleaned.items() if getattr(user, name) != value]
    for name in changed:
        setattr(user, name, cleaned[name])
    if changed:
        user.save(update_fields=changed)
    return user


def grant_role(*, user: User, role: str) -> None:
    """Give a person a role of `accounts.roles`; roles whose work is in the admin make them staff. Idempotent.

    Raises:
        ValueError: there is no such role.
    """
    if role not in roles.ROLES:
        raise ValueError(f"{role!r} is not a role: {', '.join(roles.ROLES)}")
    with transaction.atomic():
        group, _created = Group.objects.get_or_create(name=role)
        user.groups.add(group)
        if role in roles.STAFF_ROLES and not user.is_staff:
            user.is_staff = True
            user.save(update_fields=["is_staff"])


@transaction.atomic
def mark_email_verified(*, user: User) -> None:
    """Count a person's address as verified, as if the code had been entered. Idempotent."""
    EmailAddress.objects.filter(user=user, primary=True).exclude(email=user.email).update(primary=False)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"primary": True, "verified": True})


@transaction.atomic
def change_email(*, user: User, email: str) -> User:
    """Make `email` the one address of a person, to be verified at the next login.

    Earlier addresses go: each of them could still log in and ask for a new password.

    Raises:
        ValidationError: a dict by field; the address is taken or is none.
    """
    user.email = User.objects.normalize_email(email)
    _check(user)
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"primary": True})
    return user


def _check(user: User) -> None:
    """Check every field, and that the address is free.

    Django's own checks of uniqueness are left out: they are several queries, and a sign-up that lands between two of
    them would put the fault under another name than "email".
    """
    faults: dict[str, list[Any]] = {}
    try:
        user.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        faults = dict(error.error_dict)
    if "email" not in faults and selectors.is_email_taken(user.email, owner=user):
        faults["email"] = [TAKEN]
    if faults:
        raise ValidationError(faults)
