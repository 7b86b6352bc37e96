"""What is written and not submitted is kept, for its writer alone."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import Http404

from courses.services.publishing import publish_lesson, save_draft
from progress.models import SavedWork
from progress.selectors.practice import lesson_practice
from progress.services.enrolling import enroll, leave_course
from progress.services.saving import MAX_SOURCE, drop_work, save_work
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz

CELL = {"id": "cell", "type": "code", "source": "x = 1", "language": "python", "outputs": [], "run": "interactive"}
TEXT = {"id": "words", "type": "markdown", "source": "Read."}


@pytest.fixture
def lesson(ben):
    course = judged_course(body_of(TEXT, CELL, quiz(), exercise()))
    enroll(user=ben, course=course)
    return lesson_of(course)


def test_code_is_kept_and_the_newest_write_wins(ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="cell", content={"source": "x = 2"})
    work = save_work(user=ben, lesson=lesson, block_id="cell", content={"source": "x = 3"})
    assert (work.version, work.content) == (2, {"source": "x = 3"})
    assert SavedWork.objects.count() == 1
    saved = lesson_practice(user=ben, lesson=lesson).work["cell"]
    assert (saved.content, saved.version) == ({"source": "x = 3"}, 2)


def test_the_same_content_again_changes_nothing(ben, lesson):
    first = save_work(user=ben, lesson=lesson, block_id="code", content={"source": "pass"})
    again = save_work(user=ben, lesson=lesson, block_id="code", content={"source": "pass"})
    assert (again.version, again.saved_at) == (first.version, first.saved_at)


def test_a_quiz_keeps_an_answer_and_shows_it_in_its_state(ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="ask", content={"answer": "a"})
    assert lesson_practice(user=ben, lesson=lesson).states["ask"].saved.content == {"answer": "a"}


@pytest.mark.parametrize(
    ("block", "content"),
    [
        ("cell", {"answer": "a"}),
        ("ask", {"source": "x"}),
        ("cell", {"source": 1}),
        ("cell", {"source": "x", "answer": "y"}),
        ("cell", {}),
        ("cell", []),
        ("cell", {"source": "x" * (MAX_SOURCE + 1)}),
        ("ask", {"answer": "x" * 30_000}),
        ("cell", {"source": "a\x00b"}),
    ],
)
def test_another_shape_is_refused(ben, lesson, block, content):
    with pytest.raises(ValidationError):
        save_work(user=ben, lesson=lesson, block_id=block, content=content)
    assert not SavedWork.objects.exists()


@pytest.mark.parametrize("block", ["words", "none", "cell.2"])
def test_a_block_that_nobody_writes_in_is_not_found(ben, lesson, block):
    with pytest.raises(Http404):
        save_work(user=ben, lesson=lesson, block_id=block, content={"source": "x"})


def test_a_stranger_saves_nothing(cy, lesson):
    with pytest.raises(Http404):
        save_work(user=cy, lesson=lesson, block_id="cell", content={"source": "x"})


def test_dropping_brings_the_authors_version_back(ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="cell", content={"source": "x"})
    drop_work(user=ben, lesson=lesson, block_id="cell")
    drop_work(user=ben, lesson=lesson, block_id="cell")
    assert lesson_practice(user=ben, lesson=lesson).work == {}


def test_work_outlives_leaving_and_a_new_revision(ben, lesson):
    save_work(user=ben, lesson=lesson, block_id="cell", content={"source": "mine"})
    leave_course(user=ben, course=lesson.course)
    save_draft(lesson=lesson, body=body_of(TEXT, {**CELL, "source": "x = 9"}, quiz()))
    publish_lesson(lesson=lesson)
    enroll(user=ben, course=lesson.course)
    lesson = lesson_of(lesson.course)
    assert lesson_practice(user=ben, lesson=lesson).work["cell"].content == {"source": "mine"}


@pytest.mark.django_db(transaction=True)
def test_writes_at_the_same_moment_leave_one_row(ben, lesson):
    def write(number):
        try:
            save_work(user=ben, lesson=lesson, block_id="cell", content={"source": f"x = {number}"})
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work = SavedWork.objects.get()
    assert work.version == 8
