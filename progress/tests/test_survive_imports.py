"""Learners and publications at once: what a plan counts, what a revert keeps, and races between threads."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.content.hashes import check_hashes
from courses.models import Course, Lesson, PublishLog
from courses.services.importing import import_course
from courses.services.outlining import remove_lesson
from courses.services.reverting import plan_revert, revert_publication
from progress.models import Attempt, Enrolment, LessonCompletion
from progress.selectors.counting import counter_differences, learner_counts
from progress.selectors.standings import standing_in
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll

NAMES = ("slopes", "errors", "forests", "losses")


def notebook(title: str, *texts: str) -> str:
    cells = [
        {"cell_type": "markdown", "id": f"c{number}", "metadata": {}, "source": text}
        for number, text in enumerate([f"# {title}", *texts])
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def quiz(answer: str) -> str:
    return f"```{{quiz}} text\n:id: ask\n\nWhat is it?\n\n= {answer}\n```"


def write(folder: Path, names: tuple[str, ...] = NAMES, answer: str = "yes") -> Path:
    for old in folder.iterdir():
        old.unlink()
    for name in names:
        (folder / f"{name}.ipynb").write_text(notebook(name.title(), f"All about {name}.", quiz(answer)))
    listed = ", ".join(f'"{name}.ipynb"' for name in names)
    about = f'uid = "course"\nslug = "course"\ntitle = "Course"\n[[modules]]\ntitle = "All"\nlessons = [{listed}]\n'
    (folder / "course.toml").write_text(about)
    return folder


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    import_course(path=write(tmp_path), publish=True)
    return tmp_path


def lesson(name: str) -> Lesson:
    return Lesson.objects.get(uid=f"{name}.ipynb")


def learner(*done: str) -> User:
    user = UserFactory()
    enroll(user=user, course=Course.objects.get())
    for name in done:
        complete_lesson(user=user, lesson=lesson(name))
    return user


def pass_quiz(user: User, name: str) -> Attempt:
    row = lesson(name)
    return Attempt.objects.create(
        enrolment=Enrolment.objects.get(user=user), lesson=row, block_uid="ask", revision=row.current_revision.number,
        check_hash=check_hashes(row.current_revision.body)["ask"], answer="yes", verdict="passed", score=1, max_score=1,
        verified_by="server",
    )  # fmt: skip


def test_a_plan_says_how_many_learners_each_change_touches(folder: Path) -> None:
    first = learner("slopes", "errors")
    learner("slopes")
    reader = learner()
    Enrolment.objects.filter(user=reader).update(last_lesson=lesson("errors"))
    gone = learner("slopes")
    uncomplete_lesson(user=gone, lesson=lesson("slopes"))  # has it open now
    for user in (first, reader):
        pass_quiz(user, "slopes")
    pass_quiz(first, "slopes")  # twice is one learner
    write(folder, ("errors", "forests", "losses"), answer="no")
    plan = import_course(path=folder, publish=True, dry_run=True).plan
    assert plan.removed == ["slopes.ipynb"]
    assert plan.learners["slopes.ipynb"] == 3
    assert plan.learners["errors.ipynb"] == 2
    write(folder, answer="no")
    plan = import_course(path=folder, publish=True, dry_run=True).plan
    assert {entry["lesson"]: entry["passed_by"] for entry in plan.checks_changed} == {
        "slopes.ipynb": 2, "errors.ipynb": 0, "forests.ipynb": 0, "losses.ipynb": 0,
    }  # fmt: skip


def test_counting_takes_three_queries_for_any_number_of_lessons(folder: Path, django_assert_num_queries: Any) -> None:
    user = learner(*NAMES)
    passed = pass_quiz(user, "slopes")
    rows = list(Lesson.objects.all())
    with django_assert_num_queries(3):  # completions; who has them open; who passed
        counts = learner_counts([row.pk for row in rows], [(row.pk, "ask", passed.check_hash) for row in rows])
    assert sum(counts.completed.values()) == 4
    assert counts.reading == {}
    assert counts.passed == {(passed.lesson_id, "ask", passed.check_hash): 1}


def test_undoing_an_import_takes_nothing_from_a_learner(folder: Path) -> None:
    write(folder, (*NAMES, "extra"))
    import_course(path=folder, publish=True)
    user = learner(*NAMES, "extra")
    other = learner("extra", "slopes")
    passed = pass_quiz(user, "extra")
    log = PublishLog.objects.first()
    plan = plan_revert(log=log)
    assert (plan.changes["removed"], plan.learners["extra.ipynb"]) == (["extra.ipynb"], 2)
    revert_publication(log=log)
    assert Attempt.objects.get() == passed
    course = Course.objects.get()
    mine, theirs = standing_in(user=user, course=course), standing_in(user=other, course=course)
    assert (mine.completed, mine.total, mine.percent, mine.is_finished) == (5, 5, 100, True)
    assert (theirs.completed, theirs.total, theirs.percent) == (2, 5, 40)
    assert counter_differences() == []


def test_a_course_that_loses_all_its_lessons_finishes_nobody(folder: Path) -> None:
    user = learner("slopes")
    for name in NAMES:
        remove_lesson(lesson=lesson(name))
    course = Course.objects.get()
    assert Enrolment.objects.get(user=user).completed_at is None
    standing = standing_in(user=user, course=course)
    assert (standing.is_finished, standing.completed, standing.percent) == (False, 1, 99)
    import_course(path=folder, publish=True)
    assert standing_in(user=user, course=course).percent == 25


def in_threads(*jobs: Callable[[], Any]) -> None:
    """Run all at the same moment; what one raises fails the test."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> None:
        start.wait(timeout=30)
        try:
            job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(run, job) for job in jobs]:
            future.result(timeout=60)


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_a_new_course_at_once_make_one(tmp_path: Path) -> None:
    write(tmp_path)
    in_threads(*[lambda: import_course(path=tmp_path, publish=True)] * 4)
    assert Course.objects.get().lesson_count == 4
    assert PublishLog.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_different_imports_of_one_course_at_once_end_as_one_of_them(folder: Path, tmp_path_factory: Any) -> None:
    fewer, more = tmp_path_factory.mktemp("fewer"), tmp_path_factory.mktemp("more")
    write(fewer, NAMES[:2])
    write(more, (*NAMES, "extra"), answer="no")
    user = learner(*NAMES)
    in_threads(lambda: import_course(path=fewer, publish=True), lambda: import_course(path=more, publish=True))
    course = Course.objects.get()
    assert course.lesson_count in (2, 5)
    assert counter_differences() == []
    assert standing_in(user=user, course=course).completed == 4


