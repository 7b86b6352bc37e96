"""What is over a limit is refused on pages and in the API alike, says how long to wait, and writes nothing."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from accounts.models import RateCount, User
from accounts.services import limits as of_accounts
from accounts.services.limits import DELETION, EXPORT, WRITES, Limit, LimitReached
from courses.models import Course, Lesson
from courses.services import limits as of_courses
from courses.services.limits import READS
from mlpracticum import urls as of_the_site
from mlpracticum.urls import SCHEMA
from progress.models import Attempt
from progress.services import limits as of_progress
from progress.services.enrolling import enroll
from progress.services.limits import ATTEMPTS, CHANGES, DOWNLOADS, SYNC, WORK
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz

DOCUMENTATION = Path(__file__).resolve().parents[1] / "docs" / "api.md"
JSON = "application/json"
VISITOR = "address 127.0.0.1"
TOO_OFTEN = "urn:ml-practicum:problem:too-many-requests"


@pytest.fixture
def course(db: None, ben: User) -> Course:
    course = judged_course(body_of(quiz(), exercise()), slug="lines")
    enroll(user=ben, course=course)
    course.lessons.update(is_preview=True)
    return course


@pytest.fixture
def lesson(course: Course) -> Lesson:
    return lesson_of(course)


def use_up(limit: Limit, who: str, *, but: int = 0) -> None:
    """As if it had been done as often as the limit lets through, `but` so many times."""
    limit.count(who)
    now = timezone.now()
    RateCount.objects.filter(hits__len=1).update(hits=[now] * (limit.number - but))
    if but:
        return
    with pytest.raises(LimitReached):
        limit.count(who)


def writes(captured: CaptureQueriesContext) -> list[str]:
    statements = [query["sql"].strip() for query in captured.captured_queries]
    changing = [sql for sql in statements if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    return [sql for sql in changing if "accounts_ratecount" not in sql]


@dataclass
class Operation:
    """An operation of the API, how it is asked for, and the limit that it counts under."""

    limit: Limit
    method: str
    path: str
    data: Any = None

    def ask(self, client: Client, lesson: Lesson) -> HttpResponse:
        path = urljoin("/api/v1/", self.path.replace("LESSON", str(lesson.pk)).replace("UUID", str(uuid4())))
        body = "" if self.data is None else json.dumps(self.data).replace("UUID", str(uuid4()))
        return client.generic(self.method, path, body, JSON)


OF_PEOPLE = [
    Operation(ATTEMPTS, "POST", "lessons/LESSON/blocks/ask/attempts", {"uid": "UUID", "answer": "b"}),
    Operation(ATTEMPTS, "POST", "lessons/LESSON/blocks/ask/recheck"),
    Operation(WORK, "PUT", "lessons/LESSON/blocks/code/work", {"source": "x = 1"}),
    Operation(WORK, "DELETE", "lessons/LESSON/blocks/code/work"),
    Operation(SYNC, "POST", "sync", {"events": []}),
    Operation(CHANGES, "GET", "sync"),
    Operation(DOWNLOADS, "GET", "courses/lines/download"),
    Operation(DOWNLOADS, "GET", f"courses/lines/download/outline/{'0' * 64}.json"),
    Operation(DOWNLOADS, "GET", "lessons/LESSON/notebook"),
    Operation(WRITES, "POST", "lessons/LESSON/blocks/code/hints"),
    Operation(WRITES, "PUT", "lessons/LESSON/blocks/code/solution"),
    Operation(WRITES, "PUT", "courses/lines/enrolment"),
    Operation(WRITES, "DELETE", "courses/lines/enrolment"),
    Operation(WRITES, "PUT", "courses/lines/leaderboard"),
    Operation(WRITES, "DELETE", "courses/lines/leaderboard"),
    Operation(WRITES, "PUT", "lessons/LESSON/completion"),
    Operation(WRITES, "DELETE", "lessons/LESSON/completion"),
    Operation(WRITES, "PATCH", "me", {"display_name": "Bo"}),
    Operation(DELETION, "DELETE", "me"),
    Operation(DELETION, "DELETE", "me/deletion"),
    Operation(EXPORT, "GET", "me/export"),
    Operation(READS, "GET", "courses?search=lines"),
]
OF_VISITORS = [
    Operation(READS, "GET", "courses"),
    Operation(READS, "GET", "courses/lines"),
    Operation(READS, "GET", "lessons/LESSON"),
    Operation(READS, "GET", "lessons/LESSON/notebook"),
    Operation(READS, "GET", "certificates/UUID"),
    Operation(SCHEMA, "GET", "/api/schema/"),
]


def named(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def assert_refused(response: HttpResponse, limit: Limit) -> None:
    assert response.status_code == 429
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["type"] == TOO_OFTEN
    assert 1 <= int(response["Retry-After"]) <= limit.seconds


@pytest.mark.parametrize("operation", OF_PEOPLE, ids=named)
def test_a_person_over_a_limit_is_refused_and_nothing_is_written(
    client: Client, ben: User, lesson: Lesson, operation: Operation
) -> None:
    client.force_login(ben)
    use_up(operation.limit, f"user {ben.pk}", but=1)
    assert operation.ask(client, lesson).status_code != 429
    with CaptureQueriesContext(connection) as captured:
        refused = operation.ask(client, lesson)
    assert_refused(refused, operation.limit)
    assert writes(captured) == []


@pytest.mark.parametrize("operation", OF_VISITORS, ids=named)
def test_visitors_are_counted_by_address_and_people_are_not(
    client: Client, ben: User, lesson: Lesson, operation: Operation
) -> None:
    use_up(operation.limit, VISITOR)
    assert_refused(operation.ask(client, lesson), operation.limit)
    client.force_login(ben)
    # The schema knows nobody, so that it is the same for all.
    assert (operation.ask(client, lesson).status_code == 429) == (operation.limit is SCHEMA)


def test_a_network_of_ipv6_counts_as_one_address(db: None) -> None:
    use_up(READS, "address 2001:db8:1:2::/64")
    statuses = [
        Client().get("/api/v1/courses", REMOTE_ADDR=address).status_code
        for address in ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1", "2001:db8:1:3::7", "198.51.100.7")
    ]
    assert statuses == [429, 429, 200, 200]


def test_what_one_person_uses_up_is_nobody_elses(client: Client, ben: User, cy: User, lesson: Lesson) -> None:
    use_up(WRITES, f"user {ben.pk}")
    client.force_login(cy)
    assert client.put("/api/v1/courses/lines/enrolment").status_code == 200


def test_reads_of_a_person_are_not_counted(client: Client, ben: User, lesson: Lesson) -> None:
    client.force_login(ben)
    paths = ["me", "dashboard/my-courses", "courses", "courses/lines", f"lessons/{lesson.pk}", "dashboard/certificates"]
    for path in paths:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/api/v1/{path}").status_code == 200
        assert not any("accounts_ratecount" in query["sql"] for query in captured.captured_queries), path


def test_a_factor_lets_more_through_and_zero_everything(settings: Any, db: None) -> None:
    limit = Limit("factor", 2, 60)
    use_up(limit, "ben")
    settings.LIMITS_FACTOR = 4
    use_up(limit, "ben")
    with pytest.raises(LimitReached) as reached:
        limit.count("ben")
    assert reached.value.wait <= 15
    settings.LIMITS_FACTOR = 0
    for _ in range(10):
        limit.count("ben")


BLOCK = "/courses/lines/{lesson}/blocks/"
PAGES = [
    (WRITES, "/courses/lines/enrolment/enrol/", {}),
    (WRITES, "/courses/lines/enrolment/leave/", {}),
    (WRITES, "/courses/lines/{lesson}/complete/", {"done": "1"}),
    (WRITES, "/accounts/profile/", {"display_name": "Bo", "locale": "en-gb", "time_zone": "UTC"}),
    (WRITES, BLOCK + "ask/leaderboard/membership/", {"shown": "1"}),
    (DELETION, "/accounts/keep/", {}),
]


@pytest.mark.parametrize(("limit", "path", "data"), PAGES, ids=[path for _, path, _ in PAGES])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_a_page_counts_with_the_api_and_says_when_to_try_again(
    client: Client, ben: User, lesson: Lesson, limit: Limit, path: str, data: dict[str, str], headers: dict[str, str]
) -> None:
    client.force_login(ben)
    use_up(limit, f"user {ben.pk}")
    client.get("/accounts/profile/")
    with CaptureQueriesContext(connection) as captured:
        refused = client.post(path.format(lesson=lesson.slug), data, headers=headers)
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= limit.seconds
    words = " ".join(refused.content.decode().split())
    assert re.search(r"try again in \d+ (seconds|minutes)\.", words)
    assert writes(captured) == []


@pytest.mark.parametrize("path", ["/courses/?search=lines", "/search/?q=lines"])
def test_searching_pages_count_with_the_api(client: Client, ben: User, course: Course, path: str) -> None:
    use_up(READS, VISITOR)
    assert client.get(path).status_code == 429
    assert client.get("/courses/").status_code == 200
    client.force_login(ben)
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_an_answer_over_the_limit_stays_in_its_form(
    client: Client, ben: User, lesson: Lesson, headers: dict[str, str]
) -> None:
    client.force_login(ben)
    use_up(ATTEMPTS, f"user {ben.pk}")
    data = {"uid": str(uuid4()), "code": "y = 'half a thought'\n"}
    refused = client.post((BLOCK + "code/answer/").format(lesson=lesson.slug), data, headers=headers)
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert "too often in a short time" in refused.content.decode()
    assert "half a thought" in refused.content.decode()
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("what", ["hint", "solution"])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_a_hint_over_the_limit_is_not_shown(
    client: Client, ben: User, lesson: Lesson, what: str, headers: dict[str, str]
) -> None:
    client.force_login(ben)
    use_up(WRITES, f"user {ben.pk}")
    with CaptureQueriesContext(connection) as captured:
        refused = client.post((BLOCK + f"code/{what}/").format(lesson=lesson.slug), headers=headers)
    assert refused.status_code == 429
    assert "Retry-After" in refused
    assert "too often in a short time" in refused.content.decode()
    assert "Two times." not in refused.content.decode()
    assert writes(captured) == []


def throttles(found: Any) -> list[Any]:
    """The throttle classes of a route."""
    view = found.func
    if not hasattr(view, "cls"):
        return []  # allauth's, which has limits of its own
    return view.view_initkwargs.get("throttle_classes", view.cls.throttle_classes)


def counted_operations(document: dict[str, Any]) -> dict[str, set[str]]:
    """The operations that count, by scope, as the code has them."""
    found: dict[str, set[str]] = {}
    for path, entry in document["paths"].items():
        filled = re.sub(r"\{lesson_id\}", "1", path)
        filled = re.sub(r"\{uid\}", str(uuid4()), filled)
        filled = re.sub(r"\{sha256\}", "0" * 64, filled)
        filled = re.sub(r"\{\w+\}", "x", filled)
        for method, operation in entry.items():
            for throttle in throttles(resolve(filled)):
                if throttle.counts(method.upper()):
                    found.setdefault(throttle.limit.scope, set()).add(operation["operationId"])
    return found


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_every_write_is_limited_and_the_document_says_so(document: dict[str, Any]) -> None:
    counted = set().union(*counted_operations(document).values())
    for entry in document["paths"].values():
        for method, operation in entry.items():
            name, answers = operation["operationId"], operation["responses"]
            if set(operation["tags"]) & {"auth", "account"}:
                continue
            assert name in counted or method == "get", f"{name} writes, and has no limit"
            assert ("429" in answers) == (name in counted), name
            if name in counted:
                assert list(answers["429"]["content"]) == ["application/problem+json"]
                assert answers["429"]["headers"]["Retry-After"]["schema"]["type"] == "integer"


def test_the_table_of_limits_is_true(document: dict[str, Any]) -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+) in (\d+) s \| .* \| (.*) \|$", DOCUMENTATION.read_text(), re.MULTILINE)
    written = {scope: (int(number), int(seconds)) for scope, number, seconds, _ in rows}
    modules: list[ModuleType] = [of_accounts, of_courses, of_progress, of_the_site]
    known = [limit for module in modules for limit in vars(module).values() if isinstance(limit, Limit)]
    assert written == {limit.scope: (limit.number, limit.seconds) for limit in known}
    operations = {scope: set(re.findall(r"`(\w+)`", words)) for scope, _, _, words in rows}
    assert operations == {**counted_operations(document), "schema": set()}
