"""Publishing compiles: a lesson body becomes what learners read, and apart from it what only grading may read.

Owns the line between public and private: `_PUBLIC` is an allow-list, so a field that is added to a block stays private
until someone says otherwise. Nothing here is done again when a page is asked for. Knows no models.

Whoever changes what comes out of a body raises COMPILER_VERSION: then `recompile_lessons` brings stored revisions up.
"""

import hashlib
import json
import math
import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from courses.content.choices import without_authors_order
from courses.content.exercise_setup import Setup, exercise_setups
from courses.content.exercises import MAX_PACKAGES, PACKAGES
from courses.content.judging import block_checks
from courses.content.markdown import RenderContext
from courses.content.mathematics import to_text
from courses.content.paging import paginate
from courses.content.python_source import imported_modules, parse_python
from courses.content.rendering import render_blocks, render_keys
from courses.content.schema import BodyInvalid, validate_body

COMPILER_VERSION = 2
MAX_TEXT = 200_000
WORDS_A_MINUTE = 200
CODE_LINES_A_MINUTE = 20
MINUTES = {"quiz": 1.0, "exercise": 5.0, "predictions": 15.0, "video": 5.0}

# What a learner may see of each block besides "id" and "type". Everything else is key or kept for export only.
_PUBLIC: dict[str, tuple[str, ...]] = {
    "markdown": ("source", "assets", "links"),
    "code": ("source", "language", "run", "run_note", "title", "assets"),
    "image": ("asset", "alt", "caption", "width", "height"),
    "callout": ("kind", "title", "source", "assets", "links"),
    "video": ("url", "title"),
    "quiz": ("kind", "prompt", "points", "attempts", "partial_credit", "graded", "assets", "links"),
    "exercise": ("title", "prompt", "starter", "checks", "packages", "points", "language", "assets", "links"),
    "predictions": ("prompt", "data", "metric", "threshold", "tries_per_day", "points", "assets", "links"),
    "divider": (),
}
# Grading's part. What is in neither list ("metadata", "cells", "attachments") stays in the body alone.
_KEY: dict[str, tuple[str, ...]] = {
    "quiz": ("answer", "explanation", "missing"),
    "exercise": ("solution", "hidden_checks", "hints"),
    "predictions": ("labels",),
}
_OUTPUT_FIELDS = ("output_type", "name", "text", "data", "ename", "evalue", "traceback", "execution_count")


@dataclass(frozen=True)
class FormulaReport:
    """Formulas in the lesson, and those shown as source: `{"block", "tex", "reason"}`."""

    total: int
    failed: list[dict[str, str]]


@dataclass(frozen=True)
class Compiled:
    """One body, compiled. `html` has a part for every block, also an empty one; `minutes` is at least 1.

    `checks` are the judged blocks as `judging.block_checks` has them: like `key` for grading alone. `setup_problems`
    say by block id what an exercise would need and has not.
    """

    public: dict[str, Any]
    key: dict[str, dict[str, Any]]
    checks: dict[str, dict[str, Any]]
    html: list[dict[str, Any]]
    toc: list[dict[str, Any]]
    text: str
    checksum: str
    minutes: int
    formulas: FormulaReport
    setup_problems: dict[str, str]


def compile_body(body: dict[str, Any], *, title: str = "") -> Compiled:
    """Compile `body`: the same result for the same body and title. Raises BodyInvalid for a faulty one."""
    if errors := validate_body(body):
        raise BodyInvalid(errors)
    # Before anything is rendered: the number of a formula or a note in a choice would tell its place, too.
    blocks = [without_authors_order(block) for block in body["blocks"]]
    context = RenderContext()
    html = render_blocks(blocks, context, title=title)
    text = _plain_text(html, blocks)
    contents = list(context.toc)  # before the private texts are rendered: a heading of an answer is none of the page's
    rendered = render_keys(blocks, context)
    setups = exercise_setups(blocks)
    checks = block_checks(blocks, setups)
    html, contents = paginate(html, contents)
    return Compiled(
        public={"version": 1, "blocks": [_public(block, setups.get(block["id"], Setup())) for block in blocks]},
        key={block["id"]: key for block in blocks if (key := _private(block, rendered.get(block["id"])))},
        checks=checks,
        html=html,
        toc=contents,
        text=text,
        checksum=checksum(body),
        minutes=_minutes(text, blocks),
        formulas=FormulaReport(context.formulas_total, context.formulas_failed),
        setup_problems={name: setup.problem for name, setup in setups.items() if setup.problem and name in checks},
    )


