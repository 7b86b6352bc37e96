r"""From the TeX that notebooks are written in (MathJax's and KaTeX's) to the dialect that the converter reads.

Owns the rewriting only: environments and commands with another name, `$` inside `\text`, row spacing, `\tag` and
`\label`, colours. Every rule has a line in `tests/test_render_mathematics.py`. Knows nothing of Markdown or HTML.
"""

import re
from collections.abc import Callable

_LABEL = re.compile(r"\\label\s*\{([^{}]*)\}")
_TAG = re.compile(r"\\tag(\*?)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_REFERENCE = re.compile(r"\\(eq)?ref\s*\{([^{}]*)\}")
_OUTER = re.compile(r"\s*\\begin\s*\{(equation|align|gather|multline)\*?\}(.*)\\end\s*\{\1\*?\}\s*\Z", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{\s*([A-Za-z]+\*?)\s*\}")
_DISPLAY = re.compile(r"\\begin\s*\{(?:equation|align|gather|multline|eqnarray|alignat|flalign|split)\*?\}")

# Environments under the name of their nearest relative, and those that only wrap.
_RENAMED = {
    "split": "aligned",
    "alignedat": "aligned",
    "alignat": "align",
    "flalign": "align",
    "IEEEeqnarray": "align",
    "eqnarray": "align",
    "smallmatrix": "matrix",
    "cases*": "cases",
    **{f"{kind}matrix*": f"{kind}matrix" for kind in ("", "p", "b", "B", "v", "V")},
}
_WRAPPERS = {"subequations", "displaymath", "math", "center", "small"}

# Commands as others name them. An empty value drops the command and keeps what follows.
_COMMANDS = {
    "mbox": r"\text",
    "hbox": r"\text",
    "textup": r"\text",
    "textmd": r"\text",
    "textnormal": r"\text",
    "mathds": r"\mathbb",
    "mathbbm": r"\mathbb",
    "symbb": r"\mathbb",
    "pmb": r"\boldsymbol",
    "mathnormal": "",
    "boldmath": "",
    "operatornamewithlimits": r"\operatorname*",
    "nicefrac": r"\tfrac",
    "sfrac": r"\tfrac",
    "dotsc": r"\ldots",
    "dotso": r"\ldots",
    "dotsb": r"\cdots",
    "dotsm": r"\cdots",
    "dotsi": r"\cdots",
    "cr": r"\\",
    "varlimsup": r"\limsup",
    "varliminf": r"\liminf",
    "shortmid": r"\mid",
    "euro": "€",
    "textdegree": "°",
    "defeq": r"\triangleq",
    "enskip": r"\enspace",
    "hfill": r"\quad",
    "smash": "",
    "llap": "",
    "rlap": "",
    "mathllap": "",
    "mathrlap": "",
    "mathclap": "",
    "ensuremath": "",
    "displaylimits": "",
    "nonumber": "",
    "notag": "",
    "strut": "",
    "mathstrut": "",
    "allowbreak": "",
    "nobreak": "",
    "linebreak": "",
    "noindent": "",
    "xspace": "",
    "par": "",
    "tiny": "",
    "scriptsize": "",
    "footnotesize": "",
    "small": "",
    "normalsize": "",
    "large": "",
    "Large": "",
    "LARGE": "",
    "huge": "",
    "Huge": "",
}
_KNOWN_COMMAND = re.compile(r"\\(" + "|".join(sorted(_COMMANDS, key=len, reverse=True)) + r")(?![A-Za-z])")

# Small rewritings by pattern, in this order.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\\n", r"\\ "),
        (r"\\require\s*\{[^{}]*\}", ""),
        (r"\\(?:vspace|vskip|rule)\*?\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}(?:\s*\{[^{}]*\})?", ""),
        (r"\\hspace\*", r"\\hspace"),
        (r"\\(?:href|class|cssId|style|htmlClass|htmlId|raisebox)\s*\{[^{}]*\}", ""),
        (r"\\(?:bbox|colorbox|fcolorbox)\s*(?:\[[^\]]*\]|\{[^{}]*\})*\s*(?=\{)", r"\\boxed"),
        (r"\\verb\*?([^A-Za-z\s*])(.*?)\1", r"\\texttt{\2}"),
        (r"\\left\s*<", r"\\left\\langle "),
        (r"\\right\s*>", r"\\right\\rangle "),
        (r"(\\[bB]igg?[lr]?)\s*<", r"\1\\langle "),
        (r"(\\[bB]igg?[lr]?)\s*>", r"\1\\rangle "),
        # Row ends: no extra space after them, and one rule is enough.
        (r"\\\\\s*\*?\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|px|mu|\\\w+)\s*\]", r"\\\\"),
        (r"\\\\\*", r"\\\\"),
        (r"(\\hline\s*){2,}", r"\\hline "),
        (r"\\(?:cline|cmidrule)\s*\{[^{}]*\}", ""),
        (r"\\(?:toprule|midrule|bottomrule)(?![A-Za-z])", r"\\hline "),
        # MathJax's \color takes the group that follows; LaTeX's colours all that follows.
        (r"\\color\s*\{([^{}]*)\}\s*(?=\{)", r"\\textcolor{\1}"),
        (r"\\textcolor\s*\[HTML\]\s*\{\s*([0-9A-Fa-f]{6})\s*\}\s*\{", r"{\\color[HTML]{\1}{}"),
        (r"\\textcolor\s*\{\s*#([0-9A-Fa-f]{6})\s*\}\s*\{", r"{\\color[HTML]{\1}{}"),
        (r"\\color\s*\{\s*#([0-9A-Fa-f]{6})\s*\}", r"\\color[HTML]{\1}"),
        (r"\\substack\s*\{", r"\\substack{"),
    )
)
_OPTIONS = re.compile(r"(\\begin\{(?:aligned|gathered|array|[pbBvV]?matrix)\})\s*\[[^\]]{0,10}\]")
_COUNTED = re.compile(r"(\\begin\s*\{(?:alignat|alignedat)\*?\})\s*\{\s*\d+\s*\}")
_IEEE = re.compile(r"(\\begin\s*\{IEEEeqnarray\*?\})\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}")
_TEXT = re.compile(r"\\(text(?:rm|bf|it|tt|sf|sc)?|emph|fbox)\s*\{")
_PLAIN_MATRIX = re.compile(r"\\(p?matrix|cases|substack)\s*\{")


