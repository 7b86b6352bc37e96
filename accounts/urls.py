"""Pages under /accounts/ that are ours; the rest there is allauth's."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/data/", views.data, name="data"),
    path("delete/", views.delete, name="delete"),
    path("keep/", views.keep, name="keep"),
]
