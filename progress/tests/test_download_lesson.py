"""A lesson as a notebook of one's own: for those who take the course, without any answer, complete in itself."""

import base64
import json

import nbformat
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.content.learner_notebook import Place, learner_notebook
from courses.services.importing import import_course
from courses.services.publishing import publish_course, save_draft
from courses.tests.course_folders import code, markdown, notebook, png, write
from courses.tests.factories import CourseFactory, LessonFactory, ModuleFactory
from progress.services.enrolling import enroll, leave_course
from progress.services.saving import save_work
from progress.tests.judged import body_of, exercise, judged_course, lesson_of

LOGIN = 2
MARK = "canary-7f3a"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path_factory):
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


@pytest.fixture
def address(lessons):
    return f"/courses/lines/{lessons[1].slug}.ipynb"


def _cells(response):
    document = nbformat.reads(response.content.decode(), as_version=4)
    nbformat.validate(document)
    return document.cells


# Who


def test_the_api_gives_the_same_file(client, ben, cy, enrolment, lessons, address):
    path = f"/api/v1/lessons/{lessons[1].pk}/notebook"
    assert client.get(path).status_code == 404
    client.force_login(cy)
    assert client.get(path).status_code == 404
    client.force_login(ben)
    page, answer = client.get(address), client.get(path, headers={"Accept": "application/x-ipynb+json"})
    assert answer.content == page.content
    assert answer["Content-Type"] == page["Content-Type"]
    assert client.get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert client.get(path, headers={"Accept": "text/html"}).status_code == 406


def test_a_learner_gets_the_lesson_as_a_file(client, ben, enrolment, lessons, address):
    client.force_login(ben)
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/x-ipynb+json"
    assert response["Content-Disposition"] == f'attachment; filename="{lessons[1].slug}.ipynb"'
    assert response["Cache-Control"] == "private, no-cache"
    assert "Text of lesson 1." in _cells(response)[1].source


@pytest.mark.parametrize("who", ["visitor", "stranger", "left"])
def test_others_find_nothing(client, ben, cy, course, enrolment, address, who):
    if who == "stranger":
        client.force_login(cy)
    elif who == "left":
        leave_course(user=ben, course=course)
        client.force_login(ben)
    assert client.get(address).status_code == 404


def test_a_preview_is_for_anyone(client, course, lessons, address):
    lessons[1].is_preview = True
    lessons[1].save()
    assert client.get(address).status_code == 200
    assert f'href="{address}"' in client.get(lessons[1].get_absolute_url()).content.decode()


def test_a_removed_or_unknown_lesson_is_not_there(client, ben, enrolment, lessons, address):
    client.force_login(ben)
    assert client.get("/courses/lines/nothing.ipynb").status_code == 404
    lessons[1].removed_at = lessons[1].updated_at
    lessons[1].save()
    assert client.get(address).status_code == 404


def test_the_lesson_page_links_to_it(client, ben, enrolment, lessons, address):
    client.force_login(ben)
    assert f'href="{address}"' in client.get(lessons[1].get_absolute_url()).content.decode()


def test_only_reading_is_allowed(client, ben, enrolment, address):
    client.force_login(ben)
    assert client.post(address).status_code == 405


# How


