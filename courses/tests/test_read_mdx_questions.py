"""`<Question choices={[…]}/>` of MDX courses: JavaScript read as data, never run; what is more than data is a draft."""

import json
import time

import pytest

from courses.content.assets import AssetStore
from courses.content.compiling import compile_body
from courses.content.dialects_mdx import NotALiteral, read_element
from courses.content.lessons import build_lesson
from courses.content.schema import validate_body
from courses.content.textfiles import read_markdown

TWO = """
### 2. Which are [[which-are]]

```py
x = 1
```

<Question
	choices={[
		{
			text: "A \\"quoted\\" word and <code>x</code>",
			explain: 'It\\'s so.',
			correct: true
		},
		{
			text: `b`,
			explain: "No",
		},
		{ text: <>c <em>d</em></>, "correct": true, }, // the last
	]}
/>

After it.
"""


def lesson(text):
    draft = build_lesson("a.mdx", read_markdown(text.encode()), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def question(text):
    (block,) = [block for block in lesson(f"# A\n\n{text}").blocks if block["type"] == "quiz"]
    return block


def choices(text):
    return [(choice["text"], choice["correct"], choice.get("feedback", "")) for choice in question(text)["choices"]]


def test_a_question_has_its_heading_its_text_and_all_its_choices():
    block = question(TWO)
    assert block["prompt"] == "Which are\n\n```py\nx = 1\n```"
    assert (block["kind"], block["graded"]) == ("multiple", True)
    assert choices(TWO) == [
        ('A "quoted" word and <code>x</code>', True, "It's so."),
        ("b", False, "No"),
        ("c <em>d</em>", True, ""),
    ]


def test_text_around_questions_stays_in_order():
    draft = lesson(
        f"# A\n\nBefore.\n{TWO}\n### 3. And?\n\n"
        "<Question choices={[{text: 'a', correct: true}, {text: 'b'}]} />\n"
    )
    assert [block["type"] for block in draft.blocks] == ["markdown", "quiz", "markdown", "quiz"]
    assert [block.get("prompt", block.get("source", "")).strip() for block in draft.blocks][2:] == ["After it.", "And?"]


def test_one_right_choice_is_single_and_none_is_a_draft():
    assert question('Why?\n\n<Question choices={[{text: "a", correct: true}, {text: "b"}]} />')["kind"] == "single"
    block = question('Why?\n\n<Question choices={[{text: "a"}, {text: "b", correct: false}]} />')
    assert (block["graded"], block["missing"]) == (False, "which choice is right")


def test_without_a_heading_the_paragraph_before_is_the_question():
    block = question('Some text.\n\nWhat is\nit?\n\n<Question choices={[{text: "a", correct: true}, {text: "b"}]} />')
    assert block["prompt"] == "What is\nit?"


def test_an_attribute_may_hold_the_question_and_an_element_may_have_an_end_tag():
    text = '<Question question="Why?" choices={[{text: "a", correct: true}, {text: "b"}]}>\n</Question>\n\nEnd.'
    assert question(text)["prompt"] == "Why?"
    assert lesson(f"# A\n\n{text}").blocks[-1]["source"].strip() == "End."


@pytest.mark.parametrize(
    "attributes",
    [
        "choices={load()}",
        "choices={choices}",
        "choices={[{text: `a ${b}`}]}",
        'choices={[{text: "a", correct: x > 1}, {text: "b"}]}',
        "choices={[{text: 'a' 'b'}]}",
        'choices="a"',
        "choices={[]}",
        "",
        "choices={" + "[" * 5_000 + "]" * 5_000 + "}",
    ],
)
def test_what_is_no_data_is_a_draft_that_shows_nothing_of_it(attributes):
    draft = lesson(f"# A\n\n### Why?\n\n<Question {attributes} />\n\nEnd.")
    (block,) = [block for block in draft.blocks if block["type"] == "quiz"]
    assert (block["prompt"], block["graded"]) == ("Why?", False)
    assert "choices" in block["missing"]
    assert any("Why?" in what for _, what in draft.problems)
    assert "correct" not in json.dumps(compile_body(draft.body).html)
    assert "End." in compile_body(draft.body).text


def test_a_choice_without_text_leaves_a_draft_with_the_others():
    block = question('### Why?\n\n<Question choices={[{text: "a", correct: true}, {explain: "b"}, {text: "c"}]} />')
    assert (block["graded"], len(block["choices"])) == (False, 2)


def test_code_that_shows_a_question_is_code():
    draft = lesson('# A\n\n```jsx\n<Question choices={[{text: "a"}]} />\n```\n')
    assert [block["type"] for block in draft.blocks] == ["markdown"]


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'a\\n\\t\\u0041\\x42\\u{43}'", "a\n\tABC"),
        ('"\\0\\ud800"', "\x00\N{REPLACEMENT CHARACTER}"),
        ("-1.5e3", -1500.0),
        ("{a: [1, 2,], 'b c': null, d: undefined}", {"a": [1.0, 2.0], "b c": None, "d": None}),
        ("/* one */ true // two\n", True),
        ("('a' + \"b\")", "ab"),
        ("<br/>", "<br/>"),
    ],
)
def test_literals_are_read_as_javascript_would(literal, value):
    if "\\0" in literal:
        value = value.replace("\x00", "\0")
    assert read_element(f"<Question a={{{literal}}} />", 0)[0] == {"a": value}


@pytest.mark.parametrize(
    "text", ["<Question a={", "<Question a='", "<Question a={'", "<Question a={[1 2]} />", "<Question", "<Question>"]
)
def test_an_unfinished_element_is_refused(text):
    with pytest.raises(NotALiteral):
        read_element(text, 0)


def test_hostile_text_takes_no_time():
    started = time.monotonic()
    lesson("# A\n\n" + "<Question choices={[{text: <a" * 3_000)
    lesson("# A\n\n" + "<Question " * 20_000)
    assert time.monotonic() - started < 5
