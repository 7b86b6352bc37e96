"""Who may do what with which course in the admin. Owns the rule; every admin page of this app asks here.

Two things must be true: the role has the permission (`change_lesson`, …), and the course is one's own, or one has
`edit_any_course`. Publishing needs `publish_course` as well. A row of somebody else's course does not exist.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from courses.models import Course
from courses.selectors import may_edit


def is_mine(request: HttpRequest, course: Course) -> bool:
    """Whether the person may edit this course. One query a course and request: Django asks many times a page."""
    known = request.__dict__.setdefault("_editable_courses", {})
    if course.pk not in known:
        known[course.pk] = may_edit(request.user, course)
    return known[course.pk]


def may_publish(request: HttpRequest, course: Course | None = None) -> bool:
    """Whether the person may change what learners see: of this course, or of any of their own."""
    if not request.user.has_perm("courses.publish_course"):
        return False
    return course is None or is_mine(request, course)


class CourseRights(admin.ModelAdmin):
    """A ModelAdmin whose rows belong to courses. Nothing is deleted here: courses close, lessons become tombstones."""

    course_path = "course"  # from a row to its course; empty where the row is the course

    def course_of(self, row: Any) -> Course:
        return getattr(row, self.course_path) if self.course_path else row

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        editable = Course.objects.editable_by(request.user)
        return super().get_queryset(request).filter(**{f"{self.course_path or 'pk'}__in": editable.values("pk")})

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and (obj is None or is_mine(request, self.course_of(obj)))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or is_mine(request, self.course_of(obj)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may_publish(request)

    def row_or_404(self, request: HttpRequest, object_id: str | int, *, to_change: bool = True) -> Any:
        """The row for a page of our own.

        Raises:
            Http404: it is not there, or belongs to somebody else's course.
            PermissionDenied: the role may look at it, and no more.
        """
        row = self.get_object(request, str(object_id))
        if row is None:
            raise Http404("no such row")
        allowed = self.has_change_permission if to_change else self.has_view_or_change_permission
        if not allowed(request, row):
            raise PermissionDenied
        return row

    def page(self, request: HttpRequest, row: Model, **context: Any) -> dict[str, Any]:
        """The context that every page of the admin's frame needs."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "media": self.media,
            **context,
        }
