"""Enrolments, completions and attempts in the admin: to be read and searched, and changed by nobody."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course
from courses.tests.factories import published_course
from progress.models import Attempt, BlockResult, Certificate, CheckJob, Enrolment, LessonCompletion
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll

MODELS = ("enrolment", "lessoncompletion", "attempt", "blockresult", "checkjob", "certificate")


def at(model: str, name: str, *args: Any) -> str:
    return reverse(f"admin:progress_{model}_{name}", args=args)


def attempt(enrolment: Enrolment, lesson: Any) -> Attempt:
    return Attempt.objects.create(
        enrolment=enrolment, lesson=lesson, block_uid="q1", revision=1, check_hash="0" * 64, answer="b",
        verdict="failed", verified_by="server",
    )  # fmt: skip


def takes(learner: User, course: Course) -> Enrolment:
    enrolment = enroll(user=learner, course=course)
    lesson = course.lessons.first()
    complete_lesson(user=learner, lesson=lesson)
    answer = attempt(enrolment, lesson)
    place = {"enrolment": enrolment, "lesson": lesson, "block_uid": "q1"}
    BlockResult.objects.create(**place, block_type="quiz", attempts=1, last_attempt=answer)
    CheckJob.objects.create(attempt=answer)
    Certificate.objects.create(enrolment=enrolment, snapshot={"name": "Ben"})
    return enrolment


@pytest.fixture
def course(db: None) -> Course:
    return published_course(lessons=2, title="Lines")


@pytest.fixture
def facts(course: Course, ben: User) -> dict[str, int]:
    """One row of each kind, by model: its key."""
    takes(ben, course)
    return {
        "enrolment": Enrolment.objects.get().pk,
        "lessoncompletion": LessonCompletion.objects.get().pk,
        "attempt": Attempt.objects.get().pk,
        "blockresult": BlockResult.objects.get().pk,
        "checkjob": CheckJob.objects.get().pk,
        "certificate": Certificate.objects.get().pk,
    }


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_shown_and_found_by_address_and_course(
    client: Client, boss: User, facts: dict[str, int], cy: User, model: str
) -> None:
    takes(cy, published_course(lessons=1, title="Trees"))
    client.force_login(boss)
    everyone = client.get(at(model, "changelist")).content.decode()
    assert "ben@example.org" in everyone
    assert "cy@example.org" in everyone
    by_address = client.get(at(model, "changelist"), {"q": "ben@"}).content.decode()
    assert "ben@example.org" in by_address
    assert "cy@example.org" not in by_address
    by_course = client.get(at(model, "changelist"), {"q": "Trees"}).content.decode()
    assert "cy@example.org" in by_course
    assert "ben@example.org" not in by_course


@pytest.mark.parametrize("model", MODELS)
def test_a_list_costs_the_same_for_one_row_and_for_many(
    client: Client, boss: User, facts: dict[str, int], course: Course, model: str, django_assert_max_num_queries: Any
) -> None:
    client.force_login(boss)
    client.get(at(model, "changelist"))
    with django_assert_max_num_queries(10) as one:
        client.get(at(model, "changelist"))
    for _ in range(10):
        takes(UserFactory(), course)
    with django_assert_max_num_queries(10) as many:
        client.get(at(model, "changelist"))
    assert len(many) == len(one)


@pytest.mark.parametrize("model", MODELS)
def test_nobody_changes_a_fact_not_even_a_superuser(
    client: Client, boss: User, facts: dict[str, int], model: str
) -> None:
    client.force_login(boss)
    tables = (Enrolment, LessonCompletion, Attempt, BlockResult, CheckJob, Certificate)
    before = [list(table.objects.values()) for table in tables]
    page = client.get(at(model, "change", facts[model]))
    assert page.status_code == 200
    assert "_save" not in page.content.decode()
    assert client.post(at(model, "change", facts[model]), {"verdict": "passed"}).status_code == 403
    assert client.get(at(model, "add")).status_code == 403
    assert client.post(at(model, "add"), {}).status_code == 403
    assert client.post(at(model, "delete", facts[model]), {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [facts[model]], "post": "yes"}
    client.post(at(model, "changelist"), action)
    assert [list(table.objects.values()) for table in tables] == before


@pytest.mark.parametrize(("role", "may_read"), [("admin", True), ("editor", False), ("author", False), (None, False)])
def test_only_the_admin_role_reads_what_people_did(
    client: Client, facts: dict[str, int], role: str | None, may_read: bool
) -> None:
    client.force_login(UserFactory(role=role, is_staff=True))
    for model in MODELS:
        for address in (at(model, "changelist"), at(model, "change", facts[model])):
            assert client.get(address).status_code == (200 if may_read else 403), address
