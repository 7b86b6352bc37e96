"""Formulas: TeX in, MathML Core without a single inline style out.

The only module that calls the converter (math-core). It recurses over its input and a deep enough formula ends the
whole process, so `_check_bounds` measures first what it will be given (macros are unfolded before, by `macros.py`), and
a long formula gets a stack of its own.
Knows nothing of Markdown: `formulas.py` finds formulas in a text.
"""

import re
import threading
from concurrent.futures import Future
from functools import cache, partial
from xml.etree import ElementTree

import math_core

from courses.content.macros import MAX_EXPANDED, MacroError, Macros, expand_macros
from courses.content.tex import is_display, strip_comments, to_dialect

MAX_CHARACTERS = 4_000
MAX_DEFINITIONS = 40_000
MAX_DEPTH = 50
MAX_CHAIN = 50
MAX_REPAIRS = 6
SHORT = 1_000
LONG_STACK = 64 * 1024 * 1024
_STACK_LOCK = threading.Lock()

_PIECE = re.compile(r"\\(begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+|\\.|[{}^_&]|\s+|.", re.DOTALL)
# How many arguments a command takes, where it is not one. Too many for a symbol is harmless: it ends at the next atom.
_ARITIES = {
    **dict.fromkeys((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\binom", r"\dbinom", r"\tbinom"), 2),
    **dict.fromkeys((r"\overset", r"\underset", r"\stackrel", r"\textcolor", r"\rule"), 2),
    **dict.fromkeys((r"\sideset", r"\prescript"), 3),
    r"\mathchoice": 4,
    r"\genfrac": 6,
}
# These hold all that follows them in their group.
_SWITCHES = {r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\scriptscriptstyle", r"\color"}

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
    _check_bounds(expanded)
    display = display or is_display(expanded)
    dialect = to_dialect(expanded, numbers or {})
    return _without_styles(_convert(dialect, display))


def to_text(mathml: str) -> str:
    """A formula in one line of plain characters, for a table of contents and for search: `w_i^2`, `(1)/(2)`."""
    root = ElementTree.fromstring(re.sub(r"&(?!amp;|lt;|gt;|quot;|#)\w+;", "", mathml))  # noqa: S314 (our own output)
    return re.sub(r"\s+", " ", _linear(root)).strip()


def _strip(tex: str) -> str:
    stripped = tex.strip()
    return stripped + " " if stripped.endswith("\\") and tex.rstrip() != tex else stripped


@cache
def _converter() -> math_core.LatexToMathML:
    return math_core.LatexToMathML(fancy_error=False, allow_unreliable_rendering=True)


def _convert(tex: str, display: bool) -> str:
    """Call the converter; where it refuses what browsers' own engines forgive, mend that and try again."""
    for _ in range(MAX_REPAIRS):
        _check_bounds(tex)
        try:
            return _call(tex, display)
        except math_core.LatexError as error:
            reason = str(error).partition(": ")[2] or str(error)
            mended = _mend(tex, reason)
            if mended == tex:
                raise FormulaError(reason[:200]) from error
            tex = mended
    raise FormulaError("too many faults")


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


def _check_bounds(tex: str) -> None:
    """Refuse what would nest too deep in the converter, by reading commands and arguments as it will.

    A stack of what is still open: a group, or a command with so many arguments to come.
    """
    if len(tex) > 2 * MAX_EXPANDED:
        raise FormulaError("too long")
    stack: list[int] = []  # > 0 arguments to come, 0 a group, -1 a switch
    groups = 0
    for found in _PIECE.finditer(tex):
        piece = found[0]
        if piece == "}" or piece == r"\right" or found[1] == "end":
            while stack and stack[-1] != 0:
                stack.pop()
            if stack:
                stack.pop()
                groups -= 1
            _close_atom(stack)
        elif piece == "{" or piece == r"\left" or found[1] == "begin":
            stack.append(0)
            groups += 1
        elif piece in _SWITCHES:
            stack.append(-1)
        elif piece in ("&", r"\\"):
            while stack and stack[-1] != 0:
                stack.pop()
        elif piece in "^_" or (piece[0] == "\\" and piece[1:].isalpha()):
            stack.append(_ARITIES.get(piece, 1))
        elif not piece.isspace():
            _close_atom(stack)
        if groups > MAX_DEPTH:
            raise FormulaError(f"nested more than {MAX_DEPTH} levels deep")
        if len(stack) - groups > MAX_CHAIN:
            raise FormulaError(f"chains more than {MAX_CHAIN} commands")


def _close_atom(stack: list[int]) -> None:
    while stack and stack[-1] > 0:
        stack[-1] -= 1
        if stack[-1]:
            return
        stack.pop()  # the command is complete and is itself an argument of the one before


def _without_styles(mathml: str) -> str:
    if ' style="' in mathml:
        mathml = _STYLED.sub(_replace_style, mathml)
    mathml = mathml.replace('class="math-core-sans-serif-font"', 'class="tex-sans"')
    mathml = mathml.replace('class="menclose-', 'class="tex-')
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
