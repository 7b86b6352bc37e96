"""A course folder that is edited as authors do, for the tests that import it again and again.

Every edit takes the folder and two numbers, any numbers, that say what of it is meant; where there is nothing to edit
it does nothing.
"""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MODULES = ("lines", "trees")
TEXT = "gradient descent walks down the slope of a loss that measures how wrong every prediction of the model was"
WORDS = TEXT.split()
MOST = 7  # lessons


@dataclass
class Doc:
    """A notebook of the folder: cells as (id, source). `pk` is the lesson that it last was, where that must hold."""

    path: str
    module: str
    title: str
    cells: list[tuple[str, str]]
    uid: str | None = None
    pk: int | None = None


@dataclass
class EditedFolder:
    """The folder before it is written, and what was deleted from it."""

    root: Path
    docs: list[Doc] = field(default_factory=list)
    trash: list[Doc] = field(default_factory=list)
    made: int = 0

    def name(self) -> str:
        """A name that nothing had before."""
        self.made += 1
        return f"n{self.made}"


def prose(number: int, words: int = 24) -> str:
    return (
        " ".join(WORDS[(number * 7 + step * (number % 5 + 1)) % len(WORDS)] for step in range(words)) + f" ({number})"
    )


def new_doc(folder: EditedFolder, module: str) -> Doc:
    number = folder.made
    cells = [(f"c{number}x{index}", prose(number * 10 + index)) for index in range(3)]
    return Doc(f"{folder.name()}.ipynb", module, f"Lesson {number}", cells)


def add(folder: EditedFolder, a: int, b: int) -> None:
    if len(folder.docs) < MOST:
        folder.docs.insert(a % (len(folder.docs) + 1), new_doc(folder, MODULES[b % 2]))


def delete(folder: EditedFolder, a: int, b: int) -> None:
    if len(folder.docs) > 1:
        folder.trash.append(folder.docs.pop(a % len(folder.docs)))


def restore(folder: EditedFolder, a: int, b: int) -> None:
    if folder.trash:
        doc = folder.trash.pop(a % len(folder.trash))
        if all(other.path != doc.path and (doc.uid is None or other.uid != doc.uid) for other in folder.docs):
            folder.docs.append(doc)


def rename(folder: EditedFolder, a: int, b: int) -> None:
    doc = folder.docs[a % len(folder.docs)]
    doc.path = f"{folder.name()}.ipynb"
    if doc.uid is None:
        doc.pk = None


def swap_names(folder: EditedFolder, a: int, b: int) -> None:
    one, two = folder.docs[a % len(folder.docs)], folder.docs[b % len(folder.docs)]
    one.path, two.path = two.path, one.path
    for doc in (one, two):
        doc.pk = doc.pk if doc.uid else None


def move(folder: EditedFolder, a: int, b: int) -> None:
    doc = folder.docs[a % len(folder.docs)]
    doc.module = MODULES[1 - MODULES.index(doc.module)]


def reorder(folder: EditedFolder, a: int, b: int) -> None:
    folder.docs.insert(b % len(folder.docs), folder.docs.pop(a % len(folder.docs)))


def split(folder: EditedFolder, a: int, b: int) -> None:
    doc = folder.docs[a % len(folder.docs)]
    if len(doc.cells) > 1 and len(folder.docs) < MOST:
        rest = Doc(f"{folder.name()}.ipynb", doc.module, f"{doc.title}, continued", doc.cells[1:])
        doc.cells = doc.cells[:1]
        folder.docs.insert(folder.docs.index(doc) + 1, rest)


def copy(folder: EditedFolder, a: int, b: int) -> None:
    if len(folder.docs) < MOST:
        twin = deepcopy(folder.docs[a % len(folder.docs)])
        twin.path, twin.uid, twin.pk = f"{folder.name()}.ipynb", None, None
        folder.docs.insert(b % (len(folder.docs) + 1), twin)


def edit_cell(folder: EditedFolder, a: int, b: int) -> None:
    doc = folder.docs[a % len(folder.docs)]
    if doc.cells:
        index = b % len(doc.cells)
        doc.cells[index] = (doc.cells[index][0], prose(a * 31 + b))


def add_cell(folder: EditedFolder, a: int, b: int) -> None:
    doc = folder.docs[a % len(folder.docs)]
    doc.cells.insert(b % (len(doc.cells) + 1), (folder.name(), prose(a + b)))


def remove_cell(folder: EditedFolder, a: int, b: int) -> None:
    doc = folder.docs[a % len(folder.docs)]
    if doc.cells:
        doc.cells.pop(b % len(doc.cells))


def change_title(folder: EditedFolder, a: int, b: int) -> None:
    folder.docs[a % len(folder.docs)].title = f"Title {b % 5}"


def give_uid(folder: EditedFolder, a: int, b: int) -> None:
    doc = folder.docs[a % len(folder.docs)]
    doc.uid = doc.uid or folder.name()


def write(folder: EditedFolder) -> None:
    for old in folder.root.iterdir():
        old.unlink()
    lines = ['uid = "script"', 'slug = "script"', 'title = "Script"', 'summary = "A script."', 'level = "beginner"']
    for module in MODULES:
        docs = [doc for doc in folder.docs if doc.module == module]
        if docs:
            lines += ["[[modules]]", f'uid = "{module}"', f'title = "{module.title()}"']
            lines.append(f"lessons = [{', '.join(json.dumps(doc.path) for doc in docs)}]")
    (folder.root / "course.toml").write_text("\n".join(lines) + "\n")
    for doc in folder.docs:
        quiz = f"```{{quiz}} text\n:id: ask\n\nWhat is {doc.cells[0][1][:20] if doc.cells else 'it'}?\n\n= yes\n```"
        cells = [("title", f"# {doc.title}"), *doc.cells, ("ask", quiz)]
        kept: dict[str, Any] = {"mlpracticum": {"uid": doc.uid}} if doc.uid else {}
        notebook = {
            "nbformat": 4, "nbformat_minor": 5, "metadata": kept,
            "cells": [{"cell_type": "markdown", "id": name, "metadata": {}, "source": text} for name, text in cells],
        }  # fmt: skip
        (folder.root / doc.path).write_text(json.dumps(notebook))


EDITS = [
    add, delete, restore, rename, swap_names, move, reorder, split, copy, edit_cell, add_cell, remove_cell,
    change_title, give_uid,
]  # fmt: skip
