"""Progress routes of API version 1."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from progress.api import views


class IdConverter(IntConverter):
    """An id that fits PostgreSQL's bigint: a longer number is a 404 and not an out-of-range fault."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")

urlpatterns = [
    path("dashboard/my-courses", views.MyCourses.as_view(), name="api-my-courses"),
    path("courses/<slug:slug>", views.CourseDetail.as_view(), name="api-course"),
    path("courses/<slug:slug>/enrolment", views.EnrolmentDetail.as_view(), name="api-enrolment"),
    path("lessons/<id:lesson_id>", views.LessonDetail.as_view(), name="api-lesson"),
    path("lessons/<id:lesson_id>/completion", views.CompletionDetail.as_view(), name="api-completion"),
]
