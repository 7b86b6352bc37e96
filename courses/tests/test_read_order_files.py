"""A course's order out of each kind of file that says one, and out of names: modules, titles, gaps, precedence."""

import pytest

from courses.content.folder import read_course
from courses.content.order_fences import toc_entries
from courses.content.plain_yaml import YAMLRefused, load_yaml
from courses.tests.course_folders import code, markdown, notebook, write

BROKEN = b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": 7}]}'


def lesson(words):
    return notebook(markdown(f"# {words}"), code("1"))


def texts(*paths):
    """Files of different content, called after their own names."""
    return {path: lesson(path) if path.endswith(".ipynb") else f"# {path}\n" for path in paths}


def course(tmp_path, files):
    return read_course(write(tmp_path, files))


def outline(read):
    return [(module.title, [lesson.path for lesson in module.lessons]) for module in read.modules]


def paths(read):
    return [lesson.path for lesson in read.lessons]


def problems(read):
    return [str(problem) for problem in read.report.problems]


# Hugging Face

TOCTREE = """
- title: 0. Setup
  sections:
  - local: chapter0/1
    title: Hello
- title: 1. Models
  local: chapter1/index
  isExpanded: true
  sections:
  - title: Part
    sections:
    - local: chapter1/10
      title: Ten
  - local: chapter1/2
    title: Two
    quiz: 1
  - local: chapter1/gone
    title: Gone
- local: events
  title: Events
"""


def test_a_hugging_face_toctree_gives_the_order(tmp_path):
    names = ("chapter0/1.mdx", "chapter1/index.mdx", "chapter1/2.mdx", "chapter1/10.mdx", "events.mdx")
    files = texts(*(f"chapters/{language}/{name}" for language in ("en", "fr") for name in names), "extra.ipynb")
    read = course(tmp_path, files | {f"chapters/{language}/_toctree.yml": TOCTREE for language in ("de", "en", "fr")})
    assert outline(read) == [
        ("0. Setup", ["chapters/en/chapter0/1.mdx"]),
        ("1. Models", [f"chapters/en/chapter1/{name}.mdx" for name in ("index", "10", "2")]),
        ("Events", ["chapters/en/events.mdx"]),
        ("More notebooks", ["extra.ipynb"]),
    ]
    assert [item.title for item in read.lessons][:4] == ["Hello", "chapters/en/chapter1/index.mdx", "Ten", "Two"]
    assert "chapters/en/_toctree.yml: names 'chapter1/gone': no such file" in problems(read)
    assert len({item.slug for item in read.lessons}) == 6


# mkdocs

MKDOCS = """
site_name: The site
markdown_extensions:
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
      emoji_generator: !!python/object/apply:os.system ["touch /tmp/never"]
plugins: &shared
  - search
extra: *shared
bad: [
nav:
- Home: index.md
- Lessons:
  - Loops: loops.md
  - Deeper:
    - week/trees.md
    - Elsewhere: notebooks/extra.ipynb
    - nb/far.ipynb
- Relative: !relative x.md
- Site: https://example.org/a.md
- Gone: gone.md
"""


def test_mkdocs_nav_gives_the_order_and_runs_nothing(tmp_path):
    files = texts("docs/index.md", "docs/loops.md", "docs/week/trees.md", "notebooks/extra.ipynb", "src/nb/far.ipynb")
    read = course(tmp_path, files | {"mkdocs.yml": MKDOCS})
    assert read.title == "The site"
    assert outline(read) == [
        ("The site", ["docs/index.md"]),
        ("Lessons", ["docs/loops.md", "docs/week/trees.md", "notebooks/extra.ipynb", "src/nb/far.ipynb"]),
    ]
    assert [item.title for item in read.lessons][:4] == ["Home", "Loops", "docs/week/trees.md", "Elsewhere"]
    lines = [line for line in problems(read) if line.startswith("mkdocs.yml")]
    assert lines == [
        "mkdocs.yml: names 'nb/far.ipynb'; 'src/nb/far.ipynb' is taken",
        "mkdocs.yml: names 'gone.md': no such file",
    ]


