"""Open edX's problems (OLX) as quizzes: choices, options, numbers and words with their keys; all else as drafts.

The XML is read with Python's own parser within bounds; a document type or an entity is refused, as both can make a
small file large. Scripts in a problem are never run: what they compute is what a draft lacks.
"""

import re
from collections.abc import Iterator
from html import escape
from typing import Any
from xml.etree import ElementTree  # noqa: S405 (read by `_parsed` alone, which refuses entities and bounds what is read)

from courses.content.dialects_quiz_json import truth
from courses.content.dialects_quizzes import choice_quiz, draft_quiz, number_quiz, words_quiz
from courses.content.quizzes import Choice, Quiz

MAX_BYTES, MAX_ELEMENTS, MAX_DEPTH = 1_000_000, 20_000, 40

_CHOICES = {"multiplechoiceresponse": "single", "truefalseresponse": "single", "choiceresponse": "multiple"}
_PRIVATE = frozenset({"solution", "script", "responseparam", "additional_answer"})
_INPUTS = frozenset({"choicegroup", "checkboxgroup", "radiogroup", "optioninput", "textline", "formulaequationinput"})
_KEPT = frozenset({"b", "strong", "i", "em", "code", "sub", "sup", "pre", "ul", "ol", "li", "table", "tr", "td", "th"})
_MATHJAX = re.compile(r"\[(/?)mathjax(inline)?\]")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_RANGE = re.compile(rf"[\[(]\s*({_NUMBER.pattern})\s*,\s*({_NUMBER.pattern})\s*[\])]")
_OPTION = re.compile(r"'([^']{1,500})'|\"([^\"]{1,500})\"")


class ProblemRefused(ValueError):
    """XML that is not read; the message says why."""


def read_problem(text: str) -> list[Quiz]:
    """The questions of an OLX problem in order. Raises ProblemRefused; [] when it asks none."""
    root = _parsed(text)
    problems = [root] if root.tag == "problem" else list(root.iter("problem"))
    return [quiz for problem in problems for quiz in _questions(problem)]


def _parsed(text: str) -> ElementTree.Element:
    if len(text) > MAX_BYTES:
        raise ProblemRefused(f"is over {MAX_BYTES:,} characters")
    if re.search(r"<!\s*(?:DOCTYPE|ENTITY)", text, re.I):
        raise ProblemRefused("has a document type or an entity, which are not read")
    # Its declared encoding would be taken for that of the text, which is decoded already.
    text = re.sub(r"\A\s*<\?xml[^<>]{0,200}\?>", "", text)
    parser: Any = ElementTree.XMLPullParser(("start", "end"))
    depth = count = 0
    root: ElementTree.Element | None = None
    try:
        for start in range(0, len(text), 4_096):
            parser.feed(text[start : start + 4_096])
            for event, element in parser.read_events():
                root = element if root is None else root
                depth += 1 if event == "start" else -1
                count += event == "start"
                if depth > MAX_DEPTH or count > MAX_ELEMENTS:
                    raise ProblemRefused(f"is nested over {MAX_DEPTH} deep, or has over {MAX_ELEMENTS:,} elements")
        parser.close()
    except (ElementTree.ParseError, ValueError) as error:
        raise error if isinstance(error, ProblemRefused) else ProblemRefused(f"is faulty XML: {error}") from error
    if root is None:
        raise ProblemRefused("is empty")
    return root


def _questions(problem: ElementTree.Element) -> Iterator[Quiz]:
    """A question for each response; the words since the one before it are its prompt."""
    title = (problem.get("display_name") or "").strip()
    explanation = "\n\n".join(_words(found, inside=True) for found in problem.iter("solution")).strip()
    prompt: list[str] = []
    for element in _flat(problem):
        if not element.tag.endswith("response"):
            prompt.append(_words(element))
            continue
        words = "\n\n".join(part for part in (*prompt, *_labels(element)) if part.strip()) or title
        prompt = []
        quiz = _question(element, words, explanation)
        _settle(quiz, problem)
        yield quiz


