"""A publication takes no points away and lets no share fall by what it removes."""

import pytest

from courses.services.publishing import publish_lesson, revert_lesson, save_draft
from progress.models import BlockResult, Enrolment
from progress.selectors.standings import standing_in
from progress.services.enrolling import enroll
from progress.services.recounting import differences, recount
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz, settle


@pytest.fixture
def course(db):
    return judged_course(body_of(quiz(), exercise()), body_of(quiz("other", points=3)))


@pytest.fixture
def enrolment(ben, course):
    return enroll(user=ben, course=course)


def publish(course, *blocks):
    lesson = lesson_of(course)
    save_draft(lesson=lesson, body=body_of(*blocks))
    publish_lesson(lesson=lesson)


def shown(user, course):
    standing = standing_in(user=user, course=course)
    return standing.score, standing.points, standing.score_percent


def test_points_of_a_removed_block_stay_won_and_possible(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code")
    assert shown(ben, course) == (2, 6, 33)
    publish(course, quiz())
    assert shown(ben, course) == (2, 6, 33)
    assert not BlockResult.objects.get().is_live
    assert differences() == []


def test_a_block_that_comes_back_finds_its_result(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code")
    publish(course, quiz())
    revert_lesson(lesson=lesson_of(course), number=1)
    assert BlockResult.objects.get().is_live
    assert shown(ben, course) == (2, 6, 33)
    assert Enrolment.objects.get().lost_points == 0


def test_half_of_a_removed_block_does_not_lower_the_share(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code", share=0.5)
    before = shown(ben, course)[2]
    publish(course, quiz())
    assert shown(ben, course)[0] == 1
    assert shown(ben, course)[2] >= before


def test_a_block_that_is_worth_less_now_leaves_what_was_won(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code")
    publish(course, quiz(), exercise(points=0.5))
    score, points, percent = shown(ben, course)
    assert (score, points) == (2, 6)
    assert percent <= 100


def test_nobody_passes_a_hundred_percent(ben, course, enrolment):
    for block in ("ask", "code"):
        settle(enrolment, lesson_of(course), block)
    settle(enrolment, lesson_of(course, 1), "other")
    publish(course, quiz())
    assert shown(ben, course) == (6, 6, 100)


def test_recounting_finds_and_mends_every_counter_of_points(ben, course, enrolment):
    settle(enrolment, lesson_of(course), "code")
    publish(course, quiz())
    Enrolment.objects.update(score=9, lost_points=5)
    BlockResult.objects.update(score=1, attempts=7)
    assert {difference.what.rpartition(": ")[2] for difference in differences()} >= {"score", "lost_points", "attempts"}
    assert recount() > 0
    assert differences() == []
    assert shown(ben, course) == (2, 6, 33)
