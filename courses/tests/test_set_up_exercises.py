"""What an exercise is given of the cells above it, so that it runs alone."""

import time
from typing import Any

import pytest

from courses.content.compiling import compile_body
from courses.content.exercise_setup import MAX_SETUP, MAX_STATEMENTS, Setup, exercise_setups
from courses.content.hashes import check_hash, check_hashes
from courses.tests.factories import body_of_blocks, code, exercise


def setup(*cells: str | dict[str, Any], uses: str = "", **fields: Any) -> Setup:
    """The setup of an exercise below `cells` whose starter reads `uses`."""
    blocks = [code(f"c{number}", cell) if isinstance(cell, str) else cell for number, cell in enumerate(cells)]
    if uses:
        fields.setdefault("starter", f"print({uses})")
    return exercise_setups([*blocks, exercise("e", **fields)])["e"]


def test_what_stands_alone_gets_nothing() -> None:
    assert setup("import numpy as np\nsquare = 3\nx = 1") == Setup("", "")


@pytest.mark.parametrize(
    ("cell", "uses"),
    [
        ("import numpy as np", "np"),
        ("import os.path", "os"),
        ("from math import pi, tau", "tau"),
        ("def half(x):\n    return x / 2", "half"),
        ("@decorator\n@other(1)\ndef half(x):\n    return x", "half, decorator, other"),
        ("class Line:\n    slope = 1\n    def at(self, x):\n        return self.slope * x", "Line"),
        ("RATE: float = 0.5", "RATE"),
        ("a, (b, *rest) = 1, (2, 3)", "rest"),
        ("try:\n    import fast as engine\nexcept ImportError:\n    engine = None", "engine"),
        ("lines = [\n    1,\n    2,\n]", "lines"),
        ("text = '''a\n  b'''", "text"),
        ("ß = 'ünï'", "ß"),
    ],
)
def test_what_defines_a_name_is_taken_as_it_is_written(cell: str, uses: str) -> None:
    assert setup(cell, uses=uses).source == cell


def test_what_is_needed_is_taken_through_others_and_in_order() -> None:
    found = setup(
        "import numpy as np\nimport pandas as pd",
        "SCALE = np.pi\nUNUSED = 1",
        "def area(r):\n    return SCALE * power(r)",
        "def power(r):  # defined after what calls it\n    return r ** EXPONENT\nEXPONENT = 2",
        uses="area(1)",
    )
    assert found == Setup(
        "import numpy as np\nSCALE = np.pi\ndef area(r):\n    return SCALE * power(r)\n"
        "def power(r):  # defined after what calls it\n    return r ** EXPONENT\nEXPONENT = 2"
    )
    exec(compile(found.source.replace("np.pi", "3").partition("\n")[2], "setup", "exec"), {})  # noqa: S102


def test_of_two_definitions_the_one_that_holds_there_is_taken() -> None:
    assert setup("x = load()\nx = 2\ny = x\nx = 3", uses="y").source == "x = 2\ny = x"
    assert setup("x = 1", "x = 2", uses="x").source == "x = 2"
    assert setup("x = 1\nx = x + 1", uses="x").source == "x = 1\nx = x + 1"


def test_changes_of_what_is_needed_are_taken_with_it() -> None:
    cell = "df = table()\nother = 3\ndf['b'] = df['a'] * 2\ndf.name = 'x'\ntotal = 0\ntotal += other"
    assert setup("from t import table", cell, uses="df").source == (
        "from t import table\ndf = table()\ndf['b'] = df['a'] * 2\ndf.name = 'x'"
    )
    assert setup(cell, uses="total").source == "other = 3\ntotal = 0\ntotal += other"


def test_what_only_acts_is_left_out() -> None:
    cell = (
        "import matplotlib.pyplot as plt\nxs = [1, 2]\nplt.plot(xs)\nplt.show()\nfor x in xs:\n    train(x)\n"
        "while True:\n    xs = []\nwith open('f') as f:\n    xs = f\nprint(xs)\ndel xs\n"
        "if __name__ == '__main__':\n    xs = 9\n"
        "try:\n    xs.sort()\nexcept Exception:\n    xs = 3\nxs = await load()"
    )
    assert setup(cell, uses="plt, xs").source == "import matplotlib.pyplot as plt\nxs = [1, 2]"


def test_magics_and_shell_lines_do_not_cost_the_lines_beside_them() -> None:
    cell = "%matplotlib inline\n!pip install thing\nimport numpy as np\n?np\nx = np.ones(3)"
    assert setup(cell, uses="x").source == "import numpy as np\nx = np.ones(3)"
    assert setup("%%time\nx = 1", uses="x").source == "x = 1"


@pytest.mark.parametrize(
    "cell",
    [
        code("c", "x = 1", language="r"),
        code("c", "x = 1", cell_type="raw", run="static"),
        code("c", "x = 1", metadata={"tags": ["solution"]}),
        code("c", "x = 1", metadata={"tags": ["hidden-check", 3]}),
        code("c", "x = ("),
        {"id": "c", "type": "markdown", "source": "```python\nx = 1\n```"},
    ],
)
def test_only_plain_python_cells_count(cell: dict[str, Any]) -> None:
    found = setup(cell, uses="x")
    assert found.source == ""
    assert found.problem.startswith("uses names that no cell above it defines (x)")


def test_cells_below_do_not_count() -> None:
    blocks = [exercise("e", starter="print(x)"), code("c", "x = 1")]
    assert exercise_setups(blocks)["e"].source == ""


