"""Source code to HTML with Pygments' short class names; no style leaves this module, and it knows no Markdown."""

import re
from functools import cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
    Token,
    _TokenType,
)
from pygments.util import ClassNotFound

MAX_CHARACTERS = 100_000
"""Longer sources are shown plain: a lexer may take seconds over a megabyte of minified code."""

_ALIASES = {
    "ipython": "python",
    "ipython2": "python",
    "ipython3": "python",
    "py": "python",
    "python3": "python",
    "sh": "bash",
    "shell": "bash",
    "console": "console",
    "yml": "yaml",
    "c++": "cpp",
    "plaintext": "text",
    "": "text",
}
_NAMES = {
    "text": "Text",
    "python": "Python",
    "r": "R",
    "bash": "Shell",
    "cpp": "C++",
    "javascript": "JavaScript",
    "json": "JSON",
    "sql": "SQL",
    "html": "HTML",
    "yaml": "YAML",
}
# One class for what looks the same on the page (static/css/code.css); names, operators and punctuation look like text.
# The nearest ancestor of a token's type counts. What a lexer does not know is no error of the author's (Jupyter's
# "%matplotlib", "!pip"), so it is text as well.
_CLASSES = {
    Keyword: "k",
    Keyword.Type: "nb",
    Operator.Word: "k",
    Name.Builtin: "nb",
    Name.Class: "nb",
    Name.Constant: "nb",
    Name.Exception: "nb",
    Name.Namespace: "nb",
    Name.Tag: "nb",
    Name.Decorator: "nf",
    Name.Function: "nf",
    Name.Attribute: "s",
    String: "s",
    String.Escape: "si",
    String.Interpol: "si",
    Literal: "m",
    Number: "m",
    Comment: "c",
    Generic.Deleted: "gd",
    Generic.Emph: "ge",
    Generic.Error: "gd",
    Generic.Heading: "gh",
    Generic.Inserted: "gi",
    Generic.Output: "go",
    Generic.Prompt: "gp",
    Generic.Strong: "gh",
    Generic.Subheading: "gh",
    Generic.Traceback: "gd",
}


def language_key(language: str) -> str:
    """One name for a language however the notebook spells it: "ipython3" is "python"."""
    low = re.sub(r"[^a-z0-9+#.-]", "", language.strip().lower())[:60]
    return _ALIASES.get(low, low)


def language_name(language: str) -> str:
    """The language as it is shown to a reader."""
    key = language_key(language)
    return _NAMES.get(key, key.capitalize())


def highlight(source: str, language: str) -> str:
    """`source` as escaped HTML with `<span class="k">` and the like; an unknown language is only escaped.

    As few spans as can be, because a long lesson has tens of thousands of tokens: neighbours of one class share a span,
    with the space between them.
    """
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    lexer = _lexer(language_key(language)) if len(source) <= MAX_CHARACTERS else None
    if lexer is None:
        return escape(source, quote=False)
    source = source.rstrip("\n") + "\n"  # lexers lose an open last line
    runs: list[tuple[str, list[str]]] = []
    length = 0
    for kind, text in lexer.get_tokens(source):
        name = _class_of(kind)
        length += len(text)
        if runs and (name == runs[-1][0] or not text.strip()):
            runs[-1][1].append(text)
        else:
            runs.append((name, [text]))
    if length != len(source):  # some lexers drop what they did not expect: better no colours than no code
        return escape(source, quote=False)
    return "".join(_span(name, "".join(texts)) for name, texts in runs).rstrip("\n")


def _span(name: str, text: str) -> str:
    if not name:
        return escape(text, quote=False)
    shown = text.rstrip()
    return f'<span class="{name}">{escape(shown, quote=False)}</span>{text[len(shown) :]}' if shown else text


@cache
def _class_of(kind: _TokenType) -> str:
    while kind is not Token and kind not in _CLASSES:
        kind = kind.parent
    return _CLASSES.get(kind, "")


def _lexer(key: str) -> Lexer | None:
    return None if key == "text" or not re.fullmatch(r"[\w+#.-]+", key) else _known_lexer(key)


@cache
def _all_lexers() -> dict[str, Lexer | None]:
    return {}


def _known_lexer(key: str) -> Lexer | None:
    lexers = _all_lexers()
    if key not in lexers:
        if len(lexers) > 500:  # names come from lessons: keep what they can make us remember small
            lexers.clear()
        try:
            lexers[key] = get_lexer_by_name(key, stripnl=False)
        except ClassNotFound:
            lexers[key] = None
    return lexers[key]
