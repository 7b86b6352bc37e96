"""Django application: see README.md in this folder."""

from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "courses"
