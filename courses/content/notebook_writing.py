"""A lesson's body as the cells of a notebook, and cells as the bytes of a file. The other way round is `lessons.py`.

What a block remembers of its cell (`origin.py`) comes back as it was; what was edited or made here is written as an
author would. Knows no Django: stored files are read by a function that the caller gives.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from courses.content.exercise_writing import exercise_reads_back, write_exercise
from courses.content.languages import form_title, is_hidden
from courses.content.notebook import Cell, content_id, joined_text
from courses.content.origin import is_as_made, is_derived, own_metadata, remembered
from courses.content.predictions import write_predictions
from courses.content.quiz_writing import quiz_reads_back, write_quiz

ReadFile = Callable[[str], bytes]
"""The bytes of a stored file by its name. Raises LookupError when there is none."""

COURSE_PAGE = "../"  # the address, from a lesson's page, that a link to the course's README leads to
NEW_VERSION = (4, 5)
NEW_METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}

_FILE = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")
CALLOUT_MARKS = {"note": "NOTE", "tip": "TIP", "important": "IMPORTANT", "warning": "WARNING", "danger": "CAUTION"}

Block = dict[str, Any]


@dataclass
class LessonCells:
    """A lesson's cells. `files` are stored files that its text refers to: reference → file name.

    `course_links` are references that lead to the course's own page, which in the folder is its README; `problems` are
    (block id, what): things that do not come back as they are here.
    """

    cells: list[Cell] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    course_links: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)


def lesson_cells(body: dict[str, Any], read_file: ReadFile) -> LessonCells:
    """The cells that the lesson `body` was made of, or would be."""
    return _CellWriter(body, read_file).write()


class _CellWriter:
    def __init__(self, body: dict[str, Any], read_file: ReadFile) -> None:
        self.blocks: list[Block] = body["blocks"]
        self.minor = int((body.get("metadata", {}).get("nbformat") or NEW_VERSION)[1])
        self.read_file = read_file
        self.written = LessonCells()

    def write(self) -> LessonCells:
        index = 0
        while index < len(self.blocks):
            length = self.group(index)
            blocks = self.blocks[index : index + length]
            for block in blocks:
                self.refer(block)
            if is_derived(blocks[0]):
                if not is_as_made(blocks[0]):
                    self.problem(blocks[0], "was made of a file or of code that says otherwise, and is not written")
            elif "parts" in remembered(blocks[0]) and (length > 1 or is_as_made(blocks[0])):
                self.markdown(blocks)
            elif blocks[-1]["type"] == "exercise":
                self.exercise(blocks[-1], blocks[:-1])
            elif blocks[0]["type"] in ("markdown", "quiz"):
                self.markdown(blocks)
            elif blocks[0]["type"] == "code":
                self.code(blocks[0])
            else:
                self.made_here(blocks[0])
            index += length
        for number, cell in enumerate(self.written.cells, 1):
            cell.number = number
        return self.written

    def group(self, start: int) -> int:
        """How many blocks from `start` on were one cell (or one exercise), and still stand together in order."""
        mark = remembered(self.blocks[start])
        if mark.get("in_exercise"):
            end = start
            while end < len(self.blocks) and remembered(self.blocks[end]).get("in_exercise"):
                end += 1
            follower: Block = self.blocks[end] if end < len(self.blocks) else {}
            heads = [cell.get("id") for cell in follower.get("cells", ())[:1]]
            return end + 1 - start if heads == [mark.get("cell")] and is_as_made(follower) else 1
        parts = mark.get("parts")
        if not isinstance(parts, int) or mark.get("part") != 1:
            return 1
        marks = [remembered(block) for block in self.blocks[start : start + parts]]
        wanted = [(mark.get("cell"), number, parts) for number in range(1, parts + 1)]
        if any(block["type"] == "exercise" and not is_as_made(block) for block in self.blocks[start : start + parts]):
            return 1  # its new form is cells of its own
        is_whole = [(each.get("cell"), each.get("part"), each.get("parts")) for each in marks] == wanted
        return parts if is_whole else 1

    def problem(self, block: Block, what: str) -> None:
        self.written.problems.append((block["id"], what))

    def refer(self, block: Block) -> None:
        for reference, asset in block.get("assets", {}).items():
            if not reference.startswith(("attachment:", "data:")):
                self.written.files[reference] = asset["file"]
        links = block.get("links", {}).items()
        self.written.course_links += [reference for reference, address in links if address == COURSE_PAGE]

    def add(self, cell_type: str, source: str, cell_id: str, metadata: dict[str, Any], **more: Any) -> Cell:
        cell = Cell(cell_type, source, 0, id=cell_id, metadata=metadata, **more)
        self.written.cells.append(cell)
        return cell

    def file(self, block: Block, name: str) -> bytes:
        try:
            return self.read_file(name)
        except LookupError:
            self.problem(block, f"the stored file {name} is gone")
            return b""

    # Text

    def markdown(self, blocks: list[Block]) -> None:
        first, mark = blocks[0], remembered(blocks[0])
        is_whole = mark.get("parts", 1) == len(blocks)
        source = "".join(self.text(block, is_whole=is_whole, is_last=block is blocks[-1]) for block in blocks)
        identity = mark["cell"] if is_whole and "cell" in mark else first["id"]
        attachments = first.get("attachments") or mark.get("attachments") or {}
        metadata = own_metadata(first) if is_whole or mark.get("part") == 1 else _without_tag(own_metadata(first))
        cell_id = self.cell_id(mark if is_whole else {}, identity, "markdown", source)
        self.add("markdown", source, cell_id, metadata, attachments=self.attachments(first, attachments))

    def text(self, block: Block, *, is_whole: bool, is_last: bool) -> str:
        """The Markdown of one block; of one among several of a cell it ends with a line break."""
        mark = remembered(block)
        kept = mark.get("source")
        if block["type"] == "quiz":
            names_itself = isinstance(kept, str) and f":id: {block['id']}" in kept
            if isinstance(kept, str) and is_as_made(block) and (is_whole or names_itself):
                return kept
            source = write_quiz(block)
            if not quiz_reads_back(block, source):
                self.problem(block, "the quiz cannot be written as a directive that says the same")
            return source if is_last else source + _line_ends(kept or "\n")
        if isinstance(kept, str) and (is_as_made(block) or block["type"] == "exercise"):
            return kept
        source = self.with_pictures(block, block["source"], mark.get("data_uris"), block.get("assets", {}))
        return source if is_last or source.endswith("\n") else source + "\n\n"

    def with_pictures(self, block: Block, text: str, uris: Any, assets: dict[str, Any]) -> str:
        """`text` with the pictures that were embedded in it as `data:` addresses again."""
        for name, beginning in uris.items() if isinstance(uris, dict) else ():
            reference = f"attachment:{name}"
            if reference not in text or reference not in assets:
                continue
            if beginning.startswith("data:"):
                data = self.file(block, assets[reference]["file"])
                address = f"{beginning},{base64.b64encode(data).decode()}"
            else:
                address = self.file(block, beginning).decode()
            text = text.replace(reference, address)
        return text

    def cell_id(self, mark: dict[str, Any], identity: str, kind: str, source: str) -> str:
        """The id to write, "" for none: an id that is made of the content is made again by the next import."""
        if isinstance(mark.get("cell_id"), str):
            return str(mark["cell_id"])
        if re.sub(r"-\d+\Z", "", identity) == content_id(kind, source):
            return ""
        return identity

    def attachments(self, block: Block, attachments: dict[str, Any]) -> dict[str, Any]:
        return {name: self.bundle(block, kept, {}, {}) for name, kept in attachments.items()}

    # Code

    def code(self, block: Block) -> None:
        mark = remembered(block)
        kept = mark.get("source")
        source = kept if isinstance(kept, str) and is_as_made(block) else block["source"]
        cell_type = block.get("cell_type", "code")
        metadata = own_metadata(block)
        cell = Cell(cell_type, source, 0, metadata=metadata)
        if block["run"] == "hidden" and not (is_hidden(cell) or "solution" in cell.tags or form_title(source)):
            metadata |= {"tags": [*sorted(cell.tags), "hide-input"]}
        outputs = block["outputs"] or mark.get("outputs") or []
        assets = block.get("assets") or mark.get("assets") or {}
        self.add(
            cell_type,
            source,
            self.cell_id(mark, block["id"], cell_type, source),
            metadata,
            outputs=[self.output(block, output, mark.get("output_uris"), assets) for output in outputs],
            execution_count=block.get("execution_count"),
        )

    def output(self, block: Block, output: dict[str, Any], uris: Any, assets: dict[str, Any]) -> dict[str, Any]:
        if "data" not in output:
            return output
        return output | {"data": self.bundle(block, output["data"], uris, assets)}

    def bundle(self, block: Block, data: dict[str, Any], uris: Any, assets: dict[str, Any]) -> dict[str, Any]:
        """A mime bundle with its stored files back in it."""
        bundle: dict[str, Any] = {}
        for mime, value in data.items():
            if isinstance(value, dict) and _FILE.fullmatch(str(value.get("asset"))):
                bundle[mime] = stored_value(mime, value["asset"], self.file(block, value["asset"]))
            elif isinstance(value, str) and mime in ("text/html", "text/markdown"):
                bundle[mime] = self.with_pictures(block, value, uris, assets)
            else:
                bundle[mime] = value
        return bundle

    # Exercises

    def exercise(self, block: Block, quizzes: list[Block]) -> None:
        kept = block.get("cells")
        if not kept or not is_as_made(block):
            cells = write_exercise(block)
            if name := exercise_reads_back(block, cells):
                self.problem(block, f"the exercise's {name} cannot be written as cells that say the same")
            name = re.sub(r"[^A-Za-z0-9_-]", "-", block["id"])[:50]
            for number, cell in enumerate(cells, 1):
                cell.id = "" if self.minor < 5 else name if number == 1 else f"{name}-part-{number}"
            self.written.cells += cells
            return
        for number, cell in enumerate(kept):
            source = cell["source"]
            for quiz in quizzes if number == 0 else ():
                if not is_as_made(quiz):
                    before = str(remembered(quiz).get("source", ""))
                    source = source.replace(before, write_quiz(quiz) + _line_ends(before))
            metadata = cell.get("metadata", {})
            mark = {"cell_id": cell["written_id"]} if "written_id" in cell else {}
            cell_id = self.cell_id(mark, cell.get("id", ""), cell["cell_type"], cell["source"])
            outputs, uris = cell.get("outputs", ()), cell.get("output_uris")
            self.add(
                cell["cell_type"],
                source,
                cell_id,
                metadata,
                outputs=[self.output(block, output, uris, cell.get("assets", {})) for output in outputs],
                execution_count=cell.get("execution_count"),
                attachments=self.attachments(block, cell.get("attachments", {})),
            )

    # Blocks that no cell has: as Markdown

    def made_here(self, block: Block) -> None:
        match block["type"]:
            case "callout":
                title = f" {block['title']}" if block.get("title") else ""
                lines = [f"[!{CALLOUT_MARKS[block['kind']]}]{title}", *block["source"].strip().split("\n")]
                source = "\n".join(f"> {line}".rstrip() for line in lines)
            case "image":
                caption = f"\n\n*{block['caption']}*" if block.get("caption") else ""
                source = f"![{_bracketed(block['alt'])}]({self.picture(block['asset'])}){caption}"
            case "video":
                source = f"[{_bracketed(block['title'])}]({block['url']})"
            case "divider":
                source = "***"
            case _:
                source = self.predictions(block)
        identity = "" if self.minor < 5 else self.cell_id(remembered(block), block["id"], "markdown", source)
        self.add("markdown", source, identity, _without_tag(own_metadata(block)))

    def picture(self, file: str) -> str:
        """The path, beside the lesson, under which a file that no text refers to is written."""
        reference = f"images/{file[:12]}.{file.rpartition('.')[2]}"
        self.written.files[reference] = file
        return reference

    def predictions(self, block: Block) -> str:
        kept = remembered(block).get("source")
        if isinstance(kept, str) and is_as_made(block):
            return kept
        data, labels = (
            f"{folder}/{block[name][:12]}.csv" for folder, name in (("data", "data"), ("private", "labels"))
        )
        self.written.files |= {data: block["data"], labels: block["labels"]}
        return write_predictions(block, data=data, labels=labels)


def stored_value(mime: str, file: str, data: bytes) -> Any:
    """What a mime bundle holds for a stored file, as nbformat has it."""
    if file.endswith(".json") and not mime.startswith("image/"):
        return json.loads(data) if data else None
    if mime == "image/svg+xml" or file.endswith(".txt"):
        return data.decode("utf-8", "replace")
    return base64.b64encode(data).decode()


def _line_ends(source: str) -> str:
    """The line breaks with which `source` ends, at least one."""
    return source[len(source.rstrip("\r\n")) :] or "\n"


def _without_tag(metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata for another cell than the one whose id it names."""
    own = metadata.get("mlpracticum")
    if not isinstance(own, dict) or "id" not in own:
        return metadata
    return metadata | {"mlpracticum": {name: value for name, value in own.items() if name != "id"}}


