"""Limits are exact over the processes of a real server: 40 clients at once on three workers of gunicorn."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from accounts.services.limits import Limit
from accounts.tests.factories import UserFactory
from progress.models import Attempt
from progress.services.enrolling import enroll
from progress.services.limits import ATTEMPTS, SYNC
from progress.tests.judged import body_of, judged_course, lesson_of, quiz
from tests.site_processes import end, start_web

CLIENTS, WORKERS, TIMES = 40, 3, 3
WRONG_A_PERSON, LOGINS_AN_ADDRESS = 5, 30  # allauth's, in five minutes and in one
TOKEN = "t" * 32

pytestmark = pytest.mark.django_db(transaction=True)
Answer = tuple[int, dict[str, Any], str | None]


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    server, port = start_web(workers=WORKERS)
    yield port
    end(server)


def post(port: int, path: str, data: Any, session: str = "") -> Answer:
    """Status, document, and Retry-After."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": "application/json"}
    if session:
        cookies = f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={TOKEN}"
        headers |= {"Cookie": cookies, "X-CSRFToken": TOKEN}
    try:
        connection.request("POST", path, json.dumps(data), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers["Retry-After"]
    finally:
        connection.close()


def at_once(ask: Callable[[], Answer], times: int = TIMES) -> tuple[list[Answer], float]:
    """What 40 clients got that began at the same moment and asked so many times, and the seconds that it took."""
    start = Barrier(CLIENTS, timeout=30)

    def client(_: int) -> list[Answer]:
        start.wait()
        return [ask() for _ in range(times)]

    begun = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [answer for some in pool.map(client, range(CLIENTS)) for answer in some]
    return answers, time.monotonic() - begun


def assert_exact(answers: list[Answer], seconds: float, limit: Limit, passed: int) -> None:
    statuses = Counter(status for status, _, _ in answers)
    assert set(statuses) == {passed, 429}, statuses
    # The first ones may be over before the last come, on a busy machine.
    assert limit.number <= statuses[passed] <= limit.number * (1 + seconds // limit.seconds)
    assert all(1 <= int(wait or 0) <= limit.seconds for status, _, wait in answers if status == 429)


def logged_in(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_attempts_and_sync_pass_exactly_the_limit(port: int) -> None:
    ben = UserFactory()
    course = judged_course(body_of(quiz()))
    enroll(user=ben, course=course)
    session, lesson = logged_in(ben), lesson_of(course)
    path = f"/api/v1/lessons/{lesson.pk}/blocks/ask/attempts"
    answers, seconds = at_once(lambda: post(port, path, {"uid": str(uuid4()), "answer": "a"}, session))
    assert_exact(answers, seconds, ATTEMPTS, 201)
    assert Attempt.objects.count() == sum(status == 201 for status, _, _ in answers)
    answers, seconds = at_once(lambda: post(port, "/api/v1/sync", {"events": []}, session))
    assert_exact(answers, seconds, SYNC, 200)


def test_passwords_are_looked_at_no_more_than_the_limit(port: int) -> None:
    """allauth's own counts, in the cache: five for one person, and thirty log-ins from one address."""
    ben = UserFactory()
    answers, seconds = at_once(
        lambda: post(port, "/api/v1/auth/login", {"email": ben.email, "password": "a wrong 47 guess"}), times=1
    )
    codes = Counter(error["code"] for _, document, _ in answers for error in document.get("errors", ()))
    assert 1 <= codes["email_password_mismatch"] <= WRONG_A_PERSON
    assert seconds < 60
    statuses = Counter(status for status, _, _ in answers)
    assert set(statuses) <= {400, 429}
    assert statuses[400] <= LOGINS_AN_ADDRESS
    assert all(wait for status, _, wait in answers if status == 429)
