"""Hints come one at a time, the solution after a pass or for giving up; nothing of both is told before."""

import pytest
from django.http import Http404

from progress.models import Reveal
from progress.selectors.practice import lesson_practice
from progress.services.enrolling import enroll
from progress.services.revealing import reveal_hint, reveal_solution, shown_hints
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz


@pytest.fixture
def lesson(ben):
    course = judged_course(body_of(quiz(), exercise()))
    enroll(user=ben, course=course)
    return lesson_of(course)


def test_hints_come_one_at_a_time_and_end(ben, lesson):
    assert shown_hints(user=ben, lesson=lesson, block_id="code") == ([], 2)
    assert len(reveal_hint(user=ben, lesson=lesson, block_id="code")) == 1
    both = reveal_hint(user=ben, lesson=lesson, block_id="code")
    assert reveal_hint(user=ben, lesson=lesson, block_id="code") == both
    assert ["Two times" in both[0], "<code>*</code>" in both[1]] == [True, True]
    assert Reveal.objects.count() == 2


def test_the_state_of_a_block_holds_what_was_shown_and_nothing_more(ben, lesson):
    reveal_hint(user=ben, lesson=lesson, block_id="code")
    state = lesson_practice(user=ben, lesson=lesson).states["code"]
    assert (state.hints_shown, state.solution_shown) == (1, False)
    assert "Two times" in state.hints[0]
    reveal_solution(user=ben, lesson=lesson, block_id="code")
    state = lesson_practice(user=ben, lesson=lesson).states["code"]
    assert "return" in state.solution


def test_one_persons_hints_are_not_anothers(ben, cy, lesson):
    reveal_hint(user=ben, lesson=lesson, block_id="code")
    enroll(user=cy, course=lesson.course)
    assert shown_hints(user=cy, lesson=lesson, block_id="code")[0] == []
    assert lesson_practice(user=cy, lesson=lesson).states["code"].hints == []


def test_showing_the_solution_twice_is_one_fact(ben, lesson):
    first = reveal_solution(user=ben, lesson=lesson, block_id="code")
    assert reveal_solution(user=ben, lesson=lesson, block_id="code") == first
    assert Reveal.objects.get().kind == Reveal.Kind.SOLUTION


@pytest.mark.parametrize("reveal", [reveal_hint, reveal_solution])
@pytest.mark.parametrize("block", ["ask", "none"])
def test_a_block_without_them_is_not_found(ben, lesson, reveal, block):
    with pytest.raises(Http404):
        reveal(user=ben, lesson=lesson, block_id=block)


@pytest.mark.parametrize("reveal", [reveal_hint, reveal_solution])
def test_a_stranger_is_shown_nothing(cy, lesson, reveal):
    with pytest.raises(Http404):
        reveal(user=cy, lesson=lesson, block_id="code")
    assert not Reveal.objects.exists()
