"""Quizzes kept as JSON: the quiz app's files, jupyterquiz's files, spans and calls; and the lesson each belongs to."""

import base64
import json

import pytest

from courses.content.dialects_quiz_json import quiz_sets
from courses.content.folder import read_course
from courses.content.schema import validate_body
from courses.tests.course_folders import code, markdown, notebook, write


def option(text, correct):
    return {"answerText": text, "isCorrect": correct}


def app(*questions, name=1):
    return {"id": name, "title": "Before", "quiz": list(questions)}


QUESTION = {"questionText": "Which is a line?", "answerOptions": [option("$ax+b$", "true"), option("$x^2$", "false")]}
NUMBER = {
    "question": "How much is a half?",
    "type": "numeric",
    "answers": [
        {"type": "value", "value": 0.5, "correct": True, "feedback": "Yes."},
        {"type": "range", "range": [1, 9], "correct": False, "feedback": "Too much."},
        {"type": "default", "feedback": "No."},
    ],
}


def blocks_of(value):
    return [quiz.block for found in quiz_sets(value) for quiz in found.quizzes]


def one(value):
    (block,) = blocks_of(value)
    body = {"version": 1, "blocks": [{"id": "q", **block}]}
    assert validate_body(body) == []
    return block


def read(tmp_path, files):
    course = read_course(write(tmp_path, files))
    for lesson in course.lessons:
        assert validate_body(lesson.body) == []
    return course


def quizzes(lesson):
    return [block for block in lesson.body["blocks"] if block["type"] == "quiz"]


@pytest.mark.parametrize("right", ["true", "True", " true ", True])
@pytest.mark.parametrize("wrong", ["false", "FALSE", False])
def test_is_correct_is_read_as_text_and_as_a_boolean(right, wrong):
    block = one([{"questionText": "Which?", "answerOptions": [option("a", wrong), option("b", right)]}])
    assert (block["kind"], block["graded"]) == ("single", True)
    assert [choice["correct"] for choice in block["choices"]] == [False, True]


def test_several_right_options_make_a_multiple_choice():
    block = one(
        [{"questionText": "Which?", "answerOptions": [option(text, "true") for text in "ab"] + [option("c", "false")]}]
    )
    assert (block["kind"], block["graded"]) == ("multiple", True)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        (
            {"questionText": "Which?", "answerOptions": [option("a", "false"), option("b", "false")]},
            "which choice is right",
        ),
        (
            {"questionText": "Which?", "answerOptions": [option("a", "yes"), option("b", "true")]},
            "which choice is right",
        ),
        ({"questionText": "Which?", "answerOptions": [option("a", "true")]}, "the choices, at least two"),
        ({"questionText": "", "answerOptions": [option("a", "true"), option("b", "false")]}, "the question"),
        ({"question": "Why?", "type": "essay", "answers": []}, "its kind"),
        ({"question": "How much?", "type": "numeric", "answers": []}, "the answer, a number"),
        ({"question": "Say it", "type": "string", "answers": []}, "the answer, at least one word"),
    ],
)
def test_a_faulty_question_is_a_draft_that_says_what_is_missing(question, missing):
    block = one([question])
    assert block["graded"] is False
    assert missing in block["missing"]


def test_a_faulty_entry_does_not_cost_its_neighbours():
    read = blocks_of([{"id": 1, "quiz": [QUESTION, "nonsense", {"questionText": "No options"}, QUESTION]}])
    assert [block["graded"] for block in read] == [True, False, False, True]


def test_jupyterquiz_choices_have_feedback_and_code():
    block = one(
        [
            {
                "question": "What is it?",
                "code": "1 + 1",
                "type": "multiple_choice",
                "answers": [
                    {"answer": "2", "correct": True, "feedback": "Right."},
                    {"code": "print(11)", "correct": False},
                ],
            }
        ]
    )
    assert (block["kind"], block["graded"]) == ("single", True)
    assert block["prompt"] == "What is it?\n\n```python\n1 + 1\n```"
    assert block["choices"][0]["feedback"] == "Right."
    assert "print(11)" in block["choices"][1]["text"]


def test_many_choice_is_multiple_even_with_one_right():
    answers = [{"answer": "a", "correct": True}, {"answer": "b", "correct": False}]
    assert one([{"question": "Which?", "type": "many_choice", "answers": answers}])["kind"] == "multiple"


@pytest.mark.parametrize(
    ("answers", "precision", "expected"),
    [
        ([{"type": "value", "value": 3, "correct": True}], None, {"value": 3, "tolerance": 0}),
        ([{"type": "range", "range": [10, 5], "correct": True}], None, {"value": 7.5, "tolerance": 2.5}),
        ([{"type": "value", "value": 2.4, "correct": True}], 2, {"value": 2.4, "tolerance": 0.05}),
    ],
)
def test_numeric_answers_have_a_tolerance(answers, precision, expected):
    block = one([{"question": "How much?", "type": "numeric", "precision": precision, "answers": answers}])
    assert block["answer"]["value"] == expected["value"]
    assert block["answer"]["tolerance"] == pytest.approx(expected["tolerance"])


def test_string_answers_are_accepted_words():
    answers = [{"answer": "Bias", "correct": True, "match_case": True}, {"answer": "no", "correct": False}]
    assert one([{"question": "Name it", "type": "string", "answers": answers}])["answer"] == {
        "accepted": ["Bias"],
        "case_sensitive": True,
    }


