"""Answering questions in a lesson's page: with plain forms, as htmx sends them, and with forms nobody should send."""

from html.parser import HTMLParser
from uuid import uuid4

import pytest

from courses.services.publishing import publish_lesson, save_draft
from progress.models import Attempt
from progress.services.enrolling import enroll
from progress.services.saving import save_work
from progress.tests.judged import body_of, judged_course, lesson_of, quiz

CHOICES = [
    {"id": "a", "text": "One", "correct": True, "feedback": "One it is."},
    {"id": "b", "text": "Two", "correct": False, "feedback": "Two is not."},
    {"id": "c", "text": "Three", "correct": True},
]
NUMBER = {"kind": "numeric", "answer": {"value": 9.81, "tolerance": 0.05, "units": "m/s^2"}, "choices": None}
TEXT = {"kind": "text", "answer": {"accepted": ["overfitting"], "case_sensitive": False}, "choices": None}
HTMX = {"HX-Request": "true"}


def asked(block_id, **fields):
    block = quiz(block_id, **fields)
    return {name: value for name, value in block.items() if value is not None or name == "attempts"}


@pytest.fixture
def lesson(db):
    course = judged_course(
        body_of(
            quiz(attempts=2),
            asked("many", kind="multiple", choices=CHOICES, partial_credit=True),
            asked("number", **NUMBER),
            asked("word", **TEXT),
            asked("dots.and:colons", attempts=1),
        ),
        slug="lines",
    )
    return lesson_of(course)


@pytest.fixture
def as_ben(client, ben, lesson):
    enroll(user=ben, course=lesson.course)
    client.force_login(ben)
    return client


def path_of(lesson, block_id, action="answer/"):
    return f"{lesson.get_absolute_url()}blocks/{block_id}/{action}"


def send(client, lesson, block_id, *, uid=None, headers=None, **fields):
    data = {"uid": str(uid or uuid4()), **fields}
    return client.post(path_of(lesson, block_id), data, headers=headers or {})


def part_of(client, lesson, block_id):
    """The block's own HTML."""
    return client.get(path_of(lesson, block_id, ""), headers=HTMX).content.decode().split('<form class="completion"')[0]


class _Form(HTMLParser):
    """Inputs of a page: names with values, in order; what is checked."""

    def __init__(self, page):
        super().__init__()
        self.inputs, self.checked = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input":
            self.inputs.append((given.get("name"), given.get("value")))
            if "checked" in given and given.get("name") == "choice":
                self.checked.append(given["value"])

    def values(self, name):
        return [value for found, value in self.inputs if found == name]


def test_a_wrong_answer_leads_back_to_the_block_with_its_feedback_and_the_tries_left(as_ben, lesson):
    response = send(as_ben, lesson, "ask", kind="single", choice="a")
    assert response.status_code == 302
    assert response.url == f"{lesson.get_absolute_url()}#block-ask"
    page = part_of(as_ben, lesson, "ask")
    assert "Not right" in page
    assert "0 of 1 point · 1 try left" in page
    assert "Look at the far points." in page
    assert "Try again" in page
    assert "Squares punish" not in page
    assert _Form(page).checked == ["a"]


def test_a_right_answer_shows_the_explanation_and_closes_the_form(as_ben, lesson):
    send(as_ben, lesson, "ask", kind="single", choice="b")
    page = part_of(as_ben, lesson, "ask")
    assert "1 of 1 point" in page
    assert "Squares punish far points." in page
    assert 'data-mark="right"' in page
    assert 'type="submit"' not in page
    assert "<fieldset disabled" in page


def test_without_tries_the_right_choice_is_shown_and_the_form_is_closed(as_ben, lesson):
    for _ in range(2):
        send(as_ben, lesson, "ask", kind="single", choice="a")
    page = part_of(as_ben, lesson, "ask")
    assert "no tries left" in page
    assert 'data-mark="missed"' in page
    assert 'type="submit"' not in page
    refused = send(as_ben, lesson, "ask", kind="single", choice="b")
    assert refused.status_code == 409
    assert "No tries are left." in refused.content.decode()
    assert Attempt.objects.count() == 2


