"""Exercises, predictions, completion and points in pages: what a person sees and sends, with no script running."""

import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from accounts.tests.factories import UserFactory
from courses.models import Lesson
from courses.services.publishing import publish_lesson, save_draft
from progress.models import Attempt, LessonCompletion, Reveal
from progress.selectors.leaderboards import leaderboard
from progress.services.attempting import submit_answer
from progress.services.enrolling import enroll, locked_enrolment, show_on_leaderboards
from progress.services.results import record
from progress.services.saving import save_work
from progress.tests.judged import (
    LABELS,
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
from progress.views.lesson_page import wants_part

CELL = {"id": "cell", "type": "code", "source": "x = 1", "language": "python", "outputs": [], "run": "interactive"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def course(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    store_labels()
    course = judged_course(body_of(CELL, quiz(), exercise(), predictions()), body_of(quiz()), slug="lines")
    course.data_files = {"data/x.csv": "f" * 64 + ".csv"}
    course.save()
    return course


@pytest.fixture
def lesson(course):
    return lesson_of(course)


@pytest.fixture
def enrolment(ben, course):
    return enroll(user=ben, course=course)


@pytest.fixture
def as_ben(client, ben, enrolment):
    client.force_login(ben)
    return client


def path_of(lesson, block_id, action=""):
    return f"{lesson.get_absolute_url()}blocks/{block_id}/{action}"


def send(client, lesson, block_id, action="answer/", headers=None, **fields):
    return client.post(path_of(lesson, block_id, action), {"uid": str(uuid4()), **fields}, headers=headers or {})


def part_of(client, lesson, block_id):
    page = client.get(path_of(lesson, block_id), headers=HTMX).content.decode()
    return re.sub(r"\s+", " ", page.split('<form class="completion"')[0])


def wait(user, lesson, code):
    """Hand code in without checking it."""
    return submit_answer(user=user, lesson=lesson, block_id="code", uid=uuid4(), answer=code, prefer_wait=False)


# --- Exercises --------------------------------------------------------------------------------------------------------


def test_an_exercise_begins_with_the_starter_and_tells_no_answer(as_ben, lesson):
    page = part_of(as_ben, lesson, "code")
    assert "raise NotImplementedError" in page
    assert "double(3) gives 6" in page
    assert "2 points · 1 hidden check" in page
    assert "Show hint 1 of 2" in page
    for secret in ("Two times", "Use <code>", "2 * x", "double(-1)"):
        assert secret not in page


def test_saved_code_is_in_the_form(as_ben, ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "def double(x):\n    return '</textarea>'"})
    page = as_ben.get(lesson.get_absolute_url()).content.decode()
    assert "return &#x27;&lt;/textarea&gt;&#x27;" in page


def test_code_that_waits_shows_its_place_in_line_and_can_be_asked_for_again(as_ben, ben, cy, course, lesson):
    enroll(user=cy, course=course)
    wait(cy, lesson, "def double(x):\n    return 1\n")
    wait(ben, lesson, "def double(x):\n    return 2 * x\n")
    page = part_of(as_ben, lesson, "code")
    assert "Waiting for the check</strong> · 2nd in line" in page
    assert f'href="{path_of(lesson, "code")}">Look again' in page
    assert "return 2 * x" in page


def test_handing_in_code_keeps_it_as_it_was_sent(as_ben, cy, course, lesson):
    enroll(user=cy, course=course)
    wait(cy, lesson, "def double(x):\n    return 1\n")  # so that the request does not run its own
    response = send(as_ben, lesson, "code", code="def double(x):\r\n    return 2 * x\r\n")
    assert response.url == f"{lesson.get_absolute_url()}#block-code"
    attempt = Attempt.objects.exclude(enrolment__user=cy).get()
    assert (attempt.verdict, attempt.answer) == ("pending", "def double(x):\n    return 2 * x\n")


@pytest.mark.parametrize(
    ("code", "words"), [("x" * 300_000, "Not taken"), ("", "must not be empty"), ("a\0b", "no text")]
)
def test_code_that_cannot_be_taken_is_said_beside_the_form(as_ben, lesson, code, words):
    response = send(as_ben, lesson, "code", code=code)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Attempt.objects.count() == 0


def test_a_failed_check_shows_what_was_called_and_expected_and_hidden_checks_as_a_number(as_ben, ben, lesson):
    attempt = wait(ben, lesson, "def double(x):\n    return x\n")
    outcome = {
        "message": "0 of 1 checks passed.",
        "checks": [
            {"passed": False, "called": "double(3)", "returned": "<3>", "expected": "6", "message": "3 instead of 6.",
             "label": "double(3) gives 6"}
        ],
        "hidden": {"passed": 0, "total": 1},
        "stdout": "<b>hello</b>",
        "error": {"type": "ValueError", "message": "no", "traceback": ["Cell In[1]", "ValueError: <no>"]},
    }  # fmt: skip
    attempt.job.delete()
    Attempt.objects.filter(pk=attempt.pk).update(
        verdict="failed", outcome=outcome, verified_by="server", checked_at=attempt.created_at
    )
    settle_again(attempt)
    page = part_of(as_ben, lesson, "code")
    for words in (
        "Not passed", "double(3)", "&lt;3&gt;", "3 instead of 6.", "0 of 1 hidden check passed",
        "&lt;b&gt;hello&lt;/b&gt;", "ValueError: &lt;no&gt;",
    ):  # fmt: skip
        assert words in page


def settle_again(attempt):
    """What follows from a verdict that a test wrote."""
    with transaction.atomic():
        attempt.refresh_from_db()
        attempt.enrolment = locked_enrolment(attempt.enrolment.user, attempt.enrolment.course_id)
        record(attempt)


def test_hints_come_one_at_a_time(as_ben, lesson):
    assert send(as_ben, lesson, "code", "hint/").status_code == 302
    page = part_of(as_ben, lesson, "code")
    assert "Two times." in page
    assert "Use <code>" not in page
    assert "Show hint 2 of 2" in page
    page = send(as_ben, lesson, "code", "hint/", headers=HTMX).content.decode()
    assert "Use <code>*</code>" in page
    assert "Show hint" not in page
    assert Reveal.objects.filter(kind="hint").count() == 2


def test_the_solution_is_asked_for_twice_before_a_pass_and_says_the_price(as_ben, lesson):
    page = part_of(as_ben, lesson, "code")
    assert "Give up and show the solution" in page
    assert "it gives no points any more" in page
    send(as_ben, lesson, "code", "solution/")
    page = part_of(as_ben, lesson, "code")
    assert "The author’s solution" in page
    assert "Give up" not in page


def test_after_a_pass_the_solution_costs_nothing_and_is_shown_at_once(as_ben, enrolment, lesson):
    settle(enrolment, lesson, "code")
    page = part_of(as_ben, lesson, "code")
    assert "Show the author’s solution" in page
    assert "Give up" not in page
    assert "2 of 2 points" in page


def test_a_changed_exercise_keeps_the_pass_and_says_so(as_ben, enrolment, lesson):
    settle(enrolment, lesson, "code")
    harder = [{"kind": "value", "expression": "double(5)", "expected": 10, "comparison": "equal"}]
    save_draft(lesson=lesson, body=body_of(exercise(checks=harder)))
    publish_lesson(lesson=lesson)
    page = part_of(as_ben, lesson, "code")
    assert "checked against an earlier version" in page
    assert "Your pass and its points stay" in page
    assert "double(5) gives 10" in page


def test_code_that_is_saved_after_a_pass_is_in_the_form(as_ben, ben, enrolment, lesson):
    settle(enrolment, lesson, "code")
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "# shorter"})
    assert "# shorter" in part_of(as_ben, lesson, "code")


