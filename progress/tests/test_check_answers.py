"""The queue of exercises: fair, bounded, and unable to lose an answer or to call one wrong by a fault of ours."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson, LessonRevision
from courses.selectors import block_of
from progress.models import Attempt, BlockResult, CheckJob, Enrolment
from progress.selectors.attempts import attempt_document, queue_position
from progress.services import checking, results
from progress.services.enrolling import enroll, leave_course
from progress.services.revealing import reveal_solution
from progress.services.scoring import Judgement
from progress.tests.practice_course import BAD, GOOD, answer, exercise, practice_course, republish, single

LOOP = "def double(x):\n    while True:\n        pass\n"
pytestmark = pytest.mark.usefixtures("sandbox_runtime")
PASSED = Judgement(True, Decimal(5), {"message": "All checks passed."})


@pytest.fixture
def lesson(ben, cy):
    course, lesson = practice_course(exercise(), exercise("e2"), exercise("e3"), single())
    enroll(user=ben, course=course)
    enroll(user=cy, course=course)
    return lesson


def queued(user, lesson, block="e1", code=GOOD):
    return answer(user, lesson, block, code, prefer_wait=False)


def verdict(attempt):
    return Attempt.objects.get(pk=attempt.pk).verdict


def claimed(attempt):
    """A claim of the attempt's job, as a run has it."""
    claim = checking._claim(attempt)
    assert claim is not None
    return claim


# --- order ---


def test_everybodys_first_answer_comes_before_anybodys_second(ben, cy, lesson):
    mine = [queued(ben, lesson, block) for block in ("e1", "e2", "e3")]
    theirs = queued(cy, lesson)
    assert [queue_position(attempt) for attempt in (*mine, theirs)] == [1, 3, 4, 2]
    order = []
    while CheckJob.objects.exists():
        order.append(CheckJob.objects.first().attempt_id)
        CheckJob.objects.first().delete()
    assert order == [mine[0].pk, theirs.pk, mine[1].pk, mine[2].pk]


def test_the_worker_checks_what_waits(ben, cy, lesson):
    right, wrong = queued(ben, lesson), queued(cy, lesson, code=BAD)
    call_command("check_answers", once=True)
    assert (verdict(right), verdict(wrong)) == ("passed", "failed")
    assert not CheckJob.objects.exists()
    assert Enrolment.objects.get(user=ben).score == 5
    assert Enrolment.objects.get(user=cy).score == 0


def test_a_request_waits_for_nobody_else(ben, cy, lesson):
    queued(cy, lesson)
    assert answer(ben, lesson, "e1", GOOD).verdict == "pending"
    assert CheckJob.objects.count() == 2


def test_a_request_takes_no_slot_over_the_bound(ben, cy, lesson, settings):
    settings.SANDBOX_SLOTS = 1
    claimed(queued(cy, lesson))
    assert answer(ben, lesson, "e1", GOOD).verdict == "pending"
    assert checking.run_next() is False


def test_a_request_leaves_answers_that_need_packages_to_the_worker(ben, lesson):
    republish(lesson, exercise(packages=["numpy"]))
    attempt = answer(ben, lesson, "e1", GOOD)
    assert attempt.verdict == "pending"
    assert CheckJob.objects.get().tries == 0


def test_an_answer_is_judged_by_what_was_live_when_it_was_given(ben, lesson):
    attempt = queued(ben, lesson)
    republish(lesson, exercise(hidden_checks=[{
        "kind": "value", "expression": "double(1)", "expected": 3, "comparison": "equal"
    }]))  # fmt: skip
    assert checking.run_next()
    assert verdict(attempt) == "passed"
    assert BlockResult.objects.get().passed_hash == attempt.check_hash != block_of(lesson, "e1").check["hash"]


def test_points_of_a_block_that_left_the_course_meanwhile_are_kept(ben, lesson):
    queued(ben, lesson)
    republish(lesson, single())
    assert checking.run_next()
    result = BlockResult.objects.get()
    assert (result.score, result.is_live) == (5, False)
    enrolment = Enrolment.objects.get(user=ben)
    assert (enrolment.score, enrolment.lost_points) == (5, 5)


def test_a_solution_shown_while_the_answer_waits_takes_no_points(ben, lesson):
    queued(ben, lesson)
    reveal_solution(user=ben, lesson=lesson, block_id="e1")
    assert checking.run_next()
    assert Enrolment.objects.get(user=ben).score == 5


def test_the_answer_of_a_person_who_left_is_checked_all_the_same(ben, lesson):
    attempt = queued(ben, lesson)
    leave_course(user=ben, course=lesson.course)
    assert checking.run_next()
    assert verdict(attempt) == "passed"


def test_an_endless_loop_is_stopped_and_is_the_answers_own_fault(ben, lesson):
    attempt = queued(ben, lesson, code=LOOP)
    assert checking.run_next()
    attempt = Attempt.objects.get(pk=attempt.pk)
    assert attempt.verdict == "failed"
    assert "loop" in attempt.outcome["message"]
    assert _sandboxes() == []


