"""`course.toml` written: what the reader in `manifest.py` takes. Knows the file's form, no folder and no model."""

import json
import re
from dataclasses import dataclass, field

from courses.content.course_source import CERTIFICATE_PERCENT

_TEXTS = ("uid", "title", "slug", "summary", "level", "language", "licence")
_LISTS = ("authors", "outcomes", "requirements")


@dataclass
class LessonEntry:
    """A lesson's line. `uid` is None where the path is the identity; `completion` where nothing need be said of it."""

    file: str
    title: str
    uid: str | None
    slug: str
    minutes: int
    preview: bool
    completion: str | None = None


@dataclass
class ModuleEntry:
    """A `[[modules]]` table."""

    title: str
    uid: str
    lessons: list[LessonEntry] = field(default_factory=list)


@dataclass
class CourseEntry:
    """The whole file. `data_files` are paths in the folder; `description_html` is what was made of the description.

    `certificate` is the percent of the points that one takes, None for a course without.
    """

    uid: str
    title: str
    slug: str
    summary: str
    level: str
    language: str
    licence: str
    description: str
    authors: list[str]
    outcomes: list[str]
    requirements: list[str]
    modules: list[ModuleEntry] = field(default_factory=list)
    data_files: list[str] = field(default_factory=list)
    description_html: str = ""
    certificate: int | None = CERTIFICATE_PERCENT


def write_manifest(course: CourseEntry) -> str:
    """The text of `course.toml`; what is empty is left out."""
    lines = [f"{name} = {_text(value)}" for name in _TEXTS if (value := getattr(course, name))]
    lines += [f"{name} = {_list(values)}" for name in _LISTS if (values := getattr(course, name))]
    if course.description:
        lines.append(f"description = {_long_text(course.description)}")
    if course.certificate is None:
        lines.append("certificate = false")
    elif course.certificate != CERTIFICATE_PERCENT:
        lines.append(f"certificate = {{ score = {course.certificate} }}")
    for module in course.modules:
        lines += ["", "[[modules]]", f"title = {_text(module.title)}", f"uid = {_text(module.uid)}", "lessons = ["]
        lines += [f"  {_lesson(lesson)}," for lesson in module.lessons]
        lines.append("]")
    if course.data_files:
        lines += ["", "[files]", f"data = {_list(course.data_files)}"]
    return "\n".join(lines) + "\n"


def _lesson(lesson: LessonEntry) -> str:
    parts = [f"file = {_text(lesson.file)}", f"title = {_text(lesson.title)}"]
    if lesson.uid is not None:
        parts.append(f"uid = {_text(lesson.uid)}")
    parts += [f"slug = {_text(lesson.slug)}", f"minutes = {lesson.minutes}"]
    if lesson.preview:
        parts.append("preview = true")
    if lesson.completion:
        parts.append(f"completion = {_text(lesson.completion)}")
    return "{ " + ", ".join(parts) + " }"


def _text(value: str) -> str:
    """A basic string: JSON's escapes are TOML's, but that JSON leaves DEL as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: list[str]) -> str:
    if len(values) == 1:
        return f"[{_text(values[0])}]"
    return "[\n" + "".join(f"  {_text(value)},\n" for value in values) + "]"


def _long_text(value: str) -> str:
    escaped = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", value.replace("\\", "\\\\"))
    return '"""\n' + escaped.replace('"""', '""\\"') + ('\n"""' if not value.endswith('"') else '\\n"""')
