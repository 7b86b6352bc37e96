"""MyST's and Carpentries' exercises in Markdown: prompt, label, hints, and the solution wherever it stands."""

import pytest

from courses.content.assets import AssetStore
from courses.content.compiling import compile_body
from courses.content.lessons import build_lesson
from courses.content.notebook import read_notebook
from courses.content.schema import validate_body
from courses.content.textfiles import read_markdown
from courses.tests.course_folders import code, markdown, notebook

BOOK = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  name: python3
  language: python
---

# Growth

Text.

```{exercise} Two rates
:label: g-ex1

Plot $g$ for two rates.
```

```{solution-start} g-ex1
:class: dropdown
```

Here is one.

```{code-cell} ipython3
rate = 2
```

```{solution-end}
```

## More

````{exercise}
:label: g-ex2

Run

```python
print(1)
```
````

```{solution} g-ex2
:class: dropdown

It prints **1**.
```
"""


def lesson(text, path="a.md"):
    draft = build_lesson(path, read_markdown(text.encode()), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def exercises(draft):
    return [block for block in draft.blocks if block["type"] == "exercise"]


def test_exercises_of_a_book_have_their_solutions():
    first, second = exercises(lesson(BOOK))
    assert (first["id"], first["title"], first["prompt"]) == ("g-ex1", "Two rates", "Plot $g$ for two rates.")
    assert (first["solution"], first["language"]) == ("# Here is one.\n\nrate = 2", "python")
    assert (second["title"], second["solution"]) == ("Exercise", "It prints **1**.")
    assert second["prompt"] == "Run\n\n```python\nprint(1)\n```"
    assert (first["points"], first["checks"], first["starter"]) == (0, [], "")


def test_what_is_not_solution_stays_in_order():
    draft = lesson(BOOK)
    shown = [block for block in draft.blocks if block.get("source", "x")]
    assert [block["type"] for block in shown] == ["markdown", "exercise", "markdown", "exercise"]
    text = compile_body(draft.body, title="Growth").text
    assert "Text." in text
    assert "Here is one" not in text
    assert "rate = 2" not in text


def test_an_exercise_of_several_cells_has_their_words_and_its_blank():
    draft = build_lesson(
        "a.ipynb",
        read_notebook(
            notebook(
                markdown("# A\n\n```{exercise-start} Rates\n:label: ex\n```\n\nGiven", "m1"),
                code("r = 1", "c1"),
                code("def f():\n    # TODO", "c2"),
                markdown("find `f`.\n\n```{exercise-end}\n```\n\nAfter.", "m2"),
                minor=5,
            )
        ),
        AssetStore(),
    )
    assert validate_body(draft.body) == []
    (block,) = exercises(draft)
    assert block["prompt"] == "Given\n\n```python\nr = 1\n```\n\nfind `f`."
    assert block["starter"] == "def f():\n    # TODO"
    assert draft.blocks[-1]["source"].strip() == "After."


def test_a_cell_with_outputs_stays_on_the_page_inside_an_exercise():
    output = {"output_type": "stream", "name": "stdout", "text": "a plot"}
    cells = [
        markdown("```{exercise-start}\n```\nLike this:"),
        code("draw()", outputs=[output]),
        markdown("```{exercise-end}\n```"),
    ]
    draft = build_lesson("a.ipynb", read_notebook(notebook(*cells)), AssetStore())
    assert [block["source"] for block in draft.blocks if block["type"] == "code"] == ["draw()"]


def test_a_solution_of_another_lessons_exercise_is_private_and_told():
    draft = lesson("# A\n\n```{solution} elsewhere\nSecret\n```\n")
    assert exercises(draft) == []
    assert "Secret" not in compile_body(draft.body).text
    assert any("'elsewhere'" in what for _, what in draft.problems)


def test_hints_and_nested_solutions_are_taken_out_of_the_prompt():
    text = (
        "# A\n\n:::::{exercise}\nDo it.\n\n::::{hint}\nThink.\n::::\n\n"
        ":::{dropdown} Hint\nThink more.\n:::\n\n:::{dropdown} Solution\nDone.\n:::\n:::::\n"
    )
    (block,) = exercises(lesson(text))
    assert block["prompt"] == "Do it."
    assert block["hints"] == ["Think.", "Think more."]
    assert block["solution"] == "Done."


def test_pictures_and_formulas_of_a_prompt_are_resolved():
    draft = lesson("# A\n\n```{exercise}\nSee ![p](p.png), $x$ and [b](b.md).\n```\n")
    references = [found for text in draft.texts for found in text.references]
    assert [image for found in references for image in found.images] == ["p.png"]
    assert [link for found in references for link in found.links] == ["b.md"]


CARPENTRIES = """# Lines

::::::::::::::::::::::: challenge

## Fit a line

Use the data.

:::::::::::: hint

Plot it first.

::::::::::::

::: solution

```python
fit(x)
```

It fits.

::::::::::::::::::::

:::::::::::::::::::::::

Text after.

::: callout
A note.
:::
"""


def test_a_challenge_has_title_prompt_hint_and_solution():
    draft = lesson(CARPENTRIES)
    (block,) = exercises(draft)
    assert (block["title"], block["prompt"], block["hints"]) == ("Fit a line", "Use the data.", ["Plot it first."])
    assert (block["solution"], block["language"]) == ("fit(x)\n\n# It fits.", "python")
    assert "A note." in draft.blocks[-1]["source"]


def test_the_quoted_form_is_read_too():
    text = "# A\n\n> ## Try\n>\n> Do it.\n>\n> > ## Solution\n> >\n> > So.\n> {: .solution}\n{: .challenge}\n\nAfter.\n"
    draft = lesson(text)
    (block,) = exercises(draft)
    assert (block["title"], block["prompt"]) == ("Try", "Do it.")
    assert block["solution"] == "## Solution\n\nSo."
    assert draft.blocks[-1]["source"].strip() == "After."


@pytest.mark.parametrize("text", [BOOK, CARPENTRIES])
def test_the_sources_of_the_blocks_are_the_file(text):
    draft = lesson(text)
    kept = []
    for block in draft.blocks:
        mark = block.get("metadata", {}).get("mlpracticum", {}).get("import", {})
        kept.append(mark.get("source", block.get("source", "")))
    cells = lesson_sources(text)
    assert "".join(kept) == "".join(cells)


def lesson_sources(text):
    return [cell.source for cell in read_markdown(text.encode()).cells]


def test_a_second_reading_gives_the_same():
    assert lesson(BOOK).body == lesson(BOOK).body


def test_an_exercise_that_never_ends_is_told_and_loses_nothing():
    draft = lesson("# A\n\n```{exercise-start}\n```\nDo it.\n\n## Next\n\nText.\n")
    (block,) = exercises(draft)
    assert "Do it." in block["prompt"]
    assert "Text." in block["prompt"]
    assert any("exercise-end" in what for _, what in draft.problems)
