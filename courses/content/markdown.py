"""Markdown as notebooks have it, to sanitised HTML.

Owns reading (`parse_markdown`, once per text) and writing (`render_parsed`, in lesson order, because macros, ids and
equation numbers live for the whole lesson in a `RenderContext`). Formulas are taken out by `formulas.py` before
Markdown reads; `sanitizing.py` has the last word on every tag. Knows no block types and no files.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin
from mdit_py_plugins.gfm_autolink.index import _protocol_rule

from courses.content.bounded_parsing import bound_steps, steps_for
from courses.content.directives import directives_plugin
from courses.content.formulas import CLOSE, OPEN, PLACEHOLDER, Formula, protect, restore, without_placeholders
from courses.content.highlighting import highlight, language_key
from courses.content.labels import named_labels, readable, titled
from courses.content.render_context import RenderContext
from courses.content.sanitizing import clean_html, fragment, safe_id

__all__ = ["Parsed", "RenderContext", "heading_title", "parse_markdown", "render_markdown", "render_parsed"]


@dataclass
class Parsed:
    """A text that has been read: Markdown tokens, and its formulas by number."""

    tokens: list[Token]
    formulas: list[Formula]

    def headings(self) -> Iterator[tuple[int, Token]]:
        """Position and opening token of each Markdown heading; the token behind it holds the title."""
        return ((index, token) for index, token in enumerate(self.tokens) if token.type == "heading_open")

    def has_raw_h1(self) -> bool:
        """Whether the author wrote an <h1> in HTML."""
        return any("<h1" in token.content.lower() for token in self._html_tokens())

    def _html_tokens(self) -> Iterator[Token]:
        for token in self.tokens:
            for part in (token, *(token.children or ())):
                if part.type in ("html_block", "html_inline"):
                    yield part


def render_markdown(source: str, context: RenderContext) -> str:
    """Sanitised HTML of one text, rendered as the next part of the lesson that `context` stands for."""
    return render_parsed(parse_markdown(source, context), context)


def parse_markdown(source: str, context: RenderContext) -> Parsed:
    """Read a text; equation numbers and anchors become known to `context`, so that earlier parts can refer to them."""
    source = without_placeholders(source).replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    protected = protect(source)
    env: dict[str, Any] = {"formulas": protected.formulas, **steps_for(protected.text)}
    tokens = _markdown().parse(protected.text, env)
    for formula in protected.formulas:
        context.number_labels(formula)
    context.anchors.update(token.content for token in tokens if token.type == "target")
    figures = (token for token in tokens if token.type == "figure_open" and "id" in token.attrs)
    context.anchors.update(str(token.attrs["id"]) for token in figures)
    parsed = Parsed(tokens, protected.formulas)
    if any(token.type in ("target", "figure_open") for token in tokens):
        headings = ((place, tokens[place + 1]) for place, _ in parsed.headings())
        titles = {place: heading_title(words, protected.formulas, context) for place, words in headings}
        for label, name in named_labels(tokens, titles, context.label_counts):
            context.label_names.setdefault(label, name)
    return parsed


def render_parsed(parsed: Parsed, context: RenderContext) -> str:
    """Write what `parse_markdown` read, and sanitise it."""
    markdown = _markdown()
    env = {"formulas": parsed.formulas, "context": context, "docId": context.next_part()}
    html = markdown.renderer.render(parsed.tokens, markdown.options, env)
    cleaned = _ID.sub(
        lambda found: found[0] if context.claim_id(found[2]) else found[1],
        clean_html(html, rewrite=context),
    )
    if OPEN in cleaned or CLOSE in cleaned:
        # A formula that Markdown carried into an attribute stands there as its author wrote it.
        cleaned = PLACEHOLDER.sub(lambda found: escape(parsed.formulas[int(found[1])].source), cleaned)
    return cleaned.strip()


_ID = re.compile(r'(<[a-z][a-z0-9]*(?: [^<>]*?)?) id="([^"<>]*)"')


def heading_title(inline: Token, formulas: list[Formula], context: RenderContext) -> str:
    """A heading's words in one line of plain text, formulas readable."""
    text = _plain_text(inline.children or [], formulas, context)
    return re.sub(r"\s*\{#[\w:.-]+\}\s*\Z", "", text)


def _plain_text(children: list[Token], formulas: list[Formula], context: RenderContext) -> str:
    parts = []
    for child in children:
        if child.type == "formula":
            parts.append(context.formula_text(formulas[child.meta["index"]]))
        elif child.type in ("text", "code_inline", "reference"):
            parts.append(restore(child.content, formulas))
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type == "image":
            parts.append(_plain_text(child.children or [], formulas, context))
    return re.sub(r"\s+", " ", "".join(parts)).strip()


