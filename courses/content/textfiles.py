"""Lessons written as text: Markdown, MyST text notebooks, py:percent scripts, R Markdown: as the cells of a notebook.

A plain Markdown file becomes one Markdown cell a section (cut before each top-level `#` or `##` heading), so that the
sources of its cells, joined, are the file again. Knows no folder and no lesson.
"""

import re
import warnings
from typing import Any

import jupytext
from jupytext.cell_metadata import RMarkdownOptionParsingError
from nbformat import ValidationError

from courses.content.notebook import (
    MAX_CELLS,
    MAX_NOTEBOOK_BYTES,
    Cell,
    Notebook,
    NotebookRefused,
    decode,
    name_cells,
)
from courses.content.plain_yaml import YAMLRefused, load_yaml, plain

MAX_LINES = 200_000
"""Lines of a script or text notebook, which has no outputs."""
MAX_PARAGRAPHS = 10_000
_PARAGRAPH = re.compile(r"\n[ \t]*\n(?=[^\n])")

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S | re.M)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,}|:{3,})(.*)")
_SECTION = re.compile(r" {0,3}##?(?:[ \t]|$)")
_CODE_CELL = re.compile(r"^ {0,3}(?:`{3,}|~{3,}|:{3,})\{(?:code-cell|raw-cell)\}", re.M)
_PERCENT = re.compile(r"^# ?%%", re.M)
_SCRIPT_HEADER = re.compile(r"\A(?:#![^\n]*\n)?(?:# -\*-[^\n]*\n)?# ---\n(?:#[^\n]*\n)*?# (?:jupyter|jupytext):", re.M)
_SCRIPT_YAML = re.compile(r"\A(?:#[^\n]*\n){0,3}?# ---\n((?:#[^\n]*\n){0,200}?)# ---[ \t]*\n")
_CELL_YAML = re.compile(r"^ {0,3}[`~:]{3,}\{(?:code|raw)-cell\}[^\n]*\n---\n((?:[^\n]*\n){0,100}?)---", re.M)
_INDENTED = re.compile(r"(?:[^\n]*\n)?[ \t\f]{1000}")
_FAULTS = (
    *(ValidationError, ValueError, KeyError, TypeError, AttributeError, IndexError, SyntaxError, RecursionError),
    RMarkdownOptionParsingError,
)
"""What jupytext raises for a text that it cannot read."""
_CHUNK = re.compile(r"^ {0,3}[`~]{3,}[ \t]*\{", re.M)
_MARKED = re.compile(
    r"^(<!--[\s#]{0,20}(?:(?:BEGIN|END)[ \t]+(?:QUESTION|PROMPT|SOLUTION|TESTS?|EXPORT)|ASSIGNMENT CONFIG)\b"
    r"[^<>]{0,5000}?-->)",
    re.M,
)
_LEXER = re.compile(r"^ {0,3}[`~:]{3,}\{code-cell\}[ \t]+(\w{1,40})[ \t]*$", re.M)
_KEY = re.compile(r"[A-Za-z_][\w.-]*")


def is_script_notebook(data: bytes) -> bool:
    """Whether a `.py` file is a notebook kept as a script: it opens with jupytext's header."""
    return bool(_SCRIPT_HEADER.match(data[:4096].decode("utf-8-sig", "replace").replace("\r\n", "\n")))


def is_text_notebook(data: bytes) -> bool:
    """Whether a `.md` file is a notebook kept as text: it has code cells or names jupytext in its front matter."""
    text = data.decode("utf-8-sig", "replace")
    front = _FRONT_MATTER.match(text)
    return bool(_CODE_CELL.search(text) or (front and re.search(r"^(?:jupytext|kernelspec):", front[1], re.M)))


