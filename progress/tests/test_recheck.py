"""Checking passes again after a check has changed: nobody loses one by it."""

import io
import json

import pytest
from django.core.management import call_command
from django.http import Http404

from courses.selectors import block_of
from progress.models import Attempt, BlockResult, CheckJob, Enrolment
from progress.selectors.attempts import tries_left
from progress.services.attempting import Conflict
from progress.services.enrolling import enroll
from progress.services.rechecking import recheck_block
from progress.services.revealing import reveal_solution
from progress.tests.practice_course import (
    BAD,
    GOOD,
    RIGHT,
    answer,
    exercise,
    practice_course,
    predictions,
    republish,
    single,
    value_check,
)

HARDER = exercise(hidden_checks=[value_check("double(21)", 42), value_check("double(0)", 0)])
OTHER = exercise(hidden_checks=[value_check("double(21)", 43)])


pytestmark = pytest.mark.usefixtures("sandbox_runtime")


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def lesson(ben):
    course, lesson = practice_course(exercise(), single(), predictions(), slug="lines")
    enroll(user=ben, course=course)
    return lesson


def recheck(**options):
    out = io.StringIO()
    call_command("recheck", stdout=out, **options)
    return out.getvalue()


def outdated(lesson):
    result = BlockResult.objects.get()
    return result.passed_hash != block_of(lesson, result.block_uid).check["hash"]


def test_a_pass_that_holds_is_up_to_date_again(ben, lesson):
    first = answer(ben, lesson, "e1", GOOD)
    republish(lesson, HARDER)
    assert outdated(lesson)
    attempt = recheck_block(user=ben, lesson=lesson, block_id="e1")
    assert (attempt.verdict, attempt.recheck_of, attempt.answer) == ("passed", first, GOOD)
    assert (attempt.verified_by, attempt.revision) == ("server", 2)
    assert not outdated(lesson)
    result = BlockResult.objects.get()
    assert (result.attempts, result.score, result.passed_at) == (1, 5, first.checked_at)
    assert Enrolment.objects.get().score == 5


def test_a_pass_that_does_not_hold_stays_a_pass(ben, lesson):
    first = answer(ben, lesson, "e1", GOOD)
    republish(lesson, OTHER)
    attempt = recheck_block(user=ben, lesson=lesson, block_id="e1")
    assert attempt.verdict == "failed"
    assert outdated(lesson)
    result = BlockResult.objects.get()
    assert (result.passed_at, result.passed_hash, result.score) == (first.checked_at, first.check_hash, 5)
    assert Enrolment.objects.get().score == 5


def test_the_same_state_of_a_check_judges_a_pass_once(ben, lesson):
    answer(ben, lesson, "e1", GOOD)
    republish(lesson, OTHER)
    once = recheck_block(user=ben, lesson=lesson, block_id="e1")
    assert recheck_block(user=ben, lesson=lesson, block_id="e1").pk == once.pk
    assert "0 to be checked again, 1 were already" in recheck()
    republish(lesson, HARDER)
    assert recheck_block(user=ben, lesson=lesson, block_id="e1").verdict == "passed"
    assert Attempt.objects.count() == 3


def test_the_newest_pass_is_what_is_checked_again(ben, lesson):
    answer(ben, lesson, "e1", GOOD)
    newest = answer(ben, lesson, "e1", GOOD + "# again\n")
    answer(ben, lesson, "e1", BAD)
    republish(lesson, HARDER)
    assert recheck_block(user=ben, lesson=lesson, block_id="e1").recheck_of == newest


def test_a_recheck_uses_up_no_try(ben, lesson):
    answer(ben, lesson, "q1", "b")
    republish(lesson, single(points=3))
    attempt = recheck_block(user=ben, lesson=lesson, block_id="q1")
    assert (attempt.verdict, attempt.score) == ("passed", 3)
    assert Enrolment.objects.get().score == 3
    assert tries_left(user=ben, lesson=lesson, block=block_of(lesson, "q1")) == 3


