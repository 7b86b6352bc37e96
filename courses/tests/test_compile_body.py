"""Compiling parts what learners read from what only grading may read, the same way every time."""

import copy
import json
import re
from typing import Any

import pytest

from courses.content.compiling import Compiled, compile_body
from courses.content.hashes import check_hashes
from courses.content.schema import BLOCK_TYPES, BodyInvalid

PUBLIC_MARK = "seen-by-learners"
SECRET = "CANARY"  # in every private field; a search for it finds a leak

CHOICES = [
    {"id": "a", "text": f"{PUBLIC_MARK} one", "correct": True, "feedback": f"{SECRET} feedback $x$"},
    {"id": "b", "text": "two", "correct": False, "feedback": f"{SECRET} no"},
]
COMMON = {"metadata": {"tags": [SECRET], "deep": {"note": SECRET}}}
CHECK = {"kind": "value", "expression": "f(3)", "expected": 9, "comparison": "equal"}
CELL = {"id": "x", "cell_type": "code", "source": SECRET, "metadata": {"tags": [SECRET]}}

BLOCKS: list[dict[str, Any]] = [
    {
        "id": "text",
        "type": "markdown",
        "source": "# Lesson\n\n## First *part* $x^2$\n\nSome $\\alpha$ [next](02.ipynb#a) ![p](a.png)",
        "links": {"02.ipynb#a": "../02/#a"},
        "assets": {"a.png": {"file": "aa.png", "width": 2, "height": 3}},
        "attachments": {"x.png": {"image/png": SECRET}},
    },
    {
        "id": "code",
        "type": "code",
        "source": "print(6 * 7)",
        "language": "python",
        "run": "interactive",
        "execution_count": 3,
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": "42\n"},
            {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {"note": SECRET}},
        ],
    },
    {
        "id": "picture",
        "type": "image",
        "asset": "aa.png",
        "alt": "A line",
        "caption": "**Fig.**",
        "width": 2,
        "height": 3,
    },
    {"id": "box", "type": "callout", "kind": "tip", "source": "Mind **this**"},
    {"id": "film", "type": "video", "url": "https://www.youtube.com/watch?v=x&t=1", "title": "Film <1>"},
    {
        "id": "single",
        "type": "quiz",
        "kind": "single",
        "prompt": "Which?",
        "choices": CHOICES,
        "explanation": f"{SECRET} because",
        "points": 1,
        "attempts": 3,
        "graded": True,
    },
    {
        "id": "several",
        "type": "quiz",
        "kind": "multiple",
        "prompt": "Which?",
        "choices": CHOICES,
        "points": 2.5,
        "attempts": None,
        "graded": False,
        "missing": f"{SECRET} choice",
    },
    {
        "id": "number",
        "type": "quiz",
        "kind": "numeric",
        "prompt": "How much?",
        "answer": {"value": 987654.25, "tolerance": 0.123456, "units": "m/s"},
        "points": 1,
        "attempts": None,
        "graded": True,
    },
    {
        "id": "words",
        "type": "quiz",
        "kind": "text",
        "prompt": "What?",
        "answer": {"accepted": [SECRET], "case_sensitive": False},
        "points": 1,
        "attempts": None,
        "graded": True,
    },
    {
        "id": "do",
        "type": "exercise",
        "title": "Square",
        "prompt": "Write `f`.",
        "starter": "def f(x):\n    raise NotImplementedError",
        "solution": f"def f(x):\n    return x ** 2  # {SECRET}",
        "checks": [CHECK, {"kind": "assert", "source": "assert f(0) == 0", "message": "f(0) is 0"}],
        "hidden_checks": [{**CHECK, "expected": SECRET, "message": SECRET}, {"kind": "assert", "source": SECRET}],
        "hints": [f"{SECRET} hint"],
        "packages": ["numpy"],
        "points": 2,
        "language": "python",
        "cells": [CELL],
    },
    {
        "id": "guess",
        "type": "predictions",
        "prompt": "Predict.",
        "data": "dd.csv",
        "labels": f"{SECRET}.csv",
        "metric": "rmse",
        "threshold": 0.5,
        "tries_per_day": 3,
        "points": 5,
    },
    {"id": "line", "type": "divider"},
]


def body() -> dict[str, Any]:
    return {"version": 1, "metadata": {"kernel": SECRET}, "blocks": [copy.deepcopy(block) | COMMON for block in BLOCKS]}


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_body(body(), title="Lesson")


