"""Addresses of a person's own work. Pages that both visitors and learners see are named by courses."""

from django.urls import include, path

from progress.api import converters
from progress.views import certificates, pages, practice

__all__ = ["app_name", "converters", "urlpatterns"]  # imported for what it registers

app_name = "progress"
_block = [
    path("", practice.block, name="block"),
    path("answer/", practice.answer, name="answer"),
    path("hint/", practice.hint, name="hint"),
    path("solution/", practice.solution, name="solution"),
    path("leaderboard/", practice.leaderboard, name="leaderboard"),
    path("leaderboard/membership/", practice.leaderboard_membership, name="leaderboard-membership"),
]
urlpatterns = [
    path("dashboard/", pages.dashboard, name="dashboard"),
    path("certificates/<str:uid>/", certificates.certificate, name="certificate"),
    path("courses/", pages.catalogue, name="catalogue"),
    path("courses/<slug:slug>/", pages.course, name="course"),
    # Two steps below the course, where no lesson's address can be: a lesson may be called "leave".
    path("courses/<slug:slug>/enrolment/enrol/", pages.enrol, name="enrol"),
    path("courses/<slug:slug>/enrolment/leave/", pages.leave, name="leave"),
    path("courses/<slug:slug>/<slug:lesson_slug>/", pages.lesson, name="lesson"),
    path("courses/<slug:slug>/<slug:lesson_slug>.ipynb", pages.lesson_copy, name="lesson-copy"),
    path("courses/<slug:slug>/<slug:lesson_slug>/complete/", pages.complete, name="complete"),
    path("courses/<slug:slug>/<slug:lesson_slug>/blocks/<block_id:block_id>/", include(_block)),
]
