"""Whatever a notebook holds, writing its lesson and reading it again gives the same lesson and the same cells."""

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from courses.content.course_source import CourseSource
from courses.content.exercise_writing import check_source, exercise_reads_back, write_exercise
from courses.content.folder import read_course
from courses.content.manifest_writing import CourseEntry
from courses.content.notebook import Cell
from courses.content.notebook_writing import write_notebook
from courses.content.quiz_writing import quiz_reads_back, write_quiz
from courses.content.writing import CourseWriter, LessonToWrite, is_safe
from courses.tests.course_folders import PYTHON_3, code, markdown, png, write

EMBEDDED = base64.b64encode(png(40, 40) + b"x" * 2_000).decode()
SVG_URI = base64.b64encode(
    b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script>" + b" " * 2_000 + b"</svg>"
).decode()
QUIZ = "```{quiz} single\n- [x] a\n- [ ] b\n```"
TEXTS = st.sampled_from(
    [
        "",
        "# T",
        "text\r\nmore\r\n",
        "end \n\n",
        QUIZ,
        f"{QUIZ}\n",
        f"a\n\n{QUIZ}\n\n\n{QUIZ}\n\nb",
        QUIZ.replace("single\n", "multiple\n:id: own\n"),
        "```{quiz} text\nWho?\n```",
        f"- list\n\n  {QUIZ}",
        f"![e](data:image/png;base64,{EMBEDDED})",
        f"<img src='data:image/svg+xml;base64,{SVG_URI}'>",
        "- [ ] not a quiz",
        "```{exercise}\n:label: mine\nDo it.\n```\n\n```{solution} mine\nDone.\n```\n\nAfter.",
        "$x$ \\(y\\)",
        "\u2028 odd \x0b line",
        "> [!NOTE]\n> Mind.",
        "````md\n```{quiz} single\n```\n````",
    ]
)
SOURCES = st.sampled_from(
    [
        "",
        "1",
        "x = 1\n",
        "%%bash\nls",
        "### BEGIN SOLUTION\n1\n### END SOLUTION",
        "assert f(1) == 2",
        "a\r\nb",
        "#@title T\n1",
    ]
)
IDS = st.sampled_from([None, None, "a", "b", "c", "own", "-colab", "h0123", "a b", "a-2"])
TAGS = st.lists(
    st.sampled_from(["exercise", "solution", "check", "hidden-check", "hint", "remove-cell", "remove-output", "odd"]),
    max_size=2,
)
OUTPUTS = st.lists(
    st.sampled_from(
        [
            {"output_type": "stream", "name": "stdout", "text": "1\n"},
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a"]},
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"text/html": f"<img src='data:image/png;base64,{EMBEDDED}'>"},
            },
            {
                "output_type": "display_data",
                "metadata": {"k": 1},
                "data": {"image/png": base64.b64encode(png()).decode()},
            },
        ]
    ),
    max_size=2,
)


@st.composite
def cells(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["markdown", "markdown", "code", "raw"]))
    metadata: dict[str, Any] = {"kept": True} if draw(st.booleans()) else {}
    if tags := draw(TAGS):
        metadata["tags"] = tags
    if draw(st.integers(0, 5)) == 0:
        metadata["mlpracticum"] = {"id": draw(st.sampled_from(["a", "tagged", "own"])), "points": 2}
    cell_id = draw(IDS)
    if kind == "markdown":
        cell = markdown(draw(TEXTS), cell_id, **metadata)
        if draw(st.integers(0, 3)) == 0:
            cell["attachments"] = {"x.png": {"image/png": base64.b64encode(png(4, 4)).decode()}}
        return cell
    cell = code(draw(SOURCES), cell_id, outputs=draw(OUTPUTS), **metadata)
    if kind == "raw":
        return {name: value for name, value in cell.items() if name not in ("outputs", "execution_count")} | {
            "cell_type": "raw"
        }
    return cell | {"execution_count": draw(st.sampled_from([None, 1, 7]))}


def written(source: CourseSource, folder: Path) -> list[str]:
    """Write what was read; the problems told."""
    rows = [
        LessonToWrite(module.uid, module.title, one.uid, one.slug, one.title, 5, one.is_preview, one.path, one.body)
        for module in source.modules
        for one in module.lessons
    ]
    about = CourseEntry("u", source.title, "s", "", "beginner", "en", "", "", [], [], [])
    stored = {name: asset.read for name, asset in source.assets.items()}
    paths = {row.path for row in rows}
    done = CourseWriter(folder, lambda name: stored[name]()).write(about, rows, {}, paths=paths)
    return [str(problem) for problem in done.problems]


def _cells(path: Path) -> list[Any]:
    return [
        {
            **cell,
            "source": "".join(cell["source"]),
            "outputs": _outputs(cell),
            "attachments": cell.get("attachments", {}),
        }
        for cell in json.loads(path.read_text())["cells"]
    ]


