"""Runs a learner's code and evaluates checks in its namespace; says what came out, and never whether it is right.

The same file works in the server's sandbox and in the reader's browser. Nothing expected is in here. Learner code runs
in the same interpreter and may change what it finds: what the harness relies on is bound at import, and whatever fails
in spite of that is a check that did not pass. An assert check can be bent by somebody determined; of a value check only
another value can be said, which others compare.
"""

import asyncio
import builtins
import gc
import inspect
import io
import json
import os
import random
import sys
import time
import types
from collections.abc import Callable, Sequence
from typing import Any

from . import tracing
from .encoding import class_names, clean, dumps, is_a, short_repr, to_wire

# A private copy, as in `encoding`.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

CODE, SETUP, CHECK = "your code", "the lesson's code", "the check"
PRINTED = 20_000  # characters kept of what the code prints
CUT = "\n… cut"
RESULTS = 900_000  # characters of JSON of all results of one call
MESSAGE = 500  # characters
FLAGS = 0x2000  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
NO_INPUT = "input() cannot be used here: nobody is there to type an answer. Let a function take arguments instead."

_settrace, _setprofile, _setrecursionlimit = sys.settrace, sys.setprofile, sys.setrecursionlimit
_sleep: Callable[[float], None] = getattr(time.sleep, "__wrapped__", time.sleep)  # Pyodide's own needs a waiting caller
_Runner = asyncio.Runner


