"""The least that could answer my-courses: a WSGI function that reads a token and asks one question.

No session is looked up, so a logout would count for nothing; no page, no ETag, no problem document. It is what a figure
of the site is held against where no other server is at hand. `benchmarks.my_courses` starts it with the environment
variables FLOOR_DATABASE (an address for libpq) and FLOOR_KEY (of the tokens).
"""

import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import jwt
import psycopg

AUDIENCE = "urn:ml-practicum:api"
SQL = """
    SELECT course.id, course.slug, course.title, course.lesson_count, enrolment.completed_lessons,
           enrolment.last_activity_at, enrolment.enrolled_at, enrolment.completed_at
      FROM accounts_user person
      JOIN progress_enrolment enrolment ON enrolment.user_id = person.id AND enrolment.left_at IS NULL
      JOIN courses_course course ON course.id = enrolment.course_id
     WHERE person.id = %s AND person.is_active
     ORDER BY enrolment.last_activity_at DESC, enrolment.id DESC
"""
_local = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    try:
        person = int(jwt.decode(token, os.environ["FLOOR_KEY"], ["HS256"], audience=AUDIENCE)["sub"])
    except (jwt.PyJWTError, KeyError, ValueError):
        start_response("401 Unauthorized", [("Content-Length", "0")])
        return [b""]
    results = [
        {
            "course": {"id": course, "slug": slug, "title": title},
            "completed_lessons": done,
            "total_lessons": total,
            "completion_percent": 100 * done // total if total else 0,
            "last_activity_at": touched.isoformat(),
            "enrolled_at": enrolled.isoformat(),
            "completed_at": completed.isoformat() if completed else None,
        }
        for course, slug, title, total, done, touched, enrolled, completed in _connection().execute(SQL, [person])
    ]
    body = json.dumps({"results": results}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _connection() -> psycopg.Connection:
    """This thread's, with its statements prepared at once."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg.connect(os.environ["FLOOR_DATABASE"], autocommit=True, prepare_threshold=0)
    return _local.connection
