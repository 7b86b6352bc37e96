"""An exercise on its way to the sandbox and back: a job without any answer in it, and the judgement of what came out.

Points are given for a full pass alone: the visible checks can be passed without understanding, so a share of them would
reward what the hidden ones are there to find out. Knows no models, and does not run anything itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from progress.grading.comparing import describe_raised, judge, label_of
from progress.grading.sandbox import Job, Outcome
from progress.grading.wire import clean

MAX_CODE = 200_000  # characters, as in a lesson's body
MAX_STDOUT, MAX_TRACEBACK_LINES, MAX_LINE = 10_000, 60, 500

_WRAPPERS = ("code", "source")

Block = dict[str, Any]


@dataclass(frozen=True)
class Judgement:
    """The verdict on one run: `share` of the points, 0 or 1; `feedback` is fit for the learner's eyes."""

    passed: bool
    share: float
    feedback: dict[str, Any]


def read_answer(public_block: Block, answer: Any) -> str:
    """The source code that an answer is, with line ends as Python has them. Raises ValueError for anything else."""
    if isinstance(answer, dict):
        if len(answer) != 1 or next(iter(answer)) not in _WRAPPERS:
            raise ValueError("must be the source code, or an object with one of: " + ", ".join(_WRAPPERS))
        (answer,) = answer.values()
    if not isinstance(answer, str):
        raise ValueError("must be source code, as text")
    if len(answer) > MAX_CODE:
        raise ValueError(f"must have at most {MAX_CODE:,} characters")
    if "\0" in answer or any("\ud800" <= letter <= "\udfff" for letter in answer):
        raise ValueError("holds a character that is no text")
    answer = answer.replace("\r\n", "\n").replace("\r", "\n")
    if not answer.strip():
        raise ValueError("must not be empty")
    return answer


def job_of(public_block: Block, key: Block, code: str, files: Mapping[str, bytes], *, folder: str = "") -> Job:
    """What the sandbox has to run for `code`, in `folder` among `files`.

    No expected value is in it, but in the text of assert checks.
    """
    return Job(
        code=code,
        setup=public_block.get("setup", ""),
        checks=[_question(check) for check in public_block["checks"]],
        hidden_checks=[_question(check) for check in key["hidden_checks"]],  # a key without them must not pass
        packages=tuple(public_block["packages"]),
        files=dict(files),
        folder=folder,
    )


def _question(check: Block) -> Block:
    """What to evaluate: an allow-list, so that a field added to a check stays outside."""
    wanted = ("kind", "expression") if check["kind"] == "value" else ("kind", "source")
    return {name: check[name] for name in wanted}


def judgement(public_block: Block, key: Block, outcome: Outcome) -> Judgement:
    """The verdict on `outcome`, and `{"message", "checks", "hidden": {"passed", "total"}, "stdout", "error"}`.

    Passed is what ran to its end with every check passed, visible and hidden. A check without a result has not passed.
    Of hidden checks the feedback has their number alone; an exercise without any check is never passed.
    """
    checks, hidden_checks = public_block["checks"], key["hidden_checks"]
    visible = [_judged(check, result) for check, result in _paired(checks, outcome.results)]
    hidden = [
        judge(check, result, hidden=True)["passed"] for check, result in _paired(hidden_checks, outcome.hidden_results)
    ]
    is_whole = outcome.state == "finished" and outcome.error is None
    passed = is_whole and bool(visible or hidden) and all(check["passed"] for check in visible) and all(hidden)
    feedback = {
        "message": "All checks passed." if passed else _message(public_block, outcome, visible, hidden),
        "checks": visible,
        "hidden": {"passed": sum(hidden), "total": len(hidden)},
        "stdout": clean(outcome.stdout, MAX_STDOUT),
        "error": _error(outcome.error),
    }
    return Judgement(passed, 1.0 if passed else 0.0, feedback)


_NOT_REACHED = "Not run: the code ended before this check."


def _paired(checks: Sequence[Block], results: Sequence[Any]) -> list[tuple[Block, Any]]:
    """Each check with its result, or None where the run ended before it."""
    return [(check, results[number] if number < len(results) else None) for number, check in enumerate(checks)]


def _judged(check: Block, result: Any) -> Block:
    judged = judge(check, result)
    if result is None:
        judged["message"] = _NOT_REACHED
    return {**judged, "label": label_of(check)}


_STATES = {
    "timed_out": "The code ran for {seconds:.0f} s and was stopped. Is there a loop that never ends?",
    "out_of_memory": "The code ran out of memory and was stopped. Does something grow without an end?",
    "ended_early": "The code ended the program before its checks were through: leave out exit() and the like.",
}


def _message(public_block: Block, outcome: Outcome, visible: Sequence[Block], hidden: Sequence[bool]) -> str:
    if outcome.state in _STATES:
        return _STATES[outcome.state].format(seconds=outcome.seconds)
    if outcome.error is not None:
        is_setup = outcome.error.get("where") == "setup"
        return ("Code of earlier cells failed. " if is_setup else "") + describe_raised(outcome.error)
    if not visible and not hidden:
        return "This exercise has no checks yet."
    right = sum(check["passed"] for check in visible)
    if right < len(visible):
        return f"{right} of {len(visible)} checks passed."
    of_hidden = f"{sum(hidden)} of {len(hidden)} hidden checks passed"
    if not visible:
        return f"{of_hidden}. Try other inputs: empty, zero, negative, repeated."
    return f"All visible checks passed, but only {of_hidden}. Try other inputs: empty, zero, negative, repeated."


def _error(error: Any) -> Block | None:
    """What the code itself raised, bounded."""
    if not isinstance(error, dict):
        return None
    traceback = error.get("traceback")
    lines = [clean(line, MAX_LINE) for line in traceback[-MAX_TRACEBACK_LINES:]] if isinstance(traceback, list) else []
    return {"type": clean(error.get("type"), 100), "message": clean(error.get("message"), MAX_LINE), "traceback": lines}
