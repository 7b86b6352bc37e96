"""The server lives as long as its users, however they and it end: leaving, kill -9, Ctrl-C, four starts at once."""

import os
import signal
import subprocess
import time

import psycopg

from mlpracticum import postgres
from mlpracticum.postgres.processes import is_alive, wait_for_end
from mlpracticum.postgres.sharing import stop_unused
from tests.embedded_postgres.trial import end, processes_in, query, said, start_user


def test_address_is_known_without_a_server(empty_project, monkeypatch):
    first = postgres.dsn(), postgres.socket_dir()
    assert first == (postgres.dsn(), postgres.socket_dir())
    assert str(postgres.socket_dir()) in psycopg.conninfo.conninfo_to_dict(postgres.dsn())["host"]
    monkeypatch.setenv("MLPRACTICUM_VAR", str(empty_project / ("long/" * 60) / "var"))
    assert postgres.socket_dir() != first[1]
    assert len(str(postgres.socket_dir() / ".s.PGSQL.5432")) < 104
    assert not (empty_project / "var").exists()
    assert not postgres.status().running


def test_first_start_makes_a_database_that_knows_cyrillic_and_is_on_no_network(empty_project):
    with postgres.ensure() as use:
        assert use.owner
        row = query(
            "SELECT current_database(), datlocprovider, datlocale, lower('ПРИВЕТ'), "
            "current_setting('listen_addresses'), current_setting('server_encoding') "
            "FROM pg_database WHERE datname = current_database()"
        )
        assert row == ("mlpracticum", "b", "C.UTF-8", "привет", "", "UTF8")
        assert postgres.socket_dir().stat().st_mode & 0o777 == 0o700
        pid = postgres.status().pid
        assert os.getsid(pid) != os.getsid(0)
    assert not is_alive(pid)
    assert not postgres.status().running


def test_server_runs_until_its_last_user_leaves(project):
    first, second = postgres.ensure(), postgres.ensure()
    pid = postgres.status().pid
    assert (first.owner, second.owner) == (True, False)
    first.close()
    assert postgres.status().pid == pid
    assert postgres.status().in_use
    assert not stop_unused()
    second.close()
    second.close()
    assert not postgres.status().running
    assert not postgres.status().in_use
    assert not postgres.socket_dir().exists()


def test_forked_child_that_leaves_does_not_end_its_parents_use(project):
    with postgres.ensure() as use:
        child = os.fork()
        if child == 0:
            use.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert stop_unused() is False
        assert query("SELECT 1") == (1,)


def test_data_survive_a_killed_server(project):
    with postgres.ensure():
        query("CREATE TABLE kept AS SELECT 'still here' AS word")
        pid = postgres.status().pid
        os.kill(pid, signal.SIGKILL)
        with postgres.ensure() as use:
            assert use.owner
            assert postgres.status().pid != pid
            assert query("SELECT word FROM kept") == ("still here",)


def test_killed_user_leaves_a_server_that_the_next_user_finds_and_stops(project):
    user = start_user()
    pid = said(user)["pid"]
    user.kill()
    user.communicate()
    assert is_alive(pid)
    assert not postgres.status().in_use
    with postgres.ensure() as use:
        assert not use.owner
        assert postgres.status().pid == pid
    assert not is_alive(pid)


def test_killed_user_and_killed_server_together(project):
    user = start_user()
    os.kill(said(user)["pid"], signal.SIGKILL)
    user.kill()
    user.communicate()
    with postgres.ensure() as use:
        assert use.owner
        assert query("SELECT 1") == (1,)


def test_four_concurrent_starters_get_one_server(empty_project):
    users = [start_user() for _ in range(4)]
    answers = [said(user) for user in users]
    assert len({answer["pid"] for answer in answers}) == 1
    assert sorted(answer["owner"] for answer in answers) == [False, False, False, True]
    for number, user in enumerate(users):
        assert is_alive(answers[0]["pid"]), f"stopped with {4 - number} users left"
        end(user)
    assert wait_for_end(answers[0]["pid"], 5)


def test_interrupt_of_the_whole_terminal_ends_the_user_and_then_the_server(project):
    user = start_user(start_new_session=True)
    pid = said(user)["pid"]
    os.killpg(user.pid, signal.SIGINT)  # what Ctrl-C does
    out, _ = user.communicate(timeout=30)
    assert "interrupted" in out
    assert user.returncode == 0
    assert wait_for_end(pid, 5)


def test_interrupted_start_leaves_no_server(empty_project):
    user = start_user(start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not processes_in(empty_project) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.killpg(user.pid, signal.SIGINT)
    user.communicate(timeout=30)
    deadline = time.monotonic() + 10
    while processes_in(empty_project) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_in(empty_project) == []