@pytest.mark.parametrize("folder", ["content", "."])
def test_mkdocs_may_keep_its_pages_in_another_folder(tmp_path, folder):
    prefix = "" if folder == "." else f"{folder}/"
    nav = f"docs_dir: {folder}\nnav: [b.md, {{A: [a.md]}}]\n"
    read = course(tmp_path, texts(f"{prefix}a.md", f"{prefix}b.md") | {"mkdocs.yml": nav})
    assert paths(read) == [f"{prefix}b.md", f"{prefix}a.md"]


def test_a_section_that_is_alone_gives_way_to_its_own(tmp_path):
    nav = "nav:\n- Course:\n  - One: [a.md]\n  - Two: [b.md]\n"
    read = course(tmp_path, texts("docs/a.md", "docs/b.md") | {"mkdocs.yml": nav})
    assert [title for title, _ in outline(read)] == ["One", "Two"]


@pytest.mark.parametrize(
    "nav", ["nav: [", "nav: &a [a.md, *a]", "nav: {a: b}", "nav: []", "docs_dir: 7", "nav: [gone.md]"]
)
def test_a_nav_that_says_nothing_leaves_the_order_to_names(tmp_path, nav):
    read = course(tmp_path, texts("10.md", "9.md") | {"mkdocs.yml": nav})
    assert paths(read) == ["9.md", "10.md"]


def test_tags_are_read_as_nothing_where_that_is_asked_for_and_refused_elsewhere():
    text = "a: !!python/object/apply:os.getcwd []\nb: !x {c: 1}\nd: 2"
    assert load_yaml(text, any_tag=True) == {"a": None, "b": None, "d": 2}
    with pytest.raises(YAMLRefused):
        load_yaml(text)


# docsify, mdBook

SIDEBAR = """
- [Home](/)
- Basics
  - [Loops](../week%201/loops.md?id=start)
  - [Loops again](../week%201/loops.md#end)
  - [Outside](https://example.org/x.md)
* **Trees**
  * [Trees *and* bags](../week-2/ "title")
  * [Gone](gone.md)
  * [By name](elsewhere.md)
"""


def test_a_docsify_sidebar_gives_the_order(tmp_path):
    files = texts("docs/README.md", "week 1/loops.md", "week-2/README.md", "week-2/bags.ipynb", "deep/elsewhere.md")
    read = course(tmp_path, files | {"docs/_sidebar.md": SIDEBAR})
    assert outline(read) == [
        (read.title, ["docs/README.md"]),
        ("Basics", ["week 1/loops.md"]),
        ("Trees", ["week-2/README.md", "deep/elsewhere.md"]),
        ("More notebooks", ["week-2/bags.ipynb"]),
    ]
    assert [item.title for item in read.lessons][:3] == ["Home", "Loops", "Trees and bags"]
    assert "docs/_sidebar.md: names 'gone.md': no such file" in problems(read)
    assert "docs/_sidebar.md: names 'elsewhere.md'; 'deep/elsewhere.md' is taken" in problems(read)


SUMMARY = """
# Summary

[Preface](preface.md)

# First part

- [One](one.md)
  - [One and a half](sub/half.md)
- [Draft]()

---

# Second part

1. [Two](./two.md)

[Afterword](after.md)
"""


def test_an_mdbook_summary_gives_the_order(tmp_path):
    names = ("preface.md", "one.md", "sub/half.md", "two.md", "after.md", "unlisted.md")
    read = course(tmp_path, texts(*(f"src/{name}" for name in names)) | {"src/SUMMARY.md": SUMMARY})
    assert outline(read) == [
        (read.title, ["src/preface.md"]),
        ("First part", ["src/one.md", "src/sub/half.md"]),
        ("Second part", ["src/two.md", "src/after.md"]),
    ]
    assert read.lessons[2].title == "One and a half"


def test_without_parts_the_chapters_of_a_summary_are_modules(tmp_path):
    summary = "# Table of contents\n\n* [Intro](intro.md)\n* [A](a.md)\n  * [A1](a1.md)\n* [B](b.md)\n  * [B1](b1.md)\n"
    read = course(tmp_path, texts("intro.md", "a.md", "a1.md", "b.md", "b1.md") | {"SUMMARY.md": summary})
    assert [(title, len(found)) for title, found in outline(read)] == [(read.title, 1), ("A", 2), ("B", 2)]


def test_a_summary_in_prose_is_no_order(tmp_path):
    summary = "# Summary\n\nFirst we read [b](b.md), which is long and says much, and then at last [a](a.md) too.\n"
    assert paths(course(tmp_path, texts("a.md", "b.md") | {"SUMMARY.md": summary})) == ["a.md", "b.md"]


