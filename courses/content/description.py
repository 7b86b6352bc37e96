"""The course's description: what `course.toml` says, else the README at the root without its title and badges.

Its references are resolved like a lesson's, for the course's own page. Knows Markdown and the folder, not the lessons.
"""

from dataclasses import dataclass, field
from typing import Any

from courses.content.assets import AssetStore
from courses.content.course_files import CourseFiles
from courses.content.images import resolve_images
from courses.content.lesson_drafts import LessonDraft, Text
from courses.content.links import LessonTarget, LinkResolver
from courses.content.markdown import RenderContext, heading_title, parse_markdown
from courses.content.notebook import Notebook, NotebookRefused
from courses.content.order import course_readme
from courses.content.references import find_references, first_heading
from courses.content.report import ImportReport
from courses.content.textfiles import read_markdown

MAX_CHARACTERS = 100_000
SHORTEST_SUMMARY, LONGEST_SUMMARY = 40, 300


@dataclass
class Description:
    """Markdown `text`, the `title` above it, a one-sentence `summary`, and the file it is from ("" for course.toml)."""

    text: str = ""
    title: str = ""
    summary: str = ""
    path: str = ""
    references: dict[str, Any] = field(default_factory=dict)

    def resolve(self, links: LinkResolver, files: CourseFiles, store: AssetStore, report: ImportReport) -> None:
        """Fill `references`. What leads nowhere is a problem of the course; the lessons' counts stay theirs."""
        path = self.path or "course.toml"
        block: dict[str, Any] = {}
        draft = LessonDraft(path, Notebook([]), texts=[Text(block, 1, [find_references(self.text)])])
        own = ImportReport()
        resolve_images(draft, files, store, own)
        links.resolve(draft, own, here=LessonTarget(path, ""))
        for missing in (*own.missing_images, *own.broken_links):
            report.add_problem(path, f"refers to {missing['reference']!r}: {missing['why']}")
        # A lesson's page lies one level below the course's.
        pages = {link: address.removeprefix("../") or "./" for link, address in block.get("links", {}).items()}
        self.references = {"assets": block.get("assets", {}), "links": pages}


def read_description(files: CourseFiles, text: str | None) -> Description:
    """The description that the author gives as `text`, else that of the README; empty without either."""
    path = course_readme(files)
    readme = _read(files, path) if path else ""
    title, rest = first_heading(readme)
    if text is not None:
        return Description(text, title, _summary(text))
    return Description(rest.strip()[:MAX_CHARACTERS], title, _summary(rest), path or "")


def _read(files: CourseFiles, path: str) -> str:
    try:
        notebook = read_markdown(files.read(path, max_bytes=MAX_CHARACTERS * 10))
    except (NotebookRefused, OSError, ValueError):
        return ""  # a README that cannot be read is no reason to refuse its course
    return "".join(cell.source for cell in notebook.cells)


def _summary(text: str) -> str:
    """The first paragraph that says something, in plain text; badges and bylines are too short to be one."""
    context = RenderContext()
    parsed = parse_markdown(text, context)
    for index, token in enumerate(parsed.tokens):
        if token.type == "paragraph_open" and token.level == 0 and index + 1 < len(parsed.tokens):
            inline = parsed.tokens[index + 1]
            inline.children = [child for child in inline.children or () if child.type != "image"]
            words = heading_title(inline, parsed.formulas, context)
            if len(words) >= SHORTEST_SUMMARY:
                return _first_sentences(words)
    return ""


def _first_sentences(words: str) -> str:
    if len(words) <= LONGEST_SUMMARY:
        return words
    end = words.rfind(". ", 0, LONGEST_SUMMARY)
    return words[: end + 1] if end > SHORTEST_SUMMARY else words[: LONGEST_SUMMARY - 1].rstrip() + "…"
