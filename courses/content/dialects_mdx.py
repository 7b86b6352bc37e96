"""`<Question choices={[…]} />` of MDX courses as quizzes; the JavaScript in it is read as data and never run.

Owns a reader of JavaScript literals: objects, arrays, the three kinds of string, numbers, words, comments, trailing
commas and JSX as text. Anything else (a call, a variable) makes the question a draft, not an error.
"""

import re
from typing import Any

from courses.content.dialects_quizzes import choice_quiz, draft_quiz
from courses.content.quizzes import Choice, Quiz

OPENING = re.compile(r"<(?:Question|Quiz|MultipleChoice)(?=[\s/>])")
MAX_DEPTH, MAX_LENGTH = 20, 50_000

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.S)
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w:-]*)\s*(=)?")
_WORDS = {"true": True, "false": False, "null": None, "undefined": None}


class NotALiteral(ValueError):
    """JavaScript that is more than data; the message says where it stops being so."""


def read_element(text: str, start: int) -> tuple[dict[str, Any], int]:
    """The attributes of the JSX element that opens at `start`, and where it ends. Raises NotALiteral."""
    reader = _Reader(text[: start + MAX_LENGTH], start + 1)
    name = reader.word()
    attributes: dict[str, Any] = {}
    while True:
        reader.space()
        if reader.take("/>"):
            return attributes, reader.at
        if reader.take(">"):
            closing = text.find(f"</{name}>", reader.at)
            if closing < 0:
                raise NotALiteral(f"<{name}> is not closed")
            return attributes, closing + len(name) + 3
        found = _ATTRIBUTE.match(reader.text, reader.at)
        if not found:
            raise NotALiteral(f"an attribute was expected at {reader.text[reader.at : reader.at + 20]!r}")
        reader.at = found.end()
        attributes[found[1]] = reader.attribute() if found[2] else True


def read_question(text: str, start: int, prompt: str) -> tuple[Quiz, int]:
    """The quiz for the element at `start`, and where it ends; never fails: what cannot be read is a draft."""
    try:
        attributes, end = read_element(text, start)
    except (NotALiteral, RecursionError) as error:
        end = _end_of_element(text, start)
        return draft_quiz(
            prompt, "its choices, which could not be read", f"its choices could not be read: {error}"
        ), end
    prompt = next(
        (value for key in ("question", "prompt", "text") if isinstance(value := attributes.get(key), str)), prompt
    )
    found = attributes.get("choices", attributes.get("options", attributes.get("answers")))
    if not isinstance(found, list) or not found:
        return draft_quiz(prompt, "its choices", "it has no list of choices"), end
    choices = [_choice(item) for item in found]
    if None in choices:
        quiz = choice_quiz(prompt, [choice for choice in choices if choice], has_key=False)
        quiz.problems.append("one of its choices has no text")
        return quiz, end
    return choice_quiz(prompt, [choice for choice in choices if choice]), end


def _choice(item: Any) -> Choice | None:
    if isinstance(item, str):
        return Choice(first=item, correct=False)
    if not isinstance(item, dict):
        return None
    text = next((item[key] for key in ("text", "label", "answer") if isinstance(item.get(key), str)), "")
    if not text.strip():
        return None
    correct = item.get("correct", item.get("isCorrect", False))
    explain = next((item[key] for key in ("explain", "explanation", "feedback") if isinstance(item.get(key), str)), "")
    right = correct is True or (isinstance(correct, str) and correct.strip().lower() == "true")
    return Choice(first=text.strip(), correct=right, feedback=explain.strip().splitlines())


