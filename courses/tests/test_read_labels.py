"""References by label, d2l's marks, citations and tables of lists: what a reader sees of them."""

import pytest

from courses.content.bibliography import cited_keys, people, plain_tex, read_bibtex, work
from courses.content.compiling import compile_body
from courses.content.folder import read_course
from courses.content.labels import d2l_marks, readable
from courses.content.markdown import RenderContext, render_markdown
from courses.tests.course_folders import png, write


def html(source, **links):
    context = RenderContext()
    context.links = links
    return render_markdown(source, context)


def pages(root):
    read = read_course(root)
    return read, {lesson.path: compile_body(lesson.body, title=lesson.title) for lesson in read.lessons}


def text_of(compiled):
    return "\n".join(part["html"] for part in compiled.html)


def test_d2ls_marks_are_anchors_and_never_text():
    page = html(
        "# Loss\n:label:`sec_loss`\n\n![A](a.png)\n:width:`300px`\n:label:`fig_a`\n\n$$a=b$$\n:eqlabel:`eq_a`\n\n"
        "See :numref:`sec_loss`, :numref:`fig_a` and :eqref:`eq_a`.\n\n"
        ":begin_tab:`pytorch`\nTorch.\n:end_tab:\n\n```toc\n:maxdepth: 2\nother\n```\n"
    )
    assert 'id="sec_loss"' in page
    assert '<a href="#sec_loss">Loss</a>, <a href="#fig_a">Figure 1</a>' in page
    assert 'href="#eq-eq_a" class="equation-ref">(1)</a>' in page
    assert "Torch." in page
    assert not any(mark in page for mark in (":label:", ":width:", ":eqlabel:", "_tab:", "maxdepth", ":numref:"))


def test_a_reference_says_what_its_target_is_called():
    page = html(
        "(sec-a)=\n## A title\n\n{ref}`sec-a`, {ref}`mine <sec-a>`, {numref}`tab-x`, {numref}`Table %s <tab-x>`, "
        "{prf:ref}`thm`\n\n```{list-table} Cap\n:name: tab-x\n* - 1\n```\n\n```{prf:theorem}\n:label: thm\nBig.\n```\n"
    )
    assert '<a href="#sec-a">A title</a>, <a href="#sec-a">mine</a>' in page
    assert page.count('<a href="#tab-x">Table 1</a>') == 2
    assert '<a href="#thm">Theorem 1</a>' in page


def test_a_label_right_above_a_paragraph_is_an_anchor():
    page = html("(a)=\n(b)=\nSome words.\n")
    assert page.count("<span id=") == 2
    assert "<p>Some words.</p>" in page


@pytest.mark.parametrize(
    ("label", "words"),
    [("sec_linear_regression", "linear regression"), ("fig_a-b", "Figure (a b)"), ("la_ex1", "la ex1"), ("x", "x")],
)
def test_a_label_that_nothing_has_is_readable(label, words):
    assert readable(label) == words


def test_a_table_of_lists_is_a_table():
    page = html("```{list-table} Words\n:header-rows: 1\n* - A\n  - B\n* - $x$\n  - - p\n    - q\n```")
    assert page.count("<tr>") == 2
    assert "<th>A</th>" in page
    assert "<td>1" not in page
    assert page.count("<li>") == 2
    assert "Words" in page


def test_a_table_of_something_else_shows_it():
    assert "<p>Not a list.</p>" in html("```{list-table}\nNot a list.\n```")


def test_labels_of_exercises_lead_to_their_blocks(tmp_path):
    root = write(
        tmp_path,
        {
            "_toc.yml": b"root: a\nchapters:\n- file: b\n",
            "a.md": b"# A\n\n```{exercise}\n:label: ex-a\nDo it.\n```\n\nSee {ref}`ex-a`.\n",
            "b.md": b"# B\n\nBack to {ref}`the task <ex-a>` and [words](ex-a).\n",
        },
    )
    read, compiled = pages(root)
    assert read.report.broken_links == []
    assert '<a href="../a/#block-ex-a">the exercise</a>' in text_of(compiled["a.md"])
    assert text_of(compiled["b.md"]).count('href="../a/#block-ex-a"') == 2


