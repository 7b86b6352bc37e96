"""A course as it was read from a folder: plain data, ready to be stored. Knows neither files nor models."""

from dataclasses import dataclass, field
from typing import Any

from courses.content.assets import AssetSource
from courses.content.report import ImportReport

COMPLETIONS = ("read", "passed")
"""What makes a lesson done: the learner says so, or all that is judged in it is passed."""
CERTIFICATE_PERCENT = 60


@dataclass
class LessonSource:
    """A lesson ready to be stored. `uid` is the author's own, else the path; `minutes` is None when nobody said.

    `completion` is one of COMPLETIONS.
    """

    uid: str
    slug: str
    title: str
    minutes: int | None
    is_preview: bool
    path: str
    body: dict[str, Any] = field(repr=False)
    has_own_uid: bool = False
    completion: str = "read"


@dataclass
class ModuleSource:
    """A module with its lessons in order."""

    uid: str
    title: str
    lessons: list[LessonSource]


@dataclass
class CourseSource:
    """A course ready to be stored. `assets` are its files by name; `data_files` those that it offers: path → name.

    `certificate` is the share of the points that one takes, in percent; None: the course has none.
    `description_references` are the `assets` and `links` of the description, as a Markdown block has them, for a page
    at `/courses/<slug>/`.
    """

    title: str
    slug: str | None
    uid: str | None
    summary: str
    description: str
    level: str
    language: str
    licence: str
    authors: list[str]
    outcomes: list[str]
    requirements: list[str]
    modules: list[ModuleSource]
    assets: dict[str, AssetSource]
    report: ImportReport
    description_references: dict[str, Any] = field(default_factory=dict)
    data_files: dict[str, str] = field(default_factory=dict)
    certificate: int | None = CERTIFICATE_PERCENT

    @property
    def lessons(self) -> list[LessonSource]:
        """All lessons, in order."""
        return [lesson for module in self.modules for lesson in module.lessons]
