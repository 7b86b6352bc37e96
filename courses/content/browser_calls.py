"""What a piece of Python calls that a browser tab cannot do: processes, threads, the network, typed input, files.

Calls are known by their dotted names, through the lesson's imports (`np.load` is `numpy.load`). What is not written out
literally is not guessed: then the cell counts as one that runs. Knows no lesson and no files.
"""

import ast
import re
from collections.abc import Iterator

PROCESS, THREAD = "starts another program", "starts threads"
NETWORK, TYPING = "fetches from the network", "waits for typed input"

# Beginnings of dotted names, tried in this order.
_CALLS = (
    ("multiprocessing.cpu_count", ""),
    ("subprocess.", PROCESS),
    *((f"os.{name}", PROCESS) for name in ("system", "popen", "fork", "exec", "spawn", "posix_spawn")),
    ("multiprocessing.pool.ThreadPool", THREAD),
    ("multiprocessing.dummy.", THREAD),
    ("multiprocessing.", PROCESS),
    ("concurrent.futures.ProcessPoolExecutor", PROCESS),
    ("concurrent.futures.ThreadPoolExecutor", THREAD),
    ("threading.Thread", THREAD),
    ("threading.Timer", THREAD),
    ("_thread.start_new_thread", THREAD),
    ("urllib.request.urlopen", NETWORK),
    ("urllib.request.urlretrieve", NETWORK),
    *((f"requests.{name}", NETWORK) for name in ("get", "post", "put", "delete", "head", "request", "Session")),
    *((f"httpx.{name}", NETWORK) for name in ("get", "post", "stream", "request", "Client", "AsyncClient")),
    ("aiohttp.ClientSession", NETWORK),
    ("http.client.HTTP", NETWORK),
    ("socket.socket", NETWORK),
    ("socket.create_connection", NETWORK),
    ("ftplib.FTP", NETWORK),
    ("smtplib.SMTP", NETWORK),
    ("sklearn.datasets.fetch_", NETWORK),
    ("scipy.datasets.", NETWORK),
    ("statsmodels.api.datasets.get_rdataset", NETWORK),
    ("statsmodels.datasets.get_rdataset", NETWORK),
    ("nltk.download", NETWORK),
    ("getpass.getpass", TYPING),
)
# Functions whose first argument is a file to read, by their last name whatever they are called on …
_READERS = re.compile(
    r"read_(?:csv|table|json|excel|parquet|feather|pickle|hdf|fwf|html|xml|stata|sas|spss|orc)"
    r"|loadtxt|genfromtxt|fromfile|imread|loadmat|loadarff"
)
# … and those whose last name alone says too little.
_NAMED_READERS = frozenset({"numpy.load", "joblib.load", "PIL.Image.open", "io.open", "gzip.open", "bz2.open"})
_WRITERS = re.compile(r"to_[a-z]+|save\w*|dump|write\w*|imsave|imwrite|copy\w*|move|rename|symlink")
_ADDRESS = re.compile(r"(?:https?|ftp|s3|gs)://", re.IGNORECASE)
_PATHS = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"})


def dotted_aliases(tree: ast.Module) -> dict[str, str]:
    """Name → what it stands for by the module's imports: `{"np": "numpy", "urlopen": "urllib.request.urlopen"}`."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.split(".")[0]
                aliases[alias.asname or name] = name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return aliases


class Calls:
    """The calls of one cell: `reasons` against running it, and the files that it `reads` and `writes` by literal path.

    `defined` are names that the lesson binds itself: its own `input` or `open` is not Python's.
    """

    def __init__(self, tree: ast.Module, aliases: dict[str, str], defined: set[str]) -> None:
        self._aliases = aliases
        self._defined = defined - aliases.keys()
        self.reasons: list[str] = []
        self.reads: list[str] = []
        self.writes: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self._read(node)

    def _read(self, call: ast.Call) -> None:
        name = self._name(call.func)
        self.reasons += [words for words in self._against(name) if words]
        first = self._literal(call.args[0]) if call.args else None
        last = call.func.attr if isinstance(call.func, ast.Attribute) else name
        if isinstance(call.func, ast.Attribute) and self._is_path(call.func.value):
            self._file(self._literal(call.func.value), "w" if _WRITERS.fullmatch(last) else _mode(call, 0), last)
        elif name == "open" or name in _NAMED_READERS:
            self._file(first, _mode(call, 1), "open")
        elif _READERS.fullmatch(last.rpartition(".")[2]):
            self._file(first, "r", "open")
        elif _WRITERS.fullmatch(last.rpartition(".")[2]):
            self.writes.update(path for path in map(self._literal, call.args) if path)

    def _against(self, name: str) -> Iterator[str]:
        if name in ("input", "raw_input"):
            yield TYPING
        yield next((words for start, words in _CALLS if name.startswith(start)), "")

    def _file(self, path: str | None, mode: str, method: str) -> None:
        if not path or method not in ("open", "read_text", "read_bytes", "write_text", "write_bytes"):
            return
        if _ADDRESS.match(path):
            self.reasons.append(NETWORK)
        elif "r" not in mode or "+" in mode:
            self.writes.add(path)
        elif len(path) <= 400 and "\n" not in path and "\0" not in path and path.lstrip()[:1] not in ("{", "[", "<"):
            self.reads.append(path)

    def _name(self, node: ast.expr) -> str:
        """The dotted name of what is called; "" for anything else, and for what the lesson defines itself."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self._defined:
            return ""
        return ".".join([self._aliases.get(node.id, node.id), *reversed(parts)])

    def _is_path(self, node: ast.expr) -> bool:
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            node = node.left
        return isinstance(node, ast.Call) and self._name(node.func) in _PATHS

    def _literal(self, node: ast.expr) -> str | None:
        """A path that is written out: a string, `os.path.join` or `Path` of such, and `Path("a") / "b"`."""
        parts: list[ast.expr] = [node]
        if isinstance(node, ast.Call) and self._name(node.func) in (*_PATHS, "os.path.join"):
            parts = list(node.args)
        elif self._is_path(node):
            parts = []
            while isinstance(node, ast.BinOp):
                parts.insert(0, node.right)
                node = node.left
            parts[:0] = node.args if isinstance(node, ast.Call) else []
        words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        return "/".join(words) if words and len(words) == len(parts) else None


def _mode(call: ast.Call, place: int) -> str:
    named = (keyword.value for keyword in call.keywords if keyword.arg == "mode")
    given = next(named, call.args[place] if len(call.args) > place else None)
    return str(given.value) if isinstance(given, ast.Constant) and isinstance(given.value, str) else "r"
