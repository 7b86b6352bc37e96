"""Keeping a whole course on a device: one manifest, parts named by their content, ranges, and nothing secret."""

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from courses.models import Asset, Course, LessonRevision
from courses.selectors import stored_path
from courses.services.parts import describe_parts
from courses.services.pictures import store_picture
from courses.services.publishing import publish_lesson, save_draft
from courses.services.recompiling import recompile_lessons
from courses.tests.factories import body, published_course
from progress.services.enrolling import enroll, leave_course
from progress.tests.judged import LABELS_FILE, body_of, exercise, judged_course, lesson_of, predictions, quiz

LOGIN = 2
MANIFEST = "/api/v1/courses/lines/download"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><rect width="4" height="3"/></svg>'


@pytest.fixture
def as_ben(client, ben):
    client.force_login(ben)
    return client


def manifest(client):
    response = client.get(MANIFEST)
    assert response.status_code == 200
    return response.json()


def parts_of(client, kind):
    return {part["id"]: part for part in manifest(client)["parts"] if part["kind"] == kind}


def fetched(client, part, **headers):
    response = client.get(part["url"], headers=headers)
    return response, b"".join(response.streaming_content) if response.streaming else response.content


@pytest.fixture
def pictured(as_ben, ben, course, lessons, settings, tmp_path):
    """ben takes a course whose first lesson shows a picture."""
    settings.MEDIA_ROOT = tmp_path
    picture = store_picture(data=SVG)
    block = {
        "id": "fig", "type": "image", "asset": picture.file, "alt": "A box", "caption": "", "width": 4, "height": 3
    }  # fmt: skip
    save_draft(lesson=lessons[0], body=body_of(block))
    publish_lesson(lesson=lessons[0])
    enroll(user=ben, course=course)
    return picture


def test_every_part_has_the_bytes_that_the_manifest_promises(as_ben, pictured, lessons):
    document = manifest(as_ben)
    assert [part["kind"] for part in document["parts"]] == ["outline", *["lesson"] * 4, "asset"]
    for part in document["parts"]:
        response, content = fetched(as_ben, part)
        assert response.status_code == 200
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (part["sha256"], part["size"])
        assert response["Content-Type"].partition(";")[0] == part["media_type"]
    assert document["size"] == sum(part["size"] for part in document["parts"])
    outline = json.loads(fetched(as_ben, document["parts"][0])[1])
    named = {str(row["id"]): row["part"] for module in outline["modules"] for row in module["lessons"]}
    assert named == {part["id"]: part["sha256"] for part in document["parts"] if part["kind"] == "lesson"}
    assert set(named) == {str(lesson.pk) for lesson in lessons}


def test_a_changed_lesson_is_one_new_lesson_part_and_a_new_outline(as_ben, course, lessons, enrolment):
    before = manifest(as_ben)
    save_draft(lesson=lessons[2], body=body("Another text."))
    publish_lesson(lesson=lessons[2])
    after = manifest(as_ben)
    known = {part["sha256"] for part in before["parts"]}
    new = [(part["kind"], part["id"]) for part in after["parts"] if part["sha256"] not in known]
    assert new == [("outline", "lines"), ("lesson", str(lessons[2].pk))]
    assert before["revision"] != after["revision"]


def test_the_manifest_answers_304_until_something_changes(as_ben, lessons, enrolment):
    first = as_ben.get(MANIFEST)
    known = {"If-None-Match": first["ETag"]}
    assert as_ben.get(MANIFEST, headers=known).status_code == 304
    save_draft(lesson=lessons[0], body=body("Another text."))
    publish_lesson(lesson=lessons[0])
    assert as_ben.get(MANIFEST, headers=known).status_code == 200


def test_a_replaced_part_is_gone(as_ben, lessons, enrolment):
    old = parts_of(as_ben, "lesson")[str(lessons[0].pk)], parts_of(as_ben, "outline")["lines"]
    save_draft(lesson=lessons[0], body=body("Another text."))
    publish_lesson(lesson=lessons[0])
    assert [as_ben.get(part["url"]).status_code for part in old] == [404, 404]


def test_only_who_takes_the_course_downloads_it(client, ben, cy, boss, course, enrolment):
    client.force_login(ben)
    urls = [MANIFEST, *(part["url"] for part in manifest(client)["parts"])]
    client.logout()
    assert {client.get(url).status_code for url in urls} == {401}
    for stranger in (cy, boss):
        client.force_login(stranger)
        assert {client.get(url).status_code for url in urls} == {404}
    leave_course(user=ben, course=course)
    client.force_login(ben)
    assert {client.get(url).status_code for url in urls} == {404}


