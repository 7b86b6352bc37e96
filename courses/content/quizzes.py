"""The author's form of a quiz, a `{quiz}` directive in Markdown, as a quiz block.

A quiz that lacks its key or breaks a rule becomes an ungraded draft whose `missing` says what its author must
add: it is never dropped. Knows text only; that ids are unique in the lesson is the caller's concern.
"""

import hashlib
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from courses.content.notebook import BLOCK_ID, Names
from courses.content.textfiles import fence_after

KINDS = ("single", "multiple", "numeric", "text")
MAX_CHOICES = 50
MAX_POINTS = MAX_ATTEMPTS = 1_000
MAX_PROMPT, MAX_CHOICE_TEXT = 50_000, 10_000

_OPENING = re.compile(r"[ \t]*(`{3,}|~{3,}|:{3,})\{quiz\}[ \t]*(.*?)[ \t]*\r?\n?\Z")
_OPTION = re.compile(r":([a-z][a-z-]*):[ \t]*(.*?)[ \t]*\Z")
_CHOICE = re.compile(r" {0,3}[-*+][ \t]+\[([ xX])\](?:[ \t]+(.*))?\Z")
_ANSWER = re.compile(r" {0,3}=[ \t]*(\S.*?)[ \t]*\Z")
_FEEDBACK = re.compile(r"[ \t]*>[ \t]?(.*)\Z")
_NUMBER = r"[-+\u2212]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMERIC = re.compile(rf"({_NUMBER})(?:[ \t]*(?:\+-|\+/-|\u00b1)[ \t]*({_NUMBER})(%)?)?(?:[ \t]+(\S.*))?\Z")


@dataclass
class Quiz:
    """A quiz as read: `block` without an id, the author's own `id` or "", and what is wrong with it."""

    block: dict[str, Any]
    id: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def content_id(self) -> str:
        """An id made of the question alone: a corrected choice keeps the answers that learners gave."""
        text = f"{self.block['kind']}\0{self.block['prompt']}"
        return "q" + hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """How a message calls this quiz: its id, else the beginning of its question."""
        return self.id or textwrap.shorten(self.block["prompt"], 50, placeholder="…")


@dataclass
class Piece:
    """A part of a Markdown source as it stands; `quiz` is what it holds when it is a directive."""

    source: str
    quiz: Quiz | None = None


def split_quizzes(source: str) -> list[Piece]:
    """`source` cut at each quiz directive. The pieces' sources, joined, are `source` again."""
    pieces: list[Piece] = []
    text: list[str] = []
    lines = source.splitlines(keepends=True)
    index, fence = 0, ""
    while index < len(lines):
        opening = None if fence else _OPENING.match(lines[index])
        if opening is None:
            fence = fence_after(lines[index], fence)
            text.append(lines[index])
            index += 1
            continue
        end = index + 1
        while end < len(lines) and fence_after(lines[end].lstrip(" \t"), opening[1]):
            end += 1
        # Indented in a list it is a quiz all the same: shown as text, it would show its answer.
        quiz = read_quiz(opening[2], textwrap.dedent("".join(lines[index + 1 : end])))
        if end == len(lines):
            quiz.problems.append("its fence is not closed: everything to the end of the cell is taken as the quiz")
        if text:
            pieces.append(Piece("".join(text)))
            text = []
        pieces.append(Piece("".join(lines[index : end + 1]), quiz))
        index = end + 1
    if text:
        pieces.append(Piece("".join(text)))
    return _without_blank_pieces(pieces)


def nested_quizzes(source: str) -> int:
    """How many quiz directives stand inside another directive, where they are not read and would show their key."""
    count, fence, in_directive = 0, "", False
    for line in source.splitlines():
        before, fence = fence, fence_after(line, fence)
        if fence and not before:
            in_directive = bool(re.match(r" {0,3}[`~:]{3,}\{", line)) and not _OPENING.match(line)
        elif fence and in_directive and _OPENING.match(line):
            count += 1
    return count


def _without_blank_pieces(pieces: list[Piece]) -> list[Piece]:
    """Blank lines between two quizzes belong to the quiz before (or after) them, not to a block of their own."""
    kept: list[Piece] = []
    before = ""
    for piece in pieces:
        if piece.quiz is None and not piece.source.strip() and len(pieces) > 1:
            if kept:
                kept[-1].source += piece.source
            else:
                before = piece.source
            continue
        piece.source, before = before + piece.source, ""
        kept.append(piece)
    return kept


