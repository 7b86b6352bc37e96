"""TeX to MathML: what notebooks write is shown, what is hostile is refused and kills nobody."""

import re
import subprocess
import sys
import time

import pytest
from django.conf import settings

from courses.content.formulas import protect
from courses.content.macros import Macros
from courses.content.mathematics import FormulaError, to_mathml, to_text

SHOWN = [
    r"x^2",
    r"\frac{\partial L}{\partial w}",
    r"\begin{bmatrix}1&2\\3&4\end{bmatrix}",
    r"\begin{align}a&=b\\[2em]c&=d\tag{3}\end{align}",
    r"\begin{array}{@{}c|*{2}{c}@{}}1&2&3\\\hline\hline 4&5&6\end{array}",
    r"\begin{eqnarray}a&=&b\\c&=&d\end{eqnarray}",
    r"\begin{split}a&=b\\&=c\end{split}",
    r"\begin{equation}\begin{split}a&=b\end{split}\label{eq:x}\end{equation}",
    r"\begin{multline}a\\b\end{multline}",
    r"\begin{alignat}{2}a&=b\end{alignat}",
    r"\begin{smallmatrix}a\end{smallmatrix}",
    r"\begin{pmatrix*}[r]a\end{pmatrix*}",
    r"\begin{aligned}[t]a\end{aligned}",
    r"\begin{cases}1 & \text{if $x > 0$ and a_b}\\ 0\end{cases}",
    r"a \tag{1}",
    r"a \label{eq:a}",
    r"\sum_{\substack{i\\j}} x",
    r"\mbox{abc $x$ 100\%}",
    r"\operatornamewithlimits{argmax}_x",
    r"\operatorname*{arg\,max}_\theta",
    r"\color{red}{x}+y",
    r"\textcolor{#ff0000}{x}",
    r"\textcolor[HTML]{FF0000}{x}",
    r"\textcolor{nosuchcolour}{x}",
    r"\mathop{abc}\limits_x",
    r"\left<x\right>",
    r"\pmatrix{1&2\cr3&4}",
    r"\require{cancel}\cancel{x}",
    r"\class{c}{x}\href{http://a}{y}",
    r"a &= b \\ c &= d",
    r"\R + \argmax_x",
    "a % comment {\n+ b",
    r"x \!\, y \hspace{-1em} \hspace*{1cm}",
    r"привет + \text{текст}",
    r"\mathbb{E}_{x\sim p}[x] = \left\{ x \middle| y \right\}",
    "a\\\n b",
]


@pytest.mark.parametrize("tex", SHOWN)
@pytest.mark.parametrize("display", [True, False])
def test_what_notebooks_write_is_shown_without_an_inline_style(tex: str, display: bool) -> None:
    mathml = to_mathml(tex, display=display, macros={})
    assert mathml.startswith("<math")
    assert mathml.endswith("</math>")
    assert " style=" not in mathml
    assert " id=" not in mathml


def test_environments_on_their_own_line_are_displayed_even_inline() -> None:
    assert 'display="block"' in to_mathml(r"\begin{align}a&=b\end{align}", display=False)
    assert 'display="block"' not in to_mathml(r"\begin{bmatrix}a&b\end{bmatrix}", display=False)


def test_colours_become_attributes_and_widths_classes() -> None:
    assert 'mathcolor="#FF0000"' in to_mathml(r"\color{red}{x}", display=True)
    assert "tex-back-1" in to_mathml(r"x\!y", display=True)
    assert "tex-line-right" in to_mathml(r"\begin{array}{c|c}a&b\end{array}", display=True)


def test_only_labelled_rows_are_numbered() -> None:
    tex = r"\begin{align}a&=b\label{one}\\c&=d\\e&=f\label{two}\end{align}"
    mathml = to_mathml(tex, display=True, numbers={"one": "1", "two": "2"})
    assert re.findall(r"\(\d\)", mathml) == ["(1)", "(2)"]
    assert "(" not in to_mathml(r"\begin{align}a&=b\\c&=d\end{align}", display=True)
    assert "(2)" in to_mathml(r"by \eqref{two}", display=False, numbers={"two": "2"})


def test_text_is_escaped() -> None:
    assert "<script" not in to_mathml(r"\text{<script>x</script>}", display=True)
    assert "<b>" not in to_mathml(r"\operatorname{<b>}", display=True)


