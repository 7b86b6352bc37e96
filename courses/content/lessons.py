"""One notebook as the blocks of one lesson: a cell a block, in order, and none lost.

Exercises take their cells together, and a Markdown cell with quizzes is cut at them. What learners must not see stays
in `metadata`, which is never public. References are found here and resolved later, when all lessons are known.
"""

from posixpath import dirname
from typing import Any

from courses.content.assets import AssetRefused, AssetStore, SpaceExceeded
from courses.content.cell_outputs import place_attachments, place_outputs
from courses.content.dialects_blocks import DialectBlocks
from courses.content.dialects_display import Displays
from courses.content.dialects_lesson import Forms, OpenForms
from courses.content.dialects_pairs import align
from courses.content.dialects_quiz_files import QuizFiles
from courses.content.dialects_visible import Part
from courses.content.exercises import (
    exercise_length,
    has_answer_region,
    is_exercise_start,
    kept_cell,
    read_exercise,
    without_answers,
)
from courses.content.languages import (
    REMOVED_CELL_TAGS,
    REMOVED_OUTPUT_TAGS,
    cell_language,
    form_title,
    is_hidden,
    is_python_3,
    notebook_language,
    runs_in_browser,
)
from courses.content.lesson_drafts import Block, LessonDraft, Text
from courses.content.notebook import Cell, Names, Notebook
from courses.content.origin import fingerprint, own_metadata, remember, remembered
from courses.content.predictions import has_predictions, read_predictions
from courses.content.quizzes import Quiz, nested_quizzes, split_quizzes
from courses.content.references import find_references

MAX_SOURCE = 200_000


def build_lesson(
    path: str,
    notebook: Notebook,
    store: AssetStore,
    *,
    solution: tuple[str, Notebook] | None = None,
    quiz_files: QuizFiles | None = None,
) -> LessonDraft:
    """The lesson that the file at `path` is. Raises SpaceExceeded; everything else is in `problems`.

    `solution` is the path and the notebook that answers it: its cells become private solutions. `quiz_files` are those
    of the course.
    """
    return _Builder(path, notebook, store, solution, quiz_files).build()