def _flat(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The children of a problem, in order; one that holds a response gives its own children."""
    for child in element:
        if not child.tag.endswith("response") and any(inner.tag.endswith("response") for inner in child.iter()):
            if child.text and child.text.strip():
                text = ElementTree.Element("p")
                text.text = child.text
                yield text
            yield from _flat(child)
        else:
            yield child


def _labels(response: ElementTree.Element) -> Iterator[str]:
    for child in response:
        if child.tag not in _INPUTS:
            yield _words(child)
    for group in response:
        for label in group.iter("label") if group.tag in _INPUTS else ():
            yield _words(label)


def _question(response: ElementTree.Element, prompt: str, explanation: str) -> Quiz:
    if response.tag in _CHOICES:
        return _choice_question(response, prompt, explanation)
    if response.tag == "optionresponse":
        return _option_question(response, prompt, explanation)
    answer = (response.get("answer") or "").strip()
    if response.tag == "numericalresponse":
        return _number_question(response, prompt, answer, explanation)
    if response.tag == "stringresponse" and "regexp" not in (response.get("type") or "") and "$" not in answer:
        accepted = [answer, *((more.get("answer") or "") for more in response.iter("additional_answer"))]
        strict = "ci" not in (response.get("type") or "").split()
        return words_quiz(prompt, accepted, case_sensitive=strict, explanation=explanation)
    what = f"its check, a {response.tag[:40]} of Open edX, which is not run here"
    return draft_quiz(prompt, what)


def _choice_question(response: ElementTree.Element, prompt: str, explanation: str) -> Quiz:
    choices: list[Choice] = []
    faults = False
    for element in response.iter("choice"):
        correct = truth(element.get("correct", "false"))
        faults = faults or correct is None
        feedback = "\n\n".join(_words(hint, inside=True) for hint in element.findall("choicehint"))
        choices.append(Choice(first=_words(element), correct=correct is True, feedback=feedback.splitlines()))
    quiz = choice_quiz(prompt, choices, kind=_CHOICES[response.tag], explanation=explanation, has_key=not faults)
    if response.get("partial_credit") and quiz.block["kind"] == "multiple":
        quiz.block["partial_credit"] = True
    return quiz


def _option_question(response: ElementTree.Element, prompt: str, explanation: str) -> Quiz:
    choices: list[Choice] = []
    for menu in list(response.iter("optioninput"))[:1]:
        right = (menu.get("correct") or "").strip()
        for found in _OPTION.finditer(menu.get("options") or ""):
            text = (found[1] or found[2]).strip()
            choices.append(Choice(first=escape(text, quote=False), correct=text == right))
        for option in menu.iter("option"):
            hints = "\n\n".join(_words(hint, inside=True) for hint in option.findall("optionhint"))
            is_right = truth(option.get("correct", "false")) is True
            choices.append(Choice(first=_words(option), correct=is_right, feedback=hints.splitlines()))
    return choice_quiz(prompt, choices, kind="single", explanation=explanation)


def _number_question(response: ElementTree.Element, prompt: str, answer: str, explanation: str) -> Quiz:
    bounds = _RANGE.fullmatch(answer)
    if bounds:
        low, high = sorted((float(bounds[1]), float(bounds[2])))
        return number_quiz(prompt, (low + high) / 2, (high - low) / 2, explanation=explanation)
    if not _NUMBER.fullmatch(answer):
        return draft_quiz(prompt, "the answer, a number: its own is computed")
    given = next((found.get("default", "") for found in response.iter("responseparam")), "")
    wanted = re.fullmatch(rf"({_NUMBER.pattern})\s*(%?)", given.strip())
    tolerance = float(wanted[1]) if wanted else 0.0
    if wanted and wanted[2]:
        tolerance = abs(float(answer)) * tolerance / 100
    return number_quiz(prompt, float(answer), tolerance, explanation=explanation)


def _settle(quiz: Quiz, problem: ElementTree.Element) -> None:
    weight, attempts = problem.get("weight") or "", problem.get("max_attempts") or ""
    if _NUMBER.fullmatch(weight) and 0 <= float(weight) <= 1_000:
        points = float(weight)
        quiz.block["points"] = int(points) if points.is_integer() else points
    if attempts.isdecimal() and 1 <= len(attempts) <= 3 and int(attempts) > 0:
        quiz.block["attempts"] = int(attempts)


def _words(element: ElementTree.Element, *, inside: bool = False) -> str:
    """What an element says as Markdown, without what is private; `inside` a private one itself."""
    if (element.tag in _PRIVATE or element.tag.endswith("hint")) and not inside:
        return ""
    parts = [_text(element.text)]
    for child in element:
        words = _words(child)
        if child.tag == "img" and child.get("src"):
            words = f"![{_text(child.get('alt'))}]({_place(child.get('src', ''))})"
        elif child.tag in _KEPT:
            words = f"<{child.tag}>{words}</{child.tag}>"
        elif child.tag in ("p", "div", "label", "description", "h1", "h2", "h3", "h4"):
            words = f"\n\n{words}\n\n"
        elif child.tag == "br":
            words = "\n"
        parts += [words, _text(child.tail)]
    return re.sub(r"\n\s*\n\s*", "\n\n", "".join(parts)).strip() if element.tag not in _KEPT else "".join(parts)


def _place(address: str) -> str:
    return re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", address)


def _text(words: str | None) -> str:
    """Words of XML in Markdown: a tag in them is text, edX's marks for formulas are TeX's."""
    plain = escape(words or "", quote=False)
    return _MATHJAX.sub(
        lambda found: ("\\)" if found[1] else "\\(") if found[2] else "\\]" if found[1] else "\\[", plain
    )
