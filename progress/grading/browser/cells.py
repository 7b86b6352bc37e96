"""Runs a lesson's cells as a notebook does, in one namespace. Owns that, `display` and what a cell's end shows.

The worker makes one `Cells`, with the callable by which outputs leave, and awaits `run`, which never raises.
"""

import ast
import builtins
import inspect
import json
import linecache
import os
import re
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import values
from .errors import error_output
from .outputs import NO_INPUT, NoKeyboard, Outputs, Stream

# What `courses` lets pass for interactive: leaving it out changes nothing of what the rest of the cell does.
_MAGIC = re.compile(r"^(\s*)%{1,2}(\w+)([^\n]*)")
_KEEPS_STATEMENT = ("time", "timeit", "pprint")
_OPTION = re.compile(r"^\s*-\w+(\s+\d+|\d+)?")
MOST_MODULES = 50  # of the lesson's own that are searched for imports
FIGURES = f"module://{__package__}.figures"

_current: "Cells | None" = None


def display(*objects: Any, **ignored: Any) -> None:
    """Show values where the cell is."""
    if _current is not None:
        for value in objects:
            _current.show(value)


def clear_output(wait: bool = False) -> None:
    """Forget what the cell has put out; with `wait`, only when there is something new."""
    if _current is not None:
        _current.outputs.add({"output_type": "clear_output", "wait": bool(wait)})


class Cells:
    """The cells of one lesson."""

    def __init__(self, send: Callable[[str], object], folder: str, root: str = "") -> None:
        global _current
        _current = self
        self.outputs = Outputs(send)
        self.root = root or folder  # of the course: modules below it are the lesson's own
        self.count = 0
        self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        self.names |= {"__builtins__": builtins, "display": display}
        os.makedirs(folder, exist_ok=True)
        os.chdir(folder)
        if "" not in sys.path:
            sys.path.insert(0, "")
        os.environ["MPLBACKEND"] = FIGURES
        self.take_over()
        _offer_ipython()

    def take_over(self) -> None:
        """Put the cells' own streams into the interpreter, also after something else had put its own there."""
        sys.stdout, sys.stderr = Stream(self.outputs, "stdout"), Stream(self.outputs, "stderr")
        sys.stdin = NoKeyboard()
        builtins.input = _no_input
        sys.modules["__main__"] = self.module
        if not hasattr(time.sleep, "of_the_cells"):
            time.sleep = _Sleep(time.sleep)  # type: ignore[assignment]

    async def run(self, source: str, absent: str = "{}") -> str:
        """Run a cell. Returns JSON text: `{"ok": bool, "error": nbformat's error output | null}`.

        `absent`: JSON text of module → package for packages that it imports and that cannot be had here.
        """
        self.count += 1
        name = f"Cell In[{self.count}]"
        self.outputs.begin()
        self.take_over()
        error = None
        try:
            await self._execute(_without_magics(source), name)
            self._show_figures()
        except BaseException as raised:  # exit() ends the cell, and no more than that
            # The frames of this file say nothing to the one who wrote the cell.
            error = error_output(raised, folder=self.root, absent=json.loads(absent))
            self.outputs.error(error)
            if self._figures is not None:
                self._figures.forget()
        self.outputs.flush()
        return json.dumps({"ok": error is None, "error": error})

    def show(self, value: Any, count: int | None = None) -> None:
        """Put out a value: displayed, or as the result of cell number `count`."""
        if self._figures is not None:
            value = self._figures.pictured(value)
        data = values.bundle(value, lambda text: self.outputs.write("stderr", text))
        output: dict[str, Any] = {"output_type": "display_data", "data": data, "metadata": {}}
        if count is not None:
            output |= {"output_type": "execute_result", "execution_count": count}
        self.outputs.add(output)

    async def _execute(self, source: str, name: str) -> None:
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        last = tree.body[-1] if tree.body else None
        result = isinstance(last, ast.Expr) and not _ends_silently(source, last)
        body = tree.body[:-1] if result else tree.body
        await self._evaluate(ast.Module(body, tree.type_ignores), name, "exec")
        if result and isinstance(last, ast.Expr):
            value = await self._evaluate(ast.Expression(last.value), name, "eval")
            if value is not None:
                self.names["_"] = value
                self.show(value, self.count)

    async def _evaluate(self, tree: Any, name: str, mode: str) -> Any:
        code = compile(tree, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        value = eval(code, self.names)  # noqa: S307 (what this is for)
        return await value if code.co_flags & inspect.CO_COROUTINE else value

    def _show_figures(self) -> None:
        if self._figures is not None:
            for picture in self._figures.take_pictures():
                self.show(picture)

    @property
    def _figures(self) -> Any:
        """The figures' module, once matplotlib has loaded it."""
        return sys.modules.get(f"{__package__}.figures")


def imported(source: str) -> str:
    """JSON text of the names of the modules that a cell imports, and those that the lesson's own modules import."""
    names: set[str] = set()
    waiting, read = [_without_magics(source)], 0
    while waiting and read < MOST_MODULES:
        read += 1
        for name in _imports(waiting.pop()) - names:
            names.add(name)
            paths = (Path(f"{name}.py"), Path(name) / "__init__.py")
            waiting += [path.read_text(encoding="utf-8", errors="replace") for path in paths if path.is_file()]
    return json.dumps(sorted(names - {"IPython"}))


def _imports(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # running it says what is wrong
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level
    ]
    return {name.partition(".")[0] for name in names}


def _without_magics(source: str) -> str:
    """A cell with its magics left out, each line in its place; `%time f()` is `f()`."""
    try:
        ast.parse(source)
        return source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "".join(_plain_line(line) for line in source.splitlines(keepends=True))


def _plain_line(line: str) -> str:
    found = _MAGIC.match(line)
    if not found:
        return line
    indent, name, rest = found.groups()
    if name in _KEEPS_STATEMENT and not line.lstrip().startswith("%%"):
        while option := _OPTION.match(rest):
            rest = rest[option.end() :]
        return f"{indent}{rest.strip()}\n"
    return f"{indent}pass\n" if indent else "\n"


def _ends_silently(source: str, last: ast.Expr) -> bool:
    """Whether a semicolon follows the last expression."""
    line = source.splitlines()[(last.end_lineno or 1) - 1].encode()
    return line[last.end_col_offset or 0 :].lstrip().startswith(b";")


def _no_input(prompt: object = "", /) -> str:
    raise RuntimeError(NO_INPUT)


class _Sleep:
    """`time.sleep` that lets what was printed be seen before it sleeps."""

    of_the_cells = True

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = self.__wrapped__ = sleep

    def __call__(self, seconds: float, /) -> None:
        if _current is not None:
            _current.outputs.flush()
        self._sleep(seconds)


def _offer_ipython() -> None:
    """The few names of IPython that lessons import; the package itself is no part of the runtime."""
    if "IPython" in sys.modules:
        return
    ipython, shown = types.ModuleType("IPython"), types.ModuleType("IPython.display")
    for kind in (values.HTML, values.Markdown, values.Latex, values.SVG, values.Math, values.Image):
        setattr(shown, kind.__name__, kind)
    vars(shown).update(display=display, clear_output=clear_output)
    # matplotlib asks what it finds for its version; from 8.24 on it leaves the choice of a backend alone.
    version = {"version_info": (9, 0, 0, ""), "__version__": "9.0.0"}
    vars(ipython).update(display=shown, get_ipython=lambda: None, __path__=[], **version)
    sys.modules |= {"IPython": ipython, "IPython.display": shown}
