"""The worker's side of an import: claimed once, alive while it runs, found when it died, and its file removed."""

import io
import threading
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course, ImportJob, PublishLog
from courses.services import import_jobs
from courses.services.import_jobs import (
    apply_import,
    can_retry,
    discard_import,
    is_stale,
    remove_left_uploads,
    request_import,
    retry_import,
    run_import,
)
from courses.services.listeners import on_content_change
from courses.tests.course_folders import code, markdown, notebook

pytestmark = pytest.mark.django_db(transaction=True)  # signs of life come over a connection of their own


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "imports"


@pytest.fixture
def author() -> User:
    return UserFactory(email="ada@example.org", role="author")


def zipped(**files: str | bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/") + ".md", content)
    return file.getvalue()


def request(author: User, data: bytes | None = None, *, slug: str = "lines", publish: bool = True) -> ImportJob:
    data = zipped(a="# Lines\n\nText.", b="# Loss") if data is None else data
    return request_import(upload=ContentFile(data), name="lines.zip", slug=slug, publish=publish, acting_user=author)


def work() -> None:
    """What the worker process does, until the queue is empty."""
    call_command("db_worker", batch=True, interval=0, startup_delay=False, reload=False, verbosity=0)


def test_a_worker_plans_and_after_a_decision_applies(author, media):
    job = request(author)
    assert [path.stat().st_mode & 0o777 for path in media.iterdir()] == [0o600]
    work()
    job.refresh_from_db()
    assert job.state == "planned"
    assert len(job.report["changes"]["added"]) == 2
    assert Course.objects.count() == 0
    apply_import(job=job)
    work()
    job.refresh_from_db()
    assert (job.state, job.stored_as, job.claim) == ("done", "", None)
    assert job.course == Course.objects.get(slug="lines")
    assert job.course.status == "published"
    assert list(job.course.authors.all()) == [author]
    assert list(media.iterdir()) == []
    log = PublishLog.objects.get()
    assert log.acting_user == author
    assert log.changes["source"] == {"kind": "zip", "name": "lines.zip", "size": job.size}


def test_a_refused_course_says_why_and_its_file_goes(author, media):
    job = request(author, b"no zip at all")
    work()
    job.refresh_from_db()
    assert job.state == "refused"
    assert "is not a zip archive" in job.problems[0]["what"]
    assert list(media.iterdir()) == []
    with pytest.raises(ValidationError, match="cannot be tried again"):
        retry_import(job=job)


def test_what_the_database_cannot_hold_is_replaced_in_the_report(author):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("good.md_.ipynb", notebook(markdown("# A"), code("1")))
    job = request(author, file.getvalue().replace(b"good.md_.ipynb", b"good.md\0.ipynb"))
    work()
    job.refresh_from_db()
    assert job.state == "refused"
    assert job.problems[0]["file"] == "good.md\N{REPLACEMENT CHARACTER}.ipynb"


def test_a_second_worker_leaves_a_running_job_alone(author):
    """The queue may hand a number out twice; the row is given out once."""
    job = request(author)
    seen: list[str] = []

    def meanwhile(course: Course) -> None:
        run_import.call(job.pk)
        seen.append(ImportJob.objects.get(pk=job.pk).state)

    work()
    apply_import(job=job)
    with listening(meanwhile):
        work()
    assert seen == ["running"]
    job.refresh_from_db()
    assert job.state == "done"
    assert PublishLog.objects.count() == 1


def test_two_workers_at_once_run_a_job_once(author, monkeypatch):
    job = request(author)
    runs: list[int] = []
    original = import_jobs._run
    monkeypatch.setattr(import_jobs, "_run", lambda job, claim: (runs.append(job.pk), original(job, claim)))
    start = threading.Barrier(4)

    def worker() -> None:
        start.wait()
        run_import.call(job.pk)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job.refresh_from_db()
    assert runs == [job.pk]
    assert job.state == "planned"


def test_progress_and_life_can_be_seen_from_outside_while_it_runs(author, monkeypatch):
    monkeypatch.setattr(import_jobs, "BEAT", 0.02)
    job = request(author)
    begun = timezone.now()
    seen: dict[str, Any] = {}
    original = import_jobs.import_opened

    def slowly(**given: Any) -> Any:
        given["on_progress"](3, 7, "compiling c.md")
        observer = threading.Thread(target=look)
        observer.start()
        observer.join()
        return original(**given)

    def look() -> None:
        deadline = timezone.now() + timedelta(seconds=10)
        while seen.get("done") != 3 and timezone.now() < deadline:
            seen.update(ImportJob.objects.values("state", "done", "total", "what", "beat_at").get(pk=job.pk))
        connection.close()

    monkeypatch.setattr(import_jobs, "import_opened", slowly)
    work()
    assert (seen["state"], seen["done"], seen["total"], seen["what"]) == ("running", 3, 7, "compiling c.md")
    assert seen["beat_at"] > begun


def test_a_dead_worker_is_found_and_its_job_can_be_tried_again(author, media):
    job = dead(request(author))
    assert is_stale(job)
    assert can_retry(job)
    retry_import(job=job)
    work()
    job.refresh_from_db()
    assert job.state == "planned"
    assert len(list(media.iterdir())) == 1


def test_a_job_that_shows_life_is_not_taken_over(author):
    job = dead(request(author), seconds=1)
    assert not is_stale(job)
    with pytest.raises(ValidationError, match="cannot be tried again"):
        retry_import(job=job)
    with pytest.raises(ValidationError, match="cannot be discarded"):
        discard_import(job=job)


def test_a_worker_that_was_taken_for_dead_writes_nothing(author):
    """It was only slow: its job was given out again, so what it did is undone and the second run counts."""
    job = request(author)
    work()
    apply_import(job=job)

    def taken_over(course: Course) -> None:
        done = threading.Thread(target=take)
        done.start()
        done.join()

    def take() -> None:
        with transaction.atomic():
            retry_import(job=dead(ImportJob.objects.get(pk=job.pk)))
        connection.close()

    with listening(taken_over, once=True):
        run_import.call(job.pk)
    job.refresh_from_db()
    assert job.state == "queued"
    assert Course.objects.count() == 0
    work()
    job.refresh_from_db()
    assert job.state == "done"
    assert PublishLog.objects.count() == 1


def test_a_fault_is_a_failed_job_that_can_be_tried_again(author, caplog):
    job = request(author)
    work()
    apply_import(job=job)

    def fail(course: Course) -> None:
        raise DatabaseError("secret detail")

    with listening(fail):
        work()
    job.refresh_from_db()
    assert job.state == "failed"
    assert "secret" not in job.what
    assert "secret detail" in caplog.text
    assert Course.objects.count() == 0
    retry_import(job=job)
    work()
    job.refresh_from_db()
    assert job.state == "done"


def test_a_stopped_worker_leaves_a_failed_job_and_no_course(author):
    job = request(author)
    work()
    apply_import(job=job)

    def stop(course: Course) -> None:
        raise SystemExit(1)

    with listening(stop), pytest.raises(SystemExit):
        run_import.call(job.pk)
    job.refresh_from_db()
    assert (job.state, Course.objects.count()) == ("failed", 0)
    assert "was stopped" in job.what


def test_discarding_removes_the_file_and_keeps_the_report(author, media):
    job = request(author)
    work()
    discard_import(job=job)
    job.refresh_from_db()
    assert (job.state, job.stored_as) == ("discarded", "")
    assert job.report["lessons"] == 2
    assert list(media.iterdir()) == []
    with pytest.raises(ValidationError, match="cannot be applied: it is discarded"):
        apply_import(job=job)


def test_nobody_decides_for_a_week_and_the_file_goes(author, media):
    old, fresh = request(author), request(author, slug="other")
    work()
    ImportJob.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=8))
    assert remove_left_uploads() == 1
    assert [job.state for job in ImportJob.objects.order_by("pk")] == ["discarded", "planned"]
    fresh.refresh_from_db()
    assert [path.name for path in media.iterdir()] == [fresh.stored_as.rpartition("/")[2]]


