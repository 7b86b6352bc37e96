"""What is too much is refused with its own status, unread where its length is told; it is never a fault of ours."""

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from rest_framework.views import APIView

from accounts.middleware import MAX_BODY
from accounts.models import User
from courses.models import Lesson
from progress.api.practice_views import Attempts
from progress.api.sync_views import Sync
from progress.services.enrolling import enroll
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz
from tests.site_processes import end, start_web

JSON = "application/json"
USUAL = APIView.parser_classes[0].max_body
PROBLEM = "application/problem+json"


@pytest.fixture
def lesson(client: Client, ben: User) -> Lesson:
    questions = [quiz(), quiz("number", kind="numeric", answer={"value": 7.0, "tolerance": 0.1}), exercise()]
    del questions[1]["choices"]
    course = judged_course(body_of(*questions), slug="lines")
    enroll(user=ben, course=course)
    course.lessons.update(is_preview=True)
    client.force_login(ben)
    return lesson_of(course)


def routes(lesson: Lesson) -> dict[str, tuple[str, str, int]]:
    """Routes that read a body: method, path, and the bytes that they take."""
    blocks = f"/api/v1/lessons/{lesson.pk}/blocks"
    return {
        "attempts": ("POST", f"{blocks}/ask/attempts", Attempts.max_body),
        "work": ("PUT", f"{blocks}/code/work", USUAL),
        "sync": ("POST", "/api/v1/sync", Sync.max_body),
        "me": ("PATCH", "/api/v1/me", USUAL),
        "login": ("POST", "/api/v1/auth/login", MAX_BODY),
        "reset": ("POST", "/api/v1/auth/password/reset", MAX_BODY),
    }


ROUTES = ["attempts", "work", "sync", "me", "login", "reset"]


@pytest.mark.parametrize("route", ROUTES)
def test_a_body_over_its_bound_is_413(client: Client, lesson: Lesson, route: str) -> None:
    method, path, most = routes(lesson)[route]
    body = json.dumps({"filler": "x" * most})
    refused = client.generic(method, path, body, JSON)
    assert refused.status_code == 413
    assert refused.json()["status"] == 413
    taken = client.generic(method, path, body[: most - 1], JSON)
    assert taken.status_code == 400  # no whole JSON, but read


class Unread:
    """A body that must not be read."""

    def read(self, *args: Any) -> bytes:
        raise AssertionError("was read")

    readline = read


@pytest.mark.parametrize("route", ["attempts", "work", "sync", "me", "login"])
def test_a_length_over_the_bound_is_refused_unread(client: Client, lesson: Lesson, route: str) -> None:
    method, path, most = routes(lesson)[route]
    told = {"CONTENT_TYPE": JSON, "CONTENT_LENGTH": str(most + 1), "wsgi.input": Unread()}
    assert client.generic(method, path, "", JSON, **told).status_code == 413


HOSTILE = {
    "deep": "[" * 100_000,
    "deep and closed": "[" * 100_000 + "]" * 100_000,
    "deep objects": '{"a":' * 40_000 + "1" + "}" * 40_000,
    "keys": json.dumps({f"k{number}": 1 for number in range(15_000)}),
    "the same key": "{" + ",".join('"answer": 1' for _ in range(20_000)) + "}",
    "digits": '{"answer": ' + "9" * 100_000 + "}",
    "exponent": '{"answer": 1e400}',
    "small exponent": '{"answer": 1e-400}',
    "not a number": '{"answer": NaN}',
    "long key": '{"' + "k" * 200_000 + '": 1}',
    "nul": '{"answer": "\\u0000"}',
    "surrogate": '{"answer": "\\ud800"}',
    "no text": b"\xff\xfe{}",
    "nothing": "",
    "null": "null",
    "list": "[1]",
    "number": "7",
}


@pytest.mark.parametrize("route", ROUTES)
def test_hostile_json_is_400(client: Client, lesson: Lesson, route: str) -> None:
    method, path, _ = routes(lesson)[route]
    answers = {kind: client.generic(method, path, body, JSON) for kind, body in HOSTILE.items()}
    # A profile takes an object with none of its members, as it takes one with strange members.
    fine = {"keys", "the same key", "small exponent", "nothing"} if route == "me" else set()
    # allauth looks at the state before it looks at the object: nobody has asked for a reset.
    refusals = {400, 409} if route == "reset" else {400}
    statuses = {kind: answer.status_code for kind, answer in answers.items()}
    assert [kind for kind, status in statuses.items() if status not in ({200} if kind in fine else refusals)] == []


HUGE = [10**4000, -(10**4000), 10**300, "9" * 4000, "1e999", "1e-999", [10**4000], {"a": 10**4000}, 0.1, -0.0]


@pytest.mark.parametrize("block", ["ask", "number", "code"])
def test_a_huge_number_is_an_answer_or_a_400(client: Client, lesson: Lesson, block: str) -> None:
    for given in HUGE:
        give(client, lesson, block, given)


