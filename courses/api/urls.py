"""Catalogue routes of API version 1."""

from django.urls import path

from courses.api import views

urlpatterns = [path("courses", views.CourseList.as_view(), name="api-courses")]
