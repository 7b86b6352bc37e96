"""What a cell puts out, in nbformat's shapes and within bounds. Owns bounds and batching; knows no cell, no value."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

TEXT = 1_000_000  # characters printed by a cell
DATA = 10_000_000  # characters of figures and tables of a cell
COUNT = 1_000  # outputs of a cell
BATCH = 8_000  # characters printed that are sent at once
PAUSE = 0.05  # seconds that printed text may wait for more
CUT = "\n… this cell puts out more than is kept; the rest was dropped.\n"


class Outputs:
    """The outputs of the running cell, handed to `send` as JSON text in the order they were made."""

    def __init__(self, send: Callable[[str], object]) -> None:
        self._send = send
        self.begin()

    def begin(self) -> None:
        """A new cell: its bounds are whole again."""
        self._waiting: list[str] = []
        self._stream = "stdout"
        self._size = 0
        self._left = {"text": TEXT, "data": DATA, "count": COUNT}
        self._is_cut = False
        self._sent_at = 0.0

    def write(self, stream: str, text: str) -> None:
        """Printed text, sent with what is printed around it."""
        if self._is_cut or not text:
            return
        if stream != self._stream:
            self.flush()
            self._stream = stream
        if len(text) > self._left["text"]:
            self._waiting.append(text[: self._left["text"]])
            self._cut()
            return
        self._left["text"] -= len(text)
        self._waiting.append(text)
        self._size += len(text)
        # `print` writes its line end apart: half a line waits for the rest, a progress bar does not.
        is_whole = text.endswith("\n") or "\r" in text
        if self._size >= BATCH or (is_whole and time.monotonic() - self._sent_at > PAUSE):
            self.flush()

    def flush(self) -> None:
        """Send what was printed and waits."""
        text = "".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        if text:  # a stream that is thrown away flushes too, and has sent nothing
            self._sent_at = time.monotonic()
            self._put({"output_type": "stream", "name": self._stream, "text": text})

    def add(self, output: dict[str, Any]) -> None:
        """An output that is not printed text."""
        self.flush()
        if self._is_cut:
            return
        size = len(json.dumps(output))
        if size > self._left["data"]:
            self._cut()
            return
        self._left["data"] -= size
        self._put(output)

    def error(self, output: dict[str, Any]) -> None:
        """The error that ended the cell: shown even when the rest was cut."""
        self.flush()
        self._send(json.dumps(output))

    def _put(self, output: dict[str, Any]) -> None:
        if self._left["count"] == 0:
            if not self._is_cut:
                self._cut()
            return
        self._left["count"] -= 1
        self._send(json.dumps(output))

    def _cut(self) -> None:
        if self._waiting:
            text, name = "".join(self._waiting), self._stream
            self._waiting.clear()
            self._send(json.dumps({"output_type": "stream", "name": name, "text": text}))
        self._is_cut = True
        self._send(json.dumps({"output_type": "stream", "name": "stderr", "text": CUT}))


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of cells."""

    encoding = "utf-8"

    def __init__(self, outputs: Outputs, name: str) -> None:
        self._outputs = outputs
        self.name = f"<{name}>"
        self._stream = name

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        # A lone surrogate has no place in what is sent.
        self._outputs.write(self._stream, str(text).encode("utf-8", "backslashreplace").decode("utf-8"))
        return len(text)

    def flush(self) -> None:
        self._outputs.flush()


class NoKeyboard(io.TextIOBase):
    """`sys.stdin` of cells."""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> str:
        raise RuntimeError(NO_INPUT)

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]
        raise RuntimeError(NO_INPUT)


NO_INPUT = "input() cannot be used here: a running cell cannot ask. Put the answer into a variable instead."
