"""A quiz block as the `{quiz}` directive that an author would write. The other way round is `quizzes.py`.

Knows text only. Whether a directive reads back as the same quiz is asked of the reader itself.
"""

import re
import textwrap
from typing import Any

from courses.content.quizzes import split_quizzes

_SAID = ("kind", "prompt", "points", "attempts", "partial_credit", "graded", "answer", "explanation")


def write_quiz(block: dict[str, Any]) -> str:
    """The directive for a quiz block, with its id; ends without a line break."""
    lines = [f":id: {block['id']}", f":points: {block['points']}"]
    if block["attempts"] is not None:
        lines.append(f":attempts: {block['attempts']}")
    if "partial_credit" in block:
        lines.append(f":partial-credit: {str(block['partial_credit']).lower()}")
    answer = block.get("answer", {})
    if block["kind"] == "text" and answer.get("case_sensitive"):
        lines.append(":case-sensitive: true")
    lines += ["", block["prompt"].strip(), ""]
    if block["kind"] in ("single", "multiple"):
        lines += [line for choice in block.get("choices", ()) for line in _choice(choice)]
    elif block["kind"] == "numeric" and answer:
        lines.append(_number(answer))
    else:
        lines += [f"= {word}" for word in answer.get("accepted", ())]
    if block.get("explanation"):
        lines += ["", ":explanation:", block["explanation"].strip()]
    body = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"^[ \t]*(`{3,})", body, re.M)), default=0))
    return f"{fence}{{quiz}} {block['kind']}\n{body}\n{fence}"


def quiz_reads_back(block: dict[str, Any], source: str) -> bool:
    """Whether `source` is read as the one quiz that `block` is, but for the ids of its choices."""
    pieces = split_quizzes(source)
    read = pieces[0].quiz if len(pieces) == 1 else None
    return read is not None and _said(read.block) == _said(block)


def _said(block: dict[str, Any]) -> dict[str, Any]:
    said = {name: block[name] for name in _SAID if name in block}
    said |= {name: _without_blanks(said[name]) for name in ("prompt", "explanation") if name in said}
    choices = [
        (_level(choice["text"]), choice["correct"], _without_blanks(choice.get("feedback", "")))
        for choice in block.get("choices", ())
    ]
    return said | {"choices": choices}


def _level(text: str) -> str:
    """The text without an indentation that all lines below the first share, which says nothing and is not read."""
    first, _, more = _without_blanks(text).partition("\n")
    return f"{first}\n{textwrap.dedent(more)}" if more else first


def _without_blanks(text: str) -> str:
    """The text with empty lines for those of blanks alone."""
    return re.sub(r"(?m)^[ \t]+$", "", text).strip()


def _choice(choice: dict[str, Any]) -> list[str]:
    first, _, more = choice["text"].strip().partition("\n")
    lines = [f"- [{'x' if choice['correct'] else ' '}] {first}"]
    lines += textwrap.indent(more, "  ").split("\n") if more else []
    if choice.get("feedback"):
        lines += [f"  > {line}".rstrip() for line in choice["feedback"].strip().split("\n")]
    return lines


def _number(answer: dict[str, Any]) -> str:
    text = f"= {answer['value']}"
    if answer["tolerance"]:
        text += f" +- {answer['tolerance']}"
    return f"{text} {answer['units']}" if answer.get("units") else text
