"""Scripts that try to leave the sandbox, to last, to deceive or to use the machine up. None may succeed.

Each of them is also shown to succeed where there is no sandbox: a script that fails everywhere would prove nothing.
"""

import json
import os
import platform
import re
import secrets
import shutil
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from progress.grading import sandbox, sandbox_process, wire
from progress.grading.comparing import judge
from progress.tests import escapes, forgeries, unguarded

MEBIBYTE = 2**20


pytestmark = pytest.mark.usefixtures("sandbox_runtime")


class World:
    """What escapes look for: a secret in files, in the environment, behind sockets; and what they may leave behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(12)
        self.heard: list[bytes] = []
        self.work = folder / "work"  # the working directory of what runs unguarded
        self.work.mkdir()
        (folder / "secret").write_text(self.token)
        (folder / "secret.mjs").write_text(f"export const token = '{self.token}';\n")
        (folder / "secret.py").write_text(f"token = {self.token!r}\n")
        for name in ("remove", "rename"):
            (folder / f"victim-{name}").write_text("x")
        self._servers = [
            socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._answer()),
            socketserver.ThreadingUnixStreamServer(str(folder / "socket"), self._answer()),
        ]
        self.port = self._servers[0].server_address[1]
        self._servers.append(socketserver.UDPServer(("127.0.0.1", self.port), self._note()))
        self._threads = [threading.Thread(target=server.serve_forever, args=(0.05,)) for server in self._servers]
        for thread in self._threads:
            thread.start()

    def _answer(world) -> type[socketserver.BaseRequestHandler]:  # noqa: N805 (`self` is the handler's)
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(0.2)
                try:
                    world.heard.append(self.request.recv(1000))
                except TimeoutError:
                    world.heard.append(b"silence")  # of one who only listens
                body = f'"{world.token}"'  # also a script
                head = f"HTTP/1.0 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: {len(body)}"
                self.request.sendall(f"{head}\r\n\r\n{body}".encode())

        return Handler

    def _note(world) -> type[socketserver.BaseRequestHandler]:  # noqa: N805
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                world.heard.append(self.request[0])

        return Handler

    def close(self) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    def names(self) -> dict[str, object]:
        """For escapes.mjs."""
        return {"port": self.port, "folder": str(self.folder), "parent": os.getpid()}

    def program(self, scripts: dict[str, str]) -> str:
        names = {
            "SECRET": str(self.folder / "secret"),
            "FOLDER": str(self.folder),
            "UNIX": str(self.folder / "socket"),
            "PORT": self.port,
            "HOST": platform.node(),
            "PARENT": os.getpid(),
            "RUNTIME": str(settings.SANDBOX_RUNTIME),
        }
        return escapes.program(scripts, names)

    def shows(self, name: str, got: dict[str, str]) -> bool:
        """Whether the script of this name succeeded."""
        if name in escapes.OUTSIDE:
            if name in ("remove", "rename"):
                return not (self.folder / f"victim-{name}").exists()
            said = b"".join(self.heard)
            return any(path.name.startswith(name) for path in self.folder.iterdir()) or (
                f"{name}-heard".encode() in said or f"/{name} ".encode() in said
            )
        wanted = "secret.mjs" if name in ("listdir", "glob", "js_list") else self.token
        return wanted in got[name] or got[name] == "escaped"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def unguarded_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("unguarded"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def guarded(world: World) -> dict[str, str]:
    """What every script found in the sandbox; one process for all that do not end it."""
    os.environ["PRACTICE_SECRET"] = world.token
    try:
        scripts = {**escapes.PYTHON, **escapes.JAVASCRIPT}
        ending = {name: scripts.pop(name) for name in escapes.ENDING}
        check = {"kind": "value", "expression": "got"}
        outcome = sandbox.run(sandbox.Job(code=world.program(scripts), checks=[check], seconds=60))
        ends = {
            name: sandbox.run(sandbox.Job(code=world.program({name: script}), checks=[check]))
            for name, script in ending.items()
        }
    finally:
        del os.environ["PRACTICE_SECRET"]
    assert outcome.state == "finished", outcome
    assert outcome.error is None
    assert all(end.state == "ended_early" and not end.results for end in ends.values())
    return dict(wire.decode(outcome.results[0]["value"]).pairs) | dict.fromkeys(ends, "")


@pytest.fixture(scope="module")
def unguarded_results(unguarded_world: World) -> dict[str, str]:
    world = unguarded_world
    return unguarded.run_python(world.program(escapes.PYTHON), world.work, world.token) | unguarded.run_javascript(
        world.program(escapes.JAVASCRIPT), world.work, world.token
    )


@pytest.mark.parametrize("name", escapes.PYTHON | escapes.JAVASCRIPT)
def test_escape_finds_nothing(
    name: str, guarded: dict, world: World, unguarded_results: dict, unguarded_world: World
) -> None:
    assert unguarded_world.shows(name, unguarded_results), f"no escape at all: {unguarded_results[name]}"
    assert not world.shows(name, guarded), guarded[name]


JS_SCRIPTS = re.findall(r"^  (\w+): (?:async )?\(\) =>", unguarded.ESCAPES.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def javascript(world: World, unguarded_world: World, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What the scripts of escapes.mjs found, in deno as the sandbox starts it and in one that may do everything."""
    runtime = world.folder / "runtime"
    runtime.mkdir()
    shutil.copyfile(unguarded.ESCAPES, runtime / "runner.mjs")
    os.environ["PRACTICE_SECRET"] = world.token
    try:
        with sandbox_process.started(runtime, [], readable=[], seconds=20) as process:
            process.send(json.dumps(world.names() | {"up": "..", "secret": process.secret.decode()}))
            process.line("booted")
            guarded = json.loads(process.line("first"))
    finally:
        del os.environ["PRACTICE_SECRET"]
    return [guarded, unguarded.run_escapes(unguarded_world.names(), unguarded_world.work, unguarded_world.token)]


