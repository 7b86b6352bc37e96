"""Source code to HTML with Pygments' short class names; no style leaves this module, and it knows no Markdown."""

import re
from functools import cache
from html import escape

from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
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
# What a lexer does not know (Jupyter's "%matplotlib", "!pip") is no error of the author's.
_ERROR = re.compile(r'<span class="err">(.*?)</span>', re.DOTALL)


def language_key(language: str) -> str:
    """One name for a language however the notebook spells it: "ipython3" is "python"."""
    low = re.sub(r"[^a-z0-9+#.-]", "", language.strip().lower())[:60]
    return _ALIASES.get(low, low)


def language_name(language: str) -> str:
    """The language as it is shown to a reader."""
    key = language_key(language)
    return _NAMES.get(key, key.capitalize())


def highlight(source: str, language: str) -> str:
    """`source` as escaped HTML with `<span class="k">` and the like; an unknown language is only escaped."""
    lexer = _lexer(language_key(language)) if len(source) <= MAX_CHARACTERS else None
    if lexer is None:
        return escape(source, quote=False)
    return _ERROR.sub(r"\1", pygments_highlight(source, lexer, _formatter())).rstrip("\n")


@cache
def _formatter() -> HtmlFormatter:
    return HtmlFormatter(nowrap=True)


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
            lexers[key] = get_lexer_by_name(key, stripnl=False, ensurenl=False)
        except ClassNotFound:
            lexers[key] = None
    return lexers[key]
