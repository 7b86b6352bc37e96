"""Reading one notebook: bytes in, cells out. Knows nbformat and text, not lessons, folders or the database.

Every reader (`.ipynb` here; Markdown and py:percent in `textfiles.py`) gives the same `Notebook`, so that what follows
need not know where a cell came from. Identity: an explicit tag, else the cell's id, else a hash of its content.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import v4
from nbformat.v3.rwbase import rejoin_lines
from nbformat.validator import iter_validate

from courses.content import strict_json
from courses.content.plain_yaml import plain

MAX_NOTEBOOK_BYTES = 20_000_000
MAX_CELLS = 2_000
MAX_METADATA_CHARACTERS = 100_000
MAX_SCHEMA_FAULTS = 200
MAX_SCHEMA_OUTPUTS = 10_000
"""Outputs of a notebook that are compared with the schema."""
BLOCK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")

JSON = dict[str, Any]


class NotebookRefused(ValueError):
    """A file that cannot be read as a notebook. The message says what is wrong, not which file it is.

    `cell` counts from 1; `is_empty` is a file without content, `is_bound` one that is over a limit.
    """

    def __init__(self, what: str, *, cell: int | None = None, is_empty: bool = False, is_bound: bool = False):
        super().__init__(what)
        self.what = what
        self.cell = cell
        self.is_empty = is_empty
        self.is_bound = is_bound


@dataclass
class Cell:
    """A cell as its author wrote it. `number` counts from 1 in the file.

    `has_own_id` is False for an id that was made of the content, `is_tagged` True for one that the author chose;
    `written_id` is the id that the file has, whatever became of it.
    """

    cell_type: str
    source: str
    number: int
    id: str = ""
    metadata: JSON = field(default_factory=dict)
    outputs: list[JSON] = field(default_factory=list)
    execution_count: int | None = None
    attachments: JSON = field(default_factory=dict)
    has_own_id: bool = False
    is_tagged: bool = False
    written_id: str = ""

    @property
    def tags(self) -> frozenset[str]:
        """The cell's tags; anything that is not a list of strings counts as none."""
        tags = self.metadata.get("tags")
        return frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else frozenset()

    @property
    def settings(self) -> JSON:
        """What the author told us in the metadata, under `mlpracticum`."""
        settings = self.metadata.get("mlpracticum")
        return settings if isinstance(settings, dict) else {}


@dataclass
class Notebook:
    """Cells in order. `format` is ipynb, percent, myst, rmarkdown or markdown.

    `problems` are (cell number or None, what);
    `front_matter` is a text's header as written, `lexer` what a MyST text says behind its `{code-cell}`: for export.
    """

    cells: list[Cell]
    metadata: JSON = field(default_factory=dict)
    format: str = "ipynb"
    version: tuple[int, int] | None = None
    front_matter: str = ""
    lexer: str = ""
    problems: list[tuple[int | None, str]] = field(default_factory=list)

    @property
    def settings(self) -> JSON:
        """What the author told us of the whole lesson, under `mlpracticum`."""
        settings = self.metadata.get("mlpracticum")
        return settings if isinstance(settings, dict) else {}


def decode(data: bytes) -> str:
    """UTF-8 text, with or without a byte order mark. Raises NotebookRefused that names the first bad byte."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise NotebookRefused("is UTF-16, not UTF-8: save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotebookRefused(f"is not UTF-8: byte 0x{data[error.start]:02x} in line {line}") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise NotebookRefused(f"holds a NUL character in line {line}")
    return text


def read_notebook(data: bytes, *, max_bytes: int = MAX_NOTEBOOK_BYTES) -> Notebook:
    """Read an `.ipynb` of nbformat 3.0 to 4.x. Raises NotebookRefused; faults that Jupyter lives with are listed.

    Size and type are looked at before anything is parsed; `max_bytes` bounds the file.
    """
    if len(data) > max_bytes:
        raise NotebookRefused(f"is {len(data):,} bytes; at most {max_bytes:,} are read", is_bound=True)
    text = decode(data)
    if not text.strip():
        raise NotebookRefused("is empty", is_empty=True)
    if not text.lstrip().startswith("{"):
        raise NotebookRefused("is not a notebook: a notebook is JSON and begins with {")
    document = _parsed(text, max_bytes)
    problems: list[tuple[int | None, str]] = []
    version = _version(document, problems)
    document = _upgraded(document) if version[0] == 3 else document
    cells = list(_cells(document, problems))
    if version[0] == 4:
        problems.extend(_schema_faults(document, version))
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        problems.append((None, "the notebook's metadata is not an object and is left out"))
        metadata = {}
    metadata = _bounded_metadata(metadata, problems)
    name_cells(cells, problems)
    return Notebook(cells=cells, metadata=metadata, version=version, problems=problems)


def _parsed(text: str, max_bytes: int) -> JSON:
    try:
        document = strict_json.loads(text, max_bytes=max_bytes)
    except strict_json.JSONRefused as error:
        where = error.path or _place_of_constant(text)
        found = re.match(r"cells\[(\d+)\]", where)
        what = f"{where}: {error.reason}" if where else str(error)
        raise NotebookRefused(what, cell=int(found[1]) + 1 if found else None) from error
    if not isinstance(document, dict):
        raise NotebookRefused("is not a notebook: a notebook is a JSON object")
    return document


def _place_of_constant(text: str) -> str:
    """Where NaN or Infinity stands: Python's parser takes them, and only a walk over the values knows the place."""
    try:
        strict_json.check_value(json.loads(text))
    except strict_json.JSONRefused as error:
        return error.path
    except (ValueError, RecursionError):
        return ""  # the fault was another one, and has its own position in its message
    return ""


