"""A folder of notebooks as a course: order, titles, identity, and what refuses the whole of it."""

import json
import os
import re
import subprocess
import sys

import pytest

from courses.content.compiling import compile_body
from courses.content.folder import read_course
from courses.content.order import natural_key
from courses.content.report import CourseRefused
from courses.content.schema import validate_body
from courses.content.slugs import lesson_slugs, slugify
from courses.tests.course_folders import code, markdown, notebook, png, write

A = notebook(markdown("# A"), code("1"))
HEADER = "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n\n"
SCRIPT = HEADER + "# %% [markdown]\n# # From a script\n\n# %%\nx = 1\n"


def course(tmp_path, files):
    return read_course(write(tmp_path, files))


def outline(read):
    return [(module.title, [lesson.path for lesson in module.lessons]) for module in read.modules]


def refused(tmp_path, files):
    with pytest.raises(CourseRefused) as caught:
        course(tmp_path, files)
    return [str(problem) for problem in caught.value.problems]


def problems(read):
    return [str(problem) for problem in read.report.problems]


# Order by names


def test_a_flat_folder_is_one_module_in_natural_order(tmp_path):
    names = ["10-last.ipynb", "2-second.ipynb", "1-first.md", "appendix.ipynb", "Index.ipynb"]
    files = {name: A if name.endswith("ipynb") else "# First\n" for name in names}
    read = course(tmp_path, files | {"README.md": "# My course\n\nAll about the things that matter in this course.\n"})
    assert outline(read) == [
        ("My course", ["Index.ipynb", "1-first.md", "2-second.ipynb", "10-last.ipynb", "appendix.ipynb"])
    ]
    assert read.description == "All about the things that matter in this course."
    assert read.summary == read.description


def test_badges_are_no_summary(tmp_path):
    badges = "[![A licence badge](https://x/a.svg)](https://x) [![Number of contributors](https://x/b.svg)](https://x)"
    text = "This is what the course is about, in one sentence."
    read = course(tmp_path, {"a.ipynb": A, "README.md": f"# C\n\n{badges}\n\n{text}\n"})
    assert read.summary == text


def test_folders_are_modules_called_after_their_readme_or_name(tmp_path):
    read = course(
        tmp_path,
        {
            "week-10_trees/a.ipynb": A,
            "week-2_lines/README.md": "# All about lines\n\nText.\n",
            "week-2_lines/deeper/z.ipynb": A,
            "start.ipynb": A,
            "figures/README.md": "# Only a note\n",
        },
    )
    assert outline(read) == [
        (read.title, ["start.ipynb"]),
        ("All about lines", ["week-2_lines/README.md", "week-2_lines/deeper/z.ipynb"]),
        ("Week 10 trees", ["week-10_trees/a.ipynb"]),
    ]


def test_folders_around_the_lessons_are_no_modules(tmp_path):
    read = course(tmp_path, {"src/notebooks/1/a.ipynb": A, "src/notebooks/2/b.ipynb": A})
    assert [module.uid for module in read.modules] == ["src/notebooks/1", "src/notebooks/2"]


def test_what_is_no_lesson_is_left_out(tmp_path):
    others = [
        *("LICENSE.md", "CONTRIBUTING.md", "code_of_conduct.md", "CHANGELOG.md", ".github/x.md", "_build/a.ipynb"),
        *(".ipynb_checkpoints/a-checkpoint.ipynb", "node_modules/p/README.md", "slides/s.md", "plain.py"),
    ]
    files = dict.fromkeys(others, "# Not a lesson\n") | {"own/pyvenv.cfg": "", "own/lib/a.md": "# x\n"}
    read = course(tmp_path, files | {"a.ipynb": A})
    assert [lesson.path for lesson in read.lessons] == ["a.ipynb"]


def test_a_readme_alone_is_the_lesson(tmp_path):
    read = course(tmp_path, {"README.md": "# Only\n\nText.\n"})
    assert outline(read) == [("Only", ["README.md"])]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2-x", "10-x"),
        ("1-intro", "appendix"),
        ("a2b10", "a10b2"),
        ("week-2/b.ipynb", "week-10/a.ipynb"),
        ("z/index.md", "z/0.md"),
    ],
)
def test_names_are_ordered_as_people_count(earlier, later):
    assert natural_key(earlier) < natural_key(later)


