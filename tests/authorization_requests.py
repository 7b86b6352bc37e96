"""Asks for a route as one actor about one object, and says what came: the status, the marks, the rows written.

Owns the addresses of each route (an object in a state, by name), what is sent to it, and that nothing of it stays: each
request runs in a savepoint. Knows nothing of what is allowed.
"""

import copy
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.client import ClientHandler
from django.test.utils import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from courses.models import Lesson, PublishLog
from progress.selectors.downloads import course_download
from tests.authorization_world import World
from tests.canary_crawler import Finder, parameters_of, path_of

# Written at any request: sessions, and what is counted against limits. Neither grants nor shows anything.
UNWATCHED = ("django_session", "usersessions_usersession", "accounts_tokenfamily", "accounts_ratecount", "cache_table")
TABLES = """
    SELECT array_agg(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL(%s)
"""
WRITES = """
    SELECT sum(
        pg_stat_get_xact_tuples_inserted(t) + pg_stat_get_xact_tuples_updated(t) + pg_stat_get_xact_tuples_deleted(t)
    ) FROM unnest(%s::oid[]) t
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` is a number, or `login` and `home` for being sent there."""

    status: str
    marks: frozenset[str]
    writes: int
    found: Any = None


class Browser(RequestFactory):
    """Sends requests through the whole site as Django's test client does, without keeping what templates were given."""

    def __init__(self, *, enforce_csrf_checks: bool = False) -> None:
        super().__init__()
        self.handler = ClientHandler(enforce_csrf_checks=enforce_csrf_checks)

    def request(self, **request: Any) -> HttpResponse:
        return self.handler(self._base_environ(**request))