def read_quiz(kind: str, text: str) -> Quiz:
    """The quiz block for a directive `{quiz} <kind>` whose body is `text`. Never fails: see `problems`, `missing`."""
    lines = text.splitlines()
    options, start = _options(lines)
    body, explanation = _explanation(lines[start:])
    quiz = Quiz({"type": "quiz", "kind": kind, "prompt": ""})
    _apply_options(quiz, options)
    if kind in ("single", "multiple"):
        missing = _read_choices(quiz, body)
    elif kind == "numeric":
        missing = _read_number(quiz, body)
    elif kind == "text":
        missing = _read_words(quiz, body, options)
    else:
        quiz.block |= {"kind": "text", "prompt": "\n".join(body).strip()}
        missing = f"its kind, one of {', '.join(KINDS)}"
        quiz.problems.append(f"kind {kind[:40]!r} is not one of {', '.join(KINDS)}")
    if not quiz.block["prompt"]:
        quiz.block["prompt"] = "Question"
        missing = missing or "the question"
    cut(quiz, quiz.block, "prompt", MAX_PROMPT)
    if explanation:
        quiz.block["explanation"] = explanation
        cut(quiz, quiz.block, "explanation", MAX_PROMPT)
    quiz.block["graded"] = not missing
    if missing:
        quiz.block["missing"] = missing
        quiz.problems.append(f"is not graded: missing is {missing}")
    return quiz


def _options(lines: list[str]) -> tuple[dict[str, str], int]:
    """The `:key: value` lines at the top, and where the body begins."""
    options: dict[str, str] = {}
    for index, line in enumerate(lines):
        found = _OPTION.match(line)
        if found and found[1] != "explanation":
            options[found[1]] = found[2]
        elif line.strip() or options:
            return options, index
    return options, len(lines)