def test_a_lost_file_is_said(author):
    job = request(author)
    storages["imports"].delete(job.stored_as)
    work()
    job.refresh_from_db()
    assert job.state == "refused"
    assert "no longer there" in job.problems[0]["what"]


@pytest.mark.parametrize("data", [b"", b"x" * 101])
def test_an_upload_is_bounded_and_none_is_kept(author, media, monkeypatch, data):
    monkeypatch.setattr(import_jobs, "MAX_UPLOAD_BYTES", 100)
    with pytest.raises(ValidationError, match="empty|at most 100"):
        request(author, data)
    assert not media.exists() or list(media.iterdir()) == []
    assert ImportJob.objects.count() == 0


def test_an_author_cannot_import_over_somebody_elses_course(author):
    other = UserFactory(email="bo@example.org", role="author")
    run_whole(request(other))
    before = PublishLog.objects.count(), Course.objects.get().updated_at
    job = request(author, zipped(a="# Mine now"))
    work()
    job.refresh_from_db()
    assert job.state == "refused"
    assert "belongs to a course that you may not edit" in job.problems[0]["what"]
    assert job.report == {}
    assert (PublishLog.objects.count(), Course.objects.get().updated_at) == before


def test_an_author_cannot_take_a_course_that_has_no_author(author):
    run_whole(request(author))
    course = Course.objects.get()
    course.authors.clear()
    job = request(author, zipped(a="# Mine now"))
    work()
    job.refresh_from_db()
    assert job.state == "refused"
    assert list(course.authors.all()) == []


