"""Grading a quiz: reading an answer, comparing it with the private key, and choosing what may be said about it.

Whoever calls has the block's public part and its key; what `feedback` returns is fit for the learner's eyes, and holds
the right answer only when told that nothing more can be gained from it. Knows no models and no requests.
"""

from dataclasses import dataclass
from typing import Any

from progress.grading.values import normal_text, read_number, same_units, without_punctuation

MAX_TEXT = 1_000
# A sum such as 0.1 + 0.2 must not fall outside a tolerance by the last bit of a float.
SLACK = 1e-12

_WRAPPERS = ("choice", "choices", "value", "text")

Block = dict[str, Any]
Answer = str | list[str] | float


@dataclass(frozen=True)
class Graded:
    """The verdict on one answer: `share` of the points from 0 to 1, `score` in points; `chosen` are choice ids."""

    passed: bool
    share: float
    score: float
    chosen: list[str]
    message: str


def read_answer(public_block: Block, answer: Any) -> Answer:
    """The normal form of an `answer` as a form or a client sent it: reading it again changes nothing.

    A choice's id; a list of ids in the block's order; a number, or text where it has units or two readings; text.
    Raises ValueError that says what is wrong with it, for an answer that cannot be graded and costs no attempt.
    """
    if isinstance(answer, dict):
        if len(answer) != 1 or next(iter(answer)) not in _WRAPPERS:
            raise ValueError("must be the answer itself, or an object with one of: " + ", ".join(_WRAPPERS))
        (answer,) = answer.values()
    kind = public_block["kind"]
    if kind == "numeric":
        return _read_number(public_block, answer)
    if kind == "text":
        return _read_text(answer)
    return _read_choices(public_block, answer)


def _read_choices(public_block: Block, answer: Any) -> Answer:
    asked = answer if isinstance(answer, list) else [answer]
    known = [choice["id"] for choice in public_block["choices"]]
    if not all(isinstance(choice, str) for choice in asked):
        raise ValueError(
            "must be the id of a choice" + ("" if public_block["kind"] == "single" else ", or a list of ids")
        )
    for choice in asked:
        if choice and choice not in known:
            raise ValueError(f"“{_shown(choice)}” is not a choice of this question")
    chosen = [choice for choice in known if choice in asked]
    if not chosen:
        raise ValueError("choose an answer")
    if public_block["kind"] == "multiple":
        return chosen
    if len(chosen) > 1:
        raise ValueError("choose one answer only")
    return chosen[0]


def _read_number(public_block: Block, answer: Any) -> Answer:
    if isinstance(answer, bool) or not isinstance(answer, int | float | str):
        raise ValueError("must be a number")
    if isinstance(answer, int) and abs(answer) > 10**300:
        raise ValueError("the number is too large")
    # repr of a float reads back as the same float; NaN and infinity do not match as numbers.
    number = read_number(_usable(answer) if isinstance(answer, str) else repr(float(answer)))
    if number.units and not public_block.get("units") and number.units != "%":
        raise ValueError(f"“{number.units}”: give the number alone")
    if number.units or len(number.readings) > 1:
        return " ".join(str(answer).split())
    return number.readings[0]


def _read_text(answer: Any) -> Answer:
    if not isinstance(answer, str):
        raise ValueError("must be text")
    answer = _usable(answer).strip()
    if not answer:
        raise ValueError("must not be empty")
    if len(answer) > MAX_TEXT:
        raise ValueError(f"must have at most {MAX_TEXT:,} characters")
    return answer


