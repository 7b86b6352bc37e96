"""An exception as a notebook prints it: the frames of cells and of the lesson's own files, with their lines around."""

import linecache
import sys
import traceback
from typing import Any

RULE = "-" * 75
AROUND = 2  # lines of source shown before and after the one that failed
FRAMES = 30  # a deep recursion is told by its ends
CHAIN = 5  # exceptions that led to one another
MESSAGE = 20_000  # characters
LINKS = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}


def error_output(error: BaseException, *, folder: str, absent: dict[str, str] | None = None) -> dict[str, Any]:
    """nbformat's `error` output. `folder`: where the lesson's own modules lie; frames of other files are left out.

    `absent`: module → package that cannot be had here, for the words of a failed import.
    """
    if isinstance(error, ModuleNotFoundError) and (package := (absent or {}).get((error.name or "").partition(".")[0])):
        error.msg = not_here([package])
    name, message = type(error).__name__, _message(error)
    lines: list[str] = []
    for link, each in _chain(error):
        # What a library handled within itself is its own affair.
        if link and not isinstance(each, SyntaxError) and not _own_frames(each, folder):
            continue
        lines += [*_one(each, folder)]
        if link:
            lines += ["", LINKS[link], ""]
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [line[:2000] for line in lines]}


def not_here(packages: list[str]) -> str:
    """The words for packages that cannot be had."""
    return f"needs {', '.join(packages)}, which {'is' if len(packages) == 1 else 'are'} not installed here"


def _chain(error: BaseException) -> list[tuple[str, BaseException]]:
    """First to last, each with how it led to the next one."""
    found: list[tuple[str, BaseException]] = [("", error)]
    seen = {id(error)}
    while len(found) < CHAIN:
        last = found[0][1]
        link = "cause" if last.__cause__ is not None else "context"
        earlier = last.__cause__ if last.__cause__ is not None else last.__context__
        if earlier is None or id(earlier) in seen or (link == "context" and last.__suppress_context__):
            break
        seen.add(id(earlier))
        found.insert(0, (link, earlier))
    return found


def _one(error: BaseException, folder: str) -> list[str]:
    name, message = type(error).__name__, _message(error)
    if isinstance(error, SyntaxError):
        return _syntax(error, folder)
    if isinstance(error, SystemExit):
        return [f"SystemExit: {message}"]
    frames = _own_frames(error, folder)
    lines = [RULE, f"{name:<42}Traceback (most recent call last)"]
    is_deep = len(frames) > FRAMES
    shown = [*frames[: FRAMES // 2], None, *frames[-FRAMES // 2 :]] if is_deep else [*frames]
    for place in shown:
        if place is None:
            lines += [f"    … {len(frames) - FRAMES} more frames …", ""]
        else:
            lines += [*_frame(place[0].f_code, place[1], folder), ""]
    if sys.version_info >= (3, 13):
        # Python's own words, with "Did you mean"; not those of Pyodide about installing packages.
        said = [line for line in traceback.format_exception_only(error) if not line.startswith(" ")]
        first = "".join(said).rstrip("\n") if not isinstance(error, ImportError) else f"{name}: {message}"
        return [*lines, *first[:MESSAGE].splitlines()]
    return [*lines, *f"{name}: {message}".splitlines()]


def _own_frames(error: BaseException, folder: str) -> list[tuple[Any, int]]:
    frames = traceback.walk_tb(error.__traceback__)
    return [(frame, line) for frame, line in frames if _is_own(frame.f_code.co_filename, folder)]


def _frame(code: Any, line: int, folder: str) -> list[str]:
    function = (
        ""
        if code.co_name == "<module>"
        else f", in {code.co_qualname if hasattr(code, 'co_qualname') else code.co_name}"
    )
    lines = [f"{_place(code.co_filename, folder)}, line {line}{function}"]
    total = len(linecache.getlines(code.co_filename))
    for number in range(max(1, line - AROUND), min(total, line + AROUND) + 1):
        text = linecache.getline(code.co_filename, number).rstrip()
        lines.append(f"{'----> ' if number == line else '      '}{number} {text}".rstrip())
    return lines


def _syntax(error: SyntaxError, folder: str) -> list[str]:
    name = type(error).__name__
    if error.lineno is None or error.text is None:
        return [f"{name}: {error.msg}"]
    text = error.text.rstrip("\n")
    stripped = text.lstrip()
    cut = len(text) - len(stripped)
    lines = [f"  {_place(error.filename or '', folder)}, line {error.lineno}", f"    {stripped}"]
    if error.offset:
        start = max(error.offset - 1 - cut, 0)
        end = error.end_offset - 1 - cut if error.end_offset and error.end_lineno == error.lineno else start + 1
        lines.append("    " + " " * start + "^" * max(end - start, 1))
    return [*lines, f"{name}: {error.msg}"]


def _place(name: str, folder: str) -> str:
    return name if name.startswith("Cell In[") else f"File {name.removeprefix(folder).lstrip('/')}"


def _is_own(name: str, folder: str) -> bool:
    return name.startswith(("Cell In[", f"{folder}/"))


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "exit() ended this cell"
    try:
        text = error.msg if isinstance(error, ImportError) and isinstance(error.msg, str) else str(error)
    except Exception:  # a learner's own __str__
        return "(this exception cannot say what happened)"
    if isinstance(error, ImportError):
        # Pyodide adds how to install a package by hand, which is not possible here.
        text = text.partition("\nThe module ")[0]
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= MESSAGE else text[:MESSAGE] + "…"
