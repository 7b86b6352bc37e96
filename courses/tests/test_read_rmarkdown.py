"""R Markdown and Quarto files as lessons: chunks are cells, only Python's may run, and an export gives them back."""

import json

import pytest

from courses.content.assets import AssetStore
from courses.content.compiling import compile_body
from courses.content.folder import read_course
from courses.content.lessons import build_lesson
from courses.content.notebook import NotebookRefused
from courses.content.textfiles import read_rmarkdown
from courses.content.writing import _by_jupytext
from courses.tests.course_folders import code, markdown, notebook, write

RMD = """---
title: "Trees"
---

# Trees

```{r setup, include=FALSE}
library(rpart)
```

Words with $x_1$.

```{r, echo=FALSE}
plot(1)
```

```{python}
x = 1
```
"""
QMD = "# Loss\n\n```{python}\n#| label: fig-x\nx = 1\n```\n\n```python\nnot_a_cell = 1\n```\n"
MARK = "k7Qz2Vx9Lm4Rt8Wp"


def test_chunks_are_cells_and_r_is_not_run_here():
    draft = build_lesson("a.Rmd", read_rmarkdown(RMD.encode()), AssetStore())
    kinds = [(block["type"], block.get("language"), block.get("run")) for block in draft.blocks]
    assert kinds == [
        ("markdown", None, None),
        ("code", "r", "hidden"),
        ("markdown", None, None),
        ("code", "r", "hidden"),
        ("code", "python", "static"),
    ]
    assert draft.notebook.metadata["title"] == "Trees"


def test_a_quarto_file_of_python_runs():
    draft = build_lesson("a.qmd", read_rmarkdown(QMD.encode()), AssetStore())
    assert [(block["type"], block.get("run")) for block in draft.blocks] == [
        ("markdown", None),
        ("code", "interactive"),
        ("markdown", None),
    ]
    assert "not_a_cell" in draft.blocks[2]["source"]


@pytest.mark.parametrize("text", [RMD, QMD, RMD.replace("\n", "\r\n"), "\ufeff" + QMD])
def test_it_is_written_as_it_was_read(text):
    read = read_rmarkdown(text.encode())
    written = read.front_matter + _by_jupytext("rmarkdown", read.metadata, "", read.cells)
    again = read_rmarkdown(written.encode())
    assert [(cell.cell_type, cell.source, cell.metadata, cell.id) for cell in again.cells] == [
        (cell.cell_type, cell.source, cell.metadata, cell.id) for cell in read.cells
    ]


def test_otters_marks_in_comments_make_an_exercise():
    text = (
        "<!--\n# BEGIN QUESTION\nname: q1\nmanual: true\n-->\n**Question 1.** Why?\n\n<!-- # BEGIN SOLUTION -->\n\n"
        f"Because {MARK}.\n\n<!-- # END SOLUTION -->\n<!-- # END QUESTION -->\n\nAfter.\n"
    )
    draft = build_lesson("a.Rmd", read_rmarkdown(text.encode()), AssetStore())
    assert [block["type"] for block in draft.blocks] == ["exercise", "markdown"]
    assert draft.blocks[0]["solution"] == f"Because {MARK}."
    compiled = compile_body(draft.body, title="A")
    assert MARK not in json.dumps([compiled.public, compiled.html, compiled.text])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfea",
        b"```{r}\n" * 3_000,
        b" " * 60_000 + b"x",
        b"\0",
        b"```{r a=" + b"[" * 20_000 + b"}\nx\n```\n",
    ],
)
def test_hostile_files_are_refused(data):
    with pytest.raises(NotebookRefused):
        read_rmarkdown(data)


def test_front_matter_with_aliases_is_not_used():
    read = read_rmarkdown(b"---\na: &x [*x]\n---\n\n# A\n")
    assert (read.metadata, len(read.problems)) == ({"jupytext": {"main_language": "python"}}, 1)


def test_order_of_a_quarto_book(tmp_path):
    order = (
        "project:\n  type: book\nbook:\n  title: Trees\n  chapters:\n  - index.qmd\n"
        "  - part: Models\n    chapters: [b.qmd, a.qmd]\n  - part: c.qmd\n    chapters: [d.md]\n"
    )
    files = {name: f"# {name}\n".encode() for name in ("index.qmd", "a.qmd", "b.qmd", "c.qmd", "d.md")}
    read = read_course(write(tmp_path, {"_quarto.yml": order.encode(), **files}))
    assert read.title == "Trees"
    assert [(module.title, [lesson.path for lesson in module.lessons]) for module in read.modules] == [
        ("Trees", ["index.qmd"]),
        ("Models", ["b.qmd", "a.qmd"]),
        ("c.qmd", ["c.qmd", "d.md"]),
    ]


def test_a_notebook_stands_for_its_r_markdown(tmp_path):
    read = read_course(write(tmp_path, {"a.ipynb": notebook(markdown("# A"), code("1")), "a.Rmd": RMD.encode()}))
    assert [lesson.path for lesson in read.lessons] == ["a.ipynb"]


def test_restructured_text_is_said_not_to_be_read(tmp_path):
    files = {"a.md": b"# A\n", "b.rst": b"B\n=\n", "c.rst": b"C\n", "_build/d.rst": b"D\n"}
    read = read_course(write(tmp_path, files))
    (problem,) = [str(problem) for problem in read.report.problems if "reStructuredText" in problem.what]
    assert problem == "2 .rst files (reStructuredText) not read, among them 'b.rst'"


def test_order_of_an_older_carpentries_lesson(tmp_path):
    files = {f"_episodes/{name}.md": f"# {name}\n".encode() for name in ("01-b", "02-a", "03-c")}
    config = b"title: Lesson\ncarpentry: swc\nepisode_order: [02-a, 01-b, 03-c]\n"
    read = read_course(write(tmp_path / "x", {"_config.yml": config, **files}))
    assert [lesson.path for lesson in read.lessons] == ["_episodes/02-a.md", "_episodes/01-b.md", "_episodes/03-c.md"]
    named = read_course(write(tmp_path / "y", {"_config.yml": b"carpentry: swc\n", **files}))
    assert [lesson.path for lesson in named.lessons][0] == "_episodes/01-b.md"