def read_script(data: bytes, *, max_bytes: int = MAX_NOTEBOOK_BYTES) -> Notebook:
    """Read a py:percent (or other jupytext) script. Raises NotebookRefused."""
    text = _bounded(data, max_bytes).replace("\r\n", "\n")
    header = _SCRIPT_YAML.match(text)
    metadata = _header(re.sub(r"^# ?", "", header[1], flags=re.M)) if header else {}
    own = metadata.pop("jupyter", {})
    metadata |= own if isinstance(own, dict) else {}
    form = "py:percent" if _PERCENT.search(text) else "py:light"
    return _by_jupytext(text, header.end() if header else 0, form, "percent", metadata)


def read_markdown(data: bytes, *, max_bytes: int = MAX_NOTEBOOK_BYTES) -> Notebook:
    """Read a Markdown file, plain or a MyST text notebook. Raises NotebookRefused."""
    text = _bounded(data, max_bytes)
    if is_text_notebook(data):
        text = text.replace("\r\n", "\n")
        front = _FRONT_MATTER.match(text)
        is_myst = bool(_CODE_CELL.search(text)) or not front or "format_name: markdown" not in front[1]
        metadata = _header(front[1]) if front else {}
        return _by_jupytext(text, front.end() if front else 0, "md:myst" if is_myst else "md", "myst", metadata)
    problems: list[tuple[int | None, str]] = []
    metadata, front_matter = _front_matter(text, problems)
    sources = sections(text[len(front_matter) :])
    if len(sources) > MAX_CELLS:
        raise NotebookRefused(f"has {len(sources):,} sections; at most {MAX_CELLS:,} are read", is_bound=True)
    cells = [Cell("markdown", source, number) for number, source in enumerate(sources, 1)]
    name_cells(cells, problems)
    return Notebook(cells, metadata, format="markdown", front_matter=front_matter, problems=problems)


def read_rmarkdown(data: bytes, *, max_bytes: int = MAX_NOTEBOOK_BYTES) -> Notebook:
    """Read an R Markdown or Quarto file, whose chunks are code cells. Raises NotebookRefused."""
    text = _bounded(data, max_bytes).replace("\r\n", "\n")
    front = _FRONT_MATTER.match(text)
    problems: list[tuple[int | None, str]] = []
    metadata = _front_matter(text, problems)[0] if front else {}
    notebook = _by_jupytext(text, front.end() if front else 0, "Rmd", "rmarkdown", metadata)
    cells: list[Cell] = []
    for cell in notebook.cells:
        # otter-grader's marks are comments in the text: each is a cell of its own, as it is in a notebook.
        parts = _MARKED.split(cell.source) if cell.cell_type == "markdown" and "<!--" in cell.source else [cell.source]
        cells += [
            Cell(cell.cell_type, part.strip("\n") if len(parts) > 1 else part, 0, metadata=cell.metadata)
            for part in parts
            if part.strip() or len(parts) == 1
        ]
    if len(cells) > MAX_CELLS:
        raise NotebookRefused(f"has {len(cells):,} cells; at most {MAX_CELLS:,} are read", is_bound=True)
    for number, cell in enumerate(cells, 1):
        cell.number = number
    name_cells(cells, problems)
    notebook.cells = cells
    notebook.problems = problems
    return notebook


def sections(text: str) -> list[str]:
    """`text` cut before each `#` and `##` heading that no fence holds; joined, the parts are `text` again."""
    parts: list[str] = []
    current: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        fence = fence_after(line, fence)
        if not fence and _SECTION.match(line) and any(kept.strip() for kept in current):
            parts.append("".join(current))
            current = []
        current.append(line)
    if current:
        parts.append("".join(current))
    return parts


def fence_after(line: str, fence: str) -> str:
    """The fence that is open after `line`, when `fence` was open before it; "" for none."""
    found = _FENCE.match(line)
    if not found:
        return fence
    mark, rest = found[1], found[2]
    if not fence:
        # A backtick fence's info string holds no backtick: ```` ```x``` ```` on one line is inline code.
        return "" if mark[0] == "`" and "`" in rest else mark
    closes = mark[0] == fence[0] and len(mark) >= len(fence) and not rest.strip()
    return "" if closes else fence