def is_display(tex: str) -> bool:
    """Whether `tex` must be shown on its own line because its environment says so."""
    return _DISPLAY.search(tex) is not None


def labels_of(tex: str) -> list[tuple[str, str | None]]:
    r"""The `\label`s of a formula in order, each with the `\tag` that it stands for when there is just one of both."""
    labels = [label.strip() for label in _LABEL.findall(tex)]
    tags = _TAG.findall(tex)
    tag = tags[0][1].strip() if len(labels) == len(tags) == 1 else None
    return [(label, tag) for label in labels]


def strip_comments(tex: str) -> str:
    """Without TeX's `%` comments, which would hide a brace from all that counts braces."""
    return _COMMENT.sub(r"\1", tex) if "%" in tex else tex


def to_dialect(tex: str, numbers: dict[str, str]) -> str:
    r"""Rewrite `tex`; `numbers` are the equation numbers of the lesson's `\label`s."""
    tex = _REFERENCE.sub(lambda found: _reference(found, numbers), tex)
    if "\\" not in tex:
        return tex
    for pattern, replacement in _PATTERNS:
        tex = pattern.sub(replacement, tex)
    tex = _KNOWN_COMMAND.sub(lambda found: _COMMANDS[found[1]], tex)
    tex = _rewrite_groups(tex, _PLAIN_MATRIX, _plain_matrix)
    if r"\begin" in tex:
        tex = _rewrite_environments(tex)
    tex = _number_rows(tex, numbers)
    return _rewrite_groups(tex, _TEXT, _text_group)


def _reference(found: re.Match[str], numbers: dict[str, str]) -> str:
    number = re.sub(r"[^\w.*' -]", "", numbers.get(found[2].strip(), found[2].strip())).replace("_", " ")
    return rf"\text{{({number})}}" if found[1] else rf"\text{{{number}}}"


def _rewrite_environments(tex: str) -> str:
    tex = _COUNTED.sub(r"\1", tex)
    tex = _IEEE.sub(r"\1", tex)
    if "eqnarray" in tex:
        tex = re.sub(
            r"(\\begin\s*\{(?:IEEE)?eqnarray\*?\})(.*?)(\\end\s*\{(?:IEEE)?eqnarray\*?\})",
            lambda found: found[1] + _two_columns(found[2]) + found[3],
            tex,
            flags=re.DOTALL,
        )
    depth = 0

    def rename(found: re.Match[str]) -> str:
        nonlocal depth
        name = found[2]
        bare = name.rstrip("*")
        if bare in _WRAPPERS:
            return ""
        new = _RENAMED.get(name) or _RENAMED.get(bare) or name
        star = "*" if name.endswith("*") and new in ("align", "gather", "equation", "multline") else ""
        depth -= found[1] == "end"
        if depth > 0 and new.rstrip("*") in ("align", "gather"):
            new, star = new.rstrip("*") + "ed", ""
        depth += found[1] == "begin"
        return f"\\{found[1]}{{{new}{star}}}"

    tex = _ENVIRONMENT.sub(rename, tex)
    tex = _OPTIONS.sub(r"\1", tex)
    return re.sub(r"\\begin\{array\}\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", _columns, tex)


def _two_columns(body: str) -> str:
    """Rows of an eqnarray, `a &=& b`, as an align has them: `a &= b`."""
    rows = body.split(r"\\")
    for index, row in enumerate(rows):
        cells = re.split(r"(?<!\\)&", row)
        if len(cells) == 3:
            rows[index] = f"{cells[0]}&{cells[1]}{cells[2]}"
    return r"\\".join(rows)


