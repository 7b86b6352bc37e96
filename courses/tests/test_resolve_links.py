"""Links between the files of a course: to lessons and their sections, to data, or listed as broken."""

from urllib.parse import unquote

import pytest

from courses.content.compiling import compile_body
from courses.content.folder import read_course
from courses.content.schema import validate_body
from courses.tests.course_folders import code, markdown, notebook, write

TARGET = notebook(
    markdown("# Big O\n\n## Big-O Notation: a `first` look\n\n## Twice\n\n## Twice\n\n(my-label)=\n\n### Über $n$\n"),
    markdown('<a name="old-anchor"></a>\n\n## With an id {#own-id}'),
)


def links_of(tmp_path, source, files=(), *, path="one/a.ipynb"):
    content = notebook(markdown(source)) if path.endswith(".ipynb") else source
    read = read_course(write(tmp_path, {path: content, "two/02-big.ipynb": TARGET, **dict(files)}))
    lesson = next(lesson for lesson in read.lessons if lesson.path == path)
    assert validate_body(lesson.body) == []
    links: dict[str, str] = {}
    for block in lesson.body["blocks"]:
        links |= block.get("links", {})
    return links, {entry["reference"]: entry["why"] for entry in read.report.broken_links}, read


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("../two/02-big.ipynb", "../02-big/"),
        ("/two/02-big.ipynb", "../02-big/"),
        ("../two/02-big", "../02-big/"),
        ("../two/02-big.html", "../02-big/"),
        ("../two/02-big.ipynb?raw=1", "../02-big/"),
        ("../two/02-BIG.ipynb", "../02-big/"),
        ("02-big.ipynb", "../02-big/"),
        ("../two", "../02-big/"),
        ("../two/02-big.ipynb#Big-O-Notation:-a-first-look", "../02-big/#big-o-notation-a-first-look"),
        ("../two/02-big.ipynb#big-o-notation-a-first-look", "../02-big/#big-o-notation-a-first-look"),
        ("../two/02-big.ipynb#Big-O-Notation:-a-%60first%60-look", "../02-big/#big-o-notation-a-first-look"),
        ("../two/02-big.ipynb#twice-1", "../02-big/#twice-1"),
        ("../two/02-big.ipynb#my-label", "../02-big/#my-label"),
        ("../two/02-big.ipynb#old-anchor", "../02-big/#old-anchor"),
        ("../two/02-big.ipynb#own-id", "../02-big/#own-id"),
    ],
)
def test_a_link_to_a_lesson_leads_to_its_page(tmp_path, link, address):
    links, broken, read = links_of(tmp_path, f"[text]({link})")
    assert (list(links.values()), broken) == ([address], {})
    assert read.report.lesson_links == read.report.links == 1


def test_a_link_to_a_section_lands_on_an_id_of_the_page(tmp_path):
    links, _, read = links_of(tmp_path, "[a](../two/02-big.ipynb#Über-$n$)")
    fragment = next(iter(links.values())).partition("#")[2]
    target = next(lesson for lesson in read.lessons if lesson.slug == "02-big")
    html = "".join(part["html"] for part in compile_body(target.body, title=target.title).html)
    assert f'id="{unquote(fragment)}"' in html


@pytest.mark.parametrize(
    ("source", "reference", "why"),
    [
        ("[a](gone.ipynb)", "gone.ipynb", "no such file"),
        ("[a](../../../x.ipynb)", "../../../x.ipynb", "leads outside the course's folder"),
        ("[a](#nowhere)", "#nowhere", "no such section on this page"),
        ("[a]()", "", "is empty"),
        ("[a](left-out.html)", "left-out.html", "is a .html file, which is not offered"),
        ("[a](../.hidden/x.csv)", "../.hidden/x.csv", "is a file that learners are not offered"),
        ("[a](../solutions/x.py)", "../solutions/x.py", "is a file that learners are not offered"),
        ("{doc}`gone`", "gone", "no such label or file"),
    ],
)
def test_a_broken_link_is_listed(tmp_path, source, reference, why):
    files = {"one/left-out.html": "<script>", ".hidden/x.csv": "a", "solutions/x.py": "x = 42"}
    links, broken, read = links_of(tmp_path, source, files)
    assert (links, broken) == ({}, {reference: why})
    assert read.report.broken_links[0]["file"] == "one/a.ipynb"
    assert read.report.broken_links[0]["cell"] == 1


def test_a_link_to_a_missing_section_keeps_the_page_and_is_listed(tmp_path):
    links, broken, _ = links_of(tmp_path, "[a](../two/02-big.ipynb#nowhere)")
    assert list(links.values()) == ["../02-big/"]
    assert list(broken.values()) == ["the lesson has no such section"]