def test_of_another_exercise_only_what_it_gives_away() -> None:
    first = exercise(
        "first",
        starter="import numpy as np\ndata = [1, 2]\ndef half(x):\n    raise NotImplementedError\nanswer = None",
        solution="import numpy as np\ndata = [1, 2]\ndef half(x):\n    return x / 2\nanswer = 42",
    )
    found = setup(first, uses="np, data, half, answer")
    assert found.source == "import numpy as np\ndata = [1, 2]"
    assert "(answer, half)" in found.problem


def test_checks_need_names_too_but_not_those_that_the_learner_writes() -> None:
    check = {"kind": "value", "expression": "square(BASE)", "expected": 9, "comparison": "equal"}
    hidden = {"kind": "assert", "source": "import math\ngiven = math.pi\nassert square(given) > LIMIT"}
    cells = ["BASE = 3\nLIMIT = 1\ndef square(x):\n    return 'an earlier one'\nmath = given = 0"]
    found = setup(*cells, checks=[check], hidden_checks=[hidden])
    assert found == Setup("BASE = 3\nLIMIT = 1")


def test_a_solution_that_starts_from_what_is_there_gets_it() -> None:
    cell = "model = make()\ndef make():\n    return 1"
    found = setup(cell, starter="# Your code here", solution="model = fit(model)")
    assert found.source == "model = make()"
    assert "(fit, make, square)" in found.problem


def test_a_star_import_may_bring_what_nothing_else_does() -> None:
    assert setup("from math import *\nx = 1", uses="sqrt(x)") == Setup("from math import *\nx = 1")
    assert setup("from math import *\nx = 1", uses="x").source == "x = 1"


def test_a_relative_or_future_import_is_not_taken() -> None:
    assert setup("from . import a\nfrom __future__ import annotations", uses="a, annotations").source == ""


def test_another_language_has_no_setup() -> None:
    assert exercise_setups([code("c", "x = 1"), exercise("e", language="r", starter="print(x)")]) == {}


def test_a_setup_is_bounded() -> None:
    found = setup(f"x = '{'a' * MAX_SETUP}'", uses="x")
    assert found.source == ""
    assert "too many" in found.problem
    assert setup(f"x = '{'a' * (MAX_SETUP - 10)}'", uses="x").source != ""


@pytest.mark.parametrize(
    "cell",
    [
        "x = " + "(" * 5_000 + ")" * 5_000,
        "x = " + "-" * 50_000 + "1",
        "def f():\n" + "".join(" " * depth + "if 1:\n" for depth in range(1, 99)) + " " * 99 + "x = 1",
        "x = 1\0",
        "x = '\ud800'",
        "x" + ".y" * 20_000 + " = 1",
        "x = 1;" * 30_000,
        "if 1:\n" * 3,
        "\\" * 1_000,
        "x = f'{" * 200,
        "global x\nnonlocal x\nreturn x\nyield x",
    ],
)
def test_hostile_cells_do_no_harm(cell: str) -> None:
    begun = time.monotonic()
    assert setup(cell, "safe = 1", uses="safe, x").source.endswith("safe = 1")
    assert time.monotonic() - begun < 5


def test_hostile_exercises_do_no_harm() -> None:
    deep = "(" * 5_000 + ")" * 5_000
    check = {"kind": "assert", "source": deep}
    assert setup("x = 1", starter=deep, solution=deep, checks=[check], hidden_checks=[]) == Setup()


def test_a_long_lesson_with_many_exercises_takes_no_time() -> None:
    chain = "\n".join(f"x{number} = x{number - 1} + 1" for number in range(1, 200))
    cells = [code(f"c{number}", f"x0 = 0\n{chain}") for number in range(60)]
    tasks = [exercise(f"e{number}", starter="print(x199)") for number in range(100)]
    begun = time.monotonic()
    found = exercise_setups([*cells, *tasks])
    assert time.monotonic() - begun < 10
    assert found["e99"].source.count("\n") == 199
    assert MAX_STATEMENTS < 60 * 200


def test_the_lesson_s_public_part_has_it_with_its_packages() -> None:
    blocks = [code("c", "import numpy as np\nfrom sklearn.svm import SVC"), exercise("e", starter="np.ones(SVC)")]
    public = compile_body(body_of_blocks(*blocks)).public["blocks"][1]
    assert public["setup"] == "import numpy as np\nfrom sklearn.svm import SVC"
    assert public["packages"] == ["numpy", "scikit-learn"]


def test_the_hash_knows_a_setup_and_an_empty_one_changes_nothing() -> None:
    alone, needy = exercise("a"), exercise("n", starter="def square(x):\n    return K")
    one = check_hashes(body_of_blocks(code("c", "K = 1\nL = 1"), alone, needy))
    two = check_hashes(body_of_blocks(code("c", "K = 2\nL = 2"), alone, needy))
    assert one["a"] == two["a"] == check_hash(alone)
    assert one["n"] != two["n"] != check_hash(needy)
    assert check_hash(needy, setup="") == check_hash(needy)


def test_only_a_judged_exercise_s_lack_is_told() -> None:
    unjudged = exercise("u", starter="print(nowhere)", checks=[], hidden_checks=[], points=0)
    told = compile_body(body_of_blocks(unjudged, exercise("j", starter="print(nowhere)"))).setup_problems
    assert list(told) == ["j"]
