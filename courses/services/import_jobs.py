"""Imports in the background: an uploaded archive is planned, then applied or discarded, by a worker process.

Owns the states of `ImportJob`. A run claims its job by one conditional update, so no job runs twice at a time; it shows
signs of life from a thread, so that a dead run is found, and may then be retried: an import applied twice writes
nothing the second time. The queue (django-tasks) only carries the job's number; the row is the truth.
"""

import logging
import re
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from courses.content.archive import Limits
from courses.content.report import CourseRefused, Problem
from courses.models import ImportJob
from courses.services.importing import ImportOutcome
from courses.services.sources import import_opened, opened_archive, remove_left_folders

MAX_UPLOAD_BYTES = 200 * 2**20
# An upload is a stranger's more often than a command's path is, and shares the machine with the site.
LIMITS = Limits(total=1_000_000_000, member=250_000_000)
BEAT = 1.0  # seconds between signs of life; they carry the progress
STALE = timedelta(seconds=60)  # without a sign of life a run is dead
KEPT = timedelta(days=7)  # for which an upload waits for somebody to apply, retry or discard it
FOLDER = "imports"
MAX_PROBLEMS = 500
_NOT_STORED = re.compile("[\0\ud800-\udfff]")  # what jsonb cannot hold
State, Step = ImportJob.State, ImportJob.Step
_WITH_FILE = (State.PLANNED, State.FAILED)

log = logging.getLogger(__name__)


class ClaimLost(Exception):
    """Another run has this job now: this one must stop, and write nothing."""


# --- what people do ---


def request_import(*, upload: File, name: str, slug: str, publish: bool, acting_user: Any) -> ImportJob:
    """Keep an uploaded archive and queue its plan.

    Raises:
        ValidationError: it is empty, or larger than MAX_UPLOAD_BYTES.
    """
    if not upload.size:
        raise ValidationError("The file is empty.")
    if upload.size > MAX_UPLOAD_BYTES:
        raise ValidationError(f"The file is {upload.size:,} bytes; at most {MAX_UPLOAD_BYTES:,} are taken.")
    # Never under the name that a browser sent.
    stored_as = storages["imports"].save(f"{FOLDER}/{uuid.uuid4().hex}.zip", upload)
    try:
        with transaction.atomic():
            job = ImportJob.objects.create(
                source_name=_readable(name)[:200] or "course.zip",
                size=upload.size,
                stored_as=stored_as,
                slug=slug,
                publish=publish,
                acting_user=acting_user,
            )
            run_import.enqueue(job.pk)
    except BaseException:
        storages["imports"].delete(stored_as)
        raise
    return job


@transaction.atomic
def apply_import(*, job: ImportJob) -> ImportJob:
    """Queue the second step of a planned import. Raises ValidationError when it is not planned."""
    job = _locked(job)
    if job.state != State.PLANNED:
        raise ValidationError(f"This import cannot be applied: it is {job.get_state_display().lower()}.")
    return _queue(job, Step.APPLY)


@transaction.atomic
def retry_import(*, job: ImportJob) -> ImportJob:
    """Queue the same step again after a failure or a dead worker. Raises ValidationError when it is neither."""
    job = _locked(job)
    if not can_retry(job):
        raise ValidationError("This import cannot be tried again.")
    return _queue(job, job.step)


@transaction.atomic
def discard_import(*, job: ImportJob) -> ImportJob:
    """Drop a planned, failed or dead import with its file; its report stays. Raises ValidationError for others."""
    job = _locked(job)
    if not can_discard(job):
        raise ValidationError(f"This import cannot be discarded: it is {job.get_state_display().lower()}.")
    job.state, job.claim, job.finished_at = State.DISCARDED, None, timezone.now()
    _drop_file(job)
    job.save(update_fields=["state", "claim", "finished_at", "stored_as"])
    return job


def is_stale(job: ImportJob) -> bool:
    """Whether a run has begun and shows no sign of life any more."""
    return job.state == State.RUNNING and job.beat_at is not None and timezone.now() - job.beat_at > STALE


def waits(job: ImportJob) -> float:
    """Seconds that a queued job has waited for a worker; 0 for others."""
    if job.state != State.QUEUED:
        return 0.0
    return (timezone.now() - (job.queued_at)).total_seconds()


def can_retry(job: ImportJob) -> bool:
    """Whether the same step may be queued again."""
    return bool(job.stored_as) and (job.state == State.FAILED or is_stale(job))


def can_discard(job: ImportJob) -> bool:
    """Whether the import may be dropped."""
    return job.state in (State.PLANNED, State.FAILED) or is_stale(job)


def _locked(job: ImportJob) -> ImportJob:
    return ImportJob.objects.select_for_update().get(pk=job.pk)


def _queue(job: ImportJob, step: str) -> ImportJob:
    job.state, job.step, job.claim = State.QUEUED, step, None
    job.done, job.total, job.what, job.started_at, job.finished_at = 0, 0, "", None, None
    job.queued_at = timezone.now()
    job.save()
    run_import.enqueue(job.pk)
    return job


def _drop_file(job: ImportJob) -> None:
    """Remove the upload once the change is committed: what is rolled back must still have its file."""
    name, job.stored_as = job.stored_as, ""
    if name:
        transaction.on_commit(lambda: storages["imports"].delete(name))


def _readable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


# --- what the worker does ---


