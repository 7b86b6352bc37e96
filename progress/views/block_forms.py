"""A lesson's page in parts: what publishing rendered, and in the place of each judged block the form that answers it.

Owns what `templates/progress/blocks/` are given: public content, the person's own state, and the feedback of their own
answers. Nothing here reads a key: hints and solutions come with the state, those that the person was shown.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.contrib.humanize.templatetags.humanize import ordinal
from django.urls import reverse

from courses.content.rendering import LOWER_IS_BETTER, METRICS, QUIZ_KINDS
from progress.grading.comparing import label_of
from progress.selectors.practice import BlockState, GivenAnswer, LessonPractice, points
from progress.selectors.questions import own_order


@dataclass(slots=True)
class Refusal:
    """An answer that was not taken: why, and what it was, so that nothing typed is lost."""

    message: str
    answer: Any = None


@dataclass(slots=True)
class Given:
    """Everything a block's form is made of, for one person on one lesson."""

    lesson: Any
    user: Any
    practice: LessonPractice
    refusals: dict[str, Refusal] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    histories: dict[str, list[Any]] = field(default_factory=dict)


def lesson_parts(given: Given, parts: list[dict[str, Any]], *, only: str = "") -> list[dict[str, Any]]:
    """The published `parts` in order: `{"html"}` of what is only read, `{"template", "block"}` of what is answered.

    With `only`, that one's part alone.
    """
    public = {block["id"]: block for block in given.lesson.asked_blocks}
    return [_part(part, public.get(part["id"]), given) for part in parts if not only or part["id"] == only]


def _part(part: dict[str, Any], public: dict[str, Any] | None, given: Given) -> dict[str, Any]:
    state = given.practice.states.get(part["id"])
    if public is None or "prompt" not in part:
        return {"html": part["html"]}
    if state is None:
        draft = public["type"] == "quiz" and not public["graded"]
        block = {**part, "name": f"practice:{part['id']}", "kind": public.get("kind")}
        return {"template": "progress/blocks/quiz_draft.html", "block": block} if draft else {"html": part["html"]}
    block = _common(part, public, state, given)
    block |= _DETAILS[public["type"]](block, part, public, given)
    return {"template": f"progress/blocks/{public['type']}.html", "block": block}


def _common(part: dict[str, Any], public: dict[str, Any], state: BlockState, given: Given) -> dict[str, Any]:
    refusal = given.refusals.get(part["id"])
    course = given.lesson.course
    return {
        "id": part["id"],
        # Prefix of every id in the block. No suffix has a colon, so blocks "a" and "a:b" cannot meet.
        "name": f"practice:{part['id']}",
        "url": reverse("progress:block", args=[course.slug, given.lesson.slug, part["id"]]),
        "uid": str(uuid4()),
        "prompt": part["prompt"],
        "state": state,
        "points": public["points"],
        "refusal": refusal.message if refusal else "",
        "is_open": state.tries_left != 0 and not state.is_pending and (not state.is_passed or state.is_outdated),
        "result": _result(state),
    }


@dataclass(slots=True)
class Result:
    """The newest answer's verdict in words; `tone` is passed, partly or failed, `feedback` as the grader gave it.

    Not `is_current`: the check was changed since. Then the feedback is left out, because it may give away, or
    contradict, what is asked now.
    """

    tone: str
    head: str
    facts: list[str]
    feedback: dict[str, Any]
    is_current: bool

    @property
    def message(self) -> str:
        """What the grader says beyond the verdict."""
        words = self.feedback.get("message") or ""
        return "" if words == f"{self.head}." else words


def _result(state: BlockState) -> Result | None:
    last = state.last
    if last is None:
        return None
    if last.is_passed:
        tone, head = "passed", "Right" if state.type == "quiz" else "Passed"
    elif last.score > 0:
        tone, head = "partly", "Partly right"
    else:
        tone, head = "failed", "Not right" if state.type == "quiz" else "Not passed"
    facts = [f"{points(last.score)} of {_number(last.max_score, 'point')}"] if last.max_score else []
    if last.after_solution and last.max_score:
        facts.append("no points after the solution")
    if not state.is_passed and state.tries_left is not None:
        facts.append(tries_words(state))
    is_current = last.check_hash == state.check_hash
    return Result(tone, head, facts, last.outcome if is_current else {}, is_current)


def _number(value: float, word: str, plural: str = "") -> str:
    shown = points(value)
    return f"{shown} {word if shown == 1 else plural or word + 's'}"


def tries_words(state: BlockState) -> str:
    """How many tries are left, as people say it; "" where there is no limit."""
    if state.tries_left is None:
        return ""
    today = " today" if state.type == "predictions" else ""
    return f"{_number(state.tries_left, 'try', 'tries')} left{today}" if state.tries_left else f"no tries left{today}"


def _draft(block: dict[str, Any], given: Given) -> Any:
    """What stands in the form: an answer that was just refused, else what is saved and newer, else the last answer."""
    refusal, state = given.refusals.get(block["id"]), block["state"]
    if refusal and refusal.answer is not None:
        return refusal.answer
    # A passed question is closed: what was typed before in another tab must not stand there as the answer that passed.
    is_open = block["is_open"] or state.type == "exercise"
    if state.saved and is_open and (state.last is None or state.saved.saved_at > state.last.created_at):
        content = state.saved.content
        return content.get("answer", content.get("source")) if isinstance(content, dict) else None
    newest: GivenAnswer | None = state.pending or state.last
    return newest.answer if newest else None