def test_what_has_not_changed_is_not_sent_again(client, ben, enrolment, lessons, address):
    client.force_login(ben)
    tag = client.get(address)["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    save_draft(lesson=lessons[1], body={"version": 1, "blocks": [{"id": "b1", "type": "markdown", "source": "New."}]})
    publish_course(course=lessons[1].course)
    changed = client.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_it_keeps_its_budget(client, ben, enrolment, address):
    client.force_login(ben)
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    sql = [query["sql"] for query in captured.captured_queries]
    # the count of its limit; lesson with public content; answers; saved work
    assert len(sql) == LOGIN + 4, "\n".join(sql)
    assert not any('"body"' in text or '"key"' in text for text in sql)


# What


def _canary_body() -> dict:
    """Every private field of every block type holds the mark; so do metadata and cells."""
    private = {"note": MARK, "mlpracticum": {"import": {"source": MARK}}}
    return {
        "version": 1,
        "metadata": {"notebook": {"secret": MARK}, "front_matter": MARK},
        "blocks": [
            {"id": "m", "type": "markdown", "source": "# Seen", "metadata": private, "attachments": {"x": {"m": MARK}}},
            {
                "id": "c",
                "type": "code",
                "source": "1 + 1",
                "language": "python",
                "run": "static",
                "metadata": private,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "2", "metadata": {"s": MARK}}],
            },
            {
                "id": "q",
                "type": "quiz",
                "kind": "single",
                "prompt": "Which?",
                "choices": [
                    {"id": "a", "text": "this", "correct": True, "feedback": MARK},
                    {"id": "b", "text": "that", "correct": False, "feedback": MARK},
                ],
                "explanation": MARK,
                "points": 1,
                "attempts": None,
                "graded": True,
                "metadata": private,
            },
            {
                "id": "n",
                "type": "quiz",
                "kind": "numeric",
                "prompt": "How much?",
                "answer": {"value": 987654321.5, "tolerance": 0, "units": "m"},
                "points": 1,
                "attempts": None,
                "graded": True,
            },
            {
                "id": "t",
                "type": "quiz",
                "kind": "text",
                "prompt": "Who?",
                "answer": {"accepted": [MARK], "case_sensitive": False},
                "points": 1,
                "attempts": None,
                "graded": False,
                "missing": MARK,
            },
            {
                "id": "e",
                "type": "exercise",
                "title": "Do",
                "prompt": "Do it.",
                "starter": "def f(x):\n    # Your code here",
                "solution": f"x = '{MARK}'",
                "checks": [
                    {"kind": "value", "expression": "f(1)", "expected": [1, 2], "comparison": "equal"},
                    {"kind": "value", "expression": "f(2)", "expected": 0.5, "comparison": "close", "relative": 0.1},
                    {"kind": "assert", "source": "assert f"},
                ],
                "hidden_checks": [{"kind": "assert", "source": f"assert '{MARK}'"}],
                "hints": [MARK],
                "packages": [],
                "points": 1,
                "language": "python",
                "metadata": private,
                "cells": [{"id": "e", "cell_type": "markdown", "source": MARK, "metadata": private}],
            },
            {
                "id": "p",
                "type": "predictions",
                "prompt": "Predict.",
                "data": "d" * 64 + ".csv",
                "labels": f"{MARK}.csv",
                "metric": "rmse",
                "threshold": 1,
                "tries_per_day": 3,
                "points": 1,
            },
            {"id": "k", "type": "callout", "kind": "tip", "source": "Mind.", "metadata": private},
            {"id": "v", "type": "video", "url": "https://vimeo.com/1", "title": "Film", "metadata": private},
            {"id": "d", "type": "divider", "metadata": private},
        ],
    }


@pytest.fixture
def canary(client, ben):
    course = CourseFactory(slug="canary")
    lesson = LessonFactory(module=ModuleFactory(course=course), slug="first")
    save_draft(lesson=lesson, body=_canary_body())
    publish_course(course=course)
    course.refresh_from_db()
    enroll(user=ben, course=course)
    client.force_login(ben)
    response = client.get("/courses/canary/first.ipynb")
    assert response.status_code == 200
    return response


def test_nothing_private_is_in_it(canary):
    assert MARK in json.dumps(_canary_body())
    assert MARK not in canary.content.decode()
    assert "987654321" not in canary.content.decode()
    assert '"correct"' not in canary.content.decode()


def test_every_block_is_in_it(canary):
    cells = {cell.id: cell for cell in _cells(canary)}
    assert "- [ ] this\n- [ ] that" in cells["q"].source
    assert "In m." in cells["n"].source
    assert cells["e"].source.startswith("## Do\n\nDo it.")
    assert "1 hidden check and 1 hint" in cells["e"].source
    assert "http://testserver/courses/canary/first/#block-e" in cells["e"].source
    assert cells["e-code"].source == "def f(x):\n    # Your code here"
    assert cells["c"].outputs[0].text == "2"
    assert cells["k"].source == "> [!TIP]\n> Mind."
    assert cells["v"].source == "[Film](https://vimeo.com/1)"


