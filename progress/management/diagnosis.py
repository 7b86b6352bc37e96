"""What `manage.py doctor` looks at: each check finds what is well, what is not, and what to do about it.

A check changes nothing but what it takes away again. One that breaks is a finding too: the others still run.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks, mail
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from courses.services.recompiling import waiting_revisions
from progress.grading import sandbox
from progress.grading.browser_runtime import browser_runtime, installed_packages, packages_url
from progress.management.database_tools import ToolFailed, find_tools
from progress.selectors.attempts import due_jobs

OLDEST_POSTGRESQL = 14
LONG = timedelta(minutes=2)  # that nothing waits while its worker lives
LITTLE, TOO_LITTLE = 2_000_000_000, 200_000_000  # bytes free
PRINTING = ("console", "locmem", "dummy", "filebased")


@dataclass(frozen=True)
class Finding:
    """`mark`: "✓" well, "!" worth a look, "✗" serving fails by it."""

    mark: str
    what: str
    advice: str = ""


def well(what: str) -> Finding:
    return Finding("✓", what)


def doubtful(what: str, advice: str) -> Finding:
    return Finding("!", what, advice)


def broken(what: str, advice: str) -> Finding:
    return Finding("✗", what, advice)


def examine() -> Iterator[Finding]:
    """All checks, one after the other. Those that need the database are left out when it does not answer."""
    has_database = True
    for name, check, needs_database in CHECKS:
        if needs_database and not has_database:
            continue
        try:
            for finding in check():
                yield finding
                has_database = has_database and (check is not database or finding.mark != "✗")
        except Exception as error:  # a fault of the check, or of what it looks at: told, and never a healthy report
            yield broken(f"{name}: {type(error).__name__}: {error}", "this is unexpected; the text says where to look")
            has_database = has_database and check is not database


def configuration() -> Iterator[Finding]:
    mode = "production" if settings.PRODUCTION else "development"
    if settings.PRODUCTION and (settings.DEBUG or len(settings.SECRET_KEY) < 50 or "*" in settings.ALLOWED_HOSTS):
        yield broken("the settings are open", "DEBUG off, a SECRET_KEY of 50 characters, named ALLOWED_HOSTS")
    faults = checks.run_checks(include_deployment_checks=settings.PRODUCTION)
    errors = [fault for fault in faults if fault.is_serious() and not fault.is_silenced()]
    for fault in errors:
        yield broken(f"settings: {fault.msg}", fault.hint or fault.id or "")
    for fault in faults:
        if fault not in errors and fault.level >= checks.WARNING and not fault.is_silenced():
            yield doubtful(f"settings: {fault.msg}", fault.hint or fault.id or "")
    if not errors:
        yield well(f"settings: {mode} mode, secret key of {len(settings.SECRET_KEY)} characters")


def database() -> Iterator[Finding]:
    try:
        connection.ensure_connection()
        version = connection.pg_version
    except Error as error:
        yield broken(f"database: {str(error).strip().splitlines()[0]}", "start it, or set DATABASE_URL right")
        return
    if version // 10000 < OLDEST_POSTGRESQL:
        yield broken(f"database: PostgreSQL {version // 10000}", f"needs PostgreSQL {OLDEST_POSTGRESQL} or newer")
        return
    yield well(f"database: PostgreSQL {version // 10000}.{version % 10000}")


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{step.app_label}.{step.name}" for step, _ in plan[:3])
        yield broken(f"tables: {len(plan)} migrations are missing ({names} …)", "run `manage.py migrate`")
        return
    yield well("tables: every migration is applied")
    if waiting := waiting_revisions():
        yield doubtful(f"lessons: {waiting} are compiled by an older version", "run `manage.py recompile_lessons`")


def shared_cache() -> Iterator[Finding]:
    key, value = f"doctor-{uuid4()}", uuid4().hex
    advice = "run `manage.py migrate`, or set CACHE_URL right: sign-in limits and codes are kept there"
    try:
        cache.set(key, value, 30)
        found = cache.get(key)
        cache.delete(key)
    except Exception as error:  # every backend has exceptions of its own
        yield broken(f"cache: {type(error).__name__}: {error}", advice)
        return
    if found != value:
        yield broken("cache: it forgets at once", advice)
    elif settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"):
        yield doubtful("cache: each process has its own", "limits are counted apart; set CACHE_URL, or leave it empty")
    else:
        yield well("cache: keeps what it is given")


def static_files() -> Iterator[Finding]:
    if settings.PRODUCTION:
        manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
        names = json.loads(manifest.read_text())["paths"] if manifest.is_file() else {}
        is_there = "css/base.css" in names
        advice = "run `python -m mlpracticum.assets`, then `manage.py collectstatic`"
    else:
        is_there, advice = finders.find("css/base.css") is not None, "the folder `static` is not whole"
    yield well("static files") if is_there else broken("static files: none", advice)
    if not settings.PRODUCTION and not any((Path(folder) / "vendor").is_dir() for folder in settings.STATICFILES_DIRS):
        yield broken("built files of the browser are missing", "run `python -m mlpracticum.assets` (`make run` does)")


def browser() -> Iterator[Finding]:
    advice = "run `python -m mlpracticum.assets` (`make run` does)"
    yield well("Python for browsers") if browser_runtime() else broken("Python for browsers is missing", advice)
    if packages := installed_packages():
        yield well(f"packages for cells: {len(packages)} are served from here")
    elif url := packages_url():
        yield doubtful(f"packages for cells come from {url}", "`manage.py fetch_runtime_packages` brings them here")
    else:
        yield doubtful("packages for cells: none", "run `manage.py fetch_runtime_packages`; numpy is not available")


def checking_of_code() -> Iterator[Finding]:
    check = {"kind": "value", "expression": "answer", "expected": 42, "comparison": "equal"}
    try:
        outcome = sandbox.run(sandbox.Job(code="answer = 6 * 7", checks=[check], seconds=10.0))
    except sandbox.SandboxFailed as failed:
        yield broken(f"checking of exercises: {failed}", "run `python -m mlpracticum.assets`; answers wait until then")
        return
    if outcome.state != "finished" or [result.get("value") for result in outcome.results] != [42]:
        yield broken(f"checking of exercises: 6 * 7 came out as {outcome}", "run `python -m mlpracticum.assets`")
        return
    yield well("checking of exercises: a program ran in the sandbox")


def media() -> Iterator[Finding]:
    advice = "MEDIA_ROOT must be a folder that web and workers share and may write"
    try:
        name = default_storage.save(f"doctor/{uuid4()}", ContentFile(b"well"))
        with default_storage.open(name) as file:
            read = file.read()
        default_storage.delete(name)
    except OSError as error:
        yield broken(f"media: {error}", advice)
        return
    _remove_empty(Path(settings.MEDIA_ROOT) / "doctor")
    yield well(f"media: {settings.MEDIA_ROOT}") if read == b"well" else broken("media: not what was written", advice)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass  # another doctor's file is in it, or the storage is no folder


def disk() -> Iterator[Finding]:
    places = {"media": Path(settings.MEDIA_ROOT), "temporary files": Path(tempfile.gettempdir())}
    for name, folder in places.items():
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        said = f"disk: {free / 1e9:,.1f} GB free for {name}"
        if free < TOO_LITTLE:
            yield broken(said, f"make room in {folder}: nothing can be stored soon")
        elif free < LITTLE:
            yield doubtful(said, f"make room in {folder}")
        else:
            yield well(said)


def post() -> Iterator[Finding]:
    kind = settings.EMAIL_BACKEND.rsplit(".", 2)[-2]
    if not settings.PRODUCTION:
        yield well(f"mail: {kind}, as development needs it")
        return
    if kind in PRINTING:
        yield broken(f"mail: {kind} sends nothing", "set EMAIL_URL: sign-up and password reset need mail")
        return
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        yield doubtful(f"mail: sent as {settings.DEFAULT_FROM_EMAIL}", "set DEFAULT_FROM_EMAIL to an address of yours")
    server = mail.get_connection(timeout=10)
    try:
        server.open()
        server.close()
    except OSError as error:  # smtplib's exceptions are such too
        yield broken(f"mail: {type(error).__name__}: {error}", "set EMAIL_URL right: nobody can sign up without mail")
        return
    yield well(f"mail: {settings.EMAIL_HOST} took the connection")


def workers() -> Iterator[Finding]:
    now = timezone.now()
    oldest = due_jobs(now).order_by("not_before").values_list("not_before", flat=True).first()
    yield _waiting("answers to check", oldest, now, "check_answers")
    job = DBTaskResult.objects.ready().order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
    yield _waiting("background jobs", job, now, "db_worker")


def _waiting(what: str, oldest: Any, now: Any, command: str) -> Finding:
    if oldest is None:
        return well(f"{what}: none wait")
    if now - oldest < LONG:
        return well(f"{what}: the first has waited for {(now - oldest).total_seconds():.0f} s")
    minutes = (now - oldest).total_seconds() / 60
    advice = f"is `manage.py {command}` running? `make run` and compose start it"
    return doubtful(f"{what}: the first has waited for {minutes:,.0f} minutes", advice)


def backups() -> Iterator[Finding]:
    try:
        tools = find_tools(connection)
    except ToolFailed as error:
        yield doubtful(f"backups: {error}", "`manage.py backup` needs them")
        return
    yield well(f"backups: pg_dump {tools.version}")


Check = Callable[[], Iterator[Finding]]
# What it is called, what it is, and whether it needs the database.
CHECKS: list[tuple[str, Check, bool]] = [
    ("settings", configuration, False),
    ("database", database, False),
    ("tables", migrations, True),
    ("cache", shared_cache, True),
    ("static files", static_files, False),
    ("Python for browsers", browser, False),
    ("checking of exercises", checking_of_code, False),
    ("media", media, False),
    ("disk", disk, False),
    ("mail", post, False),
    ("workers", workers, True),
    ("backups", backups, True),
]
