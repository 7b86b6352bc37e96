"""Exercises made of tagged cells: starter, solution, checks; and asserts that become value checks."""

import json

import pytest

from courses.content.assets import AssetStore
from courses.content.checks import CheckReader
from courses.content.exercises import split_solution, without_answers
from courses.content.lessons import build_lesson
from courses.content.notebook import read_notebook
from courses.content.schema import validate_body
from courses.tests.course_folders import code, markdown, notebook

SOLUTION = '''def square(x):
    """The square of x."""
    ### BEGIN SOLUTION
    return x * x
    ### END SOLUTION
'''


def lesson(*cells, metadata=None):
    draft = build_lesson("a.ipynb", read_notebook(notebook(*cells, metadata=metadata, minor=5)), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def exercise(*checks, solution=SOLUTION, settings=None):
    head = markdown("## Squares\n\nWrite `square`.", "ex", tags=["exercise"], mlpracticum=settings or {})
    draft = lesson(head, code(solution, "sol", tags=["solution"]), *checks)
    assert [block["type"] for block in draft.blocks] == ["exercise"]
    return draft.blocks[0], [what for _, what in draft.problems]


def read(source: str):
    return CheckReader().read(source, hidden=False)[0]


def test_consecutive_cells_become_one_exercise():
    draft = lesson(
        markdown("Before.", "a"),
        markdown("## Squares\n\nWrite `square`.", "ex", tags=["exercise"], mlpracticum={"points": 2.5, "id": "sq"}),
        code(SOLUTION, "sol", tags=["solution"]),
        code("assert square(3) == 9, 'three'", "c1", tags=["check"]),
        code("assert square(-2) == 4", "c2", tags=["hidden-check"]),
        markdown("Multiply.", "h1", tags=["hint"]),
        code("x ** 2", "h2", tags=["hint"]),
        code("after = 1", "b"),
    )
    assert [(block["type"], block["id"]) for block in draft.blocks] == [
        ("markdown", "a"),
        ("exercise", "sq"),
        ("code", "b"),
    ]
    block = draft.blocks[1]
    assert draft.problems == []
    assert (block["title"], block["prompt"], block["points"]) == ("Squares", "Write `square`.", 2.5)
    assert block["starter"] == (
        'def square(x):\n    """The square of x."""\n    # Your code here\n    raise NotImplementedError'
    )
    assert block["solution"] == 'def square(x):\n    """The square of x."""\n    return x * x'
    assert block["checks"] == [
        {"kind": "value", "expression": "square(3)", "expected": 9, "comparison": "equal", "message": "three"}
    ]
    assert block["hidden_checks"] == [
        {"kind": "value", "expression": "square(-2)", "expected": 4, "comparison": "equal"}
    ]
    assert block["hints"] == ["Multiply.", "```python\nx ** 2\n```"]
    assert [cell["source"] for cell in block["cells"]][:2] == ["## Squares\n\nWrite `square`.", SOLUTION]


def test_outputs_of_exercise_cells_are_kept_for_export_alone():
    output = {"output_type": "stream", "name": "stdout", "text": "the answer is 9"}
    head = markdown("# A", tags=["exercise"])
    draft = lesson(
        head, code(SOLUTION, tags=["solution"], outputs=[output]), code("assert square(1) == 1", tags=["check"])
    )
    assert draft.outputs == 1
    assert draft.blocks[0]["cells"][1]["outputs"] == [output]


@pytest.mark.parametrize(
    ("source", "starter"),
    [
        (
            "a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\nc = 3",
            "a = 1\n# Your code here\nc = 3",
        ),
        (
            "for i in x:\n    ### BEGIN SOLUTION\n    f(i)\n    ### END SOLUTION\n    g(i)",
            "for i in x:\n    # Your code here\n    g(i)",
        ),
        (
            "if a:\n    b\nelse:\n### BEGIN SOLUTION\n    c\n### END SOLUTION\nd",
            "if a:\n    b\nelse:\n    # Your code here\n    raise NotImplementedError\nd",
        ),
        (
            "x = [\n    ### BEGIN SOLUTION\n    1,\n    ### END SOLUTION\n]",
            "x = [\n    # Your code here\n]",
        ),
        (
            "def f():\n    # BEGIN SOLUTION\n    return 1",
            "def f():\n    # Your code here\n    raise NotImplementedError",
        ),
    ],
)
def test_regions_become_blanks(source, starter):
    assert split_solution(source, [], 1)[0] == starter


def test_without_a_region_everything_is_the_solution():
    block, problems = exercise(code("assert f() == 1", tags=["check"]), solution="def f():\n    return 1")
    assert block["starter"] == "# Your code here\n"
    assert "return 1" in block["solution"]
    assert any("marks no region" in problem for problem in problems)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("### BEGIN SOLUTION\nx = 1", "has no END SOLUTION"),
        ("x = 1\n### END SOLUTION", "without BEGIN SOLUTION"),
    ],
)
def test_half_a_region_is_told(source, words):
    problems: list = []
    split_solution(source, problems, 3)
    assert any(number == 3 and words in what for number, what in problems)


