"""Pages of the site as a whole: the theme switch, and errors in the shape that the asker reads."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from mlpracticum.context import THEMES
from mlpracticum.rest import plain_problem
from progress.grading.browser_runtime import package_file

ONE_YEAR = 365 * 24 * 3600  # seconds


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie and go back to the page that asked."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target, status=303)
    chosen = request.POST.get("theme", "auto")
    response.set_cookie(
        "theme",
        chosen if chosen in THEMES else "auto",
        max_age=ONE_YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return response


def no_shortcut(request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
    """In the place of the admin's redirect by kind and id, which tells any staff the address of a draft not theirs."""
    raise Http404


@require_safe
def runtime_package(request: HttpRequest, name: str) -> FileResponse:
    """A package for the Python in a reader's browser, which compares its checksum."""
    path = package_file(name)
    if path is None:
        raise Http404
    response = FileResponse(path.open("rb"), content_type="application/zip")
    response["Cache-Control"] = f"max-age={ONE_YEAR}, public, immutable"  # its name has its version
    response["Access-Control-Allow-Origin"] = "*"  # the worker has no origin of its own
    return response


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/v")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: a request that Django refused before any view."""
    if _is_api(request):
        return plain_problem(request, 400, "The request was refused.")
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 for pages; the API answers 404 for what is not the caller's."""
    if _is_api(request):
        return plain_problem(request, 403, "Not allowed.")
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: with the search and the catalogue as ways on."""
    if _is_api(request):
        return plain_problem(request, 404, "There is no such route.")
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: must not touch the database, which may be what failed."""
    if _is_api(request):
        return plain_problem(request, 500, "The fault is logged.")
    return render(request, "500.html", status=500)