def test_twins_are_taken_once(tmp_path):
    read = course(
        tmp_path,
        {
            "a.ipynb": A,
            "a.py": SCRIPT,
            "a.md": "---\njupytext: {}\nkernelspec: {name: python3}\n---\n\n# A\n",
            "scripts/b.py": SCRIPT,
            "notebooks/b.ipynb": A,
            "scripts/only.py": SCRIPT,
        },
    )
    assert {lesson.path for lesson in read.lessons} == {"a.ipynb", "notebooks/b.ipynb", "scripts/only.py"}
    assert read.report.notebooks == 3


# Order by files


def test_course_toml_gives_order_names_and_identity(tmp_path):
    manifest = """
uid = "c-1"
title = "The course"
slug = "the-course"
summary = "One sentence."
level = "advanced"
language = "de"
licence = "CC-BY-4.0"
authors = ["Ada", "Ben"]
outcomes = ["do it"]
requirements = ["nothing"]
description = \"\"\"See [the first](x/b.ipynb) and ![it](fig.png).\"\"\"
[[modules]]
title = "Second things first"
uid = "m"
lessons = ["x/b.ipynb", {file = "a.ipynb", title = "Named", uid = "u", slug = "Own_slug", minutes = 7, preview = true}]
[[modules]]
title = "Text"
lessons = ["c.md"]
[files]
data = ["data/x.csv"]
"""
    files = {
        "course.toml": manifest,
        "a.ipynb": A,
        "x/b.ipynb": A,
        "c.md": "# C\n",
        "data/x.csv": "a\n",
        "fig.png": png(),
        "other.ipynb": A,
    }
    read = course(tmp_path, files)
    assert outline(read) == [("Second things first", ["x/b.ipynb", "a.ipynb"]), ("Text", ["c.md"])]
    about = (read.uid, read.title, read.slug, read.summary, read.level, read.language, read.licence)
    assert about == ("c-1", "The course", "the-course", "One sentence.", "advanced", "de", "CC-BY-4.0")
    assert (read.authors, read.outcomes, read.requirements) == (["Ada", "Ben"], ["do it"], ["nothing"])
    named = read.lessons[1]
    assert (named.uid, named.slug, named.title, named.minutes, named.is_preview, named.has_own_uid) == (
        *("u", "Own_slug", "Named", 7, True, True),
    )
    assert [module.uid for module in read.modules] == ["m", "module:Text"]
    assert list(read.data_files) == ["data/x.csv"]
    assert read.assets[read.data_files["data/x.csv"]].read() == b"a\n"
    assert read.description_references["links"] == {"x/b.ipynb": "b/"}
    assert list(read.description_references["assets"]) == ["fig.png"]
    assert problems(read) == ["other.ipynb: is not named in course.toml and is left out"]
    assert read.report.images == read.report.links == 0


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("title = ", "course.toml: is not valid TOML"),
        ("colour = 1", "course.toml: colour: is not a known key"),
        ("summary = 'x'", "course.toml: title: is required"),
        ("title = 3", "course.toml: title: must be text"),
        ("title = ' '", "course.toml: title: must not be empty"),
        (f"title = '{'x' * 201}'", "course.toml: title: must have at most 200 characters"),
        ("title = 'T'\nlevel = 'easy'", "course.toml: level: must be one of"),
        ("title = 'T'\nslug = 'a b'", "course.toml: slug: must be made of"),
        ("title = 'T'\nauthors = 'me'", "course.toml: authors: must be a list"),
        ("title = 'T'\nauthors = [1]", "course.toml: authors[0]: must be text"),
        ("title = 'T'\nmodules = []", "course.toml: modules: must be a list"),
        ("title = 'T'\n[[modules]]\nlessons = ['a.ipynb']", "course.toml: modules[0].title: is required"),
        ("title = 'T'\n[[modules]]\ntitle = 'M'", "course.toml: modules[0].lessons: must be a list"),
        ("{gone.ipynb}", "course.toml: modules[0].lessons[0]: 'gone.ipynb': no such file"),
        ("{A.ipynb}", "course.toml: modules[0].lessons[0]: 'A.ipynb': no such file; there is 'a.ipynb'"),
        ("{../a.ipynb}", "course.toml: modules[0].lessons[0]: '../a.ipynb' leads outside"),
        ("{x.csv}", "course.toml: modules[0].lessons[0]: 'x.csv' is no notebook"),
        ("[{file = 'a.ipynb', minutes = 0}]", "course.toml: modules[0].lessons[0].minutes: must be"),
        ("[{file = 'a.ipynb', minutes = true}]", "course.toml: modules[0].lessons[0].minutes: must be"),
        ("[{file = 'a.ipynb', preview = 1}]", "course.toml: modules[0].lessons[0].preview: must be"),
        ("[{file = 'a.ipynb', x = 1}]", "course.toml: modules[0].lessons[0].x: is not a known key"),
        ("[{title = 'a'}]", "course.toml: modules[0].lessons[0].file: is required"),
        ("[7]", "course.toml: modules[0].lessons[0]: must be a file name or a table"),
        ("['a.ipynb', 'a.ipynb']", "course.toml: modules[0].lessons[1].file: 'a.ipynb' is used twice"),
        (
            "[{file = 'a.ipynb', uid = 'u'}, {file = 'b.ipynb', uid = 'u'}]",
            "course.toml: modules[0].lessons[1].uid: 'u' is used twice (first by modules[0].lessons[0].uid)",
        ),
        ("title = 'T'\n[files]\ndata = ['gone.csv']", "course.toml: files.data[0]: 'gone.csv': no such file"),
        ("title = 'T'\n[files]\ndata = ['page.html']", "course.toml: files.data: 'page.html' is a .html file"),
    ],
)
def test_a_fault_in_course_toml_refuses_and_is_named_by_its_place(tmp_path, manifest, words):
    if manifest.startswith(("{", "[")) and not manifest.startswith("[files"):
        lessons = f"['{manifest[1:-1]}']" if manifest.startswith("{") else manifest
        manifest = f"title = 'T'\n[[modules]]\ntitle = 'M'\nlessons = {lessons}\n"
    files = {"course.toml": manifest, "a.ipynb": A, "b.ipynb": A, "x.csv": "a", "page.html": "<p>"}
    assert any(line.startswith(words) for line in refused(tmp_path, files))


