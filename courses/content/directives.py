"""Directives and roles of MyST, and admonitions of its relatives, as Markdown tokens.

Owns what ```` ```{note} ````, `:::{note}`, `> [!TIP]`, `(label)=` and `{ref}` mean: callouts, folded parts, figures,
code, mathematics; a directive that nobody knows shows its body. Part of markdown-it's core chain; knows no lesson.
"""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from courses.content.formulas import Formula, protect, restore
from courses.content.labels import CITATION, d2l_marks

MAX_DEPTH = 10

Env = MutableMapping[str, Any]

_INFO = re.compile(r"\{([\w:+-]{1,60})\}\s*(.*)\Z")
_PLAIN_INFO = re.compile(r"([A-Za-z][\w-]{0,60})(?:\s+(.*))?\Z")
_OPTION = re.compile(r"\s*:([\w-]{1,40}):(?:\s+(.*)|\s*)\Z")
_TARGET = re.compile(r"\(([^()\s][^()]{0,150})\)=\Z")
_ROLE = re.compile(r"\{([A-Za-z][\w:+-]{0,60})\}(`+)")
_D2L_ROLE = re.compile(r":(numref|ref|cite[tp]?):(`)")
_TITLED = re.compile(r"(.*?)\s*<([^<>]+)>\s*\Z", re.DOTALL)

CALLOUT_KINDS = ("note", "tip", "important", "warning", "danger")
_CALLOUTS = {
    **dict.fromkeys(("note", "seealso", "info", "admonition", "callout", "question", "exercise", "challenge"), "note"),
    **dict.fromkeys(("objectives", "keypoints", "prereq", "discussion", "testimonial", "topic", "sidebar"), "note"),
    **dict.fromkeys(("tip", "hint"), "tip"),
    "important": "important",
    **dict.fromkeys(("warning", "caution", "attention", "versionchanged", "deprecated"), "warning"),
    **dict.fromkeys(("danger", "error"), "danger"),
}
_ALERTS = {"NOTE": "note", "TIP": "tip", "IMPORTANT": "important", "WARNING": "warning", "CAUTION": "danger"}
_FOLDED = {"dropdown", "toggle", "details", "spoiler", "solution"}
_CODE = {
    *("code", "code-block", "code-cell", "sourcecode", "prompt", "doctest", "parsed-literal", "eval-rst", "mermaid"),
    *("jupyter-execute", "ipython", "literal", "raw-cell"),
}
_PICTURES = {"figure", "image", "figure-md"}
_NOTHING = {
    "toc",
    "toctree",
    "tableofcontents",
    "contents",
    "bibliography",
    "index",
    "include",
    "raw",
    "meta",
    "highlight",
}
_LABELLED = {"table": "Table", "list-table": "Table", "figure-md": "Figure", "glue:figure": "Figure"}
_REFERENCES = {"doc", "ref", "numref", "any", "term", "download", "prf:ref", "std:ref", "std:doc"}


@dataclass
class _Directive:
    name: str
    argument: str
    body: str
    options: dict[str, str] = field(default_factory=dict)


def directives_plugin(md: MarkdownIt) -> None:
    """Register the core rule that unfolds directives and the inline rule that reads roles."""
    md.core.ruler.after("block", "directives", _unfold_all)
    md.inline.ruler.before("backticks", "role", _role)


def _unfold_all(state: StateCore) -> None:
    state.tokens = _unfold(state.tokens, state.md, state.env, 0)


def _unfold(tokens: list[Token], md: MarkdownIt, env: Env, depth: int) -> list[Token]:
    result: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        directive = _directive(token) if token.type in ("fence", "colon_fence") else None
        if directive and depth < MAX_DEPTH:
            result += _tokens_of(directive, token, md, env, depth)
        elif token.type in ("alert_open", "alert_close", "alert_title_open"):
            result.append(_alert(token))
        elif token.type == "paragraph_open" and (marks := d2l_marks(tokens[index + 1].content)):
            tokens[index + 1].content = marks.text
            behind = [_token("target", content=label, meta={"is_behind": True}) for label in marks.labels]
            result += [*tokens[index : index + 3], *behind] if marks.text else behind
            index += 2
        elif token.type == "paragraph_open" and tokens[index + 1].content.startswith("("):
            result += _targets(tokens[index : index + 3])
            index += 2
        else:
            result.append(token)
        index += 1
    return result


def _targets(paragraph: list[Token]) -> list[Token]:
    """The labels `(name)=` in the first lines of a paragraph, and what is left of it."""
    lines = paragraph[1].content.split("\n")
    found: list[Token] = []
    while lines and (target := _TARGET.match(lines[0].strip())):
        found.append(_token("target", content=target[1]))
        del lines[0]
    paragraph[1].content = "\n".join(lines)
    return [*found, *paragraph] if lines else found


