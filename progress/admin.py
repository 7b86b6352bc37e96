"""What people did, for support: enrolments, completions, attempts. Read only for everyone, superusers too.

Facts are written by learners alone; a correction by hand would make counters and certificates lie. This app is above
courses, so it also adds the number of learners to the list of courses.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from courses.admin import CourseAdmin
from courses.models import Course
from progress.models import Attempt, Enrolment, LessonCompletion


class ReadOnly(admin.ModelAdmin):
    """Rows to search and look at. Counting all of them is left out: these tables grow without end."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnly):
    """Who takes which course."""

    list_display = ("user_email", "course", "completed_lessons", "enrolled_at", "last_activity_at", "completed_at")
    list_select_related = ("user", "course")
    list_filter = (("completed_at", admin.EmptyFieldListFilter), ("left_at", admin.EmptyFieldListFilter), "course")
    search_fields = ("user__email", "course__title", "course__slug")
    fields = (
        "user", "course", "completed_lessons", "last_lesson", "enrolled_at", "last_activity_at", "completed_at",
        "left_at",
    )  # fmt: skip

    @admin.display(description="e-mail", ordering="user__email")
    def user_email(self, row: Enrolment) -> str:
        return row.user.email


class OfEnrolment(ReadOnly):
    """Facts that hang on an enrolment."""

    search_fields = ("enrolment__user__email", "lesson__course__title", "lesson__course__slug", "lesson__title")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Not list_select_related: a row's own page names the enrolment, which reads the person and the course.
        return super().get_queryset(request).select_related("enrolment__user", "enrolment__course", "lesson__course")

    @admin.display(description="e-mail", ordering="enrolment__user__email")
    def user_email(self, row: Any) -> str:
        return row.enrolment.user.email

    @admin.display(description="course", ordering="lesson__course__title")
    def course(self, row: Any) -> str:
        return row.lesson.course.title


@admin.register(LessonCompletion)
class LessonCompletionAdmin(OfEnrolment):
    """Which lessons were completed, and taken back."""

    list_display = ("user_email", "course", "lesson", "revision", "completed_at", "undone_at")
    list_filter = (("undone_at", admin.EmptyFieldListFilter), "completed_at")
    ordering = ("-completed_at", "-pk")
    fields = ("enrolment", "lesson", "revision", "completed_at", "undone_at")


@admin.register(Attempt)
class AttemptAdmin(OfEnrolment):
    """Answers as they were given and judged."""

    list_display = ("user_email", "course", "lesson", "block_uid", "verdict", "score", "verified_by", "created_at")
    list_filter = ("verdict", "verified_by", "created_at")
    fields = (
        "uid", "enrolment", "lesson", "block_uid", "revision", "check_hash", "answer", "verdict", "score",
        "verified_by", "created_at",
    )  # fmt: skip


admin.site.unregister(Course)


@admin.register(Course)
class CourseWithLearnersAdmin(CourseAdmin):
    """Courses with how many people take them."""

    list_display: tuple[str, ...] = ("title", "status", "lessons", "learners", "drafts", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        taking = Enrolment.objects.filter(course=OuterRef("pk"), left_at=None).order_by()
        counted = taking.values("course").annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(learner_count=Coalesce(Subquery(counted), 0))

    @admin.display(description="learners", ordering="learner_count")
    def learners(self, course: Any) -> int:
        return course.learner_count

    def learners_of(self, courses: list[Course]) -> dict[int, int]:
        taking = Enrolment.objects.filter(course__in=courses, left_at=None).order_by()
        counts = dict(taking.values("course").annotate(n=Count("pk")).values_list("course", "n"))
        return {course.pk: counts.get(course.pk, 0) for course in courses}