def test_a_part_of_another_course_is_not_found_under_this_one(as_ben, ben, course, enrolment):
    other = published_course(lessons=1, slug="circles")
    save_draft(lesson=other.lessons.get(), body=body("Only here."))
    publish_lesson(lesson=other.lessons.get())
    sha256 = other.lessons.get().current_revision.part_sha256
    assert as_ben.get(f"{MANIFEST}/lessons/{sha256}.json").status_code == 404
    enroll(user=ben, course=other)
    assert as_ben.get(f"/api/v1/courses/circles/download/lessons/{sha256}.json").status_code == 200
    assert as_ben.get(f"{MANIFEST}/lessons/{sha256}.json").status_code == 404


def test_a_withdrawn_course_is_gone_with_its_parts(as_ben, course, enrolment):
    urls = [MANIFEST, *(part["url"] for part in manifest(as_ben)["parts"])]
    Course.objects.filter(pk=course.pk).update(status="draft")
    assert {as_ben.get(url).status_code for url in urls} == {404}


def test_a_lesson_that_opens_later_is_in_the_outline_alone(as_ben, lessons, enrolment):
    part = parts_of(as_ben, "lesson")[str(lessons[3].pk)]
    lessons[3].available_from = timezone.now() + timedelta(days=1)
    lessons[3].save()
    assert str(lessons[3].pk) not in parts_of(as_ben, "lesson")
    assert as_ben.get(part["url"]).status_code == 404
    outline = json.loads(fetched(as_ben, parts_of(as_ben, "outline")["lines"])[1])
    last = outline["modules"][-1]["lessons"][-1]
    assert (last["id"], last["part"]) == (lessons[3].pk, None)


def test_no_part_holds_an_answer_or_the_authors_order(as_ben, ben):
    choices = [
        {"id": f"choice-{n}", "text": f"Text {n}", "correct": n == 0, "feedback": f"SECRET-{n}"} for n in range(6)
    ]
    ask = quiz(choices=choices, explanation="SECRET-explanation")
    code = exercise(solution="SECRET = 1", hints=["SECRET-hint"])
    course = judged_course(body_of(ask, code), body_of(predictions()), slug="lines")
    enroll(user=ben, course=course)
    for part in manifest(as_ben)["parts"]:
        content = fetched(as_ben, part)[1].decode()
        assert "SECRET" not in content
        assert LABELS_FILE not in content
        assert '"correct"' not in content
    first = parts_of(as_ben, "lesson")[str(lesson_of(course).pk)]
    shown = json.loads(fetched(as_ben, first)[1])
    authors = [choice["id"] for choice in choices]
    orders = [
        [choice["id"] for choice in shown["blocks"][0]["choices"]],
        [choice["id"] for choice in shown["html"][0]["choices"]],
    ]
    assert orders[0] == orders[1] != authors
    assert sorted(orders[0]) == authors
    assert set(shown["html"][1]) <= {"id", "type", "html", "prompt", "choices"}


def test_revisions_of_an_older_compiler_have_no_part_until_they_are_compiled_anew(as_ben, lessons, enrolment):
    LessonRevision.objects.filter(lesson=lessons[0]).update(compiler=1, part_sha256="", part_size=0)
    assert str(lessons[0].pk) not in parts_of(as_ben, "lesson")
    recompile_lessons()
    assert str(lessons[0].pk) in parts_of(as_ben, "lesson")


def test_revisions_from_before_downloads_are_described_when_first_asked(as_ben, enrolment):
    before = manifest(as_ben)
    LessonRevision.objects.update(part_sha256="", part_size=0, part_assets=[])
    assert manifest(as_ben) == before
    assert not LessonRevision.objects.filter(part_sha256="").exists()


def test_recompiling_describes_what_it_compiled(as_ben, lessons, enrolment):
    before = parts_of(as_ben, "lesson")[str(lessons[0].pk)]["sha256"]
    LessonRevision.objects.filter(lesson=lessons[0]).update(toc=[{"by": "an older compiler"}], compiler=1)
    describe_parts(LessonRevision.objects.values_list("pk", flat=True))
    LessonRevision.objects.filter(lesson=lessons[0]).update(part_sha256="0" * 64)
    recompile_lessons()
    assert parts_of(as_ben, "lesson")[str(lessons[0].pk)]["sha256"] == before


