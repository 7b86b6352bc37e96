"""Pages of a person's own work: dashboard, the signed-in course and lesson pages, enrolling, completing.

A visitor who is not logged in gets courses's version of a page.
"""

from functools import partial
from urllib.parse import urljoin

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from courses import views as course_pages
from courses.selectors import may_edit
from courses.services import exporting
from progress import selectors, services


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The catalogue with one's own progress on the cards."""
    context = course_pages.catalogue_context(request, lambda rows: selectors.with_standing(rows, user=request.user))
    for course in context["courses"]:
        course.enrolment = selectors.card_standing(course)
    return render(request, "courses/catalogue.html", context)


@require_safe
@csp_update(course_pages.LESSON_POLICY)
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """A course with one's own ticks, or what a visitor sees."""
    if not request.user.is_authenticated:
        return course_pages.course(request, slug)
    found = selectors.course_for(user=request.user, slug=slug)
    context = {
        "course": found,
        "enrolment": selectors.standing_in(user=request.user, course=found),
        "outline": selectors.course_outline(user=request.user, course=found),
        "can_edit": may_edit(request.user, found),
    }
    return render(request, "progress/course.html", context)


@require_safe
@csp_update(course_pages.LESSON_POLICY)
def lesson(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponse:
    """A lesson with its completion form for those who take the course; else the visitor's version."""
    if not request.user.is_authenticated:
        return course_pages.lesson(request, slug, lesson_slug)
    try:
        found = selectors.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    except Http404:
        return course_pages.lesson(request, slug, lesson_slug)
    outline = selectors.course_outline(user=request.user, course=found.course)
    context = course_pages.lesson_context(found, outline)
    context["is_done"] = found.is_done
    context["enrolment"] = selectors.standing_in(user=request.user, course=found.course) if found.is_enrolled else None
    return render(request, "progress/lesson.html", context)


@require_safe
def lesson_copy(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponseBase:
    """The lesson as a notebook: for those who take the course, and of a preview for anyone."""
    found = selectors.lesson_to_copy(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    page = request.build_absolute_uri(found.get_absolute_url())
    tag = exporting.lesson_copy_tag(lesson=found, page=page)
    answer = get_conditional_response(request, etag=tag)
    if answer is None:
        content = exporting.lesson_copy(lesson=found, page=page, address_of=partial(urljoin, page))
        answer = HttpResponse(content, content_type="application/x-ipynb+json")
        answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{found.slug}.ipynb")
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, no-cache"
    return answer


@login_required
def enrol(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the course and go to its first open lesson. A GET (back from the login page) shows the course."""
    found = selectors.course_for(user=request.user, slug=slug)
    if request.method != "POST":
        return redirect(found.get_absolute_url())
    services.enroll(user=request.user, course=found)
    standing = selectors.standing_in(user=request.user, course=found)
    messages.success(request, f"You are enrolled in “{found.title}”.")
    upcoming = standing.next_lesson if standing else None
    return redirect(upcoming.url if upcoming else found.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then stop taking the course."""
    found = selectors.course_for(user=request.user, slug=slug)
    if request.method != "POST":
        standing = selectors.standing_in(user=request.user, course=found)
        if standing is None:
            return redirect(found.get_absolute_url())
        return render(request, "progress/leave.html", {"course": found, "enrolment": standing})
    services.leave_course(user=request.user, course=found)
    messages.success(request, f"You left “{found.title}”. Enrol again to go on where you were.")
    return redirect("progress:dashboard")


@login_required
def complete(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponseBase:
    """Mark a lesson as done (`done=1`) or take it back (`done=0`). A GET (back from the login page) shows it."""
    found = selectors.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    if request.method != "POST":
        return redirect(found.get_absolute_url())
    wants_done = request.POST.get("done", "1") != "0"
    change = services.complete_lesson if wants_done else services.uncomplete_lesson
    result = change(user=request.user, lesson=found)
    if request.headers.get("HX-Request") != "true":
        return redirect(found.get_absolute_url() + "#completion")
    outline = selectors.course_outline(user=request.user, course=found.course)
    context = {"course": found.course, "lesson": found, "outline": outline, **outline.place(found.pk)}
    context |= {"enrolment": result.standing, "is_done": wants_done, "is_partial": True}
    return render(request, "progress/_completion.html", context)


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Where to go on, all courses, and the last half year."""
    standings = selectors.my_courses(user=request.user)
    running = [standing for standing in standings if not standing.is_finished]
    weeks = selectors.activity(user=request.user)
    context = {
        "current": running[0] if running else None,
        "enrolments": running[1:],
        "finished": [standing for standing in standings if standing.is_finished],
        "activity": weeks,
        "activity_text": selectors.activity_text(weeks),
    }
    return render(request, "progress/dashboard.html", context)
