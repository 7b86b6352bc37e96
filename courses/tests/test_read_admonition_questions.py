"""Questions as admonitions without a key: drafts that keep every option and say what is missing."""

import pytest

from courses.content.assets import AssetStore
from courses.content.lessons import build_lesson
from courses.content.schema import validate_body
from courses.content.textfiles import read_markdown

TWO = """# Quiz

```{admonition} Question
Which of these
is a line?

- a) $ax + b$
- b) a parabola,
  which is curved
- c) none
of these

_Select all answers that apply_

Hint: draw it.
```

+++

````{admonition} Question
What does it print?

```python
- a) no option
```

- a) nothing

  ```python
  x
  ```
- b) true

_Select a single answer_
````
"""


def lesson(text):
    draft = build_lesson("a.md", read_markdown(text.encode()), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def quizzes(text):
    return [block for block in lesson(text).blocks if block["type"] == "quiz"]


def test_questions_are_drafts_that_name_the_missing_key():
    first, second = quizzes(TWO)
    assert (first["kind"], first["graded"], first["missing"]) == ("multiple", False, "which choices are right")
    assert (second["kind"], second["graded"], second["missing"]) == ("single", False, "which choice is right")
    assert [choice["correct"] for choice in first["choices"]] == [False, False, False]


def test_options_keep_their_further_lines_and_their_code():
    first, second = quizzes(TWO)
    assert [choice["text"] for choice in first["choices"]] == [
        "$ax + b$",
        "a parabola,\nwhich is curved",
        "none\nof these",
    ]
    assert [choice["text"] for choice in second["choices"]] == ["nothing\n\n```python\nx\n```", "true"]


def test_the_prompt_is_what_stands_before_and_after_the_options():
    first, second = quizzes(TWO)
    assert first["prompt"].startswith("Which of these\nis a line?")
    assert first["prompt"].endswith("Hint: draw it.")
    assert "```python\n- a) no option\n```" in second["prompt"]


def test_nothing_is_lost_and_breaks_between_questions_are_no_text():
    draft = lesson(TWO)
    assert [block["type"] for block in draft.blocks] == ["markdown", "quiz", "quiz"]
    kept = [block.get("metadata", {}).get("mlpracticum", {}).get("import", {}) for block in draft.blocks]
    assert (
        "".join(mark.get("source", block.get("source", "")) for mark, block in zip(kept, draft.blocks, strict=True))
        == TWO
    )


def test_each_draft_is_told_with_its_cell():
    said = lesson(TWO).problems
    assert [(number, "not graded" in what) for number, what in said] == [(1, True), (1, True)]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("_Select a single answer_", "single"),
        ("*Choose one.*", "single"),
        ("_Select all answers that apply_", "multiple"),
        ("(Select several answers)", "multiple"),
        ("Check all that apply", "multiple"),
        ("", "single"),
    ],
)
def test_the_instruction_says_how_many(words, kind):
    (quiz,) = quizzes(f":::{{admonition}} Question\nWhich?\n\n- a) x\n- b) y\n\n{words}\n:::\n")
    assert quiz["kind"] == kind
    assert quiz["prompt"] == "Which?"


@pytest.mark.parametrize(
    "text",
    [
        "```{admonition} Question\nNo options here.\n```",
        "```{admonition} Aside\n- a) x\n- b) y\n```",
        "```md\n```{admonition} Question\n- a) x\n```",
    ],
)
def test_other_admonitions_stay_text(text):
    assert quizzes(f"# A\n\n{text}\n") == []
