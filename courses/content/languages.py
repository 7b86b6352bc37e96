"""Which language a cell is in, whether the reader's browser may run it, and whether its source is folded.

The rule: only Python 3 without shell lines or magics that need a kernel is `interactive`; a cell in any other language,
or of a Python 2 notebook, is `static`, because a Python runner would only mislead. Folded cells are `hidden`.
"""

import re
from collections.abc import Iterable

from courses.content.notebook import Cell, Notebook
from courses.content.python_source import parse_python

HARMLESS_MAGICS = frozenset(
    {
        "matplotlib",
        "config",
        "time",
        "timeit",
        "precision",
        "autosave",
        "load_ext",
        "reload_ext",
        "autoreload",
        "pprint",
    }
)
"""Magics that may be left out without changing what the rest of the cell does."""

KEPT_CELL_MAGICS = frozenset({"time", "timeit", "capture"})

CELL_MAGIC_LANGUAGES = {
    **dict.fromkeys(("bash", "sh", "script"), "bash"),
    **dict.fromkeys(("javascript", "js"), "javascript"),
    **dict.fromkeys(("sql", "bigquery"), "sql"),
    **dict.fromkeys(("writefile", "file"), "text"),
    **{name: name for name in ("html", "latex", "markdown", "ruby", "perl", "julia", "cython")},
    "svg": "xml",
    "R": "r",
    **dict.fromkeys(("python", "python2", "python3"), "python"),
}

KERNEL_LANGUAGES = {"ir": "r", "xpython": "python", "pyodide": "python", "conda-root-py": "python", "py3": "python"}
LANGUAGE_NAME = re.compile(r"[a-z0-9][a-z0-9+#._-]{0,29}")

REMOVED_CELL_TAGS = frozenset({"remove-cell", "remove_cell"})
HIDING_TAGS = frozenset({"hide-input", "hide_input", "hide-cell", "remove-input", "remove_input"}) | REMOVED_CELL_TAGS
REMOVED_OUTPUT_TAGS = frozenset({"remove-output", "remove_output"}) | REMOVED_CELL_TAGS

_FORM_TITLE = re.compile(r"\A\s*#\s*@title[ \t]*(.*)")
_SHELL = re.compile(r"^\s*(?:!|\w+\s*=\s*!)")
_INSTALL = re.compile(r"^[\s!%]*(?:\S*python\d? -m )?(?:pip|pip3|conda|mamba)\s+install\b")
_BLANK = re.compile(r"^([^#\n]*[^#\n=!<>]=)[ \t]*(?=#|$)", re.MULTILINE)
_TIMED = re.compile(r"^(\s*)%time(?:it)?\s+(.*)$")
_LINE_MAGIC = re.compile(r"^\s*(?:\w[\w, ]*=\s*)?%(\w+)")
_HELP = re.compile(r"^\s*(?:\?{1,2}[\w.%]+|[\w.]+\?{1,2})\s*$")


def notebook_language(notebook: Notebook) -> str:
    """The notebook's language in lower case ("python", "r", …), or "text" when nothing tells."""
    kernel = _object(notebook.metadata.get("kernelspec"))
    info = _object(notebook.metadata.get("language_info"))
    jupytext = _object(notebook.metadata.get("jupytext"))
    for name in (kernel.get("language"), info.get("name"), jupytext.get("main_language")):
        if isinstance(name, str) and LANGUAGE_NAME.fullmatch(name.lower()):
            return "python" if name.lower() in ("ipython", "python3", "ipython3") else name.lower()
    kernel_name = str(kernel.get("name") or "").lower()
    if kernel_name in KERNEL_LANGUAGES:
        return KERNEL_LANGUAGES[kernel_name]
    plain = re.match(r"[a-z#+]+", kernel_name)
    if plain:
        return plain[0]
    return "python" if _reads_as_python(notebook.cells) else "text"


def is_python_3(notebook: Notebook, language: str) -> bool:
    """Whether the notebook is Python, and nothing in it says Python 2."""
    if language != "python":
        return False
    kernel = _object(notebook.metadata.get("kernelspec"))
    version = str(_object(notebook.metadata.get("language_info")).get("version") or "3")
    names = f"{kernel.get('name') or ''} {kernel.get('display_name') or ''}".lower()
    return not version.startswith("2") and not re.search(r"python ?2|\bpy2", names)