def _columns(found: re.Match[str]) -> str:
    spec = found[1]
    for _ in range(3):  # a repeat inside a repeat
        spec = re.sub(
            r"\*\s*\{\s*(\d{1,2})\s*\}\s*\{([^{}]*)\}", lambda repeat: repeat[2] * min(int(repeat[1]), 40), spec
        )
    spec = re.sub(r"[@!<>]\s*\{[^{}]*\}", "", spec)
    spec = re.sub(r"[pmbw]\s*(?:\{[^{}]*\})+", "l", spec)
    spec = re.sub(r"[^lcr|:]", "", spec)
    return rf"\begin{{array}}{{{spec or 'c'}}}"


def _number_rows(tex: str, numbers: dict[str, str]) -> str:
    r"""Show a number where a `\tag` or a `\label` asks for one, and nowhere else."""
    outer = _OUTER.match(tex)
    if outer is None or rf"\begin{{{outer[1]}" in outer[2]:
        if r"\tag" not in tex and r"\label" not in tex:
            return tex
        body, tag = _take_tag(tex, numbers)
        body = re.sub(r"\\(begin|end)\{(align|gather)\*?\}", r"\\\1{\2ed}", body) if tag else body
        return rf"\begin{{equation*}}{body}{tag}\end{{equation*}}" if tag else body
    name, body = outer[1], outer[2]
    rows = _rows(body) if name in ("align", "gather") else [body]
    return rf"\begin{{{name}*}}" + r"\\".join("".join(_take_tag(row, numbers)) for row in rows) + rf"\end{{{name}*}}"


def _take_tag(row: str, numbers: dict[str, str]) -> tuple[str, str]:
    tag = _TAG.search(row)
    label = _LABEL.search(row)
    body = _LABEL.sub("", _TAG.sub("", row))
    if tag:
        text = re.sub(r"\\[A-Za-z]+|[^\w.*'+ -]|_", "", tag[2]).strip()
        return body, rf"\tag{tag[1]}{{{text}}}" if text.isascii() and text else ""
    number = numbers.get(label[1].strip()) if label else None
    return body, rf"\tag{{{number}}}" if number else ""


def _rows(body: str) -> list[str]:
    r"""Split at the `\\` that belong to this environment, not to one inside it."""
    rows, start, depth = [], 0, 0
    for found in re.finditer(r"\\begin(?![A-Za-z])|\\end(?![A-Za-z])|\\\\|\\.|[{}]", body, re.DOTALL):
        mark = found[0]
        if mark in ("{", r"\begin"):
            depth += 1
        elif mark in ("}", r"\end"):
            depth -= 1
        elif mark == r"\\" and depth == 0:
            rows.append(body[start : found.start()])
            start = found.end()
    return [*rows, body[start:]]


def _rewrite_groups(tex: str, opening: re.Pattern[str], rewrite: Callable[[str, str], str]) -> str:
    """Replace each `\\name{group}` that `opening` finds by `rewrite(name, group)`."""
    parts, position = [], 0
    while found := opening.search(tex, position):
        end = _group_end(tex, found.end())
        if end is None:
            break
        parts += [tex[position : found.start()], rewrite(found[1], tex[found.end() : end])]
        position = end + 1
    return "".join([*parts, tex[position:]])


def _group_end(tex: str, start: int) -> int | None:
    depth = 1
    for found in re.finditer(r"\\.|[{}]", tex[start:], re.DOTALL):
        depth += (found[0] == "{") - (found[0] == "}")
        if depth == 0:
            return start + found.start()
    return None


def _plain_matrix(name: str, body: str) -> str:
    if name == "substack":
        return rf"\begin{{subarray}}{{c}}{body}\end{{subarray}}"
    return rf"\begin{{{name}}}{body}\end{{{name}}}"


def _text_group(name: str, body: str) -> str:
    """Text with its `$…$` and `\\(…\\)` parts as mathematics between pieces of text."""
    pieces = re.split(r"(?<!\\)\$([^$]*)(?<!\\)\$|\\\((.*?)\\\)", body)
    if len(pieces) == 1:
        return rf"\{name}{{{_escape_text(body)}}}"
    parts = []
    for index in range(0, len(pieces), 3):
        if pieces[index]:
            parts.append(rf"\{name}{{{_escape_text(pieces[index])}}}")
        if index + 1 < len(pieces):
            parts.append("{" + (pieces[index + 1] or pieces[index + 2] or "") + "}")
    return "{" + "".join(parts) + "}"


def _escape_text(text: str) -> str:
    text = re.sub(r"(?<!\\)([_&#])", r"\\\1", text).replace("``", "“").replace("''", "”")
    text = re.sub(r"\\(?:newline|hspace\s*\{[^{}]*\}|[,;:!]|q?quad(?![A-Za-z]))|\\\\", " ", text)
    return re.sub(r"(?<!\\)\^", "ˆ", text).replace("$", "")
