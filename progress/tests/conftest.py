"""A course that ben takes and cy does not."""

import pytest

from accounts.models import User
from courses.models import Course, Lesson
from courses.tests.factories import published_course
from progress.models import Enrolment
from progress.services.enrolling import enroll


@pytest.fixture
def course(db: None) -> Course:
    return published_course(lessons=4, modules=2, slug="lines", title="Lines")


@pytest.fixture
def lessons(course: Course) -> list[Lesson]:
    return list(course.lessons.order_by("position"))


@pytest.fixture
def enrolment(ben: User, course: Course) -> Enrolment:
    return enroll(user=ben, course=course)
