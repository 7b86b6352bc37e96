"""A course in a git working copy: the import says of which commit it is, and runs nothing that the repository names."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command

from courses.models import PublishLog
from courses.services.sources import opened_source

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *who, "-C", str(folder), *words],
        env={**os.environ, **NOBODY},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def copy(tmp_path) -> Path:
    folder = tmp_path / "my course"
    folder.mkdir()
    (folder / "01.md").write_text("# One\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "First")
    return folder


def origin_of(folder: Path) -> dict:
    with opened_source(folder) as (opened, origin):
        assert opened == folder
        return origin


def test_commit_and_branch_are_recorded(copy):
    commit = git(copy, "rev-parse", "HEAD")
    assert origin_of(copy) == {"kind": "git", "name": "my course", "commit": commit, "branch": "main", "dirty": False}


def test_a_changed_or_new_file_makes_it_dirty(copy):
    (copy / "02.md").write_text("# Two\n")
    assert origin_of(copy)["dirty"] is True
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "Second")
    assert origin_of(copy)["dirty"] is False
    (copy / "01.md").write_text("# Uno\n")
    assert origin_of(copy)["dirty"] is True


def test_a_commit_without_a_branch_is_recorded(copy):
    git(copy, "checkout", "-q", "--detach")
    origin = origin_of(copy)
    assert (origin["commit"], origin["branch"]) == (git(copy, "rev-parse", "HEAD"), None)


def test_a_course_below_the_repository_is_judged_by_its_own_files(copy):
    course = copy / "courses" / "a"
    course.mkdir(parents=True)
    (course / "a.md").write_text("# A\n")
    git(copy, "add", ".")
    git(copy, "commit", "-qm", "A")
    (copy / "01.md").write_text("# Uno\n")
    origin = origin_of(course)
    assert (origin["name"], origin["dirty"]) == ("a", False)
    assert origin["commit"] == git(copy, "rev-parse", "HEAD")


def test_a_repository_without_a_commit_says_so(tmp_path):
    git(tmp_path, "init", "-q")
    origin = origin_of(tmp_path)
    assert origin["commit"] is None
    assert origin["note"] == "the commit is not known: the repository has none yet"


def test_without_git_the_course_is_imported_and_the_report_says_so(copy, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    origin = origin_of(copy)
    assert origin["kind"] == "git"
    assert origin["commit"] is None
    assert "git is not installed" in origin["note"]


def test_a_broken_repository_is_no_obstacle(tmp_path):
    (tmp_path / ".git").write_text("gitdir: /nowhere/at/all\n")
    assert origin_of(tmp_path)["note"].startswith("the commit is not known")


@pytest.mark.parametrize(
    "key", ["core.fsmonitor", "filter.spy.clean", "diff.external", "core.sshCommand", "alias.status"]
)
def test_no_program_that_the_repository_names_is_run(copy, tmp_path, key):
    mark = tmp_path / "was-run"
    program = tmp_path / "spy.sh"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\n")
    program.chmod(0o755)
    for hook in ("post-index-change", "reference-transaction"):
        path = copy / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        shutil.copy(program, path)
    git(copy, "config", key, f"!{program}" if key.startswith("alias") else str(program))
    (copy / ".git" / "info").mkdir(exist_ok=True)
    (copy / ".git" / "info" / "attributes").write_text("*.md filter=spy\n")
    os.utime(copy / "01.md", (1, 1))  # git has to look into the file, and not at its date alone
    assert origin_of(copy)["commit"] is not None
    assert not mark.exists()


def test_variables_of_the_shell_do_not_lead_to_another_repository(copy, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    origin = origin_of(copy)
    monkeypatch.delenv("GIT_DIR")
    assert origin["commit"] == git(copy, "rev-parse", "HEAD")


def test_a_plain_folder_has_no_commit(tmp_path):
    assert origin_of(tmp_path) == {"kind": "folder", "name": tmp_path.name}


def test_the_log_row_of_an_import_names_the_commit(db, copy, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    call_command("import_course", str(copy), publish=True)
    assert PublishLog.objects.get().changes["source"]["commit"] == git(copy, "rev-parse", "HEAD")
