"""Whatever three devices did offline, and in whatever order and however often it arrives, the end is one and the same.

`pytest --hypothesis-profile=thorough progress/tests/test_sync_orders.py` tries 1,000 orders of 100 events.
"""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.tests.factories import UserFactory
from progress.models import Attempt, BlockResult, Enrolment, LessonCompletion, SavedWork, WorkVersion
from progress.services import syncing_versions
from progress.services.enrolling import enroll
from progress.services.recounting import differences
from progress.services.syncing import Event
from progress.tests.judged import body_of, judged_course, lesson_of, quiz
from progress.tests.practice_course import multiple
from progress.tests.syncing import Device, send, taken_long_ago

THOROUGH = settings.get_current_profile_name() == "thorough"
EXAMPLES, EVENTS = (1_000, 100) if THOROUGH else (200, 8)
DEVICES, LESSONS, MINUTES = 3, 2, 6
ANSWERS = {"ask": ["a", "b"], "m1": [["a"], ["c"], ["a", "b"]]}

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
    st.builds(lambda text: {"answer": text}, st.text("xyz")),
)
stories = st.lists(
    st.tuples(st.integers(0, DEVICES - 1), st.one_of(marks, answers, writings)), min_size=EVENTS // 2, max_size=EVENTS
)


@st.composite
def deliveries(draw):
    """What was done, and the batches in which it arrives: shuffled, in parts, and some of it again and again."""
    done = draw(stories)
    order = draw(st.permutations(range(len(done))))
    again = draw(st.lists(st.integers(0, len(done) - 1), max_size=len(done)))
    sent = [*order, *again]
    batches = []
    while sent:
        size = draw(st.integers(1, len(sent)))
        batches.append(sent[:size])
        sent = sent[size:]
    return done, batches


@pytest.fixture
def course(db):
    body = body_of(quiz(), multiple())
    return judged_course(*(body for _ in range(LESSONS)))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=deliveries())
def test_any_order_of_arrival_leaves_one_state_and_loses_nothing(course, story):
    done, batches = story
    learner = UserFactory()
    enrolment = taken_long_ago(enroll(user=learner, course=course))
    started = timezone.now() - timedelta(days=1)
    events = _events(course, done, started, learner.pk)
    arrived: set[UUID] = set()
    before = _achieved(enrolment)
    for batch in batches:
        brought = [events[index] for index in batch]
        outcomes = send(learner, *brought)
        assert {outcome.status for outcome in outcomes} <= {"applied", "duplicate"}
        arrived |= {event.uid for event in brought}
        after = _achieved(enrolment)
        _check_nothing_fell(before, after, [event for event in events if event.uid in arrived])
        before = after
    assert _state(enrolment) == _expected(events)
    assert all(send(learner, event)[0].status == "duplicate" for event in events)
    assert _state(enrolment) == _expected(events)
    _check_device(Device(learner).sync(), enrolment)
    assert [found for found in differences() if found.enrolment_id == enrolment.pk] == []


def _events(course, done, started: datetime, seed: int) -> list[Event]:
    """Uids rise and fall against the order of events, as real ones do, and are the same in every run."""
    places = [lesson_of(course, number).pk for number in range(LESSONS)]
    return [
        Event(
            UUID(int=(seed << 64) + (index * 7919 + device) % 10007 * 1000 + index, version=4),
            kind,
            places[lesson],
            started + timedelta(minutes=minute),
            block,
            content,
        )
        for index, (device, (kind, lesson, minute, block, content)) in enumerate(done)
    ]


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


def _last(events, kind, lesson):
    return max((event.at for event in events if (event.type, event.lesson_id) == (kind, lesson)), default=None)


def _is_completed(events, lesson):
    done, undone = _last(events, "completion", lesson), _last(events, "uncompletion", lesson)
    return done is not None and (undone is None or done >= undone)


def _expected(events):
    """The final state, by the rules as they are written down, from all events at once."""
    saved, versions = {}, set()
    for event in sorted((event for event in events if event.type == "work"), key=lambda one: (one.at, one.uid)):
        place = (event.lesson_id, event.block_id)
        if place in saved:
            versions.add((*place, saved[place][0]))
        saved[place] = (event.uid, event.content["answer"], event.at)
    best: dict = {}
    for event in events:
        if event.type == "attempt":
            place = (event.lesson_id, event.block_id)
            count, score = best.get(place, (0, 0))
            best[place] = (count + 1, max(score, _points(event)))
    return {
        "completed": {
            (lesson, _last(events, "completion", lesson))
            for lesson in {event.lesson_id for event in events}
            if _is_completed(events, lesson)
        },
        "attempts": {event.uid for event in events if event.type == "attempt"},
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
def _all_versions_are_kept(monkeypatch):
    """How many are kept is a test of its own: here the question is whether one is lost on the way."""
    monkeypatch.setattr(syncing_versions, "KEPT", 1_000)
