"""A whole course to keep on a device: which parts it has, each named by the SHA-256 of its bytes.

The outline says what the course is and which part is which lesson; lessons and files are named by what publishing
stored, so that asking hashes some kilobytes and no lesson. Nothing here is one person's own.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from courses.models import ASSET_NAME, Asset, Course, Lesson
from courses.selectors import PRIVATE_ENDING
from courses.services.parts import NEUTRAL_ORDER
from progress.models import Enrolment

_STORED_FILE = re.compile(ASSET_NAME)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes to fetch. `id`: of a lesson; a file's name; the course's slug. `size` is in bytes."""

    kind: str
    id: str
    sha256: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class Download:
    """A course as it can be kept. `waiting` are the ids of live revisions whose parts are not described yet."""

    course: Course
    parts: list[Part]
    outline: bytes
    waiting: list[int]

    @property
    def revision(self) -> str:
        """SHA-256 over the names of all parts: the same for the same content."""
        names = "\n".join(f"{part.kind} {part.id} {part.sha256}" for part in self.parts)
        return hashlib.sha256(names.encode()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all parts; one that is there twice counts once."""
        return sum({(part.kind, part.sha256): part.size for part in self.parts}.values())


def course_download(*, user: Any, slug: str) -> Download:
    """What there is to keep of a course that the person takes. 3 queries.

    Raises:
        Http404: there is no such course, or the person does not take it.
    """
    course = get_object_or_404(_taken(user), slug=slug)
    rows = list(_lesson_rows(course))
    now = timezone.now()
    waiting = [
        row["revision_id"] for row in rows if row["sha256"] == "" and row["current_revision__compiler"] >= NEUTRAL_ORDER
    ]
    for row in rows:  # what is not open yet has a line in the outline, and nothing to read
        is_open = row["available_from"] is None or row["available_from"] <= now
        row["part"] = (row["sha256"] or None) if is_open else None
    outline = _outline(course, rows)
    lessons = [
        Part("lesson", str(row["id"]), row["part"], row["size"], "application/json") for row in rows if row["part"]
    ]
    named = {name for row in rows if row["part"] for name in row["files"]}
    named |= {*course.data_files.values(), *_STORED_FILE.findall(course.description_html)}
    assets = [
        Part("asset", asset.file, asset.sha256, asset.size, asset.media_type)
        for asset in Asset.objects.filter(file__in=named).exclude(file__endswith=PRIVATE_ENDING).order_by("file")
    ]
    own = Part("outline", course.slug, hashlib.sha256(outline).hexdigest(), len(outline), "application/json")
    return Download(course, [own, *lessons, *assets], outline, waiting)


def downloadable_revision(*, user: Any, slug: str, sha256: str) -> int:
    """The id of a live revision with this part, in a course that the person takes. 1 query.

    Raises:
        Http404: there is none: it was replaced, is not open yet, or is not for this person.
    """
    lessons = Lesson.objects.open().filter(course__in=_taken(user), course__slug=slug)
    found = lessons.filter(current_revision__part_sha256=sha256).values_list("current_revision_id", flat=True).first()
    if found is None:
        raise Http404("no such part")
    return found


def _taken(user: Any) -> Any:
    taken = Enrolment.objects.filter(user=user, course=OuterRef("pk"), left_at=None)
    return Course.objects.readable().filter(Exists(taken))


def _lesson_rows(course: Course) -> Any:
    return (
        course.lessons.live()
        .order_by("position", "pk")
        .values(
            "id", "slug", "title", "minutes", "points", "completion_rule", "is_preview", "available_from", "module_id",
            "module__title", "current_revision__number", "current_revision__compiler",
            revision_id=F("current_revision_id"), sha256=F("current_revision__part_sha256"),
            size=F("current_revision__part_size"), files=F("current_revision__part_assets"),
        )
    )  # fmt: skip


def _outline(course: Course, rows: list[dict[str, Any]]) -> bytes:
    """The course's own part: the same bytes for the same course, whoever asks and whenever."""
    modules: dict[int, dict[str, Any]] = {}
    for row in rows:
        module = {"id": row["module_id"], "title": row["module__title"], "lessons": []}
        modules.setdefault(row["module_id"], module)["lessons"].append(
            {
                "id": row["id"],
                "slug": row["slug"],
                "title": row["title"],
                "minutes": row["minutes"],
                "points": float(row["points"]),
                "completion_rule": row["completion_rule"],
                "is_preview": row["is_preview"],
                "available_from": row["available_from"].isoformat() if row["available_from"] else None,
                "revision": row["current_revision__number"],
                "part": row["part"],
            }
        )
    document = {
        "version": 1,
        "id": course.pk,
        "slug": course.slug,
        "title": course.title,
        "summary": course.summary,
        "description": course.description,
        "description_html": course.description_html,
        "outcomes": course.outcomes,
        "requirements": course.requirements,
        "level": course.level,
        "language": course.language,
        "licence": course.licence,
        "authors": course.author_names,
        "lesson_count": course.lesson_count,
        "minutes": course.minutes,
        "points": float(course.points),
        "certificate_percent": course.certificate_percent,
        "files": {path: name for path, name in course.data_files.items() if not name.endswith(PRIVATE_ENDING)},
        "modules": list(modules.values()),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
