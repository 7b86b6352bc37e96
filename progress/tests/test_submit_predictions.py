"""Predictions may have 10 MB: nothing that takes long of them is done while others of the person's requests wait."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from courses.selectors import block_of
from courses.services.publishing import publish_lesson, save_draft
from progress.models import Attempt, Enrolment, PredictionFile
from progress.services import scoring
from progress.services.attempting import AnswerRefused, Conflict, submit_answer
from progress.services.enrolling import enroll, locked_enrolment
from progress.tests.practice_course import RIGHT, practice_course, predictions

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 200_000
PATIENCE = 60.0


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as threads:
        yield threads


def _course(ben, **fields):
    course, lesson = practice_course(predictions(**fields))
    enroll(user=ben, course=course)
    return lesson


def _many():
    """A file of labels with as many rows as are taken, and the answer with all of them right."""
    name = f"{'12' * 32}.private"
    if not default_storage.exists(f"private/{name}"):
        text = "label,split\n" + "".join(f"{row % 2},{'public' if row % 3 else 'private'}\n" for row in range(ROWS))
        default_storage.save(f"private/{name}", ContentFile(text.encode()))
    return name, "\n".join(f"{row % 2}" for row in range(ROWS))


def _submit(ben, lesson, answer, uid=None):
    try:
        return submit_answer(user=ben, lesson=lesson, block_id="p1", uid=uid or uuid4(), answer=answer)
    finally:
        connection.close()


def _wait_for_waiting():
    """Until another connection waits for a lock."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees the same all the time
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone():
                return
        time.sleep(0.02)
    raise AssertionError("nothing waits")


def test_what_waits_for_the_lock_has_read_and_scored_its_predictions(ben, pool):
    name, answer = _many()
    lesson = _course(ben, name=name)
    block = block_of(lesson, "p1")
    scoring.read_answer(block, answer)  # the labels are read once in a process
    began = time.perf_counter()
    scoring.judge_at_once(block, scoring.read_answer(block, answer).content, is_last=False)
    whole = time.perf_counter() - began
    with transaction.atomic():
        locked_enrolment(ben, lesson.course_id)
        sent = pool.submit(_submit, ben, lesson, answer)
        _wait_for_waiting()
    released = time.perf_counter()
    attempt = sent.result(PATIENCE)
    assert (attempt.verdict, attempt.outcome["rows"]) == ("passed", ROWS)
    assert time.perf_counter() - released < whole / 2
    assert (
        scoring.unpacked(bytes(PredictionFile.objects.get().content))[:2]
        == scoring.read_answer(block, answer).content[:2]
    )


def test_an_answer_that_was_read_before_a_publication_is_read_again_after_it(ben, pool):
    lesson = _course(ben)
    wrong = [1 - label for label in RIGHT]
    with transaction.atomic():
        new = predictions(labels=wrong, name=f"{'34' * 32}.private")
        save_draft(lesson=lesson, body={"version": 1, "blocks": [new]})
        publish_lesson(lesson=lesson)
        sent = pool.submit(_submit, ben, lesson, wrong)
        _wait_for_waiting()
    attempt = sent.result(PATIENCE)
    assert (attempt.verdict, attempt.revision) == ("passed", 2)
    assert Attempt.objects.count() == 1


def test_the_same_uid_is_the_first_attempt_whatever_comes_with_it(ben):
    lesson, uid = _course(ben), uuid4()
    first = _submit(ben, lesson, RIGHT, uid)
    assert _submit(ben, lesson, "no predictions", uid).pk == first.pk
    assert Attempt.objects.count() == 1


def test_who_has_no_try_is_told_so_whatever_the_answer_is(ben):
    lesson = _course(ben)
    for _ in range(2):
        _submit(ben, lesson, RIGHT)
    with pytest.raises(Conflict, match="All tries"):
        _submit(ben, lesson, "no predictions")


def test_what_cannot_be_read_changes_nothing(ben):
    lesson = _course(ben)
    before = Enrolment.objects.values().get()
    with pytest.raises(AnswerRefused):
        _submit(ben, lesson, "no predictions")
    assert Enrolment.objects.values().get() == before
