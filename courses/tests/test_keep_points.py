"""The points of lessons and courses follow what is live, whatever made it so."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from courses.models import Course, Lesson, PublishLog
from courses.services.authoring import create_lesson
from courses.services.importing import import_course
from courses.services.outlining import remove_lesson, restore_lesson
from courses.services.publishing import publish_course, publish_lesson, revert_lesson, save_draft, unpublish_course
from courses.services.reverting import revert_publication
from courses.tests.course_folders import markdown, notebook, write
from courses.tests.factories import body, body_of_blocks, exercise, published_course, quiz


def points(course: Course) -> list[Decimal]:
    """The course's own, then those of its lessons in order."""
    course.refresh_from_db()
    return [course.points, *course.lessons.order_by("position", "pk").values_list("points", flat=True)]


def publish(lesson: Lesson, *blocks: dict[str, Any]) -> None:
    save_draft(lesson=lesson, body=body_of_blocks(*blocks))
    publish_lesson(lesson=lesson)


@pytest.fixture
def course(db: None) -> Course:
    """Three points in the first of two lessons."""
    course = published_course(lessons=2)
    publish(course.lessons.get(position=0), quiz("q"), exercise("e"))
    return course


@pytest.fixture
def lesson(course: Course) -> Lesson:
    return course.lessons.get(position=0)


def test_a_lesson_has_the_points_of_what_is_judged_in_it(course: Course, lesson: Lesson) -> None:
    assert points(course) == [3, 3, 0]
    ungraded = quiz("draft", graded=False, missing="which choice is right", points=50)
    unchecked = exercise("unchecked", checks=[], hidden_checks=[], points=0)
    publish(lesson, quiz("q", points=0.5), quiz("r", points=0.3333), quiz("s", points=0), ungraded, unchecked)
    assert points(course) == [Decimal("0.833"), Decimal("0.833"), 0]


def test_the_largest_lesson_that_the_schema_takes_can_be_published(course: Course, lesson: Lesson) -> None:
    publish(lesson, *(quiz(f"q{number}", points=1000) for number in range(120)))
    assert points(course) == [120_000, 120_000, 0]


def test_a_draft_counts_for_nothing_before_it_is_published(course: Course, lesson: Lesson) -> None:
    save_draft(lesson=lesson, body=body_of_blocks(quiz("q", points=100)))
    assert points(course) == [3, 3, 0]
    publish_course(course=course)
    assert points(course) == [100, 100, 0]


def test_an_earlier_revision_brings_its_points_back(course: Course, lesson: Lesson) -> None:
    revert_lesson(lesson=lesson, number=1)
    assert points(course) == [0, 0, 0]
    revert_lesson(lesson=lesson, number=2)
    assert points(course) == [3, 3, 0]


def test_undoing_a_publication_undoes_its_points(course: Course, lesson: Lesson) -> None:
    publish(lesson, quiz("q", points=7))
    assert points(course) == [7, 7, 0]
    revert_publication(log=PublishLog.objects.order_by("pk").last())
    assert points(course) == [3, 3, 0]


def test_a_removed_lesson_keeps_its_points_and_the_course_does_not(course: Course, lesson: Lesson) -> None:
    remove_lesson(lesson=lesson)
    assert points(course) == [0, 3, 0]
    restore_lesson(lesson=lesson)
    assert points(course)[0] == 3


def test_a_closed_course_keeps_its_points_for_when_it_opens_again(course: Course) -> None:
    unpublish_course(course=course)
    assert points(course) == [3, 3, 0]


def test_a_new_lesson_has_none(course: Course) -> None:
    create_lesson(lesson=Lesson(module=course.modules.get(), title="New"))
    assert points(course) == [3, 3, 0, 0]


def test_an_import_counts_them(db: None, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    asked = "```{quiz} single\n:id: half\n:points: 2.5\n\nWhich?\n\n- [x] This\n- [ ] That\n```"
    write(tmp_path / "folder", {"a.ipynb": notebook(markdown("# A", "top"), markdown(asked, "ask"), minor=5)})
    course = import_course(path=tmp_path / "folder", publish=True).course
    assert course is not None
    assert points(course) == [Decimal("2.5"), Decimal("2.5")]


def test_a_revision_says_what_is_judged(course: Course, lesson: Lesson) -> None:
    lesson.refresh_from_db()
    assert lesson.current_revision is not None
    checks = lesson.current_revision.checks
    assert {name: (entry["type"], entry["points"], entry["attempts"]) for name, entry in checks.items()} == {
        "q": ("quiz", 1, None),
        "e": ("exercise", 2, None),
    }
    assert all(len(entry["hash"]) == 64 for entry in checks.values())
    publish(lesson, *body("text only")["blocks"])
    lesson.refresh_from_db()
    assert lesson.current_revision.checks == {}


@pytest.mark.parametrize("percent", [0, 101])
def test_the_database_refuses_a_certificate_that_nobody_could_get(course: Course, percent: int) -> None:
    with pytest.raises(IntegrityError, match="course_certificate_percent_in_range"), transaction.atomic():
        Course.objects.filter(pk=course.pk).update(certificate_percent=percent)
    assert Course.objects.filter(pk=course.pk).update(certificate_percent=None) == 1


def test_the_database_refuses_an_unknown_rule(lesson: Lesson) -> None:
    with pytest.raises(IntegrityError, match="lesson_completion_rule_is_known"), transaction.atomic():
        Lesson.objects.filter(pk=lesson.pk).update(completion_rule="maybe")
