"""Markdown made to be slow: each construct repeated until whatever is not linear shows."""

from courses.tests.hostile_folders import Case, files_of, text_of

# Every construct repeated until it is the size of a lesson's largest text: whatever is not linear shows.
_REPEATED = {
    "![": "![" * 100_000,
    "[": "[" * 100_000,
    "[]": "[]" * 100_000,
    "[a](": "[a](" * 50_000,
    "![a](b": "![a](b" * 30_000,
    "[a](<b": "[a](<b" * 30_000,
    "](": "](" * 100_000,
    ">": ">" * 100_000,
    "> a line each": "> " * 2_000 + "a\n" * 50_000,
    "$": "$" * 100_000,
    "$ a": "$ a" * 60_000,
    "$$": "$$\n" * 60_000,
    "\\(": "\\(" * 100_000,
    "\\begin{a}": "\\begin{a}" * 20_000,
    "`": "`" * 200_000,
    "` a ``": "".join("`" * n + " " for n in range(1, 600)),
    "*a **a ": "*a **a " * 28_000,
    "_": "_a" * 100_000,
    "**": "**a" * 66_000,
    "~~": "~~a" * 66_000,
    "<": "<" * 200_000,
    "<a ": "<a " * 66_000,
    "<!--": "<!--" * 50_000,
    "<div>": "<div>" * 40_000,
    "<b><i>": "<b><i>" * 33_000,
    "&": "&" * 200_000,
    "&amp": "&amp" * 50_000,
    "\\": "\\" * 200_000,
    "#": "### a\n" * 40_000,
    "- deep": "".join("  " * n + "- a\n" for n in range(400)),
    "- wide": "- a\n" * 50_000,
    "1.": "1. " * 60_000,
    "- - -": "- " * 100_000,
    "100,000 columns": "|a" * 90_000 + "\n" + "|-" * 10_000,
    "a table of 60,000 columns": "|a" * 40_000 + "|\n" + "|-" * 40_000 + "|\n|b|\n",
    "a table of 30 × 1,500 short rows": "|" + "a|" * 3_000 + "\n|" + "-|" * 3_000 + "\n" + "|a\n" * 60_000,
    "footnotes": "".join(f"[^{n}]" for n in range(10_000)) + "\n\n" + "".join(f"[^{n}]: a\n" for n in range(8_000)),
    "[^": "[^" * 100_000,
    "footnotes of footnotes": "".join(f"[^{n}]: [^{n + 1}]\n\n" for n in range(10_000)) + "[^0]",
    "references": "".join(f"[{n}]: /a\n" for n in range(15_000)) + "[1]" * 15_000,
    "definitions": "a\n: b\n" * 30_000,
    ":::": ":::{note}\n" * 15_000,
    "```{note}": "```{note}\n" * 15_000,
    "````": "".join("`" * (1_000 - n) + "{note}\n" for n in range(190)),
    "addresses": "http://a.b/" * 18_000,
    "www.": "www." * 50_000,
    "@": "a@" * 100_000,
    "a.b@": "a.b@c" * 40_000,
    "{a}`": "{a}`" * 50_000,
    "{math}`": "{math}`" * 28_000,
    "(a)=": "(a)=\n" * 40_000,
    "blank": "\n" * 200_000,
    "spaces": " " * 200_000 + "a",
    "tabs": "\t" * 50_000 + "a",
    "one word": "a" * 200_000,
    "lines": "a\n" * 100_000,
    "setext": "a\n=\n" * 50_000,
    "fences": "```\n" * 50_000,
    "~~~": "~~~ a\n" * 30_000,
    "[x]": "- [x] a\n" * 25_000,
    "'": "'\"" * 100_000,
    "{#": "# a {#" * 30_000,
    "<details>": "<details>\n\n" * 15_000,
    "<img": "<img src='" * 20_000,
    "</p>": "</p>" * 50_000,
    "!!!": "!!! note\n" * 20_000,
    "{{": "{{" * 100_000,
    "{quiz}": "```{quiz} single\n" * 11_000,
    "- [ ]": "```{quiz} single\nA?\n\n" + "- [ ] a\n" * 20_000 + "```\n",
    "{figure}": "```{figure} a.png\n```\n" * 8_000,
    "frac": "$$" + "\\frac{a}{" * 4_000 + "$$",
    "matrix": "$$\\begin{matrix}" + "a&" * 15_000 + "\\end{matrix}$$",
    "\\def": "$$\\def\\a{\\a\\a}\\a$$\n\n" * 5_000,
    "\\newcommand": "".join(f"$\\newcommand{{\\x{'a' * (n % 50)}}}{{b}}$\n\n" for n in range(4_000)),
    "formulas": "$a_1$ " * 30_000,
    "\\label": "".join(f"$$\\label{{l{n}}}$$\n\n" for n in range(8_000)),
    "\\ref": "\\ref{a}" * 25_000,
}
SHORT, FULL = 50_000, 199_000
# Those whose cost was once the square of their length, at the size of a lesson's largest text.
_ONCE_SLOW = {"![", "[^", "> a line each", "setext", "<div>"}
MARKDOWN = [
    Case(name, text_of(source[: FULL if name in _ONCE_SLOW else SHORT]), is_read=True)
    for name, source in _REPEATED.items()
]
MARKDOWN.append(Case("5 MB of brackets", text_of("![" * 2_500_000), is_read=True, said="the first 200,000 are kept"))
MARKDOWN.append(
    Case("5 MB of prose", text_of("A *word* and `code` and $x$.\n\n" * 170_000), is_read=True, said="are kept")
)
MARKDOWN.append(
    Case(
        "20 sections of brackets",
        files_of(a__md="".join(f"# {number}\n\n" + "![" * 20_000 + "\n\n" for number in range(20))),
        is_read=True,
    )
)
