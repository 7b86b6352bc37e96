"""A lesson's code stays in its worker: every way out is tried, with each of two fences, with both and with neither.

That each script gets out of a worker without fences shows that it is a way out at all, and that the test would see it.
For what no worker has (the page, its cookies, its address) that is shown with Python in the page's own thread.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Error, Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from courses.models import Lesson
from mlpracticum.runtime_headers import worker_policy
from progress.grading.browser_runtime import browser_runtime
from progress.models import Attempt, BlockResult
from progress.services.enrolling import enroll
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz
from tests.worker_escapes import CLASSIC_ESCAPES, ESCAPES, LEFT, PAGE_ESCAPES, POLICY, REMOVALS, TOKEN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TYPES = {"mjs": "text/javascript", "wasm": "application/wasm", "json": "application/json", "zip": "application/zip"}
# Storage is planted before, and what arrives at the page is noted: by its listeners, and at each worker that it makes.
PLANT = """async (token) => {
  window.noticed = [];
  const Real = window.Worker;
  window.Worker = class extends Real {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => noticed.push(event.data));
    }
  };
  new BroadcastChannel("planted").onmessage = (event) => noticed.push(event.data);
  await new Promise((done) => {
    const asked = indexedDB.open("planted");
    asked.onupgradeneeded = () => asked.result.createObjectStore("box");
    asked.onsuccess = () => {
      asked.result.transaction("box", "readwrite").objectStore("box").put(token, "key").onsuccess = () => {
        asked.result.close();
        done();
      };
    };
  });
  await (await caches.open("planted")).put("/planted", new Response(token));
  const file = await (await navigator.storage.getDirectory()).getFileHandle("planted", { create: true });
  const writer = await file.createWritable();
  await writer.write(token);
  await writer.close();
}"""
START = """async (base) => {
  const { Runtime } = await import("/static/js/practice/runtime.js");
  window.printed = "";
  window.python = new Runtime({ base, onOutput: (id, output) => (printed += output.text ?? output.evalue ?? "") });
}"""
RUN_FIRST = "python.run({ id: 'cell', source: '' })"  # the start has as long as it takes
RUN = """async (source) => {
  window.printed = "";
  const late = new Promise((done) => setTimeout(() => done({ late: true }), 8000));
  const end = await Promise.race([python.run({ id: "cell", source }), late]);
  return [end, printed, noticed.splice(0)];
}"""

# A lesson page with what only its own scripts should reach, and what is noticed in it.
PLANT_IN_PAGE = """(token) => {
  window.noticed = [];
  localStorage.setItem("planted", token);
  sessionStorage.setItem("planted", token);
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "planted", value: token });
  document.querySelector("main form").append(field);
  document.addEventListener("practice:verdict", (event) => noticed.push(event.detail));
  addEventListener("message", (event) => noticed.push(event.data));
}"""
# The page's own reader and its own area for outputs, which stands in the page.
START_WITH_AREA = """async (base) => {
  const { Runtime } = await import("/static/js/practice/runtime.js");
  const { OutputArea } = await import("/static/js/practice/outputs.js");
  const element = document.createElement("div");
  element.id = "tried";
  document.body.append(element);
  const area = new OutputArea(element);
  const onOutput = (id, output) => {
    printed += output.text ?? output.evalue ?? "";
    area.add(output);
  };
  window.printed = "";
  window.python = new Runtime({ base, onOutput });
  await python.run({ id: "cell", source: "" });
}"""
# Pyodide in the page's thread, and a reader of outputs that takes them as they come.
START_IN_PAGE = """async (base) => {
  const { loadPyodide } = await import(`${base}pyodide.mjs`);
  const merge = (into, from) => {
    for (const key of Object.keys(from)) {
      if (from[key] !== null && typeof from[key] === "object") merge((into[key] ??= {}), from[key]);
      else into[key] = from[key];
    }
  };
  window.mergeOutput = (json) => merge({}, JSON.parse(json));
  const stdout = (text) => (printed += text);
  const pyodide = await loadPyodide({ indexURL: new URL(base, location.href).href, stdout });
  window.python = { run: ({ source }) => pyodide.runPythonAsync(source) };
}"""
# A worker that is no module, which Pyodide would refuse, if it knew.
CLASSIC = """async function load() {
  self.importScripts = () => {
    throw new TypeError("hidden");
  };
  const { loadPyodide } = await import("/fences/none/pyodide.mjs");
  const python = await loadPyodide({ indexURL: `${location.origin}/fences/none/` });
  delete self.importScripts;
  return python;
}
self.onmessage = async ({ data: source }) => {
  self.loaded ??= load();
  try {
    await (await loaded).runPythonAsync(source);
    self.postMessage("");
  } catch (error) {
    self.postMessage(`${error}`);
  }
};"""
RUN_CLASSIC = """(source) => new Promise((done, fail) => {
  window.classic ??= new Worker("/fences/none/classic.js");
  classic.onmessage = (event) => done(event.data);
  classic.onerror = fail;
  classic.postMessage(source);
})"""
TRACES = """async () => {
  const page = document.documentElement.cloneNode(true);
  page.querySelector("#tried")?.replaceChildren();
  const services = (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope);
  const polluted = [];
  for (const key in {}) polluted.push(key, {}[key]);
  return [page.outerHTML, { ...localStorage }, { ...sessionStorage }, services, polluted, noticed];
}"""
IN_WORKER = """import gc, json
emit = next(one for one in gc.get_objects() if type(one).__name__ == "Outputs")._send
def show(html):
    emit(json.dumps({"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}))
"""
IN_PAGE = """emit = js.mergeOutput
def show(html):
    js.document.body.insertAdjacentHTML("beforeend", html)
"""


@dataclass
class Outside:
    """What the server has to tell: files of the runtime with fewer fences, a secret, and receipts for who came."""

    application: Callable[..., Any] | None = None
    receipts: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"]
        if path.startswith("/receipt/") or environ.get("HTTP_UPGRADE") == "websocket":
            with self.lock:
                self.receipts.append(path.removeprefix("/receipt/").partition("/")[0])
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b""]
        if path == "/secret/":
            # For who brings the session; not for a stranger.
            text = TOKEN if "who=planted" in environ.get("HTTP_COOKIE", "") else "who are you?"
            start_response("200 OK", [("Content-Type", "text/plain"), ("Cache-Control", "no-store")])
            return [text.encode()]
        if path.startswith("/service/"):
            start_response("200 OK", [("Content-Type", TYPES["mjs"])])
            return [b""]
        if path == "/fences/none/classic.js":
            start_response("200 OK", [("Content-Type", TYPES["mjs"])])
            return [CLASSIC.encode()]
        if path.startswith("/fences/"):
            return self._file(environ, start_response)
        assert self.application is not None
        return self.application(environ, start_response)

    def _file(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        _, _, fences, name = environ["PATH_INFO"].split("/")
        folder = browser_runtime()["base"].removeprefix(settings.STATIC_URL)
        with open(finders.find(f"{folder}{name}"), "rb") as file:
            content = file.read()
        if name == "confine.mjs" and REMOVALS not in fences:
            content = b"export function confine() {}"
        headers = [("Content-Type", TYPES[name.rpartition(".")[2]]), ("Access-Control-Allow-Origin", "*")]
        if POLICY in fences:
            policy = worker_policy(environ["HTTP_HOST"], f"/fences/{fences}/")
            headers.append(("Content-Security-Policy", policy))
        start_response("200 OK", headers)
        return [content]


OUTSIDE = Outside()


@pytest.fixture(scope="module")
def live_server() -> Iterator[LiveServer]:
    server = LiveServer("127.0.0.1", start=False)

    def around(application: Callable[..., Any]) -> Outside:
        OUTSIDE.application = application
        return OUTSIDE

    server.thread.static_handler = around
    server.start()
    yield server
    server.stop()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page of the site, of somebody who is logged in. Refusals in its console are what is wanted here."""
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(120_000)
    context.add_cookies([{"name": "who", "value": "planted", "url": live_server.url, "httpOnly": True}])
    page = context.new_page()
    page.goto("/static/css/tokens.css")
    page.goto("/nowhere/")
    page.evaluate(PLANT, TOKEN)
    yield page
    context.close()


def _got_out(page: Page, base: str) -> set[str]:
    """The names of the escapes that succeed in a worker from `base`."""
    page.evaluate(START, base)
    page.evaluate(RUN_FIRST)
    out = set()
    for name, escape in ESCAPES.items():
        if any(base == f"/fences/{fence}/" for fence in escape.not_with):
            continue
        OUTSIDE.receipts.clear()
        source = f"import js\nFOLDER = {base!r}\nfound = ''\n{escape.source.replace('TOKEN', TOKEN)}\nprint(found)"
        end, printed, noticed = page.evaluate(RUN, source)
        seen = [*noticed, *OUTSIDE.receipts]
        if (bool(seen) if escape.noticed else TOKEN in printed) or "late" in end:
            out.add(name)
    return out


def test_every_escape_succeeds_without_fences(page):
    assert _got_out(page, "/fences/none/") == set(ESCAPES)


def test_no_escape_succeeds_in_the_worker_as_it_is_served(page):
    assert _got_out(page, browser_runtime()["base"]) == set()


@pytest.mark.parametrize("fence", [POLICY, REMOVALS])
def test_each_fence_holds_alone_what_it_is_for(page, fence):
    assert _got_out(page, f"/fences/{fence}/") == {
        name for name, escape in ESCAPES.items() if fence not in escape.stopped_by | escape.not_with
    }


@pytest.fixture
def lesson(client, boss: User) -> Lesson:
    """A lesson of somebody whose session may do everything."""
    client.force_login(boss)
    course = judged_course(body_of(quiz("the_api"), quiz("the_form"), exercise()), slug="lines")
    enroll(user=boss, course=course)
    return lesson_of(course)


def _lesson_page(context: BrowserContext, lesson: Lesson, client: Client, url: str) -> Page:
    """The lesson as its learner has it open, with something planted in all that belongs to the page."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.set_default_timeout(120_000)
    context.add_cookies(
        [
            {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url, "httpOnly": True},
            {"name": "planted", "value": TOKEN, "url": url},
        ]
    )
    page = context.new_page()
    page.goto(lesson.get_absolute_url(), wait_until="networkidle")
    page.evaluate(PLANT_IN_PAGE, TOKEN)
    return page


def _traces(page: Page) -> list[Any]:
    """All that can be seen from outside of what a script did to page, browser and records."""
    attempts = Attempt.objects.values_list("block_uid", "verdict")
    results = BlockResult.objects.filter(passed_at__isnull=False).values_list("block_uid", flat=True)
    passed = [f"{LEFT}answer_by_{block_id}" for block_id in results]
    try:
        inside = page.evaluate(TRACES)
    except Error:  # it has another address by now, and not the lesson
        inside = []
    cookies = sorted((cookie["name"], cookie["value"]) for cookie in page.context.cookies())
    return [inside, cookies, [page.url for page in page.context.pages], [*attempts], passed, [*OUTSIDE.receipts]]


def _reached_the_page(page: Page, lesson: Lesson, prelude: str) -> set[str]:
    """The names of the escapes that get at the page, or at what belongs to it, with the Python that was started."""
    [token] = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken"]
    OUTSIDE.receipts.clear()
    out = set()
    for name, script in PAGE_ESCAPES.items():
        words = {"TOKEN": TOKEN, "LEFT": f"{LEFT}{name}", "GIVEN": token, "LESSON": str(lesson.pk)}
        for word, meaning in words.items():
            script = script.replace(word, meaning)
        source = f"import js\n{prelude}\nfound = ''\n{script}\nprint(found)"
        try:
            _, printed, noticed = page.evaluate(RUN, source)
        except Error:  # it raised in the page's thread, or the page is gone
            printed, noticed = "", []
        if TOKEN in printed or f"{LEFT}{name}" in str([noticed, _traces(page)]):
            out.add(name)
    return out


def test_every_escape_reaches_the_page_from_its_own_thread(browser, live_server, client, lesson):
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    page = _lesson_page(context, lesson, client, live_server.url)
    page.evaluate(START_IN_PAGE, "/fences/none/")
    out = _reached_the_page(page, lesson, IN_PAGE)
    context.close()
    assert out == set(PAGE_ESCAPES)


def test_no_escape_reaches_the_page_from_the_worker_as_it_is_served(browser, live_server, client, lesson):
    context = browser.new_context(base_url=live_server.url)
    page = _lesson_page(context, lesson, client, live_server.url)
    page.evaluate(START_WITH_AREA, browser_runtime()["base"])
    OUTSIDE.receipts.clear()
    before = _traces(page)
    assert before[0], "the page can be looked at"
    out = _reached_the_page(page, lesson, IN_WORKER)
    after = _traces(page)
    end, printed, _ = page.evaluate(RUN, f"{IN_WORKER}show('<b>it is shown</b>')")
    shown = page.locator("#tried b").all_inner_texts()
    context.close()
    assert out == set()
    assert after == before
    assert end["ok"], printed
    assert shown == ["it is shown"]  # what the scripts put out did get to the page


def test_a_worker_that_is_no_module_imports_scripts_and_the_one_that_is_served_does_not(page):
    sources = {name: f"import js\n{CLASSIC_ESCAPES[name].replace('LEFT', LEFT + name)}" for name in CLASSIC_ESCAPES}
    marks = {f"{LEFT}{name}" for name in CLASSIC_ESCAPES}
    OUTSIDE.receipts.clear()
    for source in sources.values():
        words = page.evaluate(RUN_CLASSIC, source)
        assert words == "" or "NetworkError" in words  # what it asks for is not there
    assert set(OUTSIDE.receipts) == marks
    OUTSIDE.receipts.clear()
    page.evaluate(START, browser_runtime()["base"])
    page.evaluate(RUN_FIRST)
    for source in sources.values():
        end, _, _ = page.evaluate(RUN, source)
        assert end["ok"] is False
    assert OUTSIDE.receipts == []


def test_the_policy_names_the_host_and_the_folder_and_never_the_site(client, settings):
    base = browser_runtime()["base"]
    for name in ("worker.mjs", "pyodide.mjs", "pyodide.asm.wasm", "nonesuch.mjs"):
        response = client.get(f"{base}{name}", headers={"host": "localhost:8000"})
        response.close()
        policy = response["Content-Security-Policy"]
        directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert directives["default-src"] == directives["worker-src"] == "'none'"
        assert directives["script-src"] == f"localhost:8000{base} 'wasm-unsafe-eval'"
        assert directives["connect-src"] == f"localhost:8000{base} {settings.PYODIDE_PACKAGE_URL}"
        assert directives["sandbox"] == "allow-scripts"
        assert "'self'" not in policy
        assert not re.search(r"(?<!wasm-)unsafe", policy)
