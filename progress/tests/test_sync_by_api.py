"""Sync over HTTP: shapes, bounds, compression, and what a page of it costs."""

import gzip
import json
from uuid import uuid4

import brotli
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from progress.api.compression import takes_brotli
from progress.api.sync_serializers import CHANGES, EVENTS, KINDS, RESULTS
from progress.api.sync_views import Sync
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll, leave_course
from progress.services.saving import drop_work, save_work
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz, settle
from progress.tests.syncing import ago, taken_long_ago

SYNC = "/api/v1/sync"
LOGIN = 2


@pytest.fixture
def lesson(ben, client):
    course = judged_course(body_of(quiz(), *(code(f"c{number}") for number in range(20))))
    taken_long_ago(enroll(user=ben, course=course))
    client.force_login(ben)
    return lesson_of(course)


def code(block_id):
    return {"id": block_id, "type": "code", "source": "1", "language": "python", "outputs": [], "run": "interactive"}


def _event(kind, lesson, **fields):
    return {"uid": str(uuid4()), "type": kind, "lesson_id": lesson.pk, "at": ago(9).isoformat(), **fields}


def _post(client, events, **fields):
    return client.post(SYNC, {"events": events, **fields}, content_type="application/json")


def test_a_batch_is_answered_item_by_item_in_its_order(client, lesson):
    events = [
        _event("completion", lesson),
        _event("attempt", lesson, block_id="ask", answer="b"),
        _event("work", lesson, block_id="ask", answer="a"),
        _event("work", lesson, block_id="c0", source="x"),
        _event("attempt", lesson, block_id="gone", answer="b"),
    ]
    response = _post(client, events, sent_at=ago(0).isoformat())
    assert response.status_code == 200
    results = response.json()["results"]
    assert [item["uid"] for item in results] == [item["uid"] for item in events]
    assert [item["status"] for item in results] == ["applied"] * 4 + ["rejected"]
    assert results[0]["is_completed"] is True
    assert results[1]["attempt"]["verdict"] == "passed"
    assert results[4]["reason"] == "not_found"
    assert [item["status"] for item in _post(client, events).json()["results"]] == ["duplicate"] * 4 + ["rejected"]


@pytest.mark.parametrize(
    "change",
    [
        {"uid": None},
        {"uid": 7},
        {"uid": "7"},
        {"type": "reading"},
        {"lesson_id": -1},
        {"lesson_id": 10**30},
        {"at": "yesterday"},
        {"at": None},
        {"block_id": "ask"},
        {"answer": "b"},
        {"type": "attempt", "block_id": "ask"},
        {"type": "attempt", "block_id": "no such id!", "answer": "b"},
        {"type": "attempt", "answer": "b"},
        {"type": "work", "block_id": "c0"},
        {"type": "work", "block_id": "c0", "source": 7},
        {"type": "work", "block_id": "c0", "source": "x", "answer": "b"},
    ],
)
def test_a_malformed_event_is_refused_alone(client, lesson, change):
    good, bad = _event("completion", lesson), {**_event("completion", lesson), **change}
    response = _post(client, [bad, good])
    assert response.status_code == 200
    refused, applied = response.json()["results"]
    assert (refused["status"], refused["reason"], applied["status"]) == ("rejected", "malformed", "applied")
    assert refused["detail"]


@pytest.mark.parametrize("bad", [None, 7, "text", [], {}])
def test_what_is_no_event_is_refused_alone(client, lesson, bad):
    results = _post(client, [bad, _event("completion", lesson)]).json()["results"]
    assert [(item["uid"] is None, item["status"]) for item in results] == [(True, "rejected"), (False, "applied")]


