"""Going back: a publication is undone as a whole, in one transaction, and that is a publication too.

Which one may be undone: the newest that is still in effect; and the newest row of all when it is itself a way back,
which brings the undone publication in again. So whatever is put back was true right before, and what lies between has
been undone already. Learners' facts are not touched: a lesson that a publication brought is removed as any other is,
and what was completed goes on counting.

A log row's `undo` (see `snapshots`) has also `drafts`, by lesson id: `was` is the draft that the publication took away
({"revision": number} where its body is that revision's, {"body": …}, or None) and `now` the checksum of the draft that
it left. A draft that somebody wrote since is never replaced.
"""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from courses.content.compiling import checksum
from courses.models import Course, Lesson, LessonDraft, LessonRevision, Module, PublishLog
from courses.services.applying import parked_slug
from courses.services.listeners import content_changed, learner_counts
from courses.services.outlining import renumber
from courses.services.publishing import lock_course, make_live, refresh_counts
from courses.services.snapshots import Snapshot, changes_between, log_publication, snapshot

_DATES = ("removed_at", "available_from")


@dataclass
class RevertPlan:
    """What going back would change: lessons by uid as an import's plan lists them, titles and learners touched by uid.

    `status` is what the course's status becomes, "" where it stays.
    """

    changes: dict[str, list[str]]
    titles: dict[str, str]
    learners: dict[str, int] = field(default_factory=dict)
    status: str = ""


def revertible_rows(*, course: Course) -> list[PublishLog]:
    """The log rows that may be undone now, newest first: none, one, or two. 1 query."""
    rows = list(course.publish_log.order_by("-pk").only("pk", "course_id", "kind", "reverts_id", "created_at"))
    with_undo = set(course.publish_log.filter(undo__isnull=False).values_list("pk", flat=True))
    undone: set[int] = set()
    for row in rows:  # newest first: whether a way back is itself undone is known before it is read
        if row.reverts_id is not None and row.pk not in undone:
            undone.add(row.reverts_id)
    found = [rows[0]] if rows and rows[0].reverts_id is not None else []
    found += [row for row in rows if row.reverts_id is None and row.pk not in undone][:1]
    return [row for row in found if row.pk in with_undo]


def plan_revert(*, log: PublishLog) -> RevertPlan:
    """What `revert_publication` would do. It is done and taken back, so the answer is exact; nothing is written.

    Raises:
        ValidationError: the row cannot be undone (now).
    """
    with transaction.atomic():
        course, log, before = _begin(log)
        _put_back(course, log.undo or {})
        after = snapshot(course)
        transaction.set_rollback(True)
    changes = _changes(before, after)
    rows = {row["uid"]: (int(pk), row["title"]) for state in (after, before) for pk, row in state.lessons.items()}
    named = {uid: rows[uid] for uids in changes.values() for uid in uids if uid in rows}
    counts = learner_counts([pk for pk, _ in named.values()])
    return RevertPlan(
        changes=changes,
        titles={uid: title for uid, (_, title) in named.items()},
        learners={uid: counts.touched(pk) for uid, (pk, _) in named.items()},
        status=after.course["status"] if after.course["status"] != before.course["status"] else "",
    )


@transaction.atomic
def revert_publication(*, log: PublishLog, acting_user: Any = None) -> PublishLog:
    """Put the course back as it was before the log row. Returns the row that says so.

    Raises:
        ValidationError: the row cannot be undone: another must be first, or it does not say how.
    """
    course, log, before = _begin(log)
    drafts = _put_back(course, log.undo or {})
    refresh_counts(course)
    after = snapshot(course)
    numbers = {
        row["uid"]: before.lessons[pk]["revision"]
        for pk, row in after.lessons.items()
        if row["revision"] != before.lessons[pk]["revision"]
    }
    row = log_publication(
        course=course,
        kind=PublishLog.Kind.REVERT,
        since=before,
        acting_user=acting_user,
        changes={**_changes(before, after), "reverted": log.pk},
        before=numbers,
        drafts=drafts,
        reverts=log,
    )
    content_changed(course)
    return row


def _begin(log: PublishLog) -> tuple[Course, PublishLog, Snapshot]:
    course = lock_course(log.course_id)
    log = PublishLog.objects.get(pk=log.pk)
    if not log.undo:
        raise ValidationError("this row does not say how to go back")
    if log.pk not in {row.pk for row in revertible_rows(course=course)}:
        raise ValidationError("only the newest publication that is still in effect can be undone")
    return course, log, snapshot(course)


def _changes(before: Snapshot, after: Snapshot) -> dict[str, list[str]]:
    return {name: value for name, value in changes_between(before, after).items() if value}