@task()
def run_import(job_id: int) -> None:
    """Run a queued job's step. Does nothing for a job that another worker has, or that was discarded."""
    claim = uuid.uuid4()
    now = timezone.now()
    queued = ImportJob.objects.filter(pk=job_id, state=State.QUEUED)
    if queued.update(state=State.RUNNING, claim=claim, started_at=now, beat_at=now, what="starting"):
        _run(ImportJob.objects.select_related("acting_user").get(pk=job_id), claim)
    remove_left_uploads()
    remove_left_folders()


def remove_left_uploads() -> int:
    """Discard imports that waited longer than KEPT for a decision, with their files. Returns how many."""
    before = timezone.now() - KEPT
    waiting = Q(state__in=_WITH_FILE, finished_at__lt=before) | Q(state=State.RUNNING, beat_at__lt=before)
    jobs = list(ImportJob.objects.filter(waiting).exclude(stored_as=""))
    for job in jobs:
        try:
            discard_import(job=job)
        except ValidationError:
            continue  # somebody applied it in this moment
    return len(jobs)


def _run(job: ImportJob, claim: uuid.UUID) -> None:
    try:
        with _Beat(job.pk, claim) as beat:
            outcome = _import(job, beat)
    except CourseRefused as refused:
        problems = _storable([problem.as_dict() for problem in refused.problems[:MAX_PROBLEMS]])
        _finish(job.pk, claim, State.REFUSED, problems=problems, what="")
    except ClaimLost:
        log.warning("import %s: another run has it", job.pk)
    except Exception:
        # The traceback is for the log: it may quote the course's content and paths of this machine.
        log.exception("import %s failed", job.pk)
        _finish(job.pk, claim, State.FAILED, what="An unexpected fault stopped the import. The server's log has it.")
    except BaseException:  # the worker was told to stop
        _finish(job.pk, claim, State.FAILED, what="The worker was stopped before the import was finished.")
        raise
    else:
        state = State.PLANNED if job.step == Step.PLAN else State.DONE
        _finish(job.pk, claim, state, report=_storable(outcome.report), course=outcome.course, what="", problems=[])


def _import(job: ImportJob, beat: "_Beat") -> ImportOutcome:
    user = job.acting_user
    if user is None or not user.is_active or not user.has_perm("courses.add_course"):
        raise _refused("whoever uploaded this may no longer import courses")
    if job.publish and not user.has_perm("courses.publish_course"):
        raise _refused("whoever uploaded this may not publish courses")
    with (
        _upload(job) as file,
        opened_archive(file, name=job.source_name, limits=LIMITS, on_progress=beat.tell) as opened,
    ):
        folder, origin = opened
        return import_opened(
            folder=folder,
            origin={**origin, "size": job.size},
            slug=job.slug or None,
            publish=job.publish,
            dry_run=job.step == Step.PLAN,
            acting_user=user,
            only_editable=True,
            on_progress=beat.tell,
            before_commit=beat.hold,
        )


def _refused(what: str) -> CourseRefused:
    return CourseRefused([Problem("", what)])


@contextmanager
def _upload(job: ImportJob) -> Iterator[Any]:
    try:
        file = storages["imports"].open(job.stored_as)
    except FileNotFoundError:
        raise _refused("the uploaded file is no longer there; upload it again") from None
    with file:
        yield file


def _storable(value: Any) -> Any:
    """A report quotes file names and cells, which may hold what the database cannot."""
    match value:
        case str():
            return _NOT_STORED.sub("\N{REPLACEMENT CHARACTER}", value)
        case list():
            return [_storable(item) for item in value]
        case dict():
            return {_storable(key): _storable(item) for key, item in value.items()}
    return value


@transaction.atomic
def _finish(job_id: int, claim: uuid.UUID, state: str, **fields: Any) -> None:
    """Close a run. A run that lost its claim writes nothing."""
    job = ImportJob.objects.select_for_update().filter(pk=job_id, claim=claim, state=State.RUNNING).first()
    if job is None:
        log.warning("import %s: ended after another run had taken it", job_id)
        return
    for name, value in fields.items():
        setattr(job, name, value)
    job.state, job.claim, job.finished_at = state, None, timezone.now()
    if state in (State.DONE, State.REFUSED):
        _drop_file(job)
    job.save()


class _Beat:
    """The signs of life of one run, from a thread with its own connection: the import's transaction hides its own."""

    def __init__(self, job_id: int, claim: uuid.UUID) -> None:
        self._job_id, self._claim = job_id, claim
        self._progress = (0, 0, "")
        self._lost = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"import {job_id}", daemon=True)

    def tell(self, done: int, total: int, what: str) -> None:
        """Progress, for the next sign of life. Raises ClaimLost when another run has the job."""
        self._progress = (done, total, _readable(what)[:300])
        if self._lost:
            raise ClaimLost

    def hold(self) -> None:
        """Keep the job for this transaction: nobody can take it until the import is committed. Raises ClaimLost."""
        mine = ImportJob.objects.select_for_update(no_key=True)
        if not mine.filter(pk=self._job_id, claim=self._claim, state=State.RUNNING).exists():
            raise ClaimLost

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            while not self._stop.wait(BEAT):
                self._beat()
        finally:
            connections.close_all()

    def _beat(self) -> None:
        done, total, what = self._progress
        row = ImportJob.objects.filter(pk=self._job_id)
        try:
            mine = row.filter(claim=self._claim, state=State.RUNNING)
            beats = mine.update(beat_at=timezone.now(), done=done, total=total, what=what)
            self._lost = self._lost or (not beats and row.exists())
        except Exception:  # the database is away for a moment: the next beat tries again, on a new connection
            log.exception("import %s: no sign of life could be written", self._job_id)
            connections.close_all()
            time.sleep(BEAT)
