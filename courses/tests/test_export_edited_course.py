"""What was written or changed in the admin goes out as an author would write it, or the export says that it cannot."""

import nbformat
import pytest
from django.core.management import CommandError, call_command

from courses.content.folder import read_course
from courses.content.notebook import read_notebook
from courses.models import Course
from courses.services.importing import import_course
from courses.services.publishing import publish_course, save_draft
from courses.tests.course_folders import write
from courses.tests.factories import CourseFactory, LessonFactory, ModuleFactory
from courses.tests.written_courses import NAMED_QUIZ, cells_of, everything, exported

MADE_HERE = [
    {"id": "m1", "type": "markdown", "source": "# Made here"},
    {
        "id": "q-single",
        "type": "quiz",
        "kind": "single",
        "prompt": "Say\n\n```python\n1\n```",
        "choices": [
            {"id": "a", "text": "one\nmore", "correct": True, "feedback": "yes\nindeed"},
            {"id": "b", "text": "two", "correct": False},
        ],
        "points": 1.5,
        "attempts": 2,
        "graded": True,
        "explanation": "So it is.",
    },
    {
        "id": "q-number",
        "type": "quiz",
        "kind": "numeric",
        "prompt": "How much?",
        "answer": {"value": 9.81, "tolerance": 0.05, "units": "m/s^2"},
        "points": 1,
        "attempts": None,
        "graded": True,
    },
    {
        "id": "q-text",
        "type": "quiz",
        "kind": "text",
        "prompt": "Which word?",
        "answer": {"accepted": ["bias", "offset"], "case_sensitive": True},
        "points": 1,
        "attempts": None,
        "graded": True,
    },
    {
        "id": "ex",
        "type": "exercise",
        "title": "Halve",
        "prompt": "Halve $x$.",
        "starter": "def h(x):\n    # Your code here\n    raise NotImplementedError",
        "solution": "def h(x):\n    return x / 2",
        "checks": [
            {"kind": "value", "expression": "h(4)", "expected": 2, "comparison": "equal", "message": "four"},
            {
                "kind": "value",
                "expression": "h(1) + 1",
                "expected": 1.5,
                "comparison": "close",
                "relative": 0,
                "absolute": 0.1,
            },
            {
                "kind": "value",
                "expression": "h('x')",
                "expected": "TypeError",
                "comparison": "raises",
                "message": "no text",
            },
        ],
        "hidden_checks": [{"kind": "assert", "source": "assert h(0) == h(-0)"}],
        "hints": ["Divide."],
        "packages": [],
        "points": 2,
        "language": "python",
    },
    {
        "id": "ex2",
        "type": "exercise",
        "title": "Free",
        "prompt": "",
        "starter": "# something else entirely\n",
        "solution": "z = 1",
        "checks": [{"kind": "value", "expression": "z", "expected": 1, "comparison": "equal"}],
        "hidden_checks": [],
        "hints": [],
        "packages": ["numpy"],
        "points": 1,
        "language": "python",
    },
]
OTHERS = [
    {"id": "note", "type": "callout", "kind": "danger", "source": "Mind\nthe gap."},
    {"id": "film", "type": "video", "url": "https://vimeo.com/1", "title": "A [film]"},
    {"id": "line", "type": "divider"},
    {"id": "folded", "type": "code", "source": "1", "language": "python", "outputs": [], "run": "hidden"},
]


@pytest.fixture(autouse=True)
def _media(settings, tmp_path_factory):
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def made_here(*blocks: dict) -> Course:
    lesson = LessonFactory(
        module=ModuleFactory(course=CourseFactory(slug="made"), title="M", uid="m"), slug="first", title="Made here"
    )
    save_draft(lesson=lesson, body={"version": 1, "blocks": list(blocks)})
    publish_course(course=lesson.course)
    return lesson.course


def test_what_was_written_in_the_admin_reads_back_as_the_same(db, tmp_path):
    out = exported(made_here(*MADE_HERE), tmp_path / "out")
    nbformat.validate(nbformat.reads((out / "first.ipynb").read_text(), as_version=4))
    blocks = {block["id"]: block for block in read_course(out).lessons[0].body["blocks"]}
    assert list(blocks) == [block["id"] for block in MADE_HERE]
    kept_apart = {"id", "metadata", "cells", "assets", "links", "choices"}
    for block in MADE_HERE:
        for name in set(block) - kept_apart:
            assert blocks[block["id"]][name] == block[name], (block["id"], name)
        said = [[{**choice, "id": ""} for choice in one.get("choices", ())] for one in (block, blocks[block["id"]])]
        assert said[0] == said[1]


