"""Markdown as real notebooks have it becomes the HTML that a lesson page is made for."""

import re
import time

import pytest

from courses.content.markdown import RenderContext, render_markdown


def rendered(source: str, **block: object) -> str:
    return render_markdown(source, context(**block))


def context(**block: object) -> RenderContext:
    made = RenderContext()
    made.enter({"id": "b", "type": "markdown", **block})
    return made


class TestMathematics:
    def test_in_a_line_on_its_own_line_and_in_a_heading(self) -> None:
        made = context()
        html = render_markdown("# Big $O(n^2)$\n\nso $x<y$ and $$\\sum_i x_i$$ then\n", made)
        assert html.count("<math") == 3
        assert '<div class="formula" tabindex="0"><math display="block">' in html
        assert "<p><div" not in html
        assert made.toc == [{"id": "big-on2", "title": "Big O(n^2)", "level": 1}]
        assert made.formulas_total == 3

    @pytest.mark.parametrize(
        "source",
        [
            "- item\n\n  $$\n  a_1 * b_1 * c\n  $$\n",
            "> $$\n> a_1 * b\n> - c\n> $$\n",
            "1. a $$ x_1 $$ b",
            "**bold $$x$$ bold**",
            "text\n$$\na\n= b\n$$\nmore",
            "| a |\n|---|\n| $$|x|$$ |",
            "<center>$$x$$</center>",
            "\\begin{equation}\na_1 \\_ b\n\\end{equation}",
            "```math\na_1\n```",
            "```{math}\n:label: eq\na_1\n```",
        ],
    )
    def test_a_displayed_formula_anywhere(self, source: str) -> None:
        html = rendered(source)
        assert html.count('class="formula" tabindex="0"') == 1
        assert "tex-error" not in html
        assert "$" not in html

    def test_markdown_takes_nothing_from_a_formula(self) -> None:
        html = rendered(r"$a_1$ and $b_2$, $x \\ y$ $\{1\}$ $a*b*c$ $x<b$ $[a](b)$")
        assert "<em>" not in html
        assert html.count("<math") == 7

    def test_a_table_cell_may_hold_a_bar(self) -> None:
        html = rendered("| a | b |\n|:-:|--:|\n| $P(x|y)$ | 2 |\n")
        assert html.count("<td") == 2
        assert '<td class="align-center"><math>' in html
        assert '<div class="table-scroll" tabindex="0"><table>' in html

    def test_code_keeps_its_dollars(self) -> None:
        html = rendered("`$x$`\n\n```bash\necho $HOME $x$\n```\n\n    $y$\n")
        assert "<math" not in html
        assert re.sub("<[^>]*>", "", html).count("$") == 7

    def test_a_faulty_formula_shows_its_source_and_is_listed(self) -> None:
        made = context()
        html = render_markdown(r"so $\nosuch<b>$ here", made)
        assert '<code class="tex-error" title="Unknown command' in html
        assert r"$\nosuch&lt;b&gt;$" in html
        assert made.formulas_failed == [{"block": "b", "tex": r"\nosuch<b>", "reason": 'Unknown command "\\nosuch".'}]

    def test_macros_live_for_the_lesson(self) -> None:
        made = context()
        render_markdown(r"$\newcommand{\R}{\mathbb R}$", made)
        assert "ℝ" in render_markdown(r"$\R$", made)

    def test_equations_are_numbered_and_referred_to(self) -> None:
        html = rendered("see {eq}`later` and \\eqref{later}\n\n$$x$$ (later)\n\n{eq}`nosuch`")
        assert html.count('<a href="#eq-later" class="equation-ref">(1)</a>') == 2
        assert 'id="eq-later"' in html
        assert "(nosuch)" in html

    def test_our_placeholder_characters_mean_nothing_in_a_source(self) -> None:
        assert rendered("\ufdd00\ufdd1 $x$ \ufdd07\ufdd1").count("<math") == 1


