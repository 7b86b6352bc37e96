"""A folder of notebooks becomes a course, comes again unharmed, and is all in or not at all."""

import json
from pathlib import Path

import nbformat
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from courses.content.report import CourseRefused
from courses.models import Asset, Course, Lesson, LessonDraft, LessonRevision, PublishLog
from courses.selectors import edited_since_import, stored_path
from courses.services import listeners
from courses.services.importing import import_course
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, published_course

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c626001000000ffff"
    "03000006000557bfabd40000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def _media(settings, tmp_path_factory):
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def notebook(*cells: tuple[str, str]) -> str:
    """A notebook of (kind, source) cells."""
    makers = {"md": nbformat.v4.new_markdown_cell, "py": nbformat.v4.new_code_cell}
    made = [makers[kind](source, id=f"cell-{number}") for number, (kind, source) in enumerate(cells)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=made))


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "dot.png").write_bytes(PIXEL)
    (tmp_path / "01-lines.ipynb").write_text(
        notebook(
            ("md", "# Lines\n\nWhy $y = ax + b$?\n\n![dot](img/dot.png)"),
            ("py", "1 + 1"),
            ("md", "[on](02-loss.ipynb)"),
        )
    )
    (tmp_path / "02-loss.ipynb").write_text(notebook(("md", "# Loss"), ("py", "2")))
    (tmp_path / "10-end.md").write_text("# The end\n\nGoodbye.\n")
    return tmp_path


def _edit(folder: Path, name: str, *cells: tuple[str, str]) -> None:
    (folder / name).write_text(notebook(*cells))


def _snapshot() -> tuple:
    return tuple(model.objects.count() for model in (Course, Lesson, LessonRevision, LessonDraft, Asset, PublishLog))


def test_notebooks_become_lessons_in_natural_order(db, folder):
    course = import_course(path=folder, publish=True).course
    assert [lesson.title for lesson in course.lessons.order_by("position")] == ["Lines", "Loss", "The end"]
    assert course.status == "published"
    assert course.lesson_count == 3


def test_the_report_counts_what_came_in(db, folder, tmp_path_factory):
    report_file = tmp_path_factory.mktemp("report") / "report.json"
    call_command("import_course", str(folder), "--slug", "lines", "--publish", "--report", str(report_file))
    report = json.loads(report_file.read_text())
    assert set(report) >= {
        "course", "lessons", "notebooks", "cells", "formulas", "images", "links", "quizzes", "exercises", "outputs",
        "changes", "problems",
    }  # fmt: skip
    assert (report["course"], report["lessons"], report["notebooks"], report["cells"]) == ("lines", 3, 2, 5)
    assert report["formulas"] == {"total": 1, "failed": []}
    assert (report["images"]["total"], report["images"]["missing"]) == (1, [])
    assert report["links"]["total"] == 1
    assert report["problems"] == []
    assert len(report["changes"]["added"]) == 3


def test_images_and_links_lead_to_our_own_addresses(client, db, folder):
    course = import_course(path=folder, publish=True).course
    lesson = course.lessons.order_by("position").first()
    html = "".join(part["html"] for part in lesson.current_revision.html)
    asset = Asset.objects.get()
    assert f'src="/media/assets/{asset.file}"' in html
    assert (asset.width, asset.height) == (1, 1)
    response = client.get(f"/media/assets/{asset.file}")
    assert b"".join(response.streaming_content) == PIXEL
    assert "immutable" in response["Cache-Control"]
    assert "sandbox" in response["Content-Security-Policy"]
    second = course.lessons.order_by("position")[1]
    assert f'href="../{second.slug}/' in html


def test_an_unknown_file_is_not_found(client, db):
    assert client.get("/media/assets/" + "0" * 64 + ".png").status_code == 404
    assert client.get("/media/assets/../settings.py").status_code == 404


def test_importing_again_without_a_change_writes_nothing(db, folder):
    import_course(path=folder, publish=True)
    before = _snapshot()
    outcome = import_course(path=folder, publish=True)
    assert outcome.plan.is_empty
    assert _snapshot() == before


