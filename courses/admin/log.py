"""The publish log in the admin: what went live, by whom, and what was live before. Its rows are never edited."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from courses.admin.publish_log import RevertPages, revertible_ids
from courses.models import Course, PublishLog

# What a row's `changes` may hold, in the words of the list.
WORDS = {
    "published": "published",
    "added": "added",
    "changed": "changed",
    "moved": "moved",
    "renamed": "renamed",
    "removed": "removed",
    "revived": "restored",
}
NAMED = 3  # lessons named in one row; more are counted


@admin.register(PublishLog)
class PublishLogAdmin(RevertPages):
    """Rows of courses that the person may edit."""

    list_display = ("created_at", "course", "kind", "what", "acting_user")
    list_filter = ("kind", ("course", admin.RelatedOnlyFieldListFilter))
    search_fields = ("course__title", "acting_user__email")
    date_hierarchy = "created_at"
    list_per_page = 50
    fields = ("created_at", "course", "kind", "acting_user", "changes", "before")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PublishLog]:
        # `undo` may hold whole drafts.
        return super().get_queryset(request).select_related("course", "acting_user").defer("undo")

    @admin.display(description="what")
    def what(self, row: PublishLog) -> str:
        return described(row, {})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def log_rows(course: Course, most: int) -> list[dict[str, Any]]:
    """The newest rows of a course's log, in words, and which of them may be undone. 4 queries."""
    rows = list(course.publish_log.select_related("acting_user").defer("undo")[:most])
    titles = dict(course.lessons.values_list("uid", "title"))
    revertible = revertible_ids(course)
    return [{"row": row, "what": described(row, titles), "can_revert": row.pk in revertible} for row in rows]


def described(row: PublishLog, titles: dict[str, str]) -> str:
    """A row's changes as text: lessons by title where `titles` (by uid) has them and they are few, else counted.

    Empty where the row's kind says it all.
    """
    parts = []
    if row.changes.get("opened"):
        parts.append("opened the course")
    if row.changes.get("archived"):
        parts.append("archived the course")
    for name, word in WORDS.items():
        uids = row.changes.get(name)
        if not isinstance(uids, list) or not uids:  # an import's "published" is a flag
            continue
        known = [titles[uid] for uid in uids if uid in titles]
        if len(known) == len(uids) <= NAMED:
            parts.append(f"{word} {', '.join(f'“{title}”' for title in known)}")
        else:
            parts.append(f"{word} {len(uids)} lesson{'' if len(uids) == 1 else 's'}")
    return "; ".join(parts)