@pytest.mark.parametrize(
    ("source", "expression", "expected"),
    [
        ("assert f(3) == 9", "f(3)", 9),
        ("assert 9 == f(3)", "f(3)", 9),
        ("assert f(3) == -2.5", "f(3)", -2.5),
        ("assert f('a') == {'k': [1, None, True]}", "f('a')", {"k": [1, None, True]}),
        ("assert f() == (1, 'b')", "f()", [1, "b"]),
        ("assert f() is None", "f()", None),
        ("assert len(f()) == 3", "len(f())", 3),
        ("assert (f(1)\n        + f(2)) == 3", "f(1) + f(2)", 3),
        ("assert np.array_equal(f(), [1, 2])", "f()", [1, 2]),
    ],
)
def test_an_equality_becomes_a_value_check(source, expression, expected):
    assert read(source) == [{"kind": "value", "expression": expression, "expected": expected, "comparison": "equal"}]


@pytest.mark.parametrize(
    ("source", "expected", "relative", "absolute"),
    [
        ("assert abs(f(1) - 2.5) < 1e-6", 2.5, 0, 1e-6),
        ("assert 1e-6 >= abs(2.5 - f(1))", 2.5, 0, 1e-6),
        ("assert math.isclose(f(1), 2.5)", 2.5, 1e-9, 0),
        ("assert math.isclose(f(1), 2.5, rel_tol=1e-3, abs_tol=0.1)", 2.5, 1e-3, 0.1),
        ("assert np.isclose(f(1), 2.5)", 2.5, 1e-5, 1e-8),
        ("assert np.allclose(f(1), [1, [2]], 0.1, atol=0.2)", [1, [2]], 0.1, 0.2),
        ("assert np.allclose(np.array([1.0]), f(1))", [1.0], 1e-5, 1e-8),
    ],
)
def test_a_tolerance_becomes_a_close_check(source, expected, relative, absolute):
    assert read(source) == [
        {
            "kind": "value",
            "expression": "f(1)",
            "expected": expected,
            "comparison": "close",
            "relative": relative,
            "absolute": absolute,
        }
    ]


def test_a_shape_becomes_a_shape_check():
    assert read("assert f(X).shape == (2, 3)") == [
        {"kind": "value", "expression": "f(X)", "expected": [2, 3], "comparison": "shape"}
    ]


def test_an_expected_exception_becomes_a_raises_check():
    source = "try:\n    f(-1)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('no negatives')\n"
    assert read(source) == [
        {
            "kind": "value",
            "expression": "f(-1)",
            "expected": "ValueError",
            "comparison": "raises",
            "message": "no negatives",
        }
    ]


@pytest.mark.parametrize(
    "source",
    [
        "assert f(3) == g(3)",
        "assert f(3)",
        "assert not f(3)",
        "assert f(3) != 9",
        "assert f() == {1, 2}",
        "assert f() == b'a'",
        "assert f() == 1j",
        "assert f() == {1: 2}",
        "assert f() == float('nan')",
        "assert f() is True",
        "assert 1 == 1",
        "assert 1 < f() < 3",
        "assert abs(f(1) - 2.5) < eps",
        "assert abs(f(1) - 2.5) < -1",
        "assert abs(f(1) - g(1)) < 0.1",
        "assert math.isclose(f(1), 2.5, 0.1)",
        "assert np.isclose(f(1), float('nan'), equal_nan=True)",
        "assert (y := f(3)) == 9",
        "assert f() == 1 and g() == 2",
        "assert isinstance(f(), list)",
    ],
)
def test_anything_else_stays_an_assert_check(source):
    assert read(source) == [{"kind": "assert", "source": source}]


def test_each_assert_is_a_check_in_order():
    checks = read("assert f(1) == 1\nassert f(2), 'two'\nassert f(3) == 3")
    assert [check["kind"] for check in checks] == ["value", "assert", "value"]
    assert checks[1]["message"] == "two"


def test_a_setup_keeps_the_cell_whole():
    source = "data = [1, 2]\nassert mean(data) == 1.5, 'mean'"
    assert read(source) == [{"kind": "assert", "source": source, "message": "mean"}]


