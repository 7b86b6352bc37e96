"""Pages of a person's own work: dashboard, the signed-in course and lesson pages, enrolling, completing.

A visitor who is not logged in gets courses's version of a page.
"""

from functools import partial
from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_safe

from accounts.services.limits import WRITES
from accounts.throttling import counted, is_person, is_visitor
from courses import views as course_pages
from courses.selectors import may_edit
from courses.services.limits import READS
from progress.selectors import activity, reading, standings
from progress.selectors.practice import standing_with_practice
from progress.services import completing, copying, enrolling
from progress.services.limits import DOWNLOADS
from progress.services.refusals import LessonNotPassed
from progress.views.lesson_page import lesson_page, requirement
from progress.views.practice_config import practice_for


@require_safe
@course_pages.counted_search
def catalogue(request: HttpRequest) -> HttpResponse:
    """The catalogue with one's own progress on the cards."""
    context = course_pages.catalogue_context(request, lambda rows: standings.with_standing(rows, user=request.user))
    for course in context["courses"]:
        course.enrolment = standings.card_standing(course)
    return render(request, "courses/catalogue.html", context)


@require_safe
@csp_update(course_pages.LESSON_POLICY)
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """A course with one's own ticks, or what a visitor sees."""
    if not request.user.is_authenticated:
        return course_pages.course(request, slug)
    found = reading.course_for(user=request.user, slug=slug)
    context = {
        "course": found,
        "enrolment": standings.standing_in(user=request.user, course=found),
        "outline": reading.course_outline(user=request.user, course=found),
        "can_edit": may_edit(request.user, found),
    }
    return render(request, "progress/course.html", context)


@require_safe
@csp_update(course_pages.LESSON_POLICY)
def lesson(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponse:
    """A lesson with its completion form for those who take the course; else the visitor's version."""
    visitors = partial(course_pages.lesson, request, slug, lesson_slug, extra=partial(practice_for, request.user))
    if not request.user.is_authenticated:
        return visitors()
    try:
        found = reading.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    except Http404:
        return visitors()
    return lesson_page(request, found)


@require_safe
@counted(DOWNLOADS, "GET", when=is_person)
@counted(READS, "GET", when=is_visitor)
def lesson_copy(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponseBase:
    """The lesson as a notebook with one's own code: for those who take the course, and of a preview for anyone."""
    found = reading.lesson_to_copy(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    copy = copying.lesson_copy(
        user=request.user, lesson=found, page=request.build_absolute_uri(found.get_absolute_url())
    )
    answer = get_conditional_response(request, etag=copy.tag)
    if answer is None:
        answer = HttpResponse(copy.make(), content_type=copying.MEDIA_TYPE)
    for name, value in copy.headers.items():
        answer[name] = value
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@counted(WRITES)
def enrol(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the course and go to its first open lesson. A GET (back from the login page) shows the course."""
    found = reading.course_for(user=request.user, slug=slug)
    if request.method != "POST":
        return redirect(found.get_absolute_url())
    enrolling.enroll(user=request.user, course=found)
    standing = standings.standing_in(user=request.user, course=found)
    messages.success(request, f"You are enrolled in “{found.title}”.")
    upcoming = standing.next_lesson if standing else None
    return redirect(upcoming.url if upcoming else found.get_absolute_url())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@counted(WRITES)
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then stop taking the course."""
    found = reading.course_for(user=request.user, slug=slug)
    if request.method != "POST":
        standing = standings.standing_in(user=request.user, course=found)
        if standing is None:
            return redirect(found.get_absolute_url())
        return render(request, "progress/leave.html", {"course": found, "enrolment": standing})
    enrolling.leave_course(user=request.user, course=found)
    messages.success(request, f"You left “{found.title}”. Enrol again to go on where you were.")
    return redirect("progress:dashboard")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@counted(WRITES)
def complete(request: HttpRequest, slug: str, lesson_slug: str) -> HttpResponseBase:
    """Mark a lesson as done (`done=1`) or take it back (`done=0`). A GET (back from the login page) shows it."""
    found = reading.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    if request.method != "POST":
        return redirect(found.get_absolute_url())
    wants_done = request.POST.get("done", "1") != "0"
    change = completing.complete_lesson if wants_done else completing.uncomplete_lesson
    try:
        change(user=request.user, lesson=found)
    except LessonNotPassed:
        wants_done = False  # the form says what is missing
    if request.headers.get("HX-Request") != "true":
        return redirect(found.get_absolute_url() + "#completion")
    return _completion(request, found, is_done=wants_done)


def _completion(request: HttpRequest, found: Any, *, is_done: bool) -> HttpResponse:
    outline = reading.course_outline(user=request.user, course=found.course)
    standing, practice = standing_with_practice(user=request.user, lesson=found)
    context = {"course": found.course, "lesson": found, "outline": outline, **outline.place(found.pk)}
    context |= {"enrolment": standing, "is_done": is_done, "requirement": requirement(found, practice)}
    return render(request, "progress/_completion.html", context)


@require_safe
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """Where to go on, all courses, and the last half year."""
    mine = standings.with_lesson_points(standings.my_courses(user=request.user), user=request.user)
    running = [standing for standing in mine if not standing.is_finished]
    weeks = activity.activity(user=request.user)
    context = {
        "current": running[0] if running else None,
        "enrolments": running[1:],
        "finished": [standing for standing in mine if standing.is_finished],
        "activity": weeks,
        "activity_text": activity.activity_text(weeks),
    }
    return render(request, "progress/dashboard.html", context)