# Which lesson


def test_a_lesson_has_the_quizzes_of_the_app_that_it_links_to(tmp_path):
    files = {
        "1/lesson.md": "# One\n\n[Quiz before](https://example.org/quiz/1/)\n\n# Text\n\n[After](https://example.org/quiz/2?loc=fr)",
        "2/lesson.md": "# Two",
        "app/translations/en.json": json.dumps([{"quizzes": [app(QUESTION), app(QUESTION, QUESTION, name=2)]}]),
        "app/translations/fr.json": json.dumps(
            [{"quizzes": [app(QUESTION), app({**QUESTION, "questionText": "Laquelle ?"}, name=2)]}]
        ),
    }
    course = read(tmp_path, files)
    first, second = course.lessons
    assert [block["prompt"] for block in quizzes(first)] == ["Which is a line?", "Laquelle ?"]
    assert [block["type"] for block in first.body["blocks"]] == ["markdown", "quiz", "markdown", "quiz"]
    assert quizzes(second) == []
    assert course.report.quizzes == 2
    assert [str(problem) for problem in course.report.problems if "json" in problem.file] == []


def test_a_linked_file_and_one_beside_the_lesson_are_its_quizzes(tmp_path):
    files = {
        "a.md": "# A\n\nDo the [quiz](checks/first.json).",
        "checks/first.json": json.dumps([QUESTION]),
        "b.md": "# B",
        "b_quiz.json": json.dumps([NUMBER]),
        "c/lesson.md": "# C",
        "c/quiz.json": json.dumps({"questions": [QUESTION]}),
    }
    course = read(tmp_path, files)
    assert {lesson.path: len(quizzes(lesson)) for lesson in course.lessons} == {"a.md": 1, "b.md": 1, "c/lesson.md": 1}


def test_what_cannot_be_read_is_a_draft_in_its_lesson(tmp_path):
    files = {
        "a.md": '# A\n\n[Quiz](q.json)\n\n<span style="display:none">[{"question": "a", "answers": [}]</span>',
        "q.json": '[{"questionText": "a", "answerOptions": [}]',
    }
    course = read(tmp_path, files)
    assert [(block["graded"], block["missing"]) for block in quizzes(course.lessons[0])] == [
        (False, "its questions: they cannot be read"),
        (False, "its questions: the file cannot be read"),
    ]
    assert {(problem.file, problem.cell) for problem in course.report.problems} >= {("a.md", 1), ("q.json", None)}


def test_a_quiz_file_is_never_a_download(tmp_path):
    files = {
        "a.md": "# A\n\nDo the [quiz](q.json); see [data](d.json).",
        "q.json": json.dumps([QUESTION]),
        "d.json": "[1]",
    }
    course = read(tmp_path, files)
    links = course.lessons[0].body["blocks"][0]["links"]
    assert list(links) == ["d.json"]
    assert [broken["reference"] for broken in course.report.broken_links] == ["q.json"]


def test_quizzes_that_belong_to_no_lesson_and_broken_files_are_listed(tmp_path):
    files = {"a.md": "# A", "x/one.json": json.dumps([QUESTION]), "x/bad.json": '[{"answerOptions": [}]', "b.md": "# B"}
    said = [str(problem) for problem in read(tmp_path, files).report.problems]
    assert any("x/one.json" in line and "1 questions" in line for line in said)
    assert any("x/bad.json" in line and "not read" in line for line in said)


def test_display_quiz_shows_a_file_a_name_and_a_span(tmp_path):
    span = base64.b64encode(json.dumps([NUMBER]).encode()).decode()
    cells = [
        markdown(f'# A\n\n<span style="display:none" id="q1">{span}</span>'),
        code("from jupyterquiz import display_quiz\ndisplay_quiz('#q1')"),
        code("display_quiz(base + 'quiz.json')"),
        code(f"more = {[NUMBER]!r}"),
        code("display_quiz(more)"),
    ]
    course = read(tmp_path, {"a.ipynb": notebook(*cells), "questions/quiz.json": json.dumps([QUESTION])})
    blocks = course.lessons[0].body["blocks"]
    assert [block["type"] for block in blocks] == ["markdown", "quiz", "code", "code", "quiz", "code", "code", "quiz"]
    assert [block["source"] for block in blocks if block["type"] == "code"] == [""] * 4
    assert [block["kind"] for block in quizzes(course.lessons[0])] == ["numeric", "single", "numeric"]


def test_a_quiz_file_that_is_not_there_is_told_with_its_cell(tmp_path):
    course = read(tmp_path, {"a.ipynb": notebook(markdown("# A"), code("display_quiz('gone.json')"))})
    assert course.lessons[0].body["blocks"][1]["source"] == "display_quiz('gone.json')"
    assert ("a.ipynb", 2) in [(problem.file, problem.cell) for problem in course.report.problems]


def test_outside_forms_stay_links(tmp_path):
    course = read(tmp_path, {"a.md": "# A\n\n[Quiz](https://docs.google.com/forms/d/1/viewform)"})
    assert [block["type"] for block in course.lessons[0].body["blocks"]] == ["markdown"]


def test_a_second_reading_gives_the_same_ids(tmp_path):
    files = {"a.md": "# A\n\n[Quiz](q.json)", "q.json": json.dumps([QUESTION, NUMBER])}
    assert read(tmp_path / "1", files).lessons[0].body == read(tmp_path / "2", files).lessons[0].body
