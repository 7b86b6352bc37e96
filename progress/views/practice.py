"""Answering the blocks of a lesson in a page: forms that work alone, of which a script may replace just one block.

Each view parses, calls one service, and shows the block as it is then. Nothing is judged here.
"""

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.services.limits import WRITES, LimitReached
from accounts.throttling import asker, counted
from courses.views import LESSON_POLICY
from progress import forms
from progress.selectors import leaderboards, reading
from progress.services import attempting, enrolling, limits, revealing
from progress.views.block_forms import Refusal
from progress.views.lesson_page import block_page


@require_safe
@login_required
def block(request: HttpRequest, slug: str, lesson_slug: str, block_id: str) -> HttpResponse:
    """The block with its form and newest verdict, for a script; others are led to it in its lesson."""
    lesson = reading.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    return block_page(request, lesson, block_id)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@csp_update(LESSON_POLICY)
def answer(request: HttpRequest, slug: str, lesson_slug: str, block_id: str) -> HttpResponse:
    """Take an answer and show what came of it; one that is not taken stays in its form. A GET is back from a log-in."""
    lesson = reading.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    if request.method != "POST":
        return block_page(request, lesson, block_id)
    given = None
    try:
        uid = forms.read_uid(request.POST)
        given = forms.read_answer(request.POST, request.FILES)
        limits.ATTEMPTS.count(asker(request))
        attempting.submit_answer(user=request.user, lesson=lesson, block_id=block_id, uid=uid, answer=given)
    except (forms.FormUnreadable, attempting.AnswerRefused) as refused:
        return block_page(request, lesson, block_id, refusal=Refusal(_sentence(refused), given), status=422)
    except attempting.Conflict as conflict:
        return block_page(request, lesson, block_id, refusal=Refusal(conflict.detail, given), status=409)
    except LimitReached as reached:
        return _too_often(request, lesson, block_id, reached.wait, given)
    return block_page(request, lesson, block_id)


def _too_often(request: HttpRequest, lesson: Any, block_id: str, wait: int, given: Any = None) -> HttpResponse:
    """The block as it is, with what was typed and how long to wait: 429."""
    words = f"That was too often in a short time. Nothing is lost: try again in {wait} second{'s' if wait > 1 else ''}."
    response = block_page(request, lesson, block_id, refusal=Refusal(words, given), status=429)
    response["Retry-After"] = str(wait)
    return response


def _sentence(refused: ValueError) -> str:
    """The grader's words finish the sentence "The answer …"; as a message they need a beginning and an end."""
    words = str(refused)
    return words if words.endswith((".", "?", "!")) else f"Not taken: {words}."


@require_POST
@login_required
def hint(request: HttpRequest, slug: str, lesson_slug: str, block_id: str) -> HttpResponse:
    """Show one hint more."""
    lesson = reading.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    try:
        WRITES.count(asker(request))
    except LimitReached as reached:
        return _too_often(request, lesson, block_id, reached.wait)
    revealing.reveal_hint(user=request.user, lesson=lesson, block_id=block_id)
    return block_page(request, lesson, block_id)


@require_POST
@login_required
def solution(request: HttpRequest, slug: str, lesson_slug: str, block_id: str) -> HttpResponse:
    """Show the author's solution; before a pass that is giving up, as the form says."""
    lesson = reading.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    try:
        WRITES.count(asker(request))
    except LimitReached as reached:
        return _too_often(request, lesson, block_id, reached.wait)
    revealing.reveal_solution(user=request.user, lesson=lesson, block_id=block_id)
    return block_page(request, lesson, block_id)


@require_safe
@login_required
def leaderboard(request: HttpRequest, slug: str, lesson_slug: str, block_id: str) -> HttpResponse:
    """The best public scores of those who chose to be seen, for those who take the course."""
    lesson = _taken_lesson(request, slug, lesson_slug)
    page = forms.read_page(request.GET)
    board = leaderboards.leaderboard(user=request.user, lesson=lesson, block_id=block_id, page=page)
    context = {"course": lesson.course, "lesson": lesson, "block_id": block_id, "board": board}
    return render(request, "progress/leaderboard.html", context)


@require_POST
@login_required
@counted(WRITES)
def leaderboard_membership(request: HttpRequest, slug: str, lesson_slug: str, block_id: str) -> HttpResponse:
    """Be seen on the leaderboards of this course (`shown=1`), or not (`shown=0`)."""
    lesson = _taken_lesson(request, slug, lesson_slug)
    shown = request.POST.get("shown") == "1"
    enrolling.show_on_leaderboards(user=request.user, course=lesson.course, shown=shown)
    messages.success(request, "You are on the leaderboards of this course." if shown else "You are off them again.")
    return redirect(reverse("progress:leaderboard", args=[slug, lesson_slug, block_id]))


def _taken_lesson(request: HttpRequest, slug: str, lesson_slug: str):
    lesson = reading.lesson_at(user=request.user, course_slug=slug, lesson_slug=lesson_slug)
    if not lesson.is_enrolled:
        raise Http404("not enrolled")
    return lesson