class TestMacros:
    def test_they_live_on_and_may_be_redefined(self) -> None:
        macros: Macros = {}
        assert (
            to_mathml(r"\newcommand{\R}{\mathbb{R}}\newcommand{\vec}[1]{\mathbf{#1}}", display=True, macros=macros)
            == ""
        )
        assert "ℝ" in to_mathml(r"\R^n", display=False, macros=macros)
        assert "𝐱" in to_mathml(r"\vec x", display=False, macros=macros)
        assert "ℚ" in to_mathml(r"\newcommand{\R}{\mathbb{Q}}\R", display=False, macros=macros)

    @pytest.mark.parametrize(
        ("tex", "shown"),
        [
            (r"\def\pair#1#2{#1-#2}\pair{a}{b}", "b"),
            (r"\newcommand{\p}[2][q]{#1#2}\p{z}", "q"),
            (r"\DeclareMathOperator{\sign}{sign}\sign x", "sign"),
            (r"\DeclareMathOperator*{\best}{best}\best_x", "best"),
            (r"\let\old\alpha \renewcommand{\alpha}{\old'}\alpha", "α"),
            (r"\providecommand\k{7}\k", "7"),
            (r"\newcommand\bo[1]{\mathbf#1}\bo x", "𝐱"),
        ],
    )
    def test_each_way_to_define_one(self, tex: str, shown: str) -> None:
        assert shown in to_mathml(tex, display=False, macros={})

    @pytest.mark.parametrize(
        "tex",
        [
            r"\def\a{\a\a}\a",
            r"\def\a{\b\b}\def\b{\c\c}\def\c{\d\d}" + r"\def\d{" + "x" * 900 + r"}\a\a\a",
            r"\def\a#1{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{#1}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}\a{\a{x}}",
            r"\newcommand{\a}[x]{}",
            r"\newcommand{a}{b}",
            r"\newcommand{\a}",
            r"\def",
        ],
    )
    def test_a_bad_one_is_a_formula_error(self, tex: str) -> None:
        with pytest.raises(FormulaError):
            to_mathml(tex, display=False, macros={})


@pytest.mark.parametrize(
    "tex", [r"\badcommand", "{", "}", r"\left(", "x_1_2", r"\begin{tabular}{c}a\end{tabular}", "x" * 4_001]
)
def test_a_faulty_formula_is_an_error_with_a_reason(tex: str) -> None:
    with pytest.raises(FormulaError, match=r"\w{4}"):
        to_mathml(tex, display=True)


HOSTILE = [
    '"{" * 1990 + "}" * 1990',
    r'"\\sqrt" * 700 + "x"',
    r'"\\sqrt{" * 600 + "x" + "}" * 600',
    r'"\\left(" * 300 + "\\right)" * 300',
    r'"\\begin{matrix}" * 120 + "\\end{matrix}" * 120',
    r'"\\frac1" * 600 + "2"',
    r'"\\displaystyle x" * 250',
    r'"\\color{red}x" * 300',
    r'"\\max " * 700',
    r'"x^{" * 900 + "}" * 900',
    r'"x_\\hat" * 500 + "x"',
    '"!x" * 1990',
    '"(" * 40 + "x" * 3000',
    '"f[" * 60',
    r'"\\\\x\\lVert " * 90',
    r'"\\begin{matrix}a&(" * 40 + "\\end{matrix}" * 40',
    r'"\\def\\a#1{{{{#1}}}}" + "\\a{" * 40 + "x" + "}" * 40',
    r'"\\text{" * 400 + "}" * 400',
]


