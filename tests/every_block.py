"""A lesson with a block of every type and kind, each with everything that it may have."""

from typing import Any

from courses.services.pictures import store_picture
from progress.tests.judged import exercise, predictions, quiz

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><rect width="4" height="3"/></svg>'


def every_block() -> list[dict[str, Any]]:
    """The blocks; the picture that they show is stored."""
    picture = store_picture(data=PICTURE).file
    references = {
        "assets": {"line.svg": {"file": picture, "width": 4, "height": 3}},
        "links": {"next.ipynb": "/courses/lines/next/"},
    }
    return [
        {"id": "text", "type": "markdown", "source": "# Lines\n\n![Line](line.svg), [more](next.ipynb).\n\n## Slope\n",
         **references},
        {"id": "cell", "type": "code", "source": "1 + 1", "language": "python", "run": "interactive", "title": "Add",
         "run_note": "Needs a file.", "execution_count": 3, "assets": references["assets"], "outputs": [
             {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
             {"output_type": "stream", "name": "stderr", "text": "careful\n"},
             {"output_type": "execute_result", "execution_count": 3, "metadata": {},
              "data": {"text/plain": "2", "application/json": {"sum": [1, 1]}}},
             {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": {"asset": picture}}},
             {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["line 1", "line 2"]},
         ]},
        {"id": "plot", "type": "image", "asset": picture, "alt": "A line", "caption": "A *line*.",
         "width": 4, "height": 3},
        {"id": "note", "type": "callout", "kind": "tip", "title": "Mind", "source": "![Look](line.svg).", **references},
        {"id": "film", "type": "video", "url": "https://example.org/film.mp4", "title": "A film"},
        quiz(attempts=3, **references),
        quiz("several", kind="multiple", partial_credit=True, choices=[
            {"id": name, "text": name.upper(), "correct": name in "ab"} for name in "abc"
        ]),
        number_quiz(),
        {**number_quiz("word"), "kind": "text", "answer": {"accepted": ["overfitting"], "case_sensitive": False}},
        exercise(checks=[
            {"kind": "value", "expression": "double(3)", "expected": 6, "comparison": "close", "relative": 1e-6,
             "absolute": 0.5, "message": "Twice."},
            {"kind": "assert", "source": "assert double(0) == 0", "message": "Nothing stays nothing."},
        ], **references),
        predictions(**references),
        {"id": "end", "type": "divider"},
    ]  # fmt: skip


def number_quiz(block_id: str = "number") -> dict[str, Any]:
    """One point for 0.25 m."""
    return {
        "id": block_id, "type": "quiz", "kind": "numeric", "prompt": "How far?", "points": 1, "attempts": None,
        "graded": True, "answer": {"value": 0.25, "tolerance": 0.01, "units": "m"}, "explanation": "A quarter.",
    }  # fmt: skip
