"""How a course stands at a moment, and what undoes a publication: the difference between two such moments.

Every publication takes a snapshot before it writes and leaves the difference in its log row, so what it takes to go
back is computed in one place and for every kind alike. Lessons are named by id (their rows are for ever), modules by
uid, revisions by number. All values are JSON.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courses.models import Course, PublishLog
from courses.services.matching import moved_items

COURSE_FIELDS = (
    "slug", "title", "summary", "description", "description_html", "outcomes", "requirements", "level", "language",
    "licence", "author_names", "data_files", "certificate_percent", "status",
)  # fmt: skip
MODULE_FIELDS = ("title", "position", "removed_at")
LESSON_FIELDS = (
    "uid", "slug", "title", "position", "minutes", "is_preview", "completion_rule", "available_from", "source_path",
    "removed_at",
)  # fmt: skip
MAX_UNDO = 20_000_000  # characters of JSON; only replaced drafts can make it large

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A course's own fields; modules by uid; lessons by id, each with `module` (uid) and `revision` (number, None)."""

    course: Row
    modules: dict[str, Row]
    lessons: dict[str, Row]

    @property
    def live(self) -> dict[str, Row]:
        """The lessons that learners see."""
        return {
            pk: row for pk, row in self.lessons.items() if row["removed_at"] is None and row["revision"] is not None
        }


def snapshot(course: Course) -> Snapshot:
    """How the course stands now. 3 queries. Must hold the course's lock."""
    own = Course.objects.values(*COURSE_FIELDS).get(pk=course.pk)
    modules = course.modules.values("uid", *MODULE_FIELDS)
    lessons = course.lessons.order_by("position", "pk").values(
        "pk", "module__uid", "current_revision__number", *LESSON_FIELDS
    )
    return Snapshot(
        course=own,
        modules={row["uid"]: {name: _plain(row[name]) for name in MODULE_FIELDS} for row in modules},
        lessons={
            str(row["pk"]): {
                **{name: _plain(row[name]) for name in LESSON_FIELDS},
                "module": row["module__uid"],
                "revision": row["current_revision__number"],
            }
            for row in lessons
        },
    )


def undo_between(before: Snapshot | None, after: Snapshot) -> dict[str, Any]:
    """What to set to be back at `before`: fields that differ; None for a module or a lesson that was not there.

    The first opening of a course is undone by closing it: nobody learned from it before, so its lessons may stay.
    """
    if before is None and after.course["status"] == Course.Status.DRAFT:
        return {}
    if before is None or _is_first_opening(before, after):
        return {"course": {"status": Course.Status.DRAFT.value}}
    undo = {
        "course": _changed(before.course, after.course),
        "modules": _rows_changed(before.modules, after.modules),
        "lessons": _rows_changed(before.lessons, after.lessons),
    }
    return {name: value for name, value in undo.items() if value}


def _is_first_opening(before: Snapshot, after: Snapshot) -> bool:
    closed = before.course["status"] == Course.Status.DRAFT and not before.live
    return closed and after.course["status"] == Course.Status.PUBLISHED


def _rows_changed(before: dict[str, Row], after: dict[str, Row]) -> dict[str, Row | None]:
    changed: dict[str, Row | None] = {
        key: fields for key, row in before.items() if (fields := _changed(row, after.get(key, {})))
    }
    return changed | {key: None for key in after if key not in before}


def _changed(before: Row, after: Row) -> Row:
    return {name: value for name, value in before.items() if name not in after or after[name] != value}


def changes_between(before: Snapshot, after: Snapshot) -> dict[str, Any]:
    """What differs for learners and authors, lessons by uid, in the words that an import's plan uses."""
    old, new = before.live, after.live
    kept = [pk for pk in new if pk in old]
    moved = moved_items([pk for pk in old if pk in new], kept)
    named = ("slug", "title", "source_path", "uid")
    changes: dict[str, Any] = {
        "added": [],
        "changed": [new[pk]["uid"] for pk in kept if new[pk]["revision"] != old[pk]["revision"]],
        "moved": [new[pk]["uid"] for pk in kept if pk in moved or new[pk]["module"] != old[pk]["module"]],
        "renamed": [new[pk]["uid"] for pk in kept if any(new[pk][name] != old[pk][name] for name in named)],
        "removed": [row["uid"] for pk, row in old.items() if pk not in new],
        "revived": [],
        "course": sorted(name for name in after.course if after.course[name] != before.course[name]),
    }
    for pk, row in new.items():
        if pk not in old:
            changes["revived" if pk in before.lessons and before.lessons[pk]["removed_at"] else "added"].append(
                row["uid"]
            )
    return changes


def log_publication(
    *,
    course: Course,
    kind: str,
    since: Snapshot | None,
    acting_user: Any = None,
    changes: dict[str, Any] | None = None,
    before: dict[str, int | None] | None = None,
    drafts: dict[str, Any] | None = None,
    reverts: PublishLog | None = None,
) -> PublishLog:
    """Write the log row of a publication that has just been made. Must hold the course's lock.

    Args:
        since: the course before the publication; None when it made the course.
        before: lesson uid → number of the revision that was live.
        drafts: lesson id → `{"was", "now"}`, what became of drafts: see `courses.services.reverting`.
        reverts: the row that this publication undoes.
    """
    after = snapshot(course)
    undo: dict[str, Any] | None = undo_between(since, after)
    if drafts and since is not None and not _is_first_opening(since, after):
        undo = {**(undo or {}), "drafts": drafts}
        if len(json.dumps(undo)) > MAX_UNDO:
            undo = None
    return PublishLog.objects.create(
        course=course,
        kind=kind,
        acting_user=acting_user,
        changes=changes or {},
        before=before or {},
        undo=undo or None,
        reverts=reverts,
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
