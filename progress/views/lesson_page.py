"""The signed-in lesson page, whole or one block of it: what the templates get, and which of both an asker wants.

Owns the way from a lesson and a person to the page. No Markdown is rendered here, and no key is read.
"""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers

from courses import views as course_pages
from courses.selectors import block_address
from progress.selectors import attempts, reading
from progress.selectors.practice import LessonPractice, standing_with_practice
from progress.views.block_forms import Given, Refusal, lesson_parts
from progress.views.practice_config import practice_config

HISTORY = 5  # attempts of a predictions block


def lesson_page(
    request: HttpRequest, lesson: Any, *, refusals: dict[str, Refusal] | None = None, status: int = 200
) -> HttpResponse:
    """The lesson for one who is signed in. `refusals` says, by block, why an answer was not taken."""
    standing, practice = standing_with_practice(user=request.user, lesson=lesson)
    outline = reading.course_outline(user=request.user, course=lesson.course)
    given = _given(request, lesson, practice, refusals or {})
    query = {"at": f"block-{next(iter(refusals))}"} if refusals else request.GET
    context = course_pages.lesson_context(lesson, outline, query)
    context |= {
        "enrolment": standing,
        "is_done": lesson.is_done,
        "parts": lesson_parts(given, context["page"].parts),
        "requirement": requirement(lesson, practice),
        "practice": practice_config(lesson=lesson, practice=practice, user=request.user, is_enrolled=bool(standing)),
    }
    return render(request, "progress/lesson.html", context, status=status)


def block_page(
    request: HttpRequest, lesson: Any, block_id: str, *, refusal: Refusal | None = None, status: int = 200
) -> HttpResponse:
    """One block as it is now: alone for a script, else within its lesson.

    Raises:
        Http404: the block is not one that this person answers.
    """
    if not wants_part(request):
        if refusal is None:
            return redirect(block_address(lesson, block_id))
        return lesson_page(request, lesson, refusals={block_id: refusal}, status=status)
    standing, practice = standing_with_practice(user=request.user, lesson=lesson)
    if block_id not in practice.states:
        raise Http404("not a block to answer")
    given = _given(request, lesson, practice, {block_id: refusal} if refusal else {})
    [part] = lesson_parts(given, lesson.current_revision.html, only=block_id)
    context = {
        "course": lesson.course,
        "lesson": lesson,
        "part": part,
        "enrolment": standing,
        "is_done": lesson.is_done,
        "requirement": requirement(lesson, practice),
    }
    response = render(request, "progress/_block.html", context, status=status)
    patch_vary_headers(response, ["HX-Request", "Accept", "Sec-Fetch-Dest"])
    response["Cache-Control"] = "private, no-store"
    return response


def wants_part(request: HttpRequest) -> bool:
    """Whether a script asks, which puts a part into the page that is there."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        or headers.get("Sec-Fetch-Dest") == "empty"
        or headers.get("Accept") == "text/html"
    )


def requirement(lesson: Any, practice: LessonPractice) -> dict[str, Any] | None:
    """What the lesson's completion still takes; None where it is the learner's own word that counts."""
    if lesson.completion_rule != "passed" or not practice.states:
        return None
    open_blocks = [block_id for block_id, state in practice.states.items() if not state.is_passed]
    return {
        "passed": practice.passed,
        "total": len(practice.states),
        "is_met": practice.is_passed,
        "next": block_address(lesson, open_blocks[0]) if open_blocks else "",
    }


def _given(request: HttpRequest, lesson: Any, practice: LessonPractice, refusals: dict[str, Refusal]) -> Given:
    """With the place in the queue of what waits, and the newest tries at predictions: a query each, where there are."""
    given = Given(lesson=lesson, user=request.user, practice=practice, refusals=refusals)
    for block_id, state in practice.states.items():
        if state.pending is not None:
            attempt = attempts.attempt_of(user=request.user, uid=UUID(state.pending.uid))
            given.positions[block_id] = attempts.queue_position(attempt) or 0
        elif state.type == "predictions" and state.attempts:
            found = attempts.attempts_in(user=request.user, lesson=lesson, block_id=block_id)
            given.histories[block_id] = list(found[:HISTORY])
    return given
