"""For each operation requests that succeed on the site of `schema_world`.

A recipe names what belongs together: a lesson, a block in it and an answer that the block takes. Nobody draws that by
chance, and what stands behind a 404 is never tried.
"""

from typing import Any

from courses.models import Lesson
from tests.schema_accounts import Recipe, Recipes, of_accounts
from tests.schema_world import ANSWERS, World, uid_of


def recipes(world: World, *, has_factors: bool) -> Recipes:
    """All of them, by operationId."""
    accounts = of_accounts(world.person, world.client, has_factors=has_factors)
    return {**accounts, **_of_people(), **_of_courses(world), **_of_practice(world), **_of_sync(world)}


def _of_people() -> Recipes:
    changes = [{"display_name": "Ben"}, {"time_zone": "Europe/Vienna", "locale": "de"}, {}]
    return {
        "me_read": [Recipe()],
        "me_change": [Recipe(body=change) for change in changes],
        "me_delete": [Recipe()],
        "me_keep": [Recipe()],
        "me_export": [Recipe()],
    }


def _of_courses(world: World) -> Recipes:
    slugs = [Recipe({"slug": slug}) for slug in ("lines", "done", "free")]
    taken = slugs[:2]
    lessons = [Recipe({"lesson_id": lesson.pk}) for lesson in (world.begun, world.fresh)]
    manifest = world.client.get("courses/lines/download").json()
    parts = {
        kind: [part["sha256"] for part in manifest["parts"] if part["kind"] == kind] for kind in ("outline", "lesson")
    }
    pages = [Recipe(), Recipe(query={"page_size": 1})]
    return {
        "courses_list": [
            *pages,
            Recipe(query={"level": "beginner", "search": "line"}),
            Recipe(query={"language": "en"}),
        ],
        "my_courses": pages,
        "my_certificates": pages,
        "course_outline": slugs,
        "enrol": slugs,
        "leave_course": slugs,
        "join_leaderboards": taken,
        "leave_leaderboards": taken,
        "course_download": taken,
        "outline_part": [
            Recipe({"slug": "lines", "sha256": sha256}, headers=headers)
            for sha256 in parts["outline"]
            for headers in ({}, {"Range": "bytes=10-"}, {"Range": "bytes=9999999-"})
        ],
        "lesson_part": [Recipe({"slug": "lines", "sha256": sha256}) for sha256 in parts["lesson"]],
        "lesson": [*lessons, Recipe(lessons[0].path, {"include": "html"})],
        "complete_lesson": lessons,
        "uncomplete_lesson": lessons,
        "certificate": [Recipe({"uid": str(world.certificate)})],
    }


def _of_practice(world: World) -> Recipes:
    def at(lesson: Lesson, block: str, body: Any = None) -> Recipe:
        return Recipe({"lesson_id": lesson.pk, "block_id": block}, body=body)

    begun, fresh = world.begun, world.fresh
    given = [
        at(lesson, block, {"uid": str(uid_of(f"{block} again")), "answer": answer})
        for lesson in (fresh, begun)
        for block, answer in ANSWERS.items()
    ]
    known = [at(begun, block, {"uid": str(uid_of(block)), "answer": ANSWERS[block]}) for block in ("ask", "code")]
    return {
        "answer_block": [*given, *known],
        "attempts": [at(begun, block) for block in ANSWERS],
        "attempt": [Recipe({"uid": str(uid_of(block))}) for block in ("ask", "code", "predict")],
        "saved_work": [at(begun, block) for block in ("ask", "code", "cell")],
        "save_work": [
            at(begun, "ask", {"answer": "a"}),
            at(fresh, "code", {"source": "x = 1\n"}),
            at(fresh, "cell", {"source": ""}),
        ],
        "drop_work": [at(begun, block) for block in ("ask", "code", "cell")],
        "hints": [at(begun, "code"), at(fresh, "code")],
        "next_hint": [at(begun, "code"), at(fresh, "code")],
        "show_solution": [at(begun, "code"), at(fresh, "code")],
        "recheck_block": [at(begun, "old")],
        "leaderboard": [at(begun, "predict"), at(fresh, "predict")],
    }


def _of_sync(world: World) -> Recipes:
    at, first, second = "2026-11-23T18:00:00Z", world.begun.pk, world.fresh.pk
    cursor = world.client.get("sync").json()["cursor"]

    def event(kind: str, lesson: int, **more: Any) -> dict[str, Any]:
        return {"uid": str(uid_of(f"{kind} {lesson} {more}")), "type": kind, "lesson_id": lesson, "at": at, **more}

    done = [
        event("completion", first),
        event("uncompletion", second),
        *(event("attempt", second, block_id=block, answer=answer) for block, answer in ANSWERS.items()),
        event("work", first, block_id="cell", source="x = 2\n"),
        event("work", second, block_id="ask", answer="a"),
        event("attempt", 10**15, block_id="ask", answer="b"),
    ]
    return {
        "changes": [Recipe(), Recipe(query={"cursor": cursor}), Recipe(query={"page_size": 2})],
        "sync": [Recipe(body={"events": done, "sent_at": at}), *(Recipe(body={"events": [one]}) for one in done)],
    }