def _directive(token: Token) -> _Directive | None:
    info = token.info.strip()
    if info == "math" or info.startswith("math "):
        return _with_options(_Directive("math", "", token.content))
    if info == "toc":
        return _Directive("toc", "", token.content)
    found = _INFO.match(info)
    if not found and token.type == "colon_fence":
        found = _PLAIN_INFO.match(info.strip("{}: "))
        if found is None:
            return _Directive("div", "", token.content)
    if not found:
        return None
    return _with_options(_Directive(found[1].lower(), (found[2] or "").strip().rstrip(":").strip(), token.content))


def _with_options(directive: _Directive) -> _Directive:
    """Take `:name: value` lines (or a block between `---` lines) off the start of the body."""
    lines = directive.body.split("\n")
    index = 0
    if lines[0].strip() == "---" and "---" in (line.strip() for line in lines[1:]):
        index = 1
        while lines[index].strip() != "---":
            name, _, value = lines[index].partition(":")
            directive.options[name.strip()] = value.strip().strip("\"'")
            index += 1
        index += 1
    else:
        while index < len(lines) and (found := _OPTION.match(lines[index])):
            directive.options[found[1]] = (found[2] or "").strip()
            index += 1
    directive.body = "\n".join(lines[index:])
    return directive


def _tokens_of(directive: _Directive, token: Token, md: MarkdownIt, env: Env, depth: int) -> list[Token]:
    name = directive.name
    if name in _NOTHING:
        return []
    tokens = _content_of(directive, md, env, depth)
    label = directive.options.get("label") or directive.options.get("name")
    if not label or name in ("math", "figure"):
        return tokens
    return [_token("target", content=label, meta={"noun": _LABELLED.get(name) or _proved(name)}), *tokens]


def _proved(name: str) -> str:
    return name.removeprefix("prf:").capitalize() if name.startswith("prf:") else ""


def _content_of(directive: _Directive, md: MarkdownIt, env: Env, depth: int) -> list[Token]:
    name = directive.name
    if name == "math":
        return [_mathematics(directive, env)]
    if name in _CODE:
        fence = _token("fence", content=directive.body)
        fence.info = re.sub(r"[^\w+#.-]", "", directive.argument.split(" ")[0]) or "text"
        return [fence]
    if name in _PICTURES:
        return _picture(directive, md, env, depth)
    if name == "youtube" and (video := directive.argument or directive.body.strip()):
        return _parse(f"<https://www.youtube.com/watch?v={video}>", md, env, depth)
    classes = directive.options.get("class", "").split()
    folded = name in _FOLDED or "dropdown" in classes
    body = _parse(directive.body, md, env, depth)
    title = directive.argument
    if name in ("list-table", "table"):
        rows = _table_rows(body, directive.options) if name == "list-table" else body
        return _wrapped("div", "directive", "p", title, rows)
    if folded:
        kind = _kind(name, classes)
        default = "Solution" if name == "solution" else "More"
        return _wrapped("details", f"callout callout-{kind}", "summary", title or _words(name, default), body)
    if name in _CALLOUTS or name.startswith("prf:"):
        words = _words(name, "Note")
        if title and name.removeprefix("prf:") not in ("admonition", "callout", "topic", "sidebar"):
            plain = name in ("note", "tip", "hint", "important", "warning", "caution", "danger", "error", "seealso")
            title = title if plain else f"{words}: {title}"
        return _wrapped("aside", f"callout callout-{_kind(name, classes)}", "p", title or words, body)
    return _wrapped("div", "directive", "p", title if name.startswith("tab-") else "", body)


def _kind(name: str, classes: list[str]) -> str:
    for word in (*classes, name):
        if word in _CALLOUTS and word not in ("admonition", "callout"):
            return _CALLOUTS[word]
    return "note"


def _words(name: str, default: str) -> str:
    plain = name.removeprefix("prf:")
    if plain in ("admonition", "callout", "dropdown", "toggle", "details"):
        return default
    return {"seealso": "See also", "keypoints": "Key points", "prereq": "Prerequisites"}.get(plain, plain.capitalize())


def _table_rows(tokens: list[Token], options: dict[str, str]) -> list[Token]:
    """A list of lists as the rows of a table; anything else stays as it is."""
    if not tokens or tokens[0].type != "bullet_list_open":
        return tokens
    heads = options.get("header-rows", "0").strip()
    left = int(heads) if heads.isdecimal() and len(heads) < 3 else 0
    rows: list[Token] = []
    depth, tag = 0, "td"
    for token in tokens:
        if token.type.startswith("bullet_list"):
            depth += token.nesting
            kind = {(1, 1): "table", (0, -1): "table"}.get((depth, token.nesting), "")
        elif token.type.startswith("list_item") and depth <= 2:
            kind = "tr" if depth == 1 else "cell"
            if kind == "tr" and token.nesting > 0:
                tag, left = "th" if left > 0 else "td", left - 1
        else:
            rows.append(token)
            continue
        if kind:
            name = tag if kind == "cell" else kind
            rows.append(_token(f"{name}_{'open' if token.nesting > 0 else 'close'}", name, token.nesting))
        elif depth > 2 or (depth == 2 and token.nesting < 0 and token.type == "bullet_list_close"):
            rows.append(token)
    return rows


