"""No solution reaches a learner: a mark planted in each form of solution is in the body, and in nothing public."""

import base64
import json

import pytest

from courses.content.assets import AssetStore
from courses.content.compiling import compile_body
from courses.content.folder import read_course
from courses.content.lessons import build_lesson
from courses.content.notebook import read_notebook
from courses.content.schema import validate_body
from courses.content.textfiles import read_markdown
from courses.tests.course_folders import code, markdown, notebook, png, write

MARK = "k7Qz2Vx9Lm4Rt8Wp"
OUTPUT = {"output_type": "stream", "name": "stdout", "text": f"{MARK}\n"}


def built(*cells):
    draft = build_lesson("a.ipynb", read_notebook(notebook(*cells, minor=5)), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def public(body):
    """Everything of a compiled body that may leave the server, as one text."""
    compiled = compile_body(body, title="A")
    return json.dumps([compiled.public, compiled.html, compiled.toc, compiled.text], ensure_ascii=False)


def is_withheld(body):
    return MARK not in public(body) and MARK in json.dumps(body)


CELLS = {
    "a code cell tagged solution": code(f"x = '{MARK}'", tags=["solution"]),
    "a Markdown cell tagged solution": markdown(f"It is {MARK}.", tags=["solution"]),
    "an answer-tagged cell": code(f"x = '{MARK}'", tags=["answer"]),
    "a tagged cell's output": code("x", tags=["solution"], outputs=[OUTPUT]),
    "a region": code(f"def f():\n    ### BEGIN SOLUTION\n    return '{MARK}'\n    ### END SOLUTION"),
    "a region in words": markdown(f"Say why.\n\n### BEGIN SOLUTION\n{MARK}\n### END SOLUTION\n"),
    "hidden tests": code(f"assert f()\n### BEGIN HIDDEN TESTS\nassert f() == '{MARK}'\n### END HIDDEN TESTS"),
    "a hidden-check cell": code(f"assert f() == '{MARK}'", tags=["hidden-check"]),
    "a mark scheme": markdown(f"Do it.\n\n=== BEGIN MARK SCHEME ===\n{MARK}\n=== END MARK SCHEME ===\n"),
    "a Colab form": code(f"#@title Double-click to view a possible solution\nx = '{MARK}'", cellView="form"),
    "a spaced Colab form": code(f"# @title Solution {{ display-mode: 'form' }}\nx = '{MARK}'"),
    "to_remove_solution": code(f"# to_remove_solution\nx = '{MARK}'"),
    "to_remove solution in capitals": code(f"# TO_REMOVE SOLUTION\n\nx = '{MARK}'"),
    "to_remove explanation": code(f'# to_remove explanation\n"""\n{MARK}\n"""'),
    "a solution comment": code(f"# Solution\nx = '{MARK}'"),
    "a numbered solution comment": code(f"# Solution to exercise 3\nx = '{MARK}'"),
    "a Russian solution comment": code(f"# Решение\nx = '{MARK}'"),
    "a production cell of learntools": code(f"#%%RM_IF(PROD)%%\nx = '{MARK}'\nq_1.assert_check_passed()"),
    "what learntools prints": code("q1.solution()", outputs=[OUTPUT]),
    "what learntools prints beside a check": code("q1.check()\nq1.solution()", outputs=[OUTPUT]),
    "a solution directive": markdown(f"```{{solution}} ex-1\n{MARK}\n```"),
    "a solution directive with colons": markdown(f":::{{solution}}\n:class: dropdown\n{MARK}\n:::"),
    "a longer fence": markdown(f"````{{solution}} ex-1\n```python\nx = '{MARK}'\n```\n````\nAfter."),
    "an admonition": markdown(f"```{{admonition}} Solution\n:class: dropdown\n{MARK}\n```"),
    "an admonition with colons": markdown(
        f":::{{admonition}} Click here for the solution!\n:class: dropdown\n{MARK}\n:::"
    ),
    "a dropdown": markdown(f":::{{dropdown}} Solution 2\n{MARK}\n:::"),
    "a toggle": markdown(f"```{{toggle}} Show answer\n{MARK}\n```"),
    "a class": markdown(f"```{{admonition}} Look here\n:class: solution dropdown\n{MARK}\n```"),
    "in a note": markdown(f"````{{note}}\nText.\n```{{solution}} a\n{MARK}\n```\nMore.\n````"),
    "in a quote": markdown(f"> ```{{solution}} a\n> {MARK}\n> ```\n> Text."),
    "in a list": markdown(f"- Item\n\n  ```{{dropdown}} Solution\n  {MARK}\n  ```\n"),
    "not closed": markdown(f"Text.\n\n```{{solution}} a\n{MARK}\n"),
    "details": markdown(f"<details><summary>Solution</summary>\n\n{MARK}\n\n</details>"),
    "details with markup": markdown(
        f"<details open>\n<summary><b>Click to see the answer</b></summary>\n{MARK}\n</details>"
    ),
    "details in a line": markdown(f"What? <details><summary>Answer</summary>{MARK}</details> Next."),
    "details in details": markdown(
        f"<details><summary>Solution</summary><details><summary>a</summary>b</details>\n{MARK}</details>\nText."
    ),
    "a fenced Carpentries solution": markdown(f"::: challenge\n## Do\n\n::::: solution\n{MARK}\n:::::\n:::"),
    "a Carpentries solution of its own": markdown(f":::::::: solution\n{MARK}\n::::::::\nText."),
    "a div by class": markdown(f"::: {{.solution}}\n{MARK}\n:::"),
    "a quoted Carpentries solution": markdown(
        f"> ## Do it\n> Well.\n>\n> > ## Solution\n> > {MARK}\n> {{: .solution}}\n{{: .challenge}}\n"
    ),
    "a gated solution": markdown(f"```{{solution-start}} a\n```\n{MARK}\n```{{solution-end}}\n```\nText."),
    "a raw cell": {"cell_type": "raw", "source": MARK, "metadata": {"tags": ["solution"]}},
    "nbgrader's answer": code(
        f"x = '{MARK}'", nbgrader={"solution": True, "grade": True, "points": 1, "grade_id": "a"}
    ),
    "nbgrader's answer in words": markdown(MARK, nbgrader={"solution": True, "grade": True, "grade_id": "a"}),
    "a quiz span": markdown(
        '<span style="display:none" id="q">'
        + json.dumps([{"question": "a", "type": "string", "answers": [{"answer": MARK, "correct": True}]}]).replace(
            "<", ""
        )
        + "</span>"
    ),
    "a quiz in code": code(
        f"q = [{{'question': 'a', 'type': 'string', 'answers': [{{'answer': '{MARK}', 'correct': True}}]}}]\n"
        "display_quiz(q)"
    ),
    "a question of MDX": markdown(
        f'### Why?\n\n<Question choices={{[{{text: "a", explain: "{MARK}", correct: true}}, {{text: "b"}}]}} />'
    ),
}


@pytest.mark.parametrize("form", CELLS)
def test_nothing_of_a_solution_is_public(form):
    draft = built(markdown("# A"), CELLS[form], markdown("After."))
    assert is_withheld(draft.body)
    assert "After." in public(draft.body)


@pytest.mark.parametrize("form", CELLS)
def test_no_cell_is_lost(form):
    """Every source is in the body, also that of a cell which learners do not see."""
    cell = CELLS[form]
    draft = built(markdown("# A"), cell, markdown("After."))
    kept = []
    for block in draft.blocks:
        memory = block.get("metadata", {}).get("mlpracticum", {}).get("import", {})
        kept += [part["source"] for part in block.get("cells", ())] or [memory.get("source", block.get("source", ""))]
    assert "".join(kept) == f"# A{cell['source']}After."


@pytest.mark.parametrize(
    "cell",
    [
        code("# Solution of the linear system\nx = 'k7Qz2Vx9Lm4Rt8Wp'"),
        code("# Your solution here\nx = 'k7Qz2Vx9Lm4Rt8Wp'"),
        code("solution = 'k7Qz2Vx9Lm4Rt8Wp'"),
        markdown("## Solution of an equation\n\nk7Qz2Vx9Lm4Rt8Wp"),
        markdown("```{admonition} Closed-form solution\nk7Qz2Vx9Lm4Rt8Wp\n```"),
        markdown("```python\n### BEGIN SOLUTION\n```\n\nk7Qz2Vx9Lm4Rt8Wp"),
        markdown("````md\n```{solution} a\n```\n````\n\nk7Qz2Vx9Lm4Rt8Wp"),
        markdown("<details><summary>More about solutions</summary>k7Qz2Vx9Lm4Rt8Wp</details>"),
    ],
)
def test_what_only_speaks_of_solutions_is_shown(cell):
    assert MARK in public(built(cell).body)


def test_a_solution_of_several_cells_is_withheld_to_its_end_and_no_further():
    draft = built(
        markdown("```{exercise-start}\n:label: a\n```\nPlot it."),
        markdown("```{exercise-end}\n```\n\n```{solution-start} a\n:class: dropdown\n```\nFirst."),
        code(f"x = '{MARK}'", outputs=[OUTPUT]),
        markdown(f"Then {MARK}.\n\n```{{solution-end}}\n```\n\nShown again."),
    )
    assert is_withheld(draft.body)
    assert "Shown again." in public(draft.body)
    exercise = next(block for block in draft.blocks if block["type"] == "exercise")
    assert exercise["solution"] == f"# First.\n\nx = '{MARK}'\n\n# Then {MARK}."
    assert exercise["prompt"] == "Plot it."


@pytest.mark.parametrize(
    "cell",
    [
        markdown("Text ![a](attachment:a.png)\n\n```{solution} x\n![b](attachment:b.png)\n```"),
        markdown("```{exercise}\n![a](attachment:a.png)\n\n:::{dropdown} Solution\n![b](attachment:b.png)\n:::\n```"),
        markdown("![b](attachment:b.png)", tags=["solution"]),
        markdown("![b](attachment:b.png)", nbgrader={"solution": True, "grade": True, "grade_id": "a"}),
    ],
)
def test_a_picture_of_a_solution_is_not_named_in_public(cell):
    files = {
        name: {"image/png": base64.b64encode(png(shade=place)).decode()}
        for place, name in enumerate(("a.png", "b.png"))
    }
    body = built(cell | {"attachments": files}).body
    assert "attachment:b.png" not in public(body)
    assert ("attachment:a.png" in public(body)) == ("a.png" in cell["source"])


def test_the_cells_below_an_announced_solution_are_withheld():
    draft = built(
        markdown("Add them."),
        markdown("### Solution\n\nClick below for a possible solution."),
        code(f"x = '{MARK}'"),
        code(f"y = '{MARK}'"),
        markdown("Next."),
        code("z = 3"),
    )
    assert is_withheld(draft.body)
    assert "z = 3" in public(draft.body)


def test_a_solution_that_never_ends_is_withheld_and_told():
    draft = built(markdown("```{solution-start} a\n```"), code(f"x = '{MARK}'"), markdown(MARK))
    assert is_withheld(draft.body)
    assert any("solution-end" in what for _, what in draft.problems)


def test_a_blank_with_checks_and_a_solution_becomes_an_exercise():
    draft = built(
        markdown("## Exercise 1\n\nDouble it."),
        code("import numpy as np"),
        markdown("### Exercise 2: twice\n\nWrite `twice`."),
        code("def twice(x):\n    # Your code here\n    raise NotImplementedError"),
        code("assert twice(2) == 4\nprint('ok')"),
        code(f"# to_remove_solution\ndef twice(x):\n    return 2 * x  # {MARK}"),
    )
    assert [block["type"] for block in draft.blocks] == ["markdown", "code", "exercise", "code", "code"]
    block = draft.blocks[2]
    assert (block["title"], block["prompt"]) == ("Exercise 2: twice", "Write `twice`.")
    assert block["checks"] == [{"kind": "value", "expression": "twice(2)", "expected": 4, "comparison": "equal"}]
    assert block["points"] == 1
    assert MARK in block["solution"]
    assert is_withheld(draft.body)
    assert [block["source"] for block in draft.blocks[3:]] == ["", ""]


@pytest.mark.parametrize(
    "blank",
    [
        "def f():\n    pass  # TODO: write it",
        "# Write your code here",
        "x = ____",
        "x = ...",
        "def f():\n    raise NotImplementedError()",
        "### ваш код здесь\npass",
    ],
)
def test_a_blank_is_an_exercise_only_where_something_checks_it(blank):
    assert [block["type"] for block in built(code(blank), code("assert f() == 1")).blocks] == ["exercise", "code"]
    assert [block["type"] for block in built(code(blank), code("f()")).blocks] == ["code", "code"]


def test_an_exercise_brings_the_imports_that_its_notebook_has_further_up():
    draft = built(
        code("%matplotlib inline\nimport numpy as np\nimport os"),
        code("def mean(x):\n    ..."),
        code("assert mean(np.array([1, 2])).size == 1"),
    )
    assert draft.blocks[1]["starter"] == "import numpy as np\n\ndef mean(x):\n    ..."
    assert draft.blocks[1]["packages"] == ["numpy"]
    assert draft.problems == []


def test_checks_with_other_statements_stay_on_the_page():
    draft = built(code("x = ____"), code("y = x + 1\nassert y == 3"))
    assert draft.blocks[0]["checks"][0]["kind"] == "assert"
    assert draft.blocks[1]["source"] == "y = x + 1\nassert y == 3"


def test_a_markdown_file_withholds_too():
    text = f"# A\n\n:::::: challenge\n\n## Do\n\nNow.\n\n::: hint\nThink.\n:::\n\n::: solution\n{MARK}\n:::\n\n::::::\n"
    draft = build_lesson("a.md", read_markdown(text.encode()), AssetStore())
    assert is_withheld(draft.body)
    block = draft.blocks[-1]
    assert (block["title"], block["prompt"], block["hints"]) == ("Do", "Now.", ["Think."])
    assert block["solution"] == MARK


# Pairs of files


def paired(tmp_path, exercise, solution):
    folder = write(tmp_path, {"lines_ex_01.ipynb": notebook(*exercise), "lines_sol_01.ipynb": notebook(*solution)})
    return read_course(folder)


def test_a_solution_notebook_is_no_lesson_and_solves_its_exercise(tmp_path):
    course = paired(
        tmp_path,
        [markdown("# Exercise"), code("x = 1"), markdown("Add."), code("# Write your code here."), markdown("End.")],
        [markdown("# Solution"), code("x = 1"), markdown("Add."), code(f"x + 1  # {MARK}"), markdown("End.")],
    )
    assert [lesson.path for lesson in course.lessons] == ["lines_ex_01.ipynb"]
    body = course.lessons[0].body
    assert [block["type"] for block in body["blocks"]] == ["markdown", "code", "exercise", "markdown"]
    assert body["blocks"][2]["prompt"] == "Add."
    assert body["blocks"][2]["solution"] == f"x + 1  # {MARK}"
    assert is_withheld(body)


def test_what_cannot_be_aligned_stays_private_in_the_lesson(tmp_path):
    course = paired(tmp_path, [markdown("# Exercise"), markdown("Prove it.")], [markdown(f"# Solution\n\n{MARK}")])
    body = course.lessons[0].body
    assert body["metadata"]["solution"]["file"] == "lines_sol_01.ipynb"
    assert MARK in body["metadata"]["solution"]["cells"][0]["source"]
    assert is_withheld(body)


def test_a_solution_file_that_cannot_be_read_is_listed(tmp_path):
    folder = write(
        tmp_path, {"lines_ex_01.ipynb": notebook(markdown("# A")), "lines_sol_01.ipynb": b"{ this is no notebook"}
    )
    course = read_course(folder)
    assert len(course.lessons) == 1
    assert any(
        problem.file == "lines_sol_01.ipynb" and "stays without" in problem.what for problem in course.report.problems
    )
