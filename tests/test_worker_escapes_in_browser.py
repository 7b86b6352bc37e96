"""A lesson's code stays in its worker: every way out is tried, with each of two fences, with both and with neither.

That each script gets out of a worker without fences shows that it is a way out at all, and that the test would see it.
"""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from mlpracticum.runtime_headers import worker_policy
from progress.grading.browser_runtime import browser_runtime
from tests.worker_escapes import ESCAPES, POLICY, REMOVALS, TOKEN

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
RUN = """async (source) => {
  window.printed = "";
  const late = new Promise((done) => setTimeout(() => done({ late: true }), 20000));
  const end = await Promise.race([python.run({ id: "cell", source }), late]);
  return [end, printed, noticed.splice(0)];
}"""


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