def _parse(body: str, md: MarkdownIt, env: Env, depth: int) -> list[Token]:
    tokens: list[Token] = []
    md.block.parse(protect(body, env["formulas"]).text, md, env, tokens)
    return _unfold(tokens, md, env, depth + 1)


def _mathematics(directive: _Directive, env: Env) -> Token:
    formulas: list[Formula] = env["formulas"]
    tex = restore(directive.body, formulas)
    label = directive.options.get("label") or directive.options.get("name")
    formulas.append(Formula(tex, "display", tex, label))
    return _token("formula_block", meta={"index": len(formulas) - 1})


def _picture(directive: _Directive, md: MarkdownIt, env: Env, depth: int) -> list[Token]:
    options = directive.options
    image = _token("picture", "img")
    image.attrs = {"src": directive.argument, "alt": restore(options.get("alt", ""), env["formulas"])}
    for name in ("width", "height", "align"):
        if name in options:
            image.attrs[name] = options[name]
    caption = _parse(directive.body, md, env, depth)
    if directive.name == "figure-md":
        return _wrapped("figure", "figure", "", "", caption)
    opening = _token("figure_open", "figure", 1, {"class": "figure"})
    if label := options.get("name"):
        opening.attrs["id"] = label
    tokens = [opening, image]
    if caption:
        tokens += [_token("figcaption_open", "figcaption", 1), *caption, _token("figcaption_close", "figcaption", -1)]
    return [*tokens, _token("figure_close", "figure", -1)]


def _wrapped(tag: str, classes: str, title_tag: str, title: str, body: list[Token]) -> list[Token]:
    tokens = [_token(f"{tag}_open", tag, 1, {"class": classes})]
    if title:
        inline = _token("inline", content=title)
        inline.children = []
        title_class = "directive-title" if classes == "directive" else "callout-title"
        opening = _token("title_open", title_tag, 1, {"class": title_class})
        tokens += [opening, inline, _token("title_close", title_tag, -1)]
    return [*tokens, *body, _token(f"{tag}_close", tag, -1)]


def _alert(token: Token) -> Token:
    if token.type == "alert_title_open":
        return _token("title_open", "p", 1, {"class": "callout-title"})
    if token.type == "alert_close":
        return _token("aside_close", "aside", -1)
    kind = _ALERTS.get(str(token.meta.get("kind", "")).upper(), "note")
    return _token("aside_open", "aside", 1, {"class": f"callout callout-{kind}"})


def _token(
    token_type: str,
    tag: str = "",
    nesting: int = 0,
    attrs: dict | None = None,
    *,
    content: str = "",
    meta: dict | None = None,
) -> Token:
    return Token(token_type, tag, nesting, attrs=attrs or {}, content=content, meta=meta or {}, block=True)  # type: ignore[arg-type]


def _role(state: StateInline, silent: bool) -> bool:
    """`{name}`content`` anywhere in a line; mathematics never gets here, `formulas.py` took it."""
    found = _ROLE.match(state.src, state.pos) or _D2L_ROLE.match(state.src, state.pos)
    if not found:
        return False
    end = state.src.find(found[2], found.end())
    if end < 0:
        return False
    if not silent:
        _push_role(state, found[1].lower(), state.src[found.end() : end].strip())
    state.pos = end + len(found[2])
    return True


def _push_role(state: StateInline, name: str, content: str) -> None:
    if name in _REFERENCES:
        titled = _TITLED.match(content)
        token = state.push("reference", "a", 0)
        token.content = titled[1] if titled and titled[1] else content.lstrip("!~")
        token.meta = {"target": titled[2] if titled else content.lstrip("!~"), "is_titled": bool(titled and titled[1])}
    elif name.startswith(("cite", "footcite")):
        _push_citation(state, content)
    elif name in ("sub", "sup", "subscript", "superscript", "kbd", "abbr"):
        tag = name[:3] if name.startswith("su") else name
        opening = state.push(f"{tag}_open", tag, 1)
        explained = re.match(r"(.*?)\s*\((.*)\)\Z", content, re.DOTALL) if tag == "abbr" else None
        if explained:
            opening.attrs["title"] = explained[2]
        state.push("text", "", 0).content = explained[1] if explained else content
        state.push(f"{tag}_close", tag, -1)
    else:
        state.push("code_inline", "code", 0).content = content


def _push_citation(state: StateInline, content: str) -> None:
    """`[a; b]`, each work to be named when all of the lesson is read."""
    keys = [key.strip() for key in content.split(",") if key.strip()]
    for place, key in enumerate(keys):
        state.push("text", "", 0).content = "; " if place else "["
        token = state.push("citation", "", 0)
        token.content, token.meta = key, {"target": CITATION + key}
    state.push("text", "", 0).content = "]" if keys else ""