def _usable(text: str) -> str:
    """Refuse what the database cannot hold."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a character that is no text")
    return text


def _shown(text: str) -> str:
    return text if text.isprintable() and len(text) <= 80 else ascii(text)[:80]


def grade(public_block: Block, key: Block, points: float, answer: Any) -> Graded:
    """The verdict on `answer`; `points` is what the whole question gives.

    A multiple choice with `partial_credit` gives (right ones chosen - wrong ones chosen) / right ones, never below 0;
    only the exact set passes. Raises ValueError as `read_answer`, and for a question that is not graded.
    """
    if not public_block["graded"]:
        raise ValueError("this question is not graded")
    normal = read_answer(public_block, answer)
    chosen: list[str] = []
    if public_block["kind"] == "numeric":
        share, message = _grade_number(public_block, key["answer"], normal)
    elif public_block["kind"] == "text":
        share, message = _grade_text(key["answer"], str(normal))
    else:
        chosen = normal if isinstance(normal, list) else [str(normal)]
        share, message = _grade_choices(public_block, key, chosen)
    return Graded(share == 1.0, share, round(points * share, 4), chosen, message)


def _grade_choices(public_block: Block, key: Block, chosen: list[str]) -> tuple[float, str]:
    right = _right_choices(key)
    if set(chosen) == right:
        return 1.0, "Right."
    if public_block["kind"] == "single" or not public_block.get("partial_credit"):
        return 0.0, "Not right." if public_block["kind"] == "single" else "Not this set of choices."
    gained = len(right & set(chosen)) - len(set(chosen) - right)
    # A wrong choice costs one, so that share 1 is only reached by the exact set.
    return (gained / len(right), "Partly right.") if gained > 0 else (0.0, "Not this set of choices.")


def _right_choices(key: Block) -> set[str]:
    return {choice["id"] for choice in key["choices"] if choice["correct"]}


def _grade_number(public_block: Block, wanted: Block, normal: Answer) -> tuple[float, str]:
    number = read_number(normal if isinstance(normal, str) else repr(normal))
    units = public_block.get("units", "")
    readings = number.readings
    if number.units and units and not same_units(number.units, units):
        return 0.0, f"Not right: give the answer in {units}, or the number alone."
    if number.units == "%" and same_units(units, "%"):
        readings = readings[len(readings) // 2 :]  # the question asks for per cent: 25 % is 25
    # Lists of a few readings: "1,234" is right if either number is.
    is_right = any(_is_within(value, wanted["value"], wanted["tolerance"]) for value in readings)
    return (1.0, "Right.") if is_right else (0.0, "Not right.")


def _is_within(value: float, wanted: float, tolerance: float) -> bool:
    try:
        return abs(value - wanted) <= tolerance + SLACK * max(abs(wanted), tolerance)
    except OverflowError:  # a key beyond what a float holds
        return False


def _grade_text(wanted: Block, answer: str) -> tuple[float, str]:
    is_exact = wanted["case_sensitive"]
    given = normal_text(answer, case_sensitive=is_exact)
    accepted = {normal_text(text, case_sensitive=is_exact) for text in wanted["accepted"]}
    accepted |= {text.rstrip(".") for text in accepted if text.rstrip(".")}
    # Only the answer loses its punctuation: where "!=" is asked for, "=" is another answer.
    if given in accepted or without_punctuation(given) in accepted:
        return 1.0, "Right."
    return 0.0, "Not right."


def feedback(public_block: Block, key: Block, graded: Graded, *, settled: bool) -> dict[str, Any]:
    """What the learner may read: `{"message", "choices": [{"id", "html"}], "explanation", "correct", "answer"}`.

    `choices` has the author's words on the chosen ones alone. `explanation`, `correct` (ids of the right choices) and
    `answer` (of a numeric or text question, as text) are null until `settled`: passed, or no attempt left.
    """
    html = key.get("html", {})
    said = html.get("feedback", {})
    is_choice = public_block["kind"] in ("single", "multiple")
    right = _right_choices(key) if is_choice else set()
    return {
        "message": graded.message,
        "choices": [{"id": choice, "html": said[choice]} for choice in graded.chosen if said.get(choice)],
        "explanation": (html.get("explanation") or None) if settled else None,
        "correct": [choice["id"] for choice in key["choices"] if choice["id"] in right]
        if settled and is_choice
        else None,
        "answer": _answer_text(public_block["kind"], key["answer"]) if settled and not is_choice else None,
    }


def _answer_text(kind: str, answer: Block) -> str:
    if kind == "text":
        return str(answer["accepted"][0])
    within = f" ± {answer['tolerance']}" if answer["tolerance"] else ""
    return f"{answer['value']}{within} {answer.get('units', '')}".strip()