class TestHeadings:
    def test_both_jupyters_and_githubs_names_work(self) -> None:
        html = rendered("## Big-O Notation: A Note!")
        assert html.startswith('<h2 id="big-o-notation-a-note"><span id="Big-O-Notation:-A-Note!"></span>')
        assert '<a href="#big-o-notation-a-note" class="anchor" aria-label="Link to this section">#</a></h2>' in html

    def test_names_are_unique_in_the_lesson(self) -> None:
        made = context()
        html = render_markdown("# A\n\n# A", made) + render_markdown('# A\n\n<a id="x"></a><a id="x"></a>', made)
        ids = re.findall(r' id="([^"]*)"', html)
        assert len(ids) == len(set(ids))
        assert [entry["id"] for entry in made.toc] == ["a", "a-1", "a-2"]

    def test_the_pages_own_ids_are_not_taken(self) -> None:
        made = context()
        html = render_markdown(
            '# Content\n\n<span id="main"></span><i id="x"></i> [top](#content) <img name="forms">', made
        )
        assert 'id="content"' not in html
        assert '<h1 id="section-content">' in html
        assert 'id="main"' not in html
        assert "name=" not in html
        assert 'href="#section-content"' in html
        assert made.toc[0]["id"] == "section-content"

    def test_explicit_names_and_loose_headings(self) -> None:
        html = rendered("##Title {#named}\n\n(target)=\n## Next\n\n#hashtag\n\n#$NAME$")
        assert '<span id="named"></span>' in html
        assert '<span id="target"></span>' in html
        assert "{#named}" not in html
        assert html.count("</h2>") == 2
        assert "<h1" not in html

    def test_headings_shift_in_html_too(self) -> None:
        made = context()
        made.heading_shift = 1
        html = render_markdown("# A\n\n<h1 align=center>B</h1>\n\n###### C", made)
        assert re.findall(r"<h\d", html) == ["<h2", "<h2", "<h6"]
        assert [entry["level"] for entry in made.toc] == [2, 6]


class TestReferences:
    def test_links_between_lessons(self) -> None:
        links = {"02 next.ipynb#Big-O": "../02-next/#Big-O", "b.md": "../b/", "https://github.com/x.ipynb": "../x/"}
        html = rendered(
            '[a](<02 next.ipynb#Big-O>) [b](02%20next.ipynb#Big-O) <a href="b.md">c</a> [d](https://github.com/x.ipynb)'
            " {doc}`the text <b.md>`",
            links=links,
        )
        assert html.count('<a href="../02-next/#Big-O">') == 2
        assert html.count('<a href="../b/">') == 2
        assert '<a href="../x/">d</a>' in html

    def test_a_link_to_nowhere_is_text(self) -> None:
        made = context(links={"evil.md": "javascript:alert(1)"})
        html = render_markdown("[gone](gone.ipynb) [evil](evil.md) [js](JAVASCRIPT:x) {ref}`nosuch`", made)
        assert '<span class="link-broken">gone</span>' in html
        assert '<span class="link-broken">evil</span>' in html
        assert '<span class="link-broken">nosuch</span>' in html
        assert "<a " not in html
        assert "gone.ipynb" in made.links_broken

    def test_other_sites_learn_nothing_of_the_page(self) -> None:
        html = rendered(
            "[x](https://example.org) www.example.org <https://example.org> ![y](https://example.org/y.png)"
        )
        assert html.count('rel="noopener noreferrer"') == 3
        assert 'referrerpolicy="no-referrer"' in html

    def test_pictures(self) -> None:
        assets = {
            "figures/a b.png": {"file": "aa.png", "width": 640, "height": 480},
            "attachment:x.png": {"file": "bb.png"},
        }
        made = context(assets=assets)
        html = render_markdown(
            '![A $x$](<figures/a b.png>) ![](attachment:x.png){width=50%} <img src="figures/a%20b.png" width="300px">'
            " ![gone](gone.png) ![old](http://x/y.png)",
            made,
        )
        size = 'width="640" height="480" loading="lazy" decoding="async"'
        assert f'<img src="/media/assets/aa.png" alt="A x" {size}>' in html
        assert 'src="/media/assets/bb.png" alt="" width="50%"' in html
        assert 'width="300"' in html
        assert '<span class="image-missing">gone</span>' in html
        assert '<a href="http://x/y.png" rel="noopener noreferrer">old</a>' in html
        assert made.images_missing == ["gone.png"]

    def test_badges_are_left_out(self) -> None:
        badge = "https://colab.research.google.com/assets/colab-badge.svg"
        assert rendered(f"[![Open]({badge})](https://colab.research.google.com/x)") == ""


