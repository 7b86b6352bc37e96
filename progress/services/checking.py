"""The queue of exercises to check: who is next, one run at a time for each job, and settling what came out.

A run claims its job for a while, works outside of any transaction, and settles in one. A claim that has run out is
anybody's, so no killed process loses an answer; a run that lost its claim writes nothing. A fault of ours (no sandbox,
no package, a bug) is never an answer's: its job rests for a while and is tried again.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.http import Http404
from django.utils import timezone

from courses.selectors import LessonBlock, revision_block
from progress.grading.sandbox import PackagesMissing, SandboxFailed
from progress.grading.sandbox_process import STARTING
from progress.models import Attempt, CheckJob
from progress.selectors.attempts import NOT_INSTALLED, due_jobs
from progress.services import results, scoring
from progress.services.enrolling import locked_enrolment_of
from progress.services.scoring import Judgement

# A start may take a minute on a busy machine, code with packages thrice 20 s; then half a minute until it is given up.
LEASE = timedelta(seconds=150)
PAUSES = (5, 30, 120, 600)  # seconds until the next try, by the number of tries; the last one stays
UNLUCKY = 2  # runs that a job may take down with their process before it rests like one with a fault: others wait
NO_PACKAGE_PAUSE = 3600  # seconds; somebody has to install it
START_IN_REQUEST = 3.0  # seconds for the sandbox to start; the code then has its own, thrice that by the clock at most
PATIENCE = 60.0  # seconds for which a worker holds a judgement while the database is away
CLAIMING = 0x6D6C_7001  # the advisory lock of claims: the number of running checks is counted under it
DATABASE_AWAY = (OperationalError, InterfaceError)
WITHDRAWN = "There is nothing to check here any more: the exercise was changed before your answer was checked."

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True)
class Claim:
    """A run's right to settle a job, until its lease ends. `tries` counts this run."""

    job_id: int
    attempt_id: int
    token: uuid.UUID
    tries: int


_held: set[Claim] = set()  # what runs in this process now


def run_next(*, only: Attempt | None = None) -> bool:
    """Check the next answer of the queue, or `only` this one if it is next. Takes seconds.

    Returns False when there is nothing to do now: no job is due, `only` is not the first, or all slots are taken.
    """
    claim = _claim(only)
    if claim is not None:
        _run(claim)
    return claim is not None


def run_now(attempt: Attempt) -> bool:
    """Check a pending attempt inside a request, if nobody waits before it and a slot is free.

    Returns whether it was run, whatever came of it. Answers that need packages are left to the worker: loading those
    takes longer than anybody waits for a page.
    """
    if _block_of(attempt).public["packages"]:
        return False
    claim = _claim(attempt)
    if claim is not None:
        _run(claim, in_request=True)
    return claim is not None


def give_back_held() -> int:
    """Let go of what runs in this process, which is about to end: another takes it at once. Returns how many."""
    held = list(_held)
    for claim in held:
        _put_back(claim, tries=claim.tries - 1)
    return len(held)


def _claim(only: Attempt | None) -> Claim | None:
    if not due_jobs(timezone.now()).exists():
        return None  # the usual case of a worker that looks: no lock for it
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMING])
        now = timezone.now()
        if CheckJob.objects.filter(lease_until__gt=now).count() >= settings.SANDBOX_SLOTS:
            return None
        job = due_jobs(now).select_for_update(skip_locked=True).first()
        if job is None or (only is not None and job.attempt_id != only.pk):
            return None
        job.claim, job.lease_until, job.tries = uuid.uuid4(), now + LEASE, job.tries + 1
        if job.tries > UNLUCKY:
            job.not_before = job.lease_until + timedelta(seconds=_pause(job.tries))
        job.save(update_fields=["claim", "lease_until", "tries", "not_before"])
    return Claim(job.pk, job.attempt_id, job.claim, job.tries)