@cache
def _markdown() -> MarkdownIt:
    """The one parser of this process: building it costs as much as rendering a page."""
    markdown = MarkdownIt(
        "commonmark",
        {"html": True, "tasklists": True, "alerts": True, "maxNesting": 40},
        renderer_cls=LessonRenderer,
    )
    bound_steps(markdown)
    markdown.enable(["table", "strikethrough"])
    markdown.use(colon_fence_plugin).use(deflist_plugin).use(footnote_plugin).use(gfm_autolink_plugin)
    markdown.inline.ruler.at("gfm_autolink_protocol", _bare_address)
    markdown.use(directives_plugin)
    markdown.block.ruler.before("paragraph", "loose_heading", _loose_heading, {"alt": ["paragraph"]})
    markdown.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    markdown.core.ruler.push("formulas", _place_formulas)
    return markdown


_PROTOCOL = re.compile(r"(?:\A|[\s*_~(])(?:https?|mailto|xmpp)\Z")


def _bare_address(state: StateInline, silent: bool) -> bool:
    """An address without brackets; the plugin's rule reads all the text before each colon, so it is asked rarely."""
    return bool(_PROTOCOL.search(state.pending[-8:])) and _protocol_rule(state, silent)


_LOOSE = re.compile(r"(#{2,6}(?=[^\W\d_])|#(?=[A-ZА-Я][\w ]))(.*)")


_PICTURE_LINE = re.compile(r"(?i) {0,3}<img\b[^<>]{1,2000}>\s*\Z")


def _html_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """CommonMark's HTML blocks, but for a line of one picture: authors mean Markdown in the lines below."""
    if _PICTURE_LINE.match(state.src[state.bMarks[start] : state.eMarks[start]]):
        return False
    return html_block(state, start, end, silent)


def _loose_heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`##Title` without a space, which older Jupyter took for a heading and many notebooks have."""
    if state.is_code_block(start):
        return False
    found = _LOOSE.fullmatch(state.src, state.bMarks[start] + state.tShift[start], state.eMarks[start])
    if not found:
        return False
    if not silent:
        tag = f"h{len(found[1])}"
        state.line = start + 1
        state.push("heading_open", tag, 1).map = [start, state.line]
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = found[2].strip().rstrip("#").rstrip(), [start, state.line], []
        state.push("heading_close", tag, -1)
    return True


def _place_formulas(state: StateCore) -> None:
    """Turn placeholders into tokens; a displayed formula leaves the paragraph that it stands in."""
    formulas: list[Formula] = state.env["formulas"]
    result: list[Token] = []
    for token in state.tokens:
        if token.type == "inline" and token.children and "{" in token.content:
            _take_image_attributes(token.children)
        if token.type == "inline" and token.children and OPEN in token.content:
            token.children = list(_split_text(token.children, formulas))
            displayed = any(_is_block(child) for child in token.children)
            if displayed and result[-1].type == "paragraph_open":
                result += _split_paragraph(result.pop(), token)
                continue
        elif token.type in ("fence", "code_block"):
            token.content = restore(token.content, formulas)
        if token.type == "paragraph_close" and result and result[-1].type == "paragraph_done":
            result.pop()
            continue
        result.append(token)
    state.tokens = result


def _split_text(children: list[Token], formulas: list[Formula]) -> Iterator[Token]:
    for child in children:
        if OPEN not in child.content:
            yield child
        elif child.type == "text":
            pieces = PLACEHOLDER.split(child.content)
            for position, piece in enumerate(pieces):
                if position % 2:
                    index = int(piece)
                    display = formulas[index].kind == "display" and child.level == 0
                    yield Token("formula", "", 0, level=child.level, meta={"index": index, "display": display})
                elif piece:
                    yield Token("text", "", 0, level=child.level, content=piece)
        else:
            if child.type in ("code_inline", "image"):
                child.content = restore(child.content, formulas)
            if child.children:
                child.children = list(_split_text(child.children, formulas))
            yield child


_IMAGE_ATTRIBUTES = re.compile(r"\{([^{}\n]{1,200})\}")


def _take_image_attributes(children: list[Token]) -> None:
    """Read pandoc's `![](a.png){width=50%}`, which would stand behind the picture as text."""
    for image, after in zip(children, children[1:], strict=False):
        found = _IMAGE_ATTRIBUTES.match(after.content) if image.type == "image" and after.type == "text" else None
        if found:
            after.content = after.content[found.end() :]
            for name, value in re.findall(r"(width|height|align)\s*=\s*[\"']?([\w.%]+)", found[1]):
                image.attrs[name] = value


def _is_block(child: Token) -> bool:
    return child.type == "formula" and child.meta["display"]


