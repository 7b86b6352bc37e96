"""otter-grader's assignments: each question is an exercise, and its marks, solutions and hidden tests are private."""

import json

import pytest

from courses.content.assets import AssetStore
from courses.content.compiling import compile_body
from courses.content.exercises import has_answer_region, split_solution
from courses.content.lessons import build_lesson
from courses.content.notebook import read_notebook
from courses.content.schema import validate_body
from courses.content.twins import answer_files
from courses.tests.course_folders import code, markdown, notebook

MARK = "k7Qz2Vx9Lm4Rt8Wp"


def raw(source, cell_id=None):
    cell = {"cell_type": "raw", "source": source, "metadata": {}}
    return cell | {"id": cell_id} if cell_id else cell


def result(text):
    return {"output_type": "execute_result", "metadata": {}, "execution_count": 1, "data": {"text/plain": text}}


def question(*tests, config="name: q1\npoints: 2", solution=None):
    return [
        raw(f"# BEGIN QUESTION\n{config}", "q"),
        markdown("**Question 1.** Write `square`.", "w"),
        raw("# BEGIN SOLUTION", "s"),
        solution or code("def square(x):\n    return x * x # SOLUTION", "a"),
        raw("# END SOLUTION", "e"),
        raw("# BEGIN TESTS", "t"),
        *tests,
        raw("# END TESTS", "u"),
        raw("# END QUESTION", "v"),
    ]


def built(*cells, metadata=None):
    draft = build_lesson("a.ipynb", read_notebook(notebook(*cells, metadata=metadata, minor=5)), AssetStore())
    assert validate_body(draft.body) == []
    return draft


def public(draft):
    compiled = compile_body(draft.body, title="A")
    return json.dumps([compiled.public, compiled.html, compiled.toc, compiled.text])


def test_a_question_is_one_exercise_with_all_of_its_cells():
    cells = [
        raw("# ASSIGNMENT CONFIG\nfiles:\n  - secret.csv", "c"),
        markdown("# Lab", "m"),
        *question(
            code("square(3)", "t1", outputs=[result("9")]),
            code("square(2.0)", "t2", outputs=[result("4.0")]),
            code("# HIDDEN\nassert square(-1) == 1", "t3"),
        ),
        code("square(10)", "d"),
    ]
    draft = built(*cells)
    assert [block["type"] for block in draft.blocks] == ["code", "markdown", "exercise", "code"]
    block = draft.blocks[2]
    assert (block["title"], block["prompt"], block["points"]) == ("Question 1", "Write `square`.", 2)
    assert block["starter"] == "def square(x):\n    return ...\n"
    assert block["solution"] == "def square(x):\n    return x * x"
    assert [(check["expression"], check["expected"], check["comparison"]) for check in block["checks"]] == [
        ("square(3)", 9, "equal"),
        ("square(2.0)", 4.0, "close"),
    ]
    assert [(check["expression"], check["expected"]) for check in block["hidden_checks"]] == [("square(-1)", 1)]
    assert [cell["id"] for cell in block["cells"]] == ["q", "w", "s", "a", "e", "t", "t1", "t2", "t3", "u", "v"]
    assert "secret.csv" not in public(draft)


def test_nothing_private_of_a_question_is_public():
    draft = built(
        *question(
            code(f"# HIDDEN\nassert square(1) != '{MARK}'", "h", outputs=[result(MARK)]),
            code(f'""" # BEGIN TEST CONFIG\nhidden: true\n""" # END TEST CONFIG\nassert square(1) != "{MARK}"', "i"),
            code(f'""" # BEGIN TEST CONFIG\nhidden: [\n""" # END TEST CONFIG\nassert square(1) != "{MARK}"', "j"),
            config=f"name: q1\nnote: {MARK}",
            solution=code(
                f"# BEGIN SOLUTION\nsquare = lambda x: '{MARK}'\n# END SOLUTION\ny = '{MARK}' # SOLUTION", "a"
            ),
        )
    )
    assert draft.exercises == 1
    assert MARK not in public(draft)
    assert json.dumps(draft.body).count(MARK) >= 5


def test_settings_of_a_test_say_what_it_is_worth_and_whether_it_is_hidden():
    worth = '""" # BEGIN TEST CONFIG\npoints: {}\nhidden: {}\n""" # END TEST CONFIG\nassert square(2) == 4'
    draft = built(
        *question(code(worth.format(1.5, "false"), "a1"), code(worth.format(2, "true"), "a2"), config="name: q1")
    )
    (block,) = draft.blocks
    assert (len(block["checks"]), len(block["hidden_checks"]), block["points"]) == (1, 1, 3.5)


def test_a_test_function_is_called_with_the_learners_names():
    source = (
        "from otter.test_files import test_case\n@test_case(points=2, hidden=True)\n"
        "def test_it(square):\n    assert square(3) == 9"
    )
    (block,) = built(*question(code(source, "f"), config="name: q1")).blocks
    (check,) = block["hidden_checks"]
    assert check["source"] == "def test_it(square):\n    assert square(3) == 9\ntest_it(square)"
    assert block["points"] == 2