def checksum(body: dict[str, Any]) -> str:
    """SHA-256, in hex, of the body as canonical JSON: equal bodies have equal ones whatever the order of their keys."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _public(block: dict[str, Any], setup: Setup) -> dict[str, Any]:
    fields = ("id", "type", *_PUBLIC[block["type"]])
    public = {name: block[name] for name in fields if name in block}
    match block["type"]:
        case "code":
            public["outputs"] = [
                {name: output[name] for name in _OUTPUT_FIELDS if name in output} for output in block["outputs"]
            ]
        case "quiz":
            if "choices" in block:
                public["choices"] = [{"id": choice["id"], "text": choice["text"]} for choice in block["choices"]]
            if block["kind"] == "numeric" and "units" in block.get("answer", {}):
                public["units"] = block["answer"]["units"]
        case "exercise":
            public["hint_count"] = len(block["hints"])
            public["hidden_check_count"] = len(block["hidden_checks"])
            public["has_solution"] = bool(block["solution"].strip())
            public["setup"] = setup.source
            public["packages"] = _packages(block, setup)
    return public


def _packages(block: dict[str, Any], setup: Setup) -> list[str]:
    """The exercise's own packages, then those that its setup imports: without them the setup itself would fail."""
    tree = parse_python(setup.source)
    imported = sorted({PACKAGES[name] for name in imported_modules(tree) if name in PACKAGES}) if tree else []
    return list(dict.fromkeys([*block["packages"], *imported]))[:MAX_PACKAGES]


def _private(block: dict[str, Any], rendered: dict[str, Any] | None) -> dict[str, Any]:
    key = {name: block[name] for name in _KEY.get(block["type"], ()) if name in block}
    if block["type"] == "quiz" and "choices" in block:
        key["choices"] = [
            {name: choice[name] for name in ("id", "correct", "feedback") if name in choice}
            for choice in block["choices"]
        ]
    if rendered:
        key["html"] = rendered
    return key


_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_ANCHOR = re.compile(r'<a [^<>]*class="anchor"[^<>]*>#</a>')
_OUTPUT = re.compile(r'<div class="cell-output">.*\Z', re.DOTALL)
_BLOCK_END = re.compile(r"</(?:p|h[1-6]|li|td|th|tr|pre|div|dt|dd|summary|figcaption|section)>|<br>")


def _plain_text(html: list[dict[str, Any]], blocks: list[dict[str, Any]]) -> str:
    """For search: the words of every part, without outputs; from the rendered parts, which hold no answer."""
    texts = []
    for part, block in zip(html, blocks, strict=True):
        if block["type"] == "code":
            texts.append(block["source"])
            continue
        shown = _ANCHOR.sub("", _OUTPUT.sub("", part["html"]))
        shown = _MATH.sub(lambda found: to_text(found[0]).replace("&", "&amp;").replace("<", "&lt;"), shown)
        shown = re.sub(r"<[^<>]*>", "", _BLOCK_END.sub("\n", shown))
        texts.append(unescape(shown))
    text = "\n".join(texts)
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()[:MAX_TEXT]


def _minutes(text: str, blocks: list[dict[str, Any]]) -> int:
    code = "\n".join(block["source"] for block in blocks if block["type"] == "code" and block["run"] != "hidden")
    words = max(0, len(text.split()) - len(code.split()))
    lines = sum(bool(line.strip()) for line in code.split("\n"))
    doing = sum(MINUTES.get(block["type"], 0.0) for block in blocks)
    return max(1, math.ceil(words / WORDS_A_MINUTE + lines / CODE_LINES_A_MINUTE + doing))
