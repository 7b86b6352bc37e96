"""A data set for benchmarks: much of it, quickly, the same for the same seed, and right."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from courses.models import Lesson
from progress.models import Attempt, BlockResult, Certificate, Enrolment, LessonCompletion
from progress.services import load_data
from progress.services.load_data import LoadRefused, generate
from progress.services.recounting import differences
from progress.tests.judged import body_of, exercise, judged_course, predictions, quiz

pytestmark = pytest.mark.django_db


@pytest.fixture
def courses():
    first = judged_course(
        body_of(quiz("a"), quiz("b")), body_of(exercise("c")), body_of(quiz("d")), slug="lines", uid="u1"
    )
    Lesson.objects.filter(course=first, position=0).update(completion_rule="passed")
    second = judged_course(body_of(quiz("e")), body_of(predictions("f")), slug="circles", uid="u2")
    Lesson.objects.filter(course=second, position=1).update(completion_rule="passed")
    return first, second


def facts():
    """Everything that was made, without the database's own numbers."""
    enrolments = Enrolment.objects.order_by("user__email", "course__slug").values_list(
        "user__email", "user__display_name", "user__date_joined", "user__password", "course__slug", "score",
        "completed_lessons", "enrolled_at", "last_activity_at", "completed_at", "last_lesson__slug",
    )  # fmt: skip
    attempts = Attempt.objects.order_by("uid").values_list("uid", "block_uid", "verdict", "score", "created_at")
    completions = LessonCompletion.objects.order_by("completed_at", "lesson__slug")
    return list(enrolments), list(attempts), list(completions.values_list("completed_at", "lesson__slug"))


def empty():
    Attempt.objects.all().delete()
    User.objects.all().delete()


def test_no_counter_differs_from_the_facts(courses):
    counts = generate(learners=400, seed=7)
    assert differences() == []
    assert counts.people == User.objects.count() == 400
    assert counts.enrolments == Enrolment.objects.count() > 400
    assert counts.completions == LessonCompletion.objects.count() > 200
    assert counts.attempts == Attempt.objects.count() > counts.results == BlockResult.objects.count() > 200
    assert Attempt.objects.filter(verdict="failed").exists()
    assert Enrolment.objects.filter(completed_at__isnull=False).exists()
    assert Certificate.objects.filter(enrolment__course__slug="lines").exists()


def test_a_counter_that_is_off_would_be_seen(courses):
    generate(learners=20, seed=7)
    someone = Enrolment.objects.order_by("pk").first()
    Enrolment.objects.filter(pk=someone.pk).update(completed_lessons=someone.completed_lessons + 1, score=999)
    assert len(differences()) == 2


def test_the_same_seed_makes_the_same_and_another_does_not(courses):
    generate(learners=60, seed=1)
    first = facts()
    empty()
    generate(learners=60, seed=1)
    assert facts() == first
    empty()
    generate(learners=60, seed=2)
    assert facts() != first


def test_fewer_learners_are_the_first_of_more(courses):
    generate(learners=10, seed=1)
    few = facts()[0]
    empty()
    generate(learners=30, seed=1)
    assert set(few) < set(facts()[0])


def test_nobody_completes_a_lesson_whose_blocks_nobody_can_pass(courses):
    generate(learners=200, seed=3)
    completed = set(LessonCompletion.objects.values_list("lesson__course__slug", "lesson__position"))
    assert ("circles", 0) in completed
    assert ("circles", 1) not in completed
    # And a rule that can be kept is kept.
    for completion in LessonCompletion.objects.filter(lesson__completion_rule="passed").select_related("enrolment"):
        passed = BlockResult.objects.filter(enrolment=completion.enrolment, lesson=completion.lesson)
        assert passed.exclude(passed_at=None).count() == 2


def test_nobody_of_them_can_log_in(courses):
    generate(learners=5, seed=1)
    assert not any(user.has_usable_password() for user in User.objects.all())
    assert {user.groups.get().name for user in User.objects.all()} == {"learner"}
    assert all(user.emailaddress_set.get().verified for user in User.objects.all())


def test_more_of_the_same_seed_is_refused_and_writes_nothing(courses):
    generate(learners=5, seed=1)
    with pytest.raises(LoadRefused, match="seed 1 are here already"):
        generate(learners=9, seed=1)
    assert User.objects.count() == 5


def test_a_fault_in_the_middle_leaves_nothing(courses, monkeypatch):
    def fail(course):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(load_data, "certify", fail)
    with pytest.raises(RuntimeError):
        generate(learners=5, seed=1)
    assert not User.objects.exists()


def test_the_command_says_what_it_made_and_refuses_what_it_cannot(courses, capsys, settings):
    call_command("generate_load_data", "--learners", "3", "--seed", "1")
    assert capsys.readouterr().out.startswith("3 people, ")
    with pytest.raises(CommandError, match="must be from 1"):
        call_command("generate_load_data", "--learners", "0", "--seed", "1")
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="--in-production"):
        call_command("generate_load_data", "--learners", "3", "--seed", "2")


def test_without_a_course_it_says_what_to_do():
    with pytest.raises(LoadRefused, match="import one first"):
        generate(learners=3, seed=1)
