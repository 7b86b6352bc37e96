"""Blocks to HTML, one part a block, by the templates in `templates/courses/blocks/`.

Owns what each template is given: only fields that a learner may see. Everything is read first and written second, so
that a heading, a number or a shift can depend on what comes later. What a learner sees only after answering is rendered
last and apart (`render_keys`), on the same page's terms. Knows no models.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from markdown_it.token import Token

from courses.content.highlighting import highlight, language_key, language_name
from courses.content.judging import is_gradable
from courses.content.markdown import (
    Parsed,
    RenderContext,
    heading_title,
    parse_markdown,
    render_markdown,
    render_parsed,
)
from courses.content.outputs import render_outputs
from courses.content.sanitizing import safe_id

Block = dict[str, Any]
Texts = dict[str, Parsed]
Html = dict[str, SafeString]
Values = dict[str, Any]

QUIZ_KINDS = {
    "single": "Choose one answer",
    "multiple": "Choose all that apply",
    "numeric": "Answer with a number",
    "text": "Answer in a few words",
}
CALLOUT_TITLES = {
    "note": "Note",
    "tip": "Tip",
    "important": "Important",
    "warning": "Warning",
    "danger": "Danger",
}
METRICS = {
    "accuracy": "accuracy",
    "f1": "F1 score",
    "roc_auc": "area under the ROC curve",
    "log_loss": "log loss",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "r2": "R²",
}
LOWER_IS_BETTER = {"log_loss", "mae", "rmse"}


Part = dict[str, Any]


def render_blocks(blocks: list[Block], context: RenderContext, *, title: str = "") -> list[Part]:
    """`[{"id", "type", "html"}]` for each block in order; `blocks` must have passed `validate_body`.

    A part of a judged block has its pieces too, of which a form can be made: "prompt", and a quiz's "choices" as
    `[{"id", "html"}]`. A first heading that repeats `title` is left out; if H1s remain, all headings go one level down.
    """
    texts = [_read(block, context) for block in blocks]
    _settle_headings(blocks, texts, context, title)
    return [
        {"id": block["id"], "type": block["type"], **_render(block, read, context)}
        for block, read in zip(blocks, texts, strict=True)
    ]


def _read(block: Block, context: RenderContext) -> Texts:
    context.enter(block)
    return {name: parse_markdown(source, context) for name, source in _markdown_fields(block)}


def _markdown_fields(block: Block) -> Iterator[tuple[str, str]]:
    """The Markdown of a block that learners see before they answer."""
    for name in ("source", "prompt", "caption"):
        if name in block and block["type"] != "code":
            yield name, block[name]
    for choice in block.get("choices", ()):
        yield f"choice {choice['id']}", choice["text"]


def _settle_headings(blocks: list[Block], texts: list[Texts], context: RenderContext, title: str) -> None:
    parsed = [read["source"] for block, read in zip(blocks, texts, strict=True) if block["type"] == "markdown"]
    for part in parsed:
        first = next(part.headings(), None)
        if first is None:
            continue
        position, token = first
        words = heading_title(part.tokens[position + 1], part.formulas, context)
        if token.tag == "h1" and title and _same_words(words, title):
            # Its names stay, so that a link to it still leads to the top of the text.
            names = dict.fromkeys((context.heading_id(words), safe_id(words.replace(" ", "-"))))
            part.tokens[position : position + 3] = [Token("target", "", 0, content=name) for name in names if name]
        break
    everything = [part for read in texts for part in read.values()]
    raw = any(part.has_raw_h1() for part in everything)
    context.heading_shift = int(raw or any(token.tag == "h1" for part in everything for _, token in part.headings()))


def _same_words(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _render(block: Block, texts: Texts, context: RenderContext) -> Part:
    context.enter(block)
    html = {name: mark_safe(render_parsed(parsed, context)) for name, parsed in texts.items()}  # noqa: S308 (sanitised)
    values = _VALUES[block["type"]](block, html, context)
    if values is None:
        return {"html": ""}
    part: Part = {"html": _shown(block, values)}
    if "prompt" in html:
        part["prompt"] = str(html["prompt"])
    if "choices" in block:
        part["choices"] = [{"id": name, "html": str(html[f"choice {name}"])} for name in _choice_ids(block)]
    return part


def _shown(block: Block, values: Values) -> str:
    return render_to_string(f"courses/blocks/{block['type']}.html", {"id": block["id"], **values}).strip()


def quiz_html(public: Block, part: Part) -> str:
    """A quiz's "html" anew of its public block and the pieces of its part, with the choices in the part's order."""
    html = {"prompt": part["prompt"], **{f"choice {choice['id']}": choice["html"] for choice in part["choices"]}}
    safe = {name: mark_safe(text) for name, text in html.items()}  # noqa: S308 (sanitised when it was published)
    return _shown(public, _quiz(public | {"choices": part["choices"]}, safe, RenderContext()))


def render_keys(blocks: list[Block], context: RenderContext) -> dict[str, Part]:
    """What is shown after an answer, by block id: "explanation", "feedback" by choice, "hints", "solution".

    To be called after `render_blocks` with the same context: macros and numbers are the page's, ids are none of the
    page's, and no heading gets into its contents. A block without any of these is left out.
    """
    keys = ((block, _render_key(block, context)) for block in blocks)
    return {block["id"]: key for block, key in keys if key}


def _render_key(block: Block, context: RenderContext) -> Part:
    key: Part = {}
    if block["type"] == "quiz":
        context.enter(block)
        if block.get("explanation"):
            key["explanation"] = render_markdown(block["explanation"], context)
        said = {choice["id"]: choice["feedback"] for choice in block.get("choices", ()) if choice.get("feedback")}
        if said:
            key["feedback"] = {name: render_markdown(text, context) for name, text in said.items()}
    elif block["type"] == "exercise":
        context.enter(block)
        if block["hints"]:
            key["hints"] = [render_markdown(text, context) for text in block["hints"]]
        if block["solution"].strip():
            code = highlight(block["solution"].strip("\n"), block["language"])
            key["solution"] = f'<pre class="highlight" tabindex="0"><code>{code}</code></pre>'
    return key


def _markdown(block: Block, html: Html, context: RenderContext) -> Values | None:
    return {"html": html["source"]} if html["source"] else None


def _code(block: Block, html: Html, context: RenderContext) -> Values | None:
    source = block["source"].strip("\n")
    outputs = render_outputs(block["outputs"], context)
    if not source.strip() and not outputs:
        return None
    return {
        "source": mark_safe(highlight(source, block["language"])) if source.strip() else "",  # noqa: S308 (escaped)
        "outputs": mark_safe(outputs),  # noqa: S308 (sanitised)
        "language": language_key(block["language"]) or "text",
        "language_name": language_name(block["language"]),
        "run": block["run"],
        "note": block.get("run_note", "") if block["run"] != "interactive" else "",
        "title": block.get("title", ""),
    }


def _image(block: Block, html: Html, context: RenderContext) -> Values:
    size = {name: block.get(name) for name in ("width", "height")}
    return {"src": context.media_url + block["asset"], "alt": block["alt"], "caption": html.get("caption", ""), **size}


def _callout(block: Block, html: Html, context: RenderContext) -> Values:
    kind = block["kind"]
    return {"kind": kind, "title": block.get("title") or CALLOUT_TITLES[kind], "html": html["source"]}


def _video(block: Block, html: Html, context: RenderContext) -> Values:
    site = (urlsplit(block["url"]).hostname or "").removeprefix("www.")
    return {"url": block["url"], "title": block["title"], "site": site}


def _quiz(block: Block, html: Html, context: RenderContext) -> Values:
    return {
        "kind": block["kind"],
        "kind_words": QUIZ_KINDS[block["kind"]],
        "prompt": html["prompt"],
        "choices": [{"id": name, "html": html[f"choice {name}"]} for name in _choice_ids(block)],
        "points": block["points"],
        "attempts": block["attempts"],
        "graded": block["graded"],
        "units": block.get("answer", {}).get("units", "") if block["kind"] == "numeric" else "",
    }


def _choice_ids(block: Block) -> list[str]:
    return [choice["id"] for choice in block.get("choices", ())]


def _exercise(block: Block, html: Html, context: RenderContext) -> Values:
    return {
        "title": block["title"],
        "prompt": html["prompt"],
        "starter": mark_safe(highlight(block["starter"].strip("\n"), block["language"])),  # noqa: S308 (escaped)
        "language": language_key(block["language"]) or "text",
        "checks": [_check(check) for check in block["checks"]],
        "hidden_count": len(block["hidden_checks"]),
        "hint_count": len(block["hints"]),
        "packages": block["packages"],
        "points": block["points"],
        "graded": is_gradable(block),
    }


_COMPARISONS = {"equal": "gives", "close": "is close to", "shape": "has the same shape as", "raises": "raises"}


def _check(check: dict[str, Any]) -> Values:
    if check["kind"] == "assert":
        return {"message": check.get("message", ""), "code": _short(check["source"])}
    expected = check["expected"] if check["comparison"] == "raises" else repr(check["expected"])
    return {
        "message": check.get("message", ""),
        "code": _short(check["expression"]),
        "comparison": _COMPARISONS[check["comparison"]],
        "expected": _short(expected),
    }


def _short(code: str) -> str:
    return code if len(code) <= 300 else code[:299] + "…"


def _predictions(block: Block, html: Html, context: RenderContext) -> Values:
    return {
        "prompt": html["prompt"],
        "data": context.media_url + block["data"],
        "metric": METRICS[block["metric"]],
        "at_most": block["metric"] in LOWER_IS_BETTER,
        "threshold": block["threshold"],
        "tries": block["tries_per_day"],
        "points": block["points"],
    }


def _divider(block: Block, html: Html, context: RenderContext) -> Values:
    return {}


_VALUES: dict[str, Callable[[Block, Html, RenderContext], Values | None]] = {
    "markdown": _markdown,
    "code": _code,
    "image": _image,
    "callout": _callout,
    "video": _video,
    "quiz": _quiz,
    "exercise": _exercise,
    "predictions": _predictions,
    "divider": _divider,
}
