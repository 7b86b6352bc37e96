"""Which of two versions of saved work is the newer, and what becomes of the other one.

The order is total (time, then the event's uid), so that any order of arrival leaves the same version saved and the same
ones beside it. Whoever writes here holds the enrolment's lock.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from progress.models import SavedWork, WorkVersion

KEPT = 10  # other versions of a block, the newest: of 64 kB each at most


def newer(at: datetime, event: UUID, work: SavedWork) -> bool:
    """Whether a version of this time and uid takes the place of what is saved."""
    return (at, event.int) > (work.saved_at, work.event.int if work.event else 0)


def keep_late(place: dict[str, Any], content: Any, at: datetime, event: UUID) -> None:
    """Keep a version that came later than a newer one. `place` names enrolment, lesson and block."""
    WorkVersion.objects.create(**place, uid=event, content=content, saved_at=at)
    _trim(place)


def keep_displaced(place: dict[str, Any], work: SavedWork) -> None:
    """Keep what is saved, before a newer version is written over it. `place` as in `keep_late`."""
    WorkVersion.objects.create(**place, uid=work.event or uuid4(), content=work.content, saved_at=work.saved_at)
    _trim(place)


def _trim(place: dict[str, Any]) -> None:
    # The row stays as a tombstone for other devices; only its content goes.
    kept = WorkVersion.objects.filter(**place, content__isnull=False).order_by("-saved_at", "-uid")
    WorkVersion.objects.filter(pk__in=kept[KEPT:].values("pk")).update(content=None)
