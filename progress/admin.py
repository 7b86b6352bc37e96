"""What people did, for support: enrolments, completions, attempts, results, certificates, and what waits for a check.

Read only for everyone, superusers too.

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
from progress.models import Attempt, BlockResult, Certificate, CheckJob, Enrolment, LessonCompletion


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
        "user", "course", "completed_lessons", "score", "lost_points", "on_leaderboard", "last_lesson", "enrolled_at",
        "last_activity_at", "completed_at",
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
        "uid", "enrolment", "lesson", "block_uid", "block_type", "revision", "check_hash", "answer", "verdict", "score",
        "max_score", "after_solution", "outcome", "verified_by", "recheck_of", "created_at", "checked_at",
    )  # fmt: skip


@admin.register(BlockResult)
class BlockResultAdmin(OfEnrolment):
    """The best in each block."""

    list_display = ("user_email", "course", "lesson", "block_uid", "score", "max_score", "attempts", "passed_at")
    list_filter = ("block_type", ("passed_at", admin.EmptyFieldListFilter), "is_live")
    ordering = ("-updated_at", "-pk")
    fields = (
        "enrolment", "lesson", "block_uid", "block_type", "score", "max_score", "attempts", "passed_at", "passed_hash",
        "is_live", "updated_at",
    )  # fmt: skip


@admin.register(CheckJob)
class CheckJobAdmin(ReadOnly):
    """Answers that wait to be checked, in their order. A fault that repeats needs somebody to look at the server."""

    list_display = ("user_email", "lesson", "block_uid", "turn", "tries", "not_before", "lease_until", "last_fault")
    list_filter = ("tries",)
    ordering = ("turn", "created_at", "pk")
    search_fields = ("attempt__enrolment__user__email", "attempt__lesson__course__title", "last_fault")
    fields = ("attempt", "turn", "tries", "created_at", "not_before", "lease_until", "last_fault")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("attempt__enrolment__user", "attempt__lesson__course")

    @admin.display(description="e-mail", ordering="attempt__enrolment__user__email")
    def user_email(self, row: CheckJob) -> str:
        return row.attempt.enrolment.user.email

    @admin.display(description="lesson", ordering="attempt__lesson__title")
    def lesson(self, row: CheckJob) -> str:
        return row.attempt.lesson.title

    @admin.display(description="block", ordering="attempt__block_uid")
    def block_uid(self, row: CheckJob) -> str:
        return row.attempt.block_uid


@admin.register(Certificate)
class CertificateAdmin(ReadOnly):
    """Certificates as they were issued."""

    list_display = ("uid", "user_email", "course", "issued_at")
    search_fields = ("uid", "enrolment__user__email", "enrolment__course__title")
    ordering = ("-issued_at", "-pk")
    fields = ("uid", "enrolment", "snapshot", "issued_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("enrolment__user", "enrolment__course")

    @admin.display(description="e-mail", ordering="enrolment__user__email")
    def user_email(self, row: Certificate) -> str:
        return row.enrolment.user.email

    @admin.display(description="course", ordering="enrolment__course__title")
    def course(self, row: Certificate) -> str:
        return row.enrolment.course.title


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
