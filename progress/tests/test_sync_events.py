"""What devices did offline goes in item by item: once, whatever the order, and with one final state."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from progress.models import Attempt, BlockResult, CheckJob, LessonCompletion, SavedWork, SyncEvent, WorkVersion
from progress.selectors.counting import counter_differences
from progress.services import syncing
from progress.services.attempting import submit_answer
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll, leave_course
from progress.services.recounting import differences
from progress.services.saving import drop_work, save_work
from progress.services.syncing_versions import KEPT
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz
from progress.tests.syncing import ago, event, send, taken_long_ago, work


@pytest.fixture
def lesson(ben):
    course = judged_course(body_of(quiz(), exercise()), body_of(quiz()))
    taken_long_ago(enroll(user=ben, course=course))
    return lesson_of(course)


def _statuses(outcomes):
    return [(outcome.status, outcome.reason) for outcome in outcomes]


def _is_done(lesson):
    return LessonCompletion.objects.filter(lesson=lesson, undone_at=None).exists()


def _reset():
    for model in (LessonCompletion, SavedWork, WorkVersion, SyncEvent):
        model.objects.all().delete()


def test_a_batch_is_applied_and_sent_again_it_is_a_duplicate(ben, lesson):
    batch = [
        event("completion", lesson, ago(9)),
        event("attempt", lesson, ago(8), "ask", "b"),
        work(lesson, ago(7), "x = 1"),
    ]
    first = send(ben, *batch)
    assert _statuses(first) == [("applied", "")] * 3
    assert (first[0].is_completed, first[2].is_current) == (True, True)
    assert (first[1].attempt["verdict"], first[1].attempt["score"]) == ("passed", 1)
    again = send(ben, *reversed(batch))
    assert _statuses(again) == [("duplicate", "")] * 3
    assert again[1].attempt == first[1].attempt
    assert (Attempt.objects.count(), LessonCompletion.objects.count(), SavedWork.objects.count()) == (1, 1, 1)
    assert SavedWork.objects.get().version == 1
    assert differences() == []


def test_the_same_event_twice_in_a_batch_is_applied_once(ben, lesson):
    answer = event("attempt", lesson, ago(5), "ask", "a")
    assert _statuses(send(ben, answer, answer)) == [("applied", ""), ("duplicate", "")]
    assert Attempt.objects.count() == 1


def test_an_answer_that_was_given_by_the_other_route_is_a_duplicate(ben, lesson):
    uid = uuid4()
    submit_answer(user=ben, lesson=lesson, block_id="ask", uid=uid, answer="b")
    [outcome] = send(ben, event("attempt", lesson, ago(5), "ask", "b", uid=uid))
    assert (outcome.status, outcome.attempt["verdict"]) == ("duplicate", "passed")
    assert BlockResult.objects.get().attempts == 1


def test_a_bad_event_spoils_nothing(ben, lesson):
    outcomes = send(
        ben,
        event("attempt", lesson, ago(9), "ask", "nonsense"),
        event("attempt", lesson, ago(9), "nowhere", "b"),
        event("work", lesson, ago(9), "ask", {"source": "of a quiz"}),
        event("completion", lesson, ago(9)),
    )
    assert _statuses(outcomes) == [
        ("rejected", "refused"),
        ("rejected", "not_found"),
        ("rejected", "refused"),
        ("applied", ""),
    ]
    assert SyncEvent.objects.count() == 1


def test_a_rejected_event_is_judged_anew_when_it_comes_again(ben, lesson):
    second = lesson_of(lesson.course, 1)
    second.completion_rule = "passed"
    second.save()
    done = event("completion", second, ago(9))
    assert _statuses(send(ben, done)) == [("rejected", "not_passed")]
    assert not _is_done(second)
    send(ben, event("attempt", second, ago(8), "ask", "b"))
    assert _statuses(send(ben, done)) == [("applied", "")]


def test_an_event_of_a_batch_finds_what_was_done_before_it(ben, lesson):
    second = lesson_of(lesson.course, 1)
    second.completion_rule = "passed"
    second.save()
    answered, done = event("attempt", second, ago(9), "ask", "b"), event("completion", second, ago(8))
    assert _statuses(send(ben, done, answered)) == [("applied", ""), ("applied", "")]


def test_a_uid_of_another_event_is_refused(ben, lesson):
    first = event("completion", lesson, ago(9))
    send(ben, first)
    other = event("attempt", lesson, ago(8), "ask", "b", uid=first.uid)
    assert _statuses(send(ben, other)) == [("rejected", "uid_reused")]
    assert Attempt.objects.count() == 0


def test_the_uid_of_another_person_takes_nothing_from_anybody(ben, cy, lesson):
    taken_long_ago(enroll(user=cy, course=lesson.course))
    mine = event("completion", lesson, ago(9))
    assert _statuses(send(ben, mine)) == _statuses(send(cy, mine)) == [("applied", "")]


def test_a_stranger_and_who_left_are_told_nothing(ben, cy, lesson):
    leave_course(user=ben, course=lesson.course)
    for person in (ben, cy):
        assert _statuses(send(person, event("completion", lesson, ago(9)))) == [("rejected", "not_found")]
    assert SyncEvent.objects.count() == 0


def test_code_is_queued_and_the_batch_does_not_wait(ben, lesson):
    [outcome] = send(ben, event("attempt", lesson, ago(9), "code", "def double(x):\n    return 2 * x\n"))
    assert (outcome.status, outcome.attempt["verdict"]) == ("applied", "pending")
    assert CheckJob.objects.get().claim is None


@pytest.mark.parametrize(
    ("marks", "is_done"),
    [
        ("C9 U5", False),
        ("U9 C5", True),
        ("C9 U7 C5", True),
        ("C9 C5 U7", True),
        ("U9 U5 C7", False),
        ("C5 U5", True),
    ],
)
def test_the_last_word_counts_in_any_order(ben, lesson, marks, is_done):
    moments = {minutes: ago(int(minutes)) for minutes in "579"}
    kinds = {"C": "completion", "U": "uncompletion"}
    events = [event(kinds[mark[0]], lesson, moments[mark[1]]) for mark in marks.split()]
    seen = set()
    for order in permutations(events):
        _reset()
        lesson.course.refresh_from_db()
        for one in order:
            send(ben, one)
        row = LessonCompletion.objects.get()
        seen.add((row.completed_at if is_done else None, row.undone_at))
        assert (row.undone_at is None) == is_done
        uncomplete_lesson(user=ben, lesson=lesson)  # for the counter, before the rows go
        assert counter_differences() == []
    assert len(seen) == 1


def test_a_late_uncompletion_takes_no_later_completion_away(ben, lesson):
    complete_lesson(user=ben, lesson=lesson)
    [outcome] = send(ben, event("uncompletion", lesson, ago(9)))
    assert (outcome.status, outcome.is_completed) == ("applied", True)
    assert _is_done(lesson)


def test_completing_again_on_the_web_counts_against_an_uncompletion_before_it(ben, lesson):
    send(ben, event("completion", lesson, ago(9)))
    complete_lesson(user=ben, lesson=lesson)
    send(ben, event("uncompletion", lesson, ago(5)))
    assert _is_done(lesson)


def test_completing_again_on_the_web_keeps_the_day(ben, lesson):
    send(ben, event("completion", lesson, at := ago(3 * 24 * 60)))
    complete_lesson(user=ben, lesson=lesson)
    assert LessonCompletion.objects.get().completed_at == at


def test_the_newest_work_wins_and_the_others_are_kept_in_any_order(ben, lesson):
    events = [work(lesson, ago(9 - number), f"x = {number}") for number in range(4)]
    for order in permutations(events):
        _reset()
        for one in order:
            send(ben, one)
        assert SavedWork.objects.get().content == {"source": "x = 3"}
        assert [row.content["source"] for row in WorkVersion.objects.order_by("saved_at")] == [
            "x = 0",
            "x = 1",
            "x = 2",
        ]


def test_at_the_same_moment_the_uid_decides(ben, lesson):
    moment = ago(5)
    events = sorted((work(lesson, moment, text) for text in "ab"), key=lambda one: one.uid)
    for order in (events, events[::-1]):
        _reset()
        send(ben, order[0])
        send(ben, order[1])
        assert SavedWork.objects.get().content == events[1].content
        assert WorkVersion.objects.get().content == events[0].content


def test_work_that_sync_displaces_is_kept_and_work_of_sync_too(ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "at the desk"})
    SavedWork.objects.update(saved_at=ago(9))
    assert send(ben, work(lesson, ago(5), "on the train"))[0].is_current
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "at the desk again"})
    assert SavedWork.objects.get().content == {"source": "at the desk again"}
    assert {row.content["source"] for row in WorkVersion.objects.all()} == {"at the desk", "on the train"}


def test_a_page_that_saves_every_second_keeps_no_versions(ben, lesson):
    for number in range(3):
        save_work(user=ben, lesson=lesson, block_id="code", content={"source": str(number)})
    assert WorkVersion.objects.count() == 0


def test_late_work_revives_nothing_that_was_thrown_away(ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "x"})
    drop_work(user=ben, lesson=lesson, block_id="code")
    [outcome] = send(ben, work(lesson, ago(5), "late"))
    assert (outcome.status, outcome.is_current) == ("applied", False)
    assert not SavedWork.objects.exists()
    assert WorkVersion.objects.get().content == {"source": "late"}


def test_the_newest_versions_are_kept_and_older_ones_go(ben, lesson):
    events = [work(lesson, ago(100 - number), str(number)) for number in range(KEPT + 3)]
    send(ben, *events[::2])
    send(ben, *events[1::2])
    kept = WorkVersion.objects.filter(content__isnull=False).order_by("saved_at")
    assert [row.content["source"] for row in kept] == [str(number) for number in range(2, KEPT + 2)]


def test_a_time_in_the_future_counts_as_now(ben, lesson):
    send(ben, work(lesson, timezone.now() + timedelta(days=9999), "from a clock of tomorrow"))
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "later in truth"})
    assert SavedWork.objects.get().content == {"source": "later in truth"}
    assert SavedWork.objects.get().saved_at <= timezone.now()


def test_a_time_before_the_course_was_taken_counts_as_that_moment(ben, lesson):
    send(ben, event("completion", lesson, datetime(1, 1, 1, tzinfo=UTC)))
    row = LessonCompletion.objects.get()
    assert row.completed_at == row.enrolment.enrolled_at


@pytest.mark.parametrize("sent_at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_no_clock_is_so_wrong_that_it_breaks_the_batch(ben, lesson, sent_at):
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        assert send(ben, event("completion", lesson, at), sent_at=sent_at)[0].status == "applied"


def test_a_clock_that_is_a_day_late_is_put_right(ben, lesson):
    day = timedelta(days=1)
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "an hour ago, by a right clock"})
    SavedWork.objects.update(saved_at=ago(60))
    send(ben, work(lesson, ago(5) - day, "five minutes ago"), sent_at=timezone.now() - day)
    assert SavedWork.objects.get().content == {"source": "five minutes ago"}


def test_a_batch_that_takes_too_long_goes_on_when_it_is_sent_again(ben, lesson, monkeypatch):
    batch = [event("completion", lesson, ago(9)), event("completion", lesson_of(lesson.course, 1), ago(8))]
    send(ben, batch[0])
    with monkeypatch.context() as patch:
        patch.setattr(syncing, "PATIENCE", -1.0)
        assert _statuses(send(ben, *batch)) == [("duplicate", ""), ("rejected", "later")]
    assert _statuses(send(ben, *batch)) == [("duplicate", ""), ("applied", "")]


@pytest.mark.parametrize(("kind", "budget"), [("completion", 8), ("uncompletion", 8), ("attempt", 12), ("work", 10)])
def test_an_event_costs_as_much_after_300_others_as_after_one(ben, lesson, kind, budget):
    block, content = {"attempt": ("limited", "a"), "work": ("code", {"source": "x"})}.get(kind, ("", None))
    lesson = _limited(ben)
    moments = iter(range(1_000))

    def batch(size):
        return [event(kind, lesson, ago(2_000 - next(moments)), block, content) for _ in range(size)]

    costs = []
    for before in (1, 300):
        send(ben, *batch(before))
        with CaptureQueriesContext(connection) as captured:
            outcomes = send(ben, *(events := batch(10)))
        assert _statuses(outcomes) == [("applied", "")] * 10
        sql = [query["sql"] for query in captured]
        costs.append(len(sql))
        # what is known of the events, the lesson and the block; the verdicts
        assert len(sql) <= 4 + budget * 10, "\n".join(sql[:40])
        assert not any("array_agg" in statement for statement in sql), "all attempts were counted anew"
        with CaptureQueriesContext(connection) as captured:
            send(ben, *events)
        assert len(captured) <= 2
    assert costs[0] == costs[1]


def test_the_first_event_of_a_place_costs_little_more(ben, lesson):
    for kind, block, content, budget in (
        ("completion", "", None, 10),
        ("attempt", "ask", "b", 15),  # points: the score, what is lost of it, and the result counted from its attempts
        ("attempt", "code", "x", 13),  # code: how much waits, and its place in the queue
        ("work", "code", {"source": "x"}, 11),
    ):
        with CaptureQueriesContext(connection) as captured:
            send(ben, event(kind, lesson, ago(9), block, content))
        assert len(captured) <= 4 + budget, "\n".join(query["sql"] for query in captured)


def _limited(ben):
    """A lesson with a question of which the tries are counted."""
    course = judged_course(body_of(quiz("limited", attempts=1_000), exercise()), body_of(quiz()))
    taken_long_ago(enroll(user=ben, course=course))
    return lesson_of(course)


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_comes_on_four_connections_at_once_is_applied_once(ben, lesson):
    batch = [
        *(event("attempt", lesson, ago(9), "ask", "ab"[number % 2]) for number in range(4)),
        *(work(lesson, ago(9 - number), str(number)) for number in range(4)),
        event("completion", lesson, ago(2)),
    ]

    def sent(number):
        try:
            return send(ben, *batch[number:], *batch[:number])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = [outcome for found in pool.map(sent, range(4)) for outcome in found]
    assert Counter(outcome.status for outcome in outcomes) == {"applied": 9, "duplicate": 27}
    assert (Attempt.objects.count(), BlockResult.objects.get().attempts) == (4, 4)
    assert (SavedWork.objects.get().content, WorkVersion.objects.count()) == ({"source": "3"}, 3)
    assert differences() == []