def test_course_toml_without_modules_leaves_the_order_to_names(tmp_path):
    read = course(tmp_path, {"course.toml": "title = 'T'", "2.ipynb": A, "1.ipynb": A})
    assert outline(read) == [("T", ["1.ipynb", "2.ipynb"])]


TOC = """
format: jb-book
root: intro
parts:
- chapters:
  - file: first
- caption: Lines
  chapters:
  - file: scripts/one
    sections:
    - file: two.md
      title: Renamed
    - url: https://example.org
  - file: gone
"""


def test_a_jupyter_book_gives_the_order(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/scripts").symlink_to("../scripts")
    files = {
        "book/_toc.yml": TOC,
        "book/_config.yml": "title: The book\nauthor: Ada",
        "book/intro.md": "# Intro\n",
        "book/first.md": "# First\n",
        "book/two.md": "# Two\n",
        "scripts/one.py": SCRIPT,
        "notebooks/one.ipynb": A,
        "notebooks/extra.ipynb": A,
    }
    read = course(tmp_path, files)
    assert outline(read) == [
        ("The book", ["book/intro.md", "book/first.md"]),
        ("Lines", ["notebooks/one.ipynb", "book/two.md"]),
        ("More notebooks", ["notebooks/extra.ipynb"]),
    ]
    assert read.lessons[3].title == "Renamed"
    assert read.authors == ["Ada"]
    assert any("names 'gone': no such file" in line for line in problems(read))
    assert any("extra.ipynb: is not named in book/_toc.yml" in line for line in problems(read))


@pytest.mark.parametrize(
    ("name", "toc", "expected"),
    [
        (
            "_toc.yml",
            "- file: a\n- part: P\n  chapters:\n  - file: b\n    sections:\n    - file: c\n",
            [("Course", ["a.md"]), ("P", ["b.md", "c.md"])],
        ),
        (
            "_toc.yml",
            "- url: /a\n- header: H\n- url: /b\n  sections:\n  - url: /c\n- external: true\n  url: /x\n",
            [("Course", ["a.md"]), ("H", ["b.md", "c.md"])],
        ),
        (
            "_toc.yml",
            "format: jb-book\nroot: a\nchapters:\n- file: b\n  sections:\n  - glob: c*\n",
            [("Course", ["a.md"]), ("B", ["b.md", "c.md"])],
        ),
        (
            "myst.yml",
            "project:\n  toc:\n  - file: a.md\n  - title: G\n    children:\n    - file: b.md\n    - pattern: '*c.md'\n",
            [("Course", ["a.md"]), ("G", ["b.md", "c.md"])],
        ),
    ],
)
def test_each_form_of_a_table_of_contents_is_read(tmp_path, name, toc, expected):
    texts = {f"{letter}.md": f"# {letter.upper()}\n" for letter in "abc"}
    assert outline(course(tmp_path, {name: toc, "README.md": "# Course\n", **texts})) == expected


@pytest.mark.parametrize("toc", ["- [", "just text", "a: &a [b]\nc: *a", "x: " + "[" * 2_000])
def test_a_table_of_contents_that_cannot_be_read_refuses(tmp_path, toc):
    assert any(line.startswith("_toc.yml: ") for line in refused(tmp_path, {"_toc.yml": toc, "a.md": "# A\n"}))


# What cannot be read


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"import os\n", "begins with {"), (b"\xff\xfe", "UTF-16"), (b'{"cells": [', "line 1")],
)
def test_a_bad_notebook_among_others_is_skipped_and_named(tmp_path, content, words):
    read = course(tmp_path, {"a.ipynb": A, "b.ipynb": content})
    assert [lesson.path for lesson in read.lessons] == ["a.ipynb"]
    assert any(line.startswith("b.ipynb") and words in line for line in problems(read))