def test_links_within_the_page_and_to_other_sites_stay(tmp_path):
    source = "# Here it is\n\n[a](#Here-it-is) [b](#here-it-is) [c](https://example.org/x.ipynb) <mailto:a@example.org>"
    links, broken, read = links_of(tmp_path, source)
    assert (links, broken) == ({}, {})
    assert (read.report.links, read.report.remote_links, read.report.lesson_links) == (4, 2, 0)


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "vbscript:x", "data:text/html,<script>"])
def test_an_address_that_could_run_is_no_link(tmp_path, scheme):
    links, broken, read = links_of(tmp_path, f'<a href="{scheme}">a</a>')
    assert links == {}
    assert list(broken.values()) == ["is not an address that a lesson may have"]
    html = "".join(part["html"] for part in compile_body(read.lessons[0].body).html)
    assert scheme not in html


def test_data_files_are_offered_as_files(tmp_path):
    links, broken, read = links_of(
        tmp_path, "[data](../data/x.csv) [text](../LICENSE)", {"data/x.csv": "a,b\n", "LICENSE": "free\n"}
    )
    assert broken == {}
    assert {read.assets[link.rpartition("/")[2]].read() for link in links.values()} == {b"a,b\n", b"free\n"}
    assert all(link.startswith("/media/assets/") for link in links.values())
    assert read.report.file_links == 2
    media = {asset.media_type for asset in read.assets.values()}
    assert media == {"text/csv", "text/plain"}


def test_a_link_to_the_readme_leads_to_the_course(tmp_path):
    links, broken, _ = links_of(tmp_path, "[up](../README.md)", {"README.md": "# The course\n"})
    assert (list(links.values()), broken) == (["../"], {})


def test_a_notebook_left_out_of_the_order_is_not_offered(tmp_path):
    manifest = 'title = "T"\n[[modules]]\ntitle = "M"\nlessons = ["one/a.ipynb"]\n'
    links, broken, _ = links_of(tmp_path, "[answers](../two/02-big.ipynb)", {"course.toml": manifest})
    assert links == {}
    assert list(broken.values()) == ["is not a lesson of this course"]


def test_links_in_quizzes_and_exercises_are_resolved(tmp_path):
    quiz = "```{quiz} single\nSee [a](../two/02-big.ipynb)\n- [x] [b](../two/02-big.ipynb#twice)\n- [ ] c\n```\n"
    exercise = [
        markdown("# A\n\n[c](../two/02-big.ipynb)", tags=["exercise"]),
        code("x = 1", tags=["solution"]),
        markdown("[d](../two/02-big.ipynb#my-label)", tags=["hint"]),
    ]
    read = read_course(
        write(tmp_path, {"one/a.ipynb": notebook(markdown(quiz), *exercise), "two/02-big.ipynb": TARGET})
    )
    blocks = read.lessons[0].body["blocks"]
    assert [len(block["links"]) for block in blocks] == [2, 2]
    assert read.report.lesson_links == 4


def test_roles_lead_to_labels_and_files(tmp_path):
    links, broken, _ = links_of(tmp_path, "{ref}`my-label` {doc}`text <../two/02-big>`", path="one/a.md")
    assert links == {"my-label": "../02-big/#my-label", "../two/02-big": "../02-big/"}
    assert broken == {}


REMOTE = "https://github.com/o/r/blob/main/two/02-big.ipynb"


@pytest.mark.parametrize(
    "url",
    [
        REMOTE,
        "https://nbviewer.jupyter.org/github/o/r/blob/master/two/02-big.ipynb",
        "https://colab.research.google.com/github/o/r/blob/main/course/two/02-big.ipynb",
    ],
)
def test_links_to_the_courses_own_repository_become_local(tmp_path, url):
    source = f"[a]({url}) [b](https://github.com/o/r/blob/main/one/b.ipynb)"
    links, _, read = links_of(tmp_path, source, {"one/b.ipynb": notebook(markdown("# B"))})
    assert links[url] == "../02-big/"
    assert read.report.remote_links == 0


def test_links_to_other_repositories_stay(tmp_path):
    source = "[a](https://github.com/other/book/blob/main/README.md) [b](https://github.com/other/book/blob/main/two/x.ipynb)"
    links, broken, read = links_of(tmp_path, source, {"README.md": "# C"})
    assert (links, broken, read.report.remote_links) == ({}, {}, 2)


def test_a_badge_that_opens_the_page_itself_elsewhere_stays(tmp_path):
    own = "https://colab.research.google.com/github/o/r/blob/main/one/a.ipynb"
    links, _, _ = links_of(tmp_path, f"[open]({own}) [b]({REMOTE})")
    assert own not in links


def test_links_to_a_twin_lead_to_the_lesson(tmp_path):
    script = "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n\n# %%\nx = 1\n"
    links, broken, read = links_of(tmp_path, "[a](../scripts/02-big.py)", {"scripts/02-big.py": script})
    assert (list(links.values()), broken) == (["../02-big/"], {})
    assert len(read.lessons) == 2
