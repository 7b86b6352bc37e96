"""Started by root, whom PostgreSQL refuses: its system user, folders out of that user's reach, data of others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlpracticum import postgres
from mlpracticum.postgres import account, places
from mlpracticum.postgres.errors import PostgresError
from mlpracticum.postgres.processes import wait_for_end
from tests.embedded_postgres.trial import USER, copy_binaries, copy_launcher, end, query, said

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may start programs as another user")
OTHER_UID = 65534  # nobody


def test_socket_folder_of_another_user_is_refused(project):
    place = postgres.socket_dir()
    place.mkdir(mode=0o700)
    os.chown(place, OTHER_UID, -1)
    with pytest.raises(PostgresError, match=f"belongs to user number {OTHER_UID}"):
        postgres.ensure()


def test_root_runs_the_server_as_a_system_user(empty_project):
    with postgres.ensure():
        status = postgres.status()
        assert status.data == empty_project / "var" / "pg" / "data"
        assert Path(f"/proc/{status.pid}").stat().st_uid == account.service_account().uid != 0


def test_root_keeps_data_elsewhere_when_the_system_user_cannot_reach_the_project(empty_project, monkeypatch):
    empty_project.chmod(0o700)
    package = copy_binaries(empty_project / "packages")
    monkeypatch.setattr(places, "package_folder", lambda: package)
    for _ in range(2):
        with postgres.ensure():
            status = postgres.status()
            assert status.data == places.root_folder() / "data"
            command = Path(f"/proc/{status.pid}/cmdline").read_bytes().decode()
            assert command.startswith(f"{places.root_folder()}/binaries-")
            query("CREATE TABLE IF NOT EXISTS kept (word text)")
    # Once there, the data stay there, also when the empty_project becomes reachable.
    empty_project.chmod(0o755)
    with postgres.ensure():
        assert postgres.status().data == places.root_folder() / "data"
        assert query("SELECT count(*) FROM kept") == (0,)
    assert empty_project.stat().st_mode & 0o777 == 0o755


def test_normal_user_has_a_server_of_their_own_and_root_serves_it_as_them(empty_project):
    python = python_for(OTHER_UID)
    (empty_project / "var").mkdir()
    copy_launcher(empty_project / "code")
    copy_binaries(empty_project / "code")
    os.chown(empty_project / "var", OTHER_UID, -1)
    user = subprocess.Popen(
        [python, "-c", USER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=empty_project / "code",
        user=OTHER_UID,
        group=OTHER_UID,
        extra_groups=[],
        env={
            "PATH": "/usr/bin:/bin",
            "MLPRACTICUM_VAR": str(empty_project / "var"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    answer = said(user)
    assert answer["owner"]
    assert Path(f"/proc/{answer['pid']}").stat().st_uid == OTHER_UID
    end(user)
    assert wait_for_end(answer["pid"], 5)
    with postgres.ensure():
        assert Path(f"/proc/{postgres.status().pid}").stat().st_uid == OTHER_UID


def test_data_of_root_are_refused_to_a_normal_user_with_a_reason(project):
    with postgres.ensure():
        pass
    python = python_for(OTHER_UID)
    copy_launcher(project / "code")
    result = subprocess.run(
        [python, "-c", USER],
        capture_output=True,
        text=True,
        cwd=project / "code",
        user=OTHER_UID,
        group=OTHER_UID,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin", "MLPRACTICUM_VAR": str(project / "var")},
    )
    assert "PostgresError" in result.stderr
    assert f"belongs to {account.SERVICE_USER}" in result.stderr


def python_for(uid: int) -> str:
    """A Python that the user may run; this one may lie in root's closed home."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            check = "import sys; sys.exit(sys.version_info < (3, 11))"
            result = subprocess.run([python, "-c", check], user=uid, cwd="/", env={}, capture_output=True)
        except OSError:
            continue
        if result.returncode == 0:
            return python
    pytest.skip("no Python that another user may run")