class Screen(io.TextIOBase):
    """What is printed, up to a bound; after `close_for_good` it swallows everything."""

    def __init__(self, limit: int) -> None:
        self._parts: list[str] = []
        self._left = limit
        self._open = True

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if not is_a(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        text = str.__getitem__(text, slice(None))
        if self._open and self._left >= 0:
            if len(text) > self._left:
                text, self._left = text[: self._left] + CUT, -1
            else:
                self._left -= len(text)
            self._parts.append(text)
        return len(text)

    def close_for_good(self) -> None:
        self._open = False

    def text(self) -> str:
        return clean("".join(self._parts)).replace("\0", "\\x00")


class _Clock:
    """Stands for the event loop's selector: there is nothing to listen to, only time to pass."""

    def select(self, timeout: float | None) -> list:
        if timeout is None:
            raise RuntimeError("this await waits for something that never happens")
        if timeout > 0:
            _sleep(timeout)
        return []

    def close(self) -> None:
        pass


class Loop(asyncio.BaseEventLoop):
    """An event loop that runs to its end inside one call: the browser's own would need to return to it."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Clock()

    def _process_events(self, event_list: list) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class Session:
    """One run: a namespace, what was printed, what the checks gave.

    `folder` is the working directory: the lesson's place among the course's files, made if it is not there.
    """

    def __init__(self, folder: str = "") -> None:
        self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        self.names["__builtins__"] = builtins
        self.folder = folder
        self._saved: dict[str, Any] | None = None

    def run(self, code: str, setup: str = "", checks: Sequence[dict] = ()) -> dict:
        """Run the lesson's setup, then the code, then the checks.

        Returns `{"stdout": str, "error": None | raised, "results": [result, …]}`; without results where an error
        stopped the code. A raised has `where`: "setup" or "code" here.
        """
        self._enter()
        screen = Screen(PRINTED)
        try:
            error = self._execute(setup, SETUP, "setup", screen) if setup else None
            error = error or self._execute(code, CODE, "code", screen)
        finally:
            screen.close_for_good()
        return {"stdout": screen.text(), "error": error, "results": [] if error else self.check(checks)}

    def check(self, checks: Sequence[dict]) -> list[dict]:
        """The result of each check: `{"value": wire}`, `{"passed": True}` or `{"raised": …}`."""
        left, results = RESULTS, []
        for check in checks:
            try:
                result = self._check(check)
                size = len(dumps(result))
            except BaseException as error:  # ours or a learner's making: never a pass, never the end of the run
                result, size = {"raised": describe(error, "check")}, 0
            if size > left:
                message = "the checks' values are too big together"
                result, size = {"raised": _plain("ValueError", message, "check")}, 0
            left -= size
            results.append(result)
        return results

    def close(self) -> None:
        """Give the interpreter back as it was found; the namespace is dropped."""
        if self._saved is None:
            return
        sys.stdout, sys.stderr = self._saved["streams"]
        builtins.input = self._saved["input"]
        asyncio.run = self._saved["run"]
        asyncio.events._set_running_loop(self._saved["loop"])
        sys.modules["__main__"] = self._saved["main"]
        os.chdir(self._saved["folder"])
        _quiet()
        self._saved = None
        self.names.clear()

    def _enter(self) -> None:
        self._saved = {
            "streams": (sys.stdout, sys.stderr),
            "input": builtins.input,
            "run": asyncio.run,
            "loop": asyncio.events._get_running_loop(),
            "main": sys.modules["__main__"],
            "folder": os.getcwd(),
        }
        sys.modules["__main__"] = self.module
        builtins.input = _no_input
        asyncio.run = _asyncio_run
        asyncio.events._set_running_loop(None)
        if self.folder:
            os.makedirs(self.folder, exist_ok=True)
            os.chdir(self.folder)

    def _check(self, check: dict) -> dict:
        screen = Screen(0)
        if check["kind"] == "value":
            source = check["expression"].strip()
            if "\n" in source:  # within parentheses it is one expression still
                source = f"({source}\n)"
            tracing.remember(CHECK, source)
            expression = compile(source, CHECK, "eval", FLAGS, dont_inherit=True)
            value = self._evaluate(expression, screen)
            return value if "raised" in value else {"value": to_wire(value["value"])}
        error = self._execute(check["source"], CHECK, "check", screen)
        return {"raised": error} if error else {"passed": True}

    def _execute(self, source: str, name: str, where: str, screen: Screen) -> dict | None:
        tracing.remember(name, source)
        try:
            program = compile(source, name, "exec", FLAGS, dont_inherit=True)
        except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError) as error:
            return describe(error, where)
        return self._evaluate(program, screen, where).get("raised")

    def _evaluate(self, program: types.CodeType, screen: Screen, where: str = "check") -> dict:
        """`{"value": …}` or `{"raised": …}` of compiled code."""
        _quiet()
        sys.stdout = sys.stderr = screen
        try:
            value = eval(program, self.names)  # noqa: S307 (what this file is for)
            if program.co_flags & inspect.CO_COROUTINE:
                value = _asyncio_run(value)
            return {"value": value}
        except BaseException as error:  # exit() and Ctrl-C of learner code end its run, not ours
            return {"raised": describe(error, where)}
        finally:
            _quiet()


def _quiet() -> None:
    """Take off what learner code may have hung into the interpreter to run between our lines."""
    _settrace(None)
    _setprofile(None)
    _setrecursionlimit(1000)
    gc.callbacks.clear()


def _no_input(prompt: object = "", /) -> str:
    raise RuntimeError(NO_INPUT)


def _asyncio_run(main: Any, *, debug: bool | None = None, loop_factory: Callable | None = None) -> Any:
    """asyncio.run on our loop."""
    if asyncio.events._get_running_loop() is not None:
        raise RuntimeError("asyncio.run() cannot be called from a running event loop; write `await` instead")
    with _Runner(debug=debug, loop_factory=loop_factory or Loop) as runner:
        return runner.run(main)


def _plain(name: str, message: str, where: str) -> dict:
    return {"type": name, "mro": [name], "message": message, "traceback": [], "where": where}


def describe(error: BaseException, where: str) -> dict:
    """What was raised: `type`, `mro`, `message`, `traceback` (lines; frames of learner and check alone), `where`."""
    names = class_names(error)
    message = "your code called exit()" if is_a(error, SystemExit) else _message(error)
    lines = tracing.lines(error, (CODE, SETUP, CHECK))
    if lines is None:
        lines = [f"{names[0]}: {message}"]
    return {"type": names[0], "mro": names, "message": message, "traceback": lines, "where": where}


def _message(error: BaseException) -> str:
    try:
        text = str(error)
        text = clean(str.__getitem__(text, slice(None)))
    except BaseException:  # a learner's __str__
        text = short_repr(error)
    text = text.replace("\0", "\\x00")
    return text if len(text) <= MESSAGE else text[: MESSAGE - 1] + "…"


_session: Session | None = None


def begin(job: str) -> str:
    """For the runner: JSON text of `{"code", "setup", "checks", "folder"}` to that of what `Session.run` returns."""
    global _session
    asked = json.loads(job)
    random.seed(os.urandom(16))  # an interpreter from a snapshot would roll the same dice every time
    _session = Session(asked.get("folder", ""))
    return dumps(_session.run(asked["code"], asked.get("setup", ""), asked.get("checks", [])))


def finish(checks: str) -> str:
    """For the runner: JSON text of a list of checks to JSON text of their results, in the namespace of `begin`.

    `json.loads` may have been replaced by learner code meanwhile, which costs it the check and nothing else.
    """
    if _session is None:
        raise RuntimeError("nothing was run yet")
    return dumps(_session.check(json.loads(checks)))
