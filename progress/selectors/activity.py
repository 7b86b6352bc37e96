"""What a person did day by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from progress.models import LessonCompletion

ACTIVITY_WEEKS = 26


@dataclass(slots=True)
class ActivityDay:
    """A square of the activity chart. `level` is 0 (none) to 4."""

    date: date
    count: int
    level: int


def activity(*, user: Any, today: date | None = None) -> list[list[ActivityDay]]:
    """Completed lessons a day over the last 26 weeks, Monday first; the running week is short. 1 query.

    A day is one in the person's own time zone.
    """
    zone = ZoneInfo(user.time_zone)
    today = today or timezone.localdate(timezone=zone)
    first = today - timedelta(days=today.weekday(), weeks=ACTIVITY_WEEKS - 1)
    rows = (
        LessonCompletion.objects.filter(
            enrolment__user=user, undone_at=None, completed_at__gte=datetime.combine(first, time.min, zone)
        )
        .annotate(day=TruncDate("completed_at", tzinfo=zone))
        .values("day")
        .annotate(n=Count("*"))
        .values_list("day", "n")
    )
    counts = dict(rows)
    days = [first + timedelta(days=offset) for offset in range((today - first).days + 1)]
    squares = [ActivityDay(day, counts.get(day, 0), min(4, counts.get(day, 0))) for day in days]
    return [squares[start : start + 7] for start in range(0, len(squares), 7)]


def activity_text(weeks: Iterable[list[ActivityDay]]) -> str:
    """The activity chart in one sentence, for those who do not see it. No query."""
    days = [day for week in weeks for day in week if day.count]
    lessons = sum(day.count for day in days)
    if not lessons:
        return f"No lesson completed in the last {ACTIVITY_WEEKS} weeks."
    return (
        f"{lessons} lesson{'s' if lessons > 1 else ''} completed on {len(days)} day{'s' if len(days) > 1 else ''} "
        f"in the last {ACTIVITY_WEEKS} weeks."
    )