def test_partly_right_is_said_and_gives_away_no_other_choice(as_ben, lesson):
    send(as_ben, lesson, "many", kind="multiple", choice=["a"])
    page = part_of(as_ben, lesson, "many")
    assert "Partly right" in page
    assert "0.5 of 1 point" in page
    assert "One it is." in page
    assert "Two is not." not in page
    assert "data-mark" not in page


@pytest.mark.parametrize(
    ("block_id", "kind", "value"), [("number", "numeric", "9.8 m/s^2"), ("word", "text", " Overfitting. ")]
)
def test_numbers_and_words_are_answered_in_a_field(as_ben, lesson, block_id, kind, value):
    send(as_ben, lesson, block_id, kind=kind, value=value)
    page = part_of(as_ben, lesson, block_id)
    assert "1 of 1 point" in page
    assert "Squares punish" in page


def test_what_a_grader_says_beyond_the_verdict_is_shown(as_ben, lesson):
    send(as_ben, lesson, "number", kind="numeric", value="9.81 kg")
    assert "give the answer in m/s^2, or the number alone" in part_of(as_ben, lesson, "number")


def test_a_number_is_asked_for_with_its_units_and_a_keyboard_of_digits(as_ben, lesson):
    page = part_of(as_ben, lesson, "number")
    assert 'inputmode="decimal"' in page
    assert "m/s^2" in page
    assert "9.81" not in page


def test_the_same_form_sent_twice_is_one_attempt(as_ben, lesson):
    uid = uuid4()
    for _ in range(2):
        assert send(as_ben, lesson, "ask", uid=uid, kind="single", choice="a").status_code == 302
    assert Attempt.objects.count() == 1


def test_each_page_brings_its_own_uid(as_ben, lesson):
    uids = [_Form(as_ben.get(lesson.get_absolute_url()).content.decode()).values("uid") for _ in range(2)]
    assert len(uids[0]) == 5
    assert len(set(uids[0] + uids[1])) == 10


def test_choices_stand_in_an_order_that_is_the_persons_own_and_stays(as_ben, client, cy, lesson):
    enroll(user=cy, course=lesson.course)

    def orders(count):
        return {tuple(_Form(part_of(client, lesson, "many")).values("choice")) for _ in range(count)}

    assert len(orders(3)) == 1
    assert {*orders(1).pop()} == {"a", "b", "c"}


def test_htmx_gets_the_block_and_the_completion_form_alone(as_ben, lesson):
    response = send(as_ben, lesson, "ask", headers=HTMX, kind="single", choice="b")
    page = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in page
    assert page.count("data-block=") == 1
    assert 'hx-swap-oob="true"' in page


def test_a_saved_answer_is_in_the_form_until_it_is_checked(as_ben, ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="many", content={"answer": ["b", "c"]})
    save_work(user=ben, lesson=lesson, block_id="number", content={"answer": "9.7"})
    page = as_ben.get(lesson.get_absolute_url()).content.decode()
    assert sorted(_Form(page).checked) == ["b", "c"]
    assert _Form(page).values("value")[0] == "9.7"
    send(as_ben, lesson, "many", kind="multiple", choice=["a"])
    assert _Form(part_of(as_ben, lesson, "many")).checked == ["a"]


@pytest.mark.parametrize("saved", [{"choice": "a"}, [["a"]], 7, None, [{"id": "a"}], "nowhere", {"a": 1, "b": 2}, True])
def test_whatever_a_client_saved_the_page_is_shown(as_ben, ben, lesson, saved):
    for block_id in ("ask", "many", "number"):
        save_work(user=ben, lesson=lesson, block_id=block_id, content={"answer": saved})
    assert as_ben.get(lesson.get_absolute_url()).status_code == 200


