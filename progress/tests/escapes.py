"""Scripts that try to get out of the sandbox by looking, reaching or planting; each is harmless where it succeeds.

Every script says in `found` what it got. It succeeded if that holds the world's token, or is "escaped" (for what leaves
no other trace), or, where it is in OUTSIDE, if the world outside says so. Names in capitals are filled in by the test.
PYTHON is shown to succeed under plain CPython, JAVASCRIPT under Pyodide in a deno that may do everything.
"""

# ruff: noqa: E501 (a script that is one line is read as one)

# Where the bridge to JavaScript is if it is anywhere: by name, by what Pyodide keeps, by what the collector knows.
FIND_JS = """
import gc, sys
def find_js():
    try:
        import js
        return js
    except ImportError:
        pass
    try:
        from pyodide.code import run_js
        return run_js("globalThis")
    except BaseException:
        pass
    seen = [*sys.modules.values(), *gc.get_objects()]
    for held in list(seen):
        if type(held) is dict:
            seen.extend(held.values())
        elif type(held).__name__ == "JsFinder":
            seen.extend(held.jsproxies.values())
        elif hasattr(type(held), "__dict__") and "pyodide" in str(getattr(held, "__module__", "")):
            seen.extend(vars(held).values() if hasattr(held, "__dict__") else ())
    for held in seen:
        if "JsProxy" in [kind.__name__ for kind in type(held).__mro__]:
            for way in (lambda: held.constructor.constructor("return globalThis")(), lambda: held.globalThis):
                try:
                    if (got := way()) is not None:
                        return got
                except BaseException:
                    pass
    return None
js = find_js()
"""

PYTHON = {
    # files
    "open": "found = open(SECRET).read()",
    "pathlib": "import pathlib; found = pathlib.Path(SECRET).read_bytes().decode()",
    "os_open": "import os; found = os.read(os.open(SECRET, os.O_RDONLY), 100).decode()",
    "file_io": "import _io; found = _io.FileIO(SECRET).readall().decode()",
    "listdir": "import os; found = str(os.listdir(FOLDER))",
    "glob": "import glob; found = str(glob.glob(FOLDER + '/**', recursive=True))",
    "parent_folders": "found = open('../' * 30 + SECRET.lstrip('/')).read()",
    "symlink": "import os; os.symlink(SECRET, 'link-to-it'); found = open('link-to-it').read(); os.remove('link-to-it')",
    "proc_environ": "found = open('/proc/self/environ').read()",
    "proc_root": "found = open('/proc/self/root' + SECRET).read()",
    "proc_fd": "import os; f = open(SECRET); found = open(f'/proc/self/fd/{f.fileno()}').read()",
    "copy": "import shutil; shutil.copy(SECRET, 'copy-of-it'); found = open('copy-of-it').read()",
    "linecache": "import linecache; found = linecache.getline(SECRET, 1)",
    "run_path": "import runpy; found = runpy.run_path(SECRET + '.py')['token']",
    "import_file": (
        "import importlib.util as u; s = u.spec_from_file_location('m', SECRET + '.py'); m = u.module_from_spec(s);"
        " s.loader.exec_module(m); found = m.token"
    ),
    "libc": (
        "import ctypes; c = ctypes.CDLL(None); b = ctypes.create_string_buffer(99);"
        " c.read(c.open(SECRET.encode(), 0), b, 99); found = b.value.decode()"
    ),
    "plant_file": "open(FOLDER + '/plant_file', 'w').write('x')",
    "plant_temporary": "import tempfile; tempfile.NamedTemporaryFile(dir=FOLDER, prefix='plant_temporary', delete=False)",
    "plant_folder": "import os; os.mkdir(FOLDER + '/plant_folder')",
    "plant_link": "import os; os.link(SECRET, FOLDER + '/plant_link')",
    "remove": "import os; os.remove(FOLDER + '/victim-remove')",
    "rename": "import os; os.rename(FOLDER + '/victim-rename', FOLDER + '/renamed')",
    # network
    "socket": "import socket; found = socket.create_connection(('127.0.0.1', PORT), 2).recv(99).decode()",
    "urllib": "import urllib.request; found = urllib.request.urlopen(f'http://127.0.0.1:{PORT}/', timeout=2).read().decode()",
    "http_client": (
        "import http.client; c = http.client.HTTPConnection('127.0.0.1', PORT, timeout=2); c.request('GET', '/');"
        " found = c.getresponse().read().decode()"
    ),
    "udp": "import socket; socket.socket(2, 2).sendto(b'udp-heard', ('127.0.0.1', PORT))",
    "unix_socket": "import socket; s = socket.socket(socket.AF_UNIX); s.connect(UNIX); found = s.recv(99).decode()",
    "listen": (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(s.getsockname(), 2);"
        " found = 'escaped'"
    ),
    "resolve": "import socket; found = 'escaped' if socket.getaddrinfo('localhost', 80)[0][4][0] in ('127.0.0.1', '::1') else ''",
    # the machine
    "environ": "import os; found = os.environ['PRACTICE_SECRET']",
    "host_name": "import platform; found = 'escaped' if platform.node() == HOST else platform.node()",
    "processes": "import os; found = 'escaped' if len([n for n in os.listdir('/proc') if n.isdigit()]) > 1 else ''",
    # processes
    "subprocess": "import subprocess; found = subprocess.check_output(['/bin/cat', SECRET]).decode()",
    "popen": "import os; found = os.popen('cat ' + SECRET).read()",
    "system": "import os; os.system('touch ' + FOLDER + '/system')",
    "fork": "import os\npid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0)\nfound = 'escaped'",
    "spawn": "import os; found = 'escaped' if os.spawnv(os.P_WAIT, '/bin/true', ['true']) == 0 else ''",
    "multiprocessing": (
        "import multiprocessing as m, time; p = m.get_context('fork').Process(target=time.time); p.start(); p.join();"
        " found = 'escaped'"
    ),
    "thread": "import threading; t = threading.Thread(target=int); t.start(); t.join(); found = 'escaped'",
    "signal_parent": "import os; os.kill(PARENT, 0); found = 'escaped'",
}

