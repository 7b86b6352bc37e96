"""Which cells of a lesson the Python in the reader's browser can run, and why the others cannot: read, never run.

Owns the list of what the browser has (`browser_modules.json`, written by `deploy/browser_modules.py`) and the words of
the reasons, which stand on the lesson's page. A cell that cannot run becomes `static`. Knows no browser and no models.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from courses.content.browser_calls import Calls, dotted_aliases
from courses.content.course_files import CourseFiles, folder_of
from courses.content.languages import jupyter_only, plain_python
from courses.content.lesson_drafts import LessonDraft
from courses.content.python_source import name_events, parse_python, syntax_fault
from courses.content.report import ImportReport

MAX_NOTE = 200
"""Characters of a `run_note`; the schema says the same."""
MAX_NAMED = 3
NEEDS_CELL_ABOVE = "needs the cell above"

Block = dict[str, Any]


def mark_browser_cells(draft: LessonDraft, files: CourseFiles, report: ImportReport) -> None:
    """Make each code cell of `draft` that the browser cannot run `static` with its reason, and report the lesson."""
    if not draft.code:
        return
    lesson = _Lesson(draft.path, files)
    entry: dict[str, Any] = {"lesson": draft.path, "packages": [], "cells": []}
    for number, block in draft.code:
        why = lesson.obstacle(block, is_python_3=draft.is_python_3)
        if not why:
            continue
        entry["cells"].append({"cell": number, "why": why})
        if block["type"] == "code" and block["language"] == "python":
            block["run"] = "static" if block["run"] == "interactive" else block["run"]
            block["run_note"] = why
    draft.used = sorted({*draft.used, *lesson.used})
    entry["packages"] = sorted(lesson.packages)
    report.browser.append(entry)


@cache
def standard_library() -> frozenset[str]:
    """The modules of the standard library that can be imported in the browser."""
    return frozenset(_modules()["standard_library"])


@cache
def distribution() -> dict[str, str]:
    """Import name → package, for the packages of the browser's distribution."""
    return dict(_modules()["packages"])


@cache
def _modules() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(__file__).with_name("browser_modules.json").read_text(encoding="utf-8"))
    return content


@dataclass
class _Lesson:
    """What is known after the cells read so far."""

    path: str
    files: CourseFiles
    packages: set[str] = field(default_factory=set)
    available: set[str] = field(default_factory=set)  # names that a cell which can run has bound
    lost: set[str] = field(default_factory=set)  # names that only cells which cannot run have bound
    written: set[str] = field(default_factory=set)  # files that cells which can run have made
    aliases: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # files of the course that cells import or read

    def obstacle(self, block: Block, *, is_python_3: bool) -> str:
        """Why the browser cannot run this cell, at most MAX_NOTE characters; "" when it can."""
        if block["type"] == "code" and block["language"] != "python":
            return f"is {block['language']}, not Python"
        source = _source(block)
        if not source.strip():
            return ""
        if not is_python_3:
            return "is written for Python 2"
        tree = parse_python(source)
        reasons = [] if tree is not None else [jupyter_only(source)]
        tree = tree or parse_python(plain_python(source))
        if tree is None:
            return reasons[0] or ("" if _is_meant_to_fail(block) else _fault(source))
        self.aliases |= dotted_aliases(tree)
        packages, missing = self.imports(tree)
        names = list(name_events(tree))
        bound = {name for name, is_bound in names if is_bound}
        calls = Calls(tree, self.aliases, self.available | self.lost | bound)
        reads = [path for path in calls.reads if not self.has(path, calls.writes)]
        reasons += [_needs(missing), _files_words(reads), *calls.reasons]
        if self.needs_lost(names):
            reasons.append(NEEDS_CELL_ABOVE)
        if note := _note(reasons):
            self.lost |= bound - self.available
            return note
        self.packages |= packages
        self.available |= bound
        self.lost -= bound
        self.written |= calls.writes
        return ""

    def imports(self, tree: ast.Module) -> tuple[set[str], list[str]]:
        """(packages, modules that the browser has not) of what the cell imports."""
        packages: set[str] = set()
        missing: dict[str, None] = {}
        for name in _required_modules(tree):
            top = name.split(".")[0]
            # "google" is a name that many packages share; the distribution has protobuf's part of it.
            is_foreign = top == "google" and not name.startswith("google.protobuf")
            if self.local_module(top):
                missing[f"{top}.py, a file of the course"] = None
            elif is_foreign or not (top in standard_library() or top in distribution()):
                missing[".".join(name.split(".")[:2]) if is_foreign else top] = None
            elif top in distribution():
                packages.add(distribution()[top])
        return packages, list(missing)

    def local_module(self, name: str) -> bool:
        folder = folder_of(self.path)
        return any(self.in_course(join(folder, end)) for end in (f"{name}.py", f"{name}/__init__.py"))

    def in_course(self, path: str) -> bool:
        is_there = self.files.real(normpath(path)) in self.files.sizes
        if is_there:
            self.used.add(normpath(path))
        return is_there

    def has(self, path: str, written: set[str]) -> bool:
        made = self.written | written
        return any(
            normpath(path) in (normpath(name), *(f"{normpath(name)}{end}" for end in (".npy", ".npz"))) for name in made
        ) or self.in_course(join(folder_of(self.path), path))

    def needs_lost(self, names: list[tuple[str, bool]]) -> bool:
        own: set[str] = set()
        for name, is_bound in names:
            if is_bound:
                own.add(name)
            elif name in self.lost and name not in own and name not in self.available:
                return True
        return False