def test_no_answer_leaks_from_any_private_field(compiled: Compiled) -> None:
    shown = json.dumps([compiled.public, compiled.html, compiled.toc, compiled.text])
    assert {block["type"] for block in BLOCKS} == set(BLOCK_TYPES)
    for secret in (SECRET, "987654", "0.123456"):
        assert secret not in shown
    assert not re.search(r"feedback|explanation|\"correct\"|(?<!has_)solution|hidden_checks\"|labels|accepted", shown)


def test_the_key_holds_what_grading_needs(compiled: Compiled) -> None:
    assert set(compiled.key) == {"single", "several", "number", "words", "do", "guess"}
    assert compiled.key["single"]["choices"] == [
        {name: choice[name] for name in ("id", "correct", "feedback")} for choice in CHOICES
    ]
    assert compiled.key["number"]["answer"]["value"] == 987654.25
    assert set(compiled.key["do"]) == {"solution", "hidden_checks", "hints", "html"}
    assert compiled.key["guess"] == {"labels": f"{SECRET}.csv"}


def test_the_public_part_says_what_a_client_shows(compiled: Compiled) -> None:
    blocks = {block["id"]: block for block in compiled.public["blocks"]}
    assert [block["id"] for block in compiled.public["blocks"]] == [block["id"] for block in BLOCKS]
    assert blocks["single"]["choices"] == [{"id": "a", "text": f"{PUBLIC_MARK} one"}, {"id": "b", "text": "two"}]
    assert blocks["number"]["units"] == "m/s"
    assert blocks["do"]["hint_count"] == 1
    assert blocks["do"]["has_solution"] is True
    assert blocks["do"]["hidden_check_count"] == 2
    assert blocks["do"]["checks"][0] == CHECK
    assert blocks["code"]["outputs"][0] == {"output_type": "stream", "name": "stdout", "text": "42\n"}


def test_what_is_shown_after_an_answer_is_rendered_and_private(compiled: Compiled) -> None:
    assert compiled.key["single"]["html"] == {
        "explanation": f"<p>{SECRET} because</p>",
        "feedback": {"a": f"<p>{SECRET} feedback <math><mi>x</mi></math></p>", "b": f"<p>{SECRET} no</p>"},
    }
    assert compiled.key["do"]["html"]["hints"] == [f"<p>{SECRET} hint</p>"]
    solution = compiled.key["do"]["html"]["solution"]
    assert solution.startswith('<pre class="highlight" tabindex="0"><code><span class="k">def</span>')
    assert f"# {SECRET}" in solution
    assert "html" not in compiled.key["number"]


def test_the_private_html_is_on_the_page_s_terms_and_leaves_no_trace_on_it() -> None:
    question = {
        **next(block for block in BLOCKS if block["id"] == "single"),
        "prompt": "Which $\\R$?",
        "explanation": "## Part\n\nIn $\\R$ ![p](a.png) [^1] <script>x</script>\n\n[^1]: Note",
        "assets": {"a.png": {"file": "aa.png"}},
    }
    source = "# One\n\n# Two\n\n## Part\n\n$\\newcommand{\\R}{\\mathbb{R}}$ [^1]\n\n[^1]: N"
    text = {"id": "t", "type": "markdown", "source": source}
    with_answer = compile_body({"version": 1, "blocks": [text, question]})
    without = compile_body({"version": 1, "blocks": [text, {**question, "explanation": "-"}]})
    assert (with_answer.html, with_answer.toc, with_answer.text) == (without.html, without.toc, without.text)
    shown = with_answer.key["single"]["html"]["explanation"]
    assert '<h3 id="part-1">' in shown
    assert "ℝ" in shown
    assert '<img src="/media/assets/aa.png"' in shown
    assert "<script" not in shown
    page = "".join(part["html"] for part in with_answer.html)
    ids = re.findall(r' id="([^"]*)"', page + shown)
    assert len(ids) == len(set(ids))
    assert with_answer.formulas.failed == []


def test_an_exercise_is_never_answered_by_its_setup() -> None:
    cells = [
        {"id": "c", "type": "code", "source": f"secret = '{SECRET}'", "language": "python", "outputs": []}
        | {"run": "static", "metadata": {"tags": ["solution"]}},
        {**next(block for block in BLOCKS if block["id"] == "do"), "id": "before", "solution": f"secret = '{SECRET}'"},
        {**next(block for block in BLOCKS if block["id"] == "do"), "starter": "print(secret)", "checks": []},
    ]
    public = compile_body({"version": 1, "blocks": cells[1:]}).public
    assert SECRET not in json.dumps(public)
    assert compile_body({"version": 1, "blocks": cells}).public["blocks"][2]["setup"] == ""


