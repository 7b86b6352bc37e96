"""The example course as files: what is true of it before any database has seen it.

Its notebooks are not run here (that takes minutes and libraries of its own); its exercises are, in a bare Python
without site-packages, which is what their authors promise.
"""

import ast
import json
import re
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest

from courses.content.compiling import compile_body
from courses.content.course_source import CourseSource, LessonSource
from courses.content.folder import read_course

COURSE = Path(__file__).resolve().parents[1] / "examples" / "first-principles"
NOTEBOOKS = sorted(COURSE.glob("*/*.ipynb"))
SECONDS = 30
JUDGED = ("quiz", "exercise", "predictions")

# Runs in the bare Python: one exercise in, the verdict of each check out. Repeats in small what the server compares.
JUDGE = r"""
import json, math, sys

task = json.load(sys.stdin)

def same(value, expected):
    return json.loads(json.dumps(value)) == expected

def close(value, expected, relative, absolute):
    if isinstance(expected, list):
        return len(value) == len(expected) and all(close(v, e, relative, absolute) for v, e in zip(value, expected))
    return math.isclose(value, expected, rel_tol=relative, abs_tol=absolute)

def passes(check, names):
    if check["kind"] == "assert":
        exec(check["source"], names)
        return True
    if check["comparison"] == "raises":
        try:
            eval(check["expression"], names)
        except Exception as error:
            return type(error).__name__ == check["expected"]
        return False
    value = eval(check["expression"], names)
    if check["comparison"] == "equal":
        return same(value, check["expected"])
    return close(value, check["expected"], check.get("relative", 0), check.get("absolute", 0))

verdicts = []
names = {"__name__": "__main__"}
try:
    exec(task["source"], names)
except Exception as error:
    verdicts = [f"the code itself: {error!r}"] * len(task["checks"])
else:
    for check in task["checks"]:
        try:
            verdicts.append("" if passes(check, names) else "another value")
        except Exception as error:
            verdicts.append(repr(error) or "an error")
json.dump(verdicts, sys.stdout)
"""


@pytest.fixture(scope="module")
def course() -> CourseSource:
    return read_course(COURSE)


def blocks_of(course: CourseSource, kind: str) -> list[tuple[LessonSource, dict[str, Any]]]:
    return [(lesson, block) for lesson in course.lessons for block in lesson.body["blocks"] if block["type"] == kind]