def _bounded(data: bytes, max_bytes: int) -> str:
    if len(data) > max_bytes:
        raise NotebookRefused(f"is {len(data):,} bytes; at most {max_bytes:,} are read", is_bound=True)
    text = decode(data)
    if not text.strip():
        raise NotebookRefused("is empty", is_empty=True)
    return text


def _front_matter(text: str, problems: list[tuple[int | None, str]]) -> tuple[dict[str, Any], str]:
    """The front matter as data and as it is written; a `---` rule at the top that is no YAML stays text."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, ""
    try:
        metadata = load_yaml(found[1])
    except YAMLRefused as error:
        problems.append((None, f"the front matter is not used: {error}"))
        return {}, found[0]
    if metadata is None:
        return {}, found[0]
    is_front = isinstance(metadata, dict) and all(_KEY.fullmatch(key) for key in metadata)
    return (metadata, found[0]) if is_front else ({}, "")


def _header(text: str) -> dict[str, Any]:
    """The metadata of a text notebook. Raises NotebookRefused."""
    try:
        metadata = load_yaml(text)
    except YAMLRefused as error:
        raise NotebookRefused(f"its metadata: {error}") from error
    return metadata if isinstance(metadata, dict) else {}


def _check_length(text: str, form: str) -> None:
    """jupytext copies the rest of the lines for each cell: cells and lines are counted before it reads."""
    mark = {"py:percent": _PERCENT, "md:myst": _CODE_CELL, "Rmd": _CHUNK}.get(form, _PARAGRAPH)
    most = MAX_CELLS if mark is not _PARAGRAPH else MAX_PARAGRAPHS
    if (found := sum(1 for _ in mark.finditer(text))) > most:
        what = "cells" if mark is not _PARAGRAPH else "paragraphs"
        raise NotebookRefused(f"has {found:,} {what}; at most {most:,} are read", is_bound=True)
    if (lines := text.count("\n")) > MAX_LINES:
        raise NotebookRefused(f"has {lines:,} lines; at most {MAX_LINES:,} are read", is_bound=True)


def _by_jupytext(whole: str, start: int, form: str, name: str, metadata: dict[str, Any]) -> Notebook:
    """The cells of a text whose header, up to `start`, is `metadata`: jupytext would follow its aliases unbounded."""
    text = whole[start:].lstrip("\n")
    header = whole[: len(whole) - len(text)]
    _check_length(text, form)
    if _INDENTED.match(text):
        raise NotebookRefused("begins with over 1,000 blanks: jupytext would be long over them", is_bound=True)
    for options in _CELL_YAML.finditer(text):
        _header(options[1])
    try:
        with warnings.catch_warnings():
            # Cells of two names for one language (`ipython`, `python3`) are no fault: each cell keeps its own.
            warnings.simplefilter("ignore", UserWarning)
            notebook = jupytext.reads(text, fmt=form)
    except _FAULTS as error:
        what = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise NotebookRefused(f"cannot be read as {form}: {what}") from error
    if len(notebook.cells) > MAX_CELLS:
        raise NotebookRefused(f"has {len(notebook.cells):,} cells; at most {MAX_CELLS:,} are read", is_bound=True)
    problems: list[tuple[int | None, str]] = []
    # jupytext draws random ids, which a second import would not find again: they are not taken over.
    cells = [
        Cell(cell["cell_type"], cell["source"], number, metadata=plain(cell.get("metadata", {})))
        for number, cell in enumerate(notebook.cells, 1)
    ]
    name_cells(cells, problems)
    if form == "Rmd":
        main = plain(notebook.metadata.get("jupytext", {})).get("main_language")
        metadata = {"jupytext": {"main_language": main}} | metadata if isinstance(main, str) else metadata
    lexer = _LEXER.search(text) if name == "myst" else None
    return Notebook(
        cells, metadata, format=name, front_matter=header, lexer=lexer[1] if lexer else "", problems=problems
    )
