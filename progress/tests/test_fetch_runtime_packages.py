"""Bringing packages to the server, from a stand-in of the distribution on this machine."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from progress.grading import package_fetching
from progress.grading.browser_runtime import browser_runtime, installed_packages, package_file
from progress.tests.runtime_packages import WHEELS, Distribution, distribution, file_name, write_lock

NUMPY, STAND_IN = file_name("numpy"), file_name("stand-in")


@pytest.fixture
def served(settings, tmp_path: Path, monkeypatch) -> Iterator[Distribution]:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    write_lock(runtime / "pyodide-lock.json", settings.PRACTICE_RUNTIME / "pyodide-lock.json")
    about = (settings.PRACTICE_RUNTIME / "runtime.json").read_bytes()
    (runtime / "runtime.json").write_bytes(about)
    settings.PRACTICE_RUNTIME = runtime
    settings.RUNTIME_PACKAGES = tmp_path / "packages"
    monkeypatch.setattr(package_fetching, "PAUSE", 0)
    with distribution() as served:
        settings.PYODIDE_PACKAGE_URL = served.url
        yield served


def _fetch(*names: str) -> str:
    told = StringIO()
    call_command("fetch_runtime_packages", *names, stdout=told)
    return told.getvalue()


def test_a_package_comes_with_what_it_needs_and_its_lock_file(served, settings):
    told = _fetch("numpy")
    folder = settings.RUNTIME_PACKAGES
    assert {path.name for path in folder.glob("*.whl")} == {NUMPY, STAND_IN}
    assert (folder / NUMPY).read_bytes() == WHEELS[NUMPY]
    assert "stand-in" in json.loads((folder / "pyodide-lock.json").read_text())["packages"]
    assert "numpy 2.4.6: downloaded" in told


def test_a_module_may_be_named_as_it_is_imported(served):
    _fetch("stand_in")
    assert set(installed_packages()) == {"stand-in"}


def test_what_is_here_is_not_downloaded_again(served):
    _fetch("numpy")
    served.asked.clear()
    assert "numpy 2.4.6: here" in _fetch("numpy")
    assert served.asked == []


def test_an_altered_file_is_downloaded_again(served, settings):
    _fetch("numpy")
    (settings.RUNTIME_PACKAGES / NUMPY).write_bytes(b"altered")
    _fetch("numpy")
    assert (settings.RUNTIME_PACKAGES / NUMPY).read_bytes() == WHEELS[NUMPY]


def test_a_broken_download_goes_on_where_it_ended(served, settings):
    served.breaks_after = 100
    _fetch("stand-in")
    assert served.asked == [(STAND_IN, ""), (STAND_IN, "bytes=100-")]
    assert (settings.RUNTIME_PACKAGES / STAND_IN).read_bytes() == WHEELS[STAND_IN]


def test_a_file_with_another_checksum_is_refused_and_not_kept(served, settings):
    served.files[NUMPY] = WHEELS[NUMPY] + b"more"
    with pytest.raises(CommandError, match="checksum differs"):
        _fetch("numpy")
    assert not list(settings.RUNTIME_PACKAGES.glob(f"{NUMPY}*"))


def test_a_file_that_is_too_big_is_refused(served, settings, monkeypatch):
    monkeypatch.setattr(package_fetching, "MOST_BYTES", 200)
    with pytest.raises(CommandError, match="more than a package may have"):
        _fetch("numpy")
    assert not (settings.RUNTIME_PACKAGES / NUMPY).exists()


def test_a_missing_file_is_said(served):
    del served.files[NUMPY]
    with pytest.raises(CommandError, match="the server said 404"):
        _fetch("numpy")


def test_an_unknown_package_is_said_before_anything_is_downloaded(served):
    with pytest.raises(CommandError, match="no package nonesuch"):
        _fetch("numpy", "nonesuch")
    assert served.asked == []


def test_a_hostile_lock_file_names_no_path(served, settings):
    path = settings.PRACTICE_RUNTIME / "pyodide-lock.json"
    lock = json.loads(path.read_text())
    lock["packages"]["numpy"]["file_name"] = "../../numpy.whl"
    path.write_text(json.dumps(lock))
    with pytest.raises(CommandError, match="unusable file name"):
        _fetch("numpy")


def test_packages_of_an_earlier_runtime_are_removed(served, settings):
    settings.RUNTIME_PACKAGES.mkdir()
    (settings.RUNTIME_PACKAGES / "numpy-1.0-py3-none-any.whl").write_bytes(b"old")
    assert "removed numpy-1.0-py3-none-any.whl" in _fetch("stand-in")
    assert not (settings.RUNTIME_PACKAGES / "numpy-1.0-py3-none-any.whl").exists()


def test_without_an_address_nothing_is_tried(served, settings):
    settings.PYODIDE_PACKAGE_URL = ""
    with pytest.raises(CommandError, match="nowhere to download from"):
        _fetch("numpy")


def test_pages_are_told_where_packages_are(served, settings):
    assert browser_runtime()["package_base"] == served.url
    assert browser_runtime()["packages"] is None
    _fetch("numpy")
    assert browser_runtime()["package_base"] == "/runtime-packages/"
    assert browser_runtime()["packages"] == {name: len(WHEELS[file_name(name)]) for name in ("numpy", "stand-in")}


def test_pages_are_told_that_there_are_none(served, settings):
    settings.PYODIDE_PACKAGE_URL = ""
    assert (browser_runtime()["package_base"], browser_runtime()["packages"]) == (None, {})


def test_only_files_of_the_distribution_are_served(served, settings, client):
    _fetch("numpy")
    response = client.get(f"/runtime-packages/{NUMPY}")
    assert b"".join(response.streaming_content) == WHEELS[NUMPY]
    assert "immutable" in response["Cache-Control"]
    assert response["Access-Control-Allow-Origin"] == "*"
    for name in ("pyodide-lock.json", ".lock", "other.whl", "..%2Fruntime%2Fruntime.json"):
        assert client.get(f"/runtime-packages/{name}").status_code == 404
    assert package_file("../runtime/runtime.json") is None
