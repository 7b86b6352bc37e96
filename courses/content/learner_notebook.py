"""A learner's own copy of a lesson as a notebook, made of the public content alone: no answer is ever at hand here.

It opens anywhere: pictures are in it, links lead to the site. Knows no Django; stored files are read by a function that
the caller gives, addresses are made by another.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from mimetypes import guess_type
from posixpath import basename
from typing import Any
from urllib.parse import quote

from courses.content.exercise_writing import check_source
from courses.content.notebook import Cell, Names
from courses.content.notebook_writing import CALLOUT_MARKS, ReadFile, stored_value, write_notebook

MAX_EMBEDDED = 25_000_000
"""Bytes of files in one notebook; what is beyond stays on the site, and the notebook links to it."""

_FILE = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")
_TASKS = {
    "single": "Choose one.",
    "multiple": "Choose all that apply.",
    "numeric": "The answer is a number.",
    "text": "The answer is a word or a few.",
}
_KERNELS = {"python": ("python3", "Python 3"), "r": ("ir", "R"), "julia": ("julia-1.10", "Julia 1.10")}

Block = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where the lesson is on the site: absolute addresses of its page, and of a path as it stands on that page."""

    course_title: str
    title: str
    page: str
    address_of: Callable[[str], str]


def learner_notebook(
    public: dict[str, Any], place: Place, read_file: ReadFile, *, code: Mapping[str, str] | None = None
) -> bytes:
    """The `.ipynb` of a lesson whose public content is `public`.

    `code` is what the learner wrote, by block id: it stands in place of a code cell's source or an exercise's starter.
    """
    return _Copy(public, place, read_file, dict(code or {})).write()