def test_checks_are_statements_that_run(canary):
    checks = next(cell for cell in _cells(canary) if cell.id == "e-checks").source
    exec(checks, {"f": lambda x: (1, 2) if x == 1 else 0.52})  # noqa: S102 — the test's own lesson
    with pytest.raises(AssertionError):
        exec(checks, {"f": lambda x: (1, 3) if x == 1 else 0.52})  # noqa: S102
    with pytest.raises(AssertionError):
        exec(checks, {"f": lambda x: (1, 2) if x == 1 else 0.6})  # noqa: S102


def test_pictures_are_in_it_and_links_lead_to_the_site(db, client, ben, tmp_path):
    picture = png(30, 20)
    output = {"output_type": "display_data", "metadata": {}, "data": {"image/png": base64.b64encode(png()).decode()}}
    folder = write(
        tmp_path / "c",
        {
            "course.toml": 'title = "C"\nslug = "c"\n[[modules]]\ntitle = "M"\nlessons = ["a.ipynb", "b.md"]\n',
            "a.ipynb": notebook(
                markdown(
                    "# A\n\n![p](img/p%20q.png) <img src='img/p%20q.png'> img/p%20q.png\n\n[b](b.md#part) [d](d.csv)",
                    "text",
                ),
                code("1", "plot", outputs=[output]),
                minor=5,
            ),
            "b.md": "# B\n\n## Part\n",
            "d.csv": "1\n",
            "img/p q.png": picture,
        },
    )
    course = import_course(path=folder, publish=True).course
    enroll(user=ben, course=course)
    client.force_login(ben)
    cells = {cell.id: cell for cell in _cells(client.get("/courses/c/a.ipynb"))}
    [(name, bundle)] = cells["text"].attachments.items()
    assert base64.b64decode(bundle["image/png"]) == picture
    source = cells["text"].source
    assert f"![p](attachment:{name}) <img src='attachment:{name}'> img/p%20q.png" in source
    assert "[b](http://testserver/courses/c/b/#part)" in source
    assert "[d](http://testserver/media/assets/" in source
    assert base64.b64decode(cells["plot"].outputs[0].data["image/png"]) == png()


def test_ones_own_code_stands_in_place_of_the_starter():
    public = {
        "version": 1,
        "blocks": [
            {"id": "a.b", "type": "code", "source": "1", "language": "python", "run": "interactive", "outputs": []},
            {
                "id": "e",
                "type": "exercise",
                "title": "T",
                "prompt": "",
                "starter": "s",
                "checks": [],
                "language": "python",
            },
        ],
    }
    place = Place("Course", "Title", "https://example.org/x/", str)
    written = json.loads(learner_notebook(public, place, {}.__getitem__, code={"a.b": "mine", "e": "my answer"}))
    sources = {cell["id"]: "".join(cell["source"]) for cell in written["cells"]}
    assert sources["a-b"] == "mine"
    assert sources["e-code"] == "my answer"


def test_the_copy_holds_ones_own_code_and_changes_with_it(client, ben):
    cell = {"id": "cell", "type": "code", "source": "x = 1", "language": "python", "outputs": [], "run": "interactive"}
    course = judged_course(body_of(cell, exercise()))
    enroll(user=ben, course=course)
    lesson = lesson_of(course)
    client.force_login(ben)
    path = f"{lesson.get_absolute_url().rstrip('/')}.ipynb"
    before = client.get(path)
    save_work(user=ben, lesson=lesson, block_id="cell", content={"source": "x = 'mine'"})
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "def double(x):\n    return 'mine too'\n"})
    after = client.get(path, headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    sources = ["".join(cell["source"]) for cell in json.loads(after.content)["cells"]]
    assert "x = 'mine'" in sources
    assert any("mine too" in source for source in sources)
    assert "return 2 * x" not in after.content.decode()


def test_anothers_copy_does_not_hold_my_code(client, ben, cy):
    cell = {"id": "cell", "type": "code", "source": "x = 1", "language": "python", "outputs": [], "run": "interactive"}
    course = judged_course(body_of(cell))
    for person in (ben, cy):
        enroll(user=person, course=course)
    save_work(user=ben, lesson=lesson_of(course), block_id="cell", content={"source": "x = 'mine'"})
    client.force_login(cy)
    path = f"{lesson_of(course).get_absolute_url().rstrip('/')}.ipynb"
    assert "mine" not in client.get(path).content.decode()
