"""What a person did, row by row, for the document with all of their data (`accounts.services.personal_data`).

Every field of every row that is theirs, new fields without being asked; of the content that a row points at only the
name. Reads in pages: nothing here is held in memory as a whole.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model

from accounts.models import User
from accounts.services.personal_data import in_pages, register
from progress.models import (
    Attempt,
    BlockResult,
    Certificate,
    DroppedWork,
    Enrolment,
    LessonCompletion,
    PredictionFile,
    Reveal,
    SavedWork,
    SyncEvent,
    WorkVersion,
)

SECTIONS: dict[str, type[Model]] = {
    "enrolments": Enrolment,
    "completions": LessonCompletion,
    "attempts": Attempt,
    "results": BlockResult,
    "saved_work": SavedWork,
    "earlier_work": WorkVersion,
    "dropped_work": DroppedWork,
    "reveals": Reveal,
    "certificates": Certificate,
    "device_events": SyncEvent,
}
# How a row tells of what it points at: the name in the document, and where to read it.
_NAMES = {
    "course": ("course", "course__slug"),
    "enrolment": ("course", "enrolment__course__slug"),
    "lesson": ("lesson", "lesson__slug"),
    "last_lesson": ("last_lesson", "last_lesson__slug"),
    "block_uid": ("block", "block_uid"),
    "recheck_of": ("recheck_of", "recheck_of__uid"),
    "last_attempt": ("last_attempt", "last_attempt__uid"),
}
# Our keys, the person, and the numbers of transactions that synchronising goes by.
LEFT_OUT = frozenset({"id", "user", "change", "entered"})
PREDICTIONS_PAGE = 5  # files at a time: each may be megabytes


def register_sections() -> None:
    """Make this app's sections part of the document. Called at start-up."""
    for name, model in SECTIONS.items():
        register(name, _rows_of(model))
    register("predictions", _predictions)


def told_fields(model: type[Model]) -> dict[str, tuple[Any, bool]]:
    """By its name in the document: the model field that each value of a row is of, and whether it may be null."""
    return {name: _at_path(model, path) for name, path in _told(model).items()}


def _told(model: type[Model]) -> dict[str, str]:
    fields = [field.name for field in model._meta.concrete_fields]
    return dict(_NAMES.get(name, (name, name)) for name in fields if name not in LEFT_OUT)


def _at_path(model: type[Model], path: str) -> tuple[Any, bool]:
    is_null = False
    field: Any = None
    for name in path.split("__"):
        field = (field.related_model if field else model)._meta.get_field(name)
        is_null = is_null or field.null
    return field, is_null


def _rows_of(model: type[Model]) -> Callable[[User], Iterator[dict[str, Any]]]:
    told = _told(model)
    person = "user" if any(field.name == "user" for field in model._meta.concrete_fields) else "enrolment__user"

    def rows(user: User) -> Iterator[dict[str, Any]]:
        for row in in_pages(model._default_manager.filter(**{person: user}).values("pk", *told.values())):
            yield {name: row[path] for name, path in told.items()}

    return rows


def _predictions(user: User) -> Iterator[dict[str, Any]]:
    files = PredictionFile.objects.filter(attempt__enrolment__user=user).select_related("attempt")
    for file in in_pages(files, size=PREDICTIONS_PAGE):
        yield {"attempt": file.attempt.uid, "predictions": json.loads(gzip.decompress(bytes(file.content)))}