@dataclass(slots=True)
class Choice:
    """A choice as it is shown. `mark`: right, wrong, missed or ""; `feedback` only where it was chosen before."""

    id: str
    html: str
    is_chosen: bool
    mark: str
    feedback: str


def _quiz(block: dict[str, Any], part: dict[str, Any], public: dict[str, Any], given: Given) -> dict[str, Any]:
    draft, state = _unwrapped(_draft(block, given)), block["state"]
    kind = public["kind"]
    facts = [QUIZ_KINDS[kind]]
    facts += [_number(public["points"], "point")] if public["points"] else ["no points"]
    if not state.is_passed and (words := tries_words(state)):
        facts.append(words)
    return {
        "kind": kind,
        "facts": facts,
        "units": public.get("units", ""),
        "value": draft if isinstance(draft, str | int | float) and not isinstance(draft, bool) else "",
        "choices": _choices(part, draft, block, given),
    }


def _choices(part: dict[str, Any], draft: Any, block: dict[str, Any], given: Given) -> list[Choice]:
    if "choices" not in part:
        return []
    shown = own_order(user=given.user, lesson=given.lesson, block_id=part["id"], choices=part["choices"])
    chosen = draft if isinstance(draft, list) else [draft]
    result: Result | None = block["result"]
    feedback = result.feedback if result else {}
    said = {choice["id"]: choice["html"] for choice in feedback.get("choices") or ()}
    answer, right, is_passed = _answered(block), feedback.get("correct"), bool(result and result.tone == "passed")
    rows = []
    for choice in shown:
        name = choice["id"]
        mark = _mark(name, answer, right, is_passed=is_passed)
        rows.append(Choice(name, choice["html"], name in chosen, mark, said.get(name, "")))
    return rows


def _answered(block: dict[str, Any]) -> Any:
    """The newest answer, as far as its verdict is about the question as it is now."""
    result = block["result"]
    return _unwrapped(block["state"].last.answer) if result and result.is_current else None


def _mark(name: str, answer: Any, right: list[Any] | None, *, is_passed: bool) -> str:
    """What is said of a choice, as far as the verdict gives it away; `right` is None while the choices are not told."""
    before = answer if isinstance(answer, list) else [answer]
    if is_passed:
        return "right" if name in before else ""
    if right is None:
        # A wrong answer that is one choice: it is that one. Of several, nobody knows which.
        return "wrong" if answer == name else ""
    if name in right:
        return "right" if name in before else "missed"
    return "wrong" if name in before else ""


def _unwrapped(answer: Any) -> Any:
    """An answer without the object that a client may have put it in."""
    if isinstance(answer, dict) and len(answer) == 1:
        return next(iter(answer.values()))
    return answer


def _exercise(block: dict[str, Any], part: dict[str, Any], public: dict[str, Any], given: Given) -> dict[str, Any]:
    draft, state = _unwrapped(_draft(block, given)), block["state"]
    code = draft if isinstance(draft, str) else public["starter"]
    hint_count, position = public["hint_count"], given.positions.get(block["id"], 0)
    return {
        "title": public["title"],
        "code": code,
        "rows": max(6, min(24, code.count("\n") + 2)),
        "checks": [label_of(check) for check in public["checks"]],
        "hidden_count": public["hidden_check_count"],
        "packages": public["packages"],
        "hint_count": hint_count,
        "next_hint": state.hints_shown + 1 if state.hints_shown < hint_count else 0,
        "has_solution": public.get("has_solution", True),
        "position_words": "next in line" if position == 1 else f"{ordinal(position)} in line" if position else "",
        "error_lines": _error_lines(block["result"]),
    }


def _error_lines(result: Result | None) -> str:
    """How the code itself ended, in notebook form; "" when it did not fail."""
    error = result.feedback.get("error") if result else None
    if not error:
        return ""
    return "\n".join(error.get("traceback") or [f"{error.get('type', 'Error')}: {error.get('message', '')}"])


def _predictions(block: dict[str, Any], part: dict[str, Any], public: dict[str, Any], given: Given) -> dict[str, Any]:
    draft = given.refusals[block["id"]].answer if block["id"] in given.refusals else ""
    return {
        "data": f"/media/assets/{public['data']}",
        "metric": METRICS[public["metric"]],
        "at_most": public["metric"] in LOWER_IS_BETTER,
        "threshold": public["threshold"],
        "tries_per_day": public["tries_per_day"],
        "tries": tries_words(block["state"]),
        "is_open": block["state"].tries_left != 0,
        "pasted": draft if isinstance(draft, str) else "",
        "history": [
            {
                "created_at": attempt.created_at,
                "public_score": attempt.outcome.get("public_score"),
                "words": "Passed" if attempt.verdict == "passed" else "Not passed",
            }
            for attempt in given.histories.get(block["id"], [])
        ],
    }


_DETAILS = {"quiz": _quiz, "exercise": _exercise, "predictions": _predictions}
