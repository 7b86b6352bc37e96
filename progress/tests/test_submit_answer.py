"""Submitting answers: judged by the server, counted exactly, and telling nothing too early."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.http import Http404
from django.utils import timezone

from accounts.tests.factories import UserFactory
from courses.selectors import block_of
from progress.models import Attempt, BlockResult, CheckJob, Enrolment, PredictionFile
from progress.selectors.attempts import attempt_document, attempt_of, attempts_in, queue_position, tries_left
from progress.selectors.practice import lesson_practice
from progress.services import results
from progress.services.attempting import AnswerRefused, Conflict
from progress.services.enrolling import enroll, leave_course
from progress.services.revealing import reveal_solution
from progress.tests.practice_course import (
    BAD,
    GOOD,
    RIGHT,
    answer,
    exercise,
    multiple,
    practice_course,
    predictions,
    republish,
    single,
)

pytestmark = pytest.mark.usefixtures("sandbox_runtime")


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def lesson(ben):
    course, lesson = practice_course(single(), multiple(), exercise(), predictions())
    enroll(user=ben, course=course)
    return lesson


def _score(user):
    return Enrolment.objects.get(user=user).score


# --- quizzes ---


def test_a_right_answer_passes_with_all_points(ben, lesson):
    attempt = answer(ben, lesson, "q1", "b")
    assert (attempt.verdict, attempt.score, attempt.max_score) == ("passed", 2, 2)
    assert attempt.verified_by == "server"
    assert attempt.outcome["explanation"]
    assert _score(ben) == 2
    result = BlockResult.objects.get()
    assert (result.score, result.attempts, result.passed_hash) == (2, 1, attempt.check_hash)


def test_a_wrong_answer_tells_about_what_was_chosen_and_not_what_is_right(ben, lesson):
    attempt = answer(ben, lesson, "q1", {"choice": "a"})
    assert (attempt.verdict, attempt.score) == ("failed", 0)
    assert [choice["id"] for choice in attempt.outcome["choices"]] == ["a"]
    assert attempt.outcome["explanation"] is None
    assert attempt.outcome["correct"] is None
    assert "Two it is" not in json.dumps(attempt.outcome)


def test_the_last_try_tells_the_answer(ben, lesson):
    answer(ben, lesson, "q1", "a")
    answer(ben, lesson, "q1", "c")
    last = answer(ben, lesson, "q1", "a")
    assert last.outcome["correct"] == ["b"]
    assert "Two it is" in last.outcome["explanation"]


def test_after_the_last_try_nothing_is_taken(ben, lesson):
    for _ in range(3):
        answer(ben, lesson, "q1", "a")
    with pytest.raises(Conflict, match="No tries are left"):
        answer(ben, lesson, "q1", "b")
    assert Attempt.objects.count() == 3


def test_a_changed_question_gives_new_tries(ben, lesson):
    for _ in range(3):
        answer(ben, lesson, "q1", "a")
    republish(lesson, single(points=3))
    assert tries_left(user=ben, lesson=lesson, block=block_of(lesson, "q1")) == 3
    assert answer(ben, lesson, "q1", "b").score == 3


def test_a_corrected_sentence_gives_none(ben, lesson):
    for _ in range(3):
        answer(ben, lesson, "q1", "a")
    republish(lesson, single(prompt="How many are there?"))
    with pytest.raises(Conflict):
        answer(ben, lesson, "q1", "b")


def test_partial_credit_gives_a_share_and_the_best_score_stays(ben, lesson):
    assert answer(ben, lesson, "m1", ["a"]).score == 1
    assert answer(ben, lesson, "m1", ["c"]).score == 0
    assert _score(ben) == 1
    result = BlockResult.objects.get()
    assert (result.score, result.attempts, result.passed_at) == (1, 2, None)
    assert answer(ben, lesson, "m1", ["a", "b"]).score == 2
    assert _score(ben) == 2


def test_a_later_wrong_answer_takes_no_pass_away(ben, lesson):
    passed = answer(ben, lesson, "q1", "b")
    answer(ben, lesson, "q1", "a")
    result = BlockResult.objects.get()
    assert (result.score, result.passed_at, result.attempts) == (2, passed.checked_at, 2)
    assert _score(ben) == 2


@pytest.mark.parametrize("given", [None, 7, "", "z", ["a", "b"], {"choice": "a", "more": 1}, {"else": "a"}, "a\0", []])
def test_a_malformed_answer_is_refused_and_costs_nothing(ben, lesson, given):
    with pytest.raises(AnswerRefused):
        answer(ben, lesson, "q1", given)
    assert Attempt.objects.count() == 0
    assert tries_left(user=ben, lesson=lesson, block=block_of(lesson, "q1")) == 3


def test_a_question_without_a_key_cannot_be_answered(ben, lesson):
    republish(lesson, single(graded=False, missing="which choice is right"))
    with pytest.raises(Conflict, match="nothing to check"):
        answer(ben, lesson, "q1", "b")


# --- who and where ---


def test_who_does_not_take_the_course_cannot_answer(cy, lesson):
    with pytest.raises(Http404):
        answer(cy, lesson, "q1", "b")


def test_who_left_cannot_answer_and_finds_everything_after_a_return(ben, lesson):
    answer(ben, lesson, "q1", "b")
    leave_course(user=ben, course=lesson.course)
    with pytest.raises(Http404):
        answer(ben, lesson, "q1", "b")
    enroll(user=ben, course=lesson.course)
    assert _score(ben) == 2


@pytest.mark.parametrize("block_id", ["nowhere", "", "q1\0", "$.q1", "'"])
def test_an_unknown_block_is_not_found(ben, lesson, block_id):
    with pytest.raises(Http404):
        answer(ben, lesson, block_id, "b")


def test_a_lesson_that_was_removed_or_is_not_open_yet_takes_no_answers(ben, lesson):
    later = timezone.now() + timedelta(days=1)
    for change, back in ({"removed_at": timezone.now()}, {"removed_at": None}), ({"available_from": later}, {}):
        type(lesson).objects.filter(pk=lesson.pk).update(**change)
        with pytest.raises(Http404):
            answer(ben, lesson, "q1", "b")
        type(lesson).objects.filter(pk=lesson.pk).update(**back or {"available_from": None})
    assert answer(ben, lesson, "q1", "b").verdict == "passed"


def test_an_attempt_is_found_by_its_person_alone(ben, cy, lesson):
    attempt = answer(ben, lesson, "q1", "b")
    enroll(user=cy, course=lesson.course)
    assert attempt_of(user=ben, uid=attempt.uid) == attempt
    assert list(attempts_in(user=ben, lesson=lesson, block_id="q1")) == [attempt]
    assert not attempts_in(user=cy, lesson=lesson, block_id="q1")
    with pytest.raises(Http404):
        attempt_of(user=cy, uid=attempt.uid)


# --- the same answer again ---


def test_the_same_uid_is_the_same_attempt_and_counts_once(ben, lesson):
    uid = uuid4()
    first = answer(ben, lesson, "q1", "a", uid=uid)
    again = answer(ben, lesson, "q1", "b", uid=uid)
    assert (again.pk, again.verdict) == (first.pk, "failed")
    assert BlockResult.objects.get().attempts == 1


def test_the_first_answer_comes_back_also_when_no_try_is_left_or_the_block_is_gone(ben, lesson):
    uid = uuid4()
    first = answer(ben, lesson, "q1", "a", uid=uid)
    answer(ben, lesson, "q1", "a")
    answer(ben, lesson, "q1", "a")
    assert answer(ben, lesson, "q1", "a", uid=uid) == first
    republish(lesson, exercise())
    assert answer(ben, lesson, "q1", "a", uid=uid) == first


def test_a_uid_of_another_answer_is_refused(ben, cy, lesson):
    uid = answer(ben, lesson, "q1", "a").uid
    enroll(user=cy, course=lesson.course)
    with pytest.raises(Conflict, match="uid"):
        answer(ben, lesson, "m1", ["a"], uid=uid)
    with pytest.raises(Conflict, match="uid"):
        answer(cy, lesson, "q1", "a", uid=uid)
    assert Attempt.objects.count() == 1


# --- exercises ---


def test_right_code_passes_in_the_response_without_any_worker(ben, lesson):
    attempt = answer(ben, lesson, "e1", {"code": GOOD})
    assert (attempt.verdict, attempt.score, attempt.verified_by) == ("passed", 5, "server")
    assert attempt.answer == GOOD
    assert not CheckJob.objects.exists()
    assert _score(ben) == 5


def test_code_that_fails_a_hidden_check_is_told_their_number_alone(ben, lesson):
    attempt = answer(ben, lesson, "e1", BAD)
    assert (attempt.verdict, attempt.score) == ("failed", 0)
    assert attempt.outcome["hidden"] == {"passed": 0, "total": 1}
    assert attempt.outcome["checks"][0]["passed"]
    told = json.dumps(attempt_document(attempt, block_of(lesson, "e1"))["feedback"])
    assert "42" not in told
    assert "double(21)" not in told


def test_a_pass_after_the_solution_was_shown_has_no_points(ben, lesson):
    reveal_solution(user=ben, lesson=lesson, block_id="e1")
    attempt = answer(ben, lesson, "e1", GOOD)
    assert (attempt.verdict, attempt.score, attempt.after_solution) == ("passed", 0, True)
    assert BlockResult.objects.get().passed_at is not None
    assert _score(ben) == 0


def test_looking_at_the_solution_after_a_pass_costs_nothing(ben, lesson):
    answer(ben, lesson, "e1", GOOD)
    reveal_solution(user=ben, lesson=lesson, block_id="e1")
    attempt = answer(ben, lesson, "e1", GOOD)
    assert (attempt.score, attempt.after_solution) == (5, False)
    assert _score(ben) == 5


def test_code_over_64_kb_is_refused(ben, lesson):
    with pytest.raises(AnswerRefused, match="64 kB"):
        answer(ben, lesson, "e1", "#" + "ы" * 33_000)


def test_at_most_three_answers_to_an_exercise_wait(ben, lesson):
    for _ in range(3):
        assert answer(ben, lesson, "e1", GOOD, prefer_wait=False).verdict == "pending"
    with pytest.raises(Conflict, match="3 of your answers"):
        answer(ben, lesson, "e1", GOOD, prefer_wait=False)


def test_at_most_twenty_answers_of_a_person_wait_in_all_courses(ben, lesson):
    other, elsewhere = practice_course(*(exercise(f"x{number}") for number in range(20)))
    enroll(user=ben, course=other)
    answer(ben, lesson, "e1", GOOD, prefer_wait=False)
    for number in range(19):
        answer(ben, elsewhere, f"x{number}", GOOD, prefer_wait=False)
    with pytest.raises(Conflict, match="20 of your answers"):
        answer(ben, elsewhere, "x19", GOOD, prefer_wait=False)


def test_a_persons_answers_of_a_day_are_bounded_and_retries_are_not_counted(ben, cy, lesson, monkeypatch):
    monkeypatch.setattr("progress.services.attempting.ANSWERS_PER_DAY", 2)
    first = answer(ben, lesson, "m1", ["a"])
    answer(ben, lesson, "q1", "a")
    with pytest.raises(Conflict, match="24 hours"):
        answer(ben, lesson, "m1", ["b"])
    assert answer(ben, lesson, "m1", ["a"], uid=first.uid) == first
    enroll(user=cy, course=lesson.course)
    assert answer(cy, lesson, "m1", ["a"]).verdict == "failed"
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert answer(ben, lesson, "m1", ["b"]).verdict == "failed"


def test_an_exercise_in_another_language_cannot_be_checked(ben, lesson):
    republish(lesson, exercise(language="r"))
    with pytest.raises(Conflict, match="Python"):
        answer(ben, lesson, "e1", "f <- 1")


# --- predictions ---


def test_predictions_that_reach_the_threshold_pass(ben, lesson):
    attempt = answer(ben, lesson, "p1", {"predictions": RIGHT})
    assert (attempt.verdict, attempt.score) == ("passed", 10)
    assert attempt.outcome["private_score"] == 1.0
    assert attempt.answer["rows"] == 8
    assert PredictionFile.objects.get().attempt == attempt


def test_the_private_score_is_not_told_before_a_pass(ben, lesson):
    wrong = [*RIGHT[:3], *(1 - label for label in RIGHT[3:])]
    attempt = answer(ben, lesson, "p1", "\n".join(map(str, wrong)))
    assert (attempt.verdict, attempt.score) == ("failed", 0)
    assert attempt.outcome["public_score"] == 1.0
    assert attempt.outcome["private_score"] is None


def test_tries_are_counted_by_the_persons_own_day(ben, lesson, monkeypatch):
    ben.time_zone = "Pacific/Kiritimati"  # its day begins at 10:00 of UTC
    ben.save()
    today = timezone.now().replace(hour=9, minute=59)
    monkeypatch.setattr(timezone, "now", lambda: today)
    for _ in range(2):
        answer(ben, lesson, "p1", RIGHT)
    with pytest.raises(Conflict, match="today"):
        answer(ben, lesson, "p1", RIGHT)
    monkeypatch.setattr(timezone, "now", lambda: today + timedelta(minutes=2))
    assert answer(ben, lesson, "p1", RIGHT).verdict == "passed"


def test_who_moves_through_the_time_zones_has_two_days_tries_in_a_day_and_no_more(ben, lesson, monkeypatch):
    ten = timezone.now().replace(hour=10, minute=30)
    given = 0
    # The day has just begun in each of them.
    for hours, zone in enumerate(["Etc/GMT-14", "Etc/GMT-13", "Etc/GMT-12", "Etc/GMT-11"]):
        monkeypatch.setattr(timezone, "now", lambda now=ten + timedelta(hours=hours): now)
        ben.time_zone = zone
        ben.save()
        while lesson_practice(user=ben, lesson=lesson).states["p1"].tries_left:
            answer(ben, lesson, "p1", RIGHT)
            given += 1
        with pytest.raises(Conflict, match="today"):
            answer(ben, lesson, "p1", RIGHT)
    assert given == 4


def test_a_changed_task_gives_no_new_tries_today(ben, lesson):
    for _ in range(2):
        answer(ben, lesson, "p1", RIGHT)
    republish(lesson, predictions(threshold=0.9))
    with pytest.raises(Conflict, match="today"):
        answer(ben, lesson, "p1", RIGHT)


@pytest.mark.parametrize("given", [RIGHT[:7], ["x"] * 8, "a,b,c,d,e\n", None, {}, [None] * 8])
def test_predictions_that_cannot_be_read_cost_no_try(ben, lesson, given):
    with pytest.raises(AnswerRefused):
        answer(ben, lesson, "p1", given)
    assert Attempt.objects.count() == 0


def test_labels_that_are_not_there_are_no_fault_of_the_learner(ben, lesson):
    republish(lesson, predictions(name=f"{'9c' * 32}.private"))
    default_storage.delete(f"private/{'9c' * 32}.private")
    with pytest.raises(Conflict, match="cannot be read"):
        answer(ben, lesson, "p1", RIGHT)


# --- what is told ---


def test_the_document_of_an_attempt(ben, lesson, django_assert_max_num_queries):
    attempt = answer(ben, lesson, "q1", "a")
    attempt = attempt_of(user=ben, uid=attempt.uid)
    block = block_of(lesson, "q1")
    attempt.enrolment.user = ben
    with django_assert_max_num_queries(3):
        told = attempt_document(attempt, block)
    assert (told["verdict"], told["score"], told["max_score"], told["attempts_left"]) == ("failed", 0, 2, 2)
    assert told["result"] == {"best_score": 0, "max_score": 2, "is_passed": False, "attempts": 1}
    assert told["position"] is None
    assert told["is_outdated"] is False
    assert told["progress"].course_id == lesson.course_id
    republish(lesson, single(points=3))
    assert attempt_document(attempt, block_of(lesson, "q1"))["is_outdated"] is True


def test_what_waits_says_so_and_where(ben, cy, lesson):
    enroll(user=cy, course=lesson.course)
    first = answer(ben, lesson, "e1", GOOD, prefer_wait=False)
    second = answer(ben, lesson, "e1", GOOD, prefer_wait=False)
    third = answer(cy, lesson, "e1", GOOD, prefer_wait=False)
    assert [queue_position(each) for each in (first, second, third)] == [1, 3, 2]
    told = attempt_document(second, block_of(lesson, "e1"))
    assert (told["verdict"], told["position"]) == ("pending", 3)
    assert told["feedback"] == {"message": "Waiting to be checked."}
    assert told["result"]["attempts"] == 0


# --- races ---


def _in_threads(count, work):
    start = Barrier(count)

    def run(number):
        start.wait()
        try:
            return work(number)
        except Conflict as conflict:
            return conflict
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_twelve_answers_at_once_use_exactly_three_tries(ben, lesson):
    answers = _in_threads(12, lambda number: answer(ben, lesson, "q1", "a"))
    assert sum(isinstance(each, Attempt) for each in answers) == 3
    assert Attempt.objects.count() == 3
    assert BlockResult.objects.get().attempts == 3


@pytest.mark.django_db(transaction=True)
def test_one_uid_at_once_from_many_places_is_one_attempt(ben, lesson):
    uid = uuid4()
    answers = _in_threads(8, lambda number: answer(ben, lesson, "m1", ["a", "b"], uid=uid))
    assert len({each.pk for each in answers}) == 1
    assert BlockResult.objects.get().attempts == 1
    assert _score(ben) == 2


@pytest.mark.django_db(transaction=True)
def test_one_uid_at_once_from_two_people_is_one_attempt_and_one_refusal(ben, cy, lesson):
    enroll(user=cy, course=lesson.course)
    for _ in range(5):
        uid = uuid4()
        answers = _in_threads(2, lambda number, uid=uid: answer([ben, cy][number], lesson, "m1", ["a"], uid=uid))
        assert sorted(type(each) is Attempt for each in answers) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_points_of_answers_at_once_are_all_counted(lesson):
    people = [UserFactory() for _ in range(3)]
    for person in people:
        enroll(user=person, course=lesson.course)
    given = {"q1": "b", "m1": ["a", "b"], "p1": RIGHT}
    work = [(person, block, value) for person in people for block, value in given.items()]
    _in_threads(9, lambda number: answer(work[number][0], lesson, work[number][1], work[number][2]))
    assert [_score(person) for person in people] == [Decimal(14)] * 3
    assert results.result_differences() == []


@pytest.mark.django_db(transaction=True)
def test_pending_answers_at_once_stop_at_three(ben, lesson):
    answers = _in_threads(6, lambda number: answer(ben, lesson, "e1", GOOD, prefer_wait=False))
    assert sum(isinstance(each, Attempt) for each in answers) == 3
    assert CheckJob.objects.count() == 3


def test_the_database_lets_nobody_judge_twice(ben, lesson):
    attempt = answer(ben, lesson, "q1", "a")
    with pytest.raises(Exception, match="an attempt is never changed"), transaction.atomic():
        Attempt.objects.filter(pk=attempt.pk).update(verdict="passed", verified_by="server")
