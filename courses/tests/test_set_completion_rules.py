"""When a lesson is done and what a certificate takes: in the folder, in the admin, in what may be undone."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from courses.content.report import CourseRefused
from courses.models import Course, Lesson, PublishLog
from courses.services.authoring import save_course, save_lesson
from courses.services.exporting import export_course
from courses.services.importing import import_course
from courses.services.listeners import _listeners, on_content_change
from courses.services.reverting import revert_publication
from courses.tests.course_folders import markdown, notebook, write
from courses.tests.factories import published_course
from courses.tests.pages import form_data


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path_factory: Any) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def arrange(folder: Path, about: str = "", lessons: str = '"a.ipynb", "b.ipynb", "c.md"') -> None:
    head = f'uid = "course"\nslug = "course"\ntitle = "Course"\n{about}\n'
    write(folder, {"course.toml": f'{head}[[modules]]\ntitle = "One"\nuid = "one"\nlessons = [{lessons}]\n'})


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    """`b` asks for "passed" in its metadata, `c` in its front matter."""
    own = {"mlpracticum": {"completion": "passed"}}
    files = {
        "a.ipynb": notebook(markdown("# A", "top"), minor=5),
        "b.ipynb": notebook(markdown("# B", "top"), minor=5, metadata=own),
        "c.md": b"---\ncompletion: passed\n---\n# C\n\nText\n",
    }
    write(tmp_path / "in", files)
    arrange(tmp_path / "in")
    return tmp_path / "in"


def bring(folder: Path) -> Course:
    course = import_course(path=folder, publish=True).course
    assert course is not None
    return course


def rules(course: Course) -> list[str]:
    return list(course.lessons.order_by("position").values_list("completion_rule", flat=True))


def test_a_lesson_is_done_when_its_reader_says_so_unless_its_own_file_says_else(folder: Path) -> None:
    course = bring(folder)
    assert rules(course) == ["read", "passed", "passed"]
    assert course.certificate_percent == 60


def test_the_course_says_it_for_those_that_do_not(folder: Path) -> None:
    arrange(folder, 'completion = "passed"', '"a.ipynb", {file = "b.ipynb", completion = "read"}, "c.md"')
    assert rules(bring(folder)) == ["passed", "read", "passed"]


@pytest.mark.parametrize(
    ("line", "percent"),
    [
        ("certificate = false", None),
        ("certificate = true", 60),
        ("certificate = {score = 100}", 100),
        ("certificate = {}", 60),
        ("[certificate]\nscore = 1", 1),
        ("", 60),
    ],
)
def test_what_a_certificate_takes(folder: Path, line: str, percent: int | None) -> None:
    arrange(folder, line)
    assert bring(folder).certificate_percent == percent


@pytest.mark.parametrize(
    ("about", "lessons", "fault"),
    [
        ('completion = "never"', '"a.ipynb"', "completion: must be one of read, passed"),
        ("completion = 3", '"a.ipynb"', "completion: must be one of read, passed"),
        ("completion = []", '"a.ipynb"', "completion: must be one of read, passed"),
        ("", '{file = "a.ipynb", completion = true}', "modules[0].lessons[0].completion: must be one of"),
        ("certificate = 60", '"a.ipynb"', "certificate: must be true, false, or a table with score = …"),
        ("certificate = {score = 0}", '"a.ipynb"', "certificate.score: must be a whole number from 1 to 100"),
        ("certificate = {score = 101}", '"a.ipynb"', "certificate.score: must be a whole number from 1 to 100"),
        ("certificate = {score = true}", '"a.ipynb"', "certificate.score: must be a whole number from 1 to 100"),
        ("certificate = {score = 60.5}", '"a.ipynb"', "certificate.score: must be a whole number from 1 to 100"),
        ("certificate = {percent = 60}", '"a.ipynb"', "certificate.percent: is not a known key"),
    ],
)
def test_a_faulty_line_refuses_the_course_by_its_place(folder: Path, about: str, lessons: str, fault: str) -> None:
    arrange(folder, about, lessons)
    with pytest.raises(CourseRefused) as caught:
        import_course(path=folder)
    assert fault in str(caught.value)


@pytest.mark.parametrize("value", ["never", 3, ["passed"], {"a": 1}, True])
def test_a_faulty_metadata_is_told_and_left_out(folder: Path, value: Any) -> None:
    own = {"mlpracticum": {"completion": value}}
    write(folder, {"b.ipynb": notebook(markdown("# B", "top"), minor=5, metadata=own)})
    outcome = import_course(path=folder, publish=True)
    assert rules(Course.objects.get()) == ["read", "read", "passed"]
    assert any("is none of read, passed" in problem["what"] for problem in outcome.report["problems"])


@pytest.mark.parametrize("percent", [60, 75, None])
def test_an_export_comes_back_the_same(folder: Path, tmp_path: Path, percent: int | None) -> None:
    course = bring(folder)
    wanted = ["passed", "read", "read"]  # each is another than its own file says
    for rule, lesson in zip(wanted, course.lessons.order_by("position"), strict=True):
        Lesson.objects.filter(pk=lesson.pk).update(completion_rule=rule)
    Course.objects.update(certificate_percent=percent)
    export_course(slug="course", folder=tmp_path / "out")
    assert import_course(path=tmp_path / "out", publish=True).plan.is_empty
    assert rules(course) == wanted
    written = (tmp_path / "out" / "course.toml").read_text()
    assert ("certificate" in written) == (percent != 60)


def test_an_export_says_nothing_of_what_goes_without_saying(folder: Path, tmp_path: Path) -> None:
    arrange(folder, lessons='"a.ipynb"')
    bring(folder)
    export_course(slug="course", folder=tmp_path / "out")
    assert "completion" not in (tmp_path / "out" / "course.toml").read_text()


def test_a_change_is_planned_applied_and_undone(folder: Path) -> None:
    course = bring(folder)
    arrange(folder, "certificate = false", '{file = "a.ipynb", completion = "passed"}, "b.ipynb", "c.md"')
    changes = import_course(path=folder, publish=True, dry_run=True).report["changes"]
    assert (changes["settings"], changes["course"]) == (["a.ipynb"], ["certificate_percent"])
    assert (changes["changed"], changes["renamed"]) == ([], [])
    course = bring(folder)
    assert (rules(course), course.certificate_percent) == (["passed"] * 3, None)
    revert_publication(log=PublishLog.objects.order_by("pk").last())
    course.refresh_from_db()
    assert (rules(course), course.certificate_percent) == (["read", "passed", "passed"], 60)


@pytest.fixture
def course(db: None, ada: User, client: Client) -> Course:
    course = published_course(lessons=1)
    course.authors.add(ada)
    client.force_login(ada)
    return course


def test_the_lesson_s_page_has_the_rule(client: Client, course: Course) -> None:
    lesson = course.lessons.get()
    page = reverse("admin:courses_lesson_change", args=[lesson.pk])
    shown = client.get(page)
    assert "What makes the lesson count as done" in shown.content.decode()
    client.post(page, {**form_data(shown, "lesson_form"), "completion_rule": "passed"})
    lesson.refresh_from_db()
    assert lesson.completion_rule == "passed"


@pytest.mark.parametrize(("typed", "stored"), [("80", 80), ("", None), ("0", 60), ("101", 60), ("x", 60)])
def test_the_course_s_page_has_the_percent(client: Client, course: Course, typed: str, stored: int | None) -> None:
    page = reverse("admin:courses_course_change", args=[course.pk])
    shown = client.get(page)
    assert "points that a certificate takes" in shown.content.decode()
    answer = client.post(page, {**form_data(shown, "course_form"), "certificate_percent": typed})
    assert answer.status_code == (302 if stored != 60 else 200)
    course.refresh_from_db()
    assert course.certificate_percent == stored


def test_layers_above_hear_of_a_new_rule_and_of_a_new_percent_only(course: Course) -> None:
    heard: list[int] = []

    def listener(changed: Course) -> None:
        heard.append(changed.pk)

    on_content_change(listener)
    try:
        lesson = course.lessons.get()
        lesson.minutes = 9
        save_lesson(lesson=lesson)
        course.title = "Else"
        save_course(course=course)
        assert heard == []
        lesson.completion_rule = "passed"
        save_lesson(lesson=lesson)
        course.certificate_percent = 10
        save_course(course=course)
        assert heard == [course.pk, course.pk]
    finally:
        _listeners.remove(listener)
