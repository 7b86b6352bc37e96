"""Taking and leaving a course, and the lock that every write of a person's facts takes."""

from typing import Any

from django.db import connection, transaction
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from courses.models import Course
from progress.models import Enrolment

# The locks are taken in the order of FROM.
_HOLD = f"""
    SELECT FROM {User._meta.db_table} person, {Course._meta.db_table} course
    WHERE person.id = {{person}} AND course.id = %s FOR KEY SHARE OF person, course
"""  # noqa: S608 (constants)


@transaction.atomic
def enroll(*, user: Any, course: Course) -> Enrolment:
    """Take a course. Idempotent; coming back after leaving finds everything as it was.

    Raises:
        Http404: the course is not open.
    """
    if course.status != Course.Status.PUBLISHED and not _takes(user, course):
        raise Http404("this course is not open")
    enrolment, created = Enrolment.objects.get_or_create(user=user, course=course)
    if not created and enrolment.left_at is not None:
        enrolment = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
        enrolment.left_at = None
        enrolment.last_activity_at = timezone.now()
        enrolment.save(update_fields=["left_at", "last_activity_at"])
    return enrolment


def _takes(user: Any, course: Course) -> bool:
    return Enrolment.objects.filter(user=user, course=course, left_at=None).exists()


def leave_course(*, user: Any, course: Course) -> None:
    """Stop taking a course. Idempotent; what was done is kept for a return."""
    Enrolment.objects.filter(user=user, course=course, left_at=None).update(left_at=timezone.now())


@transaction.atomic
def show_on_leaderboards(*, user: Any, course: Course, shown: bool) -> None:
    """Show a person to the others who take the course, or not. Idempotent. Raises Http404 when not enrolled."""
    enrolment = locked_enrolment(user, course.pk)
    if enrolment.on_leaderboard != shown:
        enrolment.on_leaderboard = shown
        enrolment.save(update_fields=["on_leaderboard"])


def locked_enrolment(user: Any, course_id: int) -> Enrolment:
    _hold("%s", user.pk, course_id)
    rows = Enrolment.objects.select_for_update().filter(user=user, course_id=course_id, left_at=None)
    enrolment = rows.first()
    if enrolment is None:
        raise Http404("not enrolled")
    return enrolment


def locked_enrolment_of(enrolment_id: int, course_id: int) -> Enrolment | None:
    """The same row by its id, also of a person who has left; None when it was deleted."""
    _hold(f"(SELECT user_id FROM {Enrolment._meta.db_table} WHERE id = %s)", enrolment_id, course_id)  # noqa: S608
    return Enrolment.objects.select_for_update().filter(pk=enrolment_id).first()


def _hold(person: str, person_value: int, course_id: int) -> None:
    # The person first: who deletes an account holds its row and then deletes what hangs on it, this enrolment too. A
    # write that had the enrolment and came to the person only by a foreign key would wait for the deletion, which waits
    # for the enrolment.
    # A publication holds the course's row; without this lock it and a completion could each miss the other, and a
    # course that is finished would not be recognised as finished. Learners do not wait for each other by it.
    with connection.cursor() as cursor:
        cursor.execute(_HOLD.format(person=person), [person_value, course_id])