@pytest.mark.parametrize(
    ("source", "output", "expression"),
    [
        ("isinstance(square, object)", None, "assert isinstance(square, object)"),
        ("square(2) > 3", "True", "assert square(2) > 3"),
        ("sorted", "<function>", "repr(sorted)"),
    ],
)
def test_an_expression_is_a_check_where_it_says_what_it_should_be(source, output, expression):
    cell = code(source, "x", outputs=[result(output)] if output else [])
    (block,) = built(*question(cell)).blocks
    (check,) = block["checks"]
    assert expression in (check.get("source"), check.get("expression"))


def test_an_expression_without_a_saved_result_is_listed():
    draft = built(*question(code("square(2)", "x")))
    assert draft.blocks[0]["checks"] == []
    assert any("without a saved result" in what for _, what in draft.problems)


def test_what_a_person_grades_has_no_checks_and_no_points():
    words = [
        raw("# BEGIN QUESTION\nname: q2\nmanual: true\npoints: 3", "q"),
        markdown("## Why?\n\nSay why.", "w"),
        raw("# BEGIN PROMPT", "p"),
        markdown("_Write here._", "x"),
        raw("# END PROMPT", "y"),
        raw("# BEGIN SOLUTION", "s"),
        markdown(f"**SOLUTION**: {MARK}", "a"),
        raw("# END SOLUTION", "e"),
        raw("# END QUESTION", "v"),
    ]
    draft = built(*words)
    (block,) = draft.blocks
    assert (block["title"], block["prompt"], block["points"], block["language"]) == ("Why?", "Say why.", 0, "text")
    assert MARK in block["solution"]
    assert MARK not in public(draft)


def test_a_question_that_is_not_closed_ends_before_the_next():
    first = question(code("assert square(1) == 1", "t1"))[:-2]
    second = [cell | {"id": f"{cell['id']}2"} for cell in question(code("assert square(1) == 1", "t2"))]
    assert [block["type"] for block in built(*first, *second).blocks] == ["exercise", "exercise"]


def test_tests_in_another_language_are_not_checks():
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    (block,) = built(
        *question(code("testthat::expect_equal(square(2), 4)", "t1"), solution=code("y <- 4 # SOLUTION", "a")),
        metadata=metadata,
    ).blocks
    assert (block["language"], block["checks"], block["points"], block["starter"]) == ("r", [], 0, "y <- ...\n")


@pytest.mark.parametrize(
    ("line", "starter"),
    [
        ("x = 2 # SOLUTION", "x = ..."),
        ("    return x == 2 # SOLUTION", "    return ..."),
        ("a, b = 1, 2  # SOLUTION", "a, b = ..."),
        ('df["a"] = 1 # SOLUTION', 'df["a"] = ...'),
        ("x == 2 # SOLUTION", "..."),
        ("print(x)  ## SOLUTION", "..."),
        ("plt.plot(x); # SOLUTION NO PROMPT", ""),
        ("x = 2 # the solution", "x = 2 # the solution"),
        ("# SOLUTION", "# SOLUTION"),
        ("x = '#' # SOLUTION", "x = ..."),
    ],
)
def test_a_line_that_is_the_solution_keeps_what_it_assigns_to(line, starter):
    assert split_solution(f"y = 1\n{line}", [], 1)[0].splitlines() in (
        ["y = 1", starter],
        ["y = 1"] if not starter else [],
        ["# Your code here"],  # no mark at all: everything is the solution
    )
    assert has_answer_region(line) is (starter not in (line,))


def test_learners_get_the_prompt_in_place_of_a_region():
    source = (
        "def f(r):\n    # BEGIN SOLUTION NO PROMPT\n    return 2 * r\n    # END SOLUTION\n"
        '    """ # BEGIN PROMPT\n    # Multiply.\n    pass\n    """ # END PROMPT'
    )
    starter, solution = split_solution(source, [], 1)
    assert starter == "def f(r):\n    # Multiply.\n    pass"
    assert solution == "def f(r):\n    return 2 * r"


def test_a_marked_line_outside_of_any_question_is_not_shown():
    draft = built(code(f"x = '{MARK}' # SOLUTION", "a"), markdown("# B", "b"), markdown(f"**SOLUTION:** {MARK}", "c"))
    assert MARK not in public(draft)
    assert draft.blocks[0]["source"] == "x = ..."


def test_the_autograders_version_is_no_lesson():
    paths = ["hw/student/hw1.ipynb", "hw/autograder/hw1.ipynb"]
    assert answer_files(paths) == {"hw/autograder/hw1.ipynb": "hw/student/hw1.ipynb"}


@pytest.mark.parametrize("source", [" " * 60_000 + "x", '"""# BEGIN TEST CONFIG\n' + " " * 100_000, "#" * 100_000])
def test_marks_are_looked_for_within_bounds(source):
    assert built(raw(source, "r"), *question(code(source, "x"))).blocks[-1]["type"] == "exercise"