def verdicts(source: str, checks: list[dict[str, Any]], folder: Path = COURSE) -> list[str]:
    """For each check "" or what went wrong, as a bare Python in `folder` sees it."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", JUDGE],
        input=json.dumps({"source": source, "checks": checks}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
        cwd=folder,
    )
    return json.loads(done.stdout)


def test_the_course_is_as_large_as_it_says(course):
    assert len(course.modules) == 4
    assert len(course.lessons) == 17
    assert {Path(lesson.path).suffix for lesson in course.lessons} == {".ipynb", ".md"}
    assert {COURSE / lesson.path for lesson in course.lessons if lesson.path.endswith(".ipynb")} == set(NOTEBOOKS)
    assert [lesson.slug for lesson in course.lessons if lesson.is_preview] == ["why-lines"]
    assert all(8 <= lesson.minutes <= 15 for lesson in course.lessons)
    assert len(blocks_of(course, "quiz")) >= 18
    assert len(blocks_of(course, "exercise")) >= 14


def test_the_course_says_who_it_is(course):
    assert course.uid
    assert course.authors == ["ML-Practicum contributors"]
    assert course.licence == "CC-BY-4.0"
    for words in (course.summary, course.description, course.outcomes, course.requirements):
        assert words
    assert list(course.data_files) == ["data/orchard.csv", "data/cellar-train.csv", "data/cellar-test.csv"]
    assert all((COURSE / path).stat().st_size <= 60_000 for path in course.data_files)
    assert sum(file.stat().st_size for file in COURSE.rglob("*") if file.is_file()) <= 2_500_000


def test_nothing_is_lost_or_broken_on_the_way_in(course):
    report = course.report.as_dict()
    assert report["problems"] == []
    assert report["images"]["missing"] == []
    assert report["outputs"]["dropped"] == []
    assert report["links"]["broken"] == []
    assert report["links"]["to_lessons"] >= 40


def test_every_lesson_links_to_the_next(course):
    for lesson, following in zip(course.lessons, course.lessons[1:], strict=False):
        targets = [url for block in lesson.body["blocks"] for url in block.get("links", {}).values()]
        assert f"../{following.slug}/" in targets, lesson.path


def test_fragments_lead_to_headings_that_exist(course):
    anchors = {}
    for lesson in course.lessons:
        html = "".join(part["html"] for part in compile_body(lesson.body, title=lesson.title).html)
        anchors[lesson.slug] = set(re.findall(r'\bid="([^"]+)"', html))
    found = 0
    for lesson in course.lessons:
        for block in lesson.body["blocks"]:
            for url in block.get("links", {}).values():
                parts = re.fullmatch(r"\.\./([^/]+)/#(.+)", url)
                if parts:
                    found += 1
                    assert parts[2] in anchors[parts[1]], f"{lesson.path}: {url}"
    assert found >= 20


def test_every_formula_can_be_read(course):
    reports = {lesson.path: compile_body(lesson.body, title=lesson.title).formulas for lesson in course.lessons}
    assert {path: report.failed for path, report in reports.items() if report.failed} == {}
    assert sum(report.total for report in reports.values()) >= 300


def test_the_first_heading_is_the_title(course):
    for lesson in course.lessons:
        first = lesson.body["blocks"][0]
        assert first["type"] == "markdown"
        assert first["source"].lstrip().startswith(f"# {lesson.title}\n"), lesson.path


def test_block_ids_are_unique_and_practice_is_named_by_its_author(course):
    practice = []
    for lesson in course.lessons:
        ids = [block["id"] for block in lesson.body["blocks"]]
        assert len(set(ids)) == len(ids), lesson.path
        practice += [block["id"] for block in lesson.body["blocks"] if block["type"] in JUDGED]
    assert len(set(practice)) == len(practice)
    written = "\n".join(file.read_text() for file in [*NOTEBOOKS, *COURSE.glob("*/*.md")])
    for name in practice:
        assert f":id: {name}" in written or f'"id": "{name}"' in written


def test_every_quiz_has_a_key_and_answers_that_teach(course):
    quizzes = blocks_of(course, "quiz")
    assert {quiz["kind"] for _, quiz in quizzes} == {"single", "multiple", "numeric", "text"}
    for lesson, quiz in quizzes:
        where = f"{lesson.path}: {quiz['id']}"
        assert quiz["graded"], where
        assert quiz["explanation"].strip(), where
        if quiz["kind"] in ("single", "multiple"):
            right = [choice["correct"] for choice in quiz["choices"]]
            assert set(right) == {True, False}, where
            assert quiz["kind"] == "multiple" or sum(right) == 1, where
            assert len({choice["text"] for choice in quiz["choices"]}) == len(right) >= 3, where
            assert all(choice["feedback"].strip() for choice in quiz["choices"]), where
        elif quiz["kind"] == "numeric":
            assert isinstance(quiz["answer"]["value"], int | float), where
        else:
            assert quiz["answer"]["accepted"], where


def test_right_choices_are_not_always_in_the_same_place(course):
    places = Counter(
        [choice["correct"] for choice in quiz["choices"]].index(True)
        for _, quiz in blocks_of(course, "quiz")
        if quiz["kind"] == "single"
    )
    assert len(places) >= 3
    assert max(places.values()) <= 0.7 * places.total()


def test_exercises_are_complete(course):
    for lesson, exercise in blocks_of(course, "exercise"):
        where = f"{lesson.path}: {exercise['id']}"
        assert exercise["packages"] == [], where
        assert exercise["checks"], where
        assert len(exercise["hidden_checks"]) >= 3, where
        assert exercise["hints"], where
        assert "Your code here" in exercise["starter"], where
        assert "BEGIN SOLUTION" not in exercise["starter"], where
        shown = {json.dumps(check.get("expression", check.get("source"))) for check in exercise["checks"]}
        secret = {json.dumps(check.get("expression", check.get("source"))) for check in exercise["hidden_checks"]}
        assert not shown & secret, f"{where}: a hidden check that everybody sees"


def test_most_checks_are_compared_by_the_server(course):
    kinds = Counter(
        check["kind"]
        for _, exercise in blocks_of(course, "exercise")
        for check in exercise["checks"] + exercise["hidden_checks"]
    )
    assert kinds["value"] >= 0.9 * kinds.total()


def test_solutions_pass_and_starters_do_not(course):
    for lesson, exercise in blocks_of(course, "exercise"):
        where = f"{lesson.path}: {exercise['id']}"
        checks = exercise["checks"] + exercise["hidden_checks"]
        folder = COURSE / Path(lesson.path).parent
        assert verdicts(exercise["solution"], checks, folder) == [""] * len(checks), where
        assert any(verdicts(exercise["starter"], checks, folder)), f"{where}: the starter passes"


def test_the_judge_of_this_file_can_say_no():
    checks = [
        {"kind": "value", "expression": "f(2)", "expected": 4, "comparison": "equal"},
        {"kind": "value", "expression": "f(2)", "expected": 5, "comparison": "equal"},
        {"kind": "value", "expression": "f(2)", "expected": 4.1, "comparison": "close", "absolute": 0.2},
        {"kind": "value", "expression": "f(2)", "expected": 4.1, "comparison": "close", "absolute": 0.01},
        {"kind": "assert", "source": "assert f(3) == 8"},
        {"kind": "value", "expression": "g(2)", "expected": 4, "comparison": "equal"},
        {"kind": "value", "expression": "f('a')", "expected": "TypeError", "comparison": "raises"},
        {"kind": "value", "expression": "f('a')", "expected": "ValueError", "comparison": "raises"},
        {"kind": "value", "expression": "f(2)", "expected": "TypeError", "comparison": "raises"},
    ]
    assert [bool(verdict) for verdict in verdicts("def f(x):\n    return x * x", checks)] == [
        False,
        True,
        False,
        True,
        True,
        True,
        False,
        True,
        True,
    ]
    assert all(verdicts("import numpy", checks)), "the bare Python must not see installed packages"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_valid_and_was_run(path):
    notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.read_text(encoding="utf-8").endswith("}\n")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        assert "execution" not in cell.metadata, "timings change with every run"
        kinds = [output.output_type for output in cell.outputs]
        assert "error" not in kinds, cell.id
        assert all(output.get("name") != "stderr" for output in cell.outputs), cell.id
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert not output.data["text/plain"].startswith("<"), f"{cell.id}: the figure needs a text alternative"
        if speaks(cell.source):
            assert kinds, f"{cell.id} prints or draws, but has no output"


def speaks(source: str) -> bool:
    """Whether a cell prints or shows a figure outside of its functions."""
    calls = [
        ast.unparse(node.func)
        for statement in ast.parse(source).body
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    ]
    return "print" in calls or "plt.show" in calls


def test_the_data_files_are_what_their_programs_write():
    apples = runpy.run_path(str(COURSE / "data" / "make_orchard.py"))
    written = {"data/orchard.csv": (apples["COLUMNS"], apples["orchard"]())}
    written |= runpy.run_path(str(COURSE / "private" / "make_cellar.py"))["cellar"]()
    assert set(written) == {path.relative_to(COURSE).as_posix() for path in COURSE.rglob("*.csv")}
    for path, (columns, rows) in written.items():
        lines = [columns, *([row[column] for column in columns] for row in rows)]
        text = "".join(",".join(map(str, line)) + "\n" for line in lines)
        assert text == (COURSE / path).read_text(encoding="utf-8"), path


def test_the_answers_to_predictions_are_kept_from_learners(course):
    [(lesson, block)] = blocks_of(course, "predictions")
    assert block["data"] == course.data_files["data/cellar-test.csv"]
    labels = COURSE / "private" / "cellar-labels.csv"
    asked = (COURSE / "data" / "cellar-test.csv").read_text(encoding="utf-8").splitlines()
    answers = labels.read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[0] for row in asked[1:]] == [row.split(",")[0] for row in answers[1:]]
    assert "kept" not in asked[0]
    assert block["labels"].endswith(".private")
    assert not [path for path in course.data_files if path.startswith("private/")]
    assert block["labels"] not in json.dumps(compile_body(lesson.body, title=lesson.title).public)