# Carpentries


def test_carpentries_episodes_give_the_order_and_the_rest_is_ignored(tmp_path):
    config = (
        "title: 'Lesson'\nlicense: 'CC-BY 4.0'\nlang: pt-BR\nepisodes:\n- 02-b.md\n- 01-a.md\n- gone.Rmd\n"
        "learners:\n- setup.md\ninstructors:\n- notes.md\n"
    )
    names = ("episodes/01-a.md", "episodes/02-b.md", "episodes/03-c.md", "learners/setup.md", "instructors/notes.md")
    read = course(tmp_path, texts(*names, "index.md") | {"config.yaml": config})
    assert paths(read) == ["episodes/02-b.md", "episodes/01-a.md"]
    assert (read.title, read.licence, read.language) == ("Lesson", "CC-BY 4.0", "pt-BR")
    assert "config.yaml: names 'gone.Rmd': no such file" in problems(read)


@pytest.mark.parametrize("episodes", ["", " []", " ~"])
def test_episodes_that_are_not_listed_come_by_their_names(tmp_path, episodes):
    names = ("episodes/10-b.md", "episodes/9-a.md", "learners/setup.md")
    read = course(tmp_path, texts(*names) | {"config.yaml": f"carpentry: swc\nepisodes:{episodes}\nlearners:\n"})
    assert paths(read) == ["episodes/9-a.md", "episodes/10-b.md"]


def test_a_config_of_something_else_is_no_order(tmp_path):
    read = course(tmp_path, texts("b.md", "a.md") | {"config.yaml": "defaults: &d [x]\nmodel: *d\nlr: !env 3\n"})
    assert paths(read) == ["a.md", "b.md"]
    assert problems(read) == []


# Fences called toc


def test_toc_fences_are_followed_from_index_to_index(tmp_path):
    files = {
        "index.md": "Book\n====\n\n```toc\n:maxdepth: 1\n\nch_pre/index\n```\n\n"
        "```toc\n:maxdepth: 2\n:numbered:\n\nch_two/index\nch_one/index\nch_gone/index\n```\n",
        "ch_one/index.md": "# One\n\n```toc\n:maxdepth: 2\n\nb\na.md\nb\n```\n",
        "ch_two/index.md": "# Two\n\n```toc\nx\n../ch_one/index\n```\n",
        **texts("ch_pre/index.md", "ch_one/a.md", "ch_one/b.md", "ch_two/x.md"),
    }
    read = course(tmp_path, files)
    assert paths(read) == [
        *("ch_pre/index.md", "ch_two/index.md", "ch_two/x.md", "ch_one/index.md", "ch_one/b.md", "ch_one/a.md"),
    ]
    assert [title for title, _ in outline(read)][1:] == ["Two"]
    assert "index.md: names 'ch_gone/index': no such file" in problems(read)


def test_sphinx_toctrees_are_read_with_their_titles():
    text = "```{toctree}\n:caption: Part\n\nFirst page <a>\nb/c\n```\n\n```\ntoc\nd\n```\n\n:::{toctree}\ne\n:::\n"
    assert toc_entries(text) == [("a", "First page"), ("b/c", None), ("e", None)]


def test_toc_fences_that_name_each_other_end(tmp_path):
    fence = "```toc\n{}\n```\n"
    files = {
        "index.md": "# I\n" + fence.format("a\nb"),
        "a.md": "# A\n" + fence.format("b"),
        "b.md": "# B\n" + fence.format("a\nindex"),
    }
    assert paths(course(tmp_path, files)) == ["a.md", "b.md", "index.md"]


# Links of an index and of a README