def _version(document: JSON, problems: list[tuple[int | None, str]]) -> tuple[int, int]:
    major, minor = document.get("nbformat"), document.get("nbformat_minor")
    if not isinstance(major, int) or isinstance(major, bool):
        raise NotebookRefused("is not a notebook: nbformat, its version number, is missing")
    if major not in (3, 4):
        raise NotebookRefused(f"is nbformat {major}; 3 and 4 are read: open it in Jupyter and save it again")
    if not isinstance(minor, int) or isinstance(minor, bool) or minor < 0:
        if major == 4:
            problems.append((None, "nbformat_minor is missing; read as 4.0"))
        minor = 0
    return major, minor


def _upgraded(document: JSON) -> JSON:
    """nbformat 3 (worksheets, heading cells, pyout) in the form of nbformat 4."""
    for number, sheet in enumerate(_list(document, "worksheets", "the notebook"), 1):
        if not isinstance(sheet, dict):
            raise NotebookRefused(f"worksheets[{number - 1}] must be an object")
        for place, cell in enumerate(_list(sheet, "cells", f"worksheets[{number - 1}]"), 1):
            if not isinstance(cell, dict):
                raise NotebookRefused("must be an object", cell=place)
            cell.setdefault("metadata", {})
    document.setdefault("metadata", {})
    try:
        document = plain(v4.upgrade(rejoin_lines(nbformat.from_dict(document)), from_version=3))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotebookRefused(f"cannot be upgraded from nbformat 3: {type(error).__name__}: {error}") from error
    for cell in document["cells"]:
        # The upgrade draws random ids; a second import must find the same ones.
        cell.pop("id", None)
    return document


def _list(document: JSON, name: str, where: str) -> list[Any]:
    value = document.get(name)
    if not isinstance(value, list):
        raise NotebookRefused(f"is not a notebook: {where} has no list of {name}")
    return value


def _cells(document: JSON, problems: list[tuple[int | None, str]]) -> Iterator[Cell]:
    found = _list(document, "cells", "the file")
    if len(found) > MAX_CELLS:
        raise NotebookRefused(f"has {len(found):,} cells; at most {MAX_CELLS:,} are read", is_bound=True)
    for number, raw in enumerate(found, 1):
        if not isinstance(raw, dict):
            raise NotebookRefused("must be an object", cell=number)
        yield _cell(raw, number, problems)


def _cell(raw: JSON, number: int, problems: list[tuple[int | None, str]]) -> Cell:
    cell_type = raw.get("cell_type")
    if cell_type not in ("markdown", "code", "raw"):
        problems.append((number, f"cell_type is {str(cell_type)[:40]!r}; kept as a raw cell"))
        cell_type = "raw"
    cell = Cell(cell_type=cell_type, source=_source(raw, number, problems), number=number)
    metadata = raw.get("metadata", {})
    if isinstance(metadata, dict):
        cell.metadata = _bounded_metadata(metadata, problems, number)
    else:
        problems.append((number, "metadata is not an object and is left out"))
    own_id = raw.get("id")
    if isinstance(own_id, str):
        cell.id = cell.written_id = own_id
    elif own_id is not None:
        problems.append((number, "the cell's id is not text and is left out"))
    if cell_type == "code":
        cell.outputs = _outputs(raw, number, problems)
        count = raw.get("execution_count")
        cell.execution_count = count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
    attachments = raw.get("attachments", {})
    if isinstance(attachments, dict):
        cell.attachments = attachments
    elif attachments is not None:
        problems.append((number, "attachments are not an object and are left out"))
    return cell


def _source(raw: JSON, number: int, problems: list[tuple[int | None, str]]) -> str:
    source = raw.get("source")
    if source is None:
        problems.append((number, "has no source; read as empty"))
        return ""
    joined = joined_text(source)
    if joined is None:
        raise NotebookRefused("source must be text or a list of lines", cell=number)
    return joined


