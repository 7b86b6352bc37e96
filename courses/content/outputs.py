"""What a cell printed and drew, from nbformat's outputs to safe HTML: the richest representation that cannot run.

Owns the order of preference, the bounds, and the sentences shown for what only runs in Jupyter. Pictures come by
reference to stored files; text comes through `ansi.py`; HTML through the sanitiser. Knows no lesson and no files.
"""

import json
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

from courses.content.ansi import ansi_to_html
from courses.content.markdown import RenderContext, render_markdown
from courses.content.sanitizing import MAX_DATA_URI, clean_html

MAX_TEXT = 20_000
"""Characters of one text output that are shown; the rest is counted in a note, and whole in the notebook."""
MAX_LINES = 200
MAX_RAW_TEXT = 300_000
"""Characters of text with control characters that are replayed; a progress bar's history is long, its end short."""
MAX_HTML = 1_000_000
"""Characters of one HTML output; longer ones are charts with their data, for which there is a fallback."""
MAX_SHOWN_HTML = 100_000
"""Characters of one HTML output that are shown, to the next row of its table."""
MAX_MARKDOWN = 50_000

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_PLOT_ALT = "Picture made by the code above"

# What only runs in Jupyter, by a part of its MIME type or, for HTML, of its source.
_LIVE_TYPES = (
    ("vnd.plotly", "An interactive Plotly chart"),
    ("vnd.bokeh", "An interactive Bokeh chart"),
    ("vnd.holoviews", "An interactive HoloViews chart"),
    ("vnd.vega", "An interactive Vega chart"),
    ("vnd.jupyter.widget", "An interactive widget"),
    ("vdom", "An interactive view"),
    ("geo+json", "A map"),
    ("javascript", "A JavaScript program"),
)
_LIVE_HTML = (
    (re.compile(r"plotly", re.IGNORECASE), "An interactive Plotly chart"),
    (re.compile(r"\bbk-root\b|bokeh", re.IGNORECASE), "An interactive Bokeh chart"),
    (re.compile(r"\bvega(?:Embed|-lite)?\b", re.IGNORECASE), "An interactive Vega chart"),
    (re.compile(r"<(?:audio|video)\b", re.IGNORECASE), "A sound or a film"),
    (re.compile(r"<iframe\b", re.IGNORECASE), "A page embedded from elsewhere"),
    (re.compile(r"<script\b", re.IGNORECASE), "An interactive view"),
)


def render_outputs(outputs: list[dict[str, Any]], context: RenderContext) -> str:
    """HTML of a cell's outputs in order; streams of one name that follow each other are one text."""
    in_toc, context.in_toc = context.in_toc, False
    parts = [_render(output, context) for output in _joined(outputs)]
    context.in_toc = in_toc
    return "\n".join(part for part in parts if part)


def output_text(outputs: list[dict[str, Any]]) -> str:
    """The plain text of the outputs, for a reader of the API without HTML."""
    return "\n".join(_text(output.get("text") or _bundle(output).get("text/plain")) for output in outputs)


def _joined(outputs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    stream: dict[str, Any] | None = None
    for output in outputs:
        if output.get("output_type") != "stream":
            if stream:
                yield stream
            stream = None
            yield output
        elif stream and stream["name"] == output.get("name", "stdout"):
            stream["text"] += _text(output.get("text"))
        else:
            if stream:
                yield stream
            stream = {
                "output_type": "stream",
                "name": output.get("name", "stdout"),
                "text": _text(output.get("text")),
            }
    if stream:
        yield stream


def _render(output: dict[str, Any], context: RenderContext) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return _pre(output["text"], "output-stderr" if output["name"] == "stderr" else "output-text")
    if kind == "error":
        traceback = "\n".join(_text(line) for line in output.get("traceback") or ())
        summary = f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
        return _pre(traceback if traceback.strip() else summary, "output-error")
    return _render_bundle(_bundle(output), output.get("metadata"), context)


def _render_bundle(bundle: dict[str, Any], metadata: Any, context: RenderContext) -> str:
    live = next((words for part, words in _LIVE_TYPES for mime in bundle if part in mime), "")
    picture = _picture(bundle, metadata, context)
    if live:
        return picture or _fallback(live, bundle)
    source = _text(bundle.get("text/html"))
    if source:
        html = clean_html(source, rewrite=context) if len(source) <= MAX_HTML else ""
        if _is_visible(html):
            html, left = _first_rows(html.strip())
            note = _more(left, "row")
            return f'<div class="output output-html table-scroll" tabindex="0">{html}</div>{note}'
    if picture:
        return picture
    for mime, name in (("text/markdown", "markdown"), ("text/latex", "latex")):
        text = _text(bundle.get(mime))
        if text and len(text) <= MAX_MARKDOWN:
            shown = render_markdown(_as_formula(text) if name == "latex" else text, context)
            return f'<div class="output output-{name}">{shown}</div>'
    if source:
        words = next((words for pattern, words in _LIVE_HTML if pattern.search(source)), "A view")
        return _fallback(words, bundle)
    if "text/plain" in bundle:
        return _pre(_text(bundle["text/plain"]), "output-text")
    if "application/json" in bundle:
        return _pre(json.dumps(bundle["application/json"], ensure_ascii=False, indent=2), "output-text")
    return _fallback(f"An output of the kind {sorted(bundle)[0][:80]}", bundle) if bundle else ""


def _picture(bundle: dict[str, Any], metadata: Any, context: RenderContext) -> str:
    for mime in ("image/svg+xml", *_PICTURES):
        value = bundle.get(mime)
        source = ""
        size: Any = metadata.get(mime) if isinstance(metadata, dict) else None
        if isinstance(value, dict) and _is_file(value.get("asset")):
            source = context.media_url + value["asset"]
            size = value if "width" in value else size
        elif value and mime in _PICTURES:
            data = re.sub(r"\s", "", _text(value))
            if len(data) <= MAX_DATA_URI and re.fullmatch(r"[A-Za-z0-9+/]+=*", data):
                source = f"data:{mime};base64,{data}"
        if source:
            return (
                f'<div class="output output-image"><img src="{escape(source)}" alt="{escape(_alt(bundle))}"'
                f'{_dimensions(size)} loading="lazy" decoding="async"></div>'
            )
    return ""


def _alt(bundle: dict[str, Any]) -> str:
    text = _text(bundle.get("text/plain")).strip()
    return _PLOT_ALT if not text or text.startswith("<") or len(text) > 200 else text


def _dimensions(size: Any) -> str:
    if not isinstance(size, dict):
        return ""
    numbers = {name: size.get(name) for name in ("width", "height")}
    if all(isinstance(number, int | float) and 0 < number <= 20_000 for number in numbers.values()):
        return "".join(f' {name}="{int(number)}"' for name, number in numbers.items() if number)
    return ""


def _is_file(name: Any) -> bool:
    return isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,100}\.[a-z0-9]{1,10}", name) is not None