def test_hostile_nesting_ends_nobody() -> None:
    """In a process of its own, on the small stack of a thread: a segfault there would end pytest too."""
    program = (
        "import threading, time\n"
        "from courses.content.mathematics import FormulaError, to_mathml\n"
        "def work():\n"
        f"    for tex in [{', '.join(HOSTILE)}]:\n"
        "        started = time.monotonic()\n"
        "        try:\n"
        "            to_mathml(tex, display=True, macros={})\n"
        "        except FormulaError:\n"
        "            pass\n"
        "        assert time.monotonic() - started < 5, tex[:40]\n"
        "    print('survived')\n"
        "threading.stack_size(512 * 1024)\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "survived\n", done.stderr[-2_000:]


def test_fifty_levels_and_a_few_open_brackets_are_shown() -> None:
    assert to_mathml("{" * 50 + "x" + "}" * 50, display=True)
    assert to_mathml(r"[0, 1) \cup (2, 3] \cup ]4, 5[", display=True)
    assert to_mathml("(" * 30 + "x" + ")" * 30, display=True)


@pytest.mark.parametrize(
    ("tex", "text"),
    [("w_i^2", "w_i^2"), (r"\frac{a}{b+1}", "a/(b + 1)"), (r"O(n^2)", "O(n^2)"), (r"\theta \le 1", "θ ≤ 1")],
)
def test_a_formula_in_plain_characters(tex: str, text: str) -> None:
    assert to_text(to_mathml(tex, display=False)) == text


class TestFindingFormulas:
    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ("$x$ and $ y $", ["x", " y "]),
            ("text $$ x $$ more", [" x "]),
            ("> $$\n> x\n> $$", ["\nx\n"]),
            ("- $$\n  x\n  $$", ["\n  x\n  "]),
            ("$$\na\n\nb\n$$\n", ["\na\n\nb\n"]),
            ("| $a|b$ | $c$ |", ["a|b", "c"]),
            (r"\\(x\\) and \\[y\\]", ["x", "y"]),
            (r"\(x^2\) and \[y^2\]", ["x^2", "y^2"]),
            ("\\begin{align}\na&=b\n\n\\end{align}", ["\\begin{align}\na&=b\n\n\\end{align}"]),
            (r"\begin{a}\begin{a}x\end{a}\end{a}", [r"\begin{a}\begin{a}x\end{a}\end{a}"]),
            ("{math}`x_i` $`a_i`$", ["x_i", "a_i"]),
            (r"$\text{a $b$ c}$ d", [r"\text{a $b$ c}"]),
            ("**$a_1$** _$b$_ $n$th", ["a_1", "b", "n"]),
            (r"$\$5$", [r"\$5"]),
            ("$x\n+ y$", ["x\n+ y"]),
            ("from $1$ to $10$", ["1", "10"]),
            ("$привет$", ["привет"]),
        ],
    )
    def test_a_formula(self, source: str, found: list[str]) -> None:
        assert [formula.tex for formula in protect(source).formulas] == found

    @pytest.mark.parametrize(
        "source",
        [
            r"\$5 and \$6",
            "$5 and $10",
            "I paid $5, and then $7.",
            "$100k and $200k a year",
            "price is 5$ or 6$",
            "costs 5 $ and then 6 $ more",
            "cost $HOME and $PATH",
            "#$NAME$ and #$OTHER_NAME$",
            "`$x$` and ``a ` $y$``",
            "```\n$x$\n```",
            "~~~python\n$x$\n~~~",
            "> ```\n> $x$\n> ```",
            "[a](http://x/$a$)",
            '<a href="$x$">',
            "<!-- $x$ -->",
            "<pre>$x$</pre>",
            r"\[1\] and \(see\)",
            r"\(1 + exp(_z_)\)",
            "| $5 | $6 |\n| $7 | x |",
            "a $ b",
            "$x\n\ny$",
        ],
    )
    def test_no_formula(self, source: str) -> None:
        protected = protect(source)
        assert protected.formulas == []
        assert protected.text == source

    @pytest.mark.parametrize("piece", ["$", "`", "$x `a", "\\(", "$$", "\\begin{a}", "](a", "$a{", "$x\n", "$$ a {\n"])
    def test_a_text_made_to_be_slow_is_not(self, piece: str) -> None:
        started = time.monotonic()
        protect(piece * (200_000 // len(piece)))
        assert time.monotonic() - started < 10


def test_every_class_that_a_formula_uses_has_a_style() -> None:
    used = set()
    for tex in (
        *SHOWN,
        r"\perp\!\!\!\perp",
        r"\mathrel{R}",
        r"\textsc{a}\textsf{b}",
        r"\cfrac12",
        r"\begin{array}{c:c}a&b\end{array}",
    ):
        for classes in re.findall(r'class="([^"]*)"', to_mathml(tex, display=True, macros={})):
            used |= set(classes.split())
    styles = (settings.BASE_DIR / "static/css/formulas.css").read_text()
    decoration = {"tex-updiagonalstrike"}  # the element around it is styled
    assert {name for name in used - decoration if f".{name} " not in styles} == set()
    assert len(used) > 10


def test_bars_cover_what_they_stand_over() -> None:
    assert '<mo stretchy="true">\u203e</mo>' in to_mathml(r"\overline{AB}", display=False)
    assert '<mo stretchy="true">_</mo>' in to_mathml(r"\underline{AB}", display=False)
