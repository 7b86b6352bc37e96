"""Which file gives a course's order when there are several or none, and how much of such a file is read."""

import pytest

from courses.content.folder import read_course
from courses.content.order_markdown import MAX_CONTENTS, contents_items
from courses.content.report import CourseRefused
from courses.tests.course_folders import code, markdown, notebook, write


def lesson(words):
    return notebook(markdown(f"# {words}"), code("1"))


def texts(*paths):
    """Files of different content, called after their own names."""
    return {path: lesson(path) if path.endswith(".ipynb") else f"# {path}\n" for path in paths}


def course(tmp_path, files):
    return read_course(write(tmp_path, files))


def paths(read):
    return [lesson.path for lesson in read.lessons]


def problems(read):
    return [str(problem) for problem in read.report.problems]


# Names


def test_week_folders_and_numbers_are_in_natural_order(tmp_path):
    names = ("Week 10/1. a.ipynb", "Week 2/10_b.ipynb", "Week 2/9_c.ipynb", "Week 1/README.md", "Week 1/x.ipynb")
    read = course(tmp_path, texts(*names))
    assert paths(read) == [
        *("Week 1/README.md", "Week 1/x.ipynb", "Week 2/9_c.ipynb", "Week 2/10_b.ipynb", "Week 10/1. a.ipynb"),
    ]


def test_equal_headings_of_several_are_no_titles(tmp_path):
    cells = [markdown("# Setup"), code("1"), markdown("# End")]
    files = {"01_loops.ipynb": notebook(*cells), "02_trees.ipynb": notebook(*cells, code("2"))}
    assert [item.title for item in course(tmp_path, files).lessons] == ["Loops", "Trees"]


def test_endings_in_capitals_are_read(tmp_path):
    read = course(tmp_path, {"A.IPYNB": lesson("A"), "B.MD": "# B\n"})
    assert paths(read) == ["A.IPYNB", "B.MD"]


# Which one wins


def test_the_first_order_file_of_the_rule_wins(tmp_path):
    names = [f"{letter}.md" for letter in "abcdefgh"]
    links = "".join(f"- [{name}]({name})\n" for name in names)
    files = [
        ("course.toml", "title = 'T'\n[[modules]]\ntitle = 'M'\nlessons = ['h.md']", "h.md"),
        ("_toc.yml", "- file: g\n", "g.md"),
        ("myst.yml", "project:\n  toc:\n  - file: f.md\n", "f.md"),
        ("_toctree.yml", "- local: e\n", "e.md"),
        ("mkdocs.yml", "docs_dir: .\nnav: [d.md]\n", "d.md"),
        ("index.md", "# I\n\n```toc\nc\nd\n```\n", "c.md"),
        ("config.yaml", "episodes: [b.md]\n", "b.md"),
        ("SUMMARY.md", "- [x](h.md)\n- [y](a.md)\n", "h.md"),
        ("_sidebar.md", "- [x](g.md)\n- [y](a.md)\n", "g.md"),
        ("index.ipynb", notebook(markdown("# I\n\n- [x](f.md)\n- [y](e.md)\n- [z](d.md)")), "index.ipynb"),
        ("README.md", "# C\n\n" + "- [x](e.md)\n" + links, "e.md"),
    ]
    write(tmp_path, texts(*names) | {name: content for name, content, _ in files})
    for name, _, first in files:
        assert paths(read_course(tmp_path))[0] == first, name
        (tmp_path / name).unlink()
    assert paths(read_course(tmp_path)) == names


def test_an_order_file_of_something_else_is_passed_over_and_listed(tmp_path):
    files = texts("b.md", "a.md", "c.md") | {"_toctree.yml": "- local: api/main\n- local: api/utils\n"}
    read = course(tmp_path, files | {"README.md": "# C\n\n- [x](c.md)\n- [y](b.md)\n- [z](a.md)\n"})
    assert paths(read) == ["c.md", "b.md", "a.md"]
    assert "_toctree.yml: names no lesson of this folder and is passed over" in problems(read)


# Bounds


@pytest.mark.parametrize(
    "text",
    ["<a " * 100_000, "- " * 100_000, "[" * 100_000, "\n".join("#" * 6 + " x" for _ in range(20_000)), "|x" * 50_000],
)
def test_hostile_contents_are_read_in_time(text):
    assert isinstance(contents_items(text[:MAX_CONTENTS]), list)


def test_a_contents_page_that_is_too_large_or_not_text_says_no_order(tmp_path):
    files = texts("b.md", "a.md") | {"SUMMARY.md": "- [x](b.md)\n- [y](a.md)\n" + " " * MAX_CONTENTS}
    assert paths(course(tmp_path, files | {"_sidebar.md": b"- [x](b.md)\n- [y](a.md)\n\xff"})) == ["a.md", "b.md"]


def test_too_many_entries_refuse(tmp_path, monkeypatch):
    monkeypatch.setattr("courses.content.contents.MAX_ENTRIES", 3)
    with pytest.raises(CourseRefused, match="has 4 entries; at most 3 are read"):
        course(tmp_path, texts("a.md") | {"_toctree.yml": "- local: a\n" * 4})
