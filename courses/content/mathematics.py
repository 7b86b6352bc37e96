"""Formulas: TeX in, MathML Core without a single inline style out.

The only module that calls the converter (math-core). It recurses over its input and a deep enough formula ends the
whole process, so `tex_bounds.py` measures first what it will be given (macros are unfolded before, by `macros.py`),
and a long formula gets a stack of its own. Knows nothing of Markdown: `formulas.py` finds formulas in a text.
"""

import re
import threading
from concurrent.futures import Future
from functools import cache, partial
from html import unescape
from xml.etree import ElementTree

import math_core

from courses.content.macros import MAX_EXPANDED, MacroError, Macros, expand_macros
from courses.content.tex import is_display, strip_comments, to_dialect
from courses.content.tex_bounds import BoundExceeded, check_bounds

MAX_CHARACTERS = 4_000
MAX_DEFINITIONS = 40_000
MAX_REPAIRS = 6
SHORT = 1_000
LONG_STACK = 64 * 1024 * 1024
_STACK_LOCK = threading.Lock()

_STYLE_CLASSES = {
    "width: 100%": "tex-wide",
    "width: 50%": "tex-half",
    "width: 7.5%": "tex-margin",
    "text-align: right": "tex-right",
    "text-align: left": "tex-left",
    "padding-left: 0": "tex-flush-left",
    "padding-right: 0": "tex-flush-right",
    "padding-left: 1em": "tex-gap-left",
    "padding-left: 0.2778em": "tex-relation",
    "padding-left: 0.2222em": "tex-binary",
    "padding-top: 0": "tex-tight",
    "padding-top: 0.1667em": "tex-strut",
    "border-left: 0.05em solid currentcolor": "tex-line-left",
    "border-right: 0.05em solid currentcolor": "tex-line-right",
    "border-top: 0.05em solid currentcolor": "tex-line-top",
    "border-bottom: 0.05em solid currentcolor": "tex-line-bottom",
    "border-left: 0.05em dashed currentcolor": "tex-dash-left",
    "border-right: 0.05em dashed currentcolor": "tex-dash-right",
    "border-top: 0.05em dashed currentcolor": "tex-dash-top",
    "border-bottom: 0.05em dashed currentcolor": "tex-dash-bottom",
    "font-variant-caps: small-caps": "tex-small-caps",
}
_STYLED = re.compile(r'<(\w+)([^<>]*?) style="([^"]*)"([^<>]*?)(/?)>')
_COLOUR = re.compile(r"color: (#[0-9A-Fa-f]{6})\Z")
_BACK = re.compile(r"margin-left: -([\d.]+)r?em\Z")


class FormulaError(ValueError):
    """A formula that cannot be shown as one; the message says why in a few words."""


def to_mathml(tex: str, *, display: bool, macros: Macros | None = None, numbers: dict[str, str] | None = None) -> str:
    r"""MathML of one formula, or "" when it only defines macros (they are added to `macros`).

    An environment that stands on its own line (`align`) gives display mathematics even where `display` is false.
    `numbers` are equation numbers by `\label`. Raises FormulaError; never longer than a few milliseconds.
    """
    if len(tex) > MAX_DEFINITIONS:
        raise FormulaError(f"longer than {MAX_DEFINITIONS:,} characters")
    try:
        expanded = _strip(expand_macros(strip_comments(tex), {} if macros is None else macros))
    except MacroError as error:
        raise FormulaError(str(error)) from error
    if not expanded and tex.strip():
        return ""
    if len(expanded) > (MAX_EXPANDED if expanded != tex.strip() else MAX_CHARACTERS):
        raise FormulaError(f"longer than {MAX_CHARACTERS:,} characters")
    _measure(expanded)
    display = display or is_display(expanded)
    dialect = to_dialect(expanded, numbers or {})
    return _without_styles(_convert(dialect, display))


def to_text(mathml: str) -> str:
    """A formula in one line of plain characters, for a table of contents and for search: `w_i^2`, `(1)/(2)`.

    MathML that an author wrote as HTML need not be well formed, nor of a sane depth: of that, the words alone.
    """
    try:
        root = ElementTree.fromstring(re.sub(r"&(?!amp;|lt;|gt;|quot;|#)\w+;", "", mathml))  # noqa: S314 (no DTD in it)
        text = _linear(root)
    except (ElementTree.ParseError, RecursionError):
        text = unescape(re.sub(r"<[^>]*>", " ", mathml))
    return re.sub(r"\s+", " ", text).strip()


def _strip(tex: str) -> str:
    stripped = tex.strip()
    return stripped + " " if stripped.endswith("\\") and tex.rstrip() != tex else stripped


