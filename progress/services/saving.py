"""What a person has in an editor or a form and has not submitted. The newest write wins; nothing of it is judged.

A version that came by sync, or that such a one took the place of, is never lost: see `syncing_versions`.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from courses.models import Lesson
from courses.selectors import LessonBlock, block_of
from progress.models import DroppedWork, Enrolment, SavedWork
from progress.selectors.practice import WRITABLE
from progress.services.enrolling import locked_enrolment
from progress.services.syncing_versions import keep_displaced, keep_late, newer

MAX_SOURCE = 64_000  # characters of code
MAX_ANSWER = 20_000  # characters of a quiz's answer as JSON
MAX_BLOCKS = 500  # saved blocks a lesson: more than any lesson has of them


@transaction.atomic
def save_work(
    *, user: Any, lesson: Lesson, block_id: str, content: Any, at: datetime | None = None, event: UUID | None = None
) -> SavedWork | None:
    """Keep `{"source": text}` of a code cell or an exercise, or `{"answer": …}` of a quiz.

    Idempotent: the same content again changes nothing, not even the time. Work of a device that comes late has `at` and
    the `event`'s uid: it takes its place by its time, and whichever of two versions is older is kept beside. Returns
    what is saved now; None only for late work that was thrown away meanwhile.

    Raises:
        Http404: the person does not take the course, or the lesson has no such block to write in.
        ValidationError: the content is not of that shape, or too long.
    """
    enrolment = locked_enrolment(user, lesson.course_id)
    block = block_of(lesson, block_id)
    return keep_work(enrolment=enrolment, lesson=lesson, block=block, content=content, at=at, event=event)


def keep_work(
    *, enrolment: Enrolment, lesson: Lesson, block: LessonBlock, content: Any, at: datetime | None, event: UUID | None
) -> SavedWork | None:
    """The same under the enrolment's lock, which the caller holds. `block` is the live one.

    At most 4 queries where something is saved already, and 5 where nothing is.
    """
    _check(content, block)
    block_id = block.id
    mine = SavedWork.objects.filter(enrolment=enrolment, lesson=lesson)
    place = {"enrolment": enrolment, "lesson": lesson, "block_uid": block_id}
    work = mine.filter(block_uid=block_id).first()
    if work is None:
        if mine.count() >= MAX_BLOCKS:
            raise ValidationError("too many blocks of this lesson hold saved work")
        if at and event and DroppedWork.objects.filter(**place, dropped_at__gt=at).exists():
            keep_late(place, content, at, event)
            return None
        DroppedWork.objects.filter(**place).delete()
        work = SavedWork(**place, version=0)
    elif at and event and not newer(at, event, work):
        keep_late(place, content, at, event)
        return work
    elif event is None and work.content == content:
        return work
    elif event or work.event:
        keep_displaced(place, work)
    work.content, work.revision, work.version, work.event = content, block.revision, work.version + 1, event
    work.saved_at = at or timezone.now()
    work.save()
    return work


@transaction.atomic
def drop_work(*, user: Any, lesson: Lesson, block_id: str) -> None:
    """Forget what was saved: the author's version shows again. Idempotent. Raises Http404 as `save_work` does."""
    enrolment = locked_enrolment(user, lesson.course_id)
    place: dict[str, Any] = {"enrolment": enrolment, "lesson": lesson, "block_uid": block_id}
    dropped, _ = SavedWork.objects.filter(**place).delete()
    if dropped:
        DroppedWork.objects.update_or_create(**place, defaults={"dropped_at": timezone.now()})


def _check(content: Any, block: LessonBlock) -> None:
    if block.type not in WRITABLE:
        raise Http404("no such block")
    wanted = "answer" if block.type == "quiz" else "source"
    if not isinstance(content, dict) or set(content) != {wanted}:
        raise ValidationError(f"must be an object with “{wanted}” alone")
    value = content[wanted]
    if wanted == "source":
        if not isinstance(value, str):
            raise ValidationError({"source": ["must be text"]})
        if len(value) > MAX_SOURCE:
            raise ValidationError({"source": [f"has {len(value):,} characters; at most {MAX_SOURCE:,} are kept"]})
    elif len(json.dumps(value)) > MAX_ANSWER:
        raise ValidationError({"answer": ["is too long"]})
