"""No answer is lost, and none is called wrong, when what checks it is killed in the middle."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from mlpracticum import postgres
from mlpracticum.postgres import places
from mlpracticum.postgres.processes import is_alive
from mlpracticum.postgres.sharing import stop_unused
from progress.models import Attempt, CheckJob, Enrolment
from progress.services import checking, results
from progress.services.enrolling import enroll
from progress.tests.practice_course import GOOD, answer, exercise, practice_course
from tests.embedded_postgres.trial import open_folder
from tests.site_processes import PROJECT, end, family, is_sandbox, start_checker, wait_for

SLOW = GOOD + "import time\nbegun = time.time()\nwhile time.time() - begun < 2.5:\n    pass\n"
pytestmark = [
    pytest.mark.usefixtures("sandbox_runtime"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]


@pytest.fixture
def lesson(ben):
    course, lesson = practice_course(exercise())
    enroll(user=ben, course=course)
    return lesson


@pytest.fixture
def started():
    """Start checkers; at the end all are ended."""
    processes = []

    def start(**options):
        processes.append(start_checker(**options))
        return processes[-1]

    yield start
    end(*processes)


def queued(ben, lesson):
    return answer(ben, lesson, "e1", SLOW, prefer_wait=False)


def sandboxes(process):
    return [pid for pid in family(process.pid) if is_sandbox(pid)]


def settled(attempt, seconds=60):
    """The attempt once it is judged; everything that follows from it must be there with it."""
    wait_for(lambda: Attempt.objects.get(pk=attempt.pk).verdict != "pending", seconds)
    attempt = Attempt.objects.get(pk=attempt.pk)
    assert (attempt.verdict, attempt.verified_by) == ("passed", "server")
    assert Enrolment.objects.get().score == 5
    assert not CheckJob.objects.exists()
    assert results.result_differences() == []
    return attempt


def test_a_killed_checker_loses_nothing_and_leaves_no_sandbox(ben, lesson, started):
    attempt = queued(ben, lesson)
    first = started(lease=5)
    [sandbox] = wait_for(lambda: sandboxes(first), 30)
    first.kill()
    first.wait()
    wait_for(lambda: not is_alive(sandbox), 5)
    assert Attempt.objects.get().verdict == "pending"
    assert CheckJob.objects.get().claim is not None
    started(lease=5)
    settled(attempt)


def test_a_checker_that_is_told_to_end_finishes_what_it_checks(ben, lesson, started):
    attempt = queued(ben, lesson)
    checker = started()
    wait_for(lambda: sandboxes(checker), 30)
    checker.terminate()
    assert checker.wait(30) == 0
    settled(attempt, 0.1)


def test_a_checker_that_may_not_finish_gives_the_answer_back_at_once(ben, lesson, started):
    attempt = queued(ben, lesson)
    checker = started(grace=0.1)
    wait_for(lambda: sandboxes(checker), 30)
    checker.terminate()
    assert checker.wait(10) == 0
    job = CheckJob.objects.get()
    assert (job.claim, job.tries, job.last_fault) == (None, 0, "")
    assert checking.run_next()
    settled(attempt, 0.1)


def test_a_killed_sandbox_is_run_again(ben, lesson, started):
    attempt = queued(ben, lesson)
    checker = started()
    [sandbox] = wait_for(lambda: sandboxes(checker), 30)
    time.sleep(1.5)  # it has started by now, and runs the learner's code
    os.kill(sandbox, signal.SIGKILL)
    wait_for(lambda: CheckJob.objects.filter(last_fault__contains="sandbox failed").exists(), 30)
    assert Attempt.objects.get().verdict == "pending"
    settled(attempt)


def test_a_database_that_drops_its_connections_loses_nothing(ben, lesson, started):
    attempt = queued(ben, lesson)
    checker = started()
    wait_for(lambda: sandboxes(checker), 30)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] > 0
    settled(attempt)
    assert checker.poll() is None
    assert settled(attempt).pk == attempt.pk


# --- a database server of its own is killed ---

PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from accounts.tests.factories import UserFactory
from progress.services.enrolling import enroll
from progress.tests.practice_course import answer, exercise, practice_course
course, lesson = practice_course(exercise())
ben = UserFactory()
enroll(user=ben, course=course)
answer(ben, lesson, "e1", {code!r}, prefer_wait=False)
"""
LOOK = """
import time
import django
django.setup()
from progress.models import Attempt, Enrolment
from progress.services import results
deadline = time.monotonic() + 60
while Attempt.objects.get().verdict == "pending" and time.monotonic() < deadline:
    time.sleep(0.1)
print(Attempt.objects.get().verdict, Enrolment.objects.get().score, results.result_differences())
"""


def test_a_killed_database_server_loses_nothing(monkeypatch):
    with open_folder() as folder:
        monkeypatch.setenv("MLPRACTICUM_VAR", str(folder / "var"))
        monkeypatch.setenv("DATABASE_URL", "")
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "mlpracticum.settings")

        def python(code, **options):
            return subprocess.run(
                [sys.executable, "-c", code], cwd=PROJECT, check=True, capture_output=True, text=True, timeout=120
            ).stdout

        use = postgres.ensure()
        python(PREPARE.format(code=SLOW))
        checker = subprocess.Popen([sys.executable, "manage.py", "check_answers"], cwd=PROJECT)
        try:
            wait_for(lambda: sandboxes(checker), 60)
            server = postgres.status().pid
            os.kill(server, signal.SIGKILL)
            wait_for(lambda: not is_alive(server), 10)
            again = postgres.ensure()  # as a new start of the site, or a container's care, would
            assert postgres.status().pid != server
            assert python(LOOK).split() == ["passed", "5.000", "[]"]
            assert checker.poll() is None
            again.close()
        finally:
            end(checker)
            use.close()
            assert stop_unused()
            if os.geteuid() == 0:  # the data of a server that root starts lie elsewhere
                shutil.rmtree(places.root_folder(), ignore_errors=True)
