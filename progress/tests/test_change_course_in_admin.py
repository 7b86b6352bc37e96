"""What a change in the admin means for those who take the course: counted before, and nothing taken away after."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, published_course
from progress.models import Enrolment, LessonCompletion
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll, leave_course


@pytest.fixture
def editor(client: Client, db: None) -> User:
    user = UserFactory(email="ed@example.org", display_name="Ed", role="editor")
    client.force_login(user)
    return user


@pytest.fixture
def course(db: None) -> Course:
    return published_course(lessons=2, title="Lines")


def step(name: str, course: Course) -> str:
    return reverse(f"admin:courses_course_{name}", args=[course.pk])


def test_the_list_counts_those_who_take_a_course(
    client: Client, editor: User, course: Course, ben: User, cy: User
) -> None:
    for learner in (ben, cy):
        enroll(user=learner, course=course)
    leave_course(user=cy, course=course)
    page = client.get(reverse("admin:courses_course_changelist")).content.decode()
    assert 'class="field-learners">1<' in page


def test_unpublishing_says_how_many_learners_lose_sight_of_it(
    client: Client, editor: User, course: Course, ben: User, cy: User
) -> None:
    for learner in (ben, cy):
        enroll(user=learner, course=course)
    asked = client.get(step("unpublish", course)).content.decode()
    assert "2 learners" in asked
    assert "no longer see it" in asked
    course.refresh_from_db()
    assert course.status == "published"
    client.post(step("unpublish", course))
    course.refresh_from_db()
    assert course.status == "draft"


def test_archiving_keeps_the_course_for_those_who_take_it(
    client: Client, editor: User, course: Course, ben: User
) -> None:
    enroll(user=ben, course=course)
    client.post(step("archive", course))
    course.refresh_from_db()
    assert course.status == "archived"
    assert course.publish_log.first().changes == {"archived": True}
    client.post(step("archive", course))
    assert course.publish_log.filter(changes={"archived": True}).count() == 1
    client.force_login(ben)
    lesson = course.lessons.first()
    assert client.get(lesson.get_absolute_url()).status_code == 200
    client.force_login(editor)
    client.post(step("publish", course))
    course.refresh_from_db()
    assert course.status == "published"


def test_going_back_takes_no_completion_away(client: Client, editor: User, course: Course, ben: User) -> None:
    lesson = course.lessons.first()
    save_draft(lesson=lesson, body=body("The second text."))
    publish_lesson(lesson=lesson)
    lesson.refresh_from_db()
    enroll(user=ben, course=course)
    complete_lesson(user=ben, lesson=lesson)
    client.post(reverse("admin:courses_lesson_revert", args=[lesson.pk, 1]))
    lesson.refresh_from_db()
    assert lesson.current_revision.number == 1
    assert LessonCompletion.objects.get(lesson=lesson, undone_at=None).revision == 2


def test_removing_the_last_open_lesson_finishes_the_course_for_those_who_did_the_rest(
    client: Client, editor: User, course: Course, ben: User
) -> None:
    first, second = course.lessons.order_by("position")
    enroll(user=ben, course=course)
    complete_lesson(user=ben, lesson=first)
    client.post(reverse("admin:courses_lesson_remove", args=[second.pk]))
    assert Enrolment.objects.get().completed_at is not None
