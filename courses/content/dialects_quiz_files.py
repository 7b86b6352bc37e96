"""Which of a course's quiz files belongs to which lesson: the one that links it, shows it or stands beside it.

A quiz app numbers its quizzes, and lessons link to `…/quiz/7`; of several languages the course's own is taken. Files
are looked at once and within bounds; nothing is fetched from an address.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import basename, splitext
from urllib.parse import parse_qs, urlsplit

from courses.content.course_files import CourseFiles, Found, folder_of, is_hidden
from courses.content.dialects_olx import ProblemRefused, read_problem
from courses.content.dialects_quiz_json import MAX_BYTES, QuizSet, read_json
from courses.content.dialects_quizzes import draft_quiz
from courses.content.quizzes import Quiz
from courses.content.report import Problem
from courses.content.strict_json import JSONRefused

MAX_FILES, MAX_TOTAL = 1_000, 100_000_000

_ROUTE = re.compile(r"/quiz(?:zes)?/([\w-]{1,40})/?\Z")
_LANGUAGE = re.compile(r"[a-z]{2}(?:[-_]?[a-z]{2})?", re.I)
_BESIDE = re.compile(r"(?:.*[-_.])?(?:quiz|quizzes|questions|problems?)(?:[-_.].*)?", re.I)


@dataclass
class Attached:
    """A quiz from a file: `path` is the file's."""

    path: str
    quiz: Quiz


class QuizFiles:
    """The quiz files of one course. `problems` collects what is wrong with them, each once."""

    def __init__(self, files: CourseFiles, lessons: Iterable[str] = (), *, language: str = "en") -> None:
        self.problems: list[Problem] = []
        self._folders = Counter(map(folder_of, lessons))
        self._files = files
        self._language = language.lower().replace("-", "").replace("_", "")
        self._sets: dict[str, list[QuizSet]] | None = None
        self._used: set[tuple[str, str]] = set()

    def by_link(self, href: str, lesson: str) -> list[Attached]:
        """The quizzes that a link in `lesson` leads to: a quiz file of the course, or a route of its quiz app."""
        if not self.sets:
            return []
        parts = urlsplit(href) if len(href) < 2_000 else None
        if parts is None:
            return []
        if parts.path.endswith((".json", ".xml")) and not parts.scheme:
            return self.in_file(href, lesson)
        route = _ROUTE.search(parts.path) or _ROUTE.search("/" + parts.fragment.lstrip("/"))
        return self.numbered(route[1], next(iter(parse_qs(parts.query).get("loc", [])), "")) if route else []

    def in_file(self, reference: str, lesson: str) -> list[Attached]:
        """The quizzes of the file that `reference`, written in `lesson`, means."""
        found = self._files.find(reference, folder=folder_of(lesson))
        return self._take(found.path) if isinstance(found, Found) else []

    def numbered(self, name: str, language: str = "") -> list[Attached]:
        """The quizzes of the app's set `name`, in the asked language, else the course's, else the first there is."""
        holders = [path for path, sets in self.sets.items() if any(found.id == name for found in sets)]
        wanted = [language.lower().replace("-", "").replace("_", ""), self._language]
        chosen = min(holders, key=lambda path: (_rank(_language_of(path), wanted), path), default=None)
        return self._take(chosen, name) if chosen else []

    def beside(self, lesson: str) -> list[Attached]:
        """The quizzes of files named after `lesson`, or called quiz in a folder where it is alone; not yet used."""
        is_alone = self._folders[folder_of(lesson)] == 1
        stem = splitext(basename(lesson))[0]
        found: list[Attached] = []
        for path in self.sets:
            name = splitext(basename(path))[0]
            if folder_of(path) != folder_of(lesson) or any(used == path for used, _ in self._used):
                continue
            is_named = re.fullmatch(re.escape(stem) + r"(?:[-_.]?(?:quiz|quizzes|questions|problems?))?", name, re.I)
            if is_named or (is_alone and _BESIDE.fullmatch(name)):
                found += self._take(path)
        return found

    def report_unused(self) -> None:
        """List each set that no lesson shows, in the course's language; translations of shown sets are no loss."""
        shown = {name for _, name in self._used if name}
        for path, sets in self.sets.items():
            left = [found for found in sets if (path, found.id) not in self._used and found.id not in shown]
            if left:
                count = sum(len(found.quizzes) for found in left)
                what = f"holds {count} questions that no lesson links or stands beside: they are not shown"
                self.problems.append(Problem(path, what))

    def _take(self, path: str, name: str | None = None) -> list[Attached]:
        sets = [found for found in self.sets.get(path, []) if name is None or found.id == name]
        self._used.update((path, found.id) for found in sets)
        return [Attached(path, quiz) for found in sets for quiz in found.quizzes]

    @property
    def sets(self) -> dict[str, list[QuizSet]]:
        """The sets of each quiz file, read when first asked for."""
        if self._sets is None:
            self._sets = {}
            self._read()
        return self._sets

    def _read(self) -> None:
        room, looked = MAX_TOTAL, 0
        for path in sorted(self._files.sizes):
            size = self._files.sizes[path]
            if not path.lower().endswith((".json", ".xml")) or is_hidden(path) or not 20 <= size <= MAX_BYTES:
                continue
            looked, room = looked + 1, room - size
            if looked > MAX_FILES or room < 0:
                return
            try:
                data = self._files.read(path, max_bytes=MAX_BYTES)
            except (OSError, ValueError) as error:
                self.problems.append(Problem(path, f"cannot be read: {error}"))
                continue
            if path.lower().endswith(".xml"):
                if b"<problem" in data:
                    self._read_sets(path, data)
            elif (b'"answerOptions"' in data) or (b'"question"' in data and b'"answers"' in data):
                self._read_sets(path, data)

    def _read_sets(self, path: str, data: bytes) -> None:
        try:
            text = data.decode("utf-8-sig")
            is_olx = path.lower().endswith(".xml")
            sets = [QuizSet(quizzes=read_problem(text))] if is_olx else read_json(text)
        except (UnicodeDecodeError, JSONRefused, ProblemRefused) as error:
            self.problems.append(Problem(path, f"its quizzes are not read: {error}"))
            # The lesson that wants them has a draft in their place: a quiz is never lost without a trace.
            sets = [QuizSet(quizzes=[draft_quiz(f"Quiz `{basename(path)}`", "its questions: the file cannot be read")])]
        if any(found.quizzes for found in sets) and self._sets is not None:
            self._sets[path] = sets


def _language_of(path: str) -> str:
    """The language that a path names, by its file (`en.json`) or a folder (`en/lesson-1.json`); "" for none."""
    parts = [*path.split("/")[:-1], splitext(basename(path))[0]]
    named = [part for part in reversed(parts) if _LANGUAGE.fullmatch(part)]
    return named[0].lower().replace("-", "").replace("_", "") if named else ""


def _rank(language: str, wanted: list[str]) -> int:
    for place, asked in enumerate(wanted):
        if asked and (language == asked or language == asked[:2]):
            return place
    return len(wanted) + (language not in ("", "en"))