# --- faults of ours ---


def test_a_missing_sandbox_is_never_wrong_and_is_tried_again_later_and_later(ben, lesson, settings, tmp_path):
    settings.SANDBOX_RUNTIME, runtime = tmp_path, settings.SANDBOX_RUNTIME
    attempt = queued(ben, lesson)
    assert checking.run_next()
    job = CheckJob.objects.get()
    assert (job.tries, job.claim) == (1, None)
    assert "sandbox failed" in job.last_fault
    waits = [(job.not_before - timezone.now()).total_seconds()]
    for _ in range(5):
        assert checking.run_next() is False  # it rests
        CheckJob.objects.update(not_before=timezone.now())
        assert checking.run_next() is True
        waits.append((CheckJob.objects.get().not_before - timezone.now()).total_seconds())
    assert [round(wait) for wait in waits] == [5, 30, 120, 600, 600, 600]
    told = attempt_document(attempt, block_of(lesson, "e1"))
    assert "tried again" in told["feedback"]["message"]
    assert str(tmp_path) not in json.dumps(told, default=str)
    settings.SANDBOX_RUNTIME = runtime
    CheckJob.objects.update(not_before=timezone.now())
    assert checking.run_next()
    assert verdict(attempt) == "passed"


def test_a_sandbox_that_starts_too_slowly_for_a_request_is_left_to_the_worker(ben, lesson, monkeypatch):
    monkeypatch.setattr(checking, "START_IN_REQUEST", 0.01)
    attempt = answer(ben, lesson, "e1", GOOD)
    assert attempt.verdict == "pending"
    assert checking.run_next() is True  # at once: nothing is wrong with the sandbox
    assert verdict(attempt) == "passed"


