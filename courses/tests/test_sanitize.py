"""Thousands of hostile pieces of HTML, Markdown and SVG: nothing that can run, load or clobber is left."""

import itertools
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from courses.content.markdown import RenderContext, render_markdown
from courses.content.sanitizing import clean_html, fragment, safe_id
from courses.content.svg import SvgRefused, clean_svg

ADDRESSES = (
    "javascript:pwn()",
    "JaVaScRiPt:pwn()",
    " javascript:pwn()",
    "java\tscript:pwn()",
    "java\nscript:pwn()",
    "\x01javascript:pwn()",
    "&#106;avascript:pwn()",
    "&#x6A;avascript&colon;pwn()",
    "javascript&NewLine;:pwn()",
    "vbscript:pwn()",
    "data:text/html,<script>pwn()</script>",
    "data:text/html;base64,PHNjcmlwdD5wd24oKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=pwn()>",
    "view-source:x",
)
TAGS = (
    *("a", "img", "iframe", "svg", "math", "form", "button", "input", "video", "audio", "source", "object", "embed"),
    *("base", "link", "meta", "details", "body", "style", "script", "template", "noscript", "table", "td", "mtext"),
    *("mglyph", "annotation-xml", "foreignObject", "use", "animate", "set", "title", "textarea", "xmp", "select"),
    *("marquee", "frameset", "portal", "center", "div", "p", "h1", "mi", "maction", "isindex", "x-made-up"),
)
ATTRIBUTES = (
    *("href", "src", "xlink:href", "action", "formaction", "data", "poster", "background", "srcdoc", "srcset"),
    *("ping", "content", "style", "from", "to", "values", "lowsrc", "name", "id", "class", "http-equiv", "is", "slot"),
)
EVENTS = ("onload", "onerror", "onclick", "ontoggle", "onbegin", "onanimationstart", "ONFOCUS", "on\x00error", "onx")
# Parsers that disagree about where text ends: what is text for one is a tag for another.
MIXED = (
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwn()&gt;">',
    '<svg></p><style><a id="</style><img src=1 onerror=pwn()>">',
    "<math><mtext><img src=1 onerror=pwn()></mtext></math>",
    '<noscript><p title="</noscript><img src=x onerror=pwn()>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=pwn()>",
    '<svg><title><a title="</title><img src=x onerror=pwn()>">',
    '<math><annotation-xml encoding="text/html"><script>pwn()</script></annotation-xml></math>',
    '<math><mi xlink:href="javascript:pwn()">x</mi></math>',
    '<math href="javascript:pwn()">x</math>',
    '<math><mo lspace="&quot; onclick=pwn() ">x</mo></math>',
    "<math><mtext>&lt;img src onerror=pwn()&gt;</mtext></math>",
    "<template><img src onerror=pwn()></template>",
    '<textarea><img title="</textarea><img src onerror=pwn()>"></textarea>',
    '<table><td><svg><desc><td><style><a title="</style><img src onerror=pwn()>">',
    '<select><template><style><!--</style><a rel="--></style></template></select><img id=x src onerror=pwn()>',
    '<b><noembed><a title="</noembed><img src onerror=pwn()>"></b>',
    "<!--><img src onerror=pwn()>-->",
    "<!-- --!><img src onerror=pwn()>",
    "<![CDATA[<img src onerror=pwn()>]]>",
    "<svg><![CDATA[><img src onerror=pwn()>]]>",
    "<?xml <img src onerror=pwn()>?>",
    "<plaintext><img src onerror=pwn()>",
    "<math><ms><b><table><mglyph><style><math><img src onerror=pwn()>",
    "<scr<script>ipt>pwn()</scr</script>ipt>",
    "<<script>pwn();//<</script>",
    '<IMG """><SCRIPT>pwn()</SCRIPT>"\\>',
    "<img src=x:x onerror\x0b=pwn()>",
    '<p title="`><img src onerror=pwn()>`">',
    "<img name=body><a id=__proto__></a><form id=forms><input name=y type=password></form>",
    '<a href="https://x" style="background:url(javascript:pwn())" target=_blank>x</a>',
    '<iframe src="https://www.youtube.com/embed/a"onload=pwn()></iframe>',
    '<iframe src="//player.vimeo.com/video/1\'\\"><img src onerror=pwn()>"></iframe>',
)
MARKDOWN = (
    "[x](javascript:pwn())",
    "![x](javascript:pwn())",
    "<javascript:pwn()>",
    "[x]: javascript:pwn()\n\n[x]",
    "[x](&#106;avascript:pwn())",
    "[x](data:text/html,<script>pwn()</script>)",
    r"$\href{javascript:pwn()}{x}$",
    r"$\text{<img src onerror=pwn()>}$",
    r'$\class{x" onclick="pwn()}{y}$',
    r'$\color{red" onclick="pwn()}{x}$',
    r"$\unknown<img src onerror=pwn()>$",
    r'$$\tag{"><img src onerror=pwn()>}x$$',
    r'$\label{"><img src onerror=pwn()>}x$ \eqref{"><img src onerror=pwn()>}',
    '{eq}`"><img src onerror=pwn()>` {ref}`x <javascript:pwn()>` {abbr}`a (" onclick="pwn())`',
    "{x}`<img src onerror=pwn()>`",
    '```{figure} javascript:pwn()\n:name: "><img src onerror=pwn()>\n:alt: "><img src onerror=pwn()>\n```',
    '```{image} javascript:pwn()\n:width: 1" onerror="pwn()\n```',
    "```{note} <img src onerror=pwn()>\nx\n```",
    '```"><img/src/onerror=pwn()>\nx\n```',
    '(" onclick="pwn())=\n\n# T {#" onclick="pwn()}\n\n# <img src onerror=pwn()>',
    '<div \ufdd00\ufdd1>$"><img src onerror=pwn()>$</div>',
    '![$"><img src=x onerror=pwn()>$](x.png) ![a](x.png){width=1" onerror="pwn()}',
    "[^1]\n\n[^1]: <img src onerror=pwn()>",
    '[x](http://a"onclick="pwn()) http://a"onclick="pwn()',
    '<a title="$x$" href="$"><img src onerror=pwn()>$">y</a>',
)
ALLOWED_SCHEMES = {"", "http", "https", "mailto"}
FORBIDDEN_TAGS = {
    *("script", "style", "iframe", "object", "embed", "base", "link", "meta", "form", "button", "svg", "template"),
    *("noscript", "textarea", "select", "frame", "frameset", "portal", "video", "audio", "source", "title", "xmp"),
    *("plaintext", "mglyph", "malignmark", "annotation-xml", "maction", "use", "animate", "set", "foreignobject"),
    *("marquee", "body", "html", "head", "noembed", "noframes", "isindex", "x-made-up"),
}
FORBIDDEN_ATTRIBUTES = {
    *("style", "srcdoc", "srcset", "action", "formaction", "xlink:href", "ping", "name", "target", "background"),
    *("poster", "data", "is", "slot", "http-equiv", "content", "autofocus", "contenteditable"),
}