def test_a_changed_cell_makes_one_revision(db, folder):
    import_course(path=folder, publish=True)
    _edit(folder, "02-loss.ipynb", ("md", "# Loss"), ("py", "3"))
    outcome = import_course(path=folder, publish=True)
    assert len(outcome.plan.changed) == 1
    assert sorted(LessonRevision.objects.values_list("lesson__title", "number")) == [
        ("Lines", 1), ("Loss", 1), ("Loss", 2), ("The end", 1),
    ]  # fmt: skip


def test_a_removed_lesson_becomes_a_tombstone_and_is_revived(db, folder):
    course = import_course(path=folder, publish=True).course
    text = (folder / "02-loss.ipynb").read_text()
    (folder / "02-loss.ipynb").unlink()
    (folder / "01-lines.ipynb").write_text(notebook(("md", "# Lines")))
    assert len(import_course(path=folder, publish=True).plan.removed) == 1
    course.refresh_from_db()
    assert (course.lesson_count, course.removed_count) == (2, 1)
    (folder / "02-loss.ipynb").write_text(text)
    assert len(import_course(path=folder, publish=True).plan.revived) == 1
    course.refresh_from_db()
    assert (course.lesson_count, course.removed_count) == (3, 0)
    assert Lesson.objects.count() == 3


def test_a_dry_run_says_what_would_change_and_writes_nothing(db, folder):
    outcome = import_course(path=folder, publish=True, dry_run=True)
    assert len(outcome.plan.added) == 3
    assert _snapshot() == (0, 0, 0, 0, 0, 0)


def test_without_publish_a_new_course_stays_a_draft(client, db, folder):
    course = import_course(path=folder).course
    assert (course.status, course.lesson_count) == ("draft", 0)
    assert LessonDraft.objects.count() == 3
    assert client.get(course.get_absolute_url()).status_code == 404


def test_without_publish_learners_of_an_open_course_see_no_change(db, folder):
    course = import_course(path=folder, publish=True).course
    _edit(folder, "02-loss.ipynb", ("md", "# Loss renamed"), ("py", "3"))
    (folder / "10-end.md").unlink()
    import_course(path=folder)
    course.refresh_from_db()
    assert course.lesson_count == 3
    assert not course.lessons.filter(title="Loss renamed").exists()
    assert LessonDraft.objects.get().lesson.title == "Loss"


def test_two_lessons_may_swap_their_addresses(db, folder):
    (folder / "course.toml").write_text(
        'title = "T"\n[[modules]]\ntitle = "M"\n'
        'lessons = [{file = "01-lines.ipynb", slug = "a"}, {file = "02-loss.ipynb", slug = "b"}]\n'
    )
    import_course(path=folder, publish=True)
    text = (folder / "course.toml").read_text()
    (folder / "course.toml").write_text(text.replace('"a"', '"x"').replace('"b"', '"a"').replace('"x"', '"b"'))
    course = import_course(path=folder, publish=True).course
    assert list(course.lessons.order_by("position").values_list("slug", flat=True)) == ["b", "a"]


def test_a_refused_folder_changes_nothing_and_exits_with_1(db, folder, capsys):
    import_course(path=folder, publish=True)
    before = _snapshot()
    (folder / "course.toml").write_text('title = "T"\n[[modules]]\ntitle = "M"\nlessons = ["nowhere.ipynb"]\n')
    with pytest.raises(CommandError) as raised:
        call_command("import_course", str(folder), "--publish")
    assert raised.value.returncode == 1
    assert "nowhere.ipynb" in capsys.readouterr().err
    assert _snapshot() == before


def test_an_empty_folder_and_a_missing_one_are_refused(db, tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CourseRefused):
            import_course(path=path)


