"""Examples in the API's documentation: courses, lessons, counts, certificates. A test holds them against the shapes."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from courses.api.views import COURSE
from progress.api.examples import PROGRESS

_UID = "6f2c3a52-0f0c-4c58-9a5e-3d1f5f6f6a10"
_AT = "2026-11-23T18:00:00Z"
_LESSON = {"id": 42, "slug": "descent", "title": "Gradient descent by hand", "minutes": 12}
_CERTIFICATE = {
    "uid": _UID,
    "name": "Ben",
    "course": "Lines",
    "issued_at": _AT,
    "finished_on": "2026-11-23",
    "lessons": 8,
    "score": 12.0,
    "points": 14.0,
    "percent": 85,
    "url": f"https://learn.example.org/certificates/{_UID}/",
}
_BLOCKS: list[dict[str, Any]] = [
    {"id": "why", "type": "markdown", "source": "The slope says **where to go**."},
    {
        "id": "step",
        "type": "code",
        "language": "python",
        "source": "w -= 0.1 * 2 * w",
        "run": "interactive",
        "outputs": [],
    },
]
_TOC = [{"id": "a-step", "title": "A step", "level": 2}]
_HTML = [{"id": "why", "type": "markdown", "html": "<p>The slope says <strong>where to go</strong>.</p>"}]
_STATE = {
    "is_enrolled": True,
    "is_completed": False,
    "blocks": {
        "loss": {
            "verdict": "failed",
            "is_passed": False,
            "is_outdated": False,
            "score": 0.0,
            "max_score": 1.0,
            "attempts": 1,
            "attempts_left": 2,
            "pending": None,
            "hints_shown": 0,
            "solution_shown": False,
        }
    },
    "work": {"step": {"source": "w -= 0.2 * w", "version": 3, "saved_at": _AT}},
}
_OUTLINE = {
    **COURSE,
    "description": "From one point to many.",
    "outcomes": ["Fit a line by hand"],
    "requirements": ["School algebra"],
    "modules": [
        {
            "id": 3,
            "title": "Lines",
            "lessons": [
                {
                    **_LESSON,
                    "is_preview": False,
                    "is_locked": False,
                    "available_from": None,
                    "is_completed": False,
                    "points": 3.0,
                    "score": 1.0,
                }
            ],
        }
    ],
    "points": 14.0,
    "score": 12.0,
    "certificate": {"points_needed": 11.2, "uid": None},
}
_SHOWN = {
    **_LESSON,
    "points": 3.0,
    "completion_rule": "read",
    "updated_at": _AT,
    "course": PROGRESS["course"],
    "revision": 3,
    "toc": _TOC,
    "blocks": _BLOCKS,
    "state": _STATE,
}
_KEPT_OUTLINE = {
    "version": 1,
    "id": 7,
    "slug": "lines",
    "title": "Lines",
    "summary": COURSE["summary"],
    "description": "From one point to many.",
    "description_html": "<p>From one point to many.</p>",
    "outcomes": ["Fit a line by hand"],
    "requirements": ["School algebra"],
    "level": "beginner",
    "language": "en",
    "licence": "CC-BY-4.0",
    "authors": ["Ada"],
    "lesson_count": 1,
    "minutes": 12,
    "points": 3.0,
    "certificate_percent": 80,
    "files": {"data/points.csv": "3c" * 32 + ".csv"},
    "modules": [
        {
            "id": 3,
            "title": "Lines",
            "lessons": [
                {
                    **_LESSON,
                    "points": 3.0,
                    "completion_rule": "read",
                    "is_preview": False,
                    "available_from": None,
                    "revision": 3,
                    "part": "0a" * 32,
                }
            ],
        }
    ],
}
_NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"language_info": {"name": "python"}},
    "cells": [{"id": "why", "cell_type": "markdown", "metadata": {}, "source": "The slope says **where to go**."}],
}
_COMPLETED = {"lesson_id": 42, "is_completed": True, **PROGRESS}
_PAST = {
    "uid": _UID,
    "verdict": "failed",
    "score": 0.0,
    "max_score": 1.0,
    "revision": 3,
    "answer": "c2f1d8a90b1",
    "created_at": _AT,
    "checked_at": _AT,
}
_ROW = {"rank": 1, "name": "Ben", "score": 0.9, "tries": 4, "is_me": True}


def _answer(name: str, value: Any, media_type: str = "application/json") -> list[OpenApiExample]:
    return [OpenApiExample(name, value=value, response_only=True, status_codes=["200"], media_type=media_type)]


CERTIFICATE = _answer("A certificate", _CERTIFICATE)
OUTLINE = _answer("A course that the caller takes", _OUTLINE)
MY_COURSE = _answer("A quarter done", PROGRESS)
LESSON = [
    *_answer("A lesson", _SHOWN),
    *_answer("With its rendered parts", {**_SHOWN, "html": _HTML}),
]
COMPLETED = _answer("The second of eight lessons", _COMPLETED)
UNCOMPLETED = _answer(
    "Taken back", {**_COMPLETED, "is_completed": False, "completed_lessons": 1, "completion_percent": 13}
)
PAST_ATTEMPT = _answer("An attempt", _PAST)
HINTS = _answer("One of two", {"hints": ["<p>Look at the far points.</p>"], "total": 2})
SOLUTION = _answer("A solution", {"html": "<pre><code>def double(x):\n    return 2 * x</code></pre>"})
LEADERBOARD = _answer("The caller leads", {"metric": "accuracy", "is_member": True, "rows": [_ROW], "me": _ROW})
SAVED_WORK = _answer("Saved code", {"source": "x = 2\n", "version": 4, "saved_at": _AT})
LESSON_PART = _answer("A lesson", {"version": 1, "blocks": _BLOCKS, "toc": _TOC, "html": _HTML})
OUTLINE_PART = _answer("An outline", _KEPT_OUTLINE)
NOTEBOOK = _answer("A notebook", _NOTEBOOK, "application/x-ipynb+json")
