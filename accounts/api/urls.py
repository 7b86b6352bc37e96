"""Routes under /api/v1/ about people."""

from django.urls import path

from accounts.api import views

app_name = "accounts_api"
urlpatterns = [
    path("me", views.MeView.as_view(), name="me"),
    path("me/export", views.ExportView.as_view(), name="me-export"),
    path("me/deletion", views.DeletionView.as_view(), name="me-deletion"),
]
