"""A course with every way to write a lesson and every kind of thing in one, for the tests of export."""

import base64
import json
from pathlib import Path

from courses.models import Course
from courses.services.exporting import export_course
from courses.tests.course_folders import PYTHON_3, SVG, code, markdown, notebook, png, write

QUIZ = """```{quiz} single
:points: 2

Which?

- [ ] This.
  > No.
- [x] That.

:explanation:
Because.
```"""
NAMED_QUIZ = QUIZ.replace(":points: 2", ":id: which-one\n:points: 2")
PICTURE = base64.b64encode(png(200, 150, 7) + b"x" * 3_000).decode()
OUTPUTS = [
    {"output_type": "stream", "name": "stderr", "text": ["a\n", "b"]},
    {
        "output_type": "execute_result",
        "execution_count": 4,
        "metadata": {"isolated": True},
        "data": {
            "text/plain": "1",
            "image/png": base64.b64encode(png()).decode(),
            "application/json": {"a": [1, None]},
        },
    },
    {
        "output_type": "display_data",
        "metadata": {},
        "data": {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"},
    },
    {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": f'<img src="data:image/png;base64,{PICTURE}">'},
    },
    {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "long " * 60_000}},
    {"output_type": "error", "ename": "E", "evalue": "no", "traceback": ["\u001b[31mE\u001b[0m", "no"]},
]
EXERCISE = [
    markdown("## Double\n\nDouble it.", "head", tags=["exercise"], mlpracticum={"id": "double", "points": 3}),
    code("def f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION", "sol", tags=["solution"]),
    code("assert f(2) == 4", "check", tags=["check"], outputs=[OUTPUTS[0]]) | {"execution_count": 9},
    code("assert f(0) == 0", "hidden", tags=["hidden-check"]),
    markdown("Add it to itself.", "hint", tags=["hint"], editable=False),
]

PLAIN = "---\ntitle: Plain\nuid: plain-uid\n---\r\n\r\n# Plain\r\n\r\ntext\r\n\n" + QUIZ + "\n\n## Two\n\nend"
SCRIPT = """# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   x: 1
# ---

# %% [markdown]
# # Script
#
# text

# %% tags=["keep"]
1 + 1

# %%
# %matplotlib inline
"""
MYST = """---
kernelspec:
  name: python3
  display_name: Python 3
---

# Myst

text

```{code-cell} ipython3
:tags: [keep]

1 + 1
```

more
"""
MANIFEST = r'''title = "Every \"thing\""
slug = "everything"
summary = "S."
licence = "MIT"
authors = ["A", "B"]
outcomes = ["o"]
description = """
Back\\slash, \"\"\"quotes\"\"\".

![d](img/in-description.svg)

[remote](https://example.org/) [lesson](01-cells/02-old.ipynb) [e](data/e.csv)"""

[[modules]]
title = "Cells"
uid = "cells"
lessons = [
  "01-cells/01-new.ipynb",
  {file = "01-cells/02-old.ipynb", title = "Older", uid = "old", preview = true},
  "01-cells/03-bom.ipynb",
]

[[modules]]
title = "Text"
lessons = ["02-text/plain.md", "02-text/script.py", "02-text/myst.md"]

[files]
data = ["data/e.csv"]
'''


def everything(tmp_path: Path) -> Path:
    """A course with every way to write a lesson and every kind of thing in one."""
    attached = markdown("![a](attachment:a.png)", "att") | {
        "attachments": {"a.png": {"image/png": base64.b64encode(png(5, 5)).decode()}}
    }
    quiz_first = markdown(f"{NAMED_QUIZ}\n\nThen ![a](attachment:a.png).", "quiz-first") | {
        "attachments": attached["attachments"]
    }
    return write(
        tmp_path / "course",
        {
            "01-cells/01-new.ipynb": notebook(
                markdown("# New\n\n![p](../img/p%20q.png) [next](02-old.ipynb) [data](../data/d.csv)", "one"),
                markdown(f"Before\n\n{QUIZ}\n\nbetween\n\n{NAMED_QUIZ}\n", "two", tags=["keep"], custom={"deep": [1]}),
                markdown(QUIZ, "three"),
                markdown(f"![e](data:image/png;base64,{PICTURE})", "four"),
                code("1\n", "five", outputs=OUTPUTS, collapsed=True) | {"execution_count": 4},
                code("# shown nowhere", "six", outputs=[OUTPUTS[0]], tags=["remove-cell"]),
                markdown("gone", "seven", tags=["remove-cell"]),
                code("assert 1  # secret", "eight", tags=["hidden-check"]),
                code("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\ny = x", "nine"),
                *EXERCISE,
                attached,
                quiz_first,
                {"cell_type": "raw", "id": "raw", "metadata": {"format": "text/html"}, "source": "<b>"},
                markdown("Own id.", "written", mlpracticum={"id": "chosen"}),
                markdown("Twice.", "one"),
                markdown("Colab's.", "-colab_id"),
                metadata=PYTHON_3 | {"unknown": {"kept": True}, "mlpracticum": {"minutes": 33}},
                minor=5,
            ),
            "01-cells/02-old.ipynb": notebook(
                markdown(["# Old\r\n", "windows\r\n"]),
                markdown(f"a\n\n{QUIZ}"),
                code("x"),
                code("x"),
                *({key: value for key, value in cell.items() if key != "id"} for cell in EXERCISE),
                minor=0,
            ),
            "01-cells/03-bom.ipynb": b"\xef\xbb\xbf" + notebook(markdown("# Mark", "m"), minor=5),
            "02-text/plain.md": PLAIN,
            "02-text/script.py": SCRIPT,
            "02-text/myst.md": MYST,
            "img/p q.png": png(9, 9),
            "img/in-description.svg": SVG,
            "data/d.csv": "a,b\n1,2\n",
            "data/e.csv": "e\n",
            "course.toml": MANIFEST,
        },
    )


def exported(course: Course, folder: Path) -> Path:
    outcome = export_course(slug=course.slug, folder=folder)
    assert [str(problem) for problem in outcome.problems] == []
    return folder


def cells_of(path: Path) -> list[dict]:
    """A notebook's cells as they are in the file, lists of lines joined; SVG outputs, which are made safe, left out."""
    cells = json.loads(path.read_bytes().decode("utf-8-sig"))["cells"]
    for cell in cells:
        cell["source"] = _joined(cell["source"])
        for output in cell.get("outputs", ()):
            output |= {name: _joined(output[name]) for name in ("text",) if name in output}
            data = output.get("data", {})
            data.pop("image/svg+xml", None)
            output |= {"data": {mime: _joined(value) for mime, value in data.items()}}
    return cells


def _joined(value):
    is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return "".join(value) if is_lines else value
