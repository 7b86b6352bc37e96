"""An exercise's job holds no answer, and its judgement tells a learner what to do without telling what is hidden."""

import json
from dataclasses import asdict

import pytest

from progress.grading.exercises import Judgement, job_of, judgement, read_answer
from progress.grading.runtime.harness import Session
from progress.grading.sandbox import Outcome

PUBLIC = {
    "id": "squares",
    "type": "exercise",
    "setup": "OFFSET = 0",
    "packages": ["numpy"],
    "checks": [
        {"kind": "value", "expression": "square(3)", "expected": 9, "comparison": "equal"},
        {"kind": "value", "expression": "square(0.1)", "expected": 0.01, "comparison": "close", "message": "fractions"},
        {"kind": "value", "expression": "square(None)", "expected": "TypeError", "comparison": "raises"},
        {"kind": "assert", "source": "assert square(2) > 3, 'two squared'", "message": "two squared"},
    ],
}
KEY = {
    "solution": "def square(x):\n    return x * x",
    "hidden_checks": [
        {"kind": "value", "expression": "square(-41)", "expected": 1681, "comparison": "equal", "message": "NEGATIVE"},
        {"kind": "assert", "source": "assert square(55) == 3025, 'LARGE'"},
    ],
}
SOLUTION = KEY["solution"]
STARTER = "def square(x):\n    raise NotImplementedError"


def run(code: str, public=PUBLIC, key=KEY) -> Judgement:
    """What the sandbox does, by its own harness but in this process."""
    job = job_of(public, key, code, {})
    session = Session()
    try:
        ran = session.run(job.code, job.setup, job.checks)
        hidden = [] if ran["error"] else session.check(job.hidden_checks)
    finally:
        session.close()
    ran, hidden = json.loads(json.dumps([ran, hidden]))
    return judgement(public, key, Outcome("finished", ran["stdout"], ran["error"], ran["results"], hidden, 0.1))


def test_the_job_holds_no_expected_value():
    job = job_of(PUBLIC, KEY, "code", {"data/x.csv": b"1"}, folder="lesson")
    assert (job.code, job.setup, job.packages, job.folder) == ("code", "OFFSET = 0", ("numpy",), "lesson")
    assert job.files == {"data/x.csv": b"1"}
    assert job.checks == [
        {"kind": "value", "expression": "square(3)"},
        {"kind": "value", "expression": "square(0.1)"},
        {"kind": "value", "expression": "square(None)"},
        {"kind": "assert", "source": "assert square(2) > 3, 'two squared'"},
    ]
    sent = json.dumps({name: value for name, value in asdict(job).items() if name != "files"})
    assert not any(secret in sent for secret in ("1681", "NEGATIVE", "0.01", "TypeError", "solution", "return"))


def test_the_solution_passes():
    judged = run(SOLUTION)
    assert (judged.passed, judged.share) == (True, 1.0)
    assert judged.feedback["message"] == "All checks passed."
    assert judged.feedback["hidden"] == {"passed": 2, "total": 2}
    assert [check["label"] for check in judged.feedback["checks"]] == [
        "square(3) gives 9",
        "fractions",
        "square(None) raises TypeError",
        "two squared",
    ]
    assert all(check["passed"] and not check["message"] for check in judged.feedback["checks"])


def test_the_starter_does_not_pass():
    judged = run(STARTER)
    assert (judged.passed, judged.share) == (False, 0.0)
    assert not any(check["passed"] for check in judged.feedback["checks"])
    assert judged.feedback["message"] == "0 of 4 checks passed."


def test_a_wrong_solution_is_told_what_came_back():
    judged = run("print('hello')\ndef square(x):\n    return x * 2")
    first = judged.feedback["checks"][0]
    assert (first["called"], first["returned"], first["expected"]) == ("square(3)", "6", "9")
    assert first["message"] == "6 instead of 9."
    assert judged.feedback["stdout"] == "hello\n"
    assert (judged.passed, judged.share) == (False, 0.0)


def test_code_that_knows_the_visible_checks_does_not_pass_and_learns_nothing_of_the_hidden():
    judged = run(
        "def square(x):\n"
        "    if x == 55: raise KeyError('I was called with 55')\n"
        "    print('called with', x)\n"
        "    return {3: 9, 0.1: 0.01, 2: 4}.get(x, 0) if x is not None else None + 1"
    )
    assert (judged.passed, judged.share) == (False, 0.0)
    assert judged.feedback["hidden"] == {"passed": 0, "total": 2}
    assert judged.feedback["message"].startswith("All visible checks passed, but only 0 of 2 hidden checks passed.")
    said = json.dumps(judged.feedback)
    assert not any(secret in said for secret in ("41", "1681", "NEGATIVE", "LARGE", "55", "3025"))