class _Copy:
    def __init__(self, public: dict[str, Any], place: Place, read_file: ReadFile, code: dict[str, str]) -> None:
        self.blocks: list[Block] = public["blocks"]
        self.place = place
        self.read_file = read_file
        self.code = code
        self.cells: list[Cell] = []
        self.names = Names()
        self.room = MAX_EMBEDDED
        languages = [block["language"] for block in self.blocks if block["type"] in ("code", "exercise")]
        spoken = [language for language in languages if language != "text"]
        self.language = max(spoken, key=spoken.count) if spoken else "python"

    def write(self) -> bytes:
        self.head()
        makers = {"code": self.code_cell, "quiz": self.quiz, "exercise": self.exercise}
        for block in self.blocks:
            makers.get(block["type"], self.text_block)(block)
        name, shown = _KERNELS.get(self.language, (self.language, self.language))
        kernel = {"name": name, "display_name": shown, "language": self.language}
        metadata = {"kernelspec": kernel, "language_info": {"name": self.language}, "title": self.place.title}
        return write_notebook(self.cells, metadata)

    def add(self, cell_type: str, source: str, name: str, **more: Any) -> None:
        # A cell's id has no dot and no colon, which a block's may have.
        identity = self.names.take(re.sub(r"[^A-Za-z0-9_-]", "-", name))
        self.cells.append(Cell(cell_type, source, len(self.cells) + 1, id=identity, **more))

    def head(self) -> None:
        """Where the copy is from; the title only where the lesson does not begin with it."""
        first = self.blocks[0].get("source", "") if self.blocks and self.blocks[0]["type"] == "markdown" else ""
        title = "" if re.match(r"\s*# ", first) else f"# {self.place.title}\n\n"
        course = " ".join(self.place.course_title.split()).replace("[", r"\[").replace("]", r"\]")
        self.add("markdown", f"{title}*A copy of [a lesson of {course}]({self.place.page}).*", "about-this-copy")

    # Text

    def text_block(self, block: Block) -> None:
        match block["type"]:
            case "markdown":
                self.markdown(block, block["source"])
            case "callout":
                title = f"**{block['title']}**\n\n" if block.get("title") else ""
                lines = [f"[!{CALLOUT_MARKS[block['kind']]}]", *(title + block["source"].strip()).split("\n")]
                self.markdown(block, "\n".join(f"> {line}".rstrip() for line in lines))
            case "image":
                caption = f"\n\n*{block['caption']}*" if block.get("caption") else ""
                shown = block | {"assets": {"picture": {"file": block["asset"]}}}
                alt = " ".join(block["alt"].split()).replace("[", r"\[").replace("]", r"\]")
                self.markdown(shown, f"![{alt}](picture){caption}")
            case "video":
                self.markdown(block, f"[{block['title']}]({block['url']})")
            case "predictions":
                data = self.place.address_of(f"/media/assets/{block['data']}")
                goal = f"{block['metric']} must reach {block['threshold']}; predictions are handed in on the site."
                self.markdown(block, f"{block['prompt']}\n\n[The data]({data}). {goal}")
            case _:
                self.markdown(block, "---")

    def markdown(self, block: Block, source: str) -> None:
        source, attachments = self.with_files(block, source)
        self.add("markdown", source, block["id"], attachments=attachments)

    def with_files(self, block: Block, source: str) -> tuple[str, dict[str, Any]]:
        """`source` with its pictures attached and its links absolute: (text, attachments)."""
        attachments: dict[str, Any] = {}
        targets = {link: self.place.address_of(address) for link, address in block.get("links", {}).items()}
        for number, (reference, asset) in enumerate(block.get("assets", {}).items(), 1):
            if reference in targets:
                continue  # a file to download: that stays on the site
            media_type = guess_type(asset["file"])[0] or "application/octet-stream"
            data = self.embedded(asset["file"])
            if data is None or not media_type.startswith("image/"):
                targets[reference] = self.place.address_of(f"/media/assets/{asset['file']}")
                continue
            name = f"{number}-{quote(basename(reference.partition(':')[2] or reference)[-60:], safe='')}"
            name = name.replace("%", "_")
            attachments[name] = {media_type: stored_value(media_type, asset["file"], data)}
            targets[reference] = f"attachment:{name}"
        return _replaced(source, targets), attachments

    def embedded(self, file: str) -> bytes | None:
        """The bytes of a stored file while there is room for it; None for one that is gone or too much."""
        try:
            data = self.read_file(file)
        except LookupError:
            return None
        if len(data) > self.room:
            return None
        self.room -= len(data)
        return data

    # Code

    def code_cell(self, block: Block) -> None:
        source: str = self.code.get(block["id"]) or block["source"]
        outputs = [self.output(block, output) for output in block["outputs"]]
        if block["language"] != self.language and not source.lstrip().startswith("%%"):
            self.add("markdown", _fenced(source, block["language"]), block["id"])
            return
        counts = [output.get("execution_count") for output in outputs if output["output_type"] == "execute_result"]
        metadata = {"jupyter": {"source_hidden": True}} if block["run"] == "hidden" else {}
        self.add(
            "code",
            source,
            block["id"],
            metadata=metadata,
            outputs=outputs,
            execution_count=counts[0] if counts else None,
        )

    def output(self, block: Block, output: dict[str, Any]) -> dict[str, Any]:
        if "data" not in output:
            return output
        bundle: dict[str, Any] = {}
        for mime, value in output["data"].items():
            if isinstance(value, dict) and _FILE.fullmatch(str(value.get("asset"))):
                data = self.embedded(value["asset"])
                if data is not None:
                    bundle[mime] = stored_value(mime, value["asset"], data)
                continue
            bundle[mime] = self.with_data(block, value) if mime in ("text/html", "text/markdown") else value
        if not bundle:
            bundle = {"text/plain": f"(on the site: {self.place.page})"}
        needed = {"execution_count": None} if output["output_type"] == "execute_result" else {}
        return {"metadata": {}, **needed, **output, "data": bundle}

    def with_data(self, block: Block, text: str) -> str:
        """An output's HTML with its pictures in it: an output has no attachments."""
        targets = {}
        for reference, asset in block.get("assets", {}).items():
            data = self.embedded(asset["file"]) if reference in text else None
            if data is not None:
                media_type = guess_type(asset["file"])[0]
                targets[reference] = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
        return _replaced(text, targets)

    # Questions

    def quiz(self, block: Block) -> None:
        lines = [f"**Quiz.** {_TASKS[block['kind']]}", "", block["prompt"].strip(), ""]
        for choice in block.get("choices", ()):
            first, *more = choice["text"].strip().split("\n")
            lines += [f"- [ ] {first}", *(f"  {line}".rstrip() for line in more)]
        if block.get("units"):
            lines.append(f"In {escape(block['units'], quote=False)}.")
        lines += ["", f"*Answer it {self.on_the_site(block)}.*"]
        self.markdown(block, "\n".join(lines))

    def on_the_site(self, block: Block) -> str:
        return f"[on the site]({self.place.page}#block-{block['id']})"

    def exercise(self, block: Block) -> None:
        source = f"## {block['title']}\n\n{block['prompt'].strip()}"
        counts = (("hidden check", block.get("hidden_check_count", 0)), ("hint", block.get("hint_count", 0)))
        told = " and ".join(f"{number} {what}{'s' if number > 1 else ''}" for what, number in counts if number)
        source += f"\n\n*{told} {self.on_the_site(block)}.*" if told else ""
        self.markdown(block, source)
        name = f"{block['id'][:56]}-code"
        starter: str = self.code.get(block["id"]) or block["starter"]
        if block["language"] != self.language:
            self.add("markdown", _fenced(starter, block["language"]), name)
            return
        self.add("code", starter, name)
        checks = "\n\n".join(check_source(check, loosely=True) for check in block["checks"])
        if checks:
            self.add("code", checks, f"{block['id'][:56]}-checks")


def _fenced(source: str, language: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", source)), default=0))
    return f"{fence}{language}\n{source}\n{fence}"


def _replaced(text: str, targets: Mapping[str, str]) -> str:
    """`text` with each reference replaced where it stands as an address: after a bracket, a quote or a colon."""
    if not targets:
        return text
    names = "|".join(re.escape(name) for name in sorted(targets, key=len, reverse=True) if name)
    if not names:
        return text
    found = re.compile(rf"""((?:\]\(|\]:|["'=<(])\s*<?)({names})(?=[\s)"'>]|\Z)""")
    return found.sub(lambda match: match[1] + targets[match[2]], text)
