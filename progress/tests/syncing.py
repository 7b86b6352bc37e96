"""Events of devices and what a device learns from the changes, for tests of sync."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from accounts.models import User
from courses.models import Lesson
from progress.models import Enrolment
from progress.selectors.changes import changes_of
from progress.services.syncing import Event, Outcome, apply_events


def ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def event(
    kind: str, lesson: Lesson, at: datetime, block: str = "", content: Any = None, uid: UUID | None = None
) -> Event:
    return Event(uid or uuid4(), kind, lesson.pk, at, block, content)


def work(lesson: Lesson, at: datetime, source: str, block: str = "code", uid: UUID | None = None) -> Event:
    return event("work", lesson, at, block, {"source": source}, uid)


def send(user: User, *events: Event, sent_at: datetime | None = None) -> list[Outcome]:
    return apply_events(user=user, events=events, sent_at=sent_at)


def taken_long_ago(enrolment: Enrolment) -> Enrolment:
    """The same enrolment, of last week: events may be as old."""
    Enrolment.objects.filter(pk=enrolment.pk).update(enrolled_at=ago(7 * 24 * 60))
    enrolment.refresh_from_db()
    return enrolment


class Device:
    """A device that keeps what the changes tell it, as our documentation says."""

    def __init__(self, user: User, page_size: int = 50) -> None:
        self.user, self.page_size, self.cursor = user, page_size, ""
        self.known: dict[tuple[Any, ...], dict[str, Any]] = {}
        self.got: list[dict[str, Any]] = []

    def sync(self) -> "Device":
        self.got = []
        while True:
            page = self.page()
            if not page.has_more:
                return self

    def page(self) -> Any:
        page = changes_of(user=self.user, cursor=self.cursor, page_size=self.page_size)
        if page.is_reset:
            self.known.clear()
        for change in page.changes:
            self._take(change)
        self.cursor = page.cursor
        self.got += page.changes
        return page

    def _take(self, change: dict[str, Any]) -> None:
        kind = change["kind"]
        name = (kind, *(change.get(part) for part in ("course_id", "lesson_id", "block_id", "uid")))
        if not change["is_deleted"]:
            self.known[name] = change[kind]
            return
        self.known.pop(name, None)
        if kind == "enrolment":
            gone = [other for other in self.known if other[1] == change["course_id"] and other[0] != "certificate"]
            for other in gone:
                del self.known[other]

    def of_kind(self, kind: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        return {name[1:]: value for name, value in self.known.items() if name[0] == kind}