class Asker:
    """Sends requests into the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.finder = Finder(world.mark.planted)
        self.client, self.strict = Browser(), Browser(enforce_csrf_checks=True)
        self.places = _places(world)
        self.written = 0
        with connection.cursor() as cursor:
            cursor.execute(TABLES, [list(UNWATCHED)])
            self.tables = cursor.fetchone()[0]
            self._newly_written(cursor)  # what the world itself wrote

    def states_of(self, route: str) -> dict[str, dict[str, Any]]:
        """The objects that the route is asked for, by the name of their state, with the values of its parameters."""
        names = parameters_of(route)
        if not names:
            return {"own": {}}
        if "block_id" in names:
            block = {"block_id": _block(route)}
            found = {state: at | block for state, at in self.places["lesson_id"].items()}
            return found | {"removed block": found["own"] | {"block_id": "gone"}}
        if "sha256" in names:
            return self.places["outline" if "/outline/" in route else "lessons"]
        if "object_id" in names or names == {"id"}:
            return self._rows(route, names)
        if names == {"uid"}:
            return self.places["certificates" if "certificates" in route else "attempts"]
        for kind in ("lesson_id", "lesson_slug", "slug"):
            if kind in names:
                return self.places[kind]
        return {"own": {name: SINGLE[name] for name in names}}

    def _rows(self, route: str, names: set[str]) -> dict[str, dict[str, Any]]:
        _, app, model, *_ = route.split("/")
        if app == "r":
            kind = ContentType.objects.get_for_model(Lesson).pk
            return {
                state: {"content_type_id": kind, **values} for state, values in self.places["courses/lesson"].items()
            }
        rows = self.places.get(f"{app}/{model}")
        if rows is None:
            rows = {"own": {"object_id": _first_row(app, model)}}
        return {
            state: {**values, "number": 1, "id": values["object_id"]} if names - {"object_id"} else values
            for state, values in rows.items()
        }

    def ask(
        self,
        actor: str,
        method: str,
        route: str,
        values: dict[str, Any],
        *,
        strict: bool = False,
        data: Any = None,
        look: Callable[[], Any] = lambda: None,
    ) -> Answer:
        """The answer to one request. `look` is called before all is undone, and what it finds is in the answer.

        `strict`: a browser's that has the session's cookie and no token against forgery.
        """
        path, data = path_of(route, values), sent(self.world, route) if data is None else data
        client = self.strict if strict else self.client
        client.cookies = copy.deepcopy(self.world.cookies.get(actor, SimpleCookie()))
        options = self._as(actor, path, strict=strict) | _body(method, path, data)
        mail.outbox = []
        with transaction.atomic(), connection.cursor() as cursor:
            response = getattr(client, method.lower())(path, **options)
            content = b"".join(response.streaming_content) if response.streaming else response.content
            answer = Answer(
                _status(response),
                frozenset(self.finder.found(f"{response.headers}\n{content.decode('utf-8', 'replace')}")),
                self._newly_written(cursor) + len(mail.outbox),
                look(),
            )
            transaction.set_rollback(True)
        return answer

    def _newly_written(self, cursor: Any) -> int:
        """Rows written since the last call. A savepoint that is rolled back does not count them back."""
        cursor.execute(WRITES, [self.tables])
        before, self.written = self.written, int(cursor.fetchone()[0])
        return self.written - before

    def _as(self, actor: str, path: str, *, strict: bool) -> dict[str, Any]:
        """API by bearer, pages by session."""
        token = self.world.tokens.get(actor)
        if token is None or strict or not path.startswith("/api/"):
            return {}
        self.client.cookies.clear()
        return {"headers": {"Authorization": f"Bearer {token}"}}


@contextmanager
def asking(blocker: DjangoDbBlocker, media: Path) -> Iterator[Asker]:
    """A world with somebody to ask it, for a module of tests; it goes with the transaction that it is made in."""
    settings = {"MEDIA_ROOT": media, "HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN": 3600}
    logging.disable(logging.CRITICAL)  # thousands of refusals, each with its warning
    try:
        with blocker.unblock(), override_settings(**settings), transaction.atomic():
            yield Asker(World())
            transaction.set_rollback(True)
    finally:
        logging.disable(logging.NOTSET)


def _status(response: Any) -> str:
    if response.status_code == 302:
        target = response["Location"].partition("?")[0]
        if target in ("/accounts/login/", "/admin/login/"):
            return "login"
        if target == "/admin/":
            return "home"
    return str(response.status_code)


def _body(method: str, path: str, data: Any) -> dict[str, Any]:
    if method in ("GET", "HEAD", "OPTIONS"):
        return {}
    if path.startswith("/api/"):
        return {"data": json.dumps(data), "content_type": "application/json"}
    return {"data": data} if method == "POST" else {}


SINGLE = {
    "name": f"{'0' * 64}.png", "number": 1, "pk": 1, "url": "nowhere", "app_label": "courses",
}  # fmt: skip
BLOCKS = {"hint": "e1", "solution": "e1", "leaderboard": "p1", "work": "c1"}  # which one a route is asked for
ADMIN_STATES = ("own", "removed", "unpublished course", "other course", "other unpublished course")


def _block(route: str) -> str:
    return next((block for word, block in BLOCKS.items() if f"/{word}" in route), "q1")


def _places(world: World) -> dict[str, dict[str, dict[str, Any]]]:
    """The objects by the parameter that names them, each state with the values of an address."""
    lessons = {
        name: {"slug": lesson.course.slug, "lesson_slug": lesson.slug, "lesson_id": lesson.pk}
        for name, lesson in world.lessons.items()
    }
    courses = {name: {"slug": course.slug} for name, course in world.courses.items()}
    learner = world.people["learner"]
    kept = course_download(user=learner, slug="own")
    outline = {"slug": "own", "sha256": kept.parts[0].sha256}
    parts = {
        name: {"slug": lesson.course.slug, "sha256": lesson.current_revision.part_sha256}
        for name, lesson in world.lessons.items()
        if lesson.current_revision
    }
    return {
        "lesson_id": lessons,
        "lesson_slug": lessons,
        "slug": courses,
        "attempts": {f"of {name}": {"uid": uid} for name, uid in world.attempts.items()},
        "certificates": {
            **{f"of {name}": {"uid": uid} for name, uid in world.certificates.items()},
            "unknown": {"uid": UUID(int=7)},
        },
        "outline": {"own": outline},
        "lessons": parts,
        "courses/course": {name: {"object_id": course.pk} for name, course in world.courses.items() if name != "left"},
        "courses/lesson": {name: {"object_id": lessons[name]["lesson_id"]} for name in ADMIN_STATES},
        "courses/publishlog": {
            name: {"object_id": PublishLog.objects.filter(course=world.courses[name]).order_by("pk").last().pk}
            for name in ("own", "other")
        },
        "courses/importjob": {
            "own": {"object_id": world.imports["author"].pk},
            "other": {"object_id": world.imports["another author"].pk},
        },
        "accounts/user": {
            "own": {"object_id": learner.pk},
            "of superuser": {"object_id": world.people["superuser"].pk},
        },
    }


def _first_row(app: str, model: str) -> Any:
    row = apps.get_model(app, model).objects.order_by("pk").first()
    return row.pk if row else 1


def sent(world: World, route: str) -> Any:
    """What a good request sends."""
    place = {"lesson_id": world.lessons["own"].pk, "at": timezone.now().isoformat()}
    found: dict[str, dict[str, Any]] = {
        "/attempts": {"uid": str(uuid4()), "answer": "a"},
        "/work": {"source": "x = 2"},
        "/sync": {"events": [{"uid": str(uuid4()), "type": "completion", **place}]},
        "/me": {"display_name": "Another"},
        "/answer/": {"uid": str(uuid4()), "kind": "single", "choice": "a"},
        "/membership/": {"shown": "1"},
        "/complete/": {"done": "1"},
        "/profile/": {"display_name": "Another", "locale": "en", "time_zone": "UTC"},
    }
    if route.startswith("admin/"):
        return {"post": "yes", "title": "Mine!", "confirmed": "yes", "_publish": "1"}
    return next((data for ending, data in found.items() if route.endswith(ending)), {})
