"""Scripts by which a lesson's code might get out of its worker: to the site, to the browser's storage, to the page.

Each is a cell. It says what it got in `found`; it got out if that holds TOKEN, which only what lies outside contains, or
if the page or the server noticed it. `stopped_by` names the fences that hold it alone: the policy of the worker's
response, the removals from its global scope.

What is not in any worker cannot be reached from one without fences either: PAGE_ESCAPES are tried in the page itself for
comparison, with the Python of the worker loaded there; CLASSIC_ESCAPES in a worker that is no module. What such a script
leaves behind holds LEFT, which is another word for each of them.
"""
# ruff: noqa: E501 (a script is easier to read in one piece)

from dataclasses import dataclass

TOKEN = "planted-outside-the-worker"  # noqa: S105
POLICY, REMOVALS = "policy", "removals"


LEFT = "left-by-"


@dataclass(frozen=True)
class Escape:
    source: str
    stopped_by: frozenset[str] = frozenset({POLICY, REMOVALS})
    noticed: bool = False
    """Whether its success is seen outside: by the server, at /receipt/<name>, or by the page."""
    not_with: frozenset[str] = frozenset()
    """Fences with which alone it is not tried."""


def _by(*fences: str) -> frozenset[str]:
    return frozenset(fences)


ESCAPES = {
    # The site, with the reader's session.
    "fetch": Escape("found = await (await js.fetch('/secret/')).text()"),
    "fetch_with_credentials": Escape(
        "found = await (await js.fetch(f'{js.location.origin}/secret/', credentials='include')).text()"
    ),
    "fetch_from_folder": Escape("found = await (await js.fetch(f'{FOLDER}../../secret/')).text()"),
    "fetch_encoded_dots": Escape("found = await (await js.fetch(f'{FOLDER}%2e%2e/%2e%2e/secret/')).text()"),
    "fetch_prefix": Escape("found = await (await js.fetch(f'{FOLDER[:-1]}../../../secret/')).text()"),
    "fetch_request": Escape("found = await (await js.fetch(js.Request.new('/secret/'))).text()"),
    "xhr": Escape("x = js.XMLHttpRequest.new(); x.open('GET', '/secret/', False); x.send(); found = x.responseText"),
    "open_url": Escape("from pyodide.http import open_url\nfound = open_url('/secret/').read()"),
    "pyfetch": Escape("from pyodide.http import pyfetch\nfound = await (await pyfetch('/secret/')).text()"),
    "socket": Escape(
        "import asyncio, socket\ns = socket.socket()\ns.setblocking(False)\nhost, port = js.location.host.split(':')\n"
        "try:\n    s.connect(('127.0.0.1', int(port)))\nexcept BlockingIOError:\n    pass\nawait asyncio.sleep(0.5)\nfound = ''",
        noticed=True,
    ),
    "websocket": Escape(
        "import asyncio\njs.WebSocket.new(f'ws://{js.location.host}/receipt/websocket')\nawait asyncio.sleep(0.5)\nfound = ''",
        noticed=True,
    ),
    "eventsource": Escape(
        "import asyncio\njs.EventSource.new('/receipt/eventsource')\nawait asyncio.sleep(0.5)\nfound = ''", noticed=True
    ),
    "load_package": Escape(
        "import pyodide_js\n"
        "await pyodide_js.loadPackage(f'{js.location.origin}/receipt/load_package/x-1-py3-none-any.whl')\nfound = ''",
        noticed=True,
    ),
    "nested_worker": Escape(
        "import asyncio\njs.Worker.new('/receipt/nested_worker')\nawait asyncio.sleep(0.5)\nfound = ''", noticed=True
    ),
    "blob_worker": Escape(
        "import asyncio\nfrom pyodide.ffi import to_js\n"
        "code = to_js([f\"fetch('{js.location.origin}/receipt/blob_worker')\"])\n"
        "js.Worker.new(js.URL.createObjectURL(js.Blob.new(code)))\nawait asyncio.sleep(0.5)\nfound = ''",
        noticed=True,
        not_with=_by(POLICY),  # Chromium breaks down over a worker from a blob in a worker without an origin
    ),
    # JavaScript from text, with which the removals might be undone.
    "eval": Escape("found = js.eval('TOKEN'.join(['\"', '\"']))", _by(POLICY)),
    "function": Escape("found = js.Function.new('return \"TOKEN\"')()", _by(POLICY)),
    "constructor": Escape("found = js.Object.keys.constructor('return \"TOKEN\"')()", _by(POLICY)),
    "run_js": Escape("from pyodide.code import run_js\nfound = run_js('\"TOKEN\"')", _by(POLICY)),
    "timer": Escape(
        "import asyncio\njs.setTimeout('self.marked = \"TOKEN\"', 0)\nawait asyncio.sleep(0.2)\nfound = str(js.marked)",
        _by(POLICY),
    ),
    "import_of_data": Escape(
        "from pyodide.code import run_js\n"
        "found = (await run_js('import(\"data:text/javascript,export default `TOKEN`\")')).default",
        _by(POLICY),
    ),
    "import_of_the_site": Escape(
        "from pyodide.code import run_js\nimport asyncio\n"
        "try:\n    await run_js('import(\"/receipt/import_of_the_site\")')\nexcept BaseException:\n    pass\nfound = ''",
        _by(POLICY),
        noticed=True,
    ),
    # What the browser keeps for the site.
    "indexed_db": Escape(
        "import asyncio\nfrom pyodide.ffi import create_proxy\nasked = js.indexedDB.open('planted')\n"
        "await asyncio.sleep(0.3)\nget = asked.result.transaction('box').objectStore('box').get('key')\n"
        "await asyncio.sleep(0.3)\nfound = get.result"
    ),
    "indexed_db_by_prototype": Escape(
        "scope, way = js.self, None\n"
        "while scope is not None and way is None:\n"
        "    way = js.Object.getOwnPropertyDescriptor(scope, 'indexedDB')\n"
        "    scope = js.Object.getPrototypeOf(scope)\n"
        "databases = await js.Reflect.apply(way.get, js.self, js.Array.new()).databases()\n"
        "found = 'TOKEN' if any(d.name == 'planted' for d in databases) else ''"
    ),
    "idbfs": Escape(
        "import asyncio, pyodide_js\nfrom pyodide.ffi import create_proxy\nsaid = []\n"
        "pyodide_js.FS.mkdirTree('/kept')\npyodide_js.FS.mount(pyodide_js.FS.filesystems.IDBFS, js.Object.new(), '/kept')\n"
        "pyodide_js.FS.syncfs(True, create_proxy(lambda error: said.append(error)))\n"
        "await asyncio.sleep(0.5)\nfound = 'TOKEN' if said and not said[0] else ''"
    ),
    "caches": Escape("found = await (await js.caches.match('/planted')).text()"),
    "private_files": Escape(
        "folder = await js.navigator.storage.getDirectory()\nhandle = await folder.getFileHandle('planted')\n"
        "found = await (await handle.getFile()).text()"
    ),
    "locks": Escape(
        "import asyncio\nfrom pyodide.ffi import create_proxy\ngot = []\n"
        "js.navigator.locks.request('planted', create_proxy(lambda lock: got.append(lock)))\n"
        "await asyncio.sleep(0.2)\nfound = 'TOKEN' if got else ''"
    ),
    # The page.
    "broadcast": Escape(
        "import asyncio\njs.BroadcastChannel.new('planted').postMessage('broadcast')\nawait asyncio.sleep(0.2)\nfound = ''",
        _by(REMOVALS),  # Chromium connects the channels of a worker without an origin with those of its page
        noticed=True,
    ),
    "post_to_the_page": Escape(
        "import asyncio\njs.postMessage('post_to_the_page')\nawait asyncio.sleep(0.2)\nfound = ''",
        _by(REMOVALS),
        noticed=True,
    ),
    "post_a_port": Escape(
        "import asyncio\nfrom pyodide.ffi import to_js\nchannel = js.MessageChannel.new()\n"
        "js.postMessage('post_a_port', to_js([channel.port1]))\nawait asyncio.sleep(0.2)\nfound = ''",
        _by(REMOVALS),
        noticed=True,
    ),
    "between_port_and_worker": Escape(
        "js.Object.defineProperty(js.MessageEvent.prototype, 'data', js.Object.new())\nfound = 'TOKEN'", _by(REMOVALS)
    ),
    "between_event_and_listener": Escape(
        "js.Event.prototype.marked = 'TOKEN'\nfound = js.Event.new('x').marked", _by(REMOVALS)
    ),
    # Without an answer afterwards the page would wait for ever. The last one, for it ends the worker.
    "close": Escape("js.close()\nfound = 'TOKEN'", _by(REMOVALS)),
}

