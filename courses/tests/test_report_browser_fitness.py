"""The browser report: which cells the Python in the page can run, what they need, and why the others cannot."""

from pathlib import Path
from typing import Any

import pytest

from courses.content.browser_report import MAX_NOTE, NEEDS_CELL_ABOVE, distribution, standard_library
from courses.content.compiling import compile_body
from courses.content.course_source import CourseSource
from courses.content.folder import read_course
from courses.tests.course_folders import code, markdown, notebook, write


def read(folder: Path, *sources: str, files: dict[str, str] | None = None, **metadata: Any) -> CourseSource:
    cells = [code(source, f"c{number}") for number, source in enumerate(sources, 1)]
    write(folder, {"week/a.ipynb": notebook(markdown("# A", "top"), *cells, **metadata), **(files or {})})
    return read_course(folder)


def whys(course: CourseSource) -> dict[int, str]:
    """Cell number, counted from the first code cell as 1 → why it cannot run."""
    return {cell["cell"] - 1: cell["why"] for cell in course.report.browser[0]["cells"]}


def blocks(course: CourseSource) -> list[dict[str, Any]]:
    return course.lessons[0].body["blocks"][1:]


def test_packages_are_named_as_their_distribution_names_them(tmp_path: Path) -> None:
    course = read(tmp_path, "import math, numpy as np\nfrom sklearn.svm import SVC", "import PIL.Image\nprint(np.pi)")
    assert course.report.as_dict()["browser"] == [
        {"lesson": "week/a.ipynb", "packages": ["Pillow", "numpy", "scikit-learn"], "cells": []}
    ]
    assert [block["run"] for block in blocks(course)] == ["interactive", "interactive"]
    assert not any("run_note" in block for block in blocks(course))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import torch", "needs torch"),
        ("import torch, torchvision\nfrom tensorflow import keras", "needs tensorflow, torch and torchvision"),
        ("import google.colab", "needs google.colab"),
        ("from google.colab import drive", "needs google.colab"),
        ("import tkinter", "needs tkinter"),
        ("!ls", "runs a shell command"),
        ("files = !ls", "runs a shell command"),
        ("%pip install numpy", "installs packages"),
        ("pip install numpy", "installs packages"),
        ("%sql select 1", "uses the magic %sql"),
        ("%%prun\nf()", "uses the magic %%prun"),
        ("print?", "asks Jupyter for help"),
        ("print 'old'", "is not Python 3"),
        ("open('data/x.csv')", "reads data/x.csv, which the course does not have"),
        ("import pandas as pd\npd.read_csv('x.csv')", "reads x.csv, which the course does not have"),
        ("import numpy as np\nnp.load('x.npy')", "reads x.npy, which the course does not have"),
        (
            "import os\nopen(os.path.join('data', 'x.csv'), 'rb')",
            "reads data/x.csv, which the course does not have",
        ),
        (
            "from pathlib import Path\n(Path('data') / 'x.txt').read_text()",
            "reads data/x.txt, which the course does not have",
        ),
        ("import pandas as pd\npd.read_csv('https://example.org/x.csv')", "fetches from the network"),
        ("import urllib.request\nurllib.request.urlopen(address)", "fetches from the network"),
        ("from urllib.request import urlopen as get\nget(address)", "fetches from the network"),
        ("from sklearn.datasets import fetch_openml\nfetch_openml('mnist')", "fetches from the network"),
        ("import subprocess\nsubprocess.run(['ls'])", "starts another program"),
        ("from multiprocessing import Pool\nPool(2)", "starts another program"),
        ("import threading\nthreading.Thread(target=print).start()", "starts threads"),
        ("name = input('Who? ')", "waits for typed input"),
        ("import torch\n!nvidia-smi", "runs a shell command; needs torch"),
    ],
)
def test_a_cell_that_cannot_run_is_static_and_says_why(tmp_path: Path, source: str, why: str) -> None:
    course = read(tmp_path, source, "x = 1")
    assert whys(course) == {1: why}
    assert [(block["run"], block.get("run_note")) for block in blocks(course)] == [
        ("static", why),
        ("interactive", None),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nimport matplotlib.pyplot as plt",
        "%%time\nsum(range(10))",
        "%time total = sum(range(10))",
        "import os, subprocess, threading, multiprocessing\nmultiprocessing.cpu_count()",
        "try:\n    import torch\nexcept ImportError:\n    torch = None",
        "import sys\nif 'google.colab' in sys.modules:\n    import google.colab",
        "open('out.txt', 'w').write('x')\nprint(open('out.txt').read())",
        "import numpy as np\nnp.save('kept', np.ones(2))\nnp.load('kept.npy')",
        "import pandas as pd, io\npd.read_csv(io.StringIO('a,b'))",
        "import pandas as pd\npd.read_json('[1, 2]')",
        "def input(text):\n    return 'me'\n\nname = input('Who? ')",
        "answer =  # your turn\nprint(answer)",
        "def f(x):\n    # your turn",
        "text = '''\n!not a shell line\n%not a magic\n'''",
        "from sklearn.datasets import load_iris\nload_iris()",
        "print(f'{names['a']}')",
    ],
)
def test_a_cell_that_can_run_stays_interactive(tmp_path: Path, source: str) -> None:
    course = read(tmp_path, "names = {}", source)
    assert whys(course) == {}
    assert blocks(course)[1]["run"] == "interactive"


def test_data_files_of_the_course_are_found_from_the_lessons_folder(tmp_path: Path) -> None:
    source = "import pandas as pd\npd.read_csv('../data/a.csv')"
    wrong = (
        "import pandas as pd\npd.read_csv('data/a.csv')\npd.read_csv('/etc/passwd')\npd.read_csv('../../data/a.csv')"
    )
    course = read(tmp_path, source, wrong, files={"data/a.csv": "x\n1\n"})
    assert whys(course) == {
        2: "reads data/a.csv, /etc/passwd and ../../data/a.csv, which the course does not have",
    }