def test_private_files_are_never_parts(as_ben, course, enrolment):
    row = {"media_type": "text/csv", "size": 3}
    Asset.objects.create(sha256="e" * 64, file=LABELS_FILE, **row)
    Asset.objects.create(sha256="d" * 64, file="d" * 64 + ".csv", **row)
    course.data_files = {"labels.csv": LABELS_FILE, "data/x.csv": "d" * 64 + ".csv"}
    course.save()
    assert list(parts_of(as_ben, "asset")) == ["d" * 64 + ".csv"]
    outline = json.loads(fetched(as_ben, parts_of(as_ben, "outline")["lines"])[1])
    assert outline["files"] == {"data/x.csv": "d" * 64 + ".csv"}


@pytest.mark.parametrize("lessons_in_course", [1, 300])
def test_the_manifest_keeps_its_budget(as_ben, ben, lessons_in_course):
    course = published_course(lessons=lessons_in_course, modules=1, slug="lines")
    enroll(user=ben, course=course)
    as_ben.get(MANIFEST)
    with CaptureQueriesContext(connection) as captured:
        assert len(manifest(as_ben)["parts"]) == lessons_in_course + 1
    # course; lessons with their parts; files
    assert len(captured) <= LOGIN + 3, "\n".join(query["sql"] for query in captured.captured_queries)


@pytest.mark.parametrize("kind", ["lesson", "asset", "outline"])
def test_a_part_can_be_taken_up_where_it_was_interrupted(as_ben, pictured, kind):
    part = next(iter(parts_of(as_ben, kind).values()))
    whole, content = fetched(as_ben, part)
    assert whole["Accept-Ranges"] == "bytes"
    size = len(content)
    etag = whole["ETag"]
    for asked, start, end in (
        ("bytes=0-9", 0, 10), (f"bytes={size - 5}-", size - 5, size), ("bytes=-7", size - 7, size),
        (f"bytes=3-{size + 100}", 3, size), ("bytes=4-4", 4, 5), ("bytes=-999999999", 0, size),
    ):  # fmt: skip
        response, found = fetched(as_ben, part, Range=asked, **{"If-Range": etag})
        assert response.status_code == 206, asked
        assert found == content[start:end]
        assert response["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert response["Content-Length"] == str(end - start)


@pytest.mark.parametrize("kind", ["lesson", "asset"])
def test_what_is_no_single_range_of_this_version_gets_the_whole(as_ben, pictured, kind):
    part = next(iter(parts_of(as_ben, kind).values()))
    etag = fetched(as_ben, part)[0]["ETag"]
    for headers in (
        {"Range": "bytes=0-1,4-5"}, {"Range": "bytes=5-2"}, {"Range": "bytes=-"}, {"Range": "lines=0-1"},
        {"Range": "bytes=a-b"}, {"Range": "bytes=0-" + "9" * 400}, {"Range": "bytes=0-1", "If-Range": '"other"'},
        {"Range": "bytes=0-1", "If-Range": f"W/{etag}"},
        {"Range": "bytes=0-1", "If-Range": "Mon, 23 Nov 2026 10:00:00 GMT"},
    ):  # fmt: skip
        response, content = fetched(as_ben, part, **headers)
        assert (response.status_code, len(content)) == (200, part["size"]), headers


@pytest.mark.parametrize("kind", ["lesson", "asset"])
def test_bytes_behind_the_end_are_416(as_ben, pictured, kind):
    part = next(iter(parts_of(as_ben, kind).values()))
    for asked in (f"bytes={part['size']}-", "bytes=999999999-", "bytes=-0"):
        response, content = fetched(as_ben, part, Range=asked)
        assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{part['size']}")
        if kind == "lesson":
            assert response["Content-Type"] == "application/problem+json"
            assert json.loads(content)["status"] == 416


@pytest.mark.parametrize("kind", ["lesson", "asset", "outline"])
def test_a_part_that_the_device_has_is_304(as_ben, pictured, kind):
    part = next(iter(parts_of(as_ben, kind).values()))
    etag = fetched(as_ben, part)[0]["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        # The condition on what is known comes before the range.
        response, content = fetched(as_ben, part, **{"If-None-Match": known, "Range": "bytes=0-1"})
        assert (response.status_code, content) == (304, b"")
    assert fetched(as_ben, part, **{"If-None-Match": '"other"'})[0].status_code == 200


def test_the_file_of_a_cut_answer_is_closed(as_ben, pictured):
    part = parts_of(as_ben, "asset")[pictured.file]
    for headers in ({"Range": "bytes=0-3"}, {"If-None-Match": "*"}, {"Range": "bytes=99999-"}):
        response = as_ben.get(part["url"], headers=headers)
        list(response.streaming_content)
        response.close()
        assert response.closed
    assert default_storage.exists(stored_path(pictured.file))
