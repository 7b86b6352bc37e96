"""A lesson as it was read from its file, before its references are resolved, and what it is called.

Owns what is known of a lesson between reading and resolving; how cells become blocks is in `lessons.py`. No files here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import basename, splitext
from typing import Any

from courses.content.notebook import Notebook
from courses.content.references import Heading, References

MAX_TITLE = 200

Block = dict[str, Any]


@dataclass
class Text:
    """A block's Markdown, read for what it refers to. `cell` is the number of the cell it came from."""

    block: Block
    cell: int
    references: list[References]


@dataclass
class LessonDraft:
    """A lesson before its references are resolved."""

    path: str
    notebook: Notebook
    blocks: list[Block] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    code: list[tuple[int, Block]] = field(default_factory=list)
    """Code cells and exercises, with the number of the cell each came from."""
    is_python_3: bool = True
    used: list[str] = field(default_factory=list)
    """Paths of the course's files that code cells import or read; export puts them back."""
    answers: list[str] = field(default_factory=list)
    """Paths of files of answers that belong to no exercise and lie near this lesson: kept for export, never shown."""
    linked_twins: list[str] = field(default_factory=list)
    """Paths of copies of lessons that links name: an export has them too, or the links would break there."""
    used_files: dict[str, str | None] = field(default_factory=dict)
    quizzes: int = 0
    exercises: int = 0
    outputs: int = 0
    problems: list[tuple[int | None, str]] = field(default_factory=list)
    dropped: list[tuple[int, str]] = field(default_factory=list)
    quiz_links: set[str] = field(default_factory=set)
    block_labels: dict[str, str] = field(default_factory=dict)
    """Labels of exercises, each with its block's id: what a text may refer to."""
    solution: dict[str, Any] | None = None

    @property
    def files_used(self) -> list[str]:
        """Files of the course that the lesson needs and does not show: of code, quizzes, solutions; lessons' copies."""
        quizzes = (block.get("metadata", {}).get("quiz_file") for block in self.blocks)
        named = (*quizzes, self.solution.get("file") if self.solution else None)
        return sorted(
            {*self.used, *self.answers, *self.linked_twins, *(path for path in named if isinstance(path, str))}
        )

    @property
    def headings(self) -> Iterator[Heading]:
        """The headings of the whole lesson, in order."""
        return (heading for text in self.texts for found in text.references for heading in found.headings)

    @property
    def anchors(self) -> Iterator[str]:
        """The ids that the author set, in order."""
        return (anchor for text in self.texts for found in text.references for anchor in found.anchors)

    @property
    def body(self) -> dict[str, Any]:
        """The lesson body; its metadata is for export alone."""
        kept: dict[str, Any] = {"format": self.notebook.format}
        if self.notebook.version:
            # nbformat 3 is kept as what it was upgraded to: that is what can be written again.
            kept["nbformat"] = [4, 4] if self.notebook.version[0] == 3 else list(self.notebook.version)
        if self.notebook.front_matter:
            kept["front_matter"] = self.notebook.front_matter
        if self.notebook.lexer:
            kept["lexer"] = self.notebook.lexer
        if self.notebook.metadata:
            kept["notebook"] = self.notebook.metadata
        if self.solution:
            kept["solution"] = self.solution
        if self.used_files:
            kept["files"] = self.used_files
        return {"version": 1, "metadata": kept, "blocks": self.blocks}


def lesson_title(draft: LessonDraft) -> str:
    """What the author calls the lesson, else its first H1, else its file's name in words."""
    metadata = draft.notebook.metadata
    for named in (draft.notebook.settings.get("title"), metadata.get("title")):
        if isinstance(named, str) and named.strip() and draft.notebook.format != "ipynb":
            return cut_title(named)
    settings_title = draft.notebook.settings.get("title")
    if isinstance(settings_title, str) and settings_title.strip():
        return cut_title(settings_title)
    first = next((heading.text for heading in draft.headings if heading.level == 1 and heading.text), "")
    return cut_title(first) or title_from_name(draft.path)


def title_from_name(path: str) -> str:
    """`week-1/02_gradient-descent.ipynb` as "Gradient descent"."""
    return title_from_words(splitext(basename(path))[0])


def title_from_words(name: str) -> str:
    """A folder's or file's name without its number, as a title: `02_gradient-descent` is "Gradient descent"."""
    words = re.sub(r"[-_\s]+", " ", re.sub(r"^\d+(?:[.\-_ ]\d+)*[.\-_ )]+", "", name)).strip() or name
    return cut_title(words[:1].upper() + words[1:])


def cut_title(title: str) -> str:
    """At most 200 characters, on one line."""
    title = " ".join(title.split())
    return title if len(title) <= MAX_TITLE else title[: MAX_TITLE - 1].rstrip() + "…"
