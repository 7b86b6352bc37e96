"""All that is stored about a person, as one JSON document that is written while it is read.

Apps above this one register what they know at start-up: accounts does not know them. A section yields plain rows, one
at a time, so that ten years of work need no more memory than a page of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils import timezone

from accounts import selectors
from accounts.models import User

Section = Callable[[User], Iterator[dict[str, Any]]]
PAGE = 100  # rows that are read at a time

_sections: dict[str, Section] = {
    "addresses": selectors.own_addresses,
    "second_factors": selectors.own_second_factors,
    "sessions": selectors.own_sessions,
    "admin_log": selectors.own_admin_log,
}


def register(name: str, section: Section) -> None:
    """Add a section to the document. A later one of the same name takes its place."""
    _sections[name] = section


def in_pages(rows: QuerySet[Any, Any], *, size: int = PAGE) -> Iterator[Any]:
    """Each of the rows in the order of their keys, read page by page: objects, or dicts that have their "pk".

    No cursor is held open between the pages, because a connection pool may be in the way.
    """
    last: Any = None
    while True:
        page = list((rows if last is None else rows.filter(pk__gt=last)).order_by("pk")[:size])
        yield from page
        if len(page) < size:
            return
        last = page[-1]["pk"] if isinstance(page[-1], dict) else page[-1].pk


def document(user: User) -> Iterator[str]:
    """The document's text, in pieces: `{"version": 1, "profile": {…}, "<section>": [rows]}`."""
    encoder = DjangoJSONEncoder(ensure_ascii=False)
    yield f'{{"version": 1,\n"profile": {encoder.encode(selectors.own_profile(user))}'
    for name, section in _sections.items():
        yield f",\n{encoder.encode(name)}: ["
        for number, row in enumerate(section(user)):
            yield (",\n" if number else "\n") + encoder.encode(row)
        yield "]"
    yield "}\n"


def file_headers() -> dict[str, str]:
    """The headers of an answer that is a file to keep, and that no cache may."""
    name = f"ml-practicum-{timezone.localdate().isoformat()}.json"
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