def _outside_fences(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Each line with whether it is prose: not inside a code fence, also of one that opens beside a choice's mark."""
    fence, in_choices = "", False
    for line in lines:
        yield line, not fence
        choice = None if fence else _CHOICE.match(line)
        in_choices = in_choices or choice is not None
        fence = fence_after((choice[2] or "") if choice else line.lstrip() if in_choices else line, fence)


def _explanation(lines: list[str]) -> tuple[list[str], str]:
    """The body before the `:explanation:` line, and the text after it."""
    for index, (line, is_prose) in enumerate(_outside_fences(lines)):
        found = _OPTION.match(line) if is_prose else None
        if found and found[1] == "explanation":
            return lines[:index], "\n".join([found[2], *lines[index + 1 :]]).strip()
    return lines, ""


def _apply_options(quiz: Quiz, options: dict[str, str]) -> None:
    own_id = options.pop("id", "")
    if own_id and BLOCK_ID.fullmatch(own_id):
        quiz.id = own_id
    elif own_id:
        quiz.problems.append(f"id {own_id[:80]!r} is not a valid id and is not used")
    quiz.block["points"] = _points(quiz, options.pop("points", "1"))
    quiz.block["attempts"] = _attempts(quiz, options.pop("attempts", "unlimited"))
    if "partial-credit" in options:
        quiz.block["partial_credit"] = _flag(quiz, options, "partial-credit")
    for name in options:
        if name not in ("case-sensitive", "partial-credit"):
            quiz.problems.append(f"option {name[:40]!r} is not known")


def _points(quiz: Quiz, value: str) -> int | float:
    try:
        points = float(value)
    except ValueError:
        points = -1.0
    if not 0 <= points <= MAX_POINTS:
        quiz.problems.append(f"points {value[:40]!r} is not a number from 0 to {MAX_POINTS}; 1 is taken")
        return 1
    return int(points) if points.is_integer() else points


def _attempts(quiz: Quiz, value: str) -> int | None:
    if value.lower() in ("", "unlimited", "none"):
        return None
    if not re.fullmatch(r"[0-9]{1,4}", value) or not 1 <= int(value) <= MAX_ATTEMPTS:
        quiz.problems.append(f"attempts {value[:40]!r} is not a whole number from 1 to {MAX_ATTEMPTS}; unlimited")
        return None
    return int(value)


def _flag(quiz: Quiz, options: dict[str, str], name: str) -> bool:
    value = options.get(name, "false").lower()
    if value not in ("true", "false", "yes", "no", ""):
        quiz.problems.append(f"{name} {value[:40]!r} is neither true nor false; false is taken")
    return value in ("true", "yes", "")


@dataclass
class Choice:
    """A choice as read: its first line, the lines that continue it, and its feedback in lines."""

    first: str
    correct: bool
    more: list[str] = field(default_factory=list)
    feedback: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The line after the mark and its continuation, which is indented."""
        return "\n".join([self.first, *textwrap.dedent("\n".join(self.more)).splitlines()]).strip()


def _read_choices(quiz: Quiz, lines: list[str]) -> str:
    """Fill prompt and choices; say what is missing, or ""."""
    prompt: list[str] = []
    choices: list[Choice] = []
    after_blank = False
    for line, is_prose in _outside_fences(lines):
        found = _CHOICE.match(line) if is_prose else None
        if found:
            choices.append(Choice(first=found[2] or "", correct=found[1] != " "))
        elif not choices:
            prompt.append(line)
        elif is_prose and (said := _FEEDBACK.match(line)):
            choices[-1].feedback.append(said[1])
        elif after_blank and line.strip() and not line[0].isspace():
            quiz.problems.append(f"text after the choices is taken into the question: {line[:40]!r}")
            prompt.append(line)
        else:
            choices[-1].more.append(line)
        after_blank = not line.strip()
    quiz.block["prompt"] = "\n".join(prompt).strip()
    if len(choices) > MAX_CHOICES:
        quiz.problems.append(f"has {len(choices)} choices; the first {MAX_CHOICES} are kept")
    quiz.block["choices"] = choice_objects(quiz, choices[:MAX_CHOICES])
    return missing_key(quiz)


def choice_objects(quiz: Quiz, choices: list[Choice]) -> list[dict[str, Any]]:
    """The choices as a quiz block has them, each under an id made of its text."""
    names = Names()
    objects = []
    for number, choice in enumerate(choices, 1):
        text = choice.text
        if not text:
            quiz.problems.append(f"choice {number} is empty")
            text = "(empty)"
        # An id made of the text: an answer sent from a page of yesterday never means another choice of today.
        name = names.take("c" + hashlib.sha256(text.encode()).hexdigest()[:10])
        if "-" in name:
            quiz.problems.append(f"choice {number} says the same as an earlier one")
        entry: dict[str, Any] = {"id": name, "text": text, "correct": choice.correct}
        cut(quiz, entry, "text", MAX_CHOICE_TEXT)
        if feedback := "\n".join(choice.feedback).strip():
            entry["feedback"] = feedback
            cut(quiz, entry, "feedback", MAX_CHOICE_TEXT)
        objects.append(entry)
    return objects


def missing_key(quiz: Quiz) -> str:
    """What the key of a choice question lacks, or ""."""
    choices = quiz.block["choices"]
    right = sum(choice["correct"] for choice in choices)
    if len(choices) < 2:
        return "the choices, at least two"
    if not right:
        return "which choice is right"
    if right > 1 and quiz.block["kind"] == "single":
        return f"which of the {right} choices marked right is the one"
    return ""


def _answers(lines: list[str]) -> tuple[str, list[str]]:
    """The question, and the `= …` lines below it."""
    prompt, answers = [], []
    for line, is_prose in _outside_fences(lines):
        found = _ANSWER.match(line) if is_prose else None
        if found and not re.fullmatch(r"=+", found[1]):
            answers.append(found[1])
        else:
            prompt.append(line)
    return "\n".join(prompt).strip(), answers


def _read_number(quiz: Quiz, lines: list[str]) -> str:
    quiz.block["prompt"], answers = _answers(lines)
    if not answers:
        return "the answer, a line such as = 0.25 +- 0.01"
    if len(answers) > 1:
        quiz.problems.append(f"has {len(answers)} answers; the first is taken")
    found = _NUMERIC.match(answers[0])
    if not found:
        quiz.problems.append(f"the answer {answers[0][:60]!r} is not a number")
        return "the answer, a number"
    value, tolerance = _float(found[1]), abs(_float(found[2] or "0"))
    if found[3]:
        tolerance = abs(value) * tolerance / 100
    if value in (float("inf"), float("-inf")) or tolerance == float("inf"):
        quiz.problems.append(f"the answer {answers[0][:60]!r} is too large")
        return "the answer, a number"
    answer: dict[str, Any] = {"value": value, "tolerance": tolerance}
    if found[4]:
        answer["units"] = found[4][:100]
    quiz.block["answer"] = answer
    return ""


def _float(text: str) -> int | float:
    value = float(text.replace("\u2212", "-"))
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _read_words(quiz: Quiz, lines: list[str], options: dict[str, str]) -> str:
    quiz.block["prompt"], answers = _answers(lines)
    if not answers:
        return "the answer, a line such as = overfitting for each word that counts"
    quiz.block["answer"] = {
        "accepted": [answer[:1_000] for answer in answers[:100]],
        "case_sensitive": _flag(quiz, options, "case-sensitive"),
    }
    return ""


def cut(quiz: Quiz, place: dict[str, Any], field_name: str, most: int) -> None:
    """Shorten a text that is over its bound, and say so."""
    if len(place[field_name]) > most:
        quiz.problems.append(f"its {field_name} has over {most:,} characters and is cut there")
        place[field_name] = place[field_name][:most]
