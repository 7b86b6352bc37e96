"""Fields that would grant or forge something change nothing, whatever write they are sent with.

Each accepted write is made twice, plainly and with all of them, each time from the same state: afterwards the whole
database must be the same. And of what belonged to others nothing may have changed.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import PASSWORD
from tests.authorization_requests import UNWATCHED, Asker, asking, sent
from tests.authorization_world import World

pytestmark = pytest.mark.django_db

LESSON = "api/v1/lessons/<id:lesson_id>"
BLOCK = f"{LESSON}/blocks/<block_id:block_id>"
COURSE = "api/v1/courses/<slug:slug>"
PAGE = "courses/<slug:slug>/<slug:lesson_slug>"
# Whose, method, route, state of the object; each is accepted.
WRITES = [
    ("learner", "PATCH", "api/v1/me", "own"),
    ("learner", "DELETE", "api/v1/me/deletion", "own"),
    ("learner", "PUT", f"{COURSE}/enrolment", "other"),
    ("learner", "PUT", f"{COURSE}/enrolment", "left"),
    ("learner", "DELETE", f"{COURSE}/enrolment", "own"),
    ("learner", "PUT", f"{COURSE}/leaderboard", "own"),
    ("learner", "DELETE", f"{COURSE}/leaderboard", "own"),
    ("learner", "PUT", f"{LESSON}/completion", "own"),
    ("learner", "DELETE", f"{LESSON}/completion", "preview"),
    ("learner", "POST", f"{BLOCK}/attempts", "own"),
    ("learner", "PUT", f"{BLOCK}/work", "own"),
    ("learner", "DELETE", f"{BLOCK}/work", "own"),
    ("learner", "POST", f"{BLOCK}/hints", "own"),
    ("learner", "PUT", f"{BLOCK}/solution", "own"),
    ("learner", "POST", "api/v1/sync", "own"),
    ("learner", "POST", "api/v1/auth/reauthenticate", "own"),
    ("learner", "POST", "api/v1/account/password/change", "own"),
    ("anonymous", "POST", "api/v1/auth/signup", "own"),
    ("anonymous", "POST", "api/v1/auth/login", "own"),
    ("learner", "POST", "accounts/profile/", "own"),
    ("anonymous", "POST", "accounts/signup/", "own"),
    ("learner", "POST", f"{PAGE}/complete/", "own"),
    ("learner", "POST", f"{PAGE}/blocks/<block_id:block_id>/answer/", "own"),
    ("learner", "POST", "courses/<slug:slug>/enrolment/enrol/", "other"),
]
LONG_AGO = "2001-02-03T04:05:06Z"


def forged(world: World) -> dict[str, Any]:
    """Every field that would be worth forging, pointing at what is there: another's rows, rights, points, times."""
    other = world.people["other learner"].pk
    rights = {
        "is_staff": True,
        "is_superuser": True,
        "is_active": False,
        "groups": [1, 2, 3, 4],
        "user_permissions": [1],
    }
    roles = {"roles": ["admin"], "role": "admin", "permissions": ["courses.edit_any_course"]}
    person = {
        "id": other, "pk": other, "email": "mallory@example.org", "password": "forged password 47", "user": other,
        "user_id": other, "owner": other, "acting_user": other, "last_login": LONG_AGO, "date_joined": LONG_AGO,
        "deletion_due_at": LONG_AGO, "verified": True, "primary": True,
    }  # fmt: skip
    facts = {
        "enrolment": 2, "enrolment_id": 2, "verdict": "passed", "score": 9, "max_score": 9, "verified_by": "server",
        "is_passed": True, "passed_at": LONG_AGO, "passed_hash": "0" * 64, "check_hash": "0" * 64, "revision": 99,
        "outcome": {"correct": ["b"]}, "completed_at": LONG_AGO, "enrolled_at": LONG_AGO, "left_at": LONG_AGO,
        "completed_lessons": 99, "lost_points": 0, "points": 99, "certificate": str(uuid4()), "issued_at": LONG_AGO,
        "created_at": LONG_AGO, "checked_at": LONG_AGO, "undone_at": LONG_AGO, "said_at": LONG_AGO, "is_live": False,
        "is_completed": False, "on_leaderboard": True, "after_solution": True, "attempts_left": 99, "version": 99,
        "saved_at": LONG_AGO, "change": 1, "entered": 1, "recheck_of": 1, "last_lesson": 1, "status": "published",
        "authors": [other], "is_preview": True, "current_revision": 1, "removed_at": LONG_AGO, "answer_key": "b",
    }  # fmt: skip
    return {**rights, **roles, **person, **facts}


