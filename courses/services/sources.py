"""Where a course comes from: a folder, a `.zip`, or a git working copy; and an import that remembers it.

Gives every source as a folder on disk for as long as it is read. A private temporary folder is made for an archive and
removed at the end. Of git it asks three questions, with nothing of the repository's own configuration run.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction

from courses.content.archive import Limits, unpack
from courses.content.report import CourseRefused, Problem
from courses.models import Course, PublishLog
from courses.services.importing import ImportOutcome, Progress, import_course

GIT_LIMIT = 20  # seconds
_PREFIXES = ("course-archive-", "course-files-")  # of an unpacked archive; of pictures taken out of notebooks
# A repository's configuration can name programs to run: for hooks, for watching files, for filters. None may.
_SAFE_GIT = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never"),
    *("-c", "submodule.recurse=false", "-c", "core.untrackedCache=false", "-c", f"core.attributesFile={os.devnull}"),
)
_PROGRAM_KEYS = (
    r"^(filter\..*\.(clean|smudge|process)|core\.(worktree|sshcommand|gitproxy)"
    r"|extensions\.(worktreeconfig|partialclone)|include.*)$"
)


@contextmanager
def opened_source(
    path: Path, *, limits: Limits | None = None, on_progress: Progress | None = None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A course's folder, and where it is from, for as long as the context lasts.

    The origin is `{"kind": "folder" | "zip" | "git", "name": …}`; of a git working copy also `commit`, `branch` and
    `dirty` (None where git was not asked or does not know), and `note` says why when the commit is not known.

    Raises:
        CourseRefused: neither a folder nor an archive that may be unpacked.
    """
    if path.is_dir():
        yield path, _origin_of_folder(path)
        return
    if not path.exists():
        raise CourseRefused([Problem("", f"{path.name!r} does not exist")])
    if not path.is_file():
        raise CourseRefused([Problem("", f"{path.name!r} is neither a folder nor a .zip")])
    try:
        file = path.open("rb")
    except OSError as error:
        raise CourseRefused([Problem("", f"{path.name!r} cannot be read ({error.strerror})")]) from error
    with file, opened_archive(file, name=path.name, limits=limits, on_progress=on_progress) as opened:
        yield opened


@contextmanager
def opened_archive(
    file: BinaryIO, *, name: str, limits: Limits | None = None, on_progress: Progress | None = None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """As `opened_source`, for the open file of an archive. Raises CourseRefused."""
    with tempfile.TemporaryDirectory(prefix=_PREFIXES[0]) as private:
        # A course that does not say its title is named after its folder: the archive's name then, not a random one.
        folder = Path(private) / (re.sub(r"[^\w .-]", "-", Path(name).stem)[:80].strip(" .") or "course")
        folder.mkdir()
        course = unpack(file, folder, limits=limits, on_progress=on_progress)
        yield course, {"kind": "zip", "name": name}


@transaction.atomic
def import_opened(
    *,
    folder: Path,
    origin: dict[str, Any],
    slug: str | None = None,
    publish: bool = False,
    dry_run: bool = False,
    acting_user: Any = None,
    only_editable: bool = False,
    on_progress: Progress | None = None,
    before_commit: Callable[[], None] | None = None,
) -> ImportOutcome:
    """Import an opened source. Its origin goes into the report (`source`) and into the log row's changes.

    Args:
        only_editable: refuse a course that is there already and that `acting_user` may not edit.
        before_commit: called last, inside the transaction; what it raises undoes the import.

    Raises:
        CourseRefused: as `import_course`, or the course is somebody else's. Nothing was written.
    """
    # Read before the import, which makes the importer an author of a course that has none.
    editable = set(Course.objects.editable_by(acting_user).values_list("pk", flat=True)) if only_editable else set()
    newest = PublishLog.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    outcome = import_course(
        path=folder,
        slug=slug,
        publish=publish,
        dry_run=dry_run,
        acting_user=acting_user,
        on_progress=on_progress,
    )
    is_new = outcome.course is None or outcome.plan.course == ["new"]
    if only_editable and not is_new and outcome.course is not None and outcome.course.pk not in editable:
        what = f"the address “{outcome.course.slug}” belongs to a course that you may not edit; choose another slug"
        raise CourseRefused([Problem("course.toml", what)])
    outcome.report["source"] = origin
    if outcome.course is not None and not dry_run:
        _log_origin(outcome.course, newest, origin)
    if before_commit is not None:
        before_commit()
    return outcome


def _log_origin(course: Course, newest: int, origin: dict[str, Any]) -> None:
    """Complete the log row of this very transaction; there is none when nothing changed."""
    row = course.publish_log.filter(pk__gt=newest, kind=PublishLog.Kind.IMPORT).order_by("-pk").first()
    if row is not None:
        row.changes = {**row.changes, "source": origin}
        row.save(update_fields=["changes"])


def remove_left_folders(older_than: float = 24 * 3600) -> int:
    """Remove what killed imports left among temporary files, when it is `older_than` seconds. Returns how many."""
    found = [path for prefix in _PREFIXES for path in Path(tempfile.gettempdir()).glob(f"{prefix}*")]
    old = [path for path in found if time.time() - path.lstat().st_mtime > older_than]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)  # another user's cannot be removed, and a link is not followed
    return len(old)


# --- git ---


def _origin_of_folder(path: Path) -> dict[str, Any]:
    name = path.resolve().name
    root = next((folder for folder in (path.resolve(), *path.resolve().parents) if (folder / ".git").exists()), None)
    if root is None:
        return {"kind": "folder", "name": name}
    origin: dict[str, Any] = {"kind": "git", "name": name, "commit": None, "branch": None, "dirty": None}
    git = shutil.which("git")
    if git is None:
        return origin | {"note": "the commit is not known: git is not installed"}
    commit, why = _ask(git, path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if commit is None:
        return origin | {"note": f"the commit is not known: {why or 'the repository has none yet'}"}
    branch, _ = _ask(git, path, "symbolic-ref", "--quiet", "--short", "HEAD")
    origin |= {"commit": commit, "branch": branch or None}
    if _names_programs(git, path):
        return origin | {"note": "whether files were changed is not known: the repository's settings name programs"}
    changed, why = _ask(git, path, "status", "--porcelain", "--ignore-submodules=all", "--", ".")
    if changed is None:
        return origin | {"note": f"whether files were changed is not known: {why}"}
    return origin | {"dirty": bool(changed)}


def _names_programs(git: str, path: Path) -> bool:
    """Whether comparing files could run a filter that the repository itself names."""
    found, why = _ask(git, path, "config", "--local", "--name-only", "--get-regexp", _PROGRAM_KEYS)
    return bool(found) or bool(why)


def _ask(git: str, path: Path, *question: str) -> tuple[str | None, str]:
    """git's answer, or None and why. An answer "no" is (None, "")."""
    # GIT_DIR and the like would lead elsewhere. The user's own settings stay: they say whom git may trust.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 (git's own path, and fixed questions)
            [git, *_SAFE_GIT, "-C", str(path), *question],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=GIT_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, f"git did not answer within {GIT_LIMIT} s"
    except OSError as error:
        return None, f"git cannot be run ({error.strerror})"
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace").strip(), ""
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return None, said[0][:200] if said else ""
