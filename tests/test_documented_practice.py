"""The course in "Writing practice" of docs/authoring.md is read as written, and judges as the text beside it says."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from courses.content.predictions import METRICS
from courses.models import Course, Lesson
from courses.services.importing import import_course
from courses.tests.course_folders import markdown, notebook, write
from progress.grading.metrics import LOWER_IS_BETTER
from progress.models import Attempt, Enrolment
from progress.services.attempting import submit_answer
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll
from progress.services.refusals import Conflict, LessonNotPassed
from progress.services.revealing import reveal_hint, reveal_solution

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox_runtime")]

DOCS = Path(__file__).resolve().parents[1] / "docs"
SECTION = (DOCS / "authoring.md").read_text(encoding="utf-8").split("## Writing practice\n")[1].split("\n## ")[0]
TOLD = [(found[2], found[3]) for found in re.finditer(r"^(`{3,4})(\w+)\n(.*?)^\1$", SECTION, re.M | re.S)]
SOLUTION = "def mean_of_known(values):\n    known = [v for v in values if v is not None]\n"
SOLUTION += '    if not known:\n        raise ValueError("no")\n    return sum(known) / len(known)\n'

Answer = Callable[..., Attempt]


def written(language: str, number: int = 0) -> str:
    return [text for found, text in TOLD if found == language][number]


@pytest.fixture
def imported(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    files = {
        "course.toml": written("toml"),
        "practice/01-questions.md": written("markdown"),
        "practice/02-code.py": "# %% [markdown]\n# # Code\n\n" + written("python"),
        "practice/03-predict.ipynb": notebook(
            markdown("# Predict", "title"), markdown(written("markdown", 1), "task"), minor=5
        ),
        "data/new-apples.csv": "id,starch\n" + "".join(f"{number},{number % 7}\n" for number in range(11, 17)),
        "private/sound.csv": written("csv"),
    }
    return import_course(path=write(tmp_path / "course", files), publish=True)


@pytest.fixture
def course(imported) -> Course:
    return imported.course


@pytest.fixture
def answer(ben, course) -> Answer:
    enroll(user=ben, course=course)
    lessons = {block: lesson for lesson in lessons_of(course) for block in lesson.current_revision.checks}

    def submit(block: str, given: Any) -> Attempt:
        return submit_answer(user=ben, lesson=lessons[block], block_id=block, uid=uuid4(), answer=given)

    return submit


def lessons_of(course: Course) -> list[Lesson]:
    return list(course.lessons.select_related("course", "current_revision").order_by("position"))


def choices(course: Course) -> dict[str, str]:
    """The ids of the choices by the first word of their text."""
    [quiz] = [b for b in lessons_of(course)[0].current_revision.public["blocks"] if b["id"] == "use-of-a-test"]
    return {choice["text"].split()[0]: choice["id"] for choice in quiz["choices"]}


def test_the_course_is_read_without_a_problem(imported, course):
    assert imported.report["problems"] == []
    found = [(lesson.completion_rule, set(lesson.current_revision.checks)) for lesson in lessons_of(course)]
    assert found == [
        ("read", {"use-of-a-test", "error-of-100", "its-name"}),
        ("passed", {"mean-of-known"}),
        ("passed", {"sound-apples"}),
    ]
    assert (course.certificate_percent, float(course.points)) == (70, 8)
    assert list(course.data_files) == ["data/new-apples.csv"]


def test_quizzes_judge_as_the_text_says(course, answer):
    ids = choices(course)
    half = answer("use-of-a-test", [ids["Reporting"]])
    assert (half.verdict, float(half.score)) == ("failed", 1)
    assert half.outcome["explanation"] is None
    assert "Yes. That is what" in half.outcome["choices"][0]["html"]
    last = answer("use-of-a-test", [ids["Reporting"], ids["Choosing"]])
    assert float(last.score) == 0
    assert "What decides anything is training." in last.outcome["explanation"]
    with pytest.raises(Conflict):
        answer("use-of-a-test", [ids["Reporting"], ids["Predicting"]])
    for typed in ("0.04", "0,04", "1/25", "4 %", "4e-2"):
        assert answer("error-of-100", typed).verdict == "passed", typed
    assert answer("error-of-100", "0.05").verdict == "failed"
    assert answer("its-name", "OverFitting").verdict == "passed"
    assert answer("its-name", "underfitting").verdict == "failed"
    assert float(Enrolment.objects.get().score) == 2  # the best tries: 1 of 2, 1 of 1, and 0 for practice


def test_the_exercise_judges_as_the_text_says(ben, course, answer):
    lesson = lessons_of(course)[1]
    [exercise] = [block for block in lesson.current_revision.public["blocks"] if block["type"] == "exercise"]
    kinds = [check["kind"] for check in lesson.current_revision.key["mean-of-known"]["hidden_checks"]]
    assert [check["kind"] for check in exercise["checks"]] == ["value"]
    assert kinds.count("assert") == 1 < len(kinds)
    assert answer("mean-of-known", exercise["starter"]).verdict == "failed"
    table = answer("mean-of-known", "def mean_of_known(values):\n    return 2\n")
    assert (table.verdict, float(table.score)) == ("failed", 0)
    assert [check["passed"] for check in table.outcome["checks"]] == [True]
    assert table.outcome["hidden"] == {"passed": 1, "total": 3}, "it changes no list"
    with pytest.raises(LessonNotPassed):
        complete_lesson(user=ben, lesson=lesson)
    assert "drops them" in reveal_hint(user=ben, lesson=lesson, block_id="mean-of-known")[0]
    passed = answer("mean-of-known", SOLUTION)
    assert (passed.verdict, float(passed.score)) == ("passed", 2)
    assert complete_lesson(user=ben, lesson=lesson).changed


def test_who_looks_at_the_solution_passes_without_points(ben, course, answer):
    reveal_solution(user=ben, lesson=lessons_of(course)[1], block_id="mean-of-known")
    passed = answer("mean-of-known", SOLUTION)
    assert (passed.verdict, float(passed.score)) == ("passed", 0)


def test_predictions_judge_as_the_text_says(course, answer):
    by_id = "id,prediction\n16,1\n15,0\n14,0\n13,1\n12,1\n11,0\n"
    found = answer("sound-apples", by_id)
    assert found.verdict == "passed", "wrong on both public rows, right on the private ones"
    assert (found.outcome["public_score"], found.outcome["private_score"]) == (0, 1)
    best_public = answer("sound-apples", [1, 0, 0, 1, 1, 0])
    assert best_public.verdict == "failed"
    assert (best_public.outcome["public_score"], best_public.outcome["private_score"]) == (1, None)
    for constant in (0, 1):
        assert answer("sound-apples", [constant] * 6).verdict == "failed"
    answer("sound-apples", [0] * 6)
    with pytest.raises(Conflict, match="Tomorrow"):
        answer("sound-apples", [0] * 6)


def test_labels_are_nowhere_that_a_learner_reads(course):
    lesson = lessons_of(course)[2]
    labels = lesson.current_revision.key["sound-apples"]["labels"]
    assert labels.endswith(".private")
    assert labels not in json.dumps([lesson.current_revision.public, lesson.current_revision.html])


def test_the_format_has_a_row_for_every_metric_and_says_which_way_it_goes():
    text = (DOCS / "course-format.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| .* \| (at \w+)[^|]*\|$", text, re.M)
    told = {metric: bound for names, bound in rows for metric in re.findall(r"`(\w+)`", names)}
    assert told == {metric: "at most" if metric in LOWER_IS_BETTER else "at least" for metric in METRICS}