def joined_text(value: Any) -> str | None:
    """nbformat's multi-line string, a string or a list of lines, as one string; None when it is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return None


def _outputs(raw: JSON, number: int, problems: list[tuple[int | None, str]]) -> list[JSON]:
    outputs = raw.get("outputs", [])
    if not isinstance(outputs, list):
        problems.append((number, "outputs are not a list and are left out"))
        return []
    return outputs


def _bounded_metadata(metadata: JSON, problems: list[tuple[int | None, str]], number: int | None = None) -> JSON:
    kept = {}
    for key, value in metadata.items():
        # Saved widget state and the like run to megabytes and are shown to nobody.
        if isinstance(value, dict | list | str) and _weight(value) > MAX_METADATA_CHARACTERS:
            problems.append((number, f"metadata {key[:60]!r} is over {MAX_METADATA_CHARACTERS:,} characters: left out"))
        else:
            kept[key] = value
    return kept


def _weight(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _weight(item) for key, item in value.items())
    return sum(map(_weight, value)) if isinstance(value, list) else 8


def _schema_errors(document: JSON, minor: int) -> Iterator[Any]:
    """The faults that nbformat finds, with kinds that it can name: it fails itself where a kind is not text."""
    room = MAX_SCHEMA_OUTPUTS  # checking costs more than reading, and what is beyond a cell's first is dropped
    cells = []
    for cell in document["cells"]:
        if not isinstance(cell.get("cell_type"), str):
            cell = cell | {"cell_type": "raw"}
        if isinstance(outputs := cell.get("outputs"), list):
            kept = [output for output in outputs[:room] if _is_typed(output)]
            room -= len(kept)
            cell = cell | {"outputs": kept}
        cells.append(cell)
    return iter(iter_validate(document | {"cells": cells}, version=4, version_minor=minor))


def _is_typed(output: Any) -> bool:
    return isinstance(output, dict) and isinstance(output.get("output_type"), str)


def _schema_faults(document: JSON, version: tuple[int, int]) -> Iterator[tuple[int | None, str]]:
    """One line for each cell that breaks nbformat's schema; Jupyter opens such files, and so do we."""
    minor = min(version[1], v4.nbformat_minor)
    if minor == 5 and not any("id" in cell for cell in document["cells"]):
        minor = 4
    told: set[int | None] = set()
    for count, error in enumerate(_schema_errors(document, minor)):
        if count >= MAX_SCHEMA_FAULTS:
            yield None, "breaks the notebook schema in more places; read all the same"
            return
        path = list(error.relative_path)
        number = path[1] + 1 if len(path) > 1 and path[0] == "cells" and isinstance(path[1], int) else None
        # A cell without an id gets one made of its content: nothing is amiss.
        if number not in told and error.message != "'id' is a required property":
            told.add(number)
            what = (error.message.splitlines() or [""])[0][:200]
            yield number, f"breaks the notebook schema, read all the same: {what}"


def name_cells(cells: list[Cell], problems: list[tuple[int | None, str]]) -> None:
    """Give each cell its id, unique in the notebook and the same in every import of the same cells."""
    wanted: list[tuple[str, str]] = []
    for cell in cells:
        name, kind = _wanted_id(cell.settings.get("id"), cell, "mlpracticum id", problems), "tag"
        if not name:
            name, kind = _wanted_id(cell.id or None, cell, "cell id", problems), "id"
        wanted.append((name, kind) if name else (content_id(cell.cell_type, cell.source), "hash"))
    names = Names((name for name, _ in wanted), (name for name, kind in wanted if kind == "tag"))
    for cell, (name, kind) in zip(cells, wanted, strict=True):
        cell.id, cell.has_own_id, cell.is_tagged = (
            names.take(name, is_owner=kind == "tag"),
            kind != "hash",
            kind == "tag",
        )
        if cell.has_own_id and cell.id != name:
            problems.append((cell.number, f"id {name!r} is used twice; this one becomes {cell.id!r}"))


def _wanted_id(value: Any, cell: Cell, called: str, problems: list[tuple[int | None, str]]) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and BLOCK_ID.fullmatch(value):
        return value
    if called == "cell id" and isinstance(value, str) and BLOCK_ID.fullmatch(f"c{value}"):
        return f"c{value}"  # Colab's ids may begin with - or _, which a block's may not
    problems.append((cell.number, f"{called} {value!r:.80} is not a valid id and is not used"))
    return ""


def content_id(kind: str, text: str) -> str:
    """An id made of what a block says: the same content has the same id in every import."""
    return "h" + hashlib.sha256(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Names:
    """Hands out ids, each once. `reserved` are those that their first owner is going to take.

    Of these, `tags` are those that an author chose: only their owner gets them, whoever comes first.
    """

    def __init__(self, reserved: Iterable[str] = (), tags: Iterable[str] = ()) -> None:
        self._tags = set(tags)
        self._reserved = set(reserved) | self._tags
        self._taken: set[str] = set()

    def take(self, name: str, *, is_owner: bool = False) -> str:
        """`name`, or `name-2`, `name-3` … when it is gone. At most 64 characters."""
        name = name[:64]
        candidate, count = name, 1
        while (
            candidate in self._taken
            or (candidate in self._tags and not is_owner)
            or (count > 1 and candidate in self._reserved)
        ):
            count += 1
            candidate = f"{name[: 63 - len(str(count))]}-{count}"
        self._taken.add(candidate)
        return candidate
