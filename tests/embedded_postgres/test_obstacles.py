"""What may lie in a start's way: stale and strange pid files, half a first start, moved folders, traps in /tmp."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mlpracticum import postgres
from mlpracticum.postgres import account
from mlpracticum.postgres.errors import PostgresError
from mlpracticum.postgres.processes import is_alive
from tests.embedded_postgres.trial import query, said, start_user


@pytest.mark.parametrize("content", ["{dead}\n/nowhere\n", "", "garbage\n"])
def test_stale_pid_file_is_no_obstacle(project, content):
    with postgres.ensure():
        data = postgres.status().data
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    _plant_pid_file(data, content.format(dead=ended.pid))
    with postgres.ensure() as use:
        assert use.owner
        assert query("SELECT 1") == (1,)


def test_pid_file_that_names_a_living_stranger_is_no_obstacle(project):
    with postgres.ensure():
        data, log = postgres.status().data, postgres.status().log
    # Of the server's own user: PostgreSQL itself forgives only a stranger whom it may not signal.
    stranger = subprocess.Popen(["sleep", "60"], **account.choose(data).identity())
    try:
        # The folder's name in a command line does not make a program a server.
        _plant_pid_file(data, f"{stranger.pid}\n{data}\n{int(time.time())}\n5432\n")
        postgres.socket_dir().mkdir(mode=0o700)
        os.chown(postgres.socket_dir(), data.stat().st_uid, data.stat().st_gid)
        _plant(postgres.socket_dir() / ".s.PGSQL.5432.lock", f"{stranger.pid}\n{data}\n", like=data)
        assert not postgres.status().running
        with postgres.ensure() as use:
            assert use.owner
            assert query("SELECT 1") == (1,)
        assert stranger.poll() is None
        assert "lock file" not in log.read_text()
    finally:
        stranger.kill()
        stranger.wait()


def _plant_pid_file(data: Path, text: str) -> None:
    _plant(data / "postmaster.pid", text, like=data)


def _plant(path: Path, text: str, *, like: Path) -> None:
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, like.stat().st_uid, like.stat().st_gid)


def test_killed_first_start_leaves_nothing_in_the_way(empty_project):
    half = empty_project / "var" / "pg" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with postgres.ensure():
        assert query("SELECT 1") == (1,)
    assert not half.exists()


def test_server_whose_socket_was_cleaned_away_is_started_anew(project):
    with postgres.ensure():
        shutil.rmtree(postgres.socket_dir())
        with postgres.ensure() as use:
            assert use.owner
            assert query("SELECT 1") == (1,)


def test_project_may_be_moved_while_a_left_server_runs(project, monkeypatch):
    user = start_user()
    pid, old_socket = said(user)["pid"], postgres.socket_dir()
    user.kill()
    user.communicate()
    (project / "var").rename(project / "moved")
    monkeypatch.setenv("MLPRACTICUM_VAR", str(project / "moved"))
    with postgres.ensure() as use:
        assert use.owner
        assert not is_alive(pid)
        assert query("SELECT 1") == (1,)
    shutil.rmtree(old_socket)


@pytest.mark.parametrize("trap", ["link", "file", "open"])
def test_socket_folder_that_others_could_use_is_refused(project, trap):
    place = postgres.socket_dir()
    if trap == "link":
        place.symlink_to(project)
    elif trap == "file":
        place.touch()
    else:
        place.mkdir()
        place.chmod(0o777)
    try:
        with pytest.raises(PostgresError, match="remove it"):
            postgres.ensure()
    finally:
        place.rmdir() if trap == "open" else place.unlink()
    assert not postgres.status().in_use


def test_failed_start_quotes_the_log_and_keeps_no_lock(project):
    with postgres.ensure():
        data = postgres.status().data
    with (data / "postgresql.conf").open("a") as config:
        config.write("no_such_setting = on\n")
    with pytest.raises(PostgresError, match="no_such_setting"):
        postgres.ensure()
    assert not postgres.status().in_use


def test_data_of_another_major_version_are_named_and_left_alone(project):
    with postgres.ensure():
        data = postgres.status().data
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(PostgresError, match="made by PostgreSQL 16"):
        postgres.ensure()
    (data / "PG_VERSION").write_text("18\n")


def test_pg_bin_without_programs_is_named(project, monkeypatch):
    monkeypatch.setenv("PG_BIN", str(project))
    with pytest.raises(PostgresError, match="PG_BIN: no initdb, pg_isready, postgres in"):
        postgres.ensure()


def test_pg_variables_of_the_caller_do_not_reach_the_server(empty_project, monkeypatch):
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    with postgres.ensure():
        assert query("SELECT lower('I'), current_setting('port')") == ("i", "5432")