@pytest.mark.parametrize("order", ["course.toml", "_toc.yml"])
def test_a_bad_notebook_that_the_order_names_refuses(tmp_path, order):
    content = (
        "title = 'T'\n[[modules]]\ntitle = 'M'\nlessons = ['a.ipynb', 'b.ipynb']"
        if order == "course.toml"
        else "- file: a\n- file: b\n"
    )
    broken = json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": 7}]}
    )
    lines = refused(tmp_path, {order: content, "a.ipynb": A, "b.ipynb": broken})
    assert lines == ["b.ipynb, cell 1: source must be text or a list of lines"]


def test_nothing_to_read_is_refused(tmp_path):
    assert refused(tmp_path, {"notes.txt": "a"}) == ["no lesson was found"]
    assert "no lesson of this folder can be read" in refused(tmp_path, {"a.ipynb": b""})[0]
    with pytest.raises(CourseRefused, match="is not a folder"):
        read_course(tmp_path / "gone")


def test_bounds_refuse(tmp_path, monkeypatch):
    monkeypatch.setattr("courses.content.folder.MAX_NOTEBOOK_BYTES", 100)
    assert refused(tmp_path, {"a.ipynb": A + b" " * 200}) == ["a.ipynb: is over 100 bytes"]
    monkeypatch.setattr("courses.content.course_files.MAX_FILES", 2)
    assert "too many files" in refused(tmp_path, {"1.md": "a", "2.md": "a", "3.md": "a"})[0]


def test_too_large_files_together_refuse(tmp_path, monkeypatch):
    monkeypatch.setattr("courses.content.assets.MAX_TOTAL_BYTES", 10)
    files = {"a.ipynb": notebook(markdown("![a](a.png)")), "a.png": png()}
    assert refused(tmp_path, files) == ["the course's images and files are too large together"]


def test_two_lessons_of_one_uid_refuse(tmp_path):
    own = notebook(markdown("# A"), metadata={"mlpracticum": {"uid": "same"}})
    lines = refused(tmp_path, {"a.ipynb": own, "b.md": "---\nuid: same\n---\n# B\n"})
    assert lines == ["b.md: uid 'same' is that of 'a.ipynb' too"]


def test_a_uid_that_is_another_lessons_path_refuses(tmp_path):
    own = notebook(markdown("# A"), metadata={"mlpracticum": {"uid": "b.md"}})
    assert len(refused(tmp_path, {"a.ipynb": own, "b.md": "# B\n"})) == 1


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_link_out_of_the_folder_refuses(tmp_path, is_folder):
    outside = tmp_path / "outside"
    write(outside, {"secret.ipynb": A})
    inside = write(tmp_path / "course", {"a.ipynb": A})
    (inside / "link").symlink_to(outside if is_folder else outside / "secret.ipynb")
    with pytest.raises(CourseRefused, match="link: is a link to a place outside"):
        read_course(inside)