def _run(claim: Claim, *, in_request: bool = False) -> None:
    """Check and settle; after a fault of ours the job rests for a while."""
    patience = 1.0 if in_request else PATIENCE
    pause = _pause(claim.tries)
    _held.add(claim)
    try:
        judgement = _judged(claim, patience, START_IN_REQUEST if in_request else STARTING)
        if judgement is not None:
            _with_patience(lambda: settle(claim=claim, judgement=judgement), patience)
        return
    except PackagesMissing as missing:
        fault, pause = f"{', '.join(sorted(missing.names))} {NOT_INSTALLED}", NO_PACKAGE_PAUSE
        log.warning("attempt %s waits: %s", claim.attempt_id, fault)
    except SandboxFailed as failed:
        # Busy for a request is not yet busy for the worker.
        fault, pause = f"the sandbox failed: {failed}", 0 if in_request else pause
        log.warning("attempt %s is tried again in %s s: %s", claim.attempt_id, pause, fault)
    except DATABASE_AWAY:
        raise  # the lease ends by itself
    except Exception as error:
        # A fault in judging must not take the answer with it.
        fault = f"{type(error).__name__} in judging"
        log.exception("attempt %s is tried again in %s s", claim.attempt_id, pause)
    except BaseException:  # the process was told to stop
        _put_back(claim, tries=claim.tries - 1)
        raise
    finally:
        _held.discard(claim)
    _with_patience(lambda: _put_back(claim, fault=fault, pause=pause), patience)


def _pause(tries: int) -> int:
    return PAUSES[min(tries, len(PAUSES)) - 1]


def _judged(claim: Claim, patience: float, starting: float) -> Judgement | None:
    """What the sandbox and the grader make of the answer; None if it was deleted with its account in this moment."""
    waiting = Attempt.objects.select_related("lesson__course")
    attempt = _with_patience(lambda: waiting.filter(pk=claim.attempt_id).first(), patience)
    if attempt is None:
        return None
    try:
        block = _block_of(attempt)
    except Http404:
        block = None
    if block is None or block.check is None:
        # A newer compiler takes nothing to check out of what was published: waiting for it would never end.
        log.warning("attempt %s: its block is not one to check any more", attempt.pk)
        nothing: dict[str, Any] = {"checks": [], "hidden": {"passed": 0, "total": 0}, "stdout": "", "error": None}
        return Judgement(False, Decimal(0), {"message": WITHDRAWN, **nothing})
    return scoring.judge_exercise(block, attempt.answer, lesson=attempt.lesson, starting=starting)


def _block_of(attempt: Attempt) -> LessonBlock:
    return revision_block(attempt.lesson, attempt.revision, attempt.block_uid)


@transaction.atomic
def settle(*, claim: Claim, judgement: Judgement) -> Attempt | None:
    """Write the verdict of a pending attempt, with what follows from it, and take its job out of the queue.

    A claim that was lost writes nothing, and gives None.
    """
    place = Attempt.objects.filter(pk=claim.attempt_id).values_list("enrolment_id", "lesson__course_id").first()
    if place is None:
        return None
    enrolment = locked_enrolment_of(*place)
    job = CheckJob.objects.select_for_update().filter(pk=claim.job_id, claim=claim.token).first()
    if enrolment is None or job is None:
        log.warning("attempt %s: another run had it meanwhile", claim.attempt_id)
        return None
    attempt = Attempt.objects.get(pk=claim.attempt_id)
    fields = scoring.settled_fields(attempt, judgement)
    Attempt.objects.filter(pk=attempt.pk).update(**fields)
    for name, value in fields.items():
        setattr(attempt, name, value)
    job.delete()
    attempt.enrolment = enrolment
    results.record(attempt)
    return attempt


def _put_back(claim: Claim, *, fault: str = "", pause: float = 0, tries: int | None = None) -> None:
    """Let go of a job; with a fault it rests for `pause` seconds. Does nothing if another run has it."""
    rested = timezone.now() + timedelta(seconds=pause)
    changes: dict[str, Any] = {"claim": None, "lease_until": None, "not_before": rested}
    if fault:
        changes["last_fault"] = "".join(sign for sign in fault if sign.isprintable())[:300]
    if tries is not None:
        changes["tries"] = tries
    CheckJob.objects.filter(pk=claim.job_id, claim=claim.token).update(**changes)


def _with_patience(work: Callable[[], T], patience: float) -> T:
    """Do `work`, again and again for `patience` seconds while the database is away."""
    deadline, pause = time.monotonic() + patience, 0.1
    while True:
        try:
            return work()
        except DATABASE_AWAY as error:
            if connection.in_atomic_block or time.monotonic() > deadline:
                raise
            log.warning("the database is away: %s", str(error).strip())
            connections.close_all()
            time.sleep(pause)
            pause = min(2 * pause, 3.0)
