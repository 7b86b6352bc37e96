"""Courses and lessons as a person may see them, with their own ticks."""

from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Least
from django.shortcuts import get_object_or_404

from courses.models import Course, Lesson
from courses.selectors import Outline, asked_blocks, lesson_rows, outline_of, outline_rows
from progress.models import BlockResult, Enrolment, LessonCompletion


def course_for(*, user: Any, slug: str) -> Course:
    """A course that the person may see: as in the catalogue, and archived ones that they take. 1 query.

    Raises:
        Http404: there is none, or not for this person.
    """
    seen = Course.objects.visible_to(user).exclude(status=Course.Status.ARCHIVED)
    if user.is_authenticated:
        taken = Enrolment.objects.filter(user=user, course=OuterRef("pk"), left_at=None)
        seen = seen | Course.objects.readable().filter(Exists(taken))
    return get_object_or_404(seen, slug=slug)


def course_outline(*, user: Any, course: Course) -> Outline:
    """The outline with the person's ticks and points. 1 query."""
    rows = outline_rows(course)
    if user.is_authenticated:
        won = BlockResult.objects.filter(
            lesson=OuterRef("pk"), enrolment__user=user, enrolment__left_at=None, is_live=True
        )
        won_points = won.order_by().values("lesson").annotate(n=Sum("score")).values("n")
        rows = rows.annotate(
            is_done=Exists(
                LessonCompletion.objects.filter(
                    lesson=OuterRef("pk"), enrolment__user=user, enrolment__left_at=None, undone_at=None
                )
            ),
            # A block may be worth less than when it was answered: nobody has more of a lesson's points than there are.
            score=Least(F("points"), Coalesce(Subquery(won_points), Value(Decimal(0)))),
        )
    return outline_of(course, rows)


def lesson_for(*, user: Any, lesson_id: int) -> Lesson:
    """A lesson of a course that the person takes, or a preview. 1 query.

    Raises:
        Http404: there is none, or not for this person.
    """
    return get_object_or_404(_readable_lessons(user), pk=lesson_id)


def lesson_at(*, user: Any, course_slug: str, lesson_slug: str) -> Lesson:
    """As `lesson_for`, by address.

    Raises:
        Http404: there is none, or not for this person.
    """
    lessons = _readable_lessons(user).defer("current_revision__public").annotate(asked_blocks=asked_blocks())
    return get_object_or_404(lessons, course__slug=course_slug, slug=lesson_slug)


def lesson_to_copy(*, user: Any, course_slug: str, lesson_slug: str) -> Lesson:
    """As `lesson_at`, with the public content in place of the page. 1 query.

    Raises:
        Http404: there is none, or not for this person.
    """
    return get_object_or_404(_lessons_to_copy(user), course__slug=course_slug, slug=lesson_slug)


def lesson_to_copy_by_id(*, user: Any, lesson_id: int) -> Lesson:
    """As `lesson_to_copy`, by id. 1 query.

    Raises:
        Http404: there is none, or not for this person.
    """
    return get_object_or_404(_lessons_to_copy(user), pk=lesson_id)


def _lessons_to_copy(user: Any) -> QuerySet[Lesson]:
    return _readable_lessons(user).defer("current_revision__html", "current_revision__toc")


def _readable_lessons(user: Any) -> QuerySet[Lesson]:
    previews = lesson_rows().filter(is_preview=True, course__in=Course.objects.published())
    if not user.is_authenticated:
        return previews
    taken = Enrolment.objects.filter(user=user, course=OuterRef("course"), left_at=None)
    enrolled = lesson_rows().filter(Exists(taken), course__in=Course.objects.readable())
    done = LessonCompletion.objects.filter(lesson=OuterRef("pk"), enrolment__user=user, undone_at=None)
    return (previews | enrolled).annotate(is_enrolled=Exists(taken), is_done=Exists(done))


def enrolled_lesson(*, user: Any, lesson_id: int) -> Lesson:
    """A lesson of a course that the person takes, without its body. 1 query.

    Raises:
        Http404: there is none, or the person does not take the course.
    """
    taken = Enrolment.objects.filter(user=user, course=OuterRef("course"), left_at=None)
    lessons = Lesson.objects.open().filter(Exists(taken), course__in=Course.objects.readable())
    return get_object_or_404(lessons.select_related("course"), pk=lesson_id)