def test_a_later_cell_brings_the_setup_that_it_needs():
    reader = CheckReader()
    reader.read("data = [1, 2]\nassert mean(data) == 1.5", hidden=False)
    checks, hidden = reader.read("assert mean(data) == 1.5", hidden=False)
    assert checks == [{"kind": "assert", "source": "data = [1, 2]\nassert mean(data) == 1.5"}]
    assert hidden is False
    assert reader.read("assert mean([3]) == 3", hidden=False)[0][0]["kind"] == "value"


def test_a_visible_check_never_shows_a_hidden_setup():
    reader = CheckReader()
    reader.read("secret = [1, 2]\nassert mean(secret) == 1.5", hidden=True)
    checks, hidden = reader.read("assert mean(secret) > 1", hidden=False)
    assert hidden is True
    assert "secret = [1, 2]" in checks[0]["source"]


def test_a_hidden_region_in_a_check_cell_is_hidden():
    block, problems = exercise(
        code(
            "n = 3\nassert square(n) == 9\n### BEGIN HIDDEN TESTS\nassert square(-n) == 9\n### END HIDDEN TESTS",
            tags=["check"],
        )
    )
    assert problems == []
    assert [check["source"] for check in block["checks"]] == ["n = 3\nassert square(n) == 9"]
    assert [check["source"] for check in block["hidden_checks"]] == ["n = 3\nassert square(-n) == 9"]


def test_a_check_that_is_no_python_stays_whole():
    assert read("assert f(3 ==") == [{"kind": "assert", "source": "assert f(3 =="}]


def test_an_escape_in_a_check_does_not_warn():
    assert read('assert f("\\d") == "\\d"')[0]["kind"] == "value"


@pytest.mark.parametrize(
    ("settings", "words", "field", "value"),
    [
        ({"points": -1}, "points -1", "points", 1),
        ({"points": "2"}, "points '2'", "points", 1),
        ({"packages": "numpy"}, "packages must be a list", "packages", []),
    ],
)
def test_wrong_settings_are_told(settings, words, field, value):
    block, problems = exercise(code("assert square(1) == 1", tags=["check"]), settings=settings)
    assert any(words in problem for problem in problems)
    assert block[field] == value


def test_packages_are_those_that_are_imported():
    solution = (
        "import numpy as np\nfrom sklearn.svm import SVC\nimport math\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    )
    assert exercise(code("assert x == 1", tags=["check"]), solution=solution)[0]["packages"] == [
        "numpy",
        "scikit-learn",
    ]


def test_without_checks_there_are_no_points():
    block, problems = exercise()
    assert block["points"] == 0
    assert any("has no check" in problem for problem in problems)


def test_without_a_solution_the_exercise_is_kept_and_told():
    draft = lesson(markdown("# A", tags=["exercise"]), code("assert f() == 1", tags=["check"]))
    assert [block["type"] for block in draft.blocks] == ["exercise"]
    assert any("no cell tagged solution" in what for _, what in draft.problems)


def test_in_another_language_the_cells_stay_cells():
    metadata = {"kernelspec": {"name": "ir", "language": "r", "display_name": "R"}}
    draft = lesson(markdown("# A", tags=["exercise"]), code("x <- 1", tags=["solution"]), metadata=metadata)
    assert [block["type"] for block in draft.blocks] == ["markdown", "code"]


def test_answers_outside_of_an_exercise_are_not_shown():
    draft = lesson(
        code("assert f(3) == 9", tags=["hidden-check"]),
        code("def f():\n    ### BEGIN SOLUTION\n    return 42\n    ### END SOLUTION"),
        markdown("## Elsewhere"),
        code("assert f() > 0\n### BEGIN HIDDEN TESTS\nassert f() == 42\n### END HIDDEN TESTS"),
    )
    shown = json.dumps([{**block, "metadata": {}} for block in draft.blocks])
    assert "42" not in shown
    assert "f(3)" not in shown
    assert "42" in json.dumps([block.get("metadata", {}) for block in draft.blocks])
    assert len(draft.problems) == 3


def test_hidden_tests_are_taken_out_of_a_source():
    source = "a\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\n### BEGIN SOLUTION\nc\n### END SOLUTION"
    assert without_answers(source) == "a\n# Your code here"


def test_a_quiz_in_the_prompt_comes_before_the_exercise_with_its_key_private():
    head = "# A\n\nText.\n\n```{quiz} single\n:id: q\na\n- [x] b\n- [ ] c\n```\n"
    draft = lesson(markdown(head, tags=["exercise"]), code(SOLUTION, tags=["solution"]))
    assert [block["type"] for block in draft.blocks] == ["quiz", "exercise"]
    assert "[x]" not in draft.blocks[1]["prompt"]
