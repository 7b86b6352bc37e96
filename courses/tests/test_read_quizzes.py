"""The authors' form of a quiz: what it says becomes a quiz block, and what it lacks makes it a draft."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.content.assets import AssetStore
from courses.content.lessons import build_lesson
from courses.content.notebook import read_notebook
from courses.content.quizzes import nested_quizzes, read_quiz, split_quizzes
from courses.content.schema import validate_body
from courses.tests.course_folders import markdown, notebook

CHOICES = """:id: slope
:points: 2
:attempts: 3

What is the slope of $y = 2x$?

```python
y = 2 * x
```

- [ ] One.
  > Look at the
  > formula again.
- [x] Two,
  as the formula says.
- [ ] ```python
  3
  ```

:explanation:
The factor of $x$.
"""


def fenced(kind: str, body: str, fence: str = "````") -> str:
    return f"{fence}{{quiz}} {kind}\n{body}{fence}\n"


def lesson(*sources: str, ids: bool = False):
    cells = [markdown(source, f"cell-{number}" if ids else None) for number, source in enumerate(sources)]
    draft = build_lesson("a.ipynb", read_notebook(notebook(*cells, minor=5 if ids else 4)), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def test_a_single_choice():
    quiz = read_quiz("single", CHOICES)
    assert quiz.problems == []
    assert quiz.id == "slope"
    assert quiz.block["prompt"] == "What is the slope of $y = 2x$?\n\n```python\ny = 2 * x\n```"
    assert [(choice["text"], choice["correct"], choice.get("feedback")) for choice in quiz.block["choices"]] == [
        ("One.", False, "Look at the\nformula again."),
        ("Two,\nas the formula says.", True, None),
        ("```python\n3\n```", False, None),
    ]
    assert {name: quiz.block[name] for name in ("points", "attempts", "graded", "explanation")} == {
        "points": 2,
        "attempts": 3,
        "graded": True,
        "explanation": "The factor of $x$.",
    }


def test_a_choice_keeps_its_id_when_others_move():
    before = read_quiz("single", "a\n- [x] one\n- [ ] two\n").block["choices"]
    after = read_quiz("single", "a\n- [ ] new\n- [ ] two\n- [x] one\n").block["choices"]
    assert {choice["text"]: choice["id"] for choice in before}.items() <= {
        choice["text"]: choice["id"] for choice in after
    }.items()


def test_equal_choices_get_different_ids_and_are_told():
    quiz = read_quiz("single", "a\n- [x] one\n- [ ] one\n")
    assert len({choice["id"] for choice in quiz.block["choices"]}) == 2
    assert any("says the same" in problem for problem in quiz.problems)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("= 0.25 +- 0.01", {"value": 0.25, "tolerance": 0.01}),
        ("= 9.81 ± 0.05 m/s^2", {"value": 9.81, "tolerance": 0.05, "units": "m/s^2"}),
        ("= −3", {"value": -3, "tolerance": 0}),
        ("= 1e-3 +/- 1e-4", {"value": 0.001, "tolerance": 0.0001}),
        ("= 200 +- 5%", {"value": 200, "tolerance": 10}),
        ("= 25 %", {"value": 25, "tolerance": 0, "units": "%"}),
    ],
)
def test_a_number(line, answer):
    quiz = read_quiz("numeric", f"How much?\n\n{line}\n")
    assert quiz.problems == []
    assert quiz.block["answer"] == answer
    assert quiz.block["prompt"] == "How much?"


def test_words():
    quiz = read_quiz("text", ":case-sensitive: true\n\nName it\n===\n= overfitting\n= over-fitting\n")
    assert quiz.block["answer"] == {"accepted": ["overfitting", "over-fitting"], "case_sensitive": True}
    assert quiz.block["prompt"] == "Name it\n==="


@pytest.mark.parametrize(
    ("kind", "body", "missing"),
    [
        ("single", "a\n- [ ] one\n- [ ] two\n", "which choice is right"),
        ("single", "a\n- [x] one\n- [x] two\n", "which of the 2 choices marked right is the one"),
        ("multiple", "a\n- [ ] one\n- [ ] two\n", "which choice is right"),
        ("single", "a\n", "the choices, at least two"),
        ("single", "- [x] one\n- [ ] two\n", "the question"),
        ("numeric", "a\n", "the answer, a line such as = 0.25 +- 0.01"),
        ("numeric", "a\n= many\n", "the answer, a number"),
        ("numeric", "a\n= 1e999\n", "the answer, a number"),
        ("text", "a\n", "the answer, a line such as = overfitting for each word that counts"),
        ("essay", "a\n", "its kind, one of single, multiple, numeric, text"),
        ("", "", "its kind, one of single, multiple, numeric, text"),
    ],
)
def test_what_lacks_its_key_is_a_draft_that_says_so(kind, body, missing):
    draft = lesson(fenced(kind, body))
    quiz = draft.blocks[0]
    assert (quiz["type"], quiz["graded"], quiz["missing"]) == ("quiz", False, missing)
    assert any(f"missing is {missing}" in what for _, what in draft.problems)


@pytest.mark.parametrize(
    ("options", "words", "block"),
    [
        (":points: many", "points 'many'", {"points": 1}),
        (":points: -1", "points '-1'", {"points": 1}),
        (":points: nan", "points 'nan'", {"points": 1}),
        (":attempts: 0", "attempts '0'", {"attempts": None}),
        (":partial-credit: maybe", "partial-credit 'maybe'", {"partial_credit": False}),
        (":colour: red", "option 'colour'", {}),
        (":id: not an id", "id 'not an id'", {}),
    ],
)
def test_a_wrong_option_is_told_and_the_quiz_stays_graded(options, words, block):
    quiz = read_quiz("single", f"{options}\n\na\n- [x] one\n- [ ] two\n")
    assert any(words in problem for problem in quiz.problems)
    assert quiz.block["graded"]
    assert block.items() <= quiz.block.items()


def test_a_cell_is_cut_at_its_quizzes_and_nothing_is_lost():
    number = fenced("numeric", "b\n= 1\n", "~~~")
    source = f"Before.\n\n{fenced('single', CHOICES)}\n{number}\nAfter.\n"
    assert "".join(piece.source for piece in split_quizzes(source)) == source
    draft = lesson(source, ids=True)
    assert [(block["type"], block["id"]) for block in draft.blocks] == [
        ("markdown", "cell-0"),
        ("quiz", "slope"),
        ("quiz", "cell-0-q3"),
        ("markdown", "cell-0-4"),
    ]
    kept = [block.get("metadata", {})["mlpracticum"]["import"] for block in draft.blocks]
    assert [(place["cell"], place["part"], place["parts"]) for place in kept] == [
        ("cell-0", part, 4) for part in (1, 2, 3, 4)
    ]
    texts = [
        block["source"] if block["type"] == "markdown" else kept[n]["source"] for n, block in enumerate(draft.blocks)
    ]
    assert "".join(texts) == source


@given(
    st.lists(st.sampled_from(["```{quiz} single\n", "```\n", "````{quiz} text\n", "````\n", "a\n", "\n", "- [x] b\n"]))
)
def test_splitting_loses_nothing(lines):
    source = "".join(lines)
    assert "".join(piece.source for piece in split_quizzes(source)) == source


def test_a_quiz_in_a_code_fence_is_text():
    source = f"`````markdown\n{fenced('single', CHOICES)}`````\n"
    assert [piece.quiz for piece in split_quizzes(source)] == [None]


def test_an_indented_quiz_is_still_a_quiz():
    source = "- item\n\n" + "".join(f"    {line}\n" for line in fenced("single", "a\n- [x] b\n- [ ] c\n").splitlines())
    quizzes = [piece.quiz for piece in split_quizzes(source) if piece.quiz]
    assert [len(quiz.block["choices"]) for quiz in quizzes] == [2]


def test_a_quiz_inside_another_directive_is_told():
    source = f"`````{{note}}\n{fenced('single', CHOICES)}`````\n"
    assert nested_quizzes(source) == 1
    draft = lesson(source)
    assert any("inside another directive" in what for _, what in draft.problems)
    assert "[x]" not in draft.blocks[0]["source"]


def test_an_open_fence_is_read_to_the_end_and_told():
    draft = lesson("```{quiz} single\na\n- [x] b\n- [ ] c\n")
    assert draft.blocks[0]["graded"]
    assert any("fence is not closed" in what for _, what in draft.problems)


def test_a_quiz_without_any_id_follows_its_question():
    first = lesson(fenced("single", "a\n- [x] b\n- [ ] c\n"), "text").blocks
    moved = lesson("text", "more", fenced("single", "a\n- [ ] b\n- [x] c\n")).blocks
    assert first[0]["id"] == moved[2]["id"]


def test_two_quizzes_of_one_id_are_kept_apart_and_told():
    draft = lesson(fenced("single", CHOICES), fenced("single", CHOICES))
    assert [block["id"] for block in draft.blocks] == ["slope", "slope-2"]
    assert any("'slope' is used twice" in what for _, what in draft.problems)


def test_an_authors_id_goes_before_a_cells():
    cells = [markdown("text", "slope"), markdown(fenced("single", CHOICES), "x")]
    draft = build_lesson("a.ipynb", read_notebook(notebook(*cells, minor=5)), AssetStore())
    assert [(block["type"], block["id"]) for block in draft.blocks] == [("markdown", "slope-2"), ("quiz", "slope")]
