"""An account may be deleted while something of its person is written: neither waits for the other for ever.

Each test lines the two up behind a row that a third connection holds, in the order that locked them out of each other
when the write came to the person's row last.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Event
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.leaving import delete_due_accounts, delete_people
from progress.models import Attempt, CheckJob, Enrolment, SavedWork
from progress.services.checking import Claim, settle
from progress.services.enrolling import enroll
from progress.services.saving import save_work
from progress.services.scoring import Judgement
from progress.tests.judged import body_of, exercise, judged_course, lesson_of
from progress.tests.syncing import ago, event, send, taken_long_ago, work

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 60.0


@pytest.fixture
def lesson(ben):
    course = judged_course(body_of(exercise()))
    taken_long_ago(enroll(user=ben, course=course))
    User.objects.filter(pk=ben.pk).update(deletion_due_at=timezone.now() - timedelta(days=1))
    return lesson_of(course)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(3) as threads:
        yield threads


@contextmanager
def _held(pool, row):
    """Another connection has the row, until the block ends."""
    has_it, done = Event(), Event()

    def hold():
        with transaction.atomic():
            type(row).objects.select_for_update().get(pk=row.pk)
            has_it.set()
            assert done.wait(PATIENCE)
        connection.close()

    holder = pool.submit(hold)
    try:
        assert has_it.wait(PATIENCE)
        yield
    finally:
        done.set()
        holder.result(PATIENCE)


def _begun(pool, work, waiting: int) -> Future:
    """Start `work` on a connection of its own, and come back when so many connections wait for a lock."""

    def run():
        try:
            return work()
        finally:
            connection.close()

    future = pool.submit(run)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] == waiting:
                return future
        if future.done():
            future.result()
        time.sleep(0.02)
    raise AssertionError("nothing waits")


@pytest.mark.parametrize("delete", [delete_due_accounts, lambda: delete_people(User.objects.all())])
def test_an_account_is_deleted_in_the_moment_in_which_an_answer_of_it_is_settled(ben, lesson, pool, delete):
    send(ben, event("attempt", lesson, ago(9), "code", "def double(x):\n    return 2 * x\n"))
    job, token = CheckJob.objects.get(), uuid4()
    CheckJob.objects.update(claim=token, lease_until=timezone.now() + timedelta(minutes=2))
    claim = Claim(job.pk, job.attempt_id, token, 1)
    with _held(pool, job):
        deleted = _begun(pool, delete, 1)
        settled = _begun(pool, lambda: settle(claim=claim, judgement=Judgement(True, Decimal(2), {})), 2)
    deleted.result(PATIENCE)
    assert settled.result(PATIENCE) is None
    assert not User.objects.filter(pk=ben.pk).exists()
    assert not Enrolment.objects.exists()
    assert not Attempt.objects.exists()


def test_an_account_is_deleted_in_the_moment_in_which_an_event_of_it_is_applied(ben, lesson, pool):
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "x"})
    late = work(lesson, timezone.now(), "y")
    with _held(pool, SavedWork.objects.get()):
        sent = _begun(pool, lambda: send(ben, late), 1)
        deleted = _begun(pool, delete_due_accounts, 2)
    assert [outcome.status for outcome in sent.result(PATIENCE)] == ["applied"]
    assert deleted.result(PATIENCE) == (1, [])
    assert not SavedWork.objects.exists()


def test_an_event_of_an_account_that_is_being_deleted_finds_no_course(ben, lesson, pool):
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "x"})
    late = work(lesson, timezone.now(), "y")
    with _held(pool, SavedWork.objects.get()):
        deleted = _begun(pool, delete_due_accounts, 1)
        sent = _begun(pool, lambda: send(ben, late), 2)
    assert deleted.result(PATIENCE) == (1, [])
    assert [(outcome.status, outcome.reason) for outcome in sent.result(PATIENCE)] == [("rejected", "not_found")]
