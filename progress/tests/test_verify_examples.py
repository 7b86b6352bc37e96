"""What the example courses ask can be done, and what they refuse is refused: by the graders that judge learners.

Learners meet an impossible exercise or a quiz with a wrong key only after they have lost a try to it.
"""

import runpy
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from progress.grading import exercises, metrics, predictions, quizzes, sandbox
from progress.tests.example_exercises import Case, ExampleBlock, example_blocks, example_courses, exercise_cases

AT_A_TIME = 2


@pytest.fixture(scope="module")
def judged(sandbox_runtime: None) -> list[tuple[Case, exercises.Judgement]]:
    """What the server says of every solution and every starter."""
    cases = exercise_cases()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(zip(cases, pool.map(judge, cases), strict=True))


def judge(case: Case) -> exercises.Judgement:
    block = case.block
    job = exercises.job_of(block.public, block.key, case.code, block.files, folder=block.folder)
    return exercises.judgement(block.public, block.key, sandbox.run(job, starting=60))


def test_a_solution_passes_every_check(judged):
    solved = [(case, verdict) for case, verdict in judged if case.passes]
    assert len(solved) == len(example_blocks("exercise")) >= 33
    assert {case.name: verdict.feedback for case, verdict in solved if not verdict.passed} == {}
    for case, verdict in solved:
        assert verdict.share == 1
        assert [check["passed"] for check in verdict.feedback["checks"]] == [True] * len(case.checks)
        assert verdict.feedback["hidden"] == {"passed": len(case.hidden_checks), "total": len(case.hidden_checks)}
    assert any("open(path" in case.code for case, _ in solved), "one of them reads a data file"


def test_a_starter_fails_a_check_that_its_reader_sees(judged):
    unsolved = [(case, verdict) for case, verdict in judged if not case.passes]
    assert len(unsolved) == len(example_blocks("exercise"))
    assert [case.name for case, verdict in unsolved if verdict.passed or verdict.share] == []
    for case, verdict in unsolved:
        assert not all(check["passed"] for check in verdict.feedback["checks"]), case.name
        assert verdict.feedback["message"], case.name


def right_answers(quiz: ExampleBlock) -> list[Any]:
    if quiz.body["kind"] in ("single", "multiple"):
        right = [choice["id"] for choice in quiz.body["choices"] if choice["correct"]]
        return right if quiz.body["kind"] == "single" else [right, list(reversed(right))]
    wanted = quiz.body["answer"]
    if quiz.body["kind"] == "text":
        return [*wanted["accepted"], *([] if wanted["case_sensitive"] else map(str.upper, wanted["accepted"]))]
    return [wanted["value"], str(wanted["value"]), wanted["value"] + 0.9 * wanted["tolerance"]]


def wrong_answers(quiz: ExampleBlock) -> list[Any]:
    if quiz.body["kind"] == "single":
        return [choice["id"] for choice in quiz.body["choices"] if not choice["correct"]]
    if quiz.body["kind"] == "multiple":
        right = {choice["id"] for choice in quiz.body["choices"] if choice["correct"]}
        others = [choice["id"] for choice in quiz.body["choices"] if not choice["correct"]]
        sets = chain(([other] for other in others), (right - {one} for one in right), (right | {o} for o in others))
        return [sorted(chosen) for chosen in sets if chosen]
    wanted = quiz.body["answer"]
    if quiz.body["kind"] == "text":
        return ["a line", f"not {wanted['accepted'][0]}", wanted["accepted"][0][:-2]]
    far = 2 * wanted["tolerance"] + 0.01 * abs(wanted["value"])
    return [wanted["value"] + far, wanted["value"] - far, 10 * wanted["value"] + 1]


def graded(quiz: ExampleBlock, answer: Any) -> quizzes.Graded:
    return quizzes.grade(quiz.public, quiz.key, quiz.body["points"], answer)


def test_a_quiz_accepts_its_answer_and_no_other():
    for quiz in example_blocks("quiz"):
        right, wrong = right_answers(quiz), wrong_answers(quiz)
        assert len(right) >= 1, quiz.name
        assert len(wrong) >= 2, quiz.name
        for answer in right:
            assert graded(quiz, answer).score == quiz.body["points"], (quiz.name, answer)
        for answer in wrong:
            refused = graded(quiz, answer)
            assert not refused.passed, (quiz.name, answer)
            assert refused.score < quiz.body["points"], (quiz.name, answer)


