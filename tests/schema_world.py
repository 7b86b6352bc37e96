"""What there is on the site that schemathesis calls: courses in every state, and one person who takes some of them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from accounts.models import User
from accounts.tests.clients import MobileClient
from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson
from courses.tests.factories import CourseFactory, code, published_course
from progress.models import Certificate
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll, show_on_leaderboards
from progress.tests.judged import (
    RIGHT_PREDICTIONS,
    body_of,
    exercise,
    judged_course,
    lesson_of,
    predictions,
    quiz,
    settle,
    store_labels,
)
from progress.tests.practice_course import GOOD, answer, multiple, republish
from tests.schema_accounts import logged_in

NAMESPACE = UUID("9b1f0f5a-6a3c-4f0e-9a51-2f7c6f6f6a10")
ANSWERS: dict[str, Any] = {"ask": "b", "m1": ["a", "b"], "code": GOOD, "predict": RIGHT_PREDICTIONS, "old": "b"}


@dataclass
class World:
    """Who calls, and what is there."""

    person: User
    client: MobileClient
    lines: Course
    done: Course
    free: Course

    @property
    def begun(self) -> Lesson:
        """A lesson with something of the person's in every block."""
        return lesson_of(self.lines, 0)

    @property
    def fresh(self) -> Lesson:
        """One with the same blocks, and nothing of the person's."""
        return lesson_of(self.lines, 1)

    @property
    def certificate(self) -> UUID:
        return Certificate.objects.get(enrolment__user=self.person).uid


def make_world(person: User) -> World:
    """A course that `person` has begun, one that is finished, one not taken, and a draft."""
    store_labels()
    UserFactory(email="chief@example.org", is_staff=True, is_superuser=True)  # the last superuser could not leave
    every = [quiz(), multiple(), exercise(), predictions(), quiz("old"), code("cell", "x = 1\n")]
    lines = judged_course(body_of(*every), body_of(*every), body_of(quiz()), slug="lines", title="Lines")
    done = judged_course(body_of(quiz()), slug="done", title="Done", certificate_percent=50)
    free = published_course(slug="free", title="Free")
    CourseFactory(slug="draft", title="Draft")
    Lesson.objects.filter(pk=lesson_of(lines, 2).pk).update(available_from=timezone.now() + timedelta(days=30))
    enroll(user=person, course=lines)
    show_on_leaderboards(user=person, course=lines, shown=True)
    lesson = lesson_of(lines)
    for block in ("ask", "predict", "old", "code"):
        answer(person, lesson, block, ANSWERS[block], uid=uid_of(block))
    republish(lesson, *every[:4], quiz("old", points=2), every[5])  # what "old" checks has changed since
    enrolment = enroll(user=person, course=done)
    complete_lesson(user=person, lesson=lesson_of(done))
    settle(enrolment, lesson_of(done), "ask")
    return World(person, logged_in(person), lines, done, free)


def uid_of(name: str) -> UUID:
    """A client's UUID, the same in every run."""
    return UUID(int=uuid5(NAMESPACE, name).int, version=4)