def _end_of_element(text: str, start: int) -> int:
    """Where an element that cannot be read is over: its first `/>` at the end of a line, else a blank line."""
    closed = re.compile(r"/>[ \t]*(?:\r?\n|\Z)|</(?:Question|Quiz|MultipleChoice)>").search(text, start)
    return closed.end() if closed else len(text)


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self.text, self.at, self.depth = text, at, 0

    def space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def word(self) -> str:
        found = _WORD.match(self.text, self.at)
        if not found:
            raise NotALiteral(f"a name was expected at {self.text[self.at : self.at + 20]!r}")
        self.at = found.end()
        return found[0]

    def attribute(self) -> Any:
        """`"text"`, or `{value}`."""
        self.space()
        if self.text[self.at : self.at + 1] in ("'", '"'):
            mark = self.text[self.at]
            end = self.text.find(mark, self.at + 1)
            if end < 0:
                raise NotALiteral("a string is not closed")
            value, self.at = self.text[self.at + 1 : end], end + 1
            return value
        if not self.take("{"):
            raise NotALiteral("an attribute has no value")
        value = self.value()
        self.space()
        if not self.take("}"):
            raise NotALiteral(f"more than data at {self.text[self.at : self.at + 20]!r}")
        return value

    def value(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotALiteral("is nested too deep")
        self.space()
        first = self.text[self.at : self.at + 1]
        if first == "{":
            value: Any = self.object()
        elif first == "[":
            value = self.array()
        elif first in ("'", '"', "`") and first:
            value = self.joined()
        elif first == "<":
            value = self.jsx()
        elif first == "(":
            self.at += 1
            value = self.value()
            self.space()
            if not self.take(")"):
                raise NotALiteral("a bracket is not closed")
        elif number := _NUMBER.match(self.text, self.at):
            self.at = number.end()
            value = float(number[0].replace("_", ""))
        else:
            name = self.word()
            if name not in _WORDS:
                raise NotALiteral(f"{name[:40]!r} is no value")
            value = _WORDS[name]
        self.depth -= 1
        return value

    def joined(self) -> str:
        """A string, or several with `+` between them."""
        value = self.string()
        while True:
            before = self.at
            self.space()
            if not self.take("+"):
                self.at = before
                return value
            self.space()
            value += self.string()

    def string(self) -> str:
        mark = self.text[self.at : self.at + 1]
        if mark not in ("'", '"', "`") or not mark:
            raise NotALiteral("text was expected")
        self.at += 1
        parts: list[str] = []
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter == mark:
                return "".join(parts)
            if letter == "\\":
                parts.append(self.escape())
            elif mark == "`" and letter == "$" and self.text.startswith("{", self.at):
                raise NotALiteral("a template holds an expression")
            else:
                parts.append(letter)
        raise NotALiteral("a string is not closed")

    def escape(self) -> str:
        letter = self.text[self.at : self.at + 1]
        self.at += 1
        code = re.compile(r"u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})").match(self.text, self.at - 1)
        if not code:
            return _ESCAPES.get(letter, letter)
        self.at = code.end()
        number = int(code[1] or code[2] or code[3], 16)
        # A NUL or half of a surrogate pair cannot be stored as text.
        return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\N{REPLACEMENT CHARACTER}"

    def array(self) -> list[Any]:
        self.at += 1
        values: list[Any] = []
        while True:
            self.space()
            if self.take("]"):
                return values
            values.append(self.value())
            self.space()
            if not self.take(",") and not self.text.startswith("]", self.at):
                raise NotALiteral(f"a comma was expected at {self.text[self.at : self.at + 20]!r}")

    def object(self) -> dict[str, Any]:
        self.at += 1
        values: dict[str, Any] = {}
        while True:
            self.space()
            if self.take("}"):
                return values
            first = self.text[self.at : self.at + 1]
            key = self.string() if first in ("'", '"') and first else self.word()
            self.space()
            if not self.take(":"):
                raise NotALiteral(f"a value was expected after {key[:40]!r}")
            values[key] = self.value()
            self.space()
            if not self.take(",") and not self.text.startswith("}", self.at):
                raise NotALiteral(f"a comma was expected at {self.text[self.at : self.at + 20]!r}")

    def jsx(self) -> str:
        """An element as the text that it is, `<>` and `</>` taken off: Markdown reads the HTML in it."""
        start, depth = self.at, 0
        for tag in re.compile(r"<(/?)([A-Za-z][\w.]*)?[^<>]*?(/?)>").finditer(self.text, self.at):
            depth += -1 if tag[1] else 0 if tag[3] or tag[2] in ("br", "img", "hr") else 1
            if depth <= 0:
                self.at = tag.end()
                return re.sub(r"\A<>|</>\Z", "", self.text[start : self.at]).strip()
        raise NotALiteral("an element is not closed")
