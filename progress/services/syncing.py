"""Applying what devices did offline: one event at a time, in any order and any number of times, to one final state.

Every event is a transaction of its own, so a bad one spoils nothing and a batch that is cut off is sent again as it is.
An event that was applied is known by its uid; a rejected one changed nothing and is judged anew when it comes again.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.utils import timezone

from courses.models import Lesson
from progress.models import Attempt, Enrolment, SyncEvent
from progress.selectors.attempts import WAITING
from progress.selectors.open_lessons import OpenLessons
from progress.selectors.practice import points
from progress.services.attempting import AnswerRefused, Changed, read_ahead, take_answer
from progress.services.checking import DATABASE_AWAY
from progress.services.completing import mark_completed, mark_open
from progress.services.enrolling import locked_enrolment
from progress.services.refusals import Conflict, LessonNotPassed
from progress.services.saving import keep_work

APPLIED, DUPLICATE, REJECTED = "applied", "duplicate", "rejected"
REASONS = ("malformed", "not_found", "refused", "conflict", "not_passed", "uid_reused", "later", "failed")
PATIENCE = 12.0  # seconds for a batch: a request that takes longer is given up by proxies, and its answer lost
STARTS = 3  # times that an event is begun when something came in between
CLOCK_TOLERANCE = timedelta(minutes=2)  # the way of a request takes seconds: within it a clock counts as right

# `get_or_create` does the same in four statements, and this is once an event.
_WRITE = f"""
    INSERT INTO {SyncEvent._meta.db_table} (user_id, uid, kind, lesson_id, block_uid, at, received_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (user_id, uid) DO NOTHING
"""  # noqa: S608 (constants)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """What a device did. `content` is an attempt's answer, or saved work as `{"source": …}` or `{"answer": …}`."""

    uid: UUID
    type: str
    lesson_id: int
    at: datetime
    block_id: str = ""
    content: Any = None

    @property
    def place(self) -> tuple[str, int, str]:
        return (self.type, self.lesson_id, self.block_id)


@dataclass(slots=True)
class Outcome:
    """What became of an event. `reason` is one of `REASONS`, `detail` says it in words; empty unless rejected."""

    uid: UUID
    status: str
    reason: str = ""
    detail: str = ""
    attempt: dict[str, Any] | None = None
    is_completed: bool | None = None
    is_current: bool | None = None


def apply_events(*, user: Any, events: Sequence[Event], sent_at: datetime | None = None) -> list[Outcome]:
    """Apply a batch; outcomes come in the order of the events.

    Events are applied in the order of their own times: what was completed after an answer finds the answer judged.
    `sent_at` is the device's time of sending: by it a clock that is wrong is put right. A time in the future counts as
    now, one before the course was taken as that moment.

    2 queries, 1 for each lesson and block, and for each event (its transaction's beginning and end included) 12 at
    most, however many came before it: a completion 10, saved work 11, a quiz's answer 12. What happens once in a
    while (points, the last lesson, a certificate, code that is queued) takes some more; an event that is known, none.
    """
    shift, deadline = _clock_error(sent_at), time.monotonic() + PATIENCE
    uids = {event.uid for event in events}
    known = {row.uid: _place_of(row) for row in SyncEvent.objects.filter(user=user, uid__in=uids)}
    lessons = OpenLessons(user)
    outcomes: list[Outcome | None] = [None] * len(events)
    for index in sorted(range(len(events)), key=lambda number: (events[number].at, events[number].uid)):
        event = events[index]
        if event.uid in known:
            outcomes[index] = _repeated(event, known[event.uid])
            continue
        if time.monotonic() > deadline:
            outcomes[index] = Outcome(event.uid, REJECTED, "later", "There was no time for it. Send it again.")
            continue
        outcome = outcomes[index] = _outcome(user, event, shift, lessons)
        if outcome.status != REJECTED:
            known[event.uid] = event.place
    found = [outcome for outcome in outcomes if outcome is not None]
    _add_verdicts(user, events, found)
    return found


def _clock_error(sent_at: datetime | None) -> timedelta:
    if sent_at is None:
        return timedelta(0)
    error = timezone.now() - sent_at
    return error if abs(error) > CLOCK_TOLERANCE else timedelta(0)


def _place_of(row: SyncEvent) -> tuple[str, int, str]:
    return (row.kind, row.lesson_id, row.block_uid)


def _repeated(event: Event, place: tuple[str, int, str]) -> Outcome:
    if event.place != place:
        return Outcome(event.uid, REJECTED, "uid_reused", "This uid is another event's: make a new one for each event.")
    return Outcome(event.uid, DUPLICATE)


def _outcome(user: Any, event: Event, shift: timedelta, lessons: OpenLessons) -> Outcome:
    try:
        return _begun(user, event, shift, lessons)
    except Http404:
        return Outcome(event.uid, REJECTED, "not_found", "There is no such thing here.")
    except AnswerRefused as refused:
        return Outcome(event.uid, REJECTED, "refused", str(refused))
    except ValidationError as refused:
        return Outcome(event.uid, REJECTED, "refused", " ".join(refused.messages))
    except LessonNotPassed as refused:
        return Outcome(event.uid, REJECTED, "not_passed", refused.detail)
    except Conflict as refused:
        return Outcome(event.uid, REJECTED, "conflict", refused.detail)
    except DATABASE_AWAY:
        raise  # nothing more would go in: the device sends the batch again
    except Exception:
        # A fault of ours in one event must not keep a device from ever getting rid of the others.
        log.exception("sync event %s of lesson %s was not applied", event.type, event.lesson_id)
        return Outcome(event.uid, REJECTED, "failed", "Something broke on our side. Send it again later.")


def _begun(user: Any, event: Event, shift: timedelta, lessons: OpenLessons) -> Outcome:
    lesson = lessons.lesson(event.lesson_id)
    for _ in range(STARTS - 1):
        try:
            return _applied(user, event, shift, lessons, lesson)
        except Changed as changed:
            lesson = changed.lesson
        except IntegrityError:
            pass  # another request took the attempt's uid in this moment: the next look finds it
    return _applied(user, event, shift, lessons, lesson)


def _applied(user: Any, event: Event, shift: timedelta, lessons: OpenLessons, lesson: Lesson) -> Outcome:
    outcome = Outcome(event.uid, APPLIED)
    if event.type == SyncEvent.Kind.ATTEMPT:
        place = {"user": user, "lessons": lessons, "lesson": lesson, "block_id": event.block_id, "uid": event.uid}
        ready = read_ahead(**place, answer=event.content)
    with transaction.atomic():
        enrolment = locked_enrolment(user, lesson.course_id)
        at = _put_right(event.at, shift, enrolment)
        # Under the lock, and looked at again: another request may have brought the same event in this moment.
        if not _is_new(user, event, at):
            return _repeated(event, _place_of(SyncEvent.objects.get(user=user, uid=event.uid)))
        if event.type == SyncEvent.Kind.ATTEMPT:
            _, is_new = take_answer(**place, enrolment=enrolment, ready=ready)
            outcome.status = APPLIED if is_new else DUPLICATE
            return outcome
        lesson, live = lessons.current(lesson)
        if event.type == SyncEvent.Kind.WORK:
            block = lessons.block(lesson, event.block_id, live)
            work = keep_work(
                enrolment=enrolment, lesson=lesson, block=block, content=event.content, at=at, event=event.uid
            )
            outcome.is_current = work is not None and work.event == event.uid
        else:
            mark = mark_completed if event.type == SyncEvent.Kind.COMPLETION else mark_open
            _, outcome.is_completed = mark(enrolment=enrolment, lesson=lesson, number=live.number, at=at)
        return outcome


def _is_new(user: Any, event: Event, at: datetime) -> bool:
    """Write the event down; False if it was. One statement, which waits for who writes the same uid at this moment."""
    values = [user.pk, event.uid, event.type, event.lesson_id, event.block_id, at, timezone.now()]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
        return cursor.rowcount == 1


def _put_right(at: datetime, shift: timedelta, enrolment: Enrolment) -> datetime:
    # The device's clock is a hint. From the future it would win over everything that comes after; and before the course
    # was taken there was nothing to do in it.
    try:
        at += shift
    except OverflowError:
        pass  # at an end of the calendar: bounded below all the same
    return max(enrolment.enrolled_at, min(at, timezone.now()))


def _add_verdicts(user: Any, events: Sequence[Event], outcomes: list[Outcome]) -> None:
    """What is known of each attempt now, of repeated ones too. 1 query where there are any."""
    asked = {
        event.uid
        for event, outcome in zip(events, outcomes, strict=True)
        if event.type == SyncEvent.Kind.ATTEMPT and outcome.status != REJECTED
    }
    if not asked:
        return
    rows = Attempt.objects.filter(enrolment__user=user, uid__in=asked)
    verdicts = {
        row.uid: {
            "verdict": row.verdict,
            "score": points(row.score),
            "max_score": points(row.max_score),
            "feedback": row.outcome or {"message": WAITING},
        }
        for row in rows
    }
    for event, outcome in zip(events, outcomes, strict=True):
        if event.type == SyncEvent.Kind.ATTEMPT and outcome.status != REJECTED:
            outcome.attempt = verdicts.get(event.uid)
