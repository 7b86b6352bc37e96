"""No answer leaks: a course with a mark in every private place is crawled as each kind of person, before and after.

The crawl itself is shown to find marks: the course's author, who may see them in the admin, is shown them all.
"""

import re
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory
from courses.models import Course
from courses.services.importing import import_course
from courses.services.outlining import remove_lesson
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, published_course
from progress.models import Attempt
from progress.services.enrolling import enroll
from tests.canary_course import Marks, write_course
from tests.canary_crawler import FOR_ALL, Addresses, Finder, crawl, routes

JSON = "application/json"
GOOD = "def shift(x):\n    return x + step\n"
# What is kept of a folder is what a course is made of: these files are no part of it.
NEVER_STORED = ("file: unused", "course.toml", "file: solution")


class Site:
    """The course of marks and its people, each with a client."""

    def __init__(self, folder, ada):
        self.marks = Marks()
        import_course(path=write_course(folder / "course", self.marks), publish=True)
        self.course = Course.objects.get(slug="canaries")
        self.course.authors.add(ada)
        self._unpublish_some()
        self._write_a_draft_course(folder)
        other = published_course(lessons=1, slug="other")
        people = {
            "ada": ada,
            "ben": UserFactory(email="ben@example.org", display_name="Ben"),
            "cy": UserFactory(email="cy@example.org", display_name="Cy"),
            "stranger": UserFactory(),
            "another author": UserFactory(role="author"),
            "staff": UserFactory(is_staff=True),
        }
        other.authors.add(people["another author"])
        for name in ("ben", "cy"):
            enroll(user=people[name], course=self.course)
        self.people = people
        self.clients = {"anonymous": Client()} | {name: Client() for name in people}
        for name, person in people.items():
            self.clients[name].force_login(person)
        self.finder = Finder(self.marks.planted)

    def lesson(self, slug):
        return self.course.lessons.get(slug=slug)

    def _unpublish_some(self):
        edited = self.lesson("edited")
        save_draft(lesson=edited, body=body("New text."))
        publish_lesson(lesson=edited)
        save_draft(lesson=edited, body=body(f"Not yet: {self.marks('draft of a lesson: text')}."))
        self.course.lessons.filter(slug="later").update(available_from=timezone.now() + timezone.timedelta(days=9))
        remove_lesson(lesson=self.lesson("removed"))

    def _write_a_draft_course(self, folder):
        (folder / "draft").mkdir()
        (folder / "draft" / "a.md").write_text(f"# {self.marks('draft course: lesson')}\n\nText.\n")
        about = f'title = "{self.marks("draft course: title")}"\nslug = "draft"\n'
        (folder / "draft" / "course.toml").write_text(about)
        import_course(path=folder / "draft", publish=False)

    def crawl(self, name, *, below="/", with_schema=False):
        addresses = [path for path in Addresses.of_site().all() if path.startswith(below)]
        return crawl(
            self.clients[name], self.finder, [path for path in addresses if with_schema or path not in FOR_ALL]
        )

    def api(self, name, method, place, content=None, lesson="own"):
        path = f"/api/v1/lessons/{self.lesson(lesson).pk}/{place}"
        answer = getattr(self.clients[name], method)(path, content or {}, content_type=JSON)
        assert answer.status_code < 500
        return answer

    def answer(self, name, block, answer, lesson="own"):
        content = {"uid": str(uuid4()), "answer": answer}
        return self.api(name, "post", f"blocks/{block}/attempts", content, lesson)


@pytest.fixture
def site(db, settings, tmp_path, ada):
    settings.MEDIA_ROOT = tmp_path / "media"
    (tmp_path / "course").mkdir()
    mail.outbox.clear()
    return Site(tmp_path, ada)


BAD_ANSWERS = ("nope", ["nope"], None, {"key": "nope"}, [0] * 9, "x" * 300_000)


def refused_answers(site, name):
    """What the site says to answers that it does not take, and to writes where nothing may be written."""
    for lesson in site.course.lessons.filter(current_revision__isnull=False).select_related("current_revision"):
        for block, check in [*lesson.current_revision.checks.items(), ("draft", {"type": "quiz"})]:
            for answer in BAD_ANSWERS:
                # Any text is an answer to an exercise, and a short one to a question that takes words.
                if not isinstance(answer, str) or check["type"] != "exercise" and (block != "text" or len(answer) > 9):
                    yield site.answer(name, block, answer, lesson.slug)
            yield site.api(name, "put", f"blocks/{block}/work", {"source": 1, "answer": 1}, lesson.slug)
            yield site.api(name, "post", f"blocks/{block}/recheck", {}, lesson.slug)
            page = f"{lesson.get_absolute_url()}blocks/{block}/answer/"
            form = {} if check["type"] == "exercise" or block == "text" else {"choice": "nope"}
            yield site.clients[name].post(page, {"uid": str(uuid4()), **form})
    yield site.clients[name].get(f"/api/v1/lessons/{site.lesson('own').pk}?include=key")
    yield site.clients[name].get("/search/?q=%00")
    yield site.clients[name].post("/api/v1/me", "{", content_type=JSON)


@pytest.mark.parametrize("name", ["anonymous", "ben", "stranger", "another author", "staff"])
def test_before_an_answer_no_mark_is_anywhere(site, caplog, name):
    caplog.set_level("INFO")
    assert site.crawl(name, with_schema=name == "anonymous") == {}
    if name in ("ben", "stranger"):
        for answer in refused_answers(site, name):
            assert answer.status_code < 500
            assert site.finder.in_answer(answer) == set(), answer.request["PATH_INFO"]
        assert not Attempt.objects.exists()
    assert site.finder.found(caplog.text) == set()
    assert site.finder.found("".join(str(message.message()) for message in mail.outbox)) == set()