def _source(block: Block) -> str:
    if block["type"] == "exercise":
        checks = (check.get("source", "") for check in (*block["checks"], *block["hidden_checks"]))
        return "\n".join([block["solution"], *checks]) if block["language"] == "python" else ""
    return str(block["source"])


def _required_modules(tree: ast.Module) -> Iterator[str]:
    """The modules, as written, that the code cannot do without: those that it tries for, or wants in Colab, it can."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from inner if node.module == "google" else [node.module]
        elif isinstance(node, ast.Try) and any(_catches_import(handler) for handler in node.handlers):
            pending += [*node.orelse, *node.finalbody]
        elif isinstance(node, ast.If) and _asks_for_colab(node.test):
            pending += node.orelse
        else:
            pending.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))


def _catches_import(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)}
    return bool(caught & {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def _asks_for_colab(test: ast.expr) -> bool:
    names = (
        node.id if isinstance(node, ast.Name) else str(node.value)
        for node in ast.walk(test)
        if isinstance(node, ast.Name | ast.Constant)
    )
    return any("colab" in name.lower() for name in names)


def _fault(source: str) -> str:
    fault = syntax_fault(source)
    # Quotes in the braces of an f-string may be too new for the Python that reads here; they are not for the browser's.
    # A function without a body is the learner's to complete.
    return "" if not fault or fault.startswith(("f-string", "expected an indented block")) else "is not Python 3"


def _is_meant_to_fail(block: Block) -> bool:
    """Whether the stored output is the very error: a lesson on syntax shows such cells."""
    names = {output.get("ename") for output in block.get("outputs", ())}
    return bool(names & {"SyntaxError", "IndentationError", "TabError"})


def _needs(modules: list[str]) -> str:
    return "needs " + _listed(sorted(modules)) if modules else ""


def _files_words(paths: list[str]) -> str:
    if not paths:
        return ""
    shown = [path if len(path) <= 60 else f"…{path[-59:]}" for path in dict.fromkeys(paths)]
    return f"reads {_listed(shown)}, which the course does not have"


def _listed(names: list[str]) -> str:
    if len(names) > MAX_NAMED:
        return ", ".join(names[:MAX_NAMED]) + f" and {len(names) - MAX_NAMED} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _note(reasons: list[str]) -> str:
    note = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    note = "".join(sign if sign.isprintable() else " " for sign in note)
    return note if len(note) <= MAX_NOTE else note[: MAX_NOTE - 1] + "…"
