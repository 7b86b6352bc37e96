"""Source code in colours: few spans, and never another text than the author's."""

import re
import time
from html import unescape

import pytest

from courses.content.highlighting import MAX_CHARACTERS, highlight

PYTHON = '''%matplotlib inline
from os import path
@deco(1)
def area(r, *, y="a\\n", z=f"{x!r} b"):
    """Doc
    more"""
    if r not in [1, 2.5] and None is not True:  # why < 3
        raise ValueError("<b>&amp;")
    return print(r) + 3

class A(B): pass
'''


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^<>]*>", "", html))


def test_what_looks_the_same_shares_a_span() -> None:
    assert highlight("if x not in y:  # no\n    return f(1)", "python") == (
        '<span class="k">if</span> x <span class="k">not in</span> y:  <span class="c"># no</span>\n'
        '    <span class="k">return</span> f(<span class="m">1</span>)'
    )
    html = highlight(PYTHON, "ipython3")
    assert set(re.findall(r'class="([^"]*)"', html)) == {"k", "nb", "nf", "s", "si", "m", "c"}
    assert '<span class="nf">@deco</span>' in html
    assert '<span class="nf">area</span>(r, *, y=' in html
    assert '<span class="nb">ValueError</span>(<span class="s">"&lt;b&gt;&amp;amp;"</span>)' in html
    assert not re.search(r'<span class="(\w+)">[^<]*</span>\s*<span class="\1">', html)


@pytest.mark.parametrize("language", ["python", "r", "console", "json", "html", "sql", "diff", "cpp", "nosuch"])
@pytest.mark.parametrize("source", [PYTHON, "$ ls -l | grep <x>\r\n\nfoo\r{", "\ta\n\n\n+ b  ", "x = '", ""])
def test_the_text_is_the_author_s(language: str, source: str) -> None:
    plain = source.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    assert text_of(highlight(source, language)).rstrip("\n") == plain


def test_a_long_source_takes_no_time() -> None:
    begun = time.process_time()
    for source in ("(" * MAX_CHARACTERS, "a+1;" * (MAX_CHARACTERS // 4), "x" * MAX_CHARACTERS * 2):
        assert text_of(highlight(source, "python")) == source
    assert time.process_time() - begun < 20
