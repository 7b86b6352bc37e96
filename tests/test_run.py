"""`make run`'s program: what it says, that it serves, and that nothing of it is left, however it ends.

One folder for all tests, so that the tables and the example course are made once; each test starts and ends a site.
"""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlpracticum.postgres import places

PROJECT = Path(__file__).resolve().parents[1]
START_LIMIT = 90  # seconds; the first start makes the tables and imports a course


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="run ё ", dir="/tmp"))  # noqa: S108
    folder.chmod(0o755)
    yield folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLPRACTICUM_VAR", str(folder))
        shutil.rmtree(places.socket_dir(), ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(var, port) -> Iterator:
    """Start the site and wait until it says its address; gives the process and what it printed until then."""
    started = []

    def _start() -> tuple[subprocess.Popen, str]:
        site = subprocess.Popen(
            [sys.executable, "-u", "-m", "mlpracticum.run", "--port", str(port)],
            cwd=PROJECT,
            env=_environment(var),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(site)
        said, deadline = "", time.monotonic() + START_LIMIT
        while f"http://127.0.0.1:{port}/" not in said:
            line = site.stdout.readline()
            assert line, f"ended before it served:\n{said}"
            assert time.monotonic() < deadline, said
            said += line
        return site, said

    yield _start
    for site in started:
        site.stdout.close()
        if site.poll() is None:
            os.killpg(site.pid, signal.SIGKILL)
            site.wait()
    assert _left(var) == []


def _environment(var: Path) -> dict[str, str]:
    empty = {"DATABASE_URL": "", "MLPRACTICUM_MODE": "development"}  # a file .env must not change the site under test
    return {"PATH": os.environ["PATH"], "MLPRACTICUM_VAR": str(var), **empty}


def _left(var: Path, seconds: float = 10) -> list[str]:
    """Processes that still work on the folder after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                text = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(var) in text:
                found.append(text[:200].decode(errors="replace"))
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _wait_until_free(port: int) -> None:
    """Workers of a killed site see within a second or two that they are alone."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    pytest.fail(f"port {port} is still served")


def _worker_of(var: Path) -> int | None:
    """The process number of the site's background worker."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_worker = b"mlpracticum.worker" in process.joinpath("cmdline").read_bytes()
            if is_worker and os.fsencode(var) in process.joinpath("environ").read_bytes():
                return int(process.name)
        except OSError:
            continue
    return None


def _answers(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
        return answer.status == 200


def test_first_run_shows_the_demo_passwords_and_later_runs_do_not(var, start, port):
    site, said = start()
    assert _answers(port)
    lines = (var / "demo-accounts.txt").read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["admin@example.org", "ada@example.org", "ben@example.org"]
    assert all(line in said for line in lines)
    assert (var / "demo-accounts.txt").stat().st_mode & 0o777 == 0o600
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/courses/", timeout=10) as answer:
        assert b"first principles" in answer.read()
    os.killpg(site.pid, signal.SIGINT)
    assert site.wait(30) == 0
    begun = time.monotonic()
    again, said_again = start()
    assert time.monotonic() - begun < 15
    assert re.search(r"unchanged: \S+", said_again)
    assert not any(line.split()[-1] in said_again for line in lines)
    assert "demo-accounts.txt" in said_again
    again.terminate()
    again.wait(30)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_site_and_its_database(start, port, sign, var):
    site, _ = start()
    site.send_signal(sign)
    rest, _ = site.communicate(timeout=30)
    assert "Stopped." in rest
    assert rest.count("Stopped.") == 1
    assert "Traceback" not in rest
    assert _left(var) == []


def test_killed_site_frees_its_port_and_the_next_one_works(start, port, var):
    site, _ = start()
    site.kill()
    site.wait()
    _wait_until_free(port)
    again, _ = start()
    assert _answers(port)
    again.terminate()
    again.wait(30)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_the_background_worker_ends_with_the_site(start, port, var, sign):
    site, _ = start()
    worker = _worker_of(var)
    assert worker is not None
    os.kill(site.pid, sign)
    site.wait(30)
    deadline = time.monotonic() + 15
    while _worker_of(var) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _worker_of(var) is None
    if sign == signal.SIGKILL:  # nobody was left to stop the database: the next site does
        _wait_until_free(port)
        again, _ = start()
        assert _worker_of(var) != worker
        again.terminate()
        again.wait(30)


def test_an_import_asked_for_in_the_admin_is_run_while_the_site_answers(start, var, port):
    """From the form to the plan, by the processes that `make run` starts."""
    site, _ = start()
    password = next(line.split()[2] for line in (var / "demo-accounts.txt").read_text().splitlines() if "ada@" in line)
    root = f"http://127.0.0.1:{port}"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def send(path: str, fields: dict[str, str], file: bytes | None = None) -> str:
        with browser.open(f"{root}{path}", timeout=20) as page:
            fields["csrfmiddlewaretoken"] = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
        parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
        if file is not None:
            parts.append(b'name="archive"; filename="course.zip"\r\n\r\n' + file)
        body = b"".join(b"--XX\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--XX--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=XX"}
        request = urllib.request.Request(f"{root}{path}", body, kind)  # noqa: S310 (our own site)
        with browser.open(request, timeout=20) as answer:
            return answer.url

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for number in range(30):
            opened.writestr(f"{number}.md", f"# Lesson {number}\n\n$x_{number}$\n")
    send("/accounts/login/", {"login": "ada@example.org", "password": password})
    job = send("/admin/courses/importjob/add/", {"publish": "draft", "slug": "many"}, archive.getvalue())
    assert re.search(r"/importjob/\d+/change/$", job), job
    deadline = time.monotonic() + 30
    state: dict = {"is_over": False}
    while not state["is_over"]:
        assert time.monotonic() < deadline, state
        assert _answers(port)
        with browser.open(job.replace("/change/", "/state/"), timeout=10) as answer:
            state = json.load(answer)
        time.sleep(0.1)
    assert state["state"] == "planned"
    with browser.open(job, timeout=10) as page:
        assert b"30 lessons added" in page.read()
    site.terminate()
    site.wait(30)


def test_taken_port_is_said_before_any_work(var, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        result = subprocess.run(
            [sys.executable, "-m", "mlpracticum.run", "--port", str(port)],
            cwd=PROJECT,
            env=_environment(var),
            capture_output=True,
            text=True,
        )
    assert result.returncode == 1
    assert f"Port {port} cannot be used" in result.stderr
    assert "make run PORT=8001" in result.stderr
    assert "PostgreSQL" not in result.stdout