def test_a_choice_that_is_gone_fails_with_words_and_tells_no_answer(ben, lesson):
    answer(ben, lesson, "q1", "b")
    choices = [{"id": "x", "text": "X", "correct": True}, {"id": "a", "text": "One", "correct": False}]
    republish(lesson, single(choices=choices))
    attempt = recheck_block(user=ben, lesson=lesson, block_id="q1")
    assert attempt.verdict == "failed"
    assert "does not fit what is asked now" in attempt.outcome["message"]
    assert "Two it is" not in json.dumps(attempt.outcome)


def test_a_pass_after_the_solution_has_no_points_when_checked_again(ben, lesson):
    reveal_solution(user=ben, lesson=lesson, block_id="e1")
    answer(ben, lesson, "e1", GOOD)
    republish(lesson, HARDER)
    assert recheck_block(user=ben, lesson=lesson, block_id="e1").score == 0
    assert Enrolment.objects.get().score == 0


def test_predictions_are_judged_again_from_what_was_handed_in(ben, lesson):
    first = answer(ben, lesson, "p1", RIGHT)
    republish(lesson, predictions(threshold=0.9))
    second = recheck_block(user=ben, lesson=lesson, block_id="p1")
    assert (second.verdict, second.answer) == ("passed", first.answer)
    turned = predictions(labels=[1 - label for label in RIGHT], name=f"{'ef' * 32}.private")
    republish(lesson, turned)
    third = recheck_block(user=ben, lesson=lesson, block_id="p1")
    assert (third.verdict, third.recheck_of) == ("failed", first)
    assert outdated(lesson)


def test_what_is_not_passed_or_not_outdated_is_not_checked_again(ben, cy, lesson):
    with pytest.raises(Conflict, match="Nothing is passed"):
        recheck_block(user=ben, lesson=lesson, block_id="q1")
    answer(ben, lesson, "q1", "b")
    with pytest.raises(Conflict, match="as it is now"):
        recheck_block(user=ben, lesson=lesson, block_id="q1")
    with pytest.raises(Http404):
        recheck_block(user=cy, lesson=lesson, block_id="q1")
    with pytest.raises(Http404):
        recheck_block(user=ben, lesson=lesson, block_id="nowhere")


def test_the_command_checks_everybodys_passes_again(ben, cy, lesson):
    enroll(user=cy, course=lesson.course)
    for person in (ben, cy):
        answer(person, lesson, "e1", GOOD)
        answer(person, lesson, "q1", "b")
    republish(lesson, HARDER, single(points=3), predictions())
    assert f"lines/{lesson.slug}, e1: 2 passed by an older version" in recheck(dry_run=True)
    assert Attempt.objects.count() == 4
    said = recheck()
    assert "4 to be checked again, 0 were already" in said
    assert "4 passed again, 0 did not" in said
    assert Attempt.objects.filter(recheck_of__isnull=False, verdict="passed", verified_by="server").count() == 4
    assert "0 to be checked again, 0 were already" in recheck()
    assert [enrolment.score for enrolment in Enrolment.objects.all()] == [8, 8]


@pytest.mark.parametrize(
    ("options", "count"),
    [({"course": "lines"}, 2), ({"course": "other"}, 0), ({"block": "q1"}, 1), ({"lesson": "nowhere"}, 0)],
)
def test_the_command_can_be_kept_to_a_part(ben, lesson, options, count):
    answer(ben, lesson, "q1", "b")
    answer(ben, lesson, "p1", RIGHT)
    republish(lesson, single(points=3), predictions(points=3))
    assert f"{count} to be checked again" in recheck(**options, dry_run=True)


def test_rechecks_of_the_command_hold_up_nobody(ben, cy, lesson, settings, tmp_path):
    enroll(user=cy, course=lesson.course)
    answer(ben, lesson, "e1", GOOD)
    republish(lesson, HARDER)
    settings.SANDBOX_RUNTIME, runtime = tmp_path, settings.SANDBOX_RUNTIME
    assert "1 are not checked yet and wait in the queue" in recheck()
    settings.SANDBOX_RUNTIME = runtime
    job = CheckJob.objects.get()
    CheckJob.objects.update(not_before=job.created_at)
    assert answer(cy, lesson, "e1", GOOD).verdict == "passed"
    assert CheckJob.objects.get() == job