def test_strangers_can_ask_for_nothing(client, cy, course, lesson):
    course.lessons.update(is_preview=True)
    client.force_login(cy)
    for action in ("answer/", "hint/", "solution/", "leaderboard/membership/"):
        assert send(client, lesson, "code", action, code="x").status_code == 404
    assert client.get(path_of(lesson, "predict", "leaderboard/")).status_code == 404
    assert client.get(path_of(lesson, "code"), headers=HTMX).status_code == 404


def test_a_visitor_is_led_to_the_log_in_page_and_back(client, course, lesson):
    response = send(client, lesson, "code", code="x")
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_coming_back_from_the_log_in_page_shows_the_block(as_ben, lesson):
    response = as_ben.get(path_of(lesson, "code", "answer/"))
    assert response.url == f"{lesson.get_absolute_url()}#block-code"


@pytest.mark.parametrize(
    ("headers", "is_part"),
    [
        ({"HX-Request": "true"}, True),
        ({"Accept": "text/html"}, True),
        ({"Sec-Fetch-Dest": "empty"}, True),
        ({"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Dest": "document"}, False),
        ({}, False),
    ],
)
def test_a_script_gets_the_block_and_a_person_the_lesson(rf, headers, is_part):
    assert wants_part(rf.get("/", headers=headers)) is is_part