class Reader(HTMLParser):
    """Collects what a browser would be told by the tags that are left."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN_TAGS:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in FORBIDDEN_ATTRIBUTES:
                self.faults.append(f"<{tag} {name}>")
            if name in ("href", "src") and not self.is_safe(tag, value or ""):
                self.faults.append(f"<{tag} {name}={value}>")
        if tag == "input" and ("type", "checkbox") not in attrs:
            self.faults.append("<input> that is no checkbox")

    def handle_comment(self, data: str) -> None:
        self.faults.append("a comment")

    @staticmethod
    def is_safe(tag: str, address: str) -> bool:
        bare = re.sub(r"[\x00-\x20]", "", address)
        if tag == "img" and re.match(r"data:image/(png|jpeg|gif|webp);base64,", bare):
            return True
        return urlsplit(bare).scheme in ALLOWED_SCHEMES and not bare.startswith("//")


def hostile_html() -> list[str]:
    rows = [
        f'<{tag} {name}="{address}">x</{tag}>' for tag, name, address in itertools.product(TAGS, ATTRIBUTES, ADDRESSES)
    ]
    for tag, event in itertools.product(TAGS, EVENTS):
        rows.append(f"<{tag} {event}=pwn() autofocus tabindex=1 src=x open>x</{tag}>")
        rows.append(f'<{tag}/{event}="pwn()"//>')
        rows.append(f"<{tag} x='>' {event}='pwn()'>")
    return [*rows, *MIXED, *(one + other for one, other in itertools.product(MIXED, MIXED))]


def test_nothing_that_can_run_is_left_of_thousands_of_rows() -> None:
    rows = hostile_html()
    assert len(rows) > 10_000
    left = {row: faults for row in rows if (faults := Reader(clean_html(row)).faults)}
    assert left == {}


def test_cleaning_again_changes_nothing() -> None:
    """What a second reading sees differently is how a sanitiser is got round."""
    for row in (*MIXED, *(one + other for one, other in itertools.product(MIXED, MIXED[:8]))):
        once = clean_html(row)
        assert clean_html(once) == once


@pytest.mark.parametrize("source", [*MARKDOWN, *MIXED])
def test_nothing_that_can_run_is_left_of_markdown(source: str) -> None:
    context = RenderContext()
    context.enter({"id": "b", "type": "markdown", "links": {"x.png": "javascript:pwn()"}})
    assert Reader(render_markdown(source, context)).faults == []


def test_the_reader_of_these_tests_sees_faults() -> None:
    assert len(Reader('<script></script><a href=" java\nscript:x" onclick=y style=z><!-- c --><input>').faults) == 6


def test_what_authors_need_is_kept() -> None:
    html = clean_html(
        '<details open><summary>S</summary></details><figure><img src="https://x/y.png" width="50%" alt="a">'
        "<figcaption>c</figcaption></figure><kbd>k</kbd><sub>1</sub><sup>2</sup><center>m</center><table><tr>"
        '<td colspan="2" '
        'style="text-align: center; color: red" align="left">x</td></tr></table><a href="mailto:a@b.c">m</a>'
        "<math><mfrac><mn>1</mn><mi>x</mi></mfrac></math>"
    )
    assert '<details open=""><summary>S</summary></details>' in html
    assert 'width="50%" alt="a" referrerpolicy="no-referrer"' in html or 'alt="a" width="50%"' in html
    assert '<div class="align-center">m</div>' in html
    assert '<td colspan="2" class="align-center">x</td>' in html
    assert "<math><mfrac><mn>1</mn><mi>x</mi></mfrac></math>" in html
    assert '<a href="mailto:a@b.c">m</a>' in html


def test_class_names_are_ours_only() -> None:
    html = clean_html('<div class="block exercise site-header callout"><span class="k evil-class">x</span></div>')
    assert html == '<div class="callout"><span class="k">x</span></div>'


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("Big-O", "Big-O"),
        ("a b\t<c>", "a-b-c-"),
        ("main", "section-main"),
        ("Content", "section-Content"),
        ("block-x", "section-block-x"),
        ("__proto__", "section-__proto__"),
        ("введение", "введение"),
        ("", ""),
    ],
)
def test_ids_leave_the_page_its_own(wanted: str, given: str) -> None:
    assert safe_id(wanted) == given
    assert safe_id(given) == given


def test_fragments_lead_to_the_ids_that_were_given() -> None:
    assert fragment("main") == "#section-main"
    assert fragment("%D0%B0%20b") == "#%D0%B0-b"


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


class TestSvg:
    @pytest.mark.parametrize(
        "inside",
        [
            "<script>pwn()</script>",
            '<g onload="pwn()"/>',
            '<a href="javascript:pwn()"><text>x</text></a>',
            '<a xlink:href="java&#10;script:pwn()"><text>x</text></a>',
            "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>",
            '<use href="http://evil.example/x.svg#a"/>',
            '<use xlink:href="data:image/svg+xml;base64,AAAA#a"/>',
            '<image href="http://evil.example/x.png"/>',
            '<image href="data:image/svg+xml;base64,AAAA"/>',
            '<animate attributeName="href" to="javascript:pwn()"/>',
            '<set attributeName="onload" to="pwn()"/>',
            '<rect style="fill:url(http://evil.example/x)"/>',
            "<style>@import 'http://evil.example/x'; * { fill: url(http://evil.example/y) }</style>",
            '<style>* { fill: URL( "http://evil.example/y" ) }</style>',
            '<iframe src="http://evil.example"/>',
            "<handler>pwn()</handler>",
            "<!-- http://evil.example -->",
        ],
    )
    def test_nothing_runs_or_loads(self, inside: str) -> None:
        cleaned = clean_svg(SVG.format(inside).encode()).decode()
        for word in ("pwn", "evil.example", "foreignObject", "javascript", "image/svg", "<iframe", "<animate", "<set"):
            assert word not in cleaned
        clean_svg(cleaned.encode())

    def test_a_plot_stays_as_it_is(self) -> None:
        plot = SVG.format(
            '<defs><path id="m" d="M 0 0 L 0 3.5" style="stroke: #000000; stroke-width: 0.8"/>'
            '<clipPath id="p">'
            '<rect x="1" y="2" width="3" height="4"/></clipPath><style>*{stroke-linejoin: round}</style></defs>'
            '<g clip-path="url(#p)"><use xlink:href="#m" x="5" y="6" style="fill: none; stroke: url(#h)"/></g>'
            '<image href="data:image/png;base64,AAAA" width="3" height="3"/><text transform="rotate(-90)">loss</text>'
        )
        cleaned = clean_svg(f'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD" "x.dtd">{plot}'.encode()).decode()
        for kept in (
            "stroke: #000000",
            "url(#p)",
            'href="#m"',
            "url(#h)",
            "data:image/png",
            "rotate(-90)",
            "round",
        ):
            assert kept in cleaned

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"<svg",
            b"<html/>",
            b"\x89PNG",
            b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
            SVG.format("<g>" * 300 + "</g>" * 300).encode(),
            SVG.format(" " * 5_000_001).encode(),
        ],
    )
    def test_what_is_no_picture_is_refused(self, data: bytes) -> None:
        with pytest.raises(SvgRefused):
            clean_svg(data)

    def test_depth_ends_nobody(self) -> None:
        """In a process of its own: what is parsed by recursion would take pytest with it."""
        program = (
            "from courses.content.svg import SvgRefused, clean_svg\n"
            "for inside in ('<g>' * 200_000 + '</g>' * 200_000, '<g a=\"/>\">' * 200_000 + '</g>' * 200_000,"
            " '<_g>' * 200_000 + '</_g>' * 200_000, '<g' * 1_000_000, '<g a=\"' * 500_000):\n"
            "    try:\n"
            "        clean_svg(('<svg xmlns=\"http://www.w3.org/2000/svg\">' + inside + '</svg>').encode())\n"
            "    except SvgRefused:\n"
            "        print('refused')\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout == "refused\n" * 5, done.stderr[-1_000:]


def test_a_picture_is_the_same_after_another_library_named_the_namespace() -> None:
    picture = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><rect width="1" height="1"/></svg>'
    before = clean_svg(picture)
    ElementTree.register_namespace("svg", "http://www.w3.org/2000/svg")
    assert clean_svg(picture) == before
    assert clean_svg(before) == before
    assert b"<rect" in before