@pytest.mark.parametrize("name", JS_SCRIPTS)
def test_escape_in_javascript_finds_nothing(
    name: str, javascript: list[dict], world: World, unguarded_world: World
) -> None:
    guarded, free = javascript
    assert unguarded_world.token in free[name] or free[name] == "escaped", f"no escape at all: {free[name]}"
    assert world.token not in guarded[name]
    assert guarded[name] != "escaped"


def _verdict(code: str, checks: list[dict], hidden: list[dict]) -> bool:
    """As the site judges: what the sandbox returns is compared out here."""
    asked = [{name: check[name] for name in ("kind", "expression", "source") if name in check} for check in checks]
    asked_last = [{name: check[name] for name in ("kind", "expression", "source") if name in check} for check in hidden]
    outcome = sandbox.run(sandbox.Job(code=code, checks=asked, hidden_checks=asked_last))
    results = [*outcome.results, *outcome.hidden_results]
    if outcome.state != "finished" or outcome.error or len(results) != len(checks) + len(hidden):
        return False
    return all(judge(check, result)["passed"] for check, result in zip([*checks, *hidden], results, strict=True))


def test_right_code_passes() -> None:
    right = "def double(x): return 2 * x\ndef triple(x): return 3 * x"
    assert _verdict(right, forgeries.CHECKS, forgeries.HIDDEN)
    assert _verdict(right, forgeries.ASSERT, [])


@pytest.mark.parametrize("name", forgeries.FORGERIES)
def test_forgery_does_not_pass(name: str, tmp_path: Path) -> None:
    code = forgeries.FORGERIES[name]
    is_for_asserts = name.endswith("_assert")
    checks = forgeries.ASSERT if is_for_asserts else [*forgeries.CHECKS, *forgeries.HIDDEN]
    assert unguarded.grade_naively(code, checks, tmp_path) == "passed", "no forgery at all"
    if is_for_asserts:
        assert not _verdict(code, checks, [])
    else:
        assert not _verdict(code, forgeries.CHECKS, forgeries.HIDDEN)


@pytest.mark.parametrize("name", forgeries.FOREVER)
def test_endless_code_is_stopped(name: str, tmp_path: Path) -> None:
    code = forgeries.FOREVER[name]
    assert unguarded.grade_naively(code, [], tmp_path, seconds=0.7) == "busy"
    outcome = sandbox.run(sandbox.Job(code=code, seconds=0.5))
    assert outcome.state == "timed_out"
    assert outcome.seconds < 2


def test_endless_repr_in_a_check_is_stopped() -> None:
    code = "class R:\n    def __repr__(self):\n        while True: pass"
    outcome = sandbox.run(sandbox.Job(code=code, checks=[{"kind": "value", "expression": "R()"}], seconds=0.7))
    assert outcome.state == "timed_out"


