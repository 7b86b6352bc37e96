"""API version 1, mounted at /api/v1/."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("progress.api.urls")),
    path("", include("courses.api.urls")),
]
