"""Deletes accounts: the person asks, may think again for some days, and then all that is theirs goes.

Whatever points at a person goes with the row by foreign keys, apps above this one included; what they wrote for others
(courses, publications) stays without their name. See docs/operating.md for the daily command.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import selectors
from accounts.models import User
from accounts.services.sessions import end_sessions_of

logger = logging.getLogger(__name__)


class LastSuperuser(Exception):
    """Without this account nobody could run the site."""

    def __init__(self) -> None:
        super().__init__("This is the last superuser of the site: make someone else one first.")


def grace_days() -> int:
    """How many days a person has to change their mind."""
    return int(settings.ACCOUNT_DELETION_GRACE_DAYS)


@transaction.atomic
def ask_for_deletion(*, user: User) -> datetime:
    """Mark an account, end its sessions and tokens on all devices, and say so by mail; returns when it will be deleted.

    Idempotent: asking again moves nothing and sends nothing. Without the mail nothing is changed: a deletion that
    nobody announced to the address could be somebody else's doing.

    Raises:
        LastSuperuser: nobody would be left to run the site.
    """
    row = _locked(user.pk)
    if row is None:
        raise User.DoesNotExist
    if row.deletion_due_at is None:
        if selectors.is_last_superuser(row):
            raise LastSuperuser
        row.deletion_due_at = timezone.now() + timedelta(days=grace_days())
        row.save(update_fields=["deletion_due_at"])
        _tell(row, "deletion_asked")
    end_sessions_of(row)
    return row.deletion_due_at


@transaction.atomic
def keep_account(*, user: User) -> None:
    """Take the wish to be deleted back. Idempotent."""
    User.objects.filter(pk=user.pk).update(deletion_due_at=None)
    user.deletion_due_at = None


def delete_due_accounts() -> tuple[int, list[str]]:
    """Delete the accounts whose time has come; returns how many, and the reasons of those that could not go.

    One transaction each, which locks the person's row first: what is written of them at this moment ends before, or
    finds nobody, and the two never wait for each other. Whoever takes the wish back at this moment either comes first,
    or finds no account any more.
    """
    deleted, problems = 0, []
    for pk in selectors.due_for_deletion(timezone.now()):
        with transaction.atomic():
            user = _locked(pk)
            if user is None or user.deletion_due_at is None or user.deletion_due_at > timezone.now():
                continue
            if selectors.is_last_superuser(user):
                problems.append(f"user {pk}: {LastSuperuser()}")
                continue
            _delete(user)
            deleted += 1
    return deleted, problems


@transaction.atomic
def delete_people(people: QuerySet[User]) -> None:
    """Delete accounts at once, without a word to anybody; the rows are locked first, as `delete_due_accounts` does."""
    chosen = list(User.objects.select_for_update().filter(pk__in=people.values("pk")).order_by("pk").values_list("pk"))
    User.objects.filter(pk__in=[pk for (pk,) in chosen]).delete()


def _locked(pk: int) -> User | None:
    """The person, locked; with all superusers where it is one, so that the last two cannot leave at the same moment."""
    superusers = User.objects.filter(is_superuser=True).order_by("pk")
    if superusers.filter(pk=pk).exists():
        list(superusers.select_for_update().values_list("pk"))
    return User.objects.select_for_update().filter(pk=pk).first()


def _delete(user: User) -> None:
    end_sessions_of(user)
    _tell(user, "deletion_done")
    logger.info("The account of user %s was deleted as its person asked.", user.pk)
    user.delete()


def _tell(user: User, what: str) -> None:
    context = {"due_at": user.deletion_due_at, "days": grace_days()}
    subject, body = (render_to_string(f"accounts/email/{what}_{part}.txt", context) for part in ("subject", "message"))
    send_mail(subject.strip(), body, None, [user.email])
