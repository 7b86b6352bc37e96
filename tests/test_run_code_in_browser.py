"""Python in the reader's browser: cells as in a notebook, checks as on the server, stops, bounds, packages, files."""

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from pytest_django.live_server_helper import LiveServer

from progress.grading.browser_runtime import browser_runtime
from progress.tests.runtime_packages import WHEELS, file_name, with_stand_ins, write_lock

pytestmark = [pytest.mark.browser]

START = """async ({ device, ...config }) => {
  for (const [name, value] of Object.entries(device ?? {})) Object.defineProperty(navigator, name, { value });
  const { Runtime } = await import("/static/js/practice/runtime.js");
  window.states = [];
  window.outputs = [];
  window.workers = 0;
  const Real = window.Worker;
  window.Worker = class extends Real {
    constructor(...given) {
      super(...given);
      window.workers += 1;
    }
  };
  window.python = new Runtime({
    ...config,
    packageBase: config.package_base,
    onState: (...said) => states.push(said),
    onOutput: (id, output) => outputs.push({ id, ...output }),
  });
}"""
NO_SPARE = {"deviceMemory": 2}
FORMS = {"html": "<b>x</b>", "latex": "$x$", "markdown": "*x*", "svg": "<svg/>", "png": b"\x89PNG"}


class Lesson:
    """A page with its Python, as the modules of the page use it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run(self, source: str, name: str = "cell") -> tuple[dict[str, Any], list[dict[str, Any]]]:
        end = self.page.evaluate(
            "async (job) => { outputs.length = 0; return python.run(job) }", {"id": name, "source": source}
        )
        return end, self.page.evaluate("outputs")

    def printed(self, source: str) -> str:
        end, outputs = self.run(source)
        assert end == {"ok": True, "error": None}, end
        return "".join(output["text"] for output in outputs if output["output_type"] == "stream")

    def result(self, source: str) -> Any:
        end, outputs = self.run(source)
        assert end["ok"], end
        return outputs[-1]["data"]

    def error(self, source: str) -> dict[str, Any]:
        end, outputs = self.run(source)
        assert not end["ok"]
        assert outputs[-1] == {"id": "cell", **end["error"]}
        return end["error"]


@pytest.fixture(scope="module")
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Any]:
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(120_000)

    def open_page(**config: Any) -> Lesson:
        page = context.new_page()
        page.goto("/nowhere/")
        runtime = {**browser_runtime(), "package_base": None, "packages": {}, "device": NO_SPARE}
        page.evaluate(START, {**runtime, **config})
        return Lesson(page)

    yield open_page
    context.close()


@pytest.fixture(scope="module")
def lesson(open_page) -> Lesson:
    """One Python for all tests that leave it usable."""
    return open_page(
        folder="part/01-lines",
        files={
            "data/x.csv": "/static/js/zoom.js",
            "part/01-lines/near.py": "/static/css/tokens.css",
            "part/absent.csv": "/nowhere.csv",
            "../outside": "/static/js/zoom.js",
        },
    )


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait until it is true. Playwright's own waiting evaluates text inside the page, which its policy refuses."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


def test_the_last_expression_is_shown_and_what_is_printed_comes_before(lesson):
    _, outputs = lesson.run("print('first')\n6 * 7")
    shown = [output for output in outputs if "is not available" not in output.get("text", "")]
    assert shown[0] == {"id": "cell", "output_type": "stream", "name": "stdout", "text": "first\n"}
    assert shown[1]["output_type"] == "execute_result"
    assert shown[1]["data"] == {"text/plain": "42"}


def test_a_semicolon_hides_it(lesson):
    assert lesson.run("6 * 7;  # nothing to see")[1] == []


def test_cells_share_their_names_and_underscore_is_the_last_value(lesson):
    lesson.run("shared = 20")
    assert lesson.result("shared + 1") == {"text/plain": "21"}
    assert lesson.result("_ * 2") == {"text/plain": "42"}


def test_await_works_at_the_top_of_a_cell(lesson):
    assert lesson.result("import asyncio\nawait asyncio.sleep(0.01, 'slept')") == {"text/plain": "'slept'"}


def test_an_error_is_told_in_notebook_form_with_the_cells_own_lines(lesson):
    error = lesson.error("def f(x):\n    return 1 / x\n\nf(0)")
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    text = "\n".join(error["traceback"])
    assert "----> 4 f(0)" in text
    assert "----> 2     return 1 / x" in text
    assert text.count("Cell In[") == 2
    assert "progress" not in text


def test_errors_that_led_to_one_another_are_told_in_order(lesson):
    text = "\n".join(
        lesson.error("try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('no') from e")["traceback"]
    )
    assert text.index("KeyError: 'a'") < text.index("direct cause") < text.index("ValueError: no")


def test_a_syntax_error_points_at_its_place(lesson):
    assert lesson.error("ok = 1\nx = 5 +* 3")["traceback"][1:] == [
        "    x = 5 +* 3",
        "           ^",
        "SyntaxError: invalid syntax",
    ]


def test_asking_for_input_says_what_to_do_instead(lesson):
    for source in ("input('name?')", "import sys; sys.stdin.readline()"):
        assert "a running cell cannot ask" in lesson.error(source)["evalue"]


def test_leaving_ends_the_cell_and_nothing_else(lesson):
    lesson.run("kept = 1")
    assert lesson.error("import sys\nsys.exit(3)")["ename"] == "SystemExit"
    assert lesson.result("kept") == {"text/plain": "1"}


def test_values_are_shown_in_every_form_that_they_have(lesson):
    forms = "class Rich:\n" + "".join(
        f"    def _repr_{name}_(self): return {value!r}\n"
        for name, value in {
            "html": "<b>x</b>",
            "latex": "$x$",
            "markdown": "*x*",
            "svg": "<svg/>",
            "png": b"\x89PNG",
        }.items()
    )
    assert set(lesson.result(f"{forms}Rich()")) == {
        "text/plain", "text/html", "text/latex", "text/markdown", "image/svg+xml", "image/png",
    }  # fmt: skip
    bundle = "class Own:\n    def _repr_mimebundle_(self, **k): return {'text/html': 'own', 'x': 1}, {}\nOwn()"
    assert lesson.result(bundle)["text/html"] == "own"


def test_a_form_that_fails_leaves_the_others(lesson):
    end, outputs = lesson.run("class Half:\n    def _repr_html_(self): raise ValueError('no')\nHalf()")
    assert end["ok"]
    assert "_repr_html_ failed: ValueError: no" in outputs[0]["text"]
    assert list(outputs[1]["data"]) == ["text/plain"]


def test_display_shows_at_once_and_ipython_is_there_for_it(lesson):
    _, outputs = lesson.run(
        "from IPython.display import HTML, Markdown, clear_output, display\n"
        "display(1, HTML('<i>2</i>'))\nprint('3')\nclear_output(wait=True)\ndisplay(Markdown('*4*'))"
    )
    assert [output["output_type"] for output in outputs] == [
        "display_data", "display_data", "stream", "clear_output", "display_data",
    ]  # fmt: skip
    assert outputs[1]["data"]["text/html"] == "<i>2</i>"
    assert outputs[3]["wait"] is True


def test_magics_that_change_nothing_are_left_out(lesson):
    assert lesson.printed("%matplotlib inline\n%time print('timed')\n%config x = 1") == "timed\n"
    assert lesson.printed("%%time\nprint('all of it')") == "all of it\n"


def test_files_of_the_course_lie_where_authors_look_for_them(lesson):
    assert lesson.printed("import os; print(os.getcwd(), os.listdir())").startswith("/course/part/01-lines")
    for path in ("data/x.csv", "../../data/x.csv"):
        assert lesson.printed(f"print(open({path!r}).readline())").startswith("// Pictures open")
    found = lesson.result("import os; [os.path.isfile('near.py'), os.path.islink('near.py')]")
    assert found == {"text/plain": "[True, False]"}
    assert lesson.error("open('../absent.csv')")["ename"] == "FileNotFoundError"


def test_a_file_that_cannot_be_had_is_said(open_page):
    lesson = open_page(files={"absent.csv": "/nowhere.csv", "a/../b": "/static/js/zoom.js"})
    said = lesson.printed("print('runs')")
    assert "absent.csv is not available: the server said 404" in said
    assert "a/../b is not available: its name cannot be used" in said
    assert said.endswith("runs\n")
    lesson.page.close()


def test_a_flood_is_cut_with_a_note(lesson):
    end, outputs = lesson.run("for i in range(300_000):\n    print('flood', i)\n'the end'")
    assert end["ok"]
    assert sum(len(output["text"]) for output in outputs) < 1_100_000
    assert "puts out more than is kept" in outputs[-1]["text"]
    end, outputs = lesson.run("for i in range(5_000): display(i)\n1 / 0")
    assert len(outputs) <= 1_002
    assert outputs[-1]["ename"] == "ZeroDivisionError"
    _, outputs = lesson.run("print('x' * 3_000_000)")
    assert len(outputs[0]["text"]) == 1_000_000
    assert lesson.printed("print('and on')") == "and on\n"


def test_what_is_printed_is_seen_while_the_cell_still_runs(lesson):
    lesson.page.evaluate("() => { outputs.length = 0; window.end = python.run({id: 'slow', source: "
                         "`import time\\nprint('now')\\ntime.sleep(1)\\nprint('later')`}) }")  # fmt: skip
    until(lesson.page, "outputs.length === 1")
    assert lesson.page.evaluate("[outputs[0].text, python.state]") == ["now\n", "running"]
    assert lesson.page.evaluate("end") == {"ok": True, "error": None}


def test_a_check_judges_in_a_namespace_of_its_own(lesson):
    lesson.run("secret = 1")
    judged = lesson.page.evaluate(
        "(job) => python.check(job)",
        {
            "setup": "base = 10",
            "source": "print('hello')\ndef fresh(x):\n    return base + x",
            "checks": [
                {"kind": "value", "expression": "fresh(1)", "comparison": "equal", "expected": 11},
                {"kind": "value", "expression": "fresh(2)", "comparison": "equal", "expected": 13},
                {"kind": "assert", "source": "assert fresh(3) == 13"},
                {"kind": "value", "expression": "secret", "comparison": "equal", "expected": 1},
            ],
        },
    )
    assert [result["passed"] for result in judged["results"]] == [True, False, True, False]
    assert (judged["results"][1]["returned"], judged["results"][1]["expected"]) == ("12", "13")
    assert "NameError" in judged["results"][3]["message"]
    assert (judged["stdout"], judged["error"]) == ("hello\n", None)
    assert lesson.printed("print('the cells have their screen again')").startswith("the cells")
    assert lesson.error("fresh")["ename"] == "NameError"


def test_a_check_of_code_that_fails_says_where(lesson):
    judged = lesson.page.evaluate("(job) => python.check(job)", {"source": "1 / 0", "checks": []})
    assert (judged["error"]["type"], judged["error"]["where"], judged["results"]) == ("ZeroDivisionError", "code", [])


def test_a_missing_package_is_said_and_breaks_nothing(lesson):
    assert lesson.error("import numpy as np")["evalue"] == "needs numpy, which is not installed here"
    assert lesson.printed("try:\n    import numpy\nexcept ImportError:\n    print('without')") == "without\n"
    judged = lesson.page.evaluate("(job) => python.check(job)", {"source": "import sklearn", "checks": []})
    assert judged["error"]["message"] == "needs scikit-learn, which is not installed here"


def test_outputs_of_the_pages_protocol_cannot_be_forged_for_another_cell(lesson):
    _, outputs = lesson.run(
        "import json\nfrom progress.grading.browser import cells\n"
        "send = cells._current.outputs._send\n"
        "send(json.dumps({'id': 'other', 'output_type': 'stream', 'name': 'stdout', 'text': 'mine'}))\n"
        "send('{not json'); send('[1]'); send(json.dumps({'output_type': 'script', 'text': 'x'}))\n"
        "send(json.dumps({'output_type': 'display_data', 'data': {'text/html': {'not': 'text'}, 'BAD': 'x'}}))"
    )
    assert outputs == [
        {"id": "cell", "output_type": "stream", "name": "stdout", "text": "mine"},
        {"id": "cell", "output_type": "display_data", "data": {}, "metadata": {}},
    ]


def test_an_interpreter_that_breaks_down_is_replaced(open_page):
    lesson = open_page()
    lesson.run("before = 1")
    end, outputs = lesson.run("import os\nos.abort()")
    assert end["error"]["ename"] == outputs[-1]["ename"] == "PythonStopped"
    assert lesson.error("before")["ename"] == "NameError"
    assert lesson.printed("print('works')") == "works\n"
    lesson.page.close()


def test_an_endless_loop_is_stopped_at_once_and_the_spare_one_takes_over(open_page):
    lesson = open_page(device={"deviceMemory": 8})
    lesson.run("before = 1")
    until(lesson.page, "workers === 2")
    lesson.page.wait_for_timeout(10_000)  # the spare one gets ready
    lesson.page.evaluate("() => { window.end = python.run({id: 'cell', source: 'while True: pass'}); "
                         "window.next = python.run({id: 'cell', source: '1'}) }")  # fmt: skip
    until(lesson.page, "python.state === 'running'")
    begun = time.monotonic()
    lesson.page.evaluate("() => python.stop()")
    assert lesson.page.evaluate("Promise.all([end, next])") == [{"ok": False, "stopped": True}] * 2
    assert time.monotonic() - begun < 2
    assert lesson.error("before")["ename"] == "NameError"
    assert [state for state, _ in lesson.page.evaluate("states")].count("stopping") == 1
    lesson.page.close()


def test_a_small_device_keeps_no_spare_one(lesson):
    lesson.run("1")
    lesson.page.wait_for_timeout(4_500)
    assert lesson.page.evaluate("workers") == 1


def test_a_start_that_is_stopped_is_off_and_can_be_begun_again(open_page):
    lesson = open_page()
    lesson.page.evaluate("() => { window.end = python.run({id: 'cell', source: '1'}) }")
    until(lesson.page, "python.state === 'starting'")
    lesson.page.evaluate("() => python.stop()")
    assert lesson.page.evaluate("end") == {"ok": False, "stopped": True}
    assert lesson.page.evaluate("python.state") == "off"
    assert lesson.result("2") == {"text/plain": "2"}
    lesson.page.close()


def test_a_runtime_that_is_not_there_fails_with_words_and_can_be_tried_again(open_page):
    lesson = open_page(base="/static/runtime/gone/")
    for _ in range(2):
        said = lesson.page.evaluate("() => python.run({id: 'cell', source: '1'}).catch((error) => error.message)")
        assert "could not be loaded" in said
        assert lesson.page.evaluate("[python.state, states.at(-1)[1]]") == ["failed", said]
    lesson.page.close()


def test_a_start_without_a_sign_of_life_is_given_up(open_page):
    lesson = open_page()
    lesson.page.clock.install()
    lesson.page.evaluate("() => { window.Worker = class { postMessage() {} terminate() { window.ended = true } } }")
    lesson.page.evaluate("() => { window.end = python.run({id: 'cell', source: '1'}).catch((error) => error.message) }")
    until(lesson.page, "python.state === 'starting'")
    lesson.page.clock.fast_forward(31_000)
    assert "nothing was heard of it for 30 s" in lesson.page.evaluate("end")
    assert lesson.page.evaluate("[python.state, ended]") == ["failed", True]
    lesson.page.close()


def test_packages_come_by_the_lock_file_and_only_unaltered(open_page, settings, tmp_path):
    """The real lock file names wheels that are not here; server and browser get one with stand-ins."""
    write_lock(tmp_path / "pyodide-lock.json", settings.PRACTICE_RUNTIME / "pyodide-lock.json")
    shutil.copy(settings.PRACTICE_RUNTIME / "runtime.json", tmp_path)
    settings.PRACTICE_RUNTIME = tmp_path
    settings.RUNTIME_PACKAGES = tmp_path / "packages"
    settings.RUNTIME_PACKAGES.mkdir()
    for name, content in WHEELS.items():
        (settings.RUNTIME_PACKAGES / name).write_bytes(content)
    altered = settings.RUNTIME_PACKAGES / file_name("stand-in")
    altered.write_bytes(WHEELS[altered.name] + b"altered")
    runtime = browser_runtime()
    assert runtime["package_base"] == "/runtime-packages/"
    lesson = open_page(**runtime)

    def lock(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json=with_stand_ins(response.json()))

    lesson.page.context.route("**/pyodide-lock.json", lock)
    assert lesson.error("import numpy")["evalue"] == "needs numpy, which is not installed here"
    altered.write_bytes(WHEELS[altered.name])
    assert lesson.printed("import numpy\nprint(numpy.arange(3), numpy.mark)") == "[0, 1, 2] made for a test\n"
    assert ["running", "downloading numpy, 0.0 MB"] in lesson.page.evaluate("states")
    lesson.page.context.unroute_all()
    lesson.page.close()