def test_the_caption_of_a_drawn_figure_is_shown_with_its_label(tmp_path):
    lesson = (
        "---\nkernelspec:\n  name: python3\n---\n# A\n\n```{code-cell} python3\n---\nmystnb:\n  figure:\n"
        "    caption: How it falls\n    name: fig-falls\n---\nplot()\n```\n\nSee {numref}`fig-falls`.\n"
    )
    read, compiled = pages(write(tmp_path, {"a.md": lesson.encode()}))
    page = text_of(compiled["a.md"])
    assert "How it falls" in page
    assert '<a href="#fig-falls">Figure 1</a>' in page
    assert read.report.broken_links == []


# Citations

BIB = r"""
@comment{x, y}
@article{lee2020,
  author = {Lee, Ann and M{\"u}ller, Jo},
  title = "A {D}eep Look \& More",
  journal = {J. of Tests}, year = 2020, doi = {10.1000/xyz}
}
@book{o'neil, author={O'Neil, Cathy and A, B and C, D}, title={Weapons}, year={2016}}
@misc{broken, title={never closed
"""


def test_citations_are_named_and_the_works_listed(tmp_path):
    root = write(
        tmp_path,
        {
            "refs/a.bib": BIB.encode(),
            "a.md": b"# A\n\nAs {cite}`lee2020,gone` and :citet:`o'neil` say.\n",
            "b.md": b"# B\n\nNone.\n",
        },
    )
    read, compiled = pages(root)
    page = text_of(compiled["a.md"])
    assert "Lee and Müller (2020)</a>; gone]" in page
    assert "O'Neil et al. (2016)" in page.replace("&#39;", "'").replace("&#x27;", "'")
    assert "References" in page
    assert "https://doi.org/10.1000/xyz" in page
    assert "A Deep Look &amp; More" in page
    assert "References" not in text_of(compiled["b.md"])
    assert read.report.broken_links == []
    blocks = read.lessons[0].body["blocks"]
    assert blocks[-1]["metadata"]["mlpracticum"]["import"]["derived"] is True
    assert list(read.lessons[0].body["metadata"]["files"]) == ["refs/a.bib"]


def test_citations_without_a_list_of_works_stay_readable(tmp_path):
    _, compiled = pages(write(tmp_path, {"a.md": b"# A\n\nAs {cite}`lee2020` says.\n"}))
    assert "As [lee2020] says." in text_of(compiled["a.md"])


def test_bibtex_is_read():
    entries = dict(read_bibtex(BIB))
    assert set(entries) == {"lee2020", "o'neil", "broken"}
    assert work(entries["lee2020"]).startswith("Lee and Müller (2020). *A Deep Look & More*. J. of Tests.")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ("Ann Lee", "Lee"),
        ("Lee, A. and others", "Lee et al."),
        ("{The Team}", "The Team"),
        ("", ""),
        ("A B and C D", "B and D"),
    ],
)
def test_authors_are_named_by_family(names, shown):
    assert people(names) == shown


@pytest.mark.parametrize(
    ("tex", "text"), [(r"G\'{e}ron", "Géron"), (r"\O{}y", "Øy"), (r"Erd\H{o}s", "Erdős"), ("a--b", "a–b")]
)
def test_letters_of_tex_are_letters(tex, text):
    assert plain_tex(tex) == text


@pytest.mark.parametrize(
    "text",
    [
        "@a{b," * 5_000,
        "@a{b, c=" + "{" * 50_000,
        "@a{b, " + "x = " * 20_000,
        "@a{b" + " " * 100_000,
        '@a{b, c="' + "\\" * 99_999,
    ],
)
def test_hostile_bibtex_ends(text):
    assert len(list(read_bibtex(text))) <= 5_000


def test_hostile_labels_end():
    assert d2l_marks(":label:`" + "a" * 100_000) is None
    assert list(cited_keys("{cite}`" * 10_000)) == []
    assert html(":numref:`a` " * 3_000).count("link-broken") == 3_000


def test_pictures_keep_their_width(tmp_path):
    root = write(tmp_path, {"a.md": b"# A\n\n![B](b.png)\n:width:`20px`\n", "b.png": png()})
    assert 'width="20' in text_of(pages(root)[1]["a.md"])
