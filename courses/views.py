"""Pages of the catalogue for anyone. Signed-in course and lesson pages are progress's."""

import mimetypes
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_update
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.throttling import counted
from courses import selectors
from courses.forms import CatalogueForm, SearchForm
from courses.services.limits import READS

PAGE_SIZE = 24  # courses
# Pictures that an author refers to by address; no script, style or frame ever comes from elsewhere.
LESSON_POLICY = {"img-src": ["https:"]}
# An SVG opened by its own address must not act as a page of this site.
ASSET_POLICY = "default-src 'none'; sandbox"


def _searches(request: HttpRequest) -> bool:
    return bool(request.GET.get("search") or request.GET.get("q"))


# A search reads every course's text. What is cheaper is not counted: a page must not cost more for being counted.
counted_search = counted(READS, "GET", when=_searches)


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, and the newest courses."""
    courses = list(selectors.catalogue(viewer=request.user)[:3])
    return render(request, "courses/landing.html", {"courses": courses})


def catalogue_context(request: HttpRequest, personal: Callable[[Any], Any] = lambda rows: rows) -> dict[str, Any]:
    """The catalogue page's data in one query; an invalid filter is left out and said.

    `personal` may annotate the courses with the viewer's own progress.
    """
    form = CatalogueForm(request.GET)
    if not form.is_valid():
        messages.warning(request, "Some filters were not understood, so they were left out.")
    query = {name: form.cleaned_data.get(name) or "" for name in ("search", "level", "language")}
    page = form.cleaned_data.get("page") or 1
    found = selectors.with_languages(selectors.catalogue(viewer=request.user, **query))
    start = (page - 1) * PAGE_SIZE
    courses = list(personal(found)[start : start + PAGE_SIZE + 1])  # one more tells whether a next page exists
    keep = {name: value for name, value in query.items() if value}
    return {
        "courses": courses[:PAGE_SIZE],
        "query": query,
        "languages": courses[0].all_languages if courses else [query["language"]] if query["language"] else [],
        "next_page": "?" + urlencode({**keep, "page": page + 1}) if len(courses) > PAGE_SIZE else None,
        "previous_page": "?" + urlencode({**keep, "page": page - 1}) if page > 1 else None,
    }


@require_safe
@counted_search
def catalogue(request: HttpRequest) -> HttpResponse:
    """All published courses."""
    return render(request, "courses/catalogue.html", catalogue_context(request))


@require_safe
@csp_update(LESSON_POLICY)
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """A course for a visitor."""
    found = selectors.course_for(viewer=request.user, slug=slug)
    context = {"course": found, "outline": selectors.course_outline(course=found), "can_edit": False}
    return render(request, "courses/course.html", context)


def lesson_context(lesson: Any, outline: selectors.Outline, query: Mapping[str, str]) -> dict[str, Any]:
    """What the lesson template needs of a lesson and its course's outline; `query` says which page of a long one."""
    page = selectors.page_of(lesson.current_revision, query)
    return {
        "course": lesson.course,
        "lesson": lesson,
        "page": page,
        "html": page.html,
        "toc": page.toc,
        "outline": outline,
        **outline.place(lesson.pk),
    }


@require_safe
@csp_update(LESSON_POLICY)
def lesson(
    request: HttpRequest, slug: str, lesson_slug: str, *, extra: Callable[[Any], dict[str, Any]] = lambda lesson: {}
) -> HttpResponse:
    """A preview lesson for a visitor; any other sends them to the course's page, where enrolling is explained.

    `extra` may add to what the template gets.
    """
    try:
        found = selectors.preview_lesson(viewer=request.user, course_slug=slug, lesson_slug=lesson_slug)
    except selectors.LessonNeedsEnrolment as needs:
        messages.info(request, f"Enrol to read “{needs.lesson.title}”.")
        return redirect("courses:course", slug)
    outline = selectors.course_outline(course=found.course)
    context = lesson_context(found, outline, request.GET) | extra(found)
    return render(request, "courses/lesson.html", context)


@require_safe
@counted_search
def search(request: HttpRequest) -> HttpResponse:
    """Courses that hold all the words."""
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    found = list(selectors.search_results(viewer=request.user, words=words)[:50]) if words else []
    return render(request, "courses/search.html", {"words": words, "courses": found})


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponseBase:
    """A content-addressed file: it never changes, so it may be cached for ever. Never opens as a page with rights."""
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = FileResponse(selectors.asset_file(name=name), content_type=media_type)
    if not media_type.startswith("image/"):
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = ASSET_POLICY  # the middleware keeps a header that is there
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["ETag"], response["Accept-Ranges"] = f'"{name}"', "bytes"  # a middleware gives parts of it, and 304
    return response
