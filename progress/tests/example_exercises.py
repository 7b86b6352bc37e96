"""The exercises of `examples/` as cases for whoever judges code: what goes in, and the verdict that must come out.

The server's sandbox and the browser's worker are both asked the same ones. Reads the folder alone, no database.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from courses.content.compiling import compile_body
from courses.content.course_source import CourseSource, LessonSource
from courses.content.folder import read_course

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class ExampleBlock:
    """A judged block as publishing would store it: `public` and `key`, and the author's own `body`."""

    course: CourseSource
    lesson: LessonSource
    body: dict[str, Any]
    public: dict[str, Any]
    key: dict[str, Any]

    @property
    def name(self) -> str:
        """Where an author finds it."""
        return f"{self.lesson.slug}/{self.body['id']}"

    @property
    def folder(self) -> str:
        """The lesson's folder in the course, where code runs; "" at its root."""
        return self.lesson.path.rpartition("/")[0]

    @property
    def files(self) -> dict[str, bytes]:
        """What code may read, by its path in the course."""
        return {path: (self.course_folder / path).read_bytes() for path in self.course.data_files}

    @property
    def course_folder(self) -> Path:
        return next(folder for folder, course in example_courses().items() if course is self.course)


@dataclass(frozen=True)
class Case:
    """Code for an exercise, and whether it passes: all its checks, or at least one of them not."""

    block: ExampleBlock
    kind: str
    code: str
    passes: bool

    @property
    def name(self) -> str:
        """The exercise, and which of its codes this is."""
        return f"{self.block.name}:{self.kind}"

    @property
    def setup(self) -> str:
        """What runs before the code."""
        return self.block.public["setup"]

    @property
    def checks(self) -> list[dict[str, Any]]:
        """The checks that everybody sees, with what they expect."""
        return self.block.public["checks"]

    @property
    def hidden_checks(self) -> list[dict[str, Any]]:
        """The checks that no page has."""
        return self.block.key["hidden_checks"]


@cache
def example_courses() -> dict[Path, CourseSource]:
    """Each course of `examples/`, by its folder."""
    return {path.parent: read_course(path.parent) for path in sorted(EXAMPLES.glob("*/course.toml"))}


@cache
def example_blocks(kind: str) -> tuple[ExampleBlock, ...]:
    """All blocks of a type, compiled, in the order of the courses."""
    found = []
    for course in example_courses().values():
        for lesson in course.lessons:
            compiled = compile_body(lesson.body, title=lesson.title)
            bodies = {block["id"]: block for block in lesson.body["blocks"]}
            found += [
                ExampleBlock(course, lesson, bodies[public["id"]], public, compiled.key[public["id"]])
                for public in compiled.public["blocks"]
                if public["type"] == kind
            ]
    return tuple(found)


def exercise_cases() -> list[Case]:
    """The solution of every exercise, which passes, and its starter, which does not."""
    return [
        case
        for block in example_blocks("exercise")
        for case in (
            Case(block, "solution", block.key["solution"], passes=True),
            Case(block, "starter", block.public["starter"], passes=False),
        )
    ]