class TestAdmonitions:
    @pytest.mark.parametrize(
        ("source", "kind", "title"),
        [
            ("```{note}\nbody\n```", "note", "Note"),
            ("```{admonition} My *title*\n:class: warning\nbody\n```", "warning", "My <em>title</em>"),
            (":::{tip}\nbody\n:::", "tip", "Tip"),
            ("> [!CAUTION]\n> body", "danger", "Caution"),
            (":::note\nbody\n:::", "note", "Note"),
            ("```{prf:theorem} Bayes\nbody\n```", "note", "Theorem: Bayes"),
        ],
    )
    def test_each_dialect(self, source: str, kind: str, title: str) -> None:
        html = rendered(source)
        assert f'<aside class="callout callout-{kind}">\n<p class="callout-title">{title}</p>\n<p>body</p>' in html

    def test_html_boxes(self) -> None:
        assert '<div class="callout callout-warning">' in rendered('<div class="alert alert-warning">x</div>')
        html = rendered('<div class="admonition note"><p class="admonition-title">T</p>x</div>')
        assert '<div class="callout callout-note"><p class="callout-title">T</p>' in html

    def test_folded_and_nested(self) -> None:
        html = rendered("````{note}\n:class: dropdown\na $x$\n\n```{tip}\n`b`\n```\n````")
        assert html.startswith('<details class="callout callout-note">\n<summary class="callout-title">Note</summary>')
        assert '<aside class="callout callout-tip">' in html
        assert "<math>" in html

    def test_an_unknown_directive_shows_its_body(self) -> None:
        assert "<p>shown <strong>so</strong></p>" in rendered("```{nosuch} arg\n:opt: 1\nshown **so**\n```")

    def test_figures(self) -> None:
        html = rendered(
            "```{figure} a.png\n:name: fig\n:width: 50%\nCaption\n```\n\n{ref}`see <fig>`",
            assets={"a.png": {"file": "aa.png"}},
        )
        assert '<figure class="figure" id="fig">\n<img src="/media/assets/aa.png" alt="" width="50%"' in html
        assert "<figcaption>\n<p>Caption</p>\n</figcaption>" in html
        assert '<a href="#fig">see</a>' in html

    def test_deep_nesting_ends(self) -> None:
        source = "body"
        for count in range(3, 60):
            source = f"{'`' * count}{{note}}\n{source}\n{'`' * count}"
        assert "body" in rendered(source)


def test_code_fences_tasks_footnotes_and_html() -> None:
    html = rendered(
        "```python\nx = 1\n```\n\n- [x] done\n- [ ] todo\n\nfoot[^1] {kbd}`Ctrl` ~~old~~\n\n[^1]: note\n\n"
        "<details><summary>S</summary>\n\n**md**\n</details>\n\nTerm\n: Definition\n\n<!-- hidden -->"
    )
    assert '<div class="code-block" data-language="python"><pre class="highlight" tabindex="0"><code>' in html
    assert '<span class="m">1</span>' in html
    assert '<input type="checkbox" disabled checked> done' in html
    assert '<input type="checkbox" disabled> todo' in html
    assert '<sup class="footnote-ref"><a href="#fn-1-1" id="fnref-1-1">[1]</a></sup>' in html
    assert '<li id="fn-1-1" class="footnote-item">' in html
    assert "<kbd>Ctrl</kbd> <s>old</s>" in html
    assert "<details><summary>S</summary>\n<p><strong>md</strong></p>" in html
    assert "<dt>Term</dt>" in html
    assert "hidden" not in html


def test_an_embedded_player_becomes_a_link() -> None:
    html = rendered('<iframe width="560" src="https://www.youtube.com/embed/abc" allowfullscreen></iframe>')
    assert html.startswith('<a href="https://www.youtube.com/watch?v=abc" class="video-link"')
    assert rendered('<iframe src="https://example.org/x">inside</iframe>') == ""


def test_a_long_lesson_is_quick() -> None:
    section = (
        "## Part\n\nText $x_i$ and *more*.\n\n$$\\frac{a}{b}$$\n\n- a\n- b\n\n```python\nfor i in x:\n    f(i)\n```\n\n"
    )
    render_markdown(section, context())
    started = time.process_time()
    render_markdown(section * 50, context())
    assert time.process_time() - started < 1  # about 0.05 s on an idle machine


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "*a", "_a_", "> ", "- ", "`", "<a", "[a](", "&#", "|", "# ", "[^1]", "{a}`", ":::\n", "a\n: b\n"],
)
def test_a_source_made_to_be_slow_is_not(piece: str) -> None:
    started = time.process_time()
    rendered(piece * (20_000 // len(piece)))
    assert time.process_time() - started < 20


def test_text_below_a_line_of_one_picture_is_markdown() -> None:
    context = RenderContext()
    context.enter({"id": "a", "type": "markdown", "assets": {"cover.png": {"file": "0" * 64 + ".png"}}})
    html = render_markdown(
        '<!--BOOK-->\n<img align="left" src="cover.png">\n*An [excerpt](https://example.org).*', context
    )
    assert "<em>An <a " in html
    assert "<img" in html
