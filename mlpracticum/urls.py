"""The site's addresses. progress comes before courses: the signed-in course and lesson pages are its own."""

from allauth.headless.constants import Client
from allauth.headless.urls import build_urlpatterns
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.services.limits import Limit
from accounts.throttling import limited
from mlpracticum import views

admin.site.site_header = admin.site.site_title = "ML-Practicum"
admin.site.index_title = "Courses and people"

# It is made anew for each who asks, and takes a fifth of a second.
SCHEMA = Limit("schema", 60, 60)

# allauth names its routes by client; "app" is the one for mobile clients, and the only one mounted.
_headless = ([path("", include((build_urlpatterns(Client.APP), "headless"), namespace="app"))], "headless")

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/r/<path:content_type_id>/<path:object_id>/", views.no_shortcut),
    path("admin/", admin.site.urls),
    path("theme/", views.theme, name="theme"),
    path("runtime-packages/<str:name>", views.runtime_package, name="runtime-package"),
    path("api/v1/", include("mlpracticum.api_urls")),
    path("api/", include(_headless, namespace="headless")),  # its own routes begin with v1/
    path("api/schema/", SpectacularAPIView.as_view(throttle_classes=[limited(SCHEMA, "GET")]), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("", include("progress.urls")),
    path("", include("courses.urls")),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.not_found
handler500 = views.server_error
