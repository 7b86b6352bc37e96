"""Examples in the API's documentation: what is sent to a block of each kind, and what comes back.

A test holds them against the shapes that the documentation gives.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_UID = "6f2c3a52-0f0c-4c58-9a5e-3d1f5f6f6a10"
_COURSE = {"id": 7, "slug": "lines", "title": "Lines"}
PROGRESS: dict[str, Any] = {
    "course": _COURSE,
    "completed_lessons": 2,
    "total_lessons": 8,
    "completion_percent": 25,
    "next_lesson": {"id": 43, "slug": "loss", "title": "Loss"},
    "last_activity_at": "2026-11-23T18:00:01Z",
    "enrolled_at": "2026-11-20T09:00:00Z",
    "completed_at": None,
}


def _attempt(block_type: str, verdict: str, feedback: dict[str, Any], *, score: float, points: float) -> dict[str, Any]:
    is_pending = verdict == "pending"
    return {
        "uid": _UID,
        "lesson_id": 42,
        "block_id": "squared-loss",
        "type": block_type,
        "verdict": verdict,
        "score": score,
        "max_score": points,
        "verified_by": "none" if is_pending else "server",
        "revision": 3,
        "is_outdated": False,
        "created_at": "2026-11-23T18:00:00Z",
        "checked_at": None if is_pending else "2026-11-23T18:00:01Z",
        "attempts_left": 2,
        "position": 1 if is_pending else None,
        "feedback": feedback,
        "result": {"best_score": score, "max_score": points, "is_passed": verdict == "passed", "attempts": 1},
        "progress": PROGRESS,
    }


WRONG_CHOICE = _attempt(
    "quiz",
    "failed",
    {
        "message": "Not right.",
        "choices": [{"id": "c2f1d8a90b1", "html": "<p>Look at the far points.</p>"}],
        "explanation": None,
        "correct": None,
        "answer": None,
    },
    score=0,
    points=1,
)
RIGHT_NUMBER = _attempt(
    "quiz",
    "passed",
    {
        "message": "Right.",
        "choices": [],
        "explanation": "<p>Half of 0.5.</p>",
        "correct": None,
        "answer": "0.25 ± 0.01 m",
    },
    score=1,
    points=1,
)
CHECKED_CODE = _attempt(
    "exercise",
    "failed",
    {
        "message": "1 of 2 checks passed. double(0) == 0: 1 is not 0.",
        "checks": [
            {
                "passed": True,
                "called": "double(3)",
                "returned": "6",
                "expected": "6",
                "message": "",
                "label": "double(3) == 6",
            },
            {
                "passed": False,
                "called": "double(0)",
                "returned": "1",
                "expected": "0",
                "message": "1 is not 0.",
                "label": "double(0) == 0",
            },
        ],
        "hidden": {"passed": 0, "total": 1},
        "stdout": "",
        "error": None,
    },
    score=0,
    points=2,
)
WAITING_CODE = _attempt("exercise", "pending", {"message": "Waiting to be checked."}, score=0, points=2)
SCORED_PREDICTIONS = _attempt(
    "predictions",
    "passed",
    {"message": "Passed.", "metric": "accuracy", "public_score": 0.9, "private_score": 0.85, "rows": 200},
    score=3,
    points=3,
)

_ANSWERS: dict[str, Any] = {
    "One choice": "c2f1d8a90b1",
    "Several choices": ["c2f1d8a90b1", "c77aa01f3c2"],
    "A number": 0.25,
    "A number with its unit": "0.25 m",
    "Words": "overfitting",
    "Code": "def double(x):\n    return 2 * x\n",
    "Predictions in the order of the rows": ["penguin", "seal", "penguin"],
    "Predictions as CSV": "id,label\n1,penguin\n2,seal\n3,penguin\n",
}

ANSWERS = [
    OpenApiExample(name, value={"uid": _UID, "answer": answer}, request_only=True) for name, answer in _ANSWERS.items()
]
ATTEMPTS = [
    OpenApiExample("A wrong choice", value=WRONG_CHOICE, response_only=True, status_codes=["200", "201"]),
    OpenApiExample("The right number", value=RIGHT_NUMBER, response_only=True, status_codes=["200", "201"]),
    OpenApiExample("Code that was checked", value=CHECKED_CODE, response_only=True, status_codes=["200", "201"]),
    OpenApiExample("Predictions", value=SCORED_PREDICTIONS, response_only=True, status_codes=["200", "201"]),
    OpenApiExample("Code that waits", value=WAITING_CODE, response_only=True, status_codes=["202"]),
]
ONE_ATTEMPT = [
    OpenApiExample("Checked", value=CHECKED_CODE, response_only=True, status_codes=["200"]),
    OpenApiExample("Waiting", value=WAITING_CODE, response_only=True, status_codes=["200"]),
]
RECHECKED = [
    OpenApiExample("Checked", value=CHECKED_CODE, response_only=True, status_codes=["200"]),
    OpenApiExample("Waiting", value=WAITING_CODE, response_only=True, status_codes=["202"]),
]
WORK = [
    OpenApiExample("Code", value={"source": "x = 2\n"}, request_only=True),
    OpenApiExample("A quiz's answer", value={"answer": ["c2f1d8a90b1"]}, request_only=True),
    OpenApiExample(
        "Saved code",
        value={"source": "x = 2\n", "version": 4, "saved_at": "2026-11-23T18:00:00Z"},
        response_only=True,
    ),
]
