"""The document says of lessons, downloads and exports what they hold: no member more, and none less."""

import json
from uuid import uuid4

import pytest

from courses.api.block_serializers import BLOCKS
from courses.content.compiling import compile_body
from courses.content.schema import BLOCK_TYPES
from progress.services.enrolling import enroll
from progress.tests.judged import body_of, judged_course, lesson_of, store_labels
from tests.api_document import Document
from tests.every_block import every_block

JSON = "application/json"


@pytest.fixture(scope="module")
def document():
    return Document()


@pytest.fixture
def blocks(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    store_labels()
    return every_block()


@pytest.fixture
def lesson(client, ben, blocks):
    course = judged_course(body_of(*blocks), slug="lines")
    enroll(user=ben, course=course)
    client.force_login(ben)
    return lesson_of(course)


def test_every_type_of_block_is_described(document):
    assert tuple(BLOCKS) == BLOCK_TYPES
    assert set(document.served["components"]["schemas"]["Block"]["discriminator"]["mapping"]) == set(BLOCK_TYPES)


def test_a_published_block_has_what_its_description_names(document, blocks):
    public = compile_body(body_of(*blocks)).public["blocks"]
    for block in public:
        assert document.faults(BLOCKS[block["type"]].__name__.removesuffix("Serializer"), block) == [], block["id"]
        assert document.faults("Block", block) == [], block["id"]
    for block_type, shape in BLOCKS.items():
        found = {name for block in public if block["type"] == block_type for name in block}
        assert found == set(shape().fields), block_type
    for name in ("key", "solution", "answer", "explanation", "labels"):
        assert document.faults("Block", {**public[-1], name: "x"}), name


def test_a_block_is_not_taken_for_one_of_another_type(document, blocks):
    public = compile_body(body_of(*blocks)).public["blocks"]
    assert document.faults("Block", {**public[0], "type": "divider"})
    assert document.faults("Block", {**public[0], "type": "poem"})


def test_a_lesson_is_as_described(client, document, lesson):
    answer = client.get(f"/api/v1/lessons/{lesson.pk}?include=html").json()
    assert document.faults("Lesson", answer) == []
    assert [block["type"] for block in answer["blocks"] if block["id"] == "several"] == ["quiz"]
    assert {part["type"] for part in answer["html"]} == set(BLOCK_TYPES)
    assert [(entry["title"], entry["level"]) for entry in answer["toc"]] == [("Lines", 2), ("Slope", 3)]


def test_a_long_lesson_has_pages_in_its_contents(document, ben, client, db):
    text = "".join(f"## Part {number}\n\n" + "word " * 12_000 + "\n\n" for number in range(9))
    long = [{"id": f"b{number}", "type": "markdown", "source": part} for number, part in enumerate(text.split("\n\n"))]
    course = judged_course(body_of(*long), slug="long")
    enroll(user=ben, course=course)
    client.force_login(ben)
    answer = client.get(f"/api/v1/lessons/{lesson_of(course).pk}").json()
    assert {entry["page"] for entry in answer["toc"]} > {1, 2}
    assert document.faults("Lesson", answer) == []


def test_the_parts_of_a_download_are_as_described(client, document, lesson):
    manifest = client.get("/api/v1/courses/lines/download").json()
    assert document.faults("Download", manifest) == []
    shapes = {"outline": "KeptOutline", "lesson": "KeptLessonContent"}
    parts = {part["kind"]: client.get(part["url"]).json() for part in manifest["parts"] if part["kind"] in shapes}
    assert set(parts) == set(shapes)
    for kind, shape in shapes.items():
        assert document.faults(shape, parts[kind]) == [], kind
    pieces = {part["type"] for part in parts["lesson"]["html"] if "prompt" in part}
    assert pieces == {"quiz", "exercise", "predictions"}


@pytest.mark.usefixtures("sandbox_runtime")
def test_an_export_and_the_changes_are_as_described(client, document, lesson):
    place = f"/api/v1/lessons/{lesson.pk}"
    given = [("ask", "b"), ("several", ["a"]), ("number", "0.25 m"), ("predict", ["a", "b"] * 10), ("code", "x = 1\n")]
    for block, answer in given:
        client.post(f"{place}/blocks/{block}/attempts", {"uid": str(uuid4()), "answer": answer}, content_type=JSON)
    client.put(f"{place}/blocks/code/work", {"source": "x = 1\n"}, content_type=JSON)
    client.put(f"{place}/blocks/ask/work", {"answer": "a"}, content_type=JSON)
    client.delete(f"{place}/blocks/ask/work")
    client.post(f"{place}/blocks/code/hints")
    client.put(f"{place}/completion")
    at = "2026-11-23T18:00:00Z"
    events = [
        {"uid": str(uuid4()), "type": "work", "lesson_id": lesson.pk, "block_id": "code", "source": text, "at": at}
        for text in ("a", "b")
    ]
    assert client.post("/api/v1/sync", {"events": events}, content_type=JSON).status_code == 200
    data = json.loads(client.get("/api/v1/me/export").getvalue())
    assert document.faults("Export", data) == []
    empty = {"sessions", "second_factors", "admin_log", "certificates"}  # the journey of the typed client has most
    assert {name for name, rows in data.items() if rows == []} - empty == set()
    changes = client.get("/api/v1/sync").json()
    assert document.faults("ChangePage", changes) == []
    pages = client.get(f"{place}/blocks/predict/attempts").json()
    assert document.faults("PaginatedPastAttemptList", pages) == []
    assert pages["results"][0]["answer"]["rows"] == 20


def test_an_attempt_that_waits_says_so_in_the_changes(client, document, lesson, monkeypatch):
    monkeypatch.setattr("progress.services.checking.START_IN_REQUEST", 0.0)
    sent = {"uid": str(uuid4()), "answer": "x = 1\n"}
    assert client.post(f"/api/v1/lessons/{lesson.pk}/blocks/code/attempts", sent, content_type=JSON).status_code == 202
    changes = client.get("/api/v1/sync").json()
    [attempt] = [change["attempt"] for change in changes["changes"] if change["kind"] == "attempt"]
    assert attempt["feedback"] == {"message": "Waiting to be checked."}
    assert document.faults("ChangePage", changes) == []