def test_blocks_that_notebooks_do_not_have_become_markdown(db, tmp_path):
    out = exported(made_here(*OTHERS), tmp_path / "out")
    written = read_notebook((out / "first.ipynb").read_bytes())
    assert [cell.source for cell in written.cells] == [
        "> [!CAUTION]\n> Mind\n> the gap.",
        r"[A \[film\]](https://vimeo.com/1)",
        "***",
        "1",
    ]
    assert [cell.id for cell in written.cells] == ["note", "film", "line", "folded"]
    assert read_course(out).lessons[0].body["blocks"][3]["run"] == "hidden"


def test_an_edit_in_the_admin_goes_out_and_the_rest_stays(db, tmp_path):
    folder = everything(tmp_path)
    course = import_course(path=folder, publish=True).course
    lesson = course.lessons.get(source_path="01-cells/01-new.ipynb")
    body = lesson.current_revision.body
    blocks = {block["id"]: block for block in body["blocks"]}
    quiz = next(block for block in body["blocks"] if block["type"] == "quiz" and block["id"] != "which-one")
    quiz["prompt"] = "Which, then?"
    blocks["double"]["title"] = "Twice"
    save_draft(lesson=lesson, body=body)
    out = exported(course, tmp_path / "out")
    before, after = cells_of(folder / lesson.source_path), cells_of(out / lesson.source_path)
    sources = {cell["id"]: cell["source"] for cell in after if "id" in cell}
    assert "Which, then?" in sources["two"]
    assert f":id: {quiz['id']}" in sources["two"]
    assert NAMED_QUIZ in sources["two"]
    assert "## Twice" in sources["double"]
    changed = {"two", "head", "sol", "check", "hidden", "hint"}
    kept = [cell for cell in before if cell["id"] not in changed]
    assert [cell for cell in after if cell in kept] == kept
    again = {block["id"]: block for block in read_course(out).lessons[0].body["blocks"]}
    assert set(again) == set(blocks)
    assert again["double"]["checks"] == blocks["double"]["checks"]
    assert again["double"]["starter"] == blocks["double"]["starter"]


def test_a_cell_whose_blocks_were_parted_becomes_several(db, tmp_path):
    course = import_course(path=everything(tmp_path), publish=True).course
    lesson = course.lessons.get(source_path="01-cells/01-new.ipynb")
    body = lesson.current_revision.body
    of_two = [block for block in body["blocks"] if block["id"].startswith("two")]
    assert len(of_two) == 3
    body["blocks"] = [block for block in body["blocks"] if block is not of_two[1]]
    save_draft(lesson=lesson, body=body)
    out = exported(course, tmp_path / "out")
    assert [block["id"] for block in read_course(out).lessons[0].body["blocks"]] == [b["id"] for b in body["blocks"]]


def test_a_markdown_lesson_with_a_code_cell_added_becomes_a_notebook_of_the_same_identity(db, tmp_path):
    course = import_course(path=write(tmp_path / "c", {"a.md": "# A\n\ntext\n"}), publish=True).course
    lesson = course.lessons.get()
    body = lesson.current_revision.body
    body["blocks"].append(OTHERS[3])
    save_draft(lesson=lesson, body=body)
    read = read_course(exported(course, tmp_path / "out")).lessons[0]
    assert (read.path, read.uid) == ("a.ipynb", "a.md")


# Refusals


@pytest.mark.parametrize("kind", ["file", "full", "no parent"])
def test_a_folder_that_is_taken_is_refused_and_left_alone(db, tmp_path, kind, capsys):
    made_here(MADE_HERE[0])
    target = tmp_path / "out"
    if kind == "file":
        target.write_text("mine")
    elif kind == "full":
        write(target, {"mine.txt": "mine"})
    else:
        target = tmp_path / "nowhere" / "out"
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    with pytest.raises(CommandError, match="nothing was written") as refused:
        call_command("export_course", "made", target)
    assert refused.value.returncode == 1
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_an_unknown_course_leaves_nothing_behind(db, tmp_path):
    with pytest.raises(CommandError, match="no course"):
        call_command("export_course", "nothing", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_command_takes_an_empty_folder_and_says_what_it_wrote(db, tmp_path, capsys):
    made_here(MADE_HERE[0])
    (tmp_path / "out").mkdir()
    call_command("export_course", "made", tmp_path / "out")
    assert "exported: made · 1 lessons, 1 cells" in capsys.readouterr().out
    assert (tmp_path / "out" / "course.toml").is_file()
