"""A heading that says "Solution" below a task begins a section that learners never see."""

import json
import time

import pytest

from courses.content.assets import AssetStore
from courses.content.compiling import compile_body
from courses.content.lessons import build_lesson
from courses.content.notebook import read_notebook
from courses.content.schema import validate_body
from courses.content.textfiles import read_markdown
from courses.tests.course_folders import code, markdown, notebook

MARK = "k7Qz2Vx9Lm4Rt8Wp"
SHOWN = "w3Ht6Yb1"


def lesson(draft):
    assert validate_body(draft.body) == []
    compiled = compile_body(draft.body, title="A")
    return draft, json.dumps([compiled.public, compiled.html, compiled.toc, compiled.text])


def from_cells(*cells):
    return lesson(build_lesson("a.ipynb", read_notebook(notebook(*cells, minor=5)), AssetStore()))


def from_text(text):
    return lesson(build_lesson("a.md", read_markdown(text.encode()), AssetStore()))


def test_code_below_the_heading_is_the_solution_of_the_blank_above():
    draft, public = from_cells(
        markdown("## Define the policy"),
        code("def greedy(q):\n    action =\n    return action"),
        markdown("#### Solution"),
        code(f"def greedy(q):\n    action = '{MARK}'\n    return action"),
        markdown("## Next"),
        code(f"x = '{SHOWN}'"),
    )
    assert MARK not in public
    assert SHOWN in public
    (exercise,) = [block for block in draft.blocks if block["type"] == "exercise"]
    assert MARK in exercise["solution"]
    assert any("'Solution' holds answers" in what for _, what in draft.problems)


@pytest.mark.parametrize(
    "cells",
    [
        [markdown("# Exercise solutions"), code(f"x = '{MARK}'"), markdown("## 2."), markdown(MARK)],
        [markdown("## Exercise 1\n\nDo it."), markdown(f"### Answer\n\n{MARK}")],
        [markdown(f"**Your turn:** do it.\n\n### Solution\n\n{MARK}"), code(f"x = '{MARK}'")],
        [markdown("Task 3: do it."), markdown("## Solution:"), markdown("Words."), code(f"x = '{MARK}'")],
        [markdown("## Упражнение 2"), markdown("### Решение"), code(f"x = '{MARK}'")],
        [markdown("### Exercise"), markdown("### Solution"), code(f"x = '{MARK}'", tags=["foo"]), code(f"'{MARK}'")],
    ],
)
def test_a_section_of_answers_is_not_public(cells):
    draft, public = from_cells(markdown("# A"), *cells, markdown("# B"), code(f"y = '{SHOWN}'"))
    assert MARK not in public
    assert SHOWN in public
    assert MARK in json.dumps(draft.body)


@pytest.mark.parametrize(
    "cells",
    [
        [markdown("## Example"), markdown("### Solution"), code(f"x = '{SHOWN}'")],
        [markdown("## Solution of linear equations"), code(f"x = '{SHOWN}'")],
        [markdown("## Exercise 1"), markdown("## Theory"), markdown(f"### The solution space\n{SHOWN}")],
        [markdown("## Exercise 1"), markdown("## Theory"), markdown("### Example"), markdown(f"### Solution\n{SHOWN}")],
        [markdown(f"```\n# Solution\n```\n{SHOWN}")],
        [markdown(f"## Exercise\n\n::: callout\n### Solution\nSee above.\n:::\n\n{SHOWN}")],
    ],
)
def test_a_worked_example_is_shown(cells):
    assert SHOWN in from_cells(markdown("# A"), *cells)[1]


def test_a_section_ends_at_the_next_heading_of_its_level():
    text = f"# A\n\n## Exercise\n\n### Solution\n\n{MARK}\n\n#### Why\n\n{MARK}\n\n### After\n\n{SHOWN}\n"
    draft, public = from_text(text)
    assert MARK not in public
    assert SHOWN in public
    kept = [
        block["metadata"]["mlpracticum"]["import"].get("source", "") for block in draft.blocks if "metadata" in block
    ]
    assert MARK in "".join(kept)


def test_code_in_a_text_is_part_of_the_section():
    blank = "# A\n\n## Do\n\n```python\nx = # TODO\n```\n"
    text = f"{blank}\n#### Solution\n\n```python\nx = '{MARK}'\n# not a heading\n```\n"
    assert MARK not in from_text(text)[1]


def test_a_place_to_write_below_the_heading_is_shown():
    _, public = from_cells(markdown("## Exercise"), markdown("#### Answer"), code(f"# Exercise: {SHOWN}\n"))
    assert SHOWN in public


@pytest.mark.parametrize(
    "source", [" " * 60_000 + "x", "\n" * 60_000, "# Solution\n" * 3_000, "#" * 60_000, "x =" * 20_000]
)
def test_marks_of_solutions_are_looked_for_within_bounds(source):
    """Each of these took minutes where a mark's pattern could begin at every blank."""
    started = time.process_time()
    build_lesson("a.ipynb", read_notebook(notebook(markdown(source, "a"), code(source, "b"), minor=5)), AssetStore())
    assert time.process_time() - started < 10