@pytest.mark.django_db(transaction=True)
def test_counters_equal_facts_when_twenty_learners_complete_lessons_during_imports(folder: Path) -> None:
    users = [learner() for _ in range(20)]
    # One row gets another uid meanwhile: a change of a key, for which PostgreSQL locks the row harder.
    other = folder / "slopes.ipynb"
    text = json.loads(other.read_text())
    text["metadata"] = {"mlpracticum": {"uid": "steep"}}
    rows = [lesson(name) for name in NAMES]

    def learn(user: User) -> None:
        for row in rows:
            complete_lesson(user=user, lesson=row)
        uncomplete_lesson(user=user, lesson=rows[2])

    def publish() -> None:
        write(folder, ("slopes", "errors", "losses", "extra"), answer="no")
        other.write_text(json.dumps(text))
        import_course(path=folder, publish=True)
        revert_publication(log=PublishLog.objects.first())

    in_threads(publish, *[lambda user=user: learn(user) for user in users])
    assert counter_differences() == []
    assert LessonCompletion.objects.filter(undone_at=None).count() == 60
    course = Course.objects.get()
    for user in users:
        standing = standing_in(user=user, course=course)
        assert (standing.completed, standing.total) == (3, 4)


@pytest.mark.django_db(transaction=True)
def test_a_completion_during_the_removal_of_the_last_open_lesson_finishes_the_course(folder: Path) -> None:
    """Neither may miss the other: the publication that the lesson is done, the completion that the other is gone."""
    user = learner("slopes", "errors")
    held, done = threading.Event(), threading.Event()

    def remove() -> None:
        try:
            with transaction.atomic():
                remove_lesson(lesson=lesson("forests"))
                held.set()
                # The completion below must wait for this transaction; without the lock it would be through by now.
                assert not done.wait(timeout=1)
        finally:
            connection.close()

    thread = ThreadPoolExecutor(1).submit(remove)
    assert held.wait(timeout=10)
    complete_lesson(user=user, lesson=lesson("losses"))
    done.set()
    thread.result(timeout=10)
    assert Enrolment.objects.get(user=user).completed_at is not None
