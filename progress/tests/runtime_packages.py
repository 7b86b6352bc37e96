"""A stand-in for the Pyodide distribution: wheels made here, a lock file with their checksums, a server of both."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SOURCES = {
    "numpy": "from stand_in import mark\n__version__ = '2.4.6'\ndef arange(n):\n    return list(range(n))\n",
    "stand-in": "mark = 'made for a test'\n",
}
DEPENDS = {"numpy": ["stand-in"], "stand-in": []}


def wheel(name: str, source: str) -> bytes:
    """A pure Python wheel with one module."""
    module = name.replace("-", "_")
    info = f"{module}-2.4.6.dist-info"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{module}.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.4.6\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return made.getvalue()


def file_name(name: str) -> str:
    return f"{name.replace('-', '_')}-2.4.6-py3-none-any.whl"


WHEELS = {file_name(name): wheel(name, source) for name, source in SOURCES.items()}


def with_stand_ins(lock: dict[str, Any]) -> dict[str, Any]:
    """A lock file in which the stand-ins are the packages of their names."""
    entries = {
        name: {
            "name": name,
            "version": "2.4.6",
            "file_name": file_name(name),
            "sha256": hashlib.sha256(WHEELS[file_name(name)]).hexdigest(),
            "imports": [name.replace("-", "_")],
            "depends": DEPENDS[name],
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
            "tool": {},
        }
        for name in SOURCES
    }
    return {**lock, "packages": {**lock["packages"], **entries}}


class Distribution:
    """What the server has, and what it was asked."""

    def __init__(self) -> None:
        self.files = dict(WHEELS)
        self.asked: list[tuple[str, str]] = []
        self.breaks_after: int | None = None  # bytes of an answer after which the connection ends, once
        self.url = ""


@contextmanager
def distribution() -> Iterator[Distribution]:
    """The stand-in, served on this machine."""
    served = Distribution()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            wanted = self.headers.get("Range", "")
            served.asked.append((name, wanted))
            content = served.files.get(name)
            if content is None:
                self.send_error(404)
                return
            begin = int(wanted.removeprefix("bytes=").rstrip("-") or 0)
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(content) - begin))
            self.end_headers()
            end, served.breaks_after = served.breaks_after, None
            self.wfile.write(content[begin : begin + end if end else None])

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/full/"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_lock(path: Path, original: Path) -> None:
    """The lock file of `original` with the stand-ins, at `path`."""
    lock = json.loads(original.read_text(encoding="utf-8"))
    path.write_text(json.dumps(with_stand_ins(lock)), encoding="utf-8")