def test_code_may_read_the_data_files_of_its_course(ben, lesson, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    for name, text in (("a" * 64, "x,y\n1,2\n"), ("b" * 64, "z" * 3_000_000)):
        default_storage.save(f"assets/{name}.csv", ContentFile(text.encode()))
    files = {"data/line.csv": "a" * 64 + ".csv", "data/huge.csv": "b" * 64 + ".csv", "gone.csv": "c" * 64 + ".csv"}
    Course.objects.filter(pk=lesson.course_id).update(data_files=files)
    Lesson.objects.filter(pk=lesson.pk).update(source_path="01-lines/01-why.ipynb")
    reads = "def double(x):\n    return 2 * x if open('../data/line.csv').read() == 'x,y\\n1,2\\n' else 0\n"
    assert answer(ben, lesson, "e1", reads).outcome["message"] == "All checks passed."
    none = "import os\ndef double(x):\n    return 2 * x if os.listdir('../data') == ['line.csv'] else 0\n# line.csv\n"
    assert answer(ben, lesson, "e1", none).verdict == "passed"


def test_a_missing_package_is_said_and_looked_for_every_hour(ben, lesson, settings, tmp_path):
    settings.SANDBOX_PACKAGES = tmp_path
    republish(lesson, exercise(packages=["numpy"]))
    attempt = queued(ben, lesson)
    assert checking.run_next()
    job = CheckJob.objects.get()
    assert job.last_fault == "numpy is not installed on this server"
    assert 3500 < (job.not_before - timezone.now()).total_seconds() <= 3600
    assert job.last_fault in attempt_document(attempt, block_of(lesson, "e1"))["feedback"]["message"]
    assert verdict(attempt) == "pending"


def test_a_fault_in_judging_loses_nothing_and_is_logged(ben, lesson, caplog):
    attempt = queued(ben, lesson)
    broken = lesson.current_revision
    checks = broken.key["e1"]["hidden_checks"]
    broken.key["e1"]["hidden_checks"] = 7
    type(broken).objects.filter(pk=broken.pk).update(key=broken.key)
    assert checking.run_next()
    assert verdict(attempt) == "pending"
    assert "TypeError" in CheckJob.objects.get().last_fault
    assert any(record.exc_info for record in caplog.records)
    broken.key["e1"]["hidden_checks"] = checks
    type(broken).objects.filter(pk=broken.pk).update(key=broken.key)
    CheckJob.objects.update(not_before=timezone.now())
    assert checking.run_next()
    assert verdict(attempt) == "passed"


def test_a_fault_in_writing_the_verdict_loses_nothing_and_rests_too(ben, lesson):
    attempt = queued(ben, lesson)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE progress_blockresult ADD CONSTRAINT broken CHECK (attempts < 1)")
        assert checking.run_next()
        cursor.execute("ALTER TABLE progress_blockresult DROP CONSTRAINT broken")
    assert verdict(attempt) == "pending"
    job = CheckJob.objects.get()
    assert (job.last_fault, job.claim) == ("IntegrityError in judging", None)
    assert job.not_before > timezone.now()
    job.not_before = timezone.now()
    job.save()
    assert checking.run_next()
    assert verdict(attempt) == "passed"


def test_an_answer_whose_block_is_no_exercise_any_more_comes_to_an_end(ben, lesson):
    """A newer compiler may find nothing to check in what was published: waiting would fill the person's places."""
    attempt = queued(ben, lesson)
    LessonRevision.objects.filter(lesson=lesson).update(checks={})
    assert checking.run_next()
    attempt.refresh_from_db()
    assert (attempt.verdict, attempt.score) == ("failed", 0)
    assert "nothing to check" in attempt.outcome["message"]
    assert not CheckJob.objects.exists()


def test_a_resting_job_holds_up_nobody(ben, cy, lesson):
    queued(cy, lesson)
    CheckJob.objects.update(not_before=timezone.now() + timedelta(minutes=5))
    attempt = answer(ben, lesson, "e1", GOOD)
    assert attempt.verdict == "passed"


# --- claims ---


def test_a_claim_that_ran_out_is_anybodys(ben, lesson):
    attempt = queued(ben, lesson)
    claimed(attempt)
    assert checking.run_next() is False
    CheckJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert checking.run_next() is True
    assert verdict(attempt) == "passed"


def test_an_answer_that_takes_its_checkers_down_lets_others_pass_before_it_comes_again(ben, cy, lesson):
    attempt = queued(ben, lesson)
    for _ in range(checking.UNLUCKY + 1):
        claimed(attempt)  # and the process died
        CheckJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    theirs = queued(cy, lesson)
    assert checking.run_next() is True
    assert checking.run_next() is False
    assert (verdict(attempt), verdict(theirs)) == ("pending", "passed")
    CheckJob.objects.update(not_before=timezone.now())
    assert checking.run_next() is True
    assert verdict(attempt) == "passed"


def test_what_is_given_back_may_be_taken_at_once_however_often_it_was_tried(ben, lesson):
    attempt = queued(ben, lesson)
    CheckJob.objects.update(tries=checking.UNLUCKY)
    checking._put_back(claimed(attempt), tries=checking.UNLUCKY)
    assert checking.run_next() is True
    assert verdict(attempt) == "passed"


def test_a_run_that_lost_its_claim_writes_nothing(ben, lesson):
    attempt = queued(ben, lesson)
    lost = claimed(attempt)
    CheckJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    held = claimed(attempt)
    assert checking.settle(claim=lost, judgement=PASSED) is None
    checking._put_back(lost, fault="late")
    assert verdict(attempt) == "pending"
    job = CheckJob.objects.get()
    assert (job.claim, job.last_fault) == (held.token, "")
    assert checking.settle(claim=held, judgement=PASSED).verdict == "passed"
    assert checking.settle(claim=held, judgement=PASSED) is None
    assert Enrolment.objects.get(user=ben).score == 5


def test_a_run_whose_person_was_deleted_ends_quietly(ben, lesson):
    claim = claimed(queued(ben, lesson))
    ben.delete()
    assert checking.settle(claim=claim, judgement=PASSED) is None
    checking._run(claim)
    assert not Attempt.objects.exists()


def _in_threads(count, work):
    def run(number):
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_claims_at_once_are_never_more_than_the_slots_and_never_of_one_job(lesson, settings):
    settings.SANDBOX_SLOTS = 3
    people = [UserFactory() for _ in range(8)]
    for person in people:
        enroll(user=person, course=lesson.course)
        queued(person, lesson)
    claims = [claim for claim in _in_threads(8, lambda number: checking._claim(None)) if claim is not None]
    assert len(claims) == 3
    assert len({claim.job_id for claim in claims}) == 3
    # Fair: those who came first.
    assert {claim.attempt_id for claim in claims} == set(
        Attempt.objects.order_by("pk").values_list("pk", flat=True)[:3]
    )


@pytest.mark.django_db(transaction=True)
def test_one_judgement_written_by_many_counts_once(ben, lesson):
    claim = claimed(queued(ben, lesson))
    written = _in_threads(6, lambda number: checking.settle(claim=claim, judgement=PASSED))
    assert sum(each is not None for each in written) == 1
    assert Enrolment.objects.get(user=ben).score == 5
    assert BlockResult.objects.get().attempts == 1
    assert results.result_differences() == []


# --- the sandbox's process is killed ---


def _sandboxes():
    """Process numbers of deno runs that are children of this process."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(process.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"runner.mjs" in process.joinpath("cmdline").read_bytes():
                found.append(int(process.name))
        except (OSError, ValueError):
            continue
    return found


def test_a_killed_sandbox_is_tried_again_and_not_wrong(ben, lesson):
    attempt = queued(ben, lesson, code=LOOP)
    killed = []

    def kill():
        deadline = time.monotonic() + 10
        while not killed and time.monotonic() < deadline:
            time.sleep(0.3)
            for number in _sandboxes():
                os.kill(number, signal.SIGKILL)
                killed.append(number)

    killer = threading.Thread(target=kill)
    killer.start()
    assert checking.run_next()
    killer.join()
    assert killed
    assert verdict(attempt) == "pending"
    assert "sandbox failed" in CheckJob.objects.get().last_fault