# --- The page's settings for scripts ----------------------------------------------------------------------------------


def test_the_page_tells_its_scripts_what_they_need_and_no_answer(as_ben, ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="cell", content={"source": "x = '</script>'"})
    response = as_ben.get(lesson.get_absolute_url())
    config = response.context["practice"]
    assert config["enrolled"] is True
    assert config["lesson"] == lesson.pk
    assert config["work"]["cell"]["source"] == "x = '</script>'"
    assert config["files"] == {"data/x.csv": "/media/assets/" + "f" * 64 + ".csv"}
    assert list(config["exercises"]) == ["code"]
    assert set(config["exercises"]["code"]) == {"checks", "setup", "packages", "starter"}
    page = response.content.decode()
    assert "x = '</script>'" not in page
    assert '<script id="practice-config" type="application/json">' in page
    assert "double(-1)" not in page


def test_a_visitor_can_run_code_of_a_preview_and_keeps_nothing(client, course, lesson):
    course.lessons.update(is_preview=True)
    config = client.get(lesson.get_absolute_url()).context["practice"]
    assert (config["enrolled"], config["user"], config["work"]) == (False, None, {})
    assert list(config["exercises"]) == ["code"]


# --- Predictions ------------------------------------------------------------------------------------------------------


def upload(text, name="mine.csv"):
    return SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode(), content_type="text/csv")


def test_predictions_come_as_a_file_or_pasted(as_ben, lesson):
    wrong = "\n".join("a" for _ in RIGHT_PREDICTIONS)
    send(as_ben, lesson, "predict", kind="predictions", predictions=wrong)
    page = part_of(as_ben, lesson, "predict")
    assert "Not passed" in page
    assert "Private score" not in page
    assert "2 tries left today" in page
    send(as_ben, lesson, "predict", kind="predictions", file=upload(LABELS))
    page = part_of(as_ben, lesson, "predict")
    assert "3 of 3 points" in page
    assert "Private score" in page
    assert page.count("<tr>") == 3  # the head and two tries


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose a file, or paste the predictions."),
        ({"file": upload(b"\xff\xfe\x00\x01")}, "not text in UTF-8"),
        ({"file": upload("")}, "the file is empty"),
        ({"file": upload("a\nb\n")}, "expected 20"),
        ({"predictions": "<script>"}, "expected 20"),
        ({"predictions": 'a,"b'}, "Not taken"),
        ({"file": upload(b"a," * 6_000_000)}, "larger than 10 MB"),
    ],
)
def test_predictions_that_cannot_be_read_cost_no_try(as_ben, lesson, fields, words):
    response = send(as_ben, lesson, "predict", kind="predictions", **fields)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Attempt.objects.count() == 0


def test_when_todays_tries_are_used_the_form_is_gone(as_ben, lesson):
    for _ in range(3):
        send(as_ben, lesson, "predict", kind="predictions", predictions="\n".join("a" * 20))
    page = part_of(as_ben, lesson, "predict")
    assert "no tries left today" in page
    assert "Submit predictions" not in page
    assert send(as_ben, lesson, "predict", kind="predictions", predictions="a").status_code == 409