def test_an_index_notebook_gives_the_order_and_comes_first(tmp_path):
    cells = [
        markdown("# The course\n\nBy [Ada](https://example.org). See also [the licence](LICENSE.md)."),
        markdown("### [1. Preface](02-preface.ipynb)\n\n- [Loops: the long way](01-loops.ipynb)\n- [x](gone.ipynb)"),
        markdown("### [2. Trees](03-trees.ipynb)\n\n- [Bags](http://github.com/ada/c/blob/main/00-bags.ipynb)"),
    ]
    files = texts("00-bags.ipynb", "02-preface.ipynb", "03-trees.ipynb", "LICENSE.md", "extra.ipynb", "notes.md")
    files["01-loops.ipynb"] = notebook(markdown("# Setup"), code("1"), markdown("# Loops"))
    read = course(tmp_path, files | {"Index.ipynb": notebook(*cells)})
    assert outline(read) == [
        ("The course", ["Index.ipynb"]),
        ("1. Preface", ["02-preface.ipynb", "01-loops.ipynb"]),
        ("2. Trees", ["03-trees.ipynb", "00-bags.ipynb"]),
        ("More notebooks", ["extra.ipynb"]),
    ]
    assert read.lessons[2].title == "Loops: the long way"
    assert "Index.ipynb: names 'gone.ipynb': no such file" in problems(read)
    assert "Index.ipynb: names some lessons; 1 text file that it does not name are left out" in problems(read)


TABLE = """# Course

Read the [guide](CONTRIBUTING.md), [deutsch](README.de.md).

| Week | Lesson | Notebook |
|---|---|---|
| 1 | [Start](b/start.md) | <a href="b/start.ipynb">open</a> |
| 2 | Trees | - [a](a/trees.ipynb) <br> - [gone](a/gone.ipynb) |
| 3 | [Start](b/start.md#again) | [script](a/plain.py) |

- [guide](CONTRIBUTING.md)
- [deutsch](README.de.md)
"""


def test_the_tables_and_lists_of_a_readme_give_the_order(tmp_path):
    files = texts("b/start.md", "b/start.ipynb", "a/trees.ipynb", "CONTRIBUTING.md", "README.de.md", "a/aaa.ipynb")
    read = course(tmp_path, files | {"README.md": TABLE, "a/plain.py": "x = 1\n"})
    assert paths(read) == ["b/start.md", "b/start.ipynb", "a/trees.ipynb", "a/aaa.ipynb"]
    assert "README.md: names 'a/gone.ipynb': no such file" in problems(read)


def test_folders_that_a_readme_links_to_come_in_its_order(tmp_path):
    readme = "# C\n\n- [Trees](week-2/)\n- [Loops](week-1)\n- [Pictures](img)\n"
    names = ("week-1/2.ipynb", "week-1/10.ipynb", "week-2/README.md", "week-2/a.ipynb")
    read = course(tmp_path, texts(*names) | {"README.md": readme, "img/x.txt": "x"})
    assert paths(read) == ["week-2/README.md", "week-2/a.ipynb", "week-1/2.ipynb", "week-1/10.ipynb"]
    assert len(read.modules) == 2


@pytest.mark.parametrize(
    "readme",
    [
        "# C\n\n- [a](b.md)\n- [b](a.md)\n",
        "# C\n\nFirst read [b](b.md), then you may want to see [a](a.md), and at the end of all [c](c.md) too.\n",
        "# C\n\n```\n- [x](b.md)\n- [y](a.md)\n- [z](c.md)\n```\n",
        "# C\n\n- [x](b.md)\n- [x](b.md#1)\n- [x](./b.md)\n- [y](https://example.org/a.md)\n",
    ],
)
def test_a_readme_with_less_than_three_listed_lessons_gives_no_order(tmp_path, readme):
    assert paths(course(tmp_path, texts("a.md", "b.md", "c.md") | {"README.md": readme})) == ["a.md", "b.md", "c.md"]


def test_a_broken_notebook_that_only_a_readme_names_is_skipped(tmp_path):
    readme = "# C\n\n- [a](c.ipynb)\n- [b](b.ipynb)\n- [c](a.ipynb)\n- [d](d.ipynb)\n"
    files = texts("a.ipynb", "b.ipynb", "c.ipynb") | {"d.ipynb": BROKEN, "e.ipynb": BROKEN, "README.md": readme}
    read = course(tmp_path, files)
    assert paths(read) == ["c.ipynb", "b.ipynb", "a.ipynb"]
    assert sum("source must be text or a list of lines; the file is skipped" in line for line in problems(read)) == 2


def test_a_broken_notebook_that_an_order_file_does_not_name_is_skipped(tmp_path):
    read = course(tmp_path, texts("a.ipynb") | {"_toc.yml": "- file: a\n", "b.ipynb": BROKEN})
    assert paths(read) == ["a.ipynb"]
