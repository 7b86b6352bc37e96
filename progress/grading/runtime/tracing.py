"""Tracebacks as a notebook shows them: the frames of learner code and of the check, with their source lines.

Owns which frames are shown and the sources that they are read from. Learner code can break Python's own `traceback`;
then there is none, and `lines` returns None.
"""

import linecache
import traceback
from collections.abc import Collection

from .encoding import clean

LINES = 60
WIDTH = 300  # characters of a line

_sources: dict[str, tuple] = {}


def remember(name: str, source: str) -> None:
    """Let tracebacks show the lines of `source`, which is compiled under this file name."""
    # Without a time of change linecache never looks for a file of that name.
    _sources[name] = (len(source), None, source.splitlines(keepends=True), name)
    linecache.cache.update(_sources)


def lines(error: BaseException, files: Collection[str]) -> list[str] | None:
    """The lines of a traceback, innermost frames kept; None if they cannot be had."""
    try:
        linecache.cache.update(_sources)  # learner code may have cleared it
        told = traceback.TracebackException.from_exception(error, compact=True)
        told.__cause__ = told.__context__ = None
        kept = [frame for frame in told.stack if frame.filename in files]
        text = "".join(traceback.StackSummary.from_list(kept).format())
        if text:
            text = "Traceback (most recent call last):\n" + text
        text += "".join(told.format_exception_only())
        shown = [clean(line)[:WIDTH].replace("\0", "\\x00") for line in text.splitlines()]
        return shown if len(shown) <= LINES else [*shown[: LINES // 2], "…", *shown[-LINES // 2 :]]
    except BaseException:  # whatever learner code made of the module, or of the error's own methods
        return None