@pytest.fixture(scope="module")
def asker(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Asker]:
    with asking(django_db_blocker, tmp_path_factory.mktemp("media")) as asker:
        yield asker


def plain(asker: Asker, route: str) -> dict[str, Any]:
    """What a good request sends; the same uids each time."""
    fields = {
        "reauthenticate": {"password": PASSWORD},
        "change": {"current_password": PASSWORD, "new_password": "quite another 47"},
        "signup": {"email": "new@example.org", "password": "quite another 47", "display_name": "New"},
        "signup/": {"email": "new@example.org", "password1": "quite another 47", "display_name": "New"},
        "login": {"email": asker.world.people["not enrolled"].email, "password": PASSWORD},
    }
    return next((fields[word] for word in fields if route.endswith(f"/{word}")), None) or sent(asker.world, route)


def state() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table that a request could change, but of sessions and of counted limits."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table not in UNWATCHED and model._meta.app_label in (
                "accounts",
                "account",
                "courses",
                "progress",
                "auth",
                "mfa",
            ):
                cursor.execute(f"SELECT COALESCE(jsonb_agg(to_jsonb(t)), '[]') FROM {table} t")  # noqa: S608 (our own)
                rows = cursor.fetchone()[0]
                found[table] = json.loads(rows) if isinstance(rows, str) else rows
    return found


def comparable(after: dict[str, Any], before: dict[str, Any], since: datetime) -> dict[str, list[str]]:
    """The rows without what differs each time: new ids, the present moment, the salt of a new password."""
    return {table: sorted(_row(row, before[table], since) for row in rows) for table, rows in after.items()}


def _row(row: dict[str, Any], known: list[dict[str, Any]], since: datetime) -> str:
    shown = {}
    for name, value in row.items():
        if isinstance(value, int) and name.endswith("id") and all(other[name] != value for other in known):
            value = "new"
        elif name == "password" and all(other[name] != value for other in known):
            value = "changed"
        elif isinstance(value, str) and (name.endswith("_at") or name in ("last_login", "date_joined")):
            moment = datetime.fromisoformat(value)
            value = "now" if since <= moment <= timezone.now() + timedelta(minutes=1) else value
        shown[name] = value
    return json.dumps(shown, sort_keys=True)


def test_at_least_29_fields_are_sent(asker):
    assert len(forged(asker.world)) >= 29


@pytest.mark.parametrize(("actor", "method", "route", "at"), WRITES)
def test_forged_fields_change_nothing(asker, actor, method, route, at):
    values, good, since = asker.states_of(route)[at], plain(asker, route), timezone.now()
    worse = {**forged(asker.world), **good}
    if "events" in good:
        worse["events"] = [{**forged(asker.world), **event} for event in good["events"]]
    before = state()
    honest = asker.ask(actor, method, route, values, data=good, look=state)
    forging = asker.ask(actor, method, route, values, data=worse, look=state)
    assert forging.status == honest.status
    assert honest.status < "400" or (honest.status, route.endswith("/signup")) == ("401", True)  # a code was mailed
    assert comparable(forging.found, before, since) == comparable(honest.found, before, since)
    assert others_rows(forging.found, asker, actor) == others_rows(before, asker, actor)


def others_rows(rows: dict[str, Any], asker: Asker, actor: str) -> dict[str, Any]:
    """What belongs to people who were there before and are not the one who asks."""
    mine = asker.world.people[actor].pk if actor in asker.world.people else None
    theirs = {person.pk for person in asker.world.people.values()} - {mine}
    enrolments = {row["id"] for row in rows["progress_enrolment"] if row["user_id"] in theirs}
    found = {"people": [row | {"last_login": None} for row in rows["accounts_user"] if row["id"] in theirs]}
    found |= {table: [row for row in rows[table] if row.get("user_id") in theirs] for table in rows}
    for table in rows:
        found[table] += [row for row in rows[table] if row.get("enrolment_id") in enrolments]
    found |= {table: rows[table] for table in rows if table.startswith("courses_")}
    return {table: sorted(json.dumps(row, sort_keys=True) for row in some) for table, some in found.items()}


def test_a_forged_field_that_counts_is_noticed(asker):
    """A display name is the caller's to change, so it shows: the comparison sees what changes."""
    before, since = state(), timezone.now()
    asked = [
        asker.ask("learner", "PATCH", "api/v1/me", {}, data={"display_name": name}, look=state) for name in ("A", "B")
    ]
    first, second = (comparable(answer.found, before, since) for answer in asked)
    assert {table for table in first if first[table] != second[table]} == {"accounts_user"}
