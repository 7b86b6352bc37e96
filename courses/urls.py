"""Addresses of the catalogue, and of media files."""

from django.urls import path, re_path

from courses import views
from courses.selectors import ASSET_NAME

app_name = "courses"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("courses/", views.catalogue, name="catalogue"),
    path("courses/<slug:slug>/", views.course, name="course"),
    path("courses/<slug:slug>/<slug:lesson_slug>/", views.lesson, name="lesson"),
    path("search/", views.search, name="search"),
    re_path(rf"^media/assets/(?P<name>{ASSET_NAME})$", views.asset, name="asset"),
]
