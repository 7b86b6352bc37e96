"""A course goes out as the folder that it came in as: every cell, id and output; importing it again changes nothing."""

import json
import re
import shutil
from pathlib import Path

import pytest

from courses.models import Course, Lesson, LessonRevision, Module, PublishLog
from courses.services.exporting import export_course
from courses.services.importing import import_course
from courses.services.publishing import save_draft
from courses.tests.course_folders import code, markdown, notebook, png, write
from courses.tests.written_courses import cells_of, everything, exported

EXAMPLE = Path(__file__).parents[2] / "examples" / "first-principles"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path_factory):
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def _facts() -> tuple:
    return tuple(model.objects.count() for model in (Course, Lesson, LessonRevision, PublishLog))


@pytest.mark.parametrize("publish", [True, False])
def test_importing_the_export_is_a_no_op(db, tmp_path, publish):
    course = import_course(path=everything(tmp_path), publish=publish).course
    before = _facts()
    out = exported(course, tmp_path / "out")
    plan = import_course(path=out, publish=publish).plan
    assert plan.is_empty, plan.as_dict()
    assert _facts() == before


def test_every_cell_comes_back_as_it_was(db, tmp_path):
    folder = everything(tmp_path)
    course = import_course(path=folder, publish=True).course
    out = exported(course, tmp_path / "out")
    for name in ("01-cells/01-new.ipynb", "01-cells/02-old.ipynb", "01-cells/03-bom.ipynb"):
        before, after = cells_of(folder / name), cells_of(out / name)
        assert len(before) == len(after)
        for one, other in zip(before, after, strict=True):
            assert one == other, name
        documents = [json.loads((place / name).read_bytes().decode("utf-8-sig")) for place in (folder, out)]
        for key in ("metadata", "nbformat", "nbformat_minor"):
            assert documents[0][key] == documents[1][key]


def test_text_lessons_come_back_to_the_letter(db, tmp_path):
    folder = everything(tmp_path)
    course = import_course(path=folder, publish=True).course
    out = exported(course, tmp_path / "out")
    for name in ("02-text/plain.md", "02-text/script.py", "02-text/myst.md"):
        assert (out / name).read_bytes() == (folder / name).read_bytes(), name


def test_pictures_and_data_come_back_where_they_were(db, tmp_path):
    folder = everything(tmp_path)
    course = import_course(path=folder, publish=True).course
    out = exported(course, tmp_path / "out")
    for name in ("img/p q.png", "data/d.csv", "data/e.csv"):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
    assert "<script" not in (out / "img/in-description.svg").read_text()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_second_course_made_of_the_export_has_equal_bodies(db, tmp_path):
    first = import_course(path=everything(tmp_path), publish=True).course
    out = exported(first, tmp_path / "out")
    manifest = out / "course.toml"
    manifest.write_text(re.sub(r'^(uid|slug) = ".*"$', r'\1 = "again"', manifest.read_text(), count=2, flags=re.M))
    second = import_course(path=out, publish=True).course
    assert second.pk != first.pk
    bodies = [
        {lesson.uid: lesson.current_revision.body for lesson in course.lessons.select_related("current_revision")}
        for course in (first, second)
    ]
    assert bodies[0] == bodies[1]


def test_the_example_course_comes_back_to_the_byte(db, tmp_path):
    course = import_course(path=EXAMPLE, publish=True).course
    out = exported(course, tmp_path / "out")
    for lesson in course.lessons.all():
        assert (out / lesson.source_path).read_bytes() == (EXAMPLE / lesson.source_path).read_bytes(), (
            lesson.source_path
        )
    assert import_course(path=out, publish=True).plan.is_empty


def test_files_that_code_uses_come_back(db, tmp_path):
    folder = write(
        tmp_path / "course",
        {
            "a.ipynb": notebook(markdown("# A"), code("import tools\nopen('words.txt').read()")),
            "tools.py": "x = 1\n",
            "words.txt": "words\n",
        },
    )
    course = import_course(path=folder, publish=True).course
    out = exported(course, tmp_path / "out")
    assert (out / "tools.py").read_bytes() == b"x = 1\n"
    assert (out / "words.txt").read_bytes() == b"words\n"
    assert import_course(path=out, publish=True).plan.is_empty


def test_files_that_lessons_were_made_with_come_back(db, tmp_path):
    quiz = [
        {
            "question": "Which?",
            "type": "multiple_choice",
            "answers": [{"answer": "this", "correct": True}, {"answer": "that", "correct": False}],
        }
    ]
    folder = write(
        tmp_path / "course",
        {
            "lab.ipynb": notebook(
                markdown("# Lab\n\n## Exercise 1\n\nAdd."), code("# TODO: write your code here\n...")
            ),
            "lab_solution.ipynb": notebook(markdown("# Lab\n\n## Exercise 1\n\nAdd."), code("1 + 1")),
            "asked.ipynb": notebook(markdown("# Asked"), code('display_quiz("questions.json")')),
            "questions.json": json.dumps(quiz),
        },
    )
    course = import_course(path=folder, publish=True).course
    assert course.lessons.count() == 2
    out = exported(course, tmp_path / "out")
    for name in ("lab_solution.ipynb", "questions.json"):
        assert (out / name).read_bytes() == (folder / name).read_bytes()
    assert import_course(path=out, publish=True).plan.is_empty


@pytest.mark.parametrize("reference", ["../../../evil.png", "/../../evil.png", ".git/hooks/x.png", "..\\..\\evil.png"])
def test_no_reference_writes_outside_the_folder(db, tmp_path, reference):
    folder = write(tmp_path / "c", {"a.md": "![a](a.png)\n", "a.png": png()})
    course = import_course(path=folder, publish=True).course
    body = course.lessons.get().current_revision.body
    block = body["blocks"][0]
    block["assets"] = {reference: block["assets"]["a.png"]}
    save_draft(lesson=course.lessons.get(), body=body)
    outcome = export_course(slug=course.slug, folder=tmp_path / "out")
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert written <= {"a.md", "course.toml", "evil.png"}
    assert not list(tmp_path.parent.glob("evil*"))
    assert not (tmp_path / "evil.png").exists()
    assert outcome.lessons == 1


def test_a_file_that_is_gone_is_said(db, tmp_path, settings):
    folder = write(tmp_path / "c", {"a.md": "![a](a.png)\n", "a.png": png()})
    course = import_course(path=folder, publish=True).course
    shutil.rmtree(Path(settings.MEDIA_ROOT) / "assets")
    outcome = export_course(slug=course.slug, folder=tmp_path / "out")
    assert any("is gone" in problem.what for problem in outcome.problems)


def test_removed_lessons_stay_out_and_empty_modules_too(db, tmp_path):
    folder = everything(tmp_path)
    course = import_course(path=folder, publish=True).course
    manifest = folder / "course.toml"
    manifest.write_text(manifest.read_text().replace('"01-cells/03-bom.ipynb",', ""))
    import_course(path=folder, publish=True)
    Module.objects.create(course=course, uid="empty", title="Empty", position=9)
    out = exported(course, tmp_path / "out")
    assert not (out / "01-cells/03-bom.ipynb").exists()
    assert "Empty" not in (out / "course.toml").read_text()
