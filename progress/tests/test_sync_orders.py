"""Whatever three devices did offline, and in whatever order and however often it arrives, the end is one and the same.

Each device has a clock of its own, which may be wrong, and may tell it or not. The clock of the server stands still
here, so that what is expected can be said to the microsecond.

`pytest --hypothesis-profile=thorough progress/tests/test_sync_orders.py` tries 1,000 orders of 100 events.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.tests.factories import UserFactory
from progress.models import Attempt, BlockResult, Enrolment, LessonCompletion, SavedWork, WorkVersion
from progress.services import syncing_versions
from progress.services.enrolling import enroll
from progress.services.recounting import differences
from progress.services.syncing import CLOCK_TOLERANCE, Event
from progress.tests.judged import body_of, judged_course, lesson_of, quiz
from progress.tests.practice_course import multiple
from progress.tests.syncing import Device, send, taken_long_ago

THOROUGH = settings.get_current_profile_name() == "thorough"
EXAMPLES, FEWEST, MOST = (1_000, 100, 100) if THOROUGH else (90, 3, 12)
DEVICES, LESSONS, MINUTES = 3, 2, 6
ANSWERS = {"ask": ["a", "b"], "m1": [["a"], ["c"], ["a", "b"]]}
NOW = timezone.now()


@dataclass(frozen=True)
class Clock:
    """How far a device's clock is ahead, and whether the device says its time when it sends."""

    ahead: timedelta
    is_told: bool

    def shown(self, moment: datetime) -> datetime:
        return moment + self.ahead

    def put_right(self, moment: datetime, enrolled_at: datetime) -> datetime:
        """What counts as the time of something done at `moment`."""
        shown = self.shown(moment)
        if self.is_told and abs(self.ahead) > CLOCK_TOLERANCE:
            shown -= self.ahead
        return max(enrolled_at, min(shown, NOW))


@dataclass(frozen=True)
class Done:
    """An event, and when it was by the rules."""

    event: Event
    device: int
    at: datetime


lessons = st.integers(0, LESSONS - 1)
minutes = st.integers(0, MINUTES)  # few, so that events of different devices fall on the same moment
marks = st.tuples(st.sampled_from(["completion", "uncompletion"]), lessons, minutes, st.just(""), st.none())
answers = st.sampled_from(["ask", "m1"]).flatmap(
    lambda block: st.tuples(st.just("attempt"), lessons, minutes, st.just(block), st.sampled_from(ANSWERS[block]))
)
writings = st.tuples(
    st.just("work"),
    lessons,
    minutes,
    st.sampled_from(["ask", "m1"]),
    st.builds(lambda text: {"answer": text}, st.text("xyz", max_size=3)),
)
stories = st.lists(st.one_of(marks, answers, writings), min_size=FEWEST, max_size=MOST)
clocks = st.lists(
    st.builds(
        Clock,
        st.sampled_from([0, 0, 60, -60, 90, -3_600, 86_400, -20 * 86_400, 3_000 * 86_400]).map(
            lambda seconds: timedelta(seconds=seconds)
        ),
        st.booleans(),
    ),
    min_size=DEVICES,
    max_size=DEVICES,
)


@st.composite
def deliveries(draw):
    """What was done, the clocks, and the batches that arrive: shuffled, in parts, and some of it again and again."""
    done = draw(stories)
    others = draw(st.lists(st.integers(0, DEVICES - 1), min_size=len(done) - DEVICES, max_size=len(done) - DEVICES))
    devices = [*range(DEVICES), *others]
    order = draw(st.permutations(range(len(done))))
    again = draw(st.lists(st.integers(0, len(done) - 1), max_size=len(done)))
    sent = [*order, *again]
    batches = []
    while sent:
        size = draw(st.integers(1, len(sent)))
        part, sent = sent[:size], sent[size:]
        batches += [(device, mine) for device in range(DEVICES) if (mine := [n for n in part if devices[n] == device])]
    return list(zip(devices, done, strict=True)), draw(clocks), batches


@pytest.fixture
def course(db):
    body = body_of(quiz(), multiple())
    return judged_course(*(body for _ in range(LESSONS)))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(delivery=deliveries())
def test_any_order_of_arrival_leaves_one_state_and_loses_nothing(course, delivery):
    with transaction.atomic():
        _check(course, *delivery)
        transaction.set_rollback(True)


def _check(course, story, clocks, batches):
    learner = UserFactory()
    enrolment = taken_long_ago(enroll(user=learner, course=course))
    done = _done(course, story, clocks, enrolment.enrolled_at)
    arrived: set[UUID] = set()
    before = _achieved(enrolment)
    for device, batch in batches:
        brought = [done[index].event for index in batch]
        outcomes = send(learner, *brought, sent_at=_sent_at(clocks[device]))
        assert {outcome.status for outcome in outcomes} <= {"applied", "duplicate"}
        arrived |= {event.uid for event in brought}
        after = _achieved(enrolment)
        _check_nothing_fell(before, after, [one for one in done if one.event.uid in arrived])
        before = after
    assert _state(enrolment) == _expected(done)
    for device, clock in enumerate(clocks):
        mine = [one.event for one in done if one.device == device]
        assert {outcome.status for outcome in send(learner, *mine, sent_at=_sent_at(clock))} == {"duplicate"}
    assert _state(enrolment) == _expected(done)
    _check_device(Device(learner).sync(), enrolment)
    assert differences() == []