def test_a_course_that_appears_between_plan_and_apply_is_safe(author):
    job = request(author)
    work()
    run_whole(request(UserFactory(email="bo@example.org", role="author"), zipped(a="# Bo's")))
    apply_import(job=job)
    work()
    job.refresh_from_db()
    assert job.state == "refused"
    assert [lesson.title for lesson in Course.objects.get().lessons.all()] == ["Bo's"]


def test_an_editor_may_import_over_any_course(author):
    run_whole(request(author))
    job = run_whole(request(UserFactory(email="ed@example.org", role="editor"), zipped(a="# Edited")))
    assert job.state == "done"
    assert list(Course.objects.get().authors.all()) == [author]


def test_rights_are_asked_again_when_it_runs(author):
    job = request(author)
    work()
    apply_import(job=job)
    author.groups.remove(Group.objects.get(name="author"))
    work()
    job.refresh_from_db()
    assert job.state == "refused"
    assert Course.objects.count() == 0


def test_a_second_import_of_the_same_archive_writes_nothing(author):
    run_whole(request(author))
    job = run_whole(request(author))
    assert job.state == "done"
    assert PublishLog.objects.count() == 1


# --- what the tests above need ---


class listening:
    """Something happens inside the import's transaction, after its writes."""

    active: Any = None

    def __init__(self, does: Any, *, once: bool = False) -> None:
        self.does, self.once = does, once
        on_content_change(_hear)

    def __enter__(self) -> None:
        listening.active = self

    def __exit__(self, *error: object) -> None:
        listening.active = None


def _hear(course: Course) -> None:
    now = listening.active
    if now is not None:
        if now.once:
            listening.active = None
        now.does(course)


def dead(job: ImportJob, seconds: float = 120) -> ImportJob:
    """The row as a worker leaves it that was killed so many seconds ago."""
    ImportJob.objects.filter(pk=job.pk).update(
        state="running",
        claim="12345678-1234-1234-1234-123456789012",
        beat_at=timezone.now() - timedelta(seconds=seconds),
    )
    job.refresh_from_db()
    return job


def run_whole(job: ImportJob) -> ImportJob:
    work()
    apply_import(job=job)
    work()
    job.refresh_from_db()
    return job
