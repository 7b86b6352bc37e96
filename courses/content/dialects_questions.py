"""The scikit-learn MOOC's wrap-up questions: an admonition titled Question with lettered options and no key.

Reads the text of one admonition. Which admonitions there are is found in `dialects_text.py`.
"""

import re
import textwrap

from courses.content.dialects_fences import code_lines
from courses.content.dialects_quizzes import choice_quiz
from courses.content.quizzes import Choice, Quiz

_TITLE = re.compile(r"[\W_]*(?:quiz\s+)?question\b[\s\d.:#]*", re.I)
_OPTION = re.compile(r" {0,3}[-*+][ \t]+(?:\*\*)?\(?([a-zA-Z])[).](?:\*\*)?[ \t]+(.*)")
_SELECT = r"[ \t]*[_*(]{0,3}(?:select|choose|pick|check|mark)\s+"
_SINGLE = re.compile(_SELECT + r"(?:a\s+single|only\s+one|one|the\s+(?:right|correct|best))\b[^\n]*", re.I)
_SEVERAL = re.compile(_SELECT + r"(?:all|several|every|one\s+or\s+(?:more|several)|multiple)\b[^\n]*", re.I)


def is_question(title: str, body: str) -> bool:
    """Whether an admonition is a question with options."""
    return bool(_TITLE.fullmatch(title)) and any(_OPTION.match(line) for line in body.splitlines())


def read_question(body: str) -> Quiz:
    """The draft that an admonition's `body` is: prompt, options, kind; its key is what is missing."""
    lines = body.splitlines()
    prompt: list[str] = []
    choices: list[Choice] = []
    kind, is_over, after_blank = "", False, False
    for line, is_code in zip(lines, code_lines([f"{line}\n" for line in lines]), strict=True):
        option = None if is_code else _OPTION.match(line)
        instruction = None if is_code or option else _instruction(line)
        if instruction:
            kind, is_over = instruction, bool(choices)
        elif option and not is_over:
            choices.append(Choice(first=option[2], correct=False))
        elif choices and not is_over and (is_code or not line.strip() or line[0].isspace() or not after_blank):
            choices[-1].more.append(line)
        else:
            is_over = bool(choices)
            prompt.append(line)
        after_blank = not line.strip()
    return choice_quiz(textwrap.dedent("\n".join(prompt)), choices, kind=kind or "single", has_key=False)


def _instruction(line: str) -> str:
    if _SEVERAL.fullmatch(line.rstrip()):
        return "multiple"
    return "single" if _SINGLE.fullmatch(line.rstrip()) else ""