def cell_language(cell: Cell, language: str) -> str:
    """The language of one cell: that of its cell magic (`%%bash`, `%%R`), else that of the notebook."""
    if cell.cell_type == "raw":
        return "text"
    magic = re.match(r"\s*%%(\w+)", cell.source)
    if magic and magic[1] in CELL_MAGIC_LANGUAGES:
        return CELL_MAGIC_LANGUAGES[magic[1]]
    editor = _object(cell.metadata.get("vscode")).get("languageId")
    if isinstance(editor, str) and LANGUAGE_NAME.fullmatch(editor.lower()) and not magic:
        return editor.lower()
    return language


def runs_in_browser(source: str) -> bool:
    """Whether a Python cell has no shell line, no help request and no magic but harmless ones."""
    return not jupyter_only(source)


def jupyter_only(source: str) -> str:
    """What of Jupyter a Python cell uses that the browser has not, such as "runs a shell command"; "" for nothing."""
    if parse_python(source) is not None:
        return ""  # a magic, a shell line and a help request are all errors to Python's own parser
    lines = source.splitlines()
    first = next((line for line in lines if line.strip()), "")
    cell_magic = re.match(r"\s*%%(\w+)", first)
    if cell_magic:
        if cell_magic[1] not in KEPT_CELL_MAGICS:
            return f"uses the magic %%{cell_magic[1][:40]}"
        lines = lines[lines.index(first) + 1 :]
    for _, line in _code_lines(lines):
        magic = _LINE_MAGIC.match(line)
        if _INSTALL.match(line):
            return "installs packages"
        if _SHELL.match(line):
            return "runs a shell command"
        if _HELP.match(line):
            return "asks Jupyter for help"
        if magic and magic[1] not in HARMLESS_MAGICS:
            return f"uses the magic %{magic[1][:40]}"
    return ""


def plain_python(source: str) -> str:
    """A Python cell without its magics, shell lines and help requests; what they assign to keeps its name.

    So does a name that a learner is to complete: `x =` with nothing behind it becomes `x = None`.
    """
    if parse_python(source) is not None:
        return source
    lines = source.splitlines()
    for number, line in list(_code_lines(lines)):
        timed = _TIMED.match(line)
        if timed:
            lines[number] = timed[1] + timed[2]
        elif _SHELL.match(line) or _LINE_MAGIC.match(line) or _HELP.match(line) or re.match(r"\s*%%", line):
            indent = line[: len(line) - len(line.lstrip())]
            assigned = re.match(r"\s*(\w[\w, ]*=)\s*[!%]", line)
            lines[number] = f"{indent}{assigned[1]} None" if assigned else f"{indent}pass"
    plain = "\n".join(lines)
    return plain if parse_python(plain) is not None else _BLANK.sub(r"\1 None ", plain)


def is_hidden(cell: Cell) -> bool:
    """Whether the author folded the cell's source away: a tag, Jupyter's or Colab's own mark."""
    jupyter = _object(cell.metadata.get("jupyter"))
    return (
        bool(cell.tags & HIDING_TAGS)
        or jupyter.get("source_hidden") is True
        or cell.metadata.get("cellView") == "form"
        or cell.metadata.get("hide_input") is True
    )


def form_title(source: str) -> str:
    """The title of a Colab form, `#@title Load the data { display-mode: "form" }`, or ""."""
    found = _FORM_TITLE.match(source)
    return re.sub(r"\s*\{[^{}]*\}\s*$", "", found[1]).strip()[:200] if found else ""


def _code_lines(lines: list[str]) -> Iterable[tuple[int, str]]:
    """Lines outside triple-quoted strings, with their places: a `!` or `%` inside one is text."""
    quote = ""
    for number, line in enumerate(lines):
        if not quote:
            yield number, line
        marks = re.findall(r'"""|\'\'\'', line)
        for mark in marks:
            if not quote:
                quote = mark
            elif mark == quote:
                quote = ""


def _reads_as_python(cells: list[Cell]) -> bool:
    """For a notebook that names no language: whether most of its code parses as Python, and some does."""
    code = [cell.source for cell in cells if cell.cell_type == "code" and cell.source.strip()][:50]
    parsed = 0
    for source in code:
        kept = "\n".join(line for line in source.splitlines() if not re.match(r"\s*[%!]", line))
        parsed += parse_python(kept) is not None
    return parsed * 2 > len(code)


def _object(value: object) -> dict:
    return value if isinstance(value, dict) else {}