PAGE_ESCAPES = {
    # What the browser keeps for the site.
    "read_cookies": "found = js.document.cookie",
    "read_cookie_store": "found = (await js.cookieStore.get('planted')).value",
    "write_a_cookie": "js.document.cookie = 'LEFT=1; path=/'",
    "write_cookie_store": "await js.cookieStore.set('LEFT', '1')",
    "read_local_storage": "found = js.localStorage.getItem('planted')",
    "write_local_storage": "js.localStorage.setItem('LEFT', '1')",
    "read_session_storage": "found = js.sessionStorage.getItem('planted')",
    "write_session_storage": "js.sessionStorage.setItem('LEFT', '1')",
    # The page.
    "read_a_field": "found = js.document.querySelector('input[name=planted]').value",
    "read_the_page": "found = js.document.documentElement.outerHTML",
    "change_the_page": "js.document.body.insertAdjacentText('beforeend', 'LEFT')",
    "change_the_parent": "js.parent.document.title = 'LEFT'",
    "change_the_top": "js.top.document.body.dataset.marked = 'LEFT'",
    "add_a_script": (
        "script = js.document.createElement('script')\nscript.textContent = 'document.body.dataset.script = `LEFT`'\n"
        "js.document.head.append(script)"
    ),
    "show_a_handler": (
        'import asyncio\nshow(\'<img src="data:," onerror="document.body.dataset.handler = `LEFT`">\')\nawait asyncio.sleep(0.3)'
    ),
    "show_a_frame": "import asyncio\nshow('<iframe src=\"/receipt/LEFT\"></iframe>')\nawait asyncio.sleep(0.3)",
    "post_to_the_window": (
        "import asyncio\nfor way in ('window', 'parent', 'top', 'opener'):\n"
        "    try:\n        getattr(js, way).postMessage('LEFT', '*')\n    except BaseException:\n        pass\nawait asyncio.sleep(0.2)"
    ),
    # A verdict that nobody gave.
    "forge_a_verdict": (
        "from pyodide.ffi import to_js\n"
        "detail = {'bubbles': True, 'detail': {'verdict': 'passed', 'by': 'LEFT'}}\n"
        "event = js.CustomEvent.new('practice:verdict', to_js(detail, dict_converter=js.Object.fromEntries))\n"
        "js.document.querySelector('#block-code').dispatchEvent(event)"
    ),
    "forge_the_mark": (
        "panel = js.document.querySelector('#block-code [data-feedback]')\n"
        'panel.innerHTML = \'<div class="result" data-tone="passed">Passed LEFT</div>\''
    ),
    "answer_by_the_api": (
        "import json, uuid\nfrom pyodide.ffi import to_js\n"
        "body = json.dumps({'uid': str(uuid.uuid4()), 'answer': 'b'})\n"
        "headers = {'X-CSRFToken': 'GIVEN', 'Content-Type': 'application/json'}\n"
        "asked = {'method': 'POST', 'credentials': 'include', 'headers': headers, 'body': body}\n"
        "address = f'{js.location.origin}/api/v1/lessons/LESSON/blocks/the_api/attempts'\n"
        "await (await js.fetch(address, to_js(asked, dict_converter=js.Object.fromEntries))).text()"
    ),
    "answer_by_the_form": (
        "import asyncio\nblock = js.document.getElementById('block-the_form')\n"
        "block.querySelector('input[value=b]').click()\nblock.querySelector('[type=submit]').click()\nawait asyncio.sleep(2)"
    ),
    "read_the_api": (
        "answer = await js.fetch(f'{js.location.origin}/api/v1/me', credentials='include')\n"
        "found = 'TOKEN' if 'boss@example.org' in await answer.text() else ''"
    ),
    "read_the_admin": (
        "answer = await js.fetch(f'{js.location.origin}/admin/', credentials='include')\n"
        "found = 'TOKEN' if 'Courses and people' in await answer.text() else ''"
    ),
    # Objects of the page that its scripts build upon, by what they are handed.
    "pollute_directly": "js.Object.prototype.direct = 'LEFT'",
    "pollute_by_proto": 'emit(\'{"output_type": "display_data", "data": {"__proto__": {"byProto": "LEFT"}}}\')',
    "pollute_by_proto_at_the_top": 'emit(\'{"output_type": "clear_output", "__proto__": {"atTop": "LEFT"}}\')',
    "pollute_by_constructor": (
        'emit(\'{"output_type": "display_data", "data": {"constructor": {"prototype": {"byConstructor": "LEFT"}}}}\')'
    ),
    "pollute_by_the_kind": 'emit(\'{"output_type": "__proto__", "constructor": {"prototype": {"byKind": "LEFT"}}}\')',
    # What outlives the page, and away from it. The last one, for with the page its Python is gone.
    "service_worker": "await js.navigator.serviceWorker.register('/service/LEFT/worker.js')",
    "push_an_address": "js.history.pushState(None, '', '?LEFT')",
    "hash": "js.location.hash = 'LEFT'",
    "open_a_window": "import asyncio\njs.open('/receipt/LEFT')\nawait asyncio.sleep(0.5)",
    "navigate": "import asyncio\njs.location.href = '/receipt/LEFT'\nawait asyncio.sleep(1)",
}
CLASSIC_ESCAPES = {
    "import_scripts": "js.importScripts('/receipt/LEFT')",
    "import_scripts_by_prototype": (
        "scope, way = js.self, None\n"
        "while scope is not None and way is None:\n"
        "    way = js.Object.getOwnPropertyDescriptor(scope, 'importScripts')\n"
        "    scope = js.Object.getPrototypeOf(scope)\n"
        "js.Reflect.apply(way.value, js.self, js.Array.of('/receipt/LEFT'))"
    ),
}