def test_who_may_not_answer_is_shown_no_hint_and_no_solution(site):
    for name in ("anonymous", "stranger", "another author", "staff"):
        for method, place in (("post", "hints"), ("get", "hints"), ("put", "solution")):
            answer = site.api(name, method, f"blocks/shift/{place}")
            assert answer.status_code in (401, 404)
            assert site.finder.in_answer(answer) == set()
        for place in ("hint", "solution"):
            answer = site.clients[name].post(f"/courses/canaries/own/blocks/shift/{place}/")
            assert answer.status_code in (302, 403, 404)
            assert site.finder.in_answer(answer) == set()


def test_searching_for_a_mark_finds_nothing(site):
    for client in (site.clients["ben"], site.clients["another author"], site.clients["anonymous"]):
        nothing = "zqzqzqzqzqzqzqzq"
        expected = re.sub(r"(?:csrf|nonce)[^>]*>", "", client.get(f"/search/?q={nothing}").content.decode())
        for mark in list(site.marks.planted.values())[::6]:
            page = re.sub(r"(?:csrf|nonce)[^>]*>", "", client.get(f"/search/?q={mark}").content.decode())
            assert page.replace(mark, nothing) == expected
            assert client.get(f"/api/v1/courses?search={mark}").json()["results"] == []


def test_the_crawl_finds_what_is_there_the_author_sees_the_marks(site):
    """Else it would prove nothing: in the admin of the course's author stands what learners never see."""
    seen = set().union(*site.crawl("ada", below="/admin/courses/").values())
    assert seen >= set(site.marks.planted) - {
        name for name in site.marks.planted if name.startswith((*NEVER_STORED, "draft course", "labels"))
    }


def test_a_mark_is_found_in_every_dress():
    finder = Finder({"word": "zqabcdefghijklmn", "number": "7213548960123457"})
    for text in (
        "ZQabcdefghijklmn",
        "<b>zqabcd</b>efghijklmn",
        "enFhYmNkZWZnaGlqa2xtbg==",
        '{"a": "x zqabcdefghijklmn"}',
    ):
        assert finder.found(text) == {"word"}, text
    for text in ("7213548960123457.0", "7.213548960123457e+15", "7,213,548,960,123,457", "<i>72135</i>48960123457"):
        assert finder.found(text) == {"number"}, text
    assert finder.found("zqabcdefghijklmo 7213548960123458") == set()


def test_every_route_is_crawled(site):
    addresses = Addresses.of_site()
    empty = {route for route in routes() if not list(addresses.of_route(route))}
    without_rows = {"checkjob", "attempt", "blockresult", "certificate", "lessoncompletion", "importjob", "group"}
    without_rows |= {"authenticator", "usersession", "dbtaskresult"}
    assert {route for route in empty if route.split("/")[2] not in without_rows} == set()


@pytest.mark.usefixtures("sandbox_runtime")
def test_after_answers_only_what_they_earned_is_shown_and_to_their_person_alone(site):
    marks, finder = site.marks, site.finder
    own = site.marks("ben: answer"), site.marks("ben: code"), site.marks("ben: saved work")
    site.finder = finder = Finder(marks.planted)
    allowed = marks.named("ben: ")
    choices = {choice["text"]: choice["id"] for choice in _block(site, "single")["choices"]}

    def check(expected):
        """What was earned is shown to ben, and nothing else to him or to anyone."""
        allowed.update(expected)
        seen = set().union(*site.crawl("ben").values())
        assert seen <= allowed
        return seen

    wrong = site.answer("ben", "single", choices["The second"])
    assert finder.in_answer(wrong) == {"single: feedback on a wrong choice"}
    assert site.answer("ben", "numeric", 1).json()["verdict"] == "failed"
    assert finder.in_answer(site.answer("ben", "text", own[0])) == set()
    hint = site.api("ben", "post", "blocks/shift/hints")
    assert finder.in_answer(hint) == {"exercise: hint 1"}
    failed = site.answer("ben", "shift", f"# {own[1]}\ndef shift(x):\n    print('{own[1]}')\n    return 2\n")
    assert failed.json()["verdict"] == "failed", failed.json()
    assert finder.in_answer(failed) <= {"ben: code"}
    site.api("ben", "put", "blocks/setup/work", {"source": f"# {own[2]}"})
    assert site.answer("ben", "predict", ["no"] * 10).json()["verdict"] == "failed"
    seen = check({"single: feedback on a wrong choice", "exercise: hint 1"})
    assert {"single: feedback on a wrong choice", "exercise: hint 1", "ben: code", "ben: saved work"} <= seen

    right = site.answer("ben", "single", choices["The first"])
    assert finder.in_answer(right) == {"single: feedback on the right choice", "single: explanation"}
    last = site.answer("ben", "numeric", 2)
    assert finder.in_answer(last) == {"numeric: value", "numeric: tolerance", "numeric: explanation"}
    solution = site.api("ben", "put", "blocks/shift/solution")
    assert finder.in_answer(solution) == {"exercise: solution"}
    assert site.answer("ben", "shift", GOOD).json()["verdict"] == "passed"
    assert site.answer("ben", "predict", ["yes"] * 10).json()["verdict"] == "passed"
    seen = check(
        marks.named("numeric: ") | {"single: feedback on the right choice", "single: explanation", "exercise: solution"}
    )
    assert {"single: explanation", "exercise: solution", "numeric: explanation"} <= seen
    assert site.crawl("cy") == {}


def _block(site, block_id):
    blocks = site.clients["ben"].get(f"/api/v1/lessons/{site.lesson('own').pk}").json()["blocks"]
    return next(block for block in blocks if block["id"] == block_id)