def _outputs(cell: dict[str, Any]) -> list[Any]:
    joined = json.loads(json.dumps(cell.get("outputs", [])))
    for output in joined:
        for place in (output, output.get("data", {})):
            place |= {name: "".join(text) for name, text in place.items() if name in ("text", "text/html", "image/png")}
    return joined


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(cells(), min_size=1, max_size=7), st.sampled_from([0, 4, 5]), st.booleans())
def test_any_notebook_comes_back(found, minor, has_kernel):
    document = {"cells": found, "metadata": PYTHON_3 if has_kernel else {}, "nbformat": 4, "nbformat_minor": minor}
    with tempfile.TemporaryDirectory() as place:
        folder = write(Path(place, "in"), {"a.ipynb": json.dumps(document).encode()})
        out = Path(place, "out")
        out.mkdir()
        first = read_course(folder)
        assert written(first, out) == []
        assert read_course(out).lessons[0].body == first.lessons[0].body
        assert _cells(out / "a.ipynb") == _cells(folder / "a.ipynb")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_any_markdown_file_comes_back_to_the_letter(parts, between):
    text = between.join(parts)
    if not text.strip():
        return
    with tempfile.TemporaryDirectory() as place:
        folder = write(Path(place, "in"), {"a.md": text.encode()})
        out = Path(place, "out")
        out.mkdir()
        first = read_course(folder)
        assert written(first, out) == []
        assert (out / "a.md").read_bytes() == text.encode()
        assert read_course(out).lessons[0].body == first.lessons[0].body


WORDS = st.text(st.sampled_from("ab \n*$`_"), min_size=1, max_size=12).map(str.strip).filter(bool)


@settings(max_examples=100, deadline=None)
@example("_", [("_", False), ("_\n _", False)], 0, "_")
@example("_\n \n_", [("_", False), ("_\n \n _", False)], 0, "_\n \n_")
@given(WORDS, st.lists(st.tuples(WORDS, st.booleans()), min_size=2, max_size=4), st.integers(0, 9), WORDS)
def test_a_quiz_made_here_reads_back(prompt, choices, points, explanation):
    block = {
        "id": "q",
        "type": "quiz",
        "kind": "multiple",
        "prompt": prompt,
        "points": points,
        "attempts": 3,
        "graded": True,
        "choices": [{"id": f"c{n}", "text": text, "correct": ok or n == 0} for n, (text, ok) in enumerate(choices)],
        "explanation": explanation,
    }
    source = write_quiz(block)
    # Marks that the words leave open cannot be written; the export says so. Without any, it always can.
    if "`" not in prompt + explanation + "".join(text for text, _ in choices):
        assert quiz_reads_back(block, source), source


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "value", "expression": "f(1)", "expected": None, "comparison": "equal"},
        {
            "kind": "value",
            "expression": "f(1) or 0",
            "expected": {"a": [1, True]},
            "comparison": "equal",
            "message": 'so "it" is',
        },
        {
            "kind": "value",
            "expression": "f(1) - 1",
            "expected": -2.5,
            "comparison": "close",
            "relative": 0,
            "absolute": 0.1,
        },
        {"kind": "value", "expression": "f", "expected": 2, "comparison": "close", "relative": 1e-9, "absolute": 0.0},
        {
            "kind": "value",
            "expression": "f(x)",
            "expected": [1, 2.5],
            "comparison": "close",
            "relative": 0.1,
            "absolute": 0,
        },
        {"kind": "value", "expression": "f(x) + g", "expected": [2, 3], "comparison": "shape"},
        {"kind": "value", "expression": "f(-1)", "expected": "ValueError", "comparison": "raises", "message": "no"},
        {"kind": "assert", "source": "y = f(2)\nassert y > 1"},
    ],
)
def test_a_check_reads_back_as_itself(check):
    block = {
        "id": "e",
        "type": "exercise",
        "title": "T",
        "prompt": "p",
        "starter": "# Your code here\n",
        "solution": "f = g = x = 1",
        "checks": [check],
        "hidden_checks": [],
        "hints": [],
        "packages": [],
        "points": 1,
        "language": "python",
    }
    assert exercise_reads_back(block, write_exercise(block)) == "", check_source(check)


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("a/b.png", True),
        ("ü ä.png", True),
        ("", False),
        ("/a", False),
        ("a//b", False),
        ("../a", False),
        ("a/../b", False),
        (".git/config", False),
        ("a\\b", False),
        ("a\nb", False),
        ("x" * 300, False),
        ("a/./b", False),
    ],
)
def test_paths_stay_in_the_folder(path, safe):
    assert is_safe(path) is safe


@pytest.mark.parametrize("text", ["one\ntwo\n", ["one\n", "two\n"], ["one\ntwo\n"]])
def test_printed_text_may_be_kept_in_lines(text: Any) -> None:
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
    [cell] = json.loads(write_notebook([Cell("code", "", 1, outputs=outputs)], {}))["cells"]
    assert cell["outputs"][0]["text"] == ["one\n", "two\n"]