def test_a_form_can_be_made_of_the_pieces(compiled: Compiled) -> None:
    parts = {part["id"]: part for part in compiled.html}
    assert parts["single"]["prompt"] == "<p>Which?</p>"
    assert parts["single"]["choices"] == [
        {"id": "a", "html": f"<p>{PUBLIC_MARK} one</p>"},
        {"id": "b", "html": "<p>two</p>"},
    ]
    assert parts["do"]["prompt"] == "<p>Write <code>f</code>.</p>"
    assert parts["guess"]["prompt"] == "<p>Predict.</p>"
    assert set(parts["number"]) == {"id", "type", "html", "prompt"}
    assert set(parts["text"]) == {"id", "type", "html"}
    for part in parts.values():
        for piece in (part.get("prompt", ""), *(choice["html"] for choice in part.get("choices", ()))):
            assert piece in part["html"]


def test_what_is_judged_and_for_how_much(compiled: Compiled) -> None:
    assert {name: (check["type"], check["points"], check["attempts"]) for name, check in compiled.checks.items()} == {
        "single": ("quiz", 1, 3),
        "number": ("quiz", 1, None),
        "words": ("quiz", 1, None),
        "do": ("exercise", 2, None),
        "guess": ("predictions", 5, None),
    }
    assert {name: check["hash"] for name, check in compiled.checks.items()} == {
        name: digest for name, digest in check_hashes(body()).items() if name != "several"
    }


@pytest.mark.parametrize(
    ("checks", "hidden", "points", "words"),
    [([CHECK], [], 2, "2 points"), ([], [CHECK], 0, "Practice, no points"), ([], [], 0, "Not graded")],
)
def test_an_exercise_says_what_it_counts(checks: list, hidden: list, points: int, words: str) -> None:
    block = {**next(block for block in BLOCKS if block["id"] == "do"), "points": points}
    result = compile_body({"version": 1, "blocks": [{**block, "checks": checks, "hidden_checks": hidden}]})
    assert f'<p class="exercise-facts">{words}' in result.html[0]["html"]
    assert bool(result.checks) == bool(checks or hidden)


def test_every_block_has_one_part_in_order(compiled: Compiled) -> None:
    assert [(part["id"], part["type"]) for part in compiled.html] == [(block["id"], block["type"]) for block in BLOCKS]
    for part in compiled.html:
        assert f'id="block-{part["id"]}"' in part["html"]
        assert f'data-block="{part["id"]}"' in part["html"]
        assert " style=" not in part["html"]
        assert "<script" not in part["html"]


def test_the_html_of_each_type(compiled: Compiled) -> None:
    html = {part["id"]: part["html"] for part in compiled.html}
    assert html["text"].startswith('<section class="block prose" id="block-text"')
    assert '<a href="../02/#a">next</a>' in html["text"]
    assert 'data-language="python" data-run="interactive"' in html["code"]
    assert '<pre class="highlight cell-source" tabindex="0"><code><span class="nb">print</span>' in html["code"]
    assert '<div class="cell-output">\n<pre class="output output-text" tabindex="0">42</pre>' in html["code"]
    assert '<img src="/media/assets/aa.png" alt="A line" width="2" height="3"' in html["picture"]
    assert "<figcaption><p><strong>Fig.</strong></p></figcaption>" in html["picture"]
    assert '<p class="callout-title">Tip</p>' in html["box"]
    assert 'href="https://www.youtube.com/watch?v=x&amp;t=1"' in html["film"]
    assert "Film &lt;1&gt;" in html["film"]
    assert html["single"].count('<li class="quiz-choice"') == 2
    assert "Choose one answer · 1 point · 3 attempts" in html["single"]
    assert "not graded yet" in html["several"]
    assert '<p class="quiz-units">in m/s</p>' in html["number"]
    assert "Exercise · Square" in html["do"]
    assert "<code>f(3)</code> gives <code>9</code>" in html["do"]
    assert "2 points · 2 hidden checks · 1 hint · uses numpy" in html["do"]
    assert "root mean squared error of at most 0.5" in html["guess"]
    assert html["line"].startswith('<hr class="block divider"')


def test_hidden_code_is_folded_and_an_empty_cell_is_nothing() -> None:
    cell = {"id": "c", "type": "code", "source": "x = 1", "language": "python", "outputs": [], "run": "hidden"}
    folded = compile_body({"version": 1, "blocks": [{**cell, "title": "Set <up>"}]}).html[0]["html"]
    assert '<details class="cell-folded"><summary>Set &lt;up&gt;</summary>' in folded
    assert "</details>" in folded
    assert compile_body({"version": 1, "blocks": [{**cell, "source": " \n"}]}).html[0]["html"] == ""