def test_a_slug_of_another_course_is_refused(db, folder):
    published_course(lessons=1, slug="taken", uid="other")
    (folder / "course.toml").write_text(
        'uid = "mine"\nslug = "taken"\ntitle = "T"\n[[modules]]\ntitle = "M"\nlessons = ["01-lines.ipynb"]\n'
    )
    with pytest.raises(CourseRefused) as raised:
        import_course(path=folder)
    assert "belongs to another course" in raised.value.problems[0].what


def test_a_fault_at_the_very_end_leaves_nothing_behind(db, folder):
    def refuse(course):
        raise RuntimeError("the machine stopped")

    listeners._listeners.append(refuse)
    try:
        with pytest.raises(RuntimeError):
            import_course(path=folder, publish=True)
    finally:
        listeners._listeners.remove(refuse)
    assert _snapshot() == (0, 0, 0, 0, 0, 0)


def test_the_importing_author_may_edit_a_new_course(db, folder, ada):
    call_command("import_course", str(folder), "--author", "Ada@example.org")
    assert list(Course.objects.get().authors.all()) == [ada]


def test_an_author_whom_nobody_knows_is_refused_before_anything_is_read(db, folder):
    with pytest.raises(CommandError, match="nobody has the address"):
        call_command("import_course", str(folder), "--author", "zoe@example.org")
    assert _snapshot() == (0, 0, 0, 0, 0, 0)


def test_a_report_that_cannot_be_written_is_said_before_the_import(db, folder):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("import_course", str(folder), "--report", "/nowhere/at/all.json")
    assert _snapshot() == (0, 0, 0, 0, 0, 0)


def test_an_edit_after_the_import_is_known(db, folder):
    course = import_course(path=folder, publish=True).course
    assert not edited_since_import(slug=course.slug)
    lesson = course.lessons.first()
    save_draft(lesson=lesson, body=body("Edited"))
    assert edited_since_import(slug=course.slug)
    publish_lesson(lesson=lesson)
    assert edited_since_import(slug=course.slug)


@pytest.mark.parametrize("slug", ["Bad Slug!", "", "a/b", "x" * 81, "né"])
def test_a_slug_that_is_no_address_is_refused(db, folder, slug):
    (folder / "course.toml").write_text('title = "T"\n[[modules]]\ntitle = "M"\nlessons = ["01-lines.ipynb"]\n')
    if slug:
        with pytest.raises(CourseRefused, match="the slug"):
            import_course(path=folder, slug=slug, publish=True)
        assert _snapshot() == (0, 0, 0, 0, 0, 0)
    else:
        assert import_course(path=folder, slug=slug, publish=True).course.slug == "t"


def test_another_folder_of_the_same_title_does_not_replace_a_course(db, folder, tmp_path_factory):
    import_course(path=folder, slug="lines", publish=True)
    before = _snapshot()
    other = tmp_path_factory.mktemp("other")
    (other / "trees.ipynb").write_text(notebook(("md", "# Trees\n\nAnother text.")))
    with pytest.raises(CourseRefused, match="choose another slug"):
        import_course(path=other, slug="lines", publish=True)
    assert _snapshot() == before


def test_a_course_may_get_its_uid_later(db, folder):
    course = import_course(path=folder, slug="lines", publish=True).course
    lessons = "".join(f'"{name}", ' for name in ("01-lines.ipynb", "02-loss.ipynb", "10-end.md"))
    (folder / "course.toml").write_text(
        f'uid = "lines-2026"\nslug = "lines"\ntitle = "T"\n[[modules]]\ntitle = "M"\nlessons = [{lessons}]\n'
    )
    assert import_course(path=folder, publish=True).course == course
    course.refresh_from_db()
    assert (course.uid, course.lessons.count()) == ("lines-2026", 3)
    assert import_course(path=folder, publish=True).plan.is_empty


def test_a_private_file_has_no_address(client, db):
    name = "0" * 64 + ".private"
    default_storage.save(stored_path(name), ContentFile(b"the answers"))
    assert client.get(f"/media/assets/{name}").status_code == 404