def test_links_inside_the_folder_are_followed_and_loops_do_no_harm(tmp_path):
    write(tmp_path, {"figures/f.png": png(), "book/a.ipynb": notebook(markdown("![f](figures/f.png)"))})
    (tmp_path / "book/figures").symlink_to("../figures")
    (tmp_path / "book/loop").symlink_to("..")
    (tmp_path / "book/self").symlink_to("self")
    read = read_course(tmp_path)
    assert (len(read.lessons), read.report.missing_images) == (1, [])


def test_a_pipe_called_notebook_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "b.ipynb")
    assert [lesson.path for lesson in course(tmp_path, {"a.ipynb": A}).lessons] == ["a.ipynb"]


# Lessons


@pytest.mark.parametrize(
    ("cells", "title"),
    [
        (
            ["<!--NAV-->\n[up](x)", "<img src='b.png'>", "# The *real* `title` $x_1$", "# Second"],
            "The real title x_1",
        ),
        (["Setext\n======"], "Setext"),
        (["```\n# no heading\n```", "# [![badge](b.svg)](x)", "# Yes"], "badge"),
        (["<h1>In HTML</h1>"], "In HTML"),
        (["## Only a section"], "My lesson"),
        ([], "My lesson"),
        (["# " + "x" * 300], "x" * 199 + "…"),
    ],
)
def test_the_title_is_the_first_real_h1_else_the_name(tmp_path, cells, title):
    read = course(tmp_path, {"03-my_lesson.ipynb": notebook(*map(markdown, cells))})
    assert read.lessons[0].title == title


def test_metadata_names_a_lesson(tmp_path):
    settings = {"title": "Mine", "uid": "me", "minutes": 5, "preview": True, "slug": "mine"}
    files = {
        "a.ipynb": notebook(markdown("# A"), metadata={"mlpracticum": settings}),
        "b.md": "---\ntitle: Front\nuid: front\nminutes: 3\n---\n\n# B\n",
        "c.md": "---\nminutes: many\nuid: 7\n---\n# C\n",
    }
    read = course(tmp_path, files)
    assert [(lesson.uid, lesson.slug, lesson.title, lesson.minutes, lesson.is_preview) for lesson in read.lessons] == [
        ("me", "mine", "Mine", 5, True),
        ("front", "b", "Front", 3, False),
        ("c.md", "c", "C", None, False),
    ]
    assert len([line for line in problems(read) if line.startswith("c.md")]) == 2


def test_slugs_are_short_ascii_and_unique():
    paths = [
        "a/01 Intro.ipynb",
        "b/01 Intro.ipynb",
        "Введение в Python.ipynb",
        "日本.ipynb",
        "c/README.md",
        "index.md",
        "own.md",
    ]
    slugs = lesson_slugs([(path, "chosen" if path == "own.md" else None) for path in paths])
    assert slugs[:3] == ["a-01-intro", "b-01-intro", "vvedenie-v-python"]
    assert slugs[3].startswith("lesson-")
    assert slugs[4:] == ["c", "index", "chosen"]
    assert slugify("Ünï & co.") == "uni-co"


def test_every_cell_is_a_block_in_order(tmp_path):
    cells = [
        markdown("# T"),
        code(""),
        markdown(""),
        code("x", tags=["remove-cell"]),
        {"cell_type": "raw", "source": "r"},
    ]
    read = course(tmp_path, {"a.ipynb": notebook(*cells, markdown("gone", tags=["remove-cell"]))})
    blocks = read.lessons[0].body["blocks"]
    assert [(block["type"], block["source"]) for block in blocks] == [
        ("markdown", "# T"),
        ("code", ""),
        ("markdown", ""),
        ("code", "x"),
        ("code", "r"),
        ("markdown", ""),
    ]
    assert [block.get("run") for block in blocks] == [None, "interactive", None, "hidden", "static", None]
    assert blocks[4]["cell_type"] == "raw"
    assert blocks[5]["metadata"]["mlpracticum"]["import"]["source"] == "gone"
    assert (read.report.cells, read.report.notebooks, read.report.lessons) == (6, 1, 1)