def _fallback(words: str, bundle: dict[str, Any]) -> str:
    note = f'<p class="output output-fallback">{escape(words)}: run the notebook to see it.</p>'
    text = _text(bundle.get("text/plain"))
    return note + ("\n" + _pre(text, "output-text") if text.strip() else "")


def _pre(text: str, name: str) -> str:
    """Text as it would stand on a terminal, cut at MAX_LINES lines or MAX_TEXT characters."""
    text = text.rstrip("\n")
    if not text.strip("\n"):
        return ""
    if re.search(r"[\x1b\r\x08]", text):
        replayed = ansi_to_html(text[:MAX_RAW_TEXT]).split("\n")
        if len(replayed[0]) > 4 * MAX_TEXT:  # colours alone do not make a line that long
            replayed[0] = escape(unescape(re.sub(r"<[^<>]*>", "", replayed[0]))[:MAX_TEXT], quote=False)
        shown, lines, more = _first_lines(replayed, 4 * MAX_TEXT)
        unread = text[MAX_RAW_TEXT:]
        lines, more = lines + unread.count("\n"), more + len(unread)
    else:
        shown, lines, more = _first_lines(text.split("\n"), MAX_TEXT)
        shown, more = ansi_to_html(shown[:MAX_TEXT]), more + len(shown[MAX_TEXT:])
    note = _more(lines, "line") if lines else _more(more, "character")
    return f'<pre class="output {name}" tabindex="0">{shown.rstrip()}</pre>{note}'


def _more(number: int, what: str) -> str:
    """What of an output is not shown."""
    if not number:
        return ""
    return f'\n<p class="output-note">… {number:,} more {what}{"" if number == 1 else "s"}: in the notebook.</p>'


def _first_lines(lines: list[str], most: int) -> tuple[str, int, int]:
    """The text that fits, at least one line; how many lines, and how many characters, do not."""
    size = 0
    for index, line in enumerate(lines):
        size += len(line) + 1
        if index and (size > most + 1 or index >= MAX_LINES):
            left = lines[index:]
            return "\n".join(lines[:index]), len(left), sum(len(rest) + 1 for rest in left)
    return "\n".join(lines), 0, 0


_ANY_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^<>]*>")


def _first_rows(html: str) -> tuple[str, int]:
    """Sanitised HTML, a long table's first rows of it; and how many rows there are more."""
    end = html.rfind("</tr>", 0, MAX_SHOWN_HTML)
    if len(html) <= MAX_SHOWN_HTML or end < 0:
        return html, 0
    cut = end + len("</tr>")
    is_open: list[str] = []
    for closing, name in _ANY_TAG.findall(html[:cut]):
        if closing:
            is_open.pop()
        elif name not in ("br", "hr", "img", "input", "wbr", "col"):
            is_open.append(name)
    return html[:cut] + "".join(f"</{name}>" for name in reversed(is_open)), html.count("</tr>", cut)


def _as_formula(text: str) -> str:
    stripped = text.strip()
    return stripped if stripped.startswith(("$", r"\[", r"\(", r"\begin")) else f"$$\n{stripped}\n$$"


def _is_visible(html: str) -> bool:
    return "<img" in html or "<hr" in html or bool(re.sub(r"<[^<>]*>|&nbsp;|\s", "", html))


def _bundle(output: dict[str, Any]) -> dict[str, Any]:
    data = output.get("data")
    return data if isinstance(data, dict) else {}


def _text(value: Any) -> str:
    """nbformat's "multiline string": one string, or a list of its lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""
