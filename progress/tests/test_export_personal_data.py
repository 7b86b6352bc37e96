"""The document with all of a person's data has all that they did, and nothing of anybody else or of the answers."""

import json
from typing import Any

import pytest
from django.db import connection
from django.db.models import ForeignKey
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import leaving, personal_data
from courses.models import Course, Lesson
from progress import models
from progress.models import Attempt, BlockResult, Certificate, Enrolment, PredictionFile, Reveal, SavedWork
from progress.selectors.personal_data import LEFT_OUT, SECTIONS
from progress.services import completing
from progress.services.enrolling import enroll
from progress.services.scoring import packed


@pytest.fixture
def work(enrolment: Enrolment, lessons: list[Lesson], ben: User) -> Attempt:
    """One of everything that ben can leave behind."""
    completing.complete_lesson(user=ben, lesson=lessons[0])
    place = {"enrolment": enrolment, "lesson": lessons[0], "block_uid": "q1"}
    attempt = Attempt.objects.create(
        **place, block_type="quiz", revision=1, check_hash="h", answer="a", verdict="failed"
    )
    PredictionFile.objects.create(attempt=attempt, content=packed([1, 2.5, "x"]))
    BlockResult.objects.create(**place, block_type="quiz", attempts=1, last_attempt=attempt)
    SavedWork.objects.create(**place, content={"source": "print(1)"}, revision=1)
    Reveal.objects.create(**place, kind="hint", number=0)
    Certificate.objects.create(enrolment=enrolment, snapshot={"name": "Ben"})
    return attempt


def exported(user: User) -> dict[str, Any]:
    return json.loads("".join(personal_data.document(user)))


def test_it_has_one_of_everything(work: Attempt, ben: User) -> None:
    data = exported(ben)
    assert [row["course"] for row in data["enrolments"]] == ["lines"]
    assert len(data["completions"]) == 1
    [attempt] = data["attempts"]
    assert (attempt["uid"], attempt["block"], attempt["answer"]) == (str(work.uid), "q1", "a")
    assert data["predictions"] == [{"attempt": str(work.uid), "predictions": [1, 2.5, "x"]}]
    assert data["saved_work"][0]["content"] == {"source": "print(1)"}
    assert [(row["kind"], row["number"]) for row in data["reveals"]] == [("hint", 0)]
    assert data["certificates"][0]["snapshot"] == {"name": "Ben"}
    assert len(data["results"]) == 1


def test_every_model_about_a_person_is_in_it() -> None:
    """A new model that points at an enrolment or a person must be exported, or be named here with the reason."""
    not_theirs = {"CheckJob"}  # the queue's own bookkeeping, gone when the attempt is judged
    about_people = {
        model.__name__
        for model in vars(models).values()
        if isinstance(model, type)
        and model.__module__ == models.__name__
        and any(
            isinstance(field, ForeignKey) and field.related_model in {User, Enrolment, Attempt}
            for field in model._meta.fields
        )
    }
    told = {model.__name__ for model in SECTIONS.values()} | {"PredictionFile"}
    assert about_people - not_theirs == told


def test_a_row_has_every_field_but_our_own_numbers(work: Attempt, ben: User) -> None:
    [row] = exported(ben)["attempts"]
    stored = {field.name for field in Attempt._meta.concrete_fields}
    assert set(row) == stored - LEFT_OUT - {"enrolment", "block_uid"} | {"course", "block"}
    [enrolment] = exported(ben)["enrolments"]
    assert set(enrolment) == {field.name for field in Enrolment._meta.concrete_fields} - LEFT_OUT


def test_it_has_nothing_of_others(work: Attempt, cy: User, course: Course) -> None:
    enroll(user=cy, course=course)
    data = exported(cy)
    assert len(data["enrolments"]) == 1
    assert not any(data[name] for name in ("completions", "attempts", "predictions", "saved_work", "certificates"))


def test_many_rows_cost_no_more_queries_than_their_pages(work: Attempt, ben: User, lessons: list[Lesson]) -> None:
    rows = [
        SavedWork(enrolment=work.enrolment, lesson=lessons[1], block_uid=f"b{number}", content={}, revision=1)
        for number in range(2 * personal_data.PAGE)
    ]
    with CaptureQueriesContext(connection) as before:
        exported(ben)
    SavedWork.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as after:
        assert len(exported(ben)["saved_work"]) == len(rows) + 1
    assert len(after) - len(before) == 2


def test_all_of_it_goes_with_the_account(work: Attempt, ben: User, client: Client) -> None:
    uid = Certificate.objects.get().uid
    leaving.ask_for_deletion(user=ben)
    User.objects.filter(pk=ben.pk).update(deletion_due_at="2020-01-01T00:00:00Z")

    assert leaving.delete_due_accounts() == (1, [])

    for model in SECTIONS.values():
        assert not model._default_manager.exists(), model
    assert not PredictionFile.objects.exists()
    assert client.get(f"/certificates/{uid}/").status_code == 404