@cache
def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(fancy_error=False, allow_unreliable_rendering=True)


def _convert(tex: str, display: bool) -> str:
    """Call the converter; where it refuses what browsers' own engines forgive, mend that and try again."""
    for _ in range(MAX_REPAIRS):
        _measure(tex)
        try:
            return _call(tex, display)
        except math_core.LatexError as error:
            reason = str(error).partition(": ")[2] or str(error)
            mended = _mend(tex, reason)
            if mended == tex:
                raise FormulaError(reason[:200]) from error
            tex = mended
    raise FormulaError("too many faults")


def _measure(tex: str) -> None:
    if len(tex) > 2 * MAX_EXPANDED:
        raise FormulaError("too long")
    try:
        check_bounds(tex)
    except BoundExceeded as error:
        raise FormulaError(str(error)) from error


def _call(tex: str, display: bool) -> str:
    """A long formula is converted on a stack of its own size, whatever the thread that asks has (128 kB on musl)."""
    convert = partial(_converter().convert_with_local_state, tex, displaystyle=display)
    if len(tex) <= SHORT:
        return convert()
    answer: Future[str] = Future()

    def work() -> None:
        try:
            answer.set_result(convert())
        except math_core.LatexError as error:
            answer.set_exception(error)

    thread = threading.Thread(target=work, name="long-formula")
    with _STACK_LOCK:  # the size is one for the process: set it for the moment of starting
        before = threading.stack_size(LONG_STACK)
        try:
            thread.start()
        finally:
            threading.stack_size(before)
    thread.join()
    return answer.result()


def _mend(tex: str, reason: str) -> str:
    if found := re.match(r'Unknown color "(.*)"', reason):
        return re.sub(rf"\\(?:text)?color\s*\{{{re.escape(found[1])}\}}", "", tex)
    if reason.startswith('Found "&"') and r"\begin{aligned}" not in tex:
        return rf"\begin{{aligned}}{tex}\end{{aligned}}"
    if reason.startswith(r'Found "\limits"'):
        return re.sub(r"\\limits(?![A-Za-z])", "", tex)
    return tex


def _without_styles(mathml: str) -> str:
    if ' style="' in mathml:
        mathml = _STYLED.sub(_replace_style, mathml)
    mathml = mathml.replace('class="math-core-sans-serif-font"', 'class="tex-sans"')
    mathml = mathml.replace('class="menclose-', 'class="tex-')
    # The converter draws a bar with a combining character, which stretches beside what it should cover.
    mathml = mathml.replace('<mo stretchy="true">\u0332</mo></mover>', '<mo stretchy="true">\u203e</mo></mover>')
    mathml = mathml.replace('<mo stretchy="true">\u0332</mo></munder>', '<mo stretchy="true">_</mo></munder>')
    return mathml.replace("&ApplyFunction;", "\u2061")


def _replace_style(found: re.Match[str]) -> str:
    tag, before, style, after, closed = found.groups()
    attributes = before + after
    classes = []
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        declared = f"{name.strip()}: {value.strip()}"
        if colour := _COLOUR.match(declared):
            attributes += f' mathcolor="{colour[1]}"'
        elif back := _BACK.match(declared):
            classes.append(f"tex-back-{min(12, max(1, round(float(back[1]) * 6)))}")
        elif declared in _STYLE_CLASSES:
            classes.append(_STYLE_CLASSES[declared])
    if classes:
        attributes += f' class="{" ".join(classes)}"'
    return f"<{tag}{attributes}{closed}>"


_JOINED = {"msup": "^", "msub": "_", "mfrac": "/", "mover": "", "munder": "_"}


def _linear(element: ElementTree.Element) -> str:
    tag = element.tag
    parts = [_linear(child) for child in element]
    if tag in ("msubsup", "munderover") and len(parts) == 3:
        return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    if tag in _JOINED and len(parts) == 2:
        mark = _JOINED[tag]
        return f"{parts[0]}{mark}{_grouped(parts[1])}" if tag != "mfrac" else "/".join(map(_grouped, parts))
    if tag == "msqrt":
        return f"√{_grouped(''.join(parts))}"
    if tag == "mtd":
        return "".join(parts) + " "
    inside = "".join(part + (child.tail or "") for part, child in zip(parts, element, strict=True))
    text = (element.text or "") + inside
    return f" {text} " if tag == "mo" and text in "=<>≤≥≈∼→∈+−" else text


def _grouped(text: str) -> str:
    return text if len(text.strip()) <= 1 else f"({text.strip()})"