@pytest.mark.parametrize("body", ["[]", "{}", '{"events": {}}', '{"events": null}', '{"events": [], "sent_at": "now"}'])
def test_what_is_no_batch_is_a_400(client, lesson, body):
    response = client.post(SYNC, body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_500_events_are_taken_and_501_are_not(client, lesson):
    events = [_event("reading", lesson) for _ in range(501)]
    assert _post(client, events).status_code == 400
    assert len(_post(client, events[:500]).json()["results"]) == 500


def test_a_uid_that_comes_twice_in_a_batch_is_applied_once(client, lesson):
    first = _event("attempt", lesson, block_id="ask", answer="a")
    other = {**_event("work", lesson, block_id="ask", answer="a"), "uid": first["uid"], "at": ago(1).isoformat()}
    results = _post(client, [other, first, {**first, "answer": "b"}]).json()["results"]
    assert [(item["status"], item.get("reason")) for item in results] == [
        ("rejected", "uid_reused"),
        ("applied", None),
        ("duplicate", None),
    ]
    assert [item["attempt"]["verdict"] for item in results[1:]] == ["failed", "failed"]


def test_events_of_a_course_that_was_left_wait_for_a_return(client, ben, lesson):
    other = lesson_of(judged_course(body_of(quiz())))
    taken_long_ago(enroll(user=ben, course=other.course))
    known, late, elsewhere = (_event("completion", one) for one in (other, other, lesson))
    _post(client, [known])
    leave_course(user=ben, course=other.course)
    results = _post(client, [known, late, elsewhere]).json()["results"]
    assert [(item["status"], item.get("reason")) for item in results] == [
        ("duplicate", None),
        ("rejected", "not_found"),
        ("applied", None),
    ]
    enroll(user=ben, course=other.course)
    assert [item["status"] for item in _post(client, [late]).json()["results"]] == ["applied"]


def test_a_body_over_its_bound_is_a_413(client, lesson):
    body = json.dumps({"events": [], "more": "x" * Sync.max_body})
    response = client.post(SYNC, body, content_type="application/json")
    assert response.status_code == 413
    assert response.json()["type"].endswith("too-large")


def test_a_visitor_is_sent_away(client, db):
    assert client.get(SYNC).status_code == 401
    assert client.post(SYNC, {"events": []}, content_type="application/json").status_code == 401


def test_changes_come_with_a_cursor_and_times_as_everywhere(client, ben, lesson):
    complete_lesson(user=ben, lesson=lesson)
    page = client.get(SYNC).json()
    assert (page["has_more"], page["is_reset"]) == (False, False)
    [done] = [change for change in page["changes"] if change["kind"] == "completion"]
    assert (done["lesson_id"], done["is_deleted"]) == (lesson.pk, False)
    assert done["completion"]["completed_at"].endswith("Z")
    assert client.get(SYNC, {"cursor": page["cursor"]}).status_code == 200


@pytest.mark.parametrize(
    "query", [{"cursor": "x"}, {"cursor": "\0"}, {"page_size": 0}, {"page_size": 201}, {"page_size": "a"}]
)
def test_a_bad_query_is_a_400(client, lesson, query):
    response = client.get(SYNC, query)
    assert response.status_code == 400
    assert response.json()["errors"]


def test_an_empty_cursor_is_the_beginning(client, lesson):
    assert client.get(f"{SYNC}?cursor=").json()["changes"] == client.get(SYNC).json()["changes"] != []


def test_a_page_is_compressed_for_who_takes_it(client, ben, lesson):
    for number in range(20):
        save_work(user=ben, lesson=lesson, block_id=f"c{number}", content={"source": "print(1)\n" * 20})
    plain = client.get(SYNC)
    packed = client.get(SYNC, headers={"Accept-Encoding": "gzip"})
    assert (plain.get("Content-Encoding"), packed["Content-Encoding"]) == (None, "gzip")
    assert "Accept-Encoding" in packed["Vary"]
    assert json.loads(gzip.decompress(packed.content))["changes"] == plain.json()["changes"]
    assert len(packed.content) < len(plain.content) / 3
    smaller = client.get(SYNC, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert smaller["Content-Encoding"] == "br"
    assert "Accept-Encoding" in smaller["Vary"]
    assert int(smaller["Content-Length"]) == len(smaller.content) < len(packed.content)
    assert json.loads(brotli.decompress(smaller.content))["changes"] == plain.json()["changes"]


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("br", True),
        ("gzip, BR ; q=0.5", True),
        ("gzip", False),
        ("br;q=0, gzip", False),
        ("", False),
        ("brotli", False),
    ],
)
def test_brotli_is_for_those_who_take_it(accepted, takes):
    assert takes_brotli(accepted) is takes


def test_a_page_of_changes_is_one_query_the_count_and_the_login_for_1_and_for_200(client, ben, lesson):
    course = judged_course(body_of(*(code(f"c{number}") for number in range(200))))
    enroll(user=ben, course=course)
    for rows in (1, 200):
        for number in range(rows):
            save_work(user=ben, lesson=lesson_of(course), block_id=f"c{number}", content={"source": str(number)})
        client.get(SYNC)
        with CaptureQueriesContext(connection) as captured:
            page = client.get(SYNC, {"page_size": 200}).json()
        assert len(page["changes"]) == min(rows + 4, 200)
        assert len(captured) == LOGIN + 2  # the count of its limit; the page


# Committed, as requests are: a cursor sees its own transaction as soon as another one has begun after it.
@pytest.mark.django_db(transaction=True)
def test_answers_and_examples_are_as_the_document_says(client, ben):
    course = judged_course(body_of(quiz(), exercise()))
    enrolment = taken_long_ago(enroll(user=ben, course=course))
    client.force_login(ben)
    lesson = lesson_of(course)
    events = [
        _event("completion", lesson),
        _event("attempt", lesson, block_id="code", answer="x"),
        _event("work", lesson, block_id="ask", answer="a"),
        {**_event("work", lesson, block_id="ask", answer="b"), "at": ago(20).isoformat()},
        {"uid": "none"},
    ]
    batch = {"events": events, "sent_at": ago(0).isoformat()}
    results = _post(client, events).json()
    for block in ("ask", "code"):
        settle(enrolment, lesson, block)
    page = client.get(SYNC).json()
    assert {change["kind"] for change in page["changes"]} == set(KINDS)
    uncomplete_lesson(user=ben, lesson=lesson)
    drop_work(user=ben, lesson=lesson, block_id="ask")
    later = client.get(SYNC, {"cursor": page["cursor"]}).json()
    assert {change["kind"] for change in later["changes"] if change["is_deleted"]} == {"completion", "work"}
    document = SchemaGenerator().get_schema(request=None, public=True)
    told = [
        ("BatchResult", results),
        ("ChangePage", page),
        ("ChangePage", later),
        ("BatchRequest", {**batch, "events": events[:4]}),
        *(("BatchRequest", example.value) for example in EVENTS),
        *(("BatchResult", example.value) for example in RESULTS),
        *(("ChangePage", example.value) for example in CHANGES),
    ]
    for name, value in told:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        faults = [
            f"{fault.json_path}: {fault.message[:200]}" for fault in Draft202012Validator(schema).iter_errors(value)
        ]
        assert faults == [], name
