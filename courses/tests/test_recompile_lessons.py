"""After an upgrade: what an older compiler derived is derived again, and nothing else changes."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from courses.content.compiling import COMPILER_VERSION
from courses.models import Course, Lesson, LessonRevision
from courses.services.importing import import_course
from courses.services.listeners import _listeners, on_content_change
from courses.services.publishing import publish_lesson, save_draft
from courses.services.recompiling import recompile_lessons, waiting_revisions
from courses.tests.course_folders import markdown, notebook, write
from courses.tests.factories import body, body_of_blocks, exercise, published_course, quiz

DERIVED = ("public", "key", "html", "toc", "text", "checks", "compiler")


def age(**where: Any) -> None:
    """Make revisions look as a version without checks and keys in HTML left them."""
    old = {"public": {"version": 1, "blocks": []}, "key": {}, "html": [], "toc": [], "text": "", "checks": {}}
    LessonRevision.objects.filter(**where).update(compiler=0, **old)
    Lesson.objects.update(points=0)
    Course.objects.update(points=0)


def state() -> list[dict[str, Any]]:
    return list(LessonRevision.objects.order_by("pk").values())


@pytest.fixture
def lesson(db: None) -> Lesson:
    """A lesson with two revisions: text, then three points."""
    lesson = published_course(lessons=2).lessons.get(position=0)
    save_draft(lesson=lesson, body=body_of_blocks(quiz("q"), exercise("e")))
    publish_lesson(lesson=lesson)
    return lesson


def run() -> tuple[str, str]:
    said, wrong = StringIO(), StringIO()
    call_command("recompile_lessons", stdout=said, stderr=wrong)
    return said.getvalue(), wrong.getvalue()


def test_everything_derived_comes_back_and_nothing_else_changes(lesson: Lesson) -> None:
    before, updated_at = state(), Course.objects.get().updated_at
    age()
    assert state() != before
    assert run() == ("3 revisions compiled again.\n", "")
    assert state() == before
    lesson.refresh_from_db()
    lesson.course.refresh_from_db()
    assert (lesson.points, lesson.course.points) == (3, 3)
    assert lesson.course.updated_at == updated_at


def test_it_says_and_does_nothing_when_nothing_is_to_be_done(lesson: Lesson, django_assert_num_queries: Any) -> None:
    assert waiting_revisions() == 0
    with django_assert_num_queries(3):
        assert run() == ("", "")


def test_what_learners_read_comes_first(lesson: Lesson) -> None:
    age()
    seen: list[str] = []
    result = recompile_lessons(on_progress=lambda done, total, what: seen.append(f"{done}/{total} {what}"))
    assert result.revisions == 3
    assert [line.split()[0] for line in seen] == ["1/3", "2/3", "3/3"]
    assert seen[-1] == f"3/3 {lesson} · revision 1"


def test_a_body_that_is_refused_today_stays_and_is_named(lesson: Lesson) -> None:
    age()
    bad = LessonRevision.objects.filter(lesson=lesson).order_by("number")[0]
    LessonRevision.objects.filter(pk=bad.pk).update(body={"version": 1, "blocks": [{"id": "a", "type": "nosuch"}]})
    said, wrong = run()
    assert said == "2 revisions compiled again.\n"
    assert wrong.startswith("stays as it was: ")
    assert "revision 1: blocks[0].type: must be one of" in wrong
    assert waiting_revisions() == 1
    assert LessonRevision.objects.get(lesson=lesson, number=2).compiler == COMPILER_VERSION


def test_an_older_revision_does_not_change_the_points_of_the_lesson(lesson: Lesson) -> None:
    age(lesson=lesson, number=1)
    Lesson.objects.filter(pk=lesson.pk).update(points=3)
    recompile_lessons()
    lesson.refresh_from_db()
    assert lesson.points == 3


def test_layers_above_hear_of_checks_that_changed(lesson: Lesson) -> None:
    heard: list[int] = []

    def listener(course: Course) -> None:
        heard.append(course.pk)

    on_content_change(listener)
    try:
        LessonRevision.objects.update(compiler=0)
        recompile_lessons()
        assert heard == []
        age()
        recompile_lessons()
        assert heard == [lesson.course_id]
    finally:
        _listeners.remove(listener)


def test_an_import_afterwards_changes_nothing(db: None, tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = tmp_path / "folder"
    write(folder, {"a.ipynb": notebook(markdown("# A", "top"), markdown("Text", "text"), minor=5)})
    import_course(path=folder, publish=True)
    age()
    recompile_lessons()
    assert import_course(path=folder, publish=True).plan.is_empty


def test_the_title_is_todays(db: None) -> None:
    lesson = published_course(lessons=1).lessons.get()
    save_draft(lesson=lesson, body=body("# Renamed\n\nText"))
    publish_lesson(lesson=lesson)
    Lesson.objects.filter(pk=lesson.pk).update(title="Renamed")
    age()
    recompile_lessons()
    lesson.refresh_from_db()
    assert lesson.current_revision is not None
    assert "<h1" not in lesson.current_revision.html[0]["html"]
