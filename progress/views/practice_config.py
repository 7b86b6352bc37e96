"""What a lesson's page tells the scripts of practice about itself and its reader, as JSON in the page.

Public content and the reader's own work alone: everybody can read the source of a page.
"""

import json
from posixpath import dirname
from typing import Any

from progress.grading.browser_runtime import browser_runtime
from progress.selectors.practice import LessonPractice

MEDIA = "/media/assets/"


def practice_for(user: Any, lesson: Any) -> dict[str, Any]:
    """What the page of a lesson gets that is only looked at: its code runs, and nothing is kept."""
    config = practice_config(lesson=lesson, practice=LessonPractice(), user=user, is_enrolled=False)
    return {"practice": config}


def practice_config(*, lesson: Any, practice: LessonPractice, user: Any, is_enrolled: bool) -> dict[str, Any]:
    """The settings of `static/js/practice/`. No query."""
    return {
        "lesson": lesson.pk,
        "user": user.pk,
        "enrolled": is_enrolled,
        "runtime": browser_runtime(),
        "files": {path: MEDIA + name for path, name in lesson.course.data_files.items()},
        "folder": dirname(lesson.source_path),
        "work": {
            block_id: {
                "source": saved.content["source"],
                "saved_at": saved.saved_at.isoformat(),
                "version": saved.version,
            }
            for block_id, saved in practice.work.items()
            if isinstance(saved.content, dict) and isinstance(saved.content.get("source"), str)
        },
        "exercises": {
            block["id"]: {
                "checks": json.dumps(block["checks"]),  # text: JavaScript has no 1.0, nor 2**53 + 1
                "setup": block.get("setup", ""),
                "packages": block["packages"],
                "starter": block["starter"],
            }
            for block in lesson.asked_blocks
            if block["type"] == "exercise" and (block["checks"] or block["hidden_check_count"])
        },
    }
