"""Practice over the API: answers and verdicts, saved work, hints, solutions, leaderboards, certificates."""

import re
from uuid import uuid4

import pytest

from courses.services.publishing import publish_lesson, save_draft
from progress.models import Attempt, Certificate
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll
from progress.tests.judged import (
    RIGHT_PREDICTIONS,
    body_of,
    exercise,
    judged_course,
    lesson_of,
    predictions,
    quiz,
    settle,
    store_labels,
)

pytestmark = pytest.mark.usefixtures("sandbox_runtime")

JSON = "application/json"
CELL = {"id": "cell", "type": "code", "source": "x = 1", "language": "python", "outputs": [], "run": "interactive"}


@pytest.fixture
def course(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    store_labels()
    return judged_course(body_of(CELL, quiz(attempts=2), exercise(), predictions()), slug="lines")


@pytest.fixture
def lesson(course):
    return lesson_of(course)


@pytest.fixture
def api(client, ben, course):
    enroll(user=ben, course=course)
    client.force_login(ben)
    return client


def post(client, lesson, block, answer, uid=None):
    path = f"/api/v1/lessons/{lesson.pk}/blocks/{block}/attempts"
    return client.post(path, {"uid": str(uid or uuid4()), "answer": answer}, content_type=JSON)


def test_a_wrong_choice_gets_its_feedback_and_no_key(api, lesson):
    answer = post(api, lesson, "ask", "a")
    assert answer.status_code == 201
    document = answer.json()
    assert (document["verdict"], document["score"], document["attempts_left"]) == ("failed", 0, 1)
    assert [choice["id"] for choice in document["feedback"]["choices"]] == ["a"]
    assert document["feedback"]["correct"] is None
    assert document["feedback"]["explanation"] is None
    assert "Squares punish" not in answer.content.decode()


def test_a_right_choice_passes_and_explains(api, lesson):
    document = post(api, lesson, "ask", "b").json()
    assert (document["verdict"], document["score"], document["verified_by"]) == ("passed", 1, "server")
    assert "Squares punish" in document["feedback"]["explanation"]
    assert document["result"] == {"best_score": 1, "max_score": 1, "is_passed": True, "attempts": 1}
    assert document["progress"]["course"]["slug"] == "lines"


def test_the_same_uid_again_is_the_first_answer(api, lesson):
    uid = uuid4()
    first = post(api, lesson, "ask", "a", uid)
    again = post(api, lesson, "ask", "b", uid)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["verdict"] == "failed"
    assert again.json()["attempts_left"] == 1
    assert Attempt.objects.count() == 1


def test_out_of_tries_is_409_and_told_the_answer(api, lesson):
    post(api, lesson, "ask", "a")
    last = post(api, lesson, "ask", "a").json()
    assert last["feedback"]["correct"] == ["b"]
    refused = post(api, lesson, "ask", "b")
    assert refused.status_code == 409
    assert refused.json()["detail"]


@pytest.mark.parametrize("answer", ["z", ["a", "b"], 3, True, None, {"choice": {}}, "", [[]]])
def test_a_malformed_answer_is_400_with_words_and_costs_no_try(api, lesson, answer):
    refused = post(api, lesson, "ask", answer)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/answer"
    assert not Attempt.objects.exists()


@pytest.mark.parametrize("uid", ["", "no", 7, None])
def test_a_bad_uid_is_400(api, lesson, uid):
    path = f"/api/v1/lessons/{lesson.pk}/blocks/ask/attempts"
    assert api.post(path, {"uid": uid, "answer": "a"}, content_type=JSON).status_code == 400


def test_code_is_checked_by_the_server(api, lesson):
    right = post(api, lesson, "code", "def double(x):\n    return x + x\n").json()
    assert (right["verdict"], right["verified_by"], right["score"]) == ("passed", "server", 2)
    assert right["feedback"]["hidden"] == {"passed": 1, "total": 1}
    wrong = post(api, lesson, "code", "def double(x):\n    return 6\n").json()
    assert wrong["verdict"] == "failed"
    assert wrong["feedback"]["checks"][0]["passed"]
    assert wrong["feedback"]["hidden"] == {"passed": 0, "total": 1}
    assert "double(-1)" not in str(wrong)
    assert wrong["result"]["best_score"] == 2


def test_an_attempt_is_its_persons_alone(api, client, cy, lesson, course):
    uid = post(api, lesson, "ask", "b").json()["uid"]
    assert api.get(f"/api/v1/attempts/{uid}").json()["verdict"] == "passed"
    enroll(user=cy, course=course)
    client.force_login(cy)
    assert client.get(f"/api/v1/attempts/{uid}").status_code == 404


def test_attempts_are_listed_newest_first(api, lesson):
    post(api, lesson, "ask", "a")
    post(api, lesson, "ask", "b")
    listed = api.get(f"/api/v1/lessons/{lesson.pk}/blocks/ask/attempts").json()
    assert [row["verdict"] for row in listed["results"]] == ["passed", "failed"]
    assert set(listed) == {"results", "next", "previous"}


def test_predictions_are_scored_and_the_private_score_waits_for_a_pass(api, lesson):
    poor = post(api, lesson, "predict", ["a"] * 20).json()
    assert poor["verdict"] == "failed"
    assert poor["feedback"]["private_score"] is None
    good = post(api, lesson, "predict", RIGHT_PREDICTIONS).json()
    assert (good["verdict"], good["feedback"]["public_score"], good["feedback"]["private_score"]) == ("passed", 1, 1)
    assert post(api, lesson, "predict", ["a"]).status_code == 400
    post(api, lesson, "predict", ["a"] * 20)
    assert post(api, lesson, "predict", RIGHT_PREDICTIONS).status_code == 409


def test_work_is_saved_read_and_dropped(api, lesson):
    path = f"/api/v1/lessons/{lesson.pk}/blocks/cell/work"
    assert api.get(path).json() == {"source": None, "version": 0, "saved_at": None}
    saved = api.put(path, {"source": "x = 2 \n"}, content_type=JSON)
    assert saved.status_code == 200
    assert api.get(path).json() == saved.json()
    assert (saved.json()["source"], saved.json()["version"]) == ("x = 2 \n", 1)
    state = api.get(f"/api/v1/lessons/{lesson.pk}").json()["state"]
    assert state["work"]["cell"]["source"] == "x = 2 \n"
    assert api.delete(path).status_code == 204
    assert api.get(path).json()["version"] == 0


@pytest.mark.parametrize("content", [{}, {"source": 3}, {"answer": "a"}, {"source": "x" * 70_000}, [], "x"])
def test_work_of_another_shape_is_400(api, lesson, content):
    path = f"/api/v1/lessons/{lesson.pk}/blocks/cell/work"
    assert api.put(path, content, content_type=JSON).status_code == 400


@pytest.mark.parametrize("answer", [False, {}, {"a": "b"}, [{}], [[]], [None]])
def test_what_answers_no_question_is_no_work_in_a_quiz(api, lesson, answer):
    refused = api.put(f"/api/v1/lessons/{lesson.pk}/blocks/ask/work", {"answer": answer}, content_type=JSON)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/answer"


def test_hints_come_one_by_one_and_the_solution_for_giving_up(api, lesson):
    path = f"/api/v1/lessons/{lesson.pk}/blocks/code"
    assert api.get(f"{path}/hints").json() == {"hints": [], "total": 2}
    assert len(api.post(f"{path}/hints").json()["hints"]) == 1
    assert "return" in api.put(f"{path}/solution").json()["html"]
    late = post(api, lesson, "code", "def double(x):\n    return 2 * x\n").json()
    assert (late["verdict"], late["score"]) == ("passed", 0)


def test_a_lesson_tells_the_state_of_its_blocks(api, lesson):
    before = api.get(f"/api/v1/lessons/{lesson.pk}")
    assert set(before.json()["state"]["blocks"]) == {"ask", "code", "predict"}
    post(api, lesson, "ask", "b")
    after = api.get(f"/api/v1/lessons/{lesson.pk}", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    state = after.json()["state"]["blocks"]["ask"]
    assert (state["verdict"], state["is_passed"], state["score"], state["attempts_left"]) == ("passed", True, 1, 1)
    same = api.get(f"/api/v1/lessons/{lesson.pk}", headers={"If-None-Match": after["ETag"]})
    assert same.status_code == 304


def test_a_pass_outlives_a_changed_check_and_can_be_checked_again(api, lesson, course):
    code = "def double(x):\n    return 2 * x\n"
    post(api, lesson, "code", code)
    checks = [{"kind": "value", "expression": "double(5)", "expected": 10, "comparison": "equal"}]
    save_draft(lesson=lesson, body=body_of(CELL, quiz(), exercise(checks=checks)))
    publish_lesson(lesson=lesson)
    state = api.get(f"/api/v1/lessons/{lesson.pk}").json()["state"]["blocks"]["code"]
    assert (state["is_passed"], state["is_outdated"]) == (True, True)
    again = api.post(f"/api/v1/lessons/{lesson.pk}/blocks/code/recheck")
    assert (again.status_code, again.json()["verdict"]) == (200, "passed")
    assert not api.get(f"/api/v1/lessons/{lesson.pk}").json()["state"]["blocks"]["code"]["is_outdated"]


def test_only_those_who_want_to_are_on_the_leaderboard(api, client, cy, lesson, course):
    board = f"/api/v1/lessons/{lesson.pk}/blocks/predict/leaderboard"
    post(api, lesson, "predict", RIGHT_PREDICTIONS)
    assert api.get(board).json()["rows"] == []
    assert api.put(f"/api/v1/courses/{course.slug}/leaderboard").status_code == 204
    shown = api.get(board).json()
    assert [(row["rank"], row["name"], row["is_me"]) for row in shown["rows"]] == [(1, "Ben", True)]
    client.force_login(cy)
    assert client.get(board).status_code == 404
    enroll(user=cy, course=course)
    assert client.get(board).json()["me"] is None
    assert client.get(board).json()["rows"][0]["is_me"] is False


def test_a_certificate_is_verified_by_anyone(api, client, ben, lesson, course):
    enrolment = enroll(user=ben, course=course)
    for block in ("ask", "code", "predict"):
        settle(enrolment, lesson, block)
    complete_lesson(user=ben, lesson=lesson)
    uid = Certificate.objects.get().uid
    mine = api.get("/api/v1/dashboard/certificates").json()["results"]
    assert [row["uid"] for row in mine] == [str(uid)]
    client.logout()
    shown = client.get(f"/api/v1/certificates/{uid}")
    assert (shown.status_code, shown.json()["name"], shown.json()["percent"]) == (200, "Ben", 100)
    assert shown.json()["url"].endswith(f"/certificates/{uid}/")
    assert client.get(f"/api/v1/certificates/{uuid4()}").status_code == 404


def test_the_outline_tells_the_points_and_the_certificate(api, client, ben, cy, lesson, course):
    path = f"/api/v1/courses/{course.slug}"
    before = api.get(path)
    assert (before.json()["score"], before.json()["points"]) == (0, 6)
    assert before.json()["certificate"] == {"points_needed": 3.6, "uid": None}
    enrolment = enroll(user=ben, course=course)
    for block in ("ask", "code", "predict"):
        settle(enrolment, lesson, block)
    complete_lesson(user=ben, lesson=lesson)
    after = api.get(path, headers={"If-None-Match": before["ETag"]}).json()
    [row] = after["modules"][0]["lessons"]
    assert (row["points"], row["score"], after["score"], after["points"]) == (6, 6, 6, 6)
    assert after["certificate"]["uid"] == str(Certificate.objects.get().uid)
    client.force_login(cy)
    other = client.get(path).json()
    assert (other["score"], other["certificate"]) == (None, {"points_needed": 3.6, "uid": None})
    assert [row["score"] for row in other["modules"][0]["lessons"]] == [None]


def test_the_course_may_stop_giving_certificates(api, ben, lesson, course):
    path = f"/api/v1/courses/{course.slug}"
    settle(enroll(user=ben, course=course), lesson, "predict")
    type(course).objects.update(certificate_percent=None)
    assert api.get(path).json()["certificate"] is None


def test_choices_stand_in_an_order_of_the_persons_own_on_pages_and_in_the_api(api, client, cy, ben, course):
    names = [f"c{number}" for number in range(8)]
    choices = [{"id": name, "text": f"Choice {name}", "correct": name == "c0"} for name in names]
    lesson = lesson_of(course)
    save_draft(lesson=lesson, body=body_of(quiz(choices=choices)))
    publish_lesson(lesson=lesson)
    enroll(user=cy, course=course)
    orders = set()
    for person in (ben, cy):
        client.force_login(person)
        document = client.get(f"/api/v1/lessons/{lesson.pk}?include=html").json()
        [block], [part] = document["blocks"], document["html"]
        order = [choice["id"] for choice in block["choices"]]
        assert sorted(order) == names
        assert re.findall(r'data-choice="(.+?)"', part["html"]) == order
        assert re.findall(r"Choice (c\d)", part["html"]) == order
        page = client.get(lesson.get_absolute_url()).content.decode()
        assert re.findall(r"<input[^>]*value=\"(c\d)\"", page) == order
        assert document == client.get(f"/api/v1/lessons/{lesson.pk}?include=html").json()
        copy = client.get(lesson.get_absolute_url().rstrip("/") + ".ipynb").content.decode()
        orders |= {tuple(order), tuple(re.findall(r"Choice (c\d)", copy))}
    assert len(orders) == 3
    assert tuple(names) not in orders


def test_what_waits_says_when_to_ask_again(api, lesson, settings):
    settings.SANDBOX_SLOTS = 0
    path = f"/api/v1/lessons/{lesson.pk}/blocks/code/attempts"
    uid = str(uuid4())
    for _ in range(2):
        answer = api.post(path, {"uid": uid, "answer": "x = 1"}, content_type=JSON)
        assert (answer.status_code, answer["Retry-After"], answer.json()["verdict"]) == (202, "1", "pending")
        assert answer.json()["position"] == 1
    assert api.get(f"/api/v1/attempts/{uid}")["Retry-After"] == "1"
    assert "Retry-After" not in post(api, lesson, "ask", "b")


def test_a_body_that_is_too_large_is_413(api, lesson, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    refused = post(api, lesson, "code", "x" * 1_000)
    assert (refused.status_code, refused["Content-Type"]) == (413, "application/problem+json")
    assert not Attempt.objects.exists()


PLACES = [
    ("get", "blocks/ask/attempts"), ("post", "blocks/ask/attempts"), ("get", "blocks/cell/work"),
    ("put", "blocks/cell/work"), ("delete", "blocks/cell/work"), ("get", "blocks/code/hints"),
    ("post", "blocks/code/hints"), ("put", "blocks/code/solution"), ("post", "blocks/code/recheck"),
    ("get", "blocks/predict/leaderboard"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "place"), PLACES)
def test_strangers_find_nothing_and_visitors_log_in(client, cy, lesson, method, place):
    path = f"/api/v1/lessons/{lesson.pk}/{place}"
    body = {"uid": str(uuid4()), "answer": "b", "source": "x"}
    assert getattr(client, method)(path, body, content_type=JSON).status_code == 401
    client.force_login(cy)
    if method in ("post", "put"):
        body = {"uid": str(uuid4()), "answer": "b"} if "attempts" in place else {"source": "x"}
    assert getattr(client, method)(path, body, content_type=JSON).status_code == 404
    assert not Attempt.objects.exists()