LIAR = """
class Liar(int):
    __class__ = property(lambda self: int)
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 9
    def __sub__(self, other): return 0
    def __mul__(self, other): return self
    def __repr__(self): return "9"
    def __gt__(self, other): return True
def square(x): return Liar(7)
"""


def test_a_value_that_says_it_equals_everything_does_not_pass():
    judged = run(LIAR)
    assert [check["passed"] for check in judged.feedback["checks"]][:2] == [False, False]
    assert judged.feedback["hidden"]["passed"] <= 1  # the assert check, which runs beside such code, believes it
    assert not judged.passed


def test_an_error_of_the_code_itself_is_shown():
    judged = run("def square(x) return x")
    assert judged.feedback["error"]["type"] == "SyntaxError"
    assert judged.feedback["error"]["traceback"]
    assert judged.feedback["message"].startswith("Raised SyntaxError")
    assert not any(check["passed"] for check in judged.feedback["checks"])
    assert judged.feedback["checks"][0]["message"].startswith("Not run")


def test_an_error_after_the_definitions_does_not_pass():
    results = [{"value": 9}, {"value": 0.01}, {"raised": {"type": "TypeError", "mro": []}}, {"passed": True}]
    hidden = [{"value": 1681}, {"passed": True}]
    assert judgement(PUBLIC, KEY, Outcome("finished", results=results, hidden_results=hidden)).passed
    error = {"type": "NameError", "mro": ["NameError"], "message": "name 'y' is not defined", "traceback": []}
    judged = judgement(PUBLIC, KEY, Outcome("finished", error=error, results=results, hidden_results=hidden))
    assert not judged.passed
    assert "NameError: name 'y' is not defined" in judged.feedback["message"]


@pytest.mark.parametrize(
    ("state", "part"),
    [("timed_out", "ran for 5 s"), ("out_of_memory", "out of memory"), ("ended_early", "exit()")],
)
def test_a_run_that_was_stopped_says_why_and_never_passes(state, part):
    results = [{"value": 9}, {"value": 0.01}, {"raised": {"type": "TypeError", "mro": []}}, {"passed": True}]
    hidden = [{"value": 1681}, {"passed": True}]
    judged = judgement(PUBLIC, KEY, Outcome(state, results=results, hidden_results=hidden, seconds=5.04))
    assert (judged.passed, judged.share) == (False, 0.0)
    assert part in judged.feedback["message"]


@pytest.mark.parametrize(
    ("results", "hidden"),
    [
        ([], []),
        ([{"value": 9}], [{"value": 1681}, {"passed": True}]),
        ([{"value": 9}, {"value": 0.01}, {"raised": {"type": "TypeError"}}, {"passed": True}], [{"value": 1681}]),
        ([{"passed": True}] * 4, [{"passed": True}] * 2),
        ([{"value": True}] * 4, [{"value": True}] * 2),
        (["passed"] * 4, [None] * 2),
    ],
)
def test_missing_or_forged_results_do_not_pass(results, hidden):
    assert not judgement(PUBLIC, KEY, Outcome("finished", results=results, hidden_results=hidden)).passed


def test_an_exercise_without_checks_is_never_passed():
    judged = judgement(PUBLIC | {"checks": []}, {"solution": "", "hidden_checks": []}, Outcome("finished"))
    assert not judged.passed
    assert judged.feedback["message"] == "This exercise has no checks yet."


def test_feedback_is_bounded_and_fit_for_storing():
    error = {"type": "E" * 999, "mro": [], "message": "\0\ud800" * 999, "traceback": ["x" * 9_999, 7] * 999}
    outcome = Outcome("finished", "\0\ud800" * 50_000, error, [{"value": "\ud800\0" * 9_999}] * 4, [])
    text = json.dumps(judgement(PUBLIC, KEY, outcome).feedback, ensure_ascii=False)
    assert len(text.encode()) < 100_000
    assert "\\u0000" not in text


@pytest.mark.parametrize("answer", ["x = 1\r\ny = 2\r", {"code": "x = 1\ny = 2\n"}, {"source": "x = 1\ny = 2\n"}])
def test_code_is_read_with_the_line_ends_of_python(answer):
    assert read_answer(PUBLIC, answer) == "x = 1\ny = 2\n"


@pytest.mark.parametrize(
    "answer", [None, 1, [], {}, {"text": "x"}, {"code": 1}, "", " \n", "a\0", "\ud800", "x" * 200_001]
)
def test_what_is_no_code_is_refused(answer):
    with pytest.raises(ValueError, match="must|holds"):
        read_answer(PUBLIC, answer)