def test_a_wrong_choice_gets_a_reply_and_only_the_end_tells_the_answer():
    for quiz in example_blocks("quiz"):
        for answer in wrong_answers(quiz):
            verdict = graded(quiz, answer)
            now, at_end = (quizzes.feedback(quiz.public, quiz.key, verdict, settled=end) for end in (False, True))
            assert len(now["choices"]) == len(verdict.chosen), quiz.name
            assert now["explanation"] is now["correct"] is now["answer"] is None, quiz.name
            assert at_end["explanation"], quiz.name
            assert at_end["correct"] or at_end["answer"], quiz.name


def test_there_are_quizzes_of_every_kind():
    kinds = [quiz.body["kind"] for quiz in example_blocks("quiz")]
    assert set(kinds) == {"single", "multiple", "numeric", "text"}
    assert len(kinds) >= 35


@pytest.fixture(scope="module")
def cellar() -> ExampleBlock:
    [block] = example_blocks("predictions")
    return block


@pytest.fixture(scope="module")
def lesson_names(cellar) -> dict[str, Any]:
    """What the lesson's own cells define, run from top to bottom as in a notebook, but for its figure."""
    path = cellar.course_folder / cellar.folder
    cells = [
        block["source"]
        for block in cellar.lesson.body["blocks"]
        if block["type"] == "code" and "matplotlib" not in block["source"] and "plt." not in block["source"]
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        names: dict[str, Any] = {}
        exec(compile("\n".join(cells), cellar.lesson.path, "exec"), names)  # noqa: S102 – our own lesson
    return names


def labels_of(block: ExampleBlock) -> predictions.Labels:
    return predictions.read_labels(block.course.assets[block.key["labels"]].read())


def scores(block: ExampleBlock, answer: Any) -> predictions.Scores:
    labels = labels_of(block)
    rows = predictions.read_predictions(answer, labels, block.public["metric"])
    return predictions.score(labels, rows, block.public["metric"], block.key["labels"])


def passes(block: ExampleBlock, answer: Any) -> bool:
    return metrics.reaches(block.public["metric"], scores(block, answer).private, block.public["threshold"])


def test_predictions_are_passed_by_the_lessons_method(cellar, lesson_names):
    answer = lesson_names["predictions"]
    found = scores(cellar, answer)
    assert passes(cellar, answer)
    assert found.rows == len(answer) == 250
    assert found.private > 0.85
    assert 0.75 < found.public < 0.9
    by_sticker = {apple["apple"]: guess for apple, guess in zip(lesson_names["test"], answer, strict=True)}
    shuffled = "apple,kept\n" + "".join(f"{apple},{by_sticker[apple]}\n" for apple in sorted(by_sticker))
    assert scores(cellar, shuffled.encode()) == found
    assert scores(cellar, "\n".join(map(str, answer))) == found


def test_predictions_are_not_passed_without_looking_or_by_what_the_lesson_warns_of(cellar, lesson_names):
    known, kept, new = (lesson_names[name] for name in ("known", "kept", "new"))
    assert not passes(cellar, [1] * 250)
    assert not passes(cellar, [0] * 250)
    assert not passes(cellar, lesson_names["by_neighbours"](known, kept, new, k=15)), "as measured"
    assert not passes(cellar, lesson_names["by_odds"](known, kept, new)), "a line has no window"
    assert not passes(cellar, list(reversed(lesson_names["predictions"])))


def test_the_column_that_the_quiz_speaks_of_is_worth_it(cellar, lesson_names):
    scaled, by_odds = lesson_names["scaled_like"], lesson_names["by_odds"]

    def with_square(rows: list, labels: list, new: list) -> list[int]:
        wide = [[[*row, row[3] ** 2] for row in scaled(rows, part)] for part in (rows, new)]
        return by_odds(wide[0], labels, wide[1])

    assert f"{lesson_names['cross_validated'](with_square):.1%}" == "88.8%"
    known, kept, new = (lesson_names[name] for name in ("known", "kept", "new"))
    assert passes(cellar, with_square(known, kept, new))


def test_the_programs_of_the_examples_are_no_lessons():
    for folder, course in example_courses().items():
        programs = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}
        assert programs, "the data are made by programs"
        assert not programs & {lesson.path for lesson in course.lessons}
        assert all(runpy.run_path(str(Path(folder, path))) for path in programs)
