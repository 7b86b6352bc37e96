"""`course.toml`: what an author says of the course and of the order of its lessons.

Each fault is named by its place (`modules[1].lessons[0].minutes`) and refuses the course, because an author who writes
this file means what it says. Knows the file and the folder's list of files, nothing of what they hold.
"""

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from courses.content.course_files import CourseFiles, Found
from courses.content.course_source import CERTIFICATE_PERCENT, COMPLETIONS
from courses.content.order import SUFFIXES, Entry, ModulePlan, Outline
from courses.content.report import Problem

NAME = "course.toml"
LEVELS = ("beginner", "intermediate", "advanced")
MAX_BYTES = 1_000_000
MAX_MINUTES = 600

# tomllib keeps every beginning of a dotted key: a long one would cost the square of its length in memory.
_LONG_KEY = re.compile(r"""(?:(?:[A-Za-z0-9_-]++|"(?:\\.|[^"\\\n])*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}""")
_SLUG = re.compile(r"[-a-zA-Z0-9_]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_TEXTS = ("uid", "title", "slug", "summary", "level", "language", "licence", "description")
_LISTS = ("authors", "outcomes", "requirements")
_TOP = frozenset({*_TEXTS, *_LISTS, "completion", "certificate", "modules", "files"})
_LESSON = frozenset({"file", "title", "uid", "slug", "minutes", "preview", "completion"})


@dataclass
class Manifest:
    """The file as read. `about` has the course's own fields, checked; `modules` is None when it gives no order.

    `completion` is the rule of lessons that name none; `certificate` the percent of one, None for a course without.
    """

    about: dict[str, Any] = field(default_factory=dict)
    modules: list[ModulePlan] | None = None
    data_files: list[str] = field(default_factory=list)
    completion: str | None = None
    certificate: int | None = CERTIFICATE_PERCENT
    faults: list[Problem] = field(default_factory=list)

    def outline(self) -> Outline:
        """The order that the file gives."""
        return Outline(modules=self.modules or [], source=NAME)


def read_manifest(files: CourseFiles) -> Manifest | None:
    """Read `course.toml` at the root; None without one. Never raises: see `faults`."""
    if NAME not in files.sizes:
        return None
    manifest = Manifest()
    try:
        text = files.read(NAME, max_bytes=MAX_BYTES).decode("utf-8-sig")
        if _LONG_KEY.search(text):
            raise ValueError("holds a key of over 32 parts")
        content = tomllib.loads(text)
    except UnicodeDecodeError as error:
        manifest.faults.append(Problem(NAME, f"is not UTF-8 (byte {error.start})"))
    except tomllib.TOMLDecodeError as error:
        manifest.faults.append(Problem(NAME, f"is not valid TOML: {error}"))
    except (OSError, ValueError, RecursionError) as error:
        manifest.faults.append(Problem(NAME, f"cannot be read: {error}"))
    else:
        _Reader(files, manifest).read(content)
    return manifest


class _Reader:
    def __init__(self, files: CourseFiles, manifest: Manifest) -> None:
        self.files = files
        self.manifest = manifest

    def fault(self, place: str, what: str) -> None:
        self.manifest.faults.append(Problem(NAME, f"{place}: {what}"))

    def read(self, content: dict[str, Any]) -> None:
        self.known(content, _TOP, "")
        about = self.manifest.about
        for name, most in (("uid", 200), ("title", 200), ("summary", 300), ("licence", 80)):
            about[name] = self.text(content, name, "", most)
        about["description"] = self.text(content, "description", "", 100_000, lines=True)
        about["slug"] = self.text(content, "slug", "", 80, form=(_SLUG, "letters, digits, - and _"))
        about["language"] = self.text(content, "language", "", 12, form=(_LANGUAGE, "a tag such as en or pt-BR"))
        about["level"] = self.text(content, "level", "", 20)
        if about["level"] is not None and about["level"] not in LEVELS:
            self.fault("level", f"must be one of {', '.join(LEVELS)}")
        for name in _LISTS:
            about[name] = self.texts(content, name)
        self.manifest.completion = self.completion(content, "")
        self.certificate(content.get("certificate", True))
        if "title" not in content:
            self.fault("title", "is required")
        if "modules" in content:
            self.modules(content["modules"])
        if "files" in content:
            self.data_files(content["files"])

    def known(self, table: dict[str, Any], names: frozenset[str], place: str) -> None:
        for name in table:
            if name not in names:
                self.fault(f"{place}{name}", f"is not a known key; known are {', '.join(sorted(names))}")

    def text(
        self,
        table: dict[str, Any],
        name: str,
        place: str,
        most: int,
        *,
        lines: bool = False,
        form: tuple[re.Pattern[str], str] | None = None,
    ) -> str | None:
        """The text under `name`, or None when it is absent or faulty."""
        if name not in table:
            return None
        value = table[name]
        if not isinstance(value, str):
            self.fault(place + name, "must be text")
        elif not value.strip() and name in ("title", "uid", "slug", "file", "language", "level"):
            self.fault(place + name, "must not be empty")
        elif len(value) > most:
            self.fault(place + name, f"must have at most {most} characters")
        elif "\0" in value or (not lines and re.search(r"[\x00-\x1f]", value.strip())):
            self.fault(place + name, "must be one line without control characters")
        elif form and not form[0].fullmatch(value):
            self.fault(place + name, f"must be made of {form[1]}")
        else:
            return value.strip()
        return None

    def texts(self, table: dict[str, Any], name: str) -> list[str]:
        value = table.get(name, [])
        if not isinstance(value, list):
            self.fault(name, "must be a list")
            return []
        return [
            kept
            for index, item in enumerate(value)
            if (kept := self.text({f"{name}[{index}]": item}, f"{name}[{index}]", "", 500))
        ]

    def modules(self, value: Any) -> None:
        if not isinstance(value, list) or not value:
            self.fault("modules", "must be a list of [[modules]] tables")
            return
        modules: list[ModulePlan] = []
        seen: dict[str, dict[str, str]] = {"file": {}, "uid": {}, "slug": {}, "module uid": {}}
        for index, item in enumerate(value):
            place = f"modules[{index}]."
            if not isinstance(item, dict):
                self.fault(place[:-1], "must be a table")
                continue
            self.known(item, frozenset({"title", "uid", "lessons"}), place)
            title = self.text(item, "title", place, 200)
            if "title" not in item:
                self.fault(f"{place}title", "is required")
            uid = self.text(item, "uid", place, 200)
            self.unique(seen["module uid"], uid, f"{place}uid")
            entries = self.lessons(item.get("lessons"), place, seen)
            modules.append(ModulePlan(entries, title, uid or f"module:{title}"[:200], has_own_uid=uid is not None))
        self.manifest.modules = modules

    def lessons(self, value: Any, place: str, seen: dict[str, dict[str, str]]) -> list[Entry]:
        if not isinstance(value, list) or not value:
            self.fault(f"{place}lessons", "must be a list of lessons")
            return []
        entries: list[Entry] = []
        for index, item in enumerate(value):
            entry = self.lesson({"file": item} if isinstance(item, str) else item, f"{place}lessons[{index}]", seen)
            if entry is not None:
                entries.append(entry)
        return entries

    def lesson(self, item: Any, where: str, seen: dict[str, dict[str, str]]) -> Entry | None:
        if not isinstance(item, dict):
            self.fault(where, "must be a file name or a table with file = …")
            return None
        place = f"{where}."
        self.known(item, _LESSON, place)
        if "file" not in item:
            self.fault(f"{place}file", "is required")
        name = self.text(item, "file", place, 400)
        path = self.file(name, where) if name else None
        uid = self.text(item, "uid", place, 400)
        slug = self.text(item, "slug", place, 120, form=(_SLUG, "letters, digits, - and _"))
        for kind, value in (("file", path), ("uid", uid), ("slug", slug)):
            self.unique(seen[kind], value, f"{place}{kind}")
        minutes = item.get("minutes")
        if minutes is not None and (type(minutes) is not int or not 1 <= minutes <= MAX_MINUTES):
            self.fault(f"{place}minutes", f"must be a whole number from 1 to {MAX_MINUTES}")
            minutes = None
        preview = item.get("preview", False)
        if not isinstance(preview, bool):
            self.fault(f"{place}preview", "must be true or false")
        title = self.text(item, "title", place, 200)
        completion = self.completion(item, place)
        return Entry(path, title, uid, slug, minutes, preview is True, completion) if path else None

    def completion(self, table: dict[str, Any], place: str) -> str | None:
        value = table.get("completion")
        if value is None or value in COMPLETIONS:
            return value
        self.fault(f"{place}completion", f"must be one of {', '.join(COMPLETIONS)}")
        return None

    def certificate(self, value: Any) -> None:
        """`true`, `false`, or `{score = 60}`."""
        if isinstance(value, bool):
            self.manifest.certificate = CERTIFICATE_PERCENT if value else None
            return
        if not isinstance(value, dict):
            self.fault("certificate", "must be true, false, or a table with score = …")
            return
        self.known(value, frozenset({"score"}), "certificate.")
        score = value.get("score", CERTIFICATE_PERCENT)
        if type(score) is not int or not 1 <= score <= 100:
            self.fault("certificate.score", "must be a whole number from 1 to 100")
            return
        self.manifest.certificate = score

    def unique(self, seen: dict[str, str], value: str | None, place: str) -> None:
        if value is None:
            return
        if value in seen:
            self.fault(place, f"{value!r} is used twice (first by {seen[value]})")
        seen.setdefault(value, place)

    def file(self, name: str, place: str) -> str | None:
        """The path of a lesson file named at `place`; it must be there under exactly this name."""
        found = self.files.find(name, folder="")
        if not isinstance(found, Found):
            self.fault(place, f"{name!r} {found.why}" if "outside" in found.why else f"{name!r}: {found.why}")
            return None
        if found.guessed in ("case", "name"):
            self.fault(place, f"{name!r}: no such file; there is {found.path!r}")
            return None
        if not found.path.endswith(SUFFIXES):
            self.fault(place, f"{name!r} is no notebook, Markdown file or script")
            return None
        return found.path

    def data_files(self, value: Any) -> None:
        if not isinstance(value, dict):
            self.fault("files", "must be a table")
            return
        self.known(value, frozenset({"data"}), "files.")
        names = value.get("data", [])
        if not isinstance(names, list):
            self.fault("files.data", "must be a list of file names")
            return
        for index, name in enumerate(names):
            place = f"files.data[{index}]"
            if not isinstance(name, str):
                self.fault(place, "must be a file name")
                continue
            found = self.files.find(name, folder="")
            if isinstance(found, Found) and found.guessed in ("", "link"):
                self.manifest.data_files.append(found.path)
            else:
                self.fault(place, f"{name!r}: no such file in the course")
