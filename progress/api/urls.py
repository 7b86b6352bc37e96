"""Progress routes of API version 1."""

from django.urls import path

from progress.api import (
    award_views,
    converters,
    download_views,
    export_serializers,
    practice_views,
    sync_views,
    views,
)

__all__ = ["converters", "export_serializers", "urlpatterns"]  # imported for what they register

DOWNLOAD = "courses/<slug:slug>/download"
BLOCK = "lessons/<id:lesson_id>/blocks/<block_id:block_id>"

urlpatterns = [
    path("dashboard/my-courses", views.MyCourses.as_view(), name="api-my-courses"),
    path("courses/<slug:slug>", views.CourseDetail.as_view(), name="api-course"),
    path("courses/<slug:slug>/enrolment", views.EnrolmentDetail.as_view(), name="api-enrolment"),
    path("courses/<slug:slug>/download", download_views.CourseDownload.as_view(), name="api-download"),
    path(f"{DOWNLOAD}/outline/<sha256:sha256>.json", download_views.OutlinePart.as_view(), name="api-download-outline"),
    path(f"{DOWNLOAD}/lessons/<sha256:sha256>.json", download_views.LessonPart.as_view(), name="api-download-lesson"),
    path("lessons/<id:lesson_id>", views.LessonDetail.as_view(), name="api-lesson"),
    path("lessons/<id:lesson_id>/notebook", views.LessonNotebook.as_view(), name="api-lesson-notebook"),
    path("lessons/<id:lesson_id>/completion", views.CompletionDetail.as_view(), name="api-completion"),
    path(f"{BLOCK}/attempts", practice_views.Attempts.as_view(), name="api-attempts"),
    path(f"{BLOCK}/work", practice_views.Work.as_view(), name="api-work"),
    path(f"{BLOCK}/hints", practice_views.Hints.as_view(), name="api-hints"),
    path(f"{BLOCK}/solution", practice_views.Solution.as_view(), name="api-solution"),
    path(f"{BLOCK}/recheck", practice_views.Recheck.as_view(), name="api-recheck"),
    path(f"{BLOCK}/leaderboard", award_views.Leaderboard.as_view(), name="api-leaderboard"),
    path("attempts/<uuid:uid>", practice_views.AttemptDetail.as_view(), name="api-attempt"),
    path("courses/<slug:slug>/leaderboard", award_views.LeaderboardMembership.as_view(), name="api-leaderboards"),
    path("certificates/<uuid:uid>", award_views.CertificateDetail.as_view(), name="api-certificate"),
    path("sync", sync_views.Sync.as_view(), name="api-sync"),
    path("dashboard/certificates", award_views.MyCertificates.as_view(), name="api-certificates"),
]