def _bracketed(text: str) -> str:
    """Text for between brackets: on one line, its own brackets escaped."""
    return re.sub(r"([\[\]])", r"\\\1", " ".join(text.split()))


# Files


def write_notebook(cells: list[Cell], metadata: dict[str, Any], version: tuple[int, int] = NEW_VERSION) -> bytes:
    """An `.ipynb` as Jupyter writes it: keys in order, one line of text a line, a line break at the end."""
    document = {
        "cells": [_cell(cell) for cell in cells],
        "metadata": metadata,
        "nbformat": version[0],
        "nbformat_minor": version[1],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _cell(cell: Cell) -> dict[str, Any]:
    written: dict[str, Any] = {"cell_type": cell.cell_type, "metadata": cell.metadata, "source": _lines(cell.source)}
    if cell.id:
        written["id"] = cell.id
    if cell.attachments and cell.cell_type != "code":
        written["attachments"] = cell.attachments
    if cell.cell_type == "code":
        written |= {"execution_count": cell.execution_count, "outputs": [_output(output) for output in cell.outputs]}
    return written


def _output(output: dict[str, Any]) -> dict[str, Any]:
    if output["output_type"] == "stream":
        return output | {"text": _lines(joined_text(output.get("text")) or "")}
    if "data" not in output:
        return output
    texts = ("text/", "image/svg", "application/javascript")
    data = {
        mime: _lines(value) if isinstance(value, str) and mime.startswith(texts) else value
        for mime, value in output["data"].items()
    }
    return output | {"data": data}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
