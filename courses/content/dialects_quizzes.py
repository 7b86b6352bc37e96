"""Questions that were read from another dialect as quiz blocks, by the same rules as our own form.

What lacks its key or a part becomes an ungraded draft whose `missing` says what. Knows no dialect and no file.
"""

import math
from typing import Any

from courses.content.quizzes import MAX_CHOICES, MAX_PROMPT, Choice, Quiz, choice_objects, cut, missing_key


def choice_quiz(
    prompt: str,
    choices: list[Choice],
    *,
    kind: str = "",
    explanation: str = "",
    has_key: bool = True,
    own_id: str = "",
) -> Quiz:
    """A question with choices; without a `kind` the number of right ones says which."""
    right = sum(choice.correct for choice in choices)
    quiz = Quiz({"type": "quiz", "kind": kind or ("multiple" if right > 1 else "single"), "prompt": prompt.strip()})
    quiz.id = own_id
    if len(choices) > MAX_CHOICES:
        quiz.problems.append(f"has {len(choices)} choices; the first {MAX_CHOICES} are kept")
    quiz.block |= {"points": 1, "attempts": None, "choices": choice_objects(quiz, choices[:MAX_CHOICES])}
    missing = missing_key(quiz)
    if not has_key and len(choices) > 1:
        missing = "which choices are right" if quiz.block["kind"] == "multiple" else "which choice is right"
    return settled(quiz, missing, explanation)


def number_quiz(prompt: str, value: float, tolerance: float, *, explanation: str = "") -> Quiz:
    """A question that a number answers; a value or tolerance that is no finite number leaves a draft."""
    quiz = Quiz({"type": "quiz", "kind": "numeric", "prompt": prompt.strip(), "points": 1, "attempts": None})
    if not (math.isfinite(value) and math.isfinite(tolerance)):
        return settled(quiz, "the answer, a number", explanation)
    quiz.block["answer"] = {"value": _plain(value), "tolerance": _plain(abs(tolerance))}
    return settled(quiz, "", explanation)


def words_quiz(prompt: str, accepted: list[str], *, case_sensitive: bool = False, explanation: str = "") -> Quiz:
    """A question that one of the `accepted` words answers."""
    quiz = Quiz({"type": "quiz", "kind": "text", "prompt": prompt.strip(), "points": 1, "attempts": None})
    accepted = [word.strip()[:1_000] for word in accepted if word.strip()][:100]
    if not accepted:
        return settled(quiz, "the answer, at least one word that counts", explanation)
    quiz.block["answer"] = {"accepted": accepted, "case_sensitive": case_sensitive}
    return settled(quiz, "", explanation)


def draft_quiz(prompt: str, missing: str, problem: str = "") -> Quiz:
    """A question that could not be read: kept as text, to be completed by its author."""
    quiz = Quiz({"type": "quiz", "kind": "text", "prompt": prompt.strip(), "points": 1, "attempts": None})
    if problem:
        quiz.problems.append(problem)
    return settled(quiz, missing, "")


def settled(quiz: Quiz, missing: str, explanation: str) -> Quiz:
    """Fill what every quiz block has: a question within its bounds, `graded`, and what is `missing` when it is not."""
    block: dict[str, Any] = quiz.block
    if not block["prompt"]:
        block["prompt"] = "Question"
        missing = missing or "the question"
    cut(quiz, block, "prompt", MAX_PROMPT)
    if explanation.strip():
        block["explanation"] = explanation.strip()
        cut(quiz, block, "explanation", MAX_PROMPT)
    block["graded"] = not missing
    if missing:
        block["missing"] = missing[:500]
        quiz.problems.append(f"is not graded: missing is {missing[:200]}")
    return quiz


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else value