def _sent_at(clock: Clock) -> datetime | None:
    return clock.shown(NOW) if clock.is_told else None


def _done(course, story, clocks, enrolled_at: datetime) -> list[Done]:
    """Uids rise and fall against the order of events, as real ones do, and are the same in every run."""
    places = [lesson_of(course, number).pk for number in range(LESSONS)]
    started = NOW - timedelta(days=1)
    found = []
    for index, (device, (kind, lesson, minute, block, content)) in enumerate(story):
        uid = UUID(int=(index * 7919 + device) % 10007 * 1000 + index, version=4)
        moment = started + timedelta(minutes=minute)
        event = Event(uid, kind, places[lesson], clocks[device].shown(moment), block, content)
        found.append(Done(event, device, clocks[device].put_right(moment, enrolled_at)))
    return found


def _achieved(enrolment):
    completed = LessonCompletion.objects.filter(enrolment=enrolment, undone_at=None)
    scores = BlockResult.objects.filter(enrolment=enrolment)
    return (
        set(completed.values_list("lesson_id", flat=True)),
        {(row.lesson_id, row.block_uid): row.score for row in scores},
        Enrolment.objects.get(pk=enrolment.pk).score,
    )


def _check_nothing_fell(before, after, arrived):
    for lesson in before[0] - after[0]:
        assert not _is_completed(arrived, lesson), "a completion fell without a later word of its person"
    assert all(after[1][place] >= score for place, score in before[1].items())
    assert after[2] >= before[2]


def _last(done, kind, lesson):
    return max((one.at for one in done if (one.event.type, one.event.lesson_id) == (kind, lesson)), default=None)


def _is_completed(done, lesson):
    completed, undone = _last(done, "completion", lesson), _last(done, "uncompletion", lesson)
    return completed is not None and (undone is None or completed >= undone)


def _expected(done):
    """The final state, by the rules as they are written down, from all events at once."""
    saved, versions = {}, set()
    for one in sorted((one for one in done if one.event.type == "work"), key=lambda one: (one.at, one.event.uid)):
        place = (one.event.lesson_id, one.event.block_id)
        if place in saved:
            versions.add((*place, saved[place][0]))
        saved[place] = (one.event.uid, one.event.content["answer"], one.at)
    answered = [one.event for one in done if one.event.type == "attempt"]
    best: dict = {}
    for event in answered:
        place = (event.lesson_id, event.block_id)
        count, score = best.get(place, (0, 0))
        best[place] = (count + 1, max(score, _points(event)))
    return {
        "completed": {
            (lesson, _last(done, "completion", lesson))
            for lesson in {one.event.lesson_id for one in done}
            if _is_completed(done, lesson)
        },
        "attempts": {event.uid for event in answered},
        "results": best,
        "saved": saved,
        "versions": versions,
        "score": sum(score for _, score in best.values()),
    }


def _points(event):
    if event.block_id == "ask":
        return 1 if event.content == "b" else 0
    return {("a",): 1, ("c",): 0, ("a", "b"): 2}[tuple(event.content)]


def _state(enrolment):
    mine = {"enrolment": enrolment}
    completed = LessonCompletion.objects.filter(**mine, undone_at=None)
    return {
        "completed": set(completed.values_list("lesson_id", "completed_at")),
        "attempts": set(Attempt.objects.filter(**mine).values_list("uid", flat=True)),
        "results": {
            (row.lesson_id, row.block_uid): (row.attempts, row.score) for row in BlockResult.objects.filter(**mine)
        },
        "saved": {
            (row.lesson_id, row.block_uid): (row.event, row.content["answer"], row.saved_at)
            for row in SavedWork.objects.filter(**mine)
        },
        "versions": {
            (row.lesson_id, row.block_uid, row.uid) for row in WorkVersion.objects.filter(**mine, content__isnull=False)
        },
        "score": Enrolment.objects.get(pk=enrolment.pk).score,
    }


def _check_device(device, enrolment):
    """A device that begins now knows the same."""
    state = _state(enrolment)
    assert {name[1] for name in device.of_kind("completion")} == {lesson for lesson, _ in state["completed"]}
    assert {UUID(name[3]) for name in device.of_kind("attempt")} == state["attempts"]
    assert {(name[1], name[2]): value["answer"] for name, value in device.of_kind("work").items()} == {
        place: answer for place, (_, answer, _) in state["saved"].items()
    }
    assert {(name[1], name[2], UUID(name[3])) for name in device.of_kind("work_version")} == state["versions"]


@pytest.fixture(autouse=True)
def _the_clock_stands(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture(autouse=True)
def _all_versions_are_kept(monkeypatch):
    """How many are kept is a test of its own: here the question is whether one is lost on the way."""
    monkeypatch.setattr(syncing_versions, "KEPT", 1_000)
