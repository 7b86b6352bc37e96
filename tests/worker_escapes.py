"""Scripts by which a lesson's code might get out of its worker: to the site, to the browser's storage, to the page.

Each is a cell. It says what it got in `found`; it got out if that holds TOKEN, which only what lies outside contains, or
if the page or the server noticed it. `stopped_by` names the fences that hold it alone: the policy of the worker's
response, the removals from its global scope.
"""
# ruff: noqa: E501 (a script is easier to read in one piece)

from dataclasses import dataclass

TOKEN = "planted-outside-the-worker"  # noqa: S105
POLICY, REMOVALS = "policy", "removals"


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
