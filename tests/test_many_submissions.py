"""A hundred answers at once, over HTTP, on two slots: all are judged, none is lost, and pages answer meanwhile."""

import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client

from accounts.tests.factories import UserFactory
from progress.models import Attempt, CheckJob, Enrolment
from progress.services import results
from progress.services.enrolling import enroll
from progress.tests.practice_course import (
    BAD,
    GOOD,
    RIGHT,
    exercise,
    multiple,
    practice_course,
    predictions,
    single,
)
from tests.site_processes import end, family, is_sandbox, memory, start_checker, start_web, wait_for

LEARNERS, SLOTS = 20, 2
# Of a hundred pages that are opened while all is judged, five may take longer than the first, none than the second.
PAGE_SECONDS, PAGE_MOST = 2.0, 10.0
# MB. Idle, web's three processes have about 200 together, the checker 75; a run of learner code may have 1 GB.
WEB_MOST, CHECKER_MOST, SANDBOX_MOST = 450, 160, 1_100

# Two each for every learner; verdicts in the same order. The last ones make trouble, one learner each.
CODE = {
    "good": (GOOD, "passed"),
    "bad": (BAD, "failed"),
    "loop": ("while True:\n    pass\n", "failed"),
    "memory": ("double = [0]\nwhile True:\n    double = double * 2\n", "failed"),
    "flood": ("while True:\n    print('x' * 10_000)\n", "failed"),
    "exit": ("import os\nos._exit(0)\n", "failed"),
    "syntax": ("def double(x:\n", "failed"),
    "forged": ("print('{\"passed\": true}')\nraise SystemExit(0)\n", "failed"),
}
TROUBLE = ["loop", "memory", "flood", "exit", "syntax", "forged"]

pytestmark = [
    pytest.mark.usefixtures("sandbox_runtime"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]


class Person:
    """A learner in a browser: a session, and the API."""

    def __init__(self, port, course, lesson):
        self.user = UserFactory()
        enroll(user=self.user, course=course)
        client = Client()
        client.force_login(self.user)
        session = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        token = "t" * 32
        self.headers = {
            "Cookie": f"{django_settings.SESSION_COOKIE_NAME}={session}; csrftoken={token}",
            "X-CSRFToken": token,
            "Content-Type": "application/json",
        }
        self.root, self.lesson = f"http://127.0.0.1:{port}", lesson

    def open(self, path, data=None):
        """Status, document or page, and seconds."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(self.root + path, body, self.headers)  # noqa: S310 (our own site)
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        return status, content, time.monotonic() - begun

    def submit(self, block, answer, uid):
        path = f"/api/v1/lessons/{self.lesson.pk}/blocks/{block}/attempts"
        status, content, seconds = self.open(path, {"uid": str(uid), "answer": answer})
        assert status in (200, 201, 202), (status, content)
        return json.loads(content), seconds


class Watch(threading.Thread):
    """Opens pages and looks at memory until told to stop."""

    def __init__(self, person, pages, web, checker):
        super().__init__(daemon=True)
        self.person, self.pages, self.web, self.checker = person, pages, web, checker
        self.stop = threading.Event()
        self.seconds: list[float] = []
        self.most: Counter[str] = Counter()
        self.looks = 0
        self.faults: list[object] = []

    def run(self):
        while not self.stop.wait(0.2):
            path = self.pages[self.looks % len(self.pages)]
            try:
                status, _, seconds = self.person.open(path)
            except OSError as error:
                status, seconds = error, 0.0
            if status != 200:
                self.faults.append((path, status))
            self.seconds.append(seconds)
            self.looks += 1
            self._weigh()

    def _weigh(self):
        everybody = [*family(self.web.pid), *family(self.checker.pid)]
        sandboxes = [pid for pid in everybody if is_sandbox(pid)]
        web = sum(memory(pid) for pid in family(self.web.pid) if pid not in sandboxes)
        sizes = {
            "web": web,
            "checker": memory(self.checker.pid),
            "sandbox": max(map(memory, sandboxes), default=0),
            "sandboxes": len(sandboxes),
        }
        for name, size in sizes.items():
            self.most[name] = max(self.most[name], size)


def _answers(number):
    """Five answers of a learner: block, answer, verdict, points."""
    trouble = TROUBLE[number] if number < len(TROUBLE) else "good"
    code = [("e1", CODE["bad" if number % 3 else "good"]), ("e2", CODE[trouble])]
    yield from ((block, source, verdict, 5 if verdict == "passed" else 0) for block, (source, verdict) in code)
    yield ("q1", "b", "passed", 2) if number % 2 else ("q1", "a", "failed", 0)
    yield "m1", ["a"], "failed", 1
    yield ("p1", RIGHT, "passed", 10) if number % 4 else ("p1", [0] * 8, "failed", 0)


def test_a_hundred_answers_at_once_are_all_judged_right(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    course, lesson = practice_course(single(), multiple(), exercise("e1"), exercise("e2"), predictions(), slug="busy")
    options = {"SANDBOX_SLOTS": SLOTS, "MEDIA_ROOT": tmp_path}
    web, port = start_web(**options)
    checker = start_checker(**options)
    try:
        people = [Person(port, course, lesson) for _ in range(LEARNERS)]
        reader = Person(port, course, lesson)
        pages = [lesson.get_absolute_url(), "/dashboard/", course.get_absolute_url(), "/courses/"]
        for path in pages:
            assert reader.open(path)[0] == 200  # the first request of a process loads templates
        work = [(person, uuid4(), *answer) for number, person in enumerate(people) for answer in _answers(number)]
        assert len(work) == 100
        watch = Watch(reader, pages, web, checker)
        watch.start()
        with ThreadPoolExecutor(LEARNERS) as pool:
            given = list(pool.map(lambda each: each[0].submit(each[2], each[3], each[1]), work))
        wait_for(lambda: not CheckJob.objects.exists(), 120)
        # A client that heard nothing asks again, and gets what there is.
        again = [person.submit(block, answer, uid)[0] for person, uid, block, answer, *_ in work[:10]]
        watch.stop.set()
        watch.join(30)
    finally:
        end(checker, web)
    assert [document["verdict"] for document in again] == [verdict for *_, verdict, _ in work[:10]]
    assert max(seconds for _, seconds in given) < 30
    stored = {attempt.uid: attempt for attempt in Attempt.objects.all()}
    assert len(stored) == 100
    for _, uid, block, _, verdict, points in work:
        attempt = stored[uid]
        assert (attempt.verdict, attempt.score, attempt.verified_by) == (verdict, points, "server"), (block, attempt)
    for person in people:
        expected = sum(points for owner, *_, points in work if owner is person)
        assert Enrolment.objects.get(user=person.user).score == Decimal(expected)
    assert results.result_differences() == []
    assert watch.faults == []
    assert watch.looks >= 20
    slow = [seconds for seconds in watch.seconds if seconds > PAGE_SECONDS]
    assert len(slow) <= 0.05 * watch.looks, slow
    assert max(watch.seconds) < PAGE_MOST
    assert watch.most["sandboxes"] <= SLOTS
    assert watch.most["sandbox"] < SANDBOX_MOST, watch.most
    assert watch.most["web"] < WEB_MOST, watch.most
    assert watch.most["checker"] < CHECKER_MOST, watch.most
