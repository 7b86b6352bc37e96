"""Blocks for the forms of other dialects: the part of building a lesson that is not one cell, one block.

Mixed into the builder of `lessons.py`, which owns the list of blocks and their ids. What is withheld keeps its cell, as
a block without public content whose source stands in private metadata: no cell is lost, and none is shown by mistake.
"""

import re
from abc import abstractmethod
from posixpath import basename
from typing import Any

from courses.content.assets import AssetStore
from courses.content.cell_outputs import embedded_pictures
from courses.content.dialects_display import Displays
from courses.content.dialects_exercise import Gathered
from courses.content.dialects_lesson import Forms, OpenExercise, OpenForms, part_exercise
from courses.content.dialects_marks import has_blank
from courses.content.dialects_quiz_files import Attached, QuizFiles
from courses.content.dialects_visible import Part
from courses.content.notebook import BLOCK_ID, Cell, content_id
from courses.content.origin import fingerprint, own_metadata, remember
from courses.content.quizzes import Quiz
from courses.content.references import find_references

Block = dict[str, Any]

_HEADING = re.compile(r"^ {0,3}#{1,3}[ \t]", re.M)


class DialectBlocks:
    """What the builder needs besides: it calls `code_gate`, `part`, `coded_exercise` and `settle`."""

    draft: Any
    store: AssetStore
    language: str
    forms: Forms
    open: OpenForms
    displays: Displays
    quiz_files: QuizFiles | None

    @abstractmethod
    def add(
        self,
        block: Block,
        cell: Cell,
        name: str,
        texts: list[str],
        metadata: Block,
        *,
        is_tagged: bool | None = None,
    ) -> None: ...

    @abstractmethod
    def problem(self, cell: Cell, what: str) -> None: ...

    @abstractmethod
    def drop(self, cell: Cell, dropped: list[str]) -> None: ...

    @abstractmethod
    def bounded(self, cell: Cell, source: str) -> str: ...

    @abstractmethod
    def quiz(self, cell: Cell, quiz: Quiz, source: str, number: int, *, place: Block, assets: Block) -> None: ...

    @abstractmethod
    def keep_cells(self, cells: list[Cell]) -> tuple[list[Block], Block]: ...

    # Text

    def part(self, cell: Cell, part: Part, number: int, parts: int, *, assets: Block, attachments: Block) -> int:
        """Add the blocks of one part of a Markdown cell, from `number` on of `parts`; the number after them."""
        for what in part.problems:
            self.problem(cell, what)
        shown = part.source if part.kind == "quiz" else part.body
        # A picture that only a solution shows must not be named beside the text that learners read.
        assets = {name: asset for name, asset in assets.items() if name in shown or name not in cell.source}
        if part.kind == "quiz" and self.open.gate != "solution":
            return self._quizzes(cell, part, number, parts, assets=assets, attachments=attachments)
        is_exercise = part.kind in ("exercise", "exercise-start")
        place: Block = {"cell": cell.id, "part": number, "parts": parts} if parts > 1 or is_exercise else {}
        if is_exercise:
            gathered = part_exercise(part, cell, self.language)
            mark = place | {"source": part.source} | _first(attachments, number)
            name = part.label if BLOCK_ID.fullmatch(part.label) else _name(cell, number)
            self.open_exercise(
                gathered, cell, name, remember(_plain(cell), **mark), {"assets": dict(assets)} if assets else {}
            )
            self.open.gate = "exercise" if part.kind == "exercise-start" else ""
            following = Part("", "quiz", quizzes=part.quizzes)
            return self._quizzes(cell, following, number + 1, parts, assets=assets, attachments={})
        if self._is_shown(part):
            self._show(cell, part, number, place, assets=assets, attachments=attachments)
        else:
            self._take_in(cell, part, assets)
            self.withhold(cell, part.source, number, place | _first(attachments, number))
        return number + 1

    def _is_shown(self, part: Part) -> bool:
        return part.kind == "text" and not self.open.gate

    def _take_in(self, cell: Cell, part: Part, assets: Block) -> None:
        """What a part that is not shown means for the exercise that it belongs to."""
        gate, label = self.open.gate, self.open.label
        if part.kind == "solution-start":
            self.open.gate, self.open.label = "solution", part.label
        elif part.kind in ("exercise-end", "solution-end"):
            self.open.gate = ""
        elif part.kind == "solution":
            for text in part.solutions:
                self.open.solve(text, part.label, cell.number, is_code=False)
        elif gate == "solution":
            self.open.solve(part.source, label, cell.number, is_code=False)
        elif gate == "exercise" and self.open.current is not None:
            gathered = self.open.current.gathered
            gathered.add_words(part.body)
            if assets:
                self.open.current.block.setdefault("assets", {}).update(assets)
            for text in part.solutions:
                gathered.add_solution(text, is_code=False)

    def _show(self, cell: Cell, part: Part, number: int, place: Block, *, assets: Block, attachments: Block) -> None:
        for text in part.solutions:
            self.open.solve(text, "", cell.number, is_code=False)
        if _HEADING.search(part.body):
            self.open.current = None  # a solution further down is another exercise's
        dropped: list[str] = []
        source, embedded, uris = embedded_pictures(part.body, self.store, dropped)
        source = self.bounded(cell, source)
        self.drop(cell, dropped)
        block: Block = {"type": "markdown", "source": source}
        if attachments and number == 1:
            block["attachments"] = attachments
        if assets or embedded:
            block["assets"] = assets | embedded
        kept = place | ({"data_uris": uris} if uris else {}) | ({"source": part.source} if part.withholds else {})
        metadata = remember(_plain(cell), **kept) if kept else _plain(cell)
        self.add(block, cell, _name(cell, number), [source], metadata)

    def _quizzes(self, cell: Cell, part: Part, number: int, parts: int, *, assets: Block, attachments: Block) -> int:
        source = part.source
        for quiz in part.quizzes:
            place = {"cell": cell.id, "part": number, "parts": parts} | _first(attachments, number)
            self.quiz(cell, quiz, source, number, place=place, assets=assets)
            number, source = number + 1, ""
        for text in part.solutions:
            self.open.solve(text, "", cell.number, is_code=False)
        return number

    def withhold(self, cell: Cell, source: str, number: int, place: Block) -> None:
        """Keep a Markdown cell, or a part of one, in private metadata."""
        metadata = remember(_plain(cell), **place, source=self.bounded(cell, source))
        self.add({"type": "markdown", "source": ""}, cell, _name(cell, number), [], metadata)

    # Code

    def code_gate(self, cell: Cell, index: int) -> bool:
        """Whether a code or raw cell is withheld; tells the exercise that it belongs to."""
        if self.open.gate == "solution":
            self.open.solve(cell.source, self.open.label, cell.number, is_code=cell.cell_type == "code")
            return True
        current = self.open.current
        if self.open.gate == "exercise" and current is not None and cell.cell_type == "code":
            if has_blank(cell.source):
                current.gathered.starter = f"{current.gathered.starter}\n\n{cell.source}".strip("\n")
                return True
            if not cell.outputs and cell.source.strip():
                fence = f"```{self.language}\n{cell.source}\n```"
                current.gathered.add_words(fence)
                return True
        if index not in self.forms.withheld:
            return False
        if index not in self.forms.owned and self.forms.is_solution(index):
            self.open.solve(cell.source, "", cell.number, is_code=cell.cell_type == "code")
        return True

    def caption(self, cell: Cell) -> None:
        """Add the caption that a MyST text notebook gives the figure which a code cell draws, with its label."""
        about = cell.metadata.get("mystnb")
        figure = about.get("figure") if isinstance(about, dict) else None
        words = figure.get("caption") if isinstance(figure, dict) else None
        if not isinstance(words, str) or not words.strip():
            return
        name = figure.get("name") if isinstance(figure, dict) else None
        is_label = isinstance(name, str) and re.fullmatch(r"[^()\s]{1,150}", name)
        source = self.bounded(cell, (f"({name})=\n\n" if is_label else "") + words.strip())
        block = {"type": "markdown", "source": source}
        self.add(block, _without_id(cell), content_id("caption", source), [source], remember({}, derived=True))

    # Exercises

    def coded_exercise(self, cells: list[Cell], index: int) -> None:
        """The exercise that `cells` are, the first of which stands at `index`."""
        gathered = self.forms.gather(cells, index)
        kept, assets = self.keep_cells(cells)
        fields = {"cells": kept} | ({"assets": assets} if assets else {})
        self.open_exercise(gathered, cells[0], cells[0].id, {}, fields)

    def open_exercise(self, gathered: Gathered, cell: Cell, name: str, metadata: Block, fields: Block) -> None:
        """Put an exercise's block in its place; its content follows when the lesson has been read."""
        self.draft.exercises += 1
        self.add({"type": "exercise", **fields}, cell, name, [""], metadata)
        self.open.open(OpenExercise(gathered, self.draft.blocks[-1], self.draft.texts[-1]), gate=False)
        if gathered.label:
            self.draft.block_labels.setdefault(gathered.label, self.draft.blocks[-1]["id"])

    def settle(self) -> None:
        """Fill the exercises' blocks, now that every solution has been met."""
        if self.open.gate:
            gate = self.open.gate
            what = f"{gate}-start has no {gate}-end: everything to the end of the lesson is taken as it"
            self.draft.problems.append((None, what))
        self.draft.problems += self.open.settle()
        for exercise in self.open.all:
            block = exercise.block
            block |= exercise.gathered.block([])
            self.draft.problems += exercise.gathered.problems
            # Pictures of its cells may be the solution's: only those that the prompt shows are named.
            assets, prompt = block.pop("assets", {}), block["prompt"]
            private = "cells" in block or block["solution"]
            assets = {name: kept for name, kept in assets.items() if name in prompt or not private}
            dropped: list[str] = []
            block["prompt"], embedded, _ = embedded_pictures(block["prompt"], self.store, dropped)
            self.drop(exercise.gathered.head, dropped)
            if assets or embedded:
                block["assets"] = assets | embedded
            exercise.text.references = [find_references(text) for text in (block["prompt"], *block["hints"])]
            block["metadata"] = remember(block.get("metadata", {}), made=fingerprint(block))

    # Quizzes from files and calls

    def displayed(self, cell: Cell) -> tuple[bool, list[Attached]]:
        """(whether the code cell is withheld, the quizzes that come in its place) for a `display_quiz` cell."""
        shown = self.displays.read(cell.source)
        found = [Attached("", quiz) for quiz in shown.quizzes]
        for name in shown.files:
            file = name if "://" not in name else basename(name.partition("?")[0])
            attached = self.quiz_files.in_file(file, self.draft.path) if self.quiz_files else []
            found += attached
            if not attached:
                self.problem(cell, f"shows the quiz {name[:100]!r}, which is no quiz file of this course")
        is_withheld = shown.holds_key or bool(found) or (shown.is_call and bool(shown.spans))
        return is_withheld, found

    def linked(self, cell: Cell, first_text: int) -> None:
        """Add the quizzes that a Markdown cell links to, after its blocks; its texts are those from `first_text` on."""
        if self.quiz_files is None:
            return
        references = [found for text in self.draft.texts[first_text:] for found in text.references]
        for href in dict.fromkeys(href for found in references for href in found.links):
            if href not in self.draft.quiz_links:
                self.draft.quiz_links.add(href)
                self.attach(cell, self.quiz_files.by_link(href, self.draft.path))

    def attach(self, cell: Cell, attached: list[Attached]) -> None:
        """Add quizzes that stand in a file, or in the source of a withheld cell, after what is there."""
        for found in attached:
            quiz = found.quiz
            self.draft.quizzes += 1
            where = f" of {found.path!r}" if found.path else ""
            for what in quiz.problems:
                self.problem(cell, f'quiz "{quiz.name}"{where}: {what}')
            texts = [quiz.block["prompt"], *(choice["text"] for choice in quiz.block.get("choices", ()))]
            metadata = {"quiz_file": found.path} if found.path else remember({}, derived=True)
            self.add(dict(quiz.block), _without_id(cell), quiz.content_id, texts, metadata)


def _name(cell: Cell, number: int) -> str:
    return cell.id if number == 1 else f"{cell.id[:60]}-{number}"


def _first(attachments: Block, number: int) -> Block:
    return {"attachments": attachments} if attachments and number == 1 else {}


def _plain(cell: Cell) -> Block:
    return own_metadata({"metadata": cell.metadata})


def _without_id(cell: Cell) -> Cell:
    """A cell of the same number that no block is made of: what is attached must not claim the cell's id."""
    return Cell(cell.cell_type, "", cell.number)
