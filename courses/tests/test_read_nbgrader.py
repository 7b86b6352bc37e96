"""nbgrader's assignments: answers, tests, tasks and points become exercises whose secrets are private."""

import pytest

from courses.content.assets import AssetStore
from courses.content.dialects_nbgrader import grading
from courses.content.lessons import build_lesson
from courses.content.notebook import Cell, read_notebook
from courses.content.schema import validate_body
from courses.tests.course_folders import code, markdown, notebook

ANSWER = {"solution": True, "grade": False, "locked": False, "grade_id": "a", "schema_version": 3}
MANUAL = {"solution": True, "grade": True, "points": 2, "grade_id": "m", "schema_version": 3}
TASK = {"solution": False, "grade": False, "task": True, "points": 4, "grade_id": "t", "schema_version": 3}


def graded(points):
    return {"solution": False, "grade": True, "locked": True, "points": points, "grade_id": "g", "schema_version": 3}


def built(*cells, metadata=None):
    draft = build_lesson("a.ipynb", read_notebook(notebook(*cells, metadata=metadata, minor=5)), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def assignment():
    return built(
        markdown("# Problems", "h"),
        markdown("---\n## Part A (2 points)\n\nWrite `twice`.", "p"),
        code("def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "a", nbgrader=ANSWER),
        markdown("Try it:", "m"),
        code("twice(2)", "c"),
        code('"""It doubles."""\nassert twice(2) == 4\nassert twice(-1) == -2', "t1", nbgrader=graded(1)),
        code(
            "assert twice(0) == 0\n### BEGIN HIDDEN TESTS\nassert twice(7) == 14\n### END HIDDEN TESTS",
            "t2",
            nbgrader=graded(0.5),
        ),
        markdown("## Part B\n\nSay why.", "q"),
        markdown("Because of linearity.", "w", nbgrader=MANUAL),
        markdown(
            "## Part C\n\nProve it.\n\n=== BEGIN MARK SCHEME ===\nInduction.\n=== END MARK SCHEME ===",
            "x",
            nbgrader=TASK,
        ),
    )


def test_an_answer_its_words_and_its_tests_are_one_exercise():
    draft = assignment()
    assert [block["type"] for block in draft.blocks] == [
        *("markdown", "exercise", "markdown", "code", "code", "code", "exercise", "exercise")
    ]
    block = draft.blocks[1]
    assert (block["id"], block["title"], block["prompt"]) == ("p", "Part A (2 points)", "Write `twice`.")
    assert block["starter"] == "def twice(x):\n    # Your code here\n    raise NotImplementedError"
    assert block["solution"] == "def twice(x):\n    return 2 * x"
    assert [(check["expression"], check["expected"]) for check in block["checks"]] == [
        ("twice(2)", 4),
        ("twice(-1)", -2),
        ("twice(0)", 0),
    ]
    assert [(check["expression"], check["expected"]) for check in block["hidden_checks"]] == [("twice(7)", 14)]
    assert block["points"] == 1.5
    assert [cell["id"] for cell in block["cells"]] == ["p", "a"]


def test_cells_between_stay_and_tests_are_withheld_with_their_metadata():
    blocks = assignment().blocks
    assert [block["source"] for block in blocks[2:6]] == ["Try it:", "twice(2)", "", ""]
    assert blocks[4]["metadata"]["nbgrader"] == graded(1)
    assert "twice(-1)" in blocks[4]["metadata"]["mlpracticum"]["import"]["source"]


def test_what_a_person_grades_gives_no_points_and_says_so():
    draft = assignment()
    words, task = draft.blocks[6:]
    assert (words["title"], words["prompt"], words["solution"]) == ("Part B", "Say why.", "Because of linearity.")
    assert (task["title"], task["prompt"], task["solution"]) == ("Part C", "Prove it.", "Induction.")
    assert (words["points"], task["points"], words["language"]) == (0, 0, "text")
    assert [what for _, what in draft.problems] == [
        "exercise 'Part B' is worth 2 by hand: without a check it gives no points",
        "exercise 'Part C' is worth 4 by hand: without a check it gives no points",
    ]


def test_a_released_answer_is_its_own_starter():
    stub = "def f():\n    # YOUR CODE HERE\n    raise NotImplementedError()"
    draft = built(code(stub, nbgrader=ANSWER), code("assert f() == 1", nbgrader=graded(1)))
    assert (draft.blocks[0]["starter"], draft.blocks[0]["solution"]) == (stub, "")


def test_an_answer_without_regions_is_all_solution():
    block = built(code("x = 42", nbgrader=ANSWER), code("assert x == 42", nbgrader=graded(1))).blocks[0]
    assert (block["starter"], block["solution"]) == ("# Your code here\n", "x = 42")


def test_answers_in_words_that_were_released_have_no_solution():
    assert built(markdown("YOUR ANSWER HERE", nbgrader=MANUAL)).blocks[0]["solution"] == ""


def test_another_language_gets_no_python_checks():
    metadata = {"kernelspec": {"name": "ir", "language": "r", "display_name": "R"}}
    draft = built(code("f <- 1", nbgrader=ANSWER), code("stopifnot(f == 1)", nbgrader=graded(1)), metadata=metadata)
    assert (draft.blocks[0]["language"], draft.blocks[0]["checks"], draft.blocks[0]["points"]) == ("r", [], 0)
    assert draft.blocks[1]["source"] == ""


@pytest.mark.parametrize(
    ("metadata", "points"),
    [
        ({"points": "2"}, 0),
        ({"points": -1}, 0),
        ({"points": True}, 0),
        ({"points": 1e999}, 0),
        ({"points": 2}, 2),
        ({}, 0),
    ],
)
def test_odd_points_count_for_nothing(metadata, points):
    assert grading(Cell("code", "", 1, metadata={"nbgrader": {"grade": True, **metadata}})).points == points


@pytest.mark.parametrize("metadata", [None, [], "x", {"solution": "yes"}])
def test_odd_metadata_is_no_assignment(metadata):
    known = grading(Cell("code", "", 1, metadata={"nbgrader": metadata}))
    assert (known.is_answer, known.is_test, known.is_task) == (False, False, False)