@pytest.mark.parametrize(
    ("source", "metadata", "title"),
    [
        ("#@title Load the data { display-mode: 'form' }\nx = 1", {"cellView": "form"}, "Load the data"),
        ("x = 1", {"tags": ["hide-input"]}, None),
    ],
)
def test_folded_cells_have_their_title(tmp_path, source, metadata, title):
    block = course(tmp_path, {"a.ipynb": notebook(code(source, **metadata))}).lessons[0].body["blocks"][0]
    assert (block["run"], block.get("title"), block["source"]) == ("hidden", title, source)


def test_other_languages_get_no_python_runner(tmp_path):
    metadata = {"kernelspec": {"name": "python2", "display_name": "Python 2", "language": "python"}}
    files = {
        "a.ipynb": notebook(code("print 1"), metadata=metadata),
        "b.ipynb": notebook(code("let a = 1"), metadata={"kernelspec": {"name": "swift", "display_name": "Swift"}}),
    }
    read = course(tmp_path, files)
    assert [(block["language"], block["run"]) for lesson in read.lessons for block in lesson.body["blocks"]] == [
        ("python", "static"),
        ("swift", "static"),
    ]


def test_a_second_reading_gives_the_same(tmp_path):
    cells = [markdown("same"), markdown("same"), code("1"), markdown("```{quiz} single\na\n- [x] b\n- [ ] c\n```")]
    files = {"a.ipynb": notebook(*cells), "b.md": "# A\n\ntext\n\n## B\n", "c.py": SCRIPT}
    first, second = course(tmp_path, files), read_course(tmp_path)
    assert [lesson.body for lesson in first.lessons] == [lesson.body for lesson in second.lessons]
    assert [lesson.uid for lesson in first.lessons] == ["a.ipynb", "b.md", "c.py"]


def test_progress_is_told(tmp_path):
    seen = []
    read_course(write(tmp_path, {"a.ipynb": A, "b.ipynb": A}), on_progress=lambda *step: seen.append(step))
    assert seen == [(0, 2, "a.ipynb"), (1, 2, "b.ipynb"), (2, 2, "")]


HOSTILE = (
    "<script>alert(1)</script>\n\n[a](javascript:alert(2)) <img src=x onerror=alert(3)>\n\n# <script>alert(4)</script>"
)


def test_a_hostile_notebook_is_read_and_compiles_without_a_script(tmp_path):
    output = {
        "output_type": "display_data",
        "metadata": {"x": "<script>"},
        "data": {
            "text/html": "<script>alert(5)</script><b onclick='alert(6)'>x</b>",
            "image/svg+xml": "<svg onload='alert(7)'/>",
        },
    }
    cells = [markdown(HOSTILE, evil="<script>"), code("'</script>'", outputs=[output], tags=["<script>"])]
    read = course(tmp_path, {"a.ipynb": notebook(*cells, metadata={"title": "<script>"}), "README.md": HOSTILE})
    lesson = read.lessons[0]
    assert validate_body(lesson.body) == []
    html = "".join(part["html"] for part in compile_body(lesson.body, title=lesson.title).html).lower()
    assert "<script" not in html
    assert re.search(r"<[^<>]*\son\w+\s*=", html) is None
    assert re.search(r"(?:href|src)\s*=\s*.?\s*javascript", html) is None


def test_the_report_is_json_with_the_agreed_keys(tmp_path):
    read = course(tmp_path, {"a.ipynb": notebook(markdown("$x$ ![a](gone.png) [b](gone.md)"))})
    lesson = read.lessons[0]
    read.report.add_formulas(lesson.path, compile_body(lesson.body).formulas)
    report = json.loads(json.dumps(read.report.as_dict()))
    assert set(report) == {
        *(
            "lessons",
            "notebooks",
            "cells",
            "browser",
            "formulas",
            "images",
            "links",
            "quizzes",
            "exercises",
            "outputs",
            "problems",
        ),
    }
    assert report["formulas"] == {"total": 1, "failed": []}
    assert (report["images"]["total"], len(report["images"]["missing"])) == (1, 1)
    assert (report["links"]["total"], len(report["links"]["broken"])) == (1, 1)


def test_reading_a_notebook_needs_no_django():
    script = (
        "import sys; import courses.content.notebook; sys.exit(any(name.startswith('django') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
