"""Results and scores follow from the attempts, in whatever order these are settled."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import timezone

from courses.tests.factories import published_course
from progress.models import Attempt, BlockResult, Enrolment
from progress.services import results
from progress.services.enrolling import enroll
from progress.tests.practice_course import answer, multiple, practice_course, republish, single

BLOCKS = ("a", "b", "c")
HASHES = ("1" * 64, "2" * 64, "3" * 64)


@pytest.fixture
def lesson(ben):
    course, lesson = practice_course(single(), multiple())
    enroll(user=ben, course=course)
    return lesson


@pytest.fixture
def enrolment(ben, lesson):
    return Enrolment.objects.get(user=ben)


def _expected(attempts):
    """What the results should be, said once more in plain Python."""
    found = {}
    for block in {attempt.block_uid for attempt in attempts}:
        mine = sorted((a for a in attempts if a.block_uid == block and a.verdict != "pending"), key=lambda a: a.pk)
        if not mine:
            continue
        passes = [attempt for attempt in mine if attempt.verdict == "passed"]
        best = max(attempt.score for attempt in mine)
        found[block] = (
            sum(attempt.recheck_of_id is None for attempt in mine),
            best,
            min(attempt.max_score for attempt in mine if attempt.score == best),
            min((attempt.checked_at for attempt in passes), default=None),
            passes[-1].check_hash if passes else "",
            mine[-1].pk,
        )
    return found


def _stored(enrolment):
    rows = BlockResult.objects.filter(enrolment=enrolment)
    return {
        r.block_uid: (r.attempts, r.score, r.max_score, r.passed_at, r.passed_hash, r.last_attempt_id) for r in rows
    }


def _settle(attempt, luck):
    passed = luck.random() < 0.4
    Attempt.objects.filter(pk=attempt.pk).update(
        verdict="passed" if passed else "failed",
        score=attempt.max_score if passed else attempt.max_score * luck.choice([0, 0, 1]) / 2,
        verified_by="server",
        checked_at=timezone.now() - timedelta(seconds=luck.randrange(10_000)),
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_attempts_settled_in_random_order_give_what_a_rebuild_gives(enrolment, lesson, seed):
    luck = random.Random(seed)  # noqa: S311
    pending = []
    for _ in range(luck.randrange(1, 25)):
        earlier = luck.choice(pending) if pending and luck.random() < 0.2 else None
        attempt = Attempt.objects.create(
            enrolment=enrolment, lesson=lesson, block_uid=earlier.block_uid if earlier else luck.choice(BLOCKS),
            block_type="exercise", revision=1, check_hash=luck.choice(HASHES), answer="x", verdict="pending",
            max_score=luck.choice([0, 1, 2, 5]), recheck_of=earlier,
        )  # fmt: skip
        pending.append(attempt)
        enrolment.lesson = lesson
    waiting = list(pending)
    luck.shuffle(waiting)
    for attempt in waiting[: luck.randrange(len(waiting) + 1)]:
        _settle(attempt, luck)
        settled = Attempt.objects.get(pk=attempt.pk)
        settled.enrolment = enrolment
        results.record(settled)
    expected = _expected(Attempt.objects.all())
    assert _stored(enrolment) == expected
    assert Enrolment.objects.get().score == sum((row[1] for row in expected.values()), Decimal(0))
    assert results.result_differences() == []
    BlockResult.objects.all().delete()
    Enrolment.objects.update(score=77)
    assert len(results.rebuild(Enrolment.objects.get())) == len(expected) + 1
    assert _stored(enrolment) == expected
    assert Enrolment.objects.get().score == sum((row[1] for row in expected.values()), Decimal(0))


def test_wrong_results_are_found_and_put_right(ben, cy, lesson, enrolment):
    enroll(user=cy, course=lesson.course)
    answer(cy, lesson, "q1", "b")
    answer(ben, lesson, "q1", "b")
    answer(ben, lesson, "m1", ["a"])
    right = _stored(enrolment)
    BlockResult.objects.filter(enrolment=enrolment, block_uid="q1").update(attempts=9, score=1)
    BlockResult.objects.filter(enrolment=enrolment, block_uid="m1").delete()
    found = {difference.what.partition(": ")[2]: difference for difference in results.result_differences()}
    place = f"result of lesson {lesson.pk}, block"
    assert set(found) == {f"{place} q1: attempts", f"{place} q1: score", f"{place} m1"}
    assert (found[f"{place} q1: attempts"].stored, found[f"{place} q1: attempts"].counted) == (9, 1)
    assert {difference.enrolment_id for difference in found.values()} == {enrolment.pk}
    assert len(results.rebuild(Enrolment.objects.get(user=ben))) == 3
    assert _stored(enrolment) == right
    assert results.result_differences() == []
    assert results.rebuild(Enrolment.objects.get(user=ben)) == []


def test_the_command_finds_wrong_results_and_puts_them_right(ben, lesson, enrolment, capsys):
    answer(ben, lesson, "q1", "b")
    Enrolment.objects.update(score=1)
    with pytest.raises(Exception, match="differ"):
        call_command("recount_progress")
    call_command("recount_progress", fix=True)
    assert Enrolment.objects.get().score == 2
    call_command("recount_progress")
    assert "every counter equals its facts" in capsys.readouterr().out


def test_a_result_of_nothing_is_taken_away(ben, lesson, enrolment):
    attempt = answer(ben, lesson, "q1", "b")
    BlockResult.objects.create(
        enrolment=enrolment, lesson=lesson, block_uid="ghost", block_type="quiz", last_attempt=attempt
    )
    assert [difference.counted for difference in results.result_differences()] == ["missing"]
    results.rebuild(Enrolment.objects.get())
    assert not BlockResult.objects.filter(block_uid="ghost").exists()


def test_fewer_points_after_a_change_take_nothing_away(ben, lesson, enrolment):
    answer(ben, lesson, "q1", "b")
    republish(lesson, single(points=1))
    answer(ben, lesson, "q1", "b")
    enrolment.refresh_from_db()
    assert (enrolment.score, enrolment.lost_points) == (2, 1)
    result = BlockResult.objects.get()
    assert (result.score, result.max_score) == (2, 2)


def test_results_of_the_same_block_id_in_two_lessons_stay_apart(ben, lesson, enrolment):
    course, other = practice_course(single())
    enroll(user=ben, course=course)
    answer(ben, lesson, "q1", "b")
    answer(ben, other, "q1", "a")
    assert {(r.lesson_id, r.score) for r in BlockResult.objects.all()} == {(lesson.pk, 2), (other.pk, 0)}


def test_a_course_without_answers_has_no_differences(ben):
    enroll(user=ben, course=published_course())
    assert results.result_differences() == []
