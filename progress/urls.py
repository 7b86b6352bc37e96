"""Addresses of a person's own work. Pages that both visitors and learners see are named by courses."""

from django.urls import path

from progress import views

app_name = "progress"
urlpatterns = [
    path("dashboard/", views.dashboard, name="dashboard"),
    path("courses/", views.catalogue, name="catalogue"),
    path("courses/<slug:slug>/", views.course, name="course"),
    # Two steps below the course, where no lesson's address can be: a lesson may be called "leave".
    path("courses/<slug:slug>/enrolment/enrol/", views.enrol, name="enrol"),
    path("courses/<slug:slug>/enrolment/leave/", views.leave, name="leave"),
    path("courses/<slug:slug>/<slug:lesson_slug>/", views.lesson, name="lesson"),
    path("courses/<slug:slug>/<slug:lesson_slug>.ipynb", views.lesson_copy, name="lesson-copy"),
    path("courses/<slug:slug>/<slug:lesson_slug>/complete/", views.complete, name="complete"),
]
