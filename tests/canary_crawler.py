"""Asks the site for everything it has addresses for, as one person, and says which marks came back.

The addresses are made of the URL resolver's routes, so that a new route is crawled without anyone thinking of it; one
with a parameter that is not known here fails the test. Only GET, HEAD and OPTIONS: nothing is changed by a crawl.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import get_resolver

from accounts.models import User
from courses.models import Course, Lesson
from progress.models import Attempt, Certificate, Enrolment
from progress.selectors.downloads import course_download

LEFT_ALONE = {"admin/logout/", "accounts/logout/"}  # a crawl does not end its own session
FOR_ALL = {"/api/schema/", "/api/docs/"}  # the same for everybody, and slow to make
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
_MARK = re.compile(r"zq[a-p]{14}", re.I)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
_TAG = re.compile(r"<[^<>]*>")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,_\s\u202f](?=\d)")


@dataclass
class Finder:
    """Finds marks in what the site says, also behind tags, entities and base64."""

    marks: Mapping[str, str]
    words: dict[str, str] = field(init=False)
    numbers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.words = {text: name for name, text in self.marks.items() if not text.isdigit()}
        self.numbers = {text: name for name, text in self.marks.items() if text.isdigit()}

    def found(self, text: str) -> set[str]:
        """The names of the marks in `text`."""
        shown = unescape(_TAG.sub("", text))
        found = self._in_plain(text) | self._in_plain(_BETWEEN_DIGITS.sub("", shown))
        for piece in set(_BASE64.findall(text)):
            data = base64.b64decode(piece[: len(piece) // 4 * 4])
            found |= self._in_plain(data.decode("latin-1"))
        return found

    def _in_plain(self, text: str) -> set[str]:
        words = {self.words[word] for word in map(str.lower, _MARK.findall(text)) if word in self.words}
        return words | {name for number, name in self.numbers.items() if number in text}

    def in_answer(self, answer: Any) -> set[str]:
        """The names of the marks in a response, headers included."""
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        headers = "\n".join(f"{name}: {value}" for name, value in answer.items())
        return self.found(f"{headers}\n{content.decode('utf-8', 'replace')}")


def routes() -> list[str]:
    """Every route of the site, as the URL configuration has it."""
    return list(_routes(get_resolver().url_patterns, ""))


def _routes(patterns: Iterable[Any], before: str) -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def parameters_of(route: str) -> set[str]:
    """The names of the route's parameters."""
    return {first or second for first, second in _PARAMETER.findall(route)}


def path_of(route: str, values: Mapping[str, Any]) -> str:
    """The route's address with these values of its parameters."""
    path = _PARAMETER.sub(lambda match: str(values[match[1] or match[2]]), route)
    return "/" + path.replace("^", "").replace("$", "").replace("\\", "")


@dataclass
class Addresses:
    """All addresses of the site as its database is now."""

    lessons: list[Lesson]
    files: list[str]
    uids: list[UUID]

    @classmethod
    def of_site(cls) -> "Addresses":
        stored = [path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
        uids = [*Attempt.objects.values_list("uid", flat=True), *Certificate.objects.values_list("uid", flat=True)]
        lessons = Lesson.objects.select_related("course", "current_revision").order_by("pk")
        return cls(list(lessons), stored, uids or [UUID(int=7)])

    def of_route(self, route: str) -> Iterator[str]:
        """The addresses that a route leads to. Raises KeyError for a parameter that is not known here."""
        for values in self._values(route, parameters_of(route)):
            yield path_of(route, values)

    def _values(self, route: str, names: set[str]) -> Iterator[dict[str, Any]]:
        if not names:
            yield {}
        elif names & {"lesson_slug", "lesson_id"}:
            blocks: list[Any] = [""]
            for lesson in self.lessons:
                if "block_id" in names:
                    blocks = list((lesson.current_revision.checks if lesson.current_revision else {}) or {"t": {}})
                place = {"slug": lesson.course.slug, "lesson_slug": lesson.slug, "lesson_id": lesson.pk}
                yield from ({**place, "block_id": block} for block in blocks)
        else:
            singles = [[(name, value) for value in self._single(route, name)] for name in sorted(names)]
            yield from (dict(values) for values in product(*singles))

    def _single(self, route: str, name: str) -> list[Any]:
        if name == "object_id":
            _, app, model, *_ = route.split("/")
            if app == "r":
                return [lesson.pk for lesson in self.lessons[:2]]
            return list(apps.get_model(app, model).objects.values_list("pk", flat=True))[:12]
        return {
            "slug": lambda: sorted({lesson.course.slug for lesson in self.lessons}),
            "uid": lambda: self.uids,
            "name": lambda: self.files if "media" in route else ["x.whl"],
            "number": lambda: [1, 2],
            "sha256": self._parts,
            "pk": lambda: [1],
            "id": lambda: list(User.objects.values_list("pk", flat=True)),
            "url": lambda: ["nowhere"],
            "app_label": lambda: ["courses", "progress", "accounts"],
            "content_type_id": lambda: [ContentType.objects.get_for_model(model).pk for model in (Course, Lesson)],
        }[name]()

    def _parts(self) -> list[str]:
        """Names of what may be kept of courses: each lesson's part, and the outline of each course that is taken."""
        taken = Enrolment.objects.filter(left_at=None, course__in=Course.objects.readable())
        kept = [course_download(user=row.user, slug=row.course.slug) for row in taken.select_related("user", "course")]
        lessons = {lesson.current_revision.part_sha256 for lesson in self.lessons if lesson.current_revision}
        return sorted(lessons | {download.parts[0].sha256 for download in kept})

    def all(self) -> list[str]:
        """Every address, and the ways of asking that give another answer."""
        found = [address for route in routes() if route not in LEFT_ALONE for address in self.of_route(route)]
        found += [f"{address}?include=html" for address in found if re.fullmatch(r"/api/v1/lessons/\d+", address)]
        found += [f"/media/private/{name}" for name in self.files] + [f"/media/assets/{name}" for name in self.files]
        return list(dict.fromkeys(found))


def crawl(client: Client, finder: Finder, addresses: Iterable[str]) -> dict[str, set[str]]:
    """The addresses that gave a mark away to the client's person, with the names of the marks."""
    leaks: dict[str, set[str]] = {}
    client.raise_request_exception = False
    for address in addresses:
        ways: list[tuple[str, dict[str, str]]] = [("get", {})]
        if "/blocks/" in address and not address.startswith("/api/"):
            ways.append(("get", {"HX-Request": "true"}))  # the part that a script asks for
        if address.startswith("/api/v1/lessons"):
            ways.append(("options", {}))
        for method, headers in ways:
            answer = getattr(client, method)(address, headers=headers)
            assert answer.status_code < 500, (address, answer.status_code)
            if found := finder.in_answer(answer):
                leaks.setdefault(f"{method} {address}", set()).update(found)
    return leaks
