"""`manage.py doctor` tells a healthy site from one that cannot serve, and says what to do."""

import os
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from progress.management import diagnosis
from progress.models import Attempt, CheckJob
from progress.services.enrolling import enroll
from progress.tests.judged import body_of, exercise, judged_course, lesson_of

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]


def marks(check):
    return [finding.mark for finding in check()]


def the_one(check):
    (finding,) = check()
    return finding


def test_a_site_that_can_serve_is_told_so(sandbox_runtime, settings, tmp_path, capsys):
    settings.MEDIA_ROOT = tmp_path
    call_command("doctor")
    said = capsys.readouterr().out
    assert "✗" not in said
    assert "The site can serve." in said
    for line in ("✓ settings", "✓ database: PostgreSQL", "✓ tables", "✓ cache", "✓ media", "✓ checking of exercises"):
        assert line in said
    assert list(tmp_path.iterdir()) == []  # it leaves nothing behind


def test_one_fault_is_exit_status_1(settings, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    settings.MEDIA_ROOT = tmp_path / "file"
    monkeypatch.setattr(diagnosis, "CHECKS", [row for row in diagnosis.CHECKS if row[0] in ("media", "disk")])
    with pytest.raises(CommandError) as refused:
        call_command("doctor")
    assert refused.value.returncode == 1
    assert "✗ media" in capsys.readouterr().out


def test_without_a_database_the_rest_is_still_looked_at():
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "✗ database" in done.stdout
    assert "static files" in done.stdout
    assert "tables" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_missing_migration_keeps_the_site_from_serving():
    assert marks(diagnosis.migrations)[0] == "✓"
    MigrationRecorder.Migration.objects.filter(app="progress").delete()
    finding = next(diagnosis.migrations())
    assert (finding.mark, finding.advice) == ("✗", "run `manage.py migrate`")
    assert "progress.0001" in finding.what


def test_a_cache_that_forgets_is_found(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert the_one(diagnosis.shared_cache).mark == "✗"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert the_one(diagnosis.shared_cache).mark == "!"


def test_a_missing_runtime_is_found(settings, tmp_path):
    settings.SANDBOX_RUNTIME = tmp_path
    assert the_one(diagnosis.checking_of_code).mark == "✗"
    settings.PRACTICE_RUNTIME = tmp_path
    assert marks(diagnosis.browser)[0] == "✗"


def test_missing_packages_are_worth_a_look(settings, tmp_path):
    settings.RUNTIME_PACKAGES, settings.PYODIDE_PACKAGE_URL = tmp_path, ""
    finding = list(diagnosis.browser())[1]
    assert finding.mark == "!"
    assert "fetch_runtime_packages" in finding.advice


def test_missing_static_files_are_found(settings, tmp_path):
    settings.PRODUCTION, settings.STATIC_ROOT = True, tmp_path
    finding = the_one(diagnosis.static_files)
    assert (finding.mark, "collectstatic" in finding.advice) == ("✗", True)
    settings.PRODUCTION, settings.STATICFILES_DIRS = False, [PROJECT / "static"]
    assert marks(diagnosis.static_files) == ["✓", "✗"]


def test_a_full_disk_is_found(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "not" / "made" / "yet"
    monkeypatch.setattr(diagnosis, "LITTLE", 10**18)
    assert marks(diagnosis.disk) == ["!", "!"]
    monkeypatch.setattr(diagnosis, "TOO_LITTLE", 10**18)
    assert marks(diagnosis.disk) == ["✗", "✗"]


def test_open_settings_in_production_are_found(settings):
    settings.PRODUCTION, settings.ALLOWED_HOSTS = True, ["*"]
    findings = list(diagnosis.configuration())
    assert "✗" in {finding.mark for finding in findings}
    assert any("open" in finding.what for finding in findings)


@pytest.fixture
def mail_server():
    """Says hello as SMTP has it, once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            client, _ = server.accept()
            with client, client.makefile("rb") as lines:
                client.sendall(b"220 here\r\n")
                for line in lines:
                    client.sendall(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 well\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_mail_is_tried_in_production(settings, mail_server):
    settings.PRODUCTION = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert the_one(diagnosis.post).mark == "✗"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "127.0.0.1", "Courses <courses@example.org>"
    settings.EMAIL_PORT = mail_server
    assert marks(diagnosis.post) == ["✓"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings.EMAIL_PORT = taken.getsockname()[1]
    assert marks(diagnosis.post) == ["✗"]
    settings.EMAIL_PORT, settings.DEFAULT_FROM_EMAIL = settings.EMAIL_PORT, "ML-Practicum <no-reply@localhost>"
    assert marks(diagnosis.post) == ["!", "✗"]


def test_an_answer_that_nobody_checks_is_worth_a_look(ben):
    assert marks(diagnosis.workers) == ["✓", "✓"]
    course = judged_course(body_of(exercise("code")))
    attempt = Attempt.objects.create(
        enrolment=enroll(user=ben, course=course), lesson=lesson_of(course), block_uid="code", block_type="exercise",
        answer="x", revision=1, check_hash="h", verdict="pending", max_score=2,
    )  # fmt: skip
    job = CheckJob.objects.create(attempt=attempt)
    assert marks(diagnosis.workers) == ["✓", "✓"]
    CheckJob.objects.filter(pk=job.pk).update(not_before=timezone.now() - timedelta(minutes=10))
    finding = next(diagnosis.workers())
    assert finding.mark == "!"
    assert "10 minutes" in finding.what
    assert "check_answers" in finding.advice


def test_a_check_that_breaks_is_a_fault_and_the_others_go_on(monkeypatch):
    def breaks():
        raise RuntimeError("no such thing")
        yield

    monkeypatch.setattr(diagnosis, "CHECKS", [("first", breaks, False), ("disk", diagnosis.disk, False)])
    findings = list(diagnosis.examine())
    assert findings[0].mark == "✗"
    assert "first: RuntimeError: no such thing" in findings[0].what
    assert len(findings) == 3
