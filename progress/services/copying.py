"""A lesson to take away as a notebook with one's own code, for the page and the API alike."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urljoin

from django.utils.http import content_disposition_header

from courses.models import Lesson
from courses.services import exporting
from progress.selectors.practice import learner_code

MEDIA_TYPE = "application/x-ipynb+json"


@dataclass(frozen=True)
class Copy:
    """A copy that is not made yet: its ETag, its headers, and what makes the bytes."""

    tag: str
    headers: dict[str, str]
    make: Callable[[], bytes]


def lesson_copy(*, user: Any, lesson: Lesson, page: str) -> Copy:
    """The copy of a lesson that the person may read; `page` is the absolute address of its page. 2 queries."""
    code = learner_code(user=user, lesson=lesson)
    tag = exporting.lesson_copy_tag(lesson=lesson, page=page, code=code)
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
        "Content-Disposition": str(content_disposition_header(as_attachment=True, filename=f"{lesson.slug}.ipynb")),
    }
    make = partial(exporting.lesson_copy, lesson=lesson, page=page, address_of=partial(urljoin, page), code=code)
    return Copy(tag, headers, make)