def test_nobody_is_on_the_leaderboard_who_did_not_choose_to_be(as_ben, ben, cy, course, lesson):
    enroll(user=cy, course=course)
    for person in (ben, cy):
        submit_answer(user=person, lesson=lesson, block_id="predict", uid=uuid4(), answer=RIGHT_PREDICTIONS)
    board = path_of(lesson, "predict", "leaderboard/")
    page = as_ben.get(board).content.decode()
    assert "Nobody is on it yet" in page
    assert "You are not seen here" in page
    response = send(as_ben, lesson, "predict", "leaderboard/membership/", shown="1")
    assert response.url == board
    page = as_ben.get(board).content.decode()
    assert "is-me" in page
    assert "Cy" not in page
    show_on_leaderboards(user=cy, course=course, shown=True)
    assert "Cy" in as_ben.get(board).content.decode()
    send(as_ben, lesson, "predict", "leaderboard/membership/", shown="0")
    assert "is-me" not in as_ben.get(board).content.decode()


def test_a_long_leaderboard_has_pages_and_equal_scores_share_a_rank(as_ben, ben, course, lesson, monkeypatch):
    monkeypatch.setattr("progress.selectors.leaderboards.SHOWN", 2)
    for number, right in enumerate((20, 15, 15, 10)):
        learner = UserFactory(display_name=f"Learner {number}")
        enroll(user=learner, course=course)
        show_on_leaderboards(user=learner, course=course, shown=True)
        answer = RIGHT_PREDICTIONS[:right] + ["a"] * (20 - right)
        submit_answer(user=learner, lesson=lesson, block_id="predict", uid=uuid4(), answer=answer)
    boards = [leaderboard(user=ben, lesson=lesson, block_id="predict", page=page) for page in (1, 2, 3)]
    whole = [(row.rank, row.score) for board in boards for row in board.rows]
    assert [rank for rank, _ in whole] == [1 + sum(other > score for _, other in whole) for _, score in whole]
    assert [len(board.rows) for board in boards] == [2, 2, 0]
    path = path_of(lesson, "predict", "leaderboard/")
    assert "?page=2" in as_ben.get(path).content.decode()
    assert "?page=1" in as_ben.get(path, {"page": "2"}).content.decode()
    for page in ("0", "-1", "x", "9" * 40, "²", "99999"):
        assert as_ben.get(path, {"page": page}).status_code == 200


# --- Completion and points --------------------------------------------------------------------------------------------


@pytest.fixture
def strict(lesson):
    Lesson.objects.filter(pk=lesson.pk).update(completion_rule="passed")
    return lesson


def test_a_lesson_that_wants_its_blocks_passed_says_what_is_missing(as_ben, enrolment, strict):
    settle(enrolment, strict, "ask")
    page = re.sub(r"\s+", " ", as_ben.get(strict.get_absolute_url()).content.decode())
    assert "1 of 3 questions and exercises passed" in page
    assert 'value="1" disabled' in page
    assert "#block-code" in page
    for headers in ({}, HTMX):
        as_ben.post(strict.get_absolute_url() + "complete/", {"done": "1"}, headers=headers)
    assert LessonCompletion.objects.count() == 0


def test_the_last_pass_opens_the_button_and_completes(as_ben, enrolment, strict):
    settle(enrolment, strict, "code")
    settle(enrolment, strict, "predict")
    page = send(as_ben, strict, "ask", headers=HTMX, kind="single", choice="b").content.decode()
    assert 'hx-swap-oob="true"' in page
    assert "disabled aria-describedby" not in page
    as_ben.post(strict.get_absolute_url() + "complete/", {"done": "1"})
    assert LessonCompletion.objects.count() == 1


def test_points_stand_on_course_page_and_dashboard_with_what_the_certificate_takes(as_ben, enrolment, course, lesson):
    settle(enrolment, lesson, "code")
    page = re.sub(r"\s+", " ", as_ben.get(course.get_absolute_url()).content.decode())
    assert "2 of 6 points" in page
    assert "0 of 1 point" in page
    assert "2 of 4.2 points needed for the certificate" in page
    page = re.sub(r"\s+", " ", as_ben.get(reverse("progress:dashboard")).content.decode())
    assert "2 of 4.2 points needed for the certificate" in page


def test_points_of_others_are_not_ones_own(client, ben, cy, course, lesson, enrolment):
    settle(enroll(user=cy, course=course), lesson, "code")
    client.force_login(ben)
    assert "0 of 6 points" in re.sub(r"\s+", " ", client.get(course.get_absolute_url()).content.decode())
