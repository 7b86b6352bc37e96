"""A server of its own for every test, in a folder whose path has a space and Cyrillic letters.

At the end of each nothing of that server may be left running.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlpracticum import postgres
from mlpracticum.postgres import places
from mlpracticum.postgres.sharing import stop_unused
from tests.embedded_postgres.trial import open_folder, processes_in

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def empty_project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that any user may pass through, unlike pytest's own; MLPRACTICUM_VAR points into it."""
    with open_folder() as folder:
        monkeypatch.setenv("MLPRACTICUM_VAR", str(folder / "var"))
        yield folder
        try:
            assert stop_unused(), "a user of the server was left"
            assert processes_in(folder, places.root_folder()) == []
        finally:
            shutil.rmtree(postgres.socket_dir(), ignore_errors=True)
            if AS_ROOT:
                shutil.rmtree(places.root_folder(), ignore_errors=True)


@pytest.fixture
def project(empty_project: Path, first_data: Path) -> Path:
    """The same after a first start, which is the slow part: its data are copied."""
    (empty_project / "var" / "pg").mkdir(parents=True)
    subprocess.run(["cp", "-a", first_data, empty_project / "var" / "pg" / "data"], check=True)
    return empty_project


@pytest.fixture(scope="session")
def first_data() -> Iterator[Path]:
    with open_folder() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLPRACTICUM_VAR", str(folder))
        with postgres.ensure():
            data = postgres.status().data
        yield data