@pytest.mark.parametrize("name", forgeries.GREEDY)
def test_memory_is_bounded(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = forgeries.GREEDY[name]
    assert unguarded.peak_memory(code, tmp_path) > 1000 * MEBIBYTE
    peaks: list[int] = []
    end = sandbox_process.Process.end

    def watched(process: sandbox_process.Process) -> None:
        status = Path(f"/proc/{process.popen.pid}/status")
        found = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        peaks.extend(int(kibibytes) * 1024 for kibibytes in found)
        end(process)

    monkeypatch.setattr(sandbox_process.Process, "end", watched)
    indented = code.replace("\n", "\n    ")
    # Let go of it, so that the process is still there to be measured.
    survives = f"try:\n    {indented}\nexcept MemoryError:\n    held = 'refused'"
    outcome = sandbox.run(sandbox.Job(code=survives, checks=[{"kind": "value", "expression": "held"}], seconds=20))
    assert outcome.results == [{"value": "refused"}], outcome
    assert len(peaks) == 1
    assert peaks[0] < 1000 * MEBIBYTE


@pytest.mark.parametrize(
    ("leave", "look"),
    [
        ("open('/tmp/left', 'w').write('x')", "open('/tmp/left').read()"),
        ("open('/course/left', 'w').write('x')", "open('/course/left').read()"),
        ("import sys; sys.left = 'x'", "__import__('sys').left"),
        ("import builtins; builtins.left = 'x'", "left"),
        ("import os; os.environ['LEFT'] = 'x'", "__import__('os').environ['LEFT']"),
        (escapes.FIND_JS + "js and js.localStorage.setItem('left', 'x')", "find_js().localStorage.getItem('left')"),
    ],
    ids=["temporary_file", "file", "module", "builtins", "environment", "storage"],
)
def test_nothing_lasts_to_the_next_run(leave: str, look: str) -> None:
    check = {"kind": "value", "expression": look}
    first = sandbox.run(sandbox.Job(code=leave, checks=[check]))
    second = sandbox.run(sandbox.Job(code=escapes.FIND_JS, checks=[check]))
    if "js" not in leave:  # there is nothing to leave it in
        assert first.results == [{"value": "x"}]
    assert "raised" in second.results[0]


def test_the_secret_of_a_run_is_nowhere_in_its_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    known = "5ec4e7" * 8
    monkeypatch.setattr(sandbox_process.secrets, "token_hex", lambda length: known)
    # Reads Python's memory for it, by a sixth of it: a search for the whole would find itself, and its own copies.
    code = """
import ctypes
kept = b"c0n7r0" * 8

def is_repeated(part, piece):
    at = part.find(piece)
    while at >= 0:
        if all(part[at + step : at + step + 6] == piece for step in (6, 12, 18)):
            return True
        at = part.find(piece, at + 1)
    return False

found = set()
for start in range(2**16, 28 * 2**20, 2**16):
    part = ctypes.string_at(start, 2**16)
    if is_repeated(part, b"c0n7r0"):
        found.add("control")
    if is_repeated(part, b"5ec4e7"):
        found.add("secret")
"""
    outcome = sandbox.run(sandbox.Job(code=code, checks=[{"kind": "value", "expression": "found"}], seconds=30))
    assert outcome.results == [{"value": {"set": ["control"]}}], outcome


def test_replaced_javascript_getter_learns_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any value handed to JavaScript leads to its prototypes; the runner must not look anything up there."""
    monkeypatch.setattr(sandbox_process.secrets, "token_hex", lambda length: "5ec4e7" * 8)
    code = """
from pyodide.ffi import create_proxy, to_js
seen, busy = [], False
def take(this):
    global busy
    if not busy:
        busy = True
        seen.append(str(this.toString()))
        busy = False
    return 3
array = to_js(b"abc")
getattr(array.constructor.prototype, "__defineGetter__")("length", create_proxy(take, capture_this=True))
array.length
wanted = ",".join(map(str, b"5ec4e7" * 8))
"""
    hidden = [{"kind": "value", "expression": "[len(seen) > 0, any(wanted in each for each in seen)]"}]
    outcome = sandbox.run(sandbox.Job(code=code, hidden_checks=hidden))
    assert outcome.state == "finished", outcome
    assert outcome.hidden_results == [{"value": {"list": [True, False]}}]