def _split_paragraph(opening: Token, inline: Token) -> list[Token]:
    tokens: list[Token] = []
    run: list[Token] = []

    def close_run() -> None:
        while run and run[-1].type == "softbreak":
            run.pop()
        if run:
            part = Token("inline", "", 0, content=inline.content, children=list(run), block=True)
            closing = Token("paragraph_close", "p", -1, block=True, hidden=opening.hidden)
            tokens.extend((opening.copy(), part, closing))
        run.clear()

    for child in inline.children or ():
        if _is_block(child):
            close_run()
            tokens.append(Token("formula_block", "", 0, meta=child.meta, block=True))
        elif run or child.type != "softbreak":
            run.append(child)
    close_run()
    return [*tokens, Token("paragraph_done", "", 0)]


class LessonRenderer(RendererHTML):
    """Tokens to HTML; what it writes still passes the sanitiser. Method names are token types."""

    def formula(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        formula = env["formulas"][tokens[idx].meta["index"]]
        # A div where a paragraph is open would close it; inside one, a displayed formula is a span.
        return env["context"].formula_html(formula, block=False)

    def formula_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return env["context"].formula_html(env["formulas"][tokens[idx].meta["index"]], block=True) + "\n"

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        context: RenderContext = env["context"]
        title = heading_title(tokens[idx + 1], env["formulas"], context)
        explicit = _take_explicit_id(tokens[idx + 1])
        identity = context.heading_id(title)
        tokens[idx].meta["id"] = identity
        extra = [name for name in (safe_id(title.replace(" ", "-")), safe_id(explicit)) if name not in ("", identity)]
        tag = tokens[idx].tag
        if context.in_toc and title:
            level = min(6, int(tag[1]) + context.heading_shift)
            context.toc.append({"id": identity, "title": title, "level": level})
        spans = "".join(f'<span id="{escape(name)}"></span>' for name in dict.fromkeys(extra))
        return f'<{tag} id="{escape(identity)}">{spans}'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        opening = tokens[idx - 2]  # a heading is always three tokens
        href = escape(fragment(opening.meta["id"]))
        return f'<a class="anchor" href="{href}" aria-label="Link to this section">#</a></{tokens[idx].tag}>\n'

    def target(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return f'<span id="{escape(safe_id(tokens[idx].content))}"></span>\n'

    def reference(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        context: RenderContext = env["context"]
        target = tokens[idx].meta["target"]
        href = fragment(target) if target in context.anchors and target not in context.links else target
        words, name = restore(tokens[idx].content, env["formulas"]), context.label_names.get(target, "")
        if "#block-" in context.links.get(target, ""):
            name = "the exercise"
        words = titled(words, name) if tokens[idx].meta["is_titled"] else name or readable(words)
        return f'<a href="{escape(href)}">{escape(words)}</a>'

    def citation(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        context: RenderContext = env["context"]
        target = tokens[idx].meta["target"]
        name = context.label_names.get(target)
        if name is None:
            return escape(tokens[idx].content)
        return f'<a href="{escape(fragment(target))}">{escape(name)}</a>'

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        info = tokens[idx].info.strip().split()
        return _code_block(tokens[idx].content, re.sub(r"[{}.]", "", info[0]) if info else "")

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _code_block(tokens[idx].content, "")

    def colon_fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _code_block(restore(tokens[idx].content, env["formulas"]), "")

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        alt = _plain_text(token.children or [], env["formulas"], env["context"])
        return _tag("img", {**token.attrs, "alt": alt})

    def picture(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _tag("img", tokens[idx].attrs)

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return '<div class="table-scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</table></div>\n"

    def html_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self._html(tokens[idx].content, env)

    def html_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return self._html(tokens[idx].content, env)

    def _html(self, content: str, env: Any) -> str:
        def formula(found: re.Match[str]) -> str:
            return env["context"].formula_html(env["formulas"][int(found[1])], block=False)

        return PLACEHOLDER.sub(formula, content) if OPEN in content else content


def _take_explicit_id(inline: Token) -> str:
    """The name in `## Title {#name}`, which is taken off the title."""
    last = inline.children[-1] if inline.children else None
    found = re.search(r"\s*\{#([\w:.-]{1,100})\}\s*\Z", last.content) if last and last.type == "text" else None
    if last is None or found is None:
        return ""
    last.content = last.content[: found.start()]
    return found[1]


def _code_block(source: str, language: str) -> str:
    key = language_key(language) or "text"
    return (
        f'<div class="code-block" data-language="{escape(key)}"><pre class="highlight" tabindex="0"><code>'
        f"{highlight(source.rstrip(chr(10)), key)}\n</code></pre></div>\n"
    )


def _tag(name: str, attributes: dict[str, Any]) -> str:
    return f"<{name}" + "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items()) + ">"
