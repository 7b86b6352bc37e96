"""What changed for a person since a cursor, as absolute values, tombstones among them. 1 query for a page.

A cursor holds a snapshot of the database, and not a time or a number: see docs/decisions/0012-sync.md for why it skips
nothing that was committed late. Every row carries the transaction that wrote it last (`change`); new is what the
cursor's snapshot could not see.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import connection

from courses.models import Course
from progress.models import Attempt
from progress.selectors.attempts import WAITING
from progress.selectors.changes_sql import PAGE

PAGE_SIZE, PAGE_SIZE_MAX = 100, 200
PAGE_CHARACTERS = 1_000_000  # a page ends after the change that passes this; one change may have 64,000 and more
RUNNING_KEPT = 50  # transactions that a cursor names; from the next one on everything counts as not seen
CURSOR_LENGTH = 4_000  # characters; gunicorn takes 4,094 for a request's first line

_SNAPSHOT = re.compile(r"(\d+):(\d+):([\d,]*)")


class BadCursor(ValueError):
    """Not a cursor that this person was given."""


@dataclass(slots=True)
class Changes:
    """A page of changes. `is_reset`: the cursor was of another life of the database, and this begins from nothing."""

    changes: list[dict[str, Any]]
    cursor: str
    has_more: bool
    is_reset: bool


@dataclass(slots=True)
class _Cursor:
    """`since`: what the device has seen; while it reads pages, `until` is what it will have seen after the last one."""

    epoch: str
    since: str | None
    until: str | None = None
    position: tuple[int, int, int] | None = None


def changes_of(*, user: Any, cursor: str = "", page_size: int = PAGE_SIZE) -> Changes:
    """The next page of what changed for a person since `cursor`; without one, everything. 1 query.

    Raises:
        BadCursor: the text is not a cursor of this person.
    """
    at = _read(user, cursor) if cursor else _Cursor("", None)
    change, kind, row = at.position or (None, None, None)
    values = {
        "user": user.pk, "epoch": at.epoch, "since": at.since, "limit": page_size + 1, "change": change, "n": kind,
        "id": row, "open": [Course.Status.PUBLISHED, Course.Status.ARCHIVED],
    }  # fmt: skip
    with connection.cursor() as database:
        database.execute(PAGE, values)
        rows = database.fetchall()
    epoch, snapshot, is_known = rows[0][:3]
    found = [item[3:] for item in rows if item[3] is not None]
    taken = _bounded(found, page_size)
    has_more = len(taken) < len(found)
    is_reset = bool(cursor) and not is_known
    until = snapshot if at.until is None or is_reset else at.until
    if has_more:
        since = None if is_reset else at.since
        following = _Cursor(epoch, since, until, (taken[-1][0], taken[-1][1], taken[-1][2]))
    else:
        following = _Cursor(epoch, until)
    return Changes([_document(item[3]) for item in taken], _written(user, following), has_more, is_reset)


def _bounded(found: list[Any], page_size: int) -> list[Any]:
    taken: list[Any] = []
    characters = 0
    for item in found[:page_size]:
        taken.append(item)
        characters += len(item[3])
        if characters > PAGE_CHARACTERS:
            break
    return taken


def _document(text: str) -> dict[str, Any]:
    document = json.loads(text)
    if "attempt" in document and document["attempt"]["verdict"] == Attempt.Verdict.PENDING:
        document["attempt"]["feedback"] = {"message": WAITING}
    for part in document.values():
        if isinstance(part, dict):
            for name, value in part.items():
                if name.endswith("_at") and value:
                    part[name] = value.replace("+00:00", "Z")  # as the rest of the API has it
    return document


def _salt(user: Any) -> str:
    return f"progress.sync.{user.pk}"


def _written(user: Any, cursor: _Cursor) -> str:
    parts = [cursor.epoch, _short(cursor.since), _short(cursor.until), cursor.position]
    return signing.dumps(parts, salt=_salt(user), compress=True)


def _read(user: Any, text: str) -> _Cursor:
    if len(text) > CURSOR_LENGTH:
        raise BadCursor("is too long for a cursor")
    try:
        epoch, since, until, position = signing.loads(text, salt=_salt(user))
    except signing.BadSignature as error:
        raise BadCursor("is not a cursor of yours") from error
    return _Cursor(epoch, since, until, tuple(position) if position else None)


def _short(snapshot: str | None) -> str | None:
    """The snapshot with few transactions named. It sees less than the whole one: some changes come twice."""
    parts = _SNAPSHOT.fullmatch(snapshot or "")
    if parts is None:
        return snapshot
    running = [number for number in parts[3].split(",") if number]
    if len(running) <= RUNNING_KEPT:
        return snapshot
    return f"{parts[1]}:{running[RUNNING_KEPT]}:{','.join(running[:RUNNING_KEPT])}"