def test_a_module_of_the_course_is_named_as_such(tmp_path: Path) -> None:
    course = read(tmp_path, "import tools", files={"week/tools.py": "x = 1\n"})
    assert whys(course) == {1: "needs tools.py, a file of the course"}


def test_what_only_a_static_cell_defines_takes_its_users_with_it(tmp_path: Path) -> None:
    course = read(
        tmp_path,
        "import torch\nnet = torch.nn.Linear(2, 1)\nsize = 3",
        "def loss(x):\n    return net(x)",  # reads net
        "print(loss(1))",  # reads what the cell above defined
        "size = 4",  # defines anew
        "print(size)",
        "def double(net):\n    return 2 * net",  # its own net
        "[net for net in range(3)]",  # its own net
        "size = size + 1",
        "net = net or None",  # reads before it binds
        "net = 1\nprint(net)",
        "print(net)",
    )
    assert whys(course) == {
        1: "needs torch",
        2: NEEDS_CELL_ABOVE,
        3: NEEDS_CELL_ABOVE,
        9: NEEDS_CELL_ABOVE,
    }


def test_names_that_a_shell_line_binds_are_lost_too(tmp_path: Path) -> None:
    course = read(tmp_path, "listing = !ls\nmore = 1", "print(listing)", "%timeit more")
    assert whys(course) == {1: "runs a shell command", 2: NEEDS_CELL_ABOVE, 3: NEEDS_CELL_ABOVE}


def test_a_cell_that_shows_a_syntax_error_runs(tmp_path: Path) -> None:
    error = {"output_type": "error", "ename": "SyntaxError", "evalue": "", "traceback": []}
    cells = [markdown("# A"), code("x = = 1", outputs=[error]), code("x = = 1")]
    course = read_course(write(tmp_path, {"a.ipynb": notebook(*cells)}))
    assert course.report.browser[0]["cells"] == [{"cell": 3, "why": "is not Python 3"}]


def test_python_2_and_other_languages_are_reported(tmp_path: Path) -> None:
    old = {"kernelspec": {"name": "python2", "display_name": "Python 2", "language": "python"}}
    r = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}
    write(tmp_path, {"a.ipynb": notebook(markdown("# A"), code("x = 1"), metadata=old)})
    write(tmp_path, {"b.ipynb": notebook(markdown("# B"), code("x <- 1"), metadata=r)})
    course = read_course(tmp_path)
    assert [lesson["cells"] for lesson in course.report.browser] == [
        [{"cell": 2, "why": "is written for Python 2"}],
        [{"cell": 2, "why": "is r, not Python"}],
    ]
    assert [lesson.body["blocks"][1].get("run_note") for lesson in course.lessons] == ["is written for Python 2", None]


def test_a_folded_cell_stays_folded_and_has_its_note(tmp_path: Path) -> None:
    folded = code("import torch", tags=["hide-input"])
    course = read_course(write(tmp_path, {"a.ipynb": notebook(markdown("# A"), folded)}))
    block = course.lessons[0].body["blocks"][1]
    assert (block["run"], block["run_note"]) == ("hidden", "needs torch")


def test_an_exercise_that_cannot_run_is_reported(tmp_path: Path) -> None:
    task, solution = markdown("## Task", tags=["exercise"]), code("import torch\nx = torch.ones(1)", tags=["solution"])
    check = code("assert x == 1", tags=["check"])
    course = read_course(write(tmp_path, {"a.ipynb": notebook(markdown("# A"), task, solution, check)}))
    assert course.report.browser[0]["cells"] == [{"cell": 2, "why": "needs torch"}]


def test_a_lesson_without_code_has_no_entry(tmp_path: Path) -> None:
    course = read_course(write(tmp_path, {"a.md": "# A\n\nText.\n", "b.ipynb": notebook(markdown("# B"))}))
    assert course.report.as_dict()["browser"] == []


def test_the_page_says_that_a_cell_opens_in_jupyter(tmp_path: Path) -> None:
    course = read(tmp_path, "import torch\nprint('<b>')", "x = 1")
    compiled = compile_body(course.lessons[0].body, title="A")
    _, static, interactive = (part["html"] for part in compiled.html)
    assert '<p class="cell-note">Opens in Jupyter: needs torch</p>' in static
    assert "Opens in Jupyter" not in interactive
    assert compiled.public["blocks"][1]["run_note"] == "needs torch"


def test_a_note_is_short_plain_text(tmp_path: Path) -> None:
    long = "/".join(["x" * 90] * 3)
    course = read(tmp_path, "\n".join(f"open('{number}{long}<b>\\x1b')" for number in range(9)), "x = 1")
    note = blocks(course)[0]["run_note"]
    assert len(note) <= MAX_NOTE
    assert note.isprintable()
    assert "<b>" not in compile_body(course.lessons[0].body).html[1]["html"]


def test_the_list_of_modules_is_that_of_a_whole_distribution() -> None:
    assert {"math", "json", "sqlite3", "asyncio"} <= standard_library()
    assert not {"tkinter", "curses", "distutils", "torch"} & (standard_library() | set(distribution()))
    known = {name: distribution()[name] for name in ("numpy", "pandas", "sklearn", "matplotlib", "scipy")}
    assert known == {
        "numpy": "numpy",
        "pandas": "pandas",
        "sklearn": "scikit-learn",
        "matplotlib": "matplotlib",
        "scipy": "scipy",
    }
