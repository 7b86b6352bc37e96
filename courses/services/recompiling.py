"""After an upgrade: what was derived from bodies by an older compiler is derived again. No body is touched.

Each revision is its own small write, and only while it is still the older compiler's, so this may run beside a site
that serves and publishes, twice at once, and again after it was stopped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum

from courses.content.compiling import COMPILER_VERSION, compile_body
from courses.content.judging import total_points
from courses.content.schema import BodyInvalid
from courses.models import Lesson, LessonRevision
from courses.services.listeners import content_changed
from courses.services.parts import describe_parts
from courses.services.publishing import lock_course

Progress = Callable[[int, int, str], None]
_BATCH = 200  # revisions whose numbers are in memory at a time; of bodies it is one


@dataclass
class Recompiled:
    """How many revisions were compiled anew, and those that today's schema refuses: they stay as they are."""

    revisions: int = 0
    refused: list[str] = field(default_factory=list)


def waiting_revisions() -> int:
    """How many revisions an older compiler derived. 1 query."""
    return _waiting().count()


def recompile_lessons(*, on_progress: Progress | None = None) -> Recompiled:
    """Compile what an older compiler derived, what learners read first. Idempotent.

    Args:
        on_progress: called with (done, total, the revision's name) after each revision.
    """
    result, total, done = Recompiled(), waiting_revisions(), 0
    live = Q(pk=F("lesson__current_revision"))
    for number in chain(_keys(_waiting().filter(live)), _keys(_waiting().exclude(live))):
        revision = LessonRevision.objects.select_related("lesson__course").filter(pk=number).first()
        if revision is None:  # its course was deleted in the meantime
            continue
        done += 1
        try:
            _recompile(revision)
            result.revisions += 1
        except BodyInvalid as error:
            result.refused.append(f"{revision}: {error}")
        if on_progress:
            on_progress(done, max(total, done), str(revision))
    return result


def _waiting() -> QuerySet[LessonRevision]:
    return LessonRevision.objects.filter(compiler__lt=COMPILER_VERSION)


def _keys(revisions: QuerySet[LessonRevision]) -> Iterator[int]:
    """Primary keys, a batch a query: a row that stays as it was does not come again."""
    last = 0
    while keys := list(revisions.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        yield from keys
        last = keys[-1]


def _recompile(revision: LessonRevision) -> None:
    result = compile_body(revision.body, title=revision.lesson.title)
    with transaction.atomic():
        course = lock_course(revision.lesson.course_id)
        derived: dict[str, Any] = {
            "public": result.public,
            "key": result.key,
            "html": result.html,
            "toc": result.toc,
            "text": result.text,
            "checks": result.checks,
            "compiler": COMPILER_VERSION,
        }
        if not _waiting().filter(pk=revision.pk).update(**derived):
            return  # another run was faster
        describe_parts([revision.pk])
        # By what is live now: somebody may have published since the revision was read.
        if not Lesson.objects.filter(current_revision=revision).update(points=total_points(result.checks)):
            return
        course.points = course.lessons.live().aggregate(total=Sum("points", default=Decimal(0)))["total"]
        course.save(update_fields=["points"])  # its dates stay: no author changed anything
        if result.checks != revision.checks:
            content_changed(course)
