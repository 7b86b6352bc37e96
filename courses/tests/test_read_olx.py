"""Open edX's problems beside lessons: their questions with keys, what is not read as drafts, hostile XML refused."""

import json

import pytest

from courses.content.compiling import compile_body
from courses.content.dialects_olx import MAX_BYTES, ProblemRefused, read_problem
from courses.content.folder import read_course
from courses.tests.course_folders import write

MARK = "k7Qz2Vx9Lm4Rt8Wp"
PROBLEM = f"""<?xml version="1.0" encoding="latin-1"?>
<problem display_name="Loss" weight="2" max_attempts="3">
  <script type="loncapa/python">x = "{MARK}"</script>
  <p>Which is <b>convex</b> in [mathjaxinline]w[/mathjaxinline]?</p>
  <multiplechoiceresponse><choicegroup>
    <choice correct="false">0-1<choicehint>{MARK}</choicehint></choice><choice correct="true">a &lt; b</choice>
  </choicegroup></multiplechoiceresponse>
  <solution><p>{MARK}</p></solution>
</problem>"""


def one(response):
    (quiz,) = read_problem(f"<problem><label>Q</label>{response}</problem>")
    return quiz.block


def test_a_problem_is_a_quiz_with_its_key():
    (quiz,) = read_problem(PROBLEM)
    block = quiz.block
    assert block["prompt"] == "Which is <b>convex</b> in \\(w\\)?"
    assert [(choice["text"], choice["correct"]) for choice in block["choices"]] == [("0-1", False), ("a &lt; b", True)]
    assert (block["kind"], block["points"], block["attempts"], block["graded"]) == ("single", 2, 3, True)
    assert block["explanation"] == MARK


@pytest.mark.parametrize(
    ("answer", "parameter", "wanted"),
    [
        ("2.5", '<responseparam type="tolerance" default="10%"/>', {"value": 2.5, "tolerance": 0.25}),
        ("-3", '<responseparam type="tolerance" default="0.5"/>', {"value": -3, "tolerance": 0.5}),
        ("[1, 3)", "", {"value": 2, "tolerance": 1}),
        ("1e3", "", {"value": 1000, "tolerance": 0}),
    ],
)
def test_numbers(answer, parameter, wanted):
    block = one(f'<numericalresponse answer="{answer}">{parameter}</numericalresponse>')
    assert (block["kind"], block["answer"]) == ("numeric", wanted)


def test_words():
    block = one('<stringresponse answer="ReLU" type="ci"><additional_answer answer="rectifier"/></stringresponse>')
    assert block["answer"] == {"accepted": ["ReLU", "rectifier"], "case_sensitive": False}
    assert "rectifier" not in block["prompt"]


@pytest.mark.parametrize(
    "menu",
    [
        "<optioninput options=\"('a','b c')\" correct=\"b c\"/>",
        '<optioninput><option correct="False">a<optionhint>h</optionhint></option>'
        '<option correct="True">b c</option></optioninput>',
    ],
)
def test_menus(menu):
    choices = one(f"<optionresponse>{menu}</optionresponse>")["choices"]
    assert [(choice["text"], choice["correct"]) for choice in choices] == [("a", False), ("b c", True)]


def test_several_right_choices():
    choices = "".join(
        f'<choice correct="{right}">{right} {n}</choice>' for n, right in enumerate(("true", "true", "false"))
    )
    block = one(f'<choiceresponse partial_credit="EDC"><checkboxgroup>{choices}</checkboxgroup></choiceresponse>')
    assert (block["kind"], block["partial_credit"]) == ("multiple", True)
    assert [choice["correct"] for choice in block["choices"]] == [True, True, False]


@pytest.mark.parametrize(
    "response",
    [
        '<customresponse cfn="check"><textline/></customresponse>',
        '<formularesponse answer="x^2"/>',
        '<numericalresponse answer="$x"/>',
        '<stringresponse answer="a.*" type="regexp"/>',
        '<multiplechoiceresponse><choicegroup><choice correct="maybe">a</choice><choice>b</choice></choicegroup>'
        "</multiplechoiceresponse>",
    ],
)
def test_what_is_not_read_is_a_draft_that_says_so(response):
    block = one(response)
    assert block["graded"] is False
    assert block["missing"]
    assert "answer" not in block


def test_each_response_has_the_words_before_it():
    first, second = read_problem(
        '<problem><div><p>One?</p><numericalresponse answer="1"/></div>'
        '<p>Two?</p><numericalresponse answer="2"/></problem>'
    )
    assert (first.block["prompt"], second.block["prompt"]) == ("One?", "Two?")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><problem>&b;</problem>',
        '<! ENTITY b "c"><problem/>',
        "<problem>&undefined;</problem>",
        "<problem>",
        "",
        "<a>" * 100_000,
        "<problem>" + "<p/>" * 30_000 + "</problem>",
        "<problem>\0</problem>",
        "x" * (MAX_BYTES + 1),
    ],
)
def test_hostile_xml_is_refused(text):
    with pytest.raises(ProblemRefused):
        read_problem(text)


def test_a_lesson_has_the_problems_that_it_links_or_that_stand_beside_it(tmp_path):
    root = write(
        tmp_path,
        {
            "01/a.md": b"# A\n\n[Try](../problem/loss.xml)\n",
            "02/b.md": b"# B\n",
            "02/b_problem.xml": PROBLEM.replace("convex", "smooth").encode(),
            "problem/loss.xml": PROBLEM.encode(),
            "problem/bad.xml": b"<problem><p>Never closed",
            "problem/config.xml": b"<config/>",
        },
    )
    read = read_course(root)
    assert [sum(block["type"] == "quiz" for block in lesson.body["blocks"]) for lesson in read.lessons] == [1, 1]
    for lesson in read.lessons:
        compiled = compile_body(lesson.body, title=lesson.title)
        assert MARK not in json.dumps([compiled.public, compiled.html, compiled.text])
    assert [problem.file for problem in read.report.problems if "not read" in problem.what] == ["problem/bad.xml"]
    assert [link["why"] for link in read.report.broken_links] == ["is a file that learners are not offered"]