def _put_back(course: Course, undo: dict[str, Any]) -> dict[str, Any]:
    """Set what `undo` says; gives back what became of drafts, as a log row keeps it. Must hold the course's lock."""
    _put_course_back(course, undo.get("course", {}))
    modules = undo.get("modules", {})
    for uid, fields in modules.items():
        if fields is not None:
            values = _values(fields)
            Module.objects.update_or_create(course=course, uid=uid, defaults=values)
    _put_lessons_back(course, undo.get("lessons", {}))
    gone = [uid for uid, fields in modules.items() if fields is None]
    course.modules.filter(uid__in=gone, lessons=None).delete()
    empty = course.modules.filter(uid__in=gone, removed_at=None).exclude(lessons__removed_at=None)
    empty.update(removed_at=timezone.now())
    renumber(course)
    return _put_drafts_back(course, undo.get("drafts", {}))


def _put_course_back(course: Course, fields: dict[str, Any]) -> None:
    if "slug" in fields and Course.objects.filter(slug=fields["slug"]).exclude(pk=course.pk).exists():
        fields = {name: value for name, value in fields.items() if name != "slug"}  # another course has it by now
    for name, value in fields.items():
        setattr(course, name, value)
    if course.status == Course.Status.PUBLISHED and course.published_at is None:
        course.published_at = timezone.now()
    course.save()


def _put_lessons_back(course: Course, undo: dict[str, dict[str, Any] | None]) -> None:
    rows = {str(row.pk): row for row in course.lessons.select_related("current_revision").filter(pk__in=list(undo))}
    modules = {module.uid: module for module in course.modules.all()}
    for row in rows.values():  # out of the way first: two lessons may swap an address, or a uid
        Lesson.objects.filter(pk=row.pk).update(slug=parked_slug(row.pk))
    uids = {str(row.pk): row.uid for row in rows.values()}
    for pk, fields in undo.items():
        row = rows[pk]
        if fields is None or ("revision" in fields and fields["revision"] is None):
            # New with that publication. Somebody may have completed it: it is removed, and keeps what it says.
            row.removed_at = row.removed_at or timezone.now()
        else:
            for name, value in _values(fields).items():
                setattr(row, name, value)
            if row.module.uid != fields.get("module", row.module.uid):
                row.module = modules[fields["module"]]
            if "revision" in fields:
                make_live(row, LessonRevision.objects.get(lesson=row, number=fields["revision"]))
                row.updated_at = timezone.now()
        if row.uid != uids[pk] and course.lessons.filter(uid=row.uid).exclude(pk=row.pk).exists():
            row.uid = uids[pk]
    taken = set(course.lessons.filter(removed_at=None).exclude(pk__in=list(undo)).values_list("slug", flat=True))
    for row in rows.values():
        if row.removed_at is None:
            row.slug = _free(row.slug, taken)
            taken.add(row.slug)
        row.save()
        if row.removed_at is None and row.module.removed_at is not None:
            Module.objects.filter(pk=row.module_id).update(removed_at=None)


def _put_drafts_back(course: Course, undo: dict[str, dict[str, Any]]) -> dict[str, Any]:
    done = {}
    rows = {str(row.pk): row for row in course.lessons.filter(pk__in=list(undo))}
    for pk, entry in undo.items():
        row, draft = rows[pk], LessonDraft.objects.filter(lesson_id=pk).first()
        if (checksum(draft.body) if draft else None) != entry["now"]:
            continue
        body = _draft_body(row, entry["was"])
        if draft is not None:
            draft.delete()
        if body is not None:
            LessonDraft.objects.create(lesson=row, body=body)
        if draft is not None or body is not None:
            done[pk] = {"was": {"body": draft.body} if draft else None, "now": checksum(body) if body else None}
    return done


def _draft_body(row: Lesson, was: dict[str, Any] | None) -> dict[str, Any] | None:
    if was is None:
        return None
    if "revision" not in was:
        return was["body"]
    body = LessonRevision.objects.values_list("body", flat=True).get(lesson=row, number=was["revision"])
    live = row.current_revision
    return None if live is not None and live.number == was["revision"] else body


def _values(fields: dict[str, Any]) -> dict[str, Any]:
    """A snapshot's row as values of columns, without what names other rows."""
    return {
        name: parse_datetime(value) if name in _DATES and value else value
        for name, value in fields.items()
        if name not in ("module", "revision")
    }


def _free(slug: str, taken: set[str]) -> str:
    free, number = slug, 1
    while free in taken:
        number += 1
        free = f"{slug[:114]}-{number}"
    return free