class _Builder(DialectBlocks):
    def __init__(
        self,
        path: str,
        notebook: Notebook,
        store: AssetStore,
        solution: tuple[str, Notebook] | None,
        quiz_files: QuizFiles | None,
    ) -> None:
        self.draft = LessonDraft(path, notebook, problems=list(notebook.problems))
        self.cells = notebook.cells
        self.store = store
        self.language = notebook_language(notebook)
        self.is_python = is_python_3(notebook, self.language)
        self.draft.is_python_3 = self.is_python or self.language != "python"
        self.quiz_files = quiz_files
        self.open, self.displays = OpenForms(), Displays()
        self.forms = Forms(self.cells, self.language, align(self.cells, solution[1].cells) if solution else {})
        if solution:
            self.draft.solution = {"file": solution[0], "cells": [kept_cell(cell) for cell in solution[1].cells]}
        markdown = (cell.source for cell in self.cells if cell.cell_type == "markdown" and "{quiz}" in cell.source)
        tags = {piece.quiz.id for source in markdown for piece in split_quizzes(source) if piece.quiz}
        tags |= {cell.id for cell in self.cells if cell.is_tagged}
        self.names = Names((cell.id for cell in self.cells), tags - {""})

    def build(self) -> LessonDraft:
        index = 0
        while index < len(self.cells):
            cell = self.cells[index]
            if is_exercise_start(cell) and self.language == "python":
                length = exercise_length(self.cells, index)
                self.exercise(self.cells[index : index + length])
                index += length
                continue
            if not self.open.gate and (exercise := self.forms.exercise_at(index)):
                self.coded_exercise(exercise, index)
                index += len(exercise)
                continue
            if cell.cell_type == "markdown":
                self.markdown(cell, index)
            else:
                self.code(cell, index)
            index += 1
        if self.cells and self.quiz_files is not None:
            self.attach(self.cells[-1], self.quiz_files.beside(self.draft.path))
        self.settle()
        for section in self.forms.sections.found:
            self.draft.problems.append((section.cell, f"the section {section.title!r} holds answers: it is not shown"))
        return self.draft

    def problem(self, cell: Cell, what: str) -> None:
        self.draft.problems.append((cell.number, what))

    def drop(self, cell: Cell, dropped: list[str]) -> None:
        self.draft.dropped.extend((cell.number, what) for what in dropped)

    def add(
        self,
        block: Block,
        cell: Cell,
        name: str,
        texts: list[str],
        metadata: dict[str, Any],
        *,
        is_tagged: bool | None = None,
    ) -> None:
        """Append the block under `name`, or one like it that is free; an author's own is kept before all others."""
        is_owner = cell.is_tagged and name == cell.id if is_tagged is None else is_tagged
        taken = self.names.take(name, is_owner=is_owner)
        if taken != name and (is_owner or (cell.has_own_id and name == cell.id)):
            self.problem(cell, f"id {name!r} is used twice; this one becomes {taken!r}")
        block = {"id": taken, **block}
        mark = remembered({"metadata": metadata})
        is_one_cell = block["type"] != "exercise" or "cell" in mark
        has_other_id = cell.written_id != mark.get("cell", taken) and (cell.written_id or cell.has_own_id)
        if is_one_cell and has_other_id:
            metadata = remember(metadata, cell_id=cell.written_id)
        if block["type"] in ("quiz", "exercise") or "source" in mark:
            metadata = remember(metadata, made=fingerprint(block))
        if metadata:
            block["metadata"] = metadata
        self.draft.blocks.append(block)
        if block["type"] == "exercise" or (block["type"] == "code" and block.get("cell_type") != "raw"):
            self.draft.code.append((cell.number, block))
        if texts:
            self.draft.texts.append(Text(block, cell.number, [find_references(text) for text in texts]))

    # Markdown

    def markdown(self, cell: Cell, index: int) -> None:
        if cell.tags & REMOVED_CELL_TAGS:
            attached = place_attachments(cell.attachments, self.store)[0]
            removed = {"source": cell.source} | ({"attachments": attached} if attached else {})
            self.add({"type": "markdown", "source": ""}, cell, cell.id, [], _metadata(cell, **removed))
            return
        if has_predictions(cell.source):
            self.predictions(cell)
            return
        if nested_quizzes(cell.source):
            self.problem(cell, "a {quiz} inside another directive is not read, and not shown: move it out")
        attachments, assets, dropped = place_attachments(cell.attachments, self.store)
        self.drop(cell, dropped)
        if index in self.forms.withheld:
            self.code_gate(cell, index)
            self.withhold(cell, cell.source, 1, {"attachments": attachments} if attachments else {})
            return
        parts = self.forms.parts(index) or [Part("")]
        count = sum(len(part.quizzes) + (part.kind != "quiz") for part in parts)
        number, first_text = 1, len(self.draft.texts)
        for part in parts:
            number = self.part(cell, part, number, count, assets=assets, attachments=attachments)
        self.linked(cell, first_text)

    def bounded(self, cell: Cell, source: str) -> str:
        if len(source) <= MAX_SOURCE:
            return source
        self.problem(cell, f"has {len(source):,} characters; the first {MAX_SOURCE:,} are kept")
        return source[:MAX_SOURCE]

    def quiz(self, cell: Cell, quiz: Quiz, source: str, number: int, *, place: dict[str, Any], assets: Block) -> None:
        self.draft.quizzes += 1
        for what in quiz.problems:
            self.problem(cell, f'quiz "{quiz.name}": {what}')
        # Without an id of its own it follows the cell's, and in a file without cell ids its question.
        name = quiz.id or (f"{cell.id[:58]}-q{number}" if cell.has_own_id else quiz.content_id)
        block = quiz.block | ({"assets": dict(assets)} if assets else {})
        metadata = _metadata(cell, **place, source=source)
        self.add(block, cell, name, _quiz_texts(quiz.block), metadata, is_tagged=bool(quiz.id))

    def predictions(self, cell: Cell) -> None:
        """A block of the directive; while something of it is missing, its text alone is shown, without the options."""
        read = read_predictions(cell.source)
        if read is None:
            self.problem(cell, "a {predictions} directive must be a cell of its own: it is not shown")
            self.add({"type": "markdown", "source": ""}, cell, cell.id, [], _metadata(cell, source=cell.source))
            return
        for name in ("data", "labels") if not read.faults else ():
            try:
                kept = self.store.add_named(
                    getattr(read, name), folder=dirname(self.draft.path), is_secret=name == "labels"
                )
            except SpaceExceeded:
                raise
            except AssetRefused as refused:
                read.faults.append(f":{name}: {getattr(read, name)!r} {refused}")
            else:
                read.block[name] = kept.asset.file
                self.draft.used.append(kept.path)
        for what in read.problems + read.faults:
            self.problem(cell, f"predictions: {what}")
        block, name = read.block, read.id or cell.id
        if read.faults:
            self.problem(cell, "the predictions block is not complete: its text alone is shown")
            block, name = {"type": "markdown", "source": block["prompt"]}, cell.id
        self.add(
            block, cell, name, [read.block["prompt"]], _metadata(cell, source=cell.source), is_tagged=bool(read.id)
        )

    # Exercises

    def exercise(self, cells: list[Cell]) -> None:
        head = cells[0]
        pieces = split_quizzes(head.source)
        exercise = read_exercise(cells, self.language)
        if any(piece.quiz for piece in pieces):
            self.problem(head, "a quiz stands inside an exercise; it comes before it")
            for number, piece in enumerate(pieces, 1):
                if piece.quiz is not None:
                    place = {"cell": head.id, "in_exercise": True}
                    self.quiz(head, piece.quiz, piece.source, number, place=place, assets={})
                    exercise.block["prompt"] = exercise.block["prompt"].replace(piece.source.strip(), "")
        self.draft.exercises += 1
        self.draft.problems.extend(exercise.problems)
        exercise.block["cells"], assets = self.keep_cells(cells)
        if assets:
            exercise.block["assets"] = assets
        texts = [exercise.block["prompt"], *exercise.block["hints"]]
        self.add(exercise.block, head, head.id, texts, {})

    def keep_cells(self, cells: list[Cell]) -> tuple[list[Block], Block]:
        """The cells that an exercise is made of, as it keeps them for export, and the assets attached to them."""
        assets: Block = {}
        kept_cells = [kept_cell(cell) for cell in cells]
        for cell, kept in zip(cells, kept_cells, strict=True):
            kept["source"] = self.bounded(cell, kept["source"])
            if not kept["metadata"]:
                del kept["metadata"]
            self.draft.outputs += len(cell.outputs)
            placed = place_outputs(cell.outputs, self.store)
            self.drop(cell, placed.dropped)
            if placed.outputs:
                kept["outputs"] = placed.outputs
            if placed.uris:
                kept |= {"assets": placed.assets, "output_uris": placed.uris}
            attachments, found, dropped = place_attachments(cell.attachments, self.store)
            self.drop(cell, dropped)
            if attachments:
                kept["attachments"] = attachments
            assets |= found
        return kept_cells, assets

    # Code and raw cells

    def code(self, cell: Cell, index: int) -> None:
        is_displayed, quizzes = self.displayed(cell)
        self.draft.outputs += len(cell.outputs)
        placed = place_outputs(cell.outputs, self.store)
        self.drop(cell, placed.dropped)
        outputs = placed.outputs
        kept: dict[str, Any] = {}
        source = self.bounded(cell, cell.source)
        if self.code_gate(cell, index) or is_displayed:
            if "hidden-check" in cell.tags and index not in self.forms.owned:
                self.problem(cell, "tagged hidden-check outside of an exercise: its source is not shown")
            kept["source"], source = source, ""
            kept |= {"outputs": outputs} if outputs else {}
            outputs = []
        elif has_answer_region(source):
            if index not in self.forms.owned:
                self.problem(cell, "marks a solution or hidden tests outside of an exercise: that part is not shown")
            kept["source"], source = source, without_answers(source)
        if cell.tags & REMOVED_CELL_TAGS and cell.cell_type == "raw":
            kept.setdefault("source", source)
            source = ""
        if (cell.tags & REMOVED_OUTPUT_TAGS or index in self.forms.quiet) and outputs:
            kept["outputs"], outputs = outputs, []
        language = cell_language(cell, self.language)
        block: Block = {"type": "code", "source": source, "language": language, "outputs": outputs}
        block["run"] = self.run(cell, language) if source or not kept.get("source") else "static"
        if block["run"] == "hidden":
            title = form_title(source)
            block |= {"title": title} if title else {}
        if placed.assets and outputs:
            block["assets"] = placed.assets
        elif placed.assets:
            kept["assets"] = placed.assets
        if placed.uris:
            kept["output_uris"] = placed.uris
        if cell.execution_count is not None:
            block["execution_count"] = cell.execution_count
        if cell.cell_type == "raw":
            block["cell_type"] = "raw"
        self.add(block, cell, cell.id, [], _metadata(cell, **kept))
        if source or outputs:
            self.caption(cell)
        self.attach(cell, quizzes)

    def run(self, cell: Cell, language: str) -> str:
        if cell.cell_type == "raw":
            return "static"
        if is_hidden(cell) or form_title(cell.source):
            return "hidden"
        return "interactive" if self.is_python and language == "python" and runs_in_browser(cell.source) else "static"


def _quiz_texts(block: Block) -> list[str]:
    texts = [block["prompt"], block.get("explanation", "")]
    for choice in block.get("choices", ()):
        texts += [choice["text"], choice.get("feedback", "")]
    return [text for text in texts if text]


def _metadata(cell: Cell, /, **kept: Any) -> dict[str, Any]:
    """The cell's own metadata; what export needs besides is in it under `mlpracticum.import`."""
    metadata = own_metadata({"metadata": cell.metadata})  # a mark in the file would be taken for ours
    return remember(metadata, **kept) if kept else metadata
