"""Quizzes kept as JSON: the quiz app's (`answerOptions`, `isCorrect`) and jupyterquiz's (`question`, `answers`).

Reads values that are parsed already, tolerantly: one faulty question is a draft and does not spoil its neighbours.
Which file belongs to which lesson is decided in `dialects_quiz_files.py`.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from courses.content import strict_json
from courses.content.dialects_quizzes import choice_quiz, draft_quiz, number_quiz, words_quiz
from courses.content.quizzes import Choice, Quiz

MAX_QUESTIONS = 500
MAX_BYTES = 5_000_000
MAX_DEPTH = 12


@dataclass
class QuizSet:
    """Questions that belong together; `id` is what the quiz app calls them, "" without one."""

    id: str = ""
    title: str = ""
    quizzes: list[Quiz] = field(default_factory=list)


def read_json(data: bytes | str) -> list[QuizSet]:
    """The sets of questions in a JSON text. Raises JSONRefused for faulty JSON; [] when it holds no questions."""
    return quiz_sets(strict_json.loads(data, max_bytes=MAX_BYTES))


def quiz_sets(value: Any) -> list[QuizSet]:
    """The sets of questions in a value, in order; [] when it holds none."""
    return list(_sets(value, 0))


def read_embedded(text: str) -> list[Quiz]:
    """The questions of a hidden element, plain or in base64: a draft for broken ones, [] when it holds none."""
    plain = unescape(text.strip())
    if not plain.startswith(("[", "{")):
        try:
            plain = base64.b64decode(plain, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return []
    try:
        sets = quiz_sets(strict_json.loads(plain, max_bytes=MAX_BYTES))
    except strict_json.JSONRefused as error:
        if '"answers"' not in plain and '"answerOptions"' not in plain:
            return []
        return [draft_quiz("Question", "its questions: they cannot be read", f"its JSON is faulty: {error}")]
    return [quiz for found in sets for quiz in found.quizzes]


def _sets(value: Any, depth: int) -> Iterator[QuizSet]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        if any(_is_question(item) for item in value):
            yield QuizSet(quizzes=[_question(item) for item in value[:MAX_QUESTIONS]])
            return
        for item in value:
            yield from _sets(item, depth + 1)
    elif isinstance(value, dict):
        if _is_question(value):
            yield QuizSet(quizzes=[_question(value)])
            return
        lists = (value[key] for key in ("quiz", "questions") if isinstance(value.get(key), list))
        questions: list[Any] = next(lists, [])
        if any(_is_question(item) for item in questions):
            name = value.get("id")
            known = isinstance(name, str | int) and not isinstance(name, bool)
            read = [_question(item) for item in questions[:MAX_QUESTIONS]]
            yield QuizSet(str(name) if known else "", _text(value.get("title")), read)
            return
        for item in value.values():
            if isinstance(item, list | dict):
                yield from _sets(item, depth + 1)


def _is_question(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    return isinstance(item.get("answerOptions"), list) or (
        isinstance(item.get("question"), str) and isinstance(item.get("answers"), list) and "type" in item
    )


def _question(item: Any) -> Quiz:
    if not isinstance(item, dict):
        return draft_quiz(_shown(item), "the question and its answers", "an entry is no question")
    if isinstance(item.get("answerOptions"), list):
        return _app_question(item)
    if isinstance(item.get("answers"), list):
        return _jupyter_question(item)
    prompt = _text(item.get("questionText") or item.get("question")) or _shown(item)
    return draft_quiz(prompt, "its answers", "it has no list of answers")


def _app_question(item: dict[str, Any]) -> Quiz:
    prompt = _text(item.get("questionText") or item.get("question"))
    choices: list[Choice] = []
    faults: list[str] = []
    for number, option in enumerate(item["answerOptions"], 1):
        known = isinstance(option, dict)
        text = _text(option.get("answerText")) if known else _text(option)
        correct = truth(option.get("isCorrect")) if known else None
        if correct is None:
            faults.append(f"isCorrect of option {number} is neither true nor false")
        feedback = _text(option.get("rationale") or option.get("feedback")) if known else ""
        choices.append(Choice(first=text, correct=correct is True, feedback=feedback.splitlines()))
    quiz = choice_quiz(prompt, choices, has_key=not faults, explanation=_text(item.get("explanation")))
    quiz.problems += faults
    return quiz


def truth(value: Any) -> bool | None:
    """A boolean, also when it is written as text; None for anything else."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None


_KINDS = {"multiple_choice": "single", "many_choice": "multiple", "numeric": "numeric", "string": "text"}


def _jupyter_question(item: dict[str, Any]) -> Quiz:
    prompt = _text(item.get("question"))
    if code := _text(item.get("code")):
        prompt = f"{prompt}\n\n```python\n{code}\n```"
    answers = [answer for answer in item["answers"] if isinstance(answer, dict)]
    kind = _KINDS.get(str(item.get("type", "")).lower())
    if kind is None:
        what = f"type {str(item.get('type'))[:40]!r} is not known"
        return draft_quiz(prompt, f"its kind, one of {', '.join(_KINDS)}", what)
    if kind == "numeric":
        return _numeric(prompt, answers, item.get("precision"))
    if kind == "text":
        right = [answer for answer in answers if truth(answer.get("correct"))]
        strict = any(answer.get("match_case") is True for answer in right)
        words = [_text(answer.get("answer")) for answer in right]
        return words_quiz(prompt, words, case_sensitive=strict, explanation=_feedback(right))
    choices = []
    for answer in answers:
        text = _text(answer.get("answer"))
        if code := _text(answer.get("code")):
            text = f"{text}\n\n```python\n{code}\n```".strip()
        feedback = _text(answer.get("feedback")).splitlines()
        choices.append(Choice(first=text, correct=truth(answer.get("correct")) is True, feedback=feedback))
    return choice_quiz(prompt, choices, kind=kind)


def _numeric(prompt: str, answers: list[dict[str, Any]], precision: Any) -> Quiz:
    right = [answer for answer in answers if truth(answer.get("correct"))]
    for answer in right:
        bounds = answer.get("range")
        if isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_number, bounds)):
            low, high = sorted(map(float, bounds))
            return number_quiz(prompt, (low + high) / 2, (high - low) / 2, explanation=_feedback(right))
    for answer in right:
        value = answer.get("value", answer.get("answer"))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return number_quiz(prompt, value, _tolerance(value, precision), explanation=_feedback(right))
    return draft_quiz(prompt, "the answer, a number")


def _tolerance(value: float, precision: Any) -> float:
    """Half a unit of the last of `precision` significant digits, which is how many jupyterquiz compares."""
    if not isinstance(precision, int) or isinstance(precision, bool) or not 1 <= precision <= 15 or not value:
        return 0.0
    exponent = int(f"{abs(value):e}".split("e")[1])
    return 0.5 * 10.0 ** (exponent - precision + 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _feedback(answers: list[dict[str, Any]]) -> str:
    return "\n\n".join(dict.fromkeys(text for answer in answers if (text := _text(answer.get("feedback")))))


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _shown(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False)[:500]