def test_the_table_of_contents(compiled: Compiled) -> None:
    assert compiled.toc == [{"id": "first-part-x2", "title": "First part x^2", "level": 2}]


def test_the_search_text_reads_like_the_lesson(compiled: Compiled) -> None:
    assert "First part x^2\nSome α next" in compiled.text
    assert "print(6 * 7)" in compiled.text
    assert "42" not in compiled.text
    assert "<" not in compiled.text.replace("Film <1>", "")
    assert PUBLIC_MARK in compiled.text


def markdown(*sources: str) -> dict[str, Any]:
    blocks = [{"id": f"b{number}", "type": "markdown", "source": source} for number, source in enumerate(sources)]
    return {"version": 1, "blocks": blocks}


class TestFirstHeading:
    def test_a_repeated_title_is_left_out_and_its_anchor_stays(self) -> None:
        compiled = compile_body(markdown("badge", "# The  *title*\n\ntext\n\n## Part"), title="The Title")
        html = "".join(part["html"] for part in compiled.html)
        assert "<h1" not in html
        assert '<span id="the-title"></span>' in html
        assert [entry["level"] for entry in compiled.toc] == [2]

    def test_other_h1s_push_all_headings_down(self) -> None:
        compiled = compile_body(markdown("# Title\n\n# Other\n\n## Part", "<h1>Raw</h1>"), title="Title")
        html = "".join(part["html"] for part in compiled.html)
        assert "<h1" not in html
        assert [(entry["title"], entry["level"]) for entry in compiled.toc] == [("Other", 2), ("Part", 3)]
        assert "<h2>Raw</h2>" in html

    def test_a_different_first_heading_stays(self) -> None:
        compiled = compile_body(markdown("## Before\n\n# Title"), title="Title")
        assert [(entry["title"], entry["level"]) for entry in compiled.toc] == [("Before", 3), ("Title", 2)]


def test_formulas_are_counted_and_failures_named() -> None:
    compiled = compile_body(markdown(r"$x$ $\nosuch$", r"# On $y$" + "\n\n$5 and $10"))
    assert compiled.formulas.total == 3
    assert [(failed["block"], failed["tex"]) for failed in compiled.formulas.failed] == [("b0", r"\nosuch")]


def test_the_same_body_compiles_to_the_same_whatever_the_order_of_its_keys(compiled: Compiled) -> None:
    shuffled = dict(reversed(body().items()))
    shuffled["blocks"] = []
    for block in body()["blocks"]:
        items = list(block.items())
        shuffled["blocks"].append(dict(items[::-1]))
    again = compile_body(shuffled, title="Lesson")
    assert again == compiled
    assert compile_body(markdown("a")).checksum != compile_body(markdown("b")).checksum
    assert re.fullmatch("[0-9a-f]{64}", compiled.checksum)


def test_minutes_grow_with_what_there_is_to_do(compiled: Compiled) -> None:
    assert compile_body(markdown("a")).minutes == 1
    assert compile_body(markdown("word " * 2_000)).minutes == 10
    assert compiled.minutes == 30  # 15 predicting, 5 exercise, 5 video, 4 quizzes, and a little reading


def test_a_faulty_body_is_refused_by_place() -> None:
    with pytest.raises(BodyInvalid) as caught:
        compile_body({"version": 1, "blocks": [{"id": "a", "type": "markdown"}]})
    assert str(caught.value) == "blocks[0].source: is required"


def test_values_cannot_break_out_of_a_template() -> None:
    evil = '"><script>x</script>'
    blocks = [
        {"id": "v", "type": "video", "url": "https://x.example/a", "title": evil},
        {"id": "c", "type": "code", "source": evil, "language": "no", "outputs": [], "run": "hidden", "title": evil},
        {"id": "i", "type": "image", "asset": "aa.png", "alt": evil, "caption": evil},
        {"id": "o", "type": "callout", "kind": "note", "title": evil, "source": evil},
        {**next(block for block in BLOCKS if block["id"] == "do"), "title": evil, "prompt": evil, "starter": evil}
        | {"checks": [{**CHECK, "expression": evil, "expected": evil}, {**CHECK, "message": evil}]},
        {**next(block for block in BLOCKS if block["id"] == "number"), "prompt": evil}
        | {"answer": {"value": 1, "tolerance": 0, "units": evil}},
    ]
    for part in compile_body({"version": 1, "blocks": blocks}, title=evil).html:
        assert "<script" not in part["html"]