@pytest.mark.parametrize(
    ("block_id", "fields", "words"),
    [
        ("ask", {"kind": "single", "choice": "nowhere"}, "is not a choice"),
        ("ask", {"kind": "single"}, "choose an answer"),
        ("ask", {"kind": "multiple", "choice": ["a", "b"]}, "choose one answer only"),
        ("ask", {"kind": "elsewhere", "choice": "a"}, "This form is incomplete"),
        ("ask", {}, "This form is incomplete"),
        ("ask", {"kind": "single", "choice": "a", "uid": "7"}, "This form is incomplete"),
        ("ask", {"code": "print()"}, "is not a choice"),
        ("number", {"kind": "numeric", "value": "many"}, "Not taken"),
        ("number", {"kind": "numeric", "value": "9" * 5000}, "Not taken"),
        ("word", {"kind": "text", "value": "x" * 5000}, "at most 1,000 characters"),
        ("word", {"kind": "text", "value": "a\0b"}, "no text"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_answer_that_cannot_be_read_is_said_beside_the_form_and_costs_nothing(
    as_ben, lesson, block_id, fields, words, headers
):
    response = as_ben.post(path_of(lesson, block_id), {"uid": str(uuid4()), **fields}, headers=headers)
    assert response.status_code == 422
    page = response.content.decode()
    assert 'role="alert"' in page
    assert words in page
    assert Attempt.objects.count() == 0


def test_a_refused_answer_stays_in_its_field(as_ben, lesson):
    response = send(as_ben, lesson, "number", kind="numeric", value="about <ten>")
    assert 'value="about &lt;ten&gt;"' in response.content.decode()


def test_a_changed_question_keeps_the_pass_and_can_be_checked_again(as_ben, lesson):
    send(as_ben, lesson, "ask", kind="single", choice="b")
    changed = [{"id": "a", "text": "A", "correct": True}, {"id": "b", "text": "B", "correct": False}]
    save_draft(lesson=lesson, body=body_of(quiz(attempts=2, choices=changed)))
    publish_lesson(lesson=lesson)
    page = part_of(as_ben, lesson, "ask")
    assert "checked against an earlier version" in page
    assert "Check again" in page
    assert "verdict of an earlier version" in page
    assert "data-mark" not in page
    assert "Squares punish" not in page
    send(as_ben, lesson, "ask", kind="single", choice="b")
    page = part_of(as_ben, lesson, "ask")
    assert "Not right" in page
    assert "Passed" in page
    send(as_ben, lesson, "ask", kind="single", choice="a")
    assert "earlier version" not in part_of(as_ben, lesson, "ask")


def test_a_question_without_a_key_is_shown_without_a_form(as_ben, lesson):
    draft = quiz("ask", graded=False, missing="which choice is right")
    save_draft(lesson=lesson, body=body_of(draft))
    publish_lesson(lesson=lesson)
    page = as_ben.get(lesson.get_absolute_url()).content.decode()
    assert "there is nothing to submit" in page
    assert "which choice is right" not in page
    assert send(as_ben, lesson, "ask", kind="single", choice="a").status_code == 409


def test_a_stranger_finds_no_form_and_no_way_to_answer(client, cy, lesson):
    assert client.post(path_of(lesson, "ask"), {}).status_code == 302  # to the log-in page
    client.force_login(cy)
    lesson.course.lessons.update(is_preview=True)
    page = client.get(lesson.get_absolute_url()).content.decode()
    assert "quiz-choices" in page
    assert "quiz-form" not in page
    assert send(client, lesson, "ask", kind="single", choice="a").status_code == 404
    assert client.get(path_of(lesson, "ask", ""), headers=HTMX).status_code == 404


@pytest.mark.parametrize("block_id", ["nowhere", "ask%00", "..", "a" * 65, "-a"])
def test_an_unknown_block_is_a_404(as_ben, lesson, block_id):
    assert send(as_ben, lesson, block_id, kind="single", choice="a").status_code == 404


def test_a_form_without_its_token_is_refused(as_ben, ben, lesson):
    as_ben.handler.enforce_csrf_checks = True
    assert send(as_ben, lesson, "ask", kind="single", choice="a").status_code == 403
