"""`recount_progress`: facts and counters compared."""

import pytest
from django.core.management import CommandError, call_command

from courses.models import Course
from progress.models import Enrolment
from progress.services.completing import complete_lesson


def test_equal_counters_are_said_to_be_equal(ben, lessons, enrolment, capsys):
    complete_lesson(user=ben, lesson=lessons[0])
    call_command("recount_progress")
    assert "every counter equals its facts" in capsys.readouterr().out


def test_a_wrong_counter_fails_and_is_named(ben, lessons, enrolment, capsys):
    Enrolment.objects.update(completed_lessons=3)
    with pytest.raises(CommandError) as raised:
        call_command("recount_progress")
    assert raised.value.returncode == 1
    assert "stored 3, counted 0" in capsys.readouterr().out


def test_fix_sets_every_counter(ben, course, lessons, enrolment, capsys):
    complete_lesson(user=ben, lesson=lessons[0])
    Enrolment.objects.update(completed_lessons=9)
    Course.objects.update(lesson_count=1, removed_count=5)
    call_command("recount_progress", "--fix")
    assert "3 counters put right" in capsys.readouterr().out
    call_command("recount_progress")
    assert Enrolment.objects.get().completed_lessons == 1
    assert Course.objects.get().lesson_count == 4
