"""A site's worth of learners with access tokens, and the requests that they make.

200 courses of 5 modules with 8 lessons; each learner takes five and has completed 50 lessons in them. Rows of different
learners are mixed, as they arrive in life. The same seed makes the same. Lessons are written past publishing, with the
compiled parts of one body; everything else about them is as published.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

COURSES, MODULES, LESSONS_EACH = 200, 5, 8
LESSONS = MODULES * LESSONS_EACH
DONE = (24, 14, 8, 4, 0)  # completed lessons in a learner's five courses
BEGIN = datetime(2025, 1, 6, tzinfo=UTC)
WORDS = [
    "gradient",
    "tensor",
    "batch",
    "epoch",
    "kernel",
    "layer",
    "loss",
    "metric",
    "model",
    "sample",
    "score",
    "vector",
    "weight",
]
TOKEN_LIFETIME = 24 * 3600  # seconds: a token of the site's five minutes would end while it is measured
ROUTES = ("my-courses", "lesson", "completion")


def fill(learners: int, seed: int) -> None:
    """Fill an empty site."""
    from django.db import connection

    chance = random.Random(seed)
    _write_courses(chance)
    _write_learners(chance, learners)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (FREEZE, ANALYZE)")


def tokens() -> dict[int, str]:
    """An access token for every person, each with a session of its own, made as a login makes them."""
    from django.conf import settings
    from django.contrib.auth import login
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest
    from django.test import override_settings

    from accounts.models import User
    from accounts.tokens import TokenStrategy

    made = {}
    with override_settings(HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN=TOKEN_LIFETIME):
        for user in User.objects.order_by("pk"):
            request = HttpRequest()
            request.META["REMOTE_ADDR"] = "127.0.0.1"
            request.session, request.user = SessionStore(), user
            login(request, user, settings.AUTHENTICATION_BACKENDS[0])
            request.session.save()
            made[user.pk] = TokenStrategy().create_access_token(request) or ""
    return made


def write_requests(file: Path, route: str, seed: int, *, per_learner: int = 20) -> None:
    """Write a request file for `rotate.lua`: METHOD, path below /api/v1, token, nothing, tab-separated."""
    chance = random.Random(seed)
    signed = tokens()
    lines = [f"{method}\t{path}\t{signed[user]}\t\n" for user, method, path in _wishes(chance, route, per_learner)]
    chance.shuffle(lines)
    file.write_text("".join(lines), encoding="ascii")


def _wishes(chance: random.Random, route: str, per_learner: int) -> Iterator[tuple[int, str, str]]:
    from courses.models import Lesson
    from progress.models import Enrolment

    lessons: dict[int, list[int]] = {}
    for pk, course in Lesson.objects.order_by("position").values_list("pk", "course_id"):
        lessons.setdefault(course, []).append(pk)
    mine: dict[int, list[int]] = {}
    for user, course in Enrolment.objects.order_by("pk").values_list("user_id", "course_id"):
        mine.setdefault(user, []).extend(lessons[course])
    for user, own in mine.items():
        if route == "my-courses":
            yield user, "GET", "/dashboard/my-courses"
            continue
        for lesson in chance.sample(own, per_learner):
            yield (
                (user, "GET", f"/lessons/{lesson}")
                if route == "lesson"
                else (user, "PUT", f"/lessons/{lesson}/completion")
            )


def _write_courses(chance: random.Random) -> None:
    from courses.content.compiling import COMPILER_VERSION, compile_body
    from courses.models import Course, Lesson, LessonRevision, Module

    courses = Course.objects.bulk_create(
        Course(
            uid=f"course-{number}", slug=f"course-{number}", title=f"Course {number}: {_words(chance, 4)}",
            summary=_words(chance, 30), lesson_count=LESSONS, minutes=15 * LESSONS, status="published",
            published_at=BEGIN,
        )
        for number in range(1, COURSES + 1)
    )  # fmt: skip
    modules = Module.objects.bulk_create(
        Module(course=course, uid=f"module-{place}", title=f"Module {place}: {_words(chance, 3)}", position=place)
        for course in courses
        for place in range(MODULES)
    )
    lessons = Lesson.objects.bulk_create(
        Lesson(
            course_id=module.course_id, module=module, uid=f"lesson-{module.position}-{place}",
            slug=f"lesson-{module.position}-{place}", title=f"Lesson {place}: {_words(chance, 4)}",
            position=module.position * LESSONS_EACH + place, minutes=15,
        )
        for module in modules
        for place in range(LESSONS_EACH)
    )  # fmt: skip
    body = {"version": 1, "blocks": list(_blocks(chance))}
    parts = compile_body(body, title="A lesson")
    revisions = LessonRevision.objects.bulk_create(
        (
            LessonRevision(
                lesson=lesson, number=1, body=body, public=parts.public, key=parts.key, html=parts.html, toc=parts.toc,
                text=parts.text, checks=parts.checks, compiler=COMPILER_VERSION, checksum=parts.checksum,
            )
            for lesson in lessons
        ),
        batch_size=500,
    )  # fmt: skip
    for lesson, revision in zip(lessons, revisions, strict=True):
        lesson.current_revision = revision
    Lesson.objects.bulk_update(lessons, ["current_revision"], batch_size=1000)


def _blocks(chance: random.Random) -> Iterator[dict[str, str]]:
    """Ten blocks, about 8 kB."""
    for number in range(10):
        yield {"id": f"b{number}", "type": "markdown", "source": f"## {_words(chance, 4)}\n\n{_words(chance, 110)}"}


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(WORDS, k=count)).capitalize()


def _write_learners(chance: random.Random, learners: int) -> None:
    from accounts.models import User
    from courses.models import Course, Lesson
    from progress.models import Enrolment, LessonCompletion

    lessons: dict[int, list[int]] = {}
    for pk, course in Lesson.objects.order_by("position").values_list("pk", "course_id"):
        lessons.setdefault(course, []).append(pk)
    courses = list(Course.objects.order_by("pk").values_list("pk", flat=True))
    people = User.objects.bulk_create(
        User(email=f"learner-{number}@example.org", display_name=f"Learner {number}", date_joined=BEGIN)
        for number in range(learners)
    )
    enrolments = []
    for person in people:
        for course, done in zip(chance.sample(courses, len(DONE)), chance.sample(DONE, len(DONE)), strict=True):
            at = BEGIN + timedelta(minutes=chance.randrange(90 * 24 * 60))
            enrolments.append(
                Enrolment(
                    user=person, course_id=course, completed_lessons=done, enrolled_at=at,
                    last_activity_at=at + timedelta(days=done),
                )
            )  # fmt: skip
    chance.shuffle(enrolments)
    Enrolment.objects.bulk_create(enrolments, batch_size=2000)
    completions = [
        LessonCompletion(enrolment=enrolment, lesson_id=lesson, revision=1, completed_at=enrolment.last_activity_at)
        for enrolment in enrolments
        for lesson in lessons[enrolment.course_id][: enrolment.completed_lessons]
    ]
    chance.shuffle(completions)
    LessonCompletion.objects.bulk_create(completions, batch_size=5000)