def give(client: Client, lesson: Lesson, block: str, given: Any) -> None:
    blocks = f"/api/v1/lessons/{lesson.pk}/blocks/{block}"
    sent = client.post(f"{blocks}/attempts", {"uid": str(uuid4()), "answer": given}, content_type=JSON)
    assert sent.status_code in (201, 202, 400, 409)  # 409: as many answers wait as may
    name = "source" if block == "code" else "answer"
    assert client.put(f"{blocks}/work", {name: given}, content_type=JSON).status_code in (200, 400)
    assert client.get(f"{blocks}/work").status_code == 200
    event = {"uid": str(uuid4()), "type": "attempt", "lesson_id": lesson.pk, "block_id": block, "answer": given}
    event |= {"at": "2026-01-01T00:00:00Z"}
    result = client.post("/api/v1/sync", {"events": [event]}, content_type=JSON)
    assert result.status_code == 200
    assert result.json()["results"][0].get("reason") != "failed"


MOMENTS = ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("sent_at", [None, *MOMENTS])
def test_the_ends_of_time_are_no_fault(client: Client, lesson: Lesson, sent_at: str | None) -> None:
    common = {"type": "completion", "lesson_id": lesson.pk}
    events = [{"uid": str(uuid4()), "at": at, **common} for at in MOMENTS]
    data = {"events": events} | ({"sent_at": sent_at} if sent_at else {})
    response = client.post("/api/v1/sync", data, content_type=JSON)
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert not [result for result in response.json()["results"] if result.get("reason") == "failed"]


LISTS = ["courses", "dashboard/my-courses", "dashboard/certificates", "lessons/{lesson}/blocks/ask/attempts", "sync"]
SIZES = ["0", "-1", "201", "0000501", "1e2", "9" * 5000, "²", "", " ", "1.0", "x", "%00"]


@pytest.mark.parametrize("path", LISTS)
def test_a_page_size_out_of_bounds_is_400(client: Client, lesson: Lesson, path: str) -> None:
    address = f"/api/v1/{path.format(lesson=lesson.pk)}"
    as_numbers = {"1.0"} if path == "sync" else set()  # it is 1
    for size in SIZES:
        if size in as_numbers:
            assert len(client.get(f"{address}?page_size={size}").json()["changes"]) <= 100
            continue
        refused = client.get(f"{address}?page_size={size}")
        assert (refused.status_code, refused["Content-Type"]) == (400, PROBLEM), size[:9]


@pytest.mark.parametrize("path", LISTS)
def test_a_long_query_is_no_fault(client: Client, lesson: Lesson, path: str) -> None:
    address = f"/api/v1/{path.format(lesson=lesson.pk)}"
    for query in ("cursor=" + "A" * 100_000, "&".join(["x=1"] * 5_000), "x" * 100_000, "cursor=%ff%00", "page_size=1"):
        assert client.get(f"{address}?{query}").status_code in (200, 400), query[:20]


MANY = ",".join(f'"{number}"' for number in range(20_000))
HEADERS = [
    {"If-None-Match": MANY},
    {"If-None-Match": '"' * 100_000},
    {"If-None-Match": "," * 100_000},
    {"Range": "bytes=" + ",".join(f"{number}-{number}" for number in range(20_000))},
    {"Range": "bytes=" + "9" * 100_000 + "-"},
    {"Range": "bytes=0-" + "9" * 100_000},
    {"Range": "bytes=0-0", "If-Range": MANY},
    {"Accept": ",".join(["application/json;q=0.1"] * 5_000)},
    {"Accept-Encoding": ",".join(["gzip;q=0.1"] * 5_000)},
    {"Authorization": "Bearer " + "x" * 100_000},
    {"Authorization": "Bearer " + ".".join("x" * 10_000)},
    {"Cookie": "; ".join(f"c{number}=1" for number in range(5_000))},
    {"User-Agent": "x" * 100_000},
]


def test_long_headers_are_no_fault(client: Client, lesson: Lesson) -> None:
    manifest = client.get("/api/v1/courses/lines/download").json()
    part = next(part["url"] for part in manifest["parts"] if part["kind"] == "lesson")
    for path in ("/api/v1/courses", "/api/v1/courses/lines", "/api/v1/courses/lines/download", part, "/api/v1/sync"):
        for headers in HEADERS:
            assert client.get(path, headers=headers).status_code in (200, 401, 416), (path, *headers)


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    server, port = start_web(workers=1)
    yield port
    end(server)


def asked(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"]
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_server_refuses_what_it_cannot_measure(port: int) -> None:
    """A body in chunks, which Django would take for none; a told length that is not sent; long lines and headers."""
    kind = {"Content-Type": JSON}
    body = iter([b'{"email": "ben@example.org", ', b'"password": "a wrong 47 guess"}'])
    assert asked(port, "POST", "/api/v1/auth/login", body, **kind) == (411, PROBLEM)
    assert asked(port, "GET", f"/api/v1/courses?search={'x' * 20_000}")[0] == 414
    assert asked(port, "GET", "/api/v1/courses", **{"If-None-Match": "x" * 20_000})[0] == 431
    assert asked(port, "GET", "/api/v1/courses", **{f"X-{number}": "1" for number in range(200)})[0] == 431
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        # Nothing of the body is ever sent: whoever waits for it would not answer.
        head = f"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {JSON}\r\n"
        connection.sendall(f"{head}Content-Length: 900000000\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 413"
    assert asked(port, "GET", "/api/v1/courses") == (200, JSON)
