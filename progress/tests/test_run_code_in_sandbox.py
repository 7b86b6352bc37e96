"""What the sandbox says of code that means no harm: values, errors, output, and how a run that has no result ended."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from progress.grading import sandbox, sandbox_process
from progress.grading.runtime import encoding
from progress.grading.runtime.harness import Session
from progress.grading.sandbox import Job, Outcome, PackagesMissing, SandboxFailed

pytestmark = pytest.mark.usefixtures("sandbox_runtime")


def run(code: str, *expressions: str, **more: object) -> Outcome:
    return sandbox.run(Job(code=code, checks=[value(expression) for expression in expressions], **more))


def value(expression: str) -> dict:
    return {"kind": "value", "expression": expression}


def test_values_output_and_hidden_checks_come_back() -> None:
    code = "print('hello')\ndef f(x):\n    print('quiet')\n    return x + offset"
    hidden = [value("f(41)"), {"kind": "assert", "source": "assert f(1) == 3, 'too small'"}]
    outcome = run(code, "f(2)", "1.0", "[f, (1, 2)]", setup="offset = 1", hidden_checks=hidden)
    assert outcome.state == "finished"
    assert outcome.error is None
    assert outcome.stdout == "hello\n"
    assert outcome.results[:2] == [{"value": 3}, {"value": 1.0}]
    assert isinstance(outcome.results[1]["value"], float)
    assert outcome.results[2]["value"]["list"][1] == {"tuple": [1, 2]}
    assert outcome.hidden_results[0] == {"value": 42}
    assert outcome.hidden_results[1]["raised"]["message"] == "too small"
    assert 0 < outcome.seconds < 5


def test_error_in_the_code_is_told_with_its_lines_and_stops_the_checks() -> None:
    outcome = run("def f(x):\n    return 1 / x\n\nf(0)", "f(1)", hidden_checks=[value("f(1)")])
    assert outcome.error == {
        "type": "ZeroDivisionError",
        "mro": ["ZeroDivisionError", "ArithmeticError", "Exception", "BaseException"],
        "message": "division by zero",
        "traceback": [
            "Traceback (most recent call last):",
            '  File "your code", line 4, in <module>',
            "    f(0)",
            "    ~^^^",
            '  File "your code", line 2, in f',
            "    return 1 / x",
            "           ~~^~~",
            "ZeroDivisionError: division by zero",
        ],
        "where": "code",
    }
    assert (outcome.results, outcome.hidden_results) == ([], [])


def test_error_in_setup_is_not_the_learners() -> None:
    assert run("x = 1", setup="open('nowhere.csv')").error["where"] == "setup"


def test_syntax_error_names_the_line() -> None:
    error = run("x = 1\ndef f(:\n    pass").error
    assert error["type"] == "SyntaxError"
    assert '  File "your code", line 2' in error["traceback"]


def test_as_many_files_as_a_job_may_have_take_no_minute_to_send() -> None:
    """They did, when both ends of the pipe copied what was there already for every 64 kB of it."""
    files = {"large.bin": bytes(sandbox.MAX_FILES)}
    job = Job(code="import os", checks=[value("os.path.getsize('large.bin')")], files=files)
    assert sandbox.run(job, starting=25).results == [{"value": sandbox.MAX_FILES}]


def test_one_process_tells_of_many_things() -> None:
    """Things that need no run of their own."""
    code = (
        "import asyncio, warnings\n"
        "async def soon(): await asyncio.sleep(0.01); return 5\n"
        "waited = asyncio.run(soon())\n"
        "def leave(): raise SystemExit(3)\n"
        "def ask(): return input('name?')\n"
        "class Broken:\n    def __repr__(self): raise ValueError\n"
        "class Deaf(Exception):\n    def __str__(self): raise ValueError\n"
        "def deaf(): raise Deaf('x')\n"
    )
    outcome = run(
        code, "waited", "await soon()", "__name__", "leave()", "ask()", "Broken()", "deaf()", "1 +", "  (1,\n 2)"
    )
    values = [result.get("value") for result in outcome.results]
    raised = [result.get("raised", {}).get("message") for result in outcome.results]
    assert values[:3] == [5, 5, "__main__"]
    assert raised[3] == "your code called exit()"
    assert raised[4].startswith("input() cannot be used here")
    assert values[5] == {"object": {"type": "Broken", "repr": "<Broken>"}}
    assert outcome.results[6]["raised"]["type"] == "Deaf"
    assert outcome.results[7]["raised"]["type"] == "SyntaxError"
    assert values[8] == {"tuple": [1, 2]}


def test_top_level_await_works_as_in_a_notebook() -> None:
    outcome = run("import asyncio\nawait asyncio.sleep(0.01)\nx = 1\nasyncio.run(asyncio.sleep(0))", "x")
    assert "already" in outcome.error["message"] or "running event loop" in outcome.error["message"]
    assert run("import asyncio\nawait asyncio.sleep(0.01)\nx = 1", "x").results == [{"value": 1}]


def test_files_lie_where_the_lesson_opens_them() -> None:
    code = "a = open('../data/points.csv').read()\nb = open('own.txt').read()"
    outcome = run(code, "a", "b", files={"data/points.csv": b"1,2", "01-lines/own.txt": b"mine"}, folder="01-lines")
    assert outcome.results == [{"value": "1,2"}, {"value": "mine"}]


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_path_that_leaves_the_folder_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="leaves the job's folder"):
        sandbox.run(Job(code="", files={path: b""}))


def test_long_output_and_large_values_are_cut() -> None:
    outcome = run("for i in range(100_000): print('line', i)", "'x' * 2_000_000", "list(range(200_000))")
    assert len(outcome.stdout) == 20_000 + len("\n… cut")
    assert outcome.stdout.startswith("line 0\n")
    assert outcome.stdout.endswith("\n… cut")
    assert outcome.results[0]["value"] == {"large": {"type": "str", "size": 2_000_000}}
    assert outcome.results[1]["value"] == {"large": {"type": "list", "size": 200_000}}


def test_dice_differ_from_run_to_run() -> None:
    first, second = (run("import random\nx = random.random()", "x").results for _ in range(2))
    assert first != second


def test_ended_early_when_the_code_ends_the_process() -> None:
    assert run("import os\nos._exit(0)", "1").state == "ended_early"


def test_output_of_finished_code_is_kept_when_a_hidden_check_never_ends() -> None:
    code = "print('seen')\ndef f(x):\n    while x: pass\n    return x"
    outcome = run(code, "f(0)", hidden_checks=[value("f(1)")], seconds=0.7)
    assert outcome.state == "timed_out"
    assert outcome.stdout == "seen\n"
    assert outcome.results == [{"value": 0}]
    assert outcome.hidden_results == []


def test_out_of_memory_is_told() -> None:
    assert run("x = [0] * 10**9").error["type"] == "MemoryError"
    held = run("x = []\nwhile True: x.append(bytearray(10**7))", seconds=20)
    assert held.state == "out_of_memory" or held.error["type"] == "MemoryError"


def test_out_of_memory_of_the_engine_is_told(tmp_path: Path) -> None:
    (tmp_path / "runner.mjs").write_text(
        "const buffer = new Uint8Array(999);\n"
        "const secret = new TextDecoder().decode(buffer.subarray(0, Deno.stdin.readSync(buffer))).trim();\n"
        "Deno.stdout.writeSync(new TextEncoder().encode(`\\n${secret} booted \\n`));\n"
        "const held = [];\n"
        "for (;;) held.push(new Array(1e6).fill(held.length + 0.5));\n"
    )
    with sandbox_process.started(tmp_path, [], readable=[], seconds=60) as process:
        process.send(process.secret.decode())
        process.line("booted")
        process.is_booted = True
        with pytest.raises(sandbox_process.ProcessEnded) as caught:
            process.line("first")
    assert caught.value.state == "out_of_memory"


def test_missing_sandbox_is_a_failure_and_no_verdict(settings: object, tmp_path: Path) -> None:
    settings.SANDBOX_RUNTIME = tmp_path
    with pytest.raises(SandboxFailed, match="no sandbox"):
        run("x = 1")


def test_broken_sandbox_is_a_failure_and_no_verdict(settings: object, tmp_path: Path) -> None:
    (tmp_path / "runner.mjs").write_text("throw new Error('no snapshot here')")
    settings.SANDBOX_RUNTIME = tmp_path
    with pytest.raises(SandboxFailed, match="no snapshot here"):
        run("x = 1")


def test_killed_from_outside_is_a_failure_and_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = sandbox_process.Process.limit

    def killed_soon(process: sandbox_process.Process, seconds: float) -> None:
        limit(process, seconds)
        if process.is_booted:
            threading.Timer(0.2, os.kill, (process.popen.pid, signal.SIGKILL)).start()

    monkeypatch.setattr(sandbox_process.Process, "limit", killed_soon)
    with pytest.raises(SandboxFailed, match="signal 9"):
        run("while True: pass")


@pytest.mark.skipif(not sandbox_process._bound_to_us(), reason="needs Linux and setpriv")
def test_sandbox_dies_with_the_process_that_waits_for_it() -> None:
    program = (
        "import os, sys\nos.environ['DJANGO_SETTINGS_MODULE'] = 'mlpracticum.settings'\n"
        "import django; django.setup()\n"
        "from progress.grading import sandbox, sandbox_process\n"
        "limit = sandbox_process.Process.limit\n"
        "def told(process, seconds):\n"
        "    limit(process, seconds)\n"
        "    if process.is_booted: print(process.popen.pid, flush=True)\n"
        "sandbox_process.Process.limit = told\n"
        "sandbox.run(sandbox.Job(code='while True: pass', seconds=60))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR)
    try:
        child = int(parent.stdout.readline())
        assert Path(f"/proc/{child}").exists()
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def packages(settings: object, tmp_path: Path) -> Path:
    """A distribution of two packages, one of which needs the other."""
    lock = json.loads((settings.SANDBOX_RUNTIME / "pyodide-lock.json").read_text())
    lock["packages"] = {}
    sources = {"tiny-numbers": "import tinier; one = tinier.one", "tinier": "one = 1"}
    for name, source in sources.items():
        module = name.replace("-", "_")
        path = tmp_path / f"{module}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{module}.py", source)
            wheel.writestr(f"{module}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{module}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{module}-1.0.dist-info/RECORD", "")
        lock["packages"][name] = {
            "name": name,
            "version": "1.0",
            "file_name": path.name,
            "install_dir": "site",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "package_type": "package",
            "imports": [module],
            "depends": ["tinier"] if name == "tiny-numbers" else [],
        }
    (tmp_path / "pyodide-lock.json").write_text(json.dumps(lock))
    settings.SANDBOX_PACKAGES = tmp_path
    return tmp_path


def test_packages_are_loaded_with_what_they_need(packages: Path) -> None:
    code = "import tiny_numbers\nx = tiny_numbers.one"
    outcome = run(code, "x", packages=("tiny_numbers",), hidden_checks=[value("x")])
    assert outcome.error is None, outcome
    assert outcome.results == outcome.hidden_results == [{"value": 1}]


def test_altered_or_unknown_packages_are_missing(packages: Path) -> None:
    with (packages / "tinier-1.0-py3-none-any.whl").open("ab") as file:
        file.write(b"x")
    with pytest.raises(PackagesMissing) as caught:
        run("x = 1", packages=("tiny-numbers", "numpy"))
    assert caught.value.names == ("tiny-numbers", "numpy")


def test_packages_are_missing_where_none_were_fetched(settings: object, tmp_path: Path) -> None:
    settings.SANDBOX_PACKAGES = tmp_path / "none"
    with pytest.raises(PackagesMissing, match="numpy"):
        run("x = 1", packages=("numpy",))


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        (None, None),
        (True, True),
        (-0.0, -0.0),
        (2**63, 2**63),
        (2**63 + 1, {"int": "9223372036854775809"}),
        ([10**5000], {"large": {"type": "list", "size": 1}}),
        (float("nan"), {"float": "nan"}),
        (float("-inf"), {"float": "-inf"}),
        (1 + 2j, {"complex": [1.0, 2.0]}),
        (b"\x00\xff", {"bytes": "00ff"}),
        ({"b", "a"}, {"set": ["a", "b"]}),
        ({1: [2]}, {"dict": [[1, {"list": [2]}]]}),
        ("\ud800", "\\ud800"),
        (range(3), {"object": {"type": "range", "repr": "range(0, 3)"}}),
    ],
)
def test_value_is_written_as_the_wire_has_it(given: object, wire: object) -> None:
    written = encoding.to_wire(given)
    assert written == wire
    assert type(written) is type(wire)
    assert json.loads(encoding.dumps(written)) == wire


def test_value_without_end_is_large() -> None:
    endless: list = []
    endless.append(endless)
    assert encoding.to_wire(endless) == {"large": {"type": "list", "size": 1}}


def test_interpreter_is_given_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = (sys.stdout, sys.modules["__main__"], os.getcwd(), __builtins__["input"])
    session = Session("lesson")
    said = session.run("import sys\nprint('x')\nsys.setrecursionlimit(500)", "", [value("__name__")])
    session.close()
    assert said == {"stdout": "x\n", "error": None, "results": [{"value": "__main__"}]}
    assert (sys.stdout, sys.modules["__main__"], os.getcwd(), __builtins__["input"]) == before
    assert sys.getrecursionlimit() == 1000
