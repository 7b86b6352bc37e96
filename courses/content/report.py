"""The import's report: what was read, and each thing an author should know. Knows no file system and no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

MAX_LISTED = 1_000
"""Entries of each list in the report; what is beyond is counted."""


class FormulaCount(Protocol):
    """What compiling says of a lesson's formulas."""

    @property
    def total(self) -> int: ...

    @property
    def failed(self) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True)
class Problem:
    """Something to tell the author: `file` relative to the course, `cell` counted from 1, or None."""

    file: str
    what: str
    cell: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}, cell {self.cell}" if self.cell is not None else self.file
        return f"{where}: {self.what}" if where else self.what

    def as_dict(self) -> dict[str, Any]:
        """The entry of the report's `problems`."""
        return {"file": self.file, "cell": self.cell, "what": self.what}


class CourseRefused(ValueError):
    """A course that must not be imported; nothing may be written. `problems` is never empty."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        shown = "; ".join(str(problem) for problem in problems[:5])
        super().__init__(shown if len(problems) <= 5 else f"{shown}; and {len(problems) - 5} more")


@dataclass
class ImportReport:
    """Counts and lists. `as_dict` is the JSON that `import_course --report` writes, without course and changes."""

    lessons: int = 0
    notebooks: int = 0
    cells: int = 0
    quizzes: int = 0
    exercises: int = 0
    formulas: int = 0
    failed_formulas: list[dict[str, Any]] = field(default_factory=list)
    images: int = 0
    remote_images: int = 0
    missing_images: list[dict[str, Any]] = field(default_factory=list)
    links: int = 0
    lesson_links: int = 0
    file_links: int = 0
    remote_links: int = 0
    broken_links: list[dict[str, Any]] = field(default_factory=list)
    outputs: int = 0
    dropped_outputs: list[dict[str, Any]] = field(default_factory=list)
    browser: list[dict[str, Any]] = field(default_factory=list)
    """What the browser's Python makes of a lesson with code: `{"lesson", "packages", "cells": [{"cell", "why"}]}`."""
    problems: list[Problem] = field(default_factory=list)

    def add_problem(self, file: str, what: str, cell: int | None = None) -> None:
        """List a problem that does not stop the import."""
        self.problems.append(Problem(file, what, cell))

    def add_missing_image(self, file: str, cell: int | None, reference: str, why: str) -> None:
        """List an image reference that leads nowhere; its alternative text stays."""
        self.missing_images.append({"file": file, "cell": cell, "reference": reference[:300], "why": why})

    def add_broken_link(self, file: str, cell: int | None, reference: str, why: str) -> None:
        """List a link into the course that leads nowhere; its text stays."""
        self.broken_links.append({"file": file, "cell": cell, "reference": reference[:300], "why": why})

    def add_dropped_output(self, file: str, cell: int | None, what: str) -> None:
        """List a cell output, or a part of one, that is not shown."""
        self.dropped_outputs.append({"file": file, "cell": cell, "what": what})

    def add_formulas(self, lesson_path: str, formulas: FormulaCount) -> None:
        """Add what compiling found in a lesson."""
        self.formulas += formulas.total
        self.failed_formulas.extend({"file": lesson_path, **failed} for failed in formulas.failed)

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "lessons": self.lessons,
            "notebooks": self.notebooks,
            "cells": self.cells,
            "formulas": {"total": self.formulas, "failed": self.failed_formulas[:MAX_LISTED]},
            "images": {
                "total": self.images,
                "remote": self.remote_images,
                "missing": self.missing_images[:MAX_LISTED],
            },
            "links": {
                "total": self.links,
                "to_lessons": self.lesson_links,
                "to_files": self.file_links,
                "remote": self.remote_links,
                "broken": self.broken_links[:MAX_LISTED],
            },
            "quizzes": self.quizzes,
            "exercises": self.exercises,
            "outputs": {"total": self.outputs, "dropped": self.dropped_outputs[:MAX_LISTED]},
            "browser": [lesson | {"cells": lesson["cells"][:MAX_LISTED]} for lesson in self.browser],
            "problems": [problem.as_dict() for problem in self.problems[:MAX_LISTED]],
        }