JAVASCRIPT = {
    "js_read": "found = js.Deno.readTextFileSync(SECRET)",
    "js_list": "found = str([entry.name for entry in js.Deno.readDirSync(FOLDER)])",
    "js_read_runtime": "found = 'escaped' if 'secret' in js.Deno.readTextFileSync(RUNTIME + '/runner.mjs') else ''",
    "js_plant": "js.Deno.writeTextFileSync(FOLDER + '/js_plant', 'x')",
    "js_node_fs": "found = js.process.getBuiltinModule('node:fs').readFileSync(SECRET, 'utf8')",
    "js_node_process": "js.process.getBuiltinModule('node:child_process').execSync('touch ' + FOLDER + '/js_node_process')",
    "js_mount": (
        "import pyodide_js, os; os.makedirs('/host', exist_ok=True)\nfrom pyodide.ffi import to_js\n"
        "pyodide_js.FS.mount(pyodide_js.FS.filesystems.NODEFS, to_js({'root': FOLDER}, dict_converter=js.Object.fromEntries),"
        " '/host')\nfound = open('/host/secret').read()"
    ),
    "js_environment": "found = js.Deno.env.get('PRACTICE_SECRET')",
    "js_host_name": "found = 'escaped' if js.Deno.hostname() == HOST else ''",
    "js_command": "js.Deno.Command.new('/bin/touch', js.JSON.parse('{\"args\": [\"' + FOLDER + '/js_command\"]}')).outputSync()",
    "js_worker": "w = js.Worker.new('data:text/javascript,', js.JSON.parse('{\"type\": \"module\"}')); w.terminate(); found = 'escaped'",
    "js_fetch": "js.fetch(f'http://127.0.0.1:{PORT}/js_fetch')",
    "js_web_socket": "js.WebSocket.new(f'ws://127.0.0.1:{PORT}/js_web_socket')",
    "js_listen": "found = 'escaped' if js.Deno.listen(js.JSON.parse('{\"port\": 0}')).addr.port else ''",
    "js_eval": "found = 'escaped' if js.eval('40 + 2') == 42 else ''",
    "js_function": "found = 'escaped' if js.Function.new('return 40 + 2')() == 42 else ''",
    "js_run_js": "from pyodide.code import run_js; found = 'escaped' if run_js('40 + 2') == 42 else ''",
    "js_storage": "js.localStorage.setItem('a', 'b'); found = 'escaped' if js.localStorage.getItem('a') == 'b' else ''",
    "js_channel": "js.BroadcastChannel.new('a').close(); found = 'escaped'",
}

# Their success is seen from outside: what lies in the folder afterwards, what was said to the port.
OUTSIDE = {
    "plant_file", "plant_temporary", "plant_folder", "plant_link", "remove", "rename", "udp", "system",
    "js_plant", "js_node_process", "js_command", "js_fetch", "js_web_socket",
}  # fmt: skip

# These make the interpreter itself give up where there is no sandbox's outside, and get processes of their own.
ENDING = {"listen", "system"}


def program(scripts: dict[str, str], names: dict[str, object]) -> str:
    """One program that runs every script by itself and leaves in `got` what each of them found."""
    return f"""
import io, sys
SCRIPTS = {scripts!r}
NAMES = {names!r}
got = {{}}
exec({FIND_JS!r}, NAMES)  # once, it takes a while
for name, script in SCRIPTS.items():
    space = dict(NAMES)
    try:
        exec(script, space)
        got[name] = str(space.get("found", ""))[:5000]
    except BaseException as error:
        got[name] = "failed: " + type(error).__name__ + ": " + str(error)[:100]
"""
