"""Reads of the catalogue. The access check is the fetch: what a viewer may not see does not exist (Http404)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.files.storage import default_storage
from django.db.models import F, Func, JSONField, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from courses.content.paging import LessonPage, lesson_page, place_on_page
from courses.models import ASSET_NAME as ASSET_NAME
from courses.models import Course, Lesson, LessonDraft, LessonRevision, PublishLog

# Below MEDIA_ROOT. What an author's file of answers is made into has its own folder, which no address leads to.
ASSET_FOLDER, PRIVATE_FOLDER, PRIVATE_ENDING = "assets", "private", ".private"


@dataclass(slots=True)
class OutlineLesson:
    """A row of a course's outline, as pages and the API show it."""

    id: int
    slug: str
    title: str
    url: str
    minutes: int
    is_preview: bool
    available_from: datetime | None
    is_done: bool = False
    is_current: bool = False
    points: float = 0
    score: float | None = None  # of the viewer; None where nothing was asked for

    @property
    def is_locked(self) -> bool:
        return self.available_from is not None and self.available_from > timezone.now()


@dataclass(slots=True)
class OutlineModule:
    """A module of the outline with its lessons in order."""

    id: int
    title: str
    lessons: list[OutlineLesson] = field(default_factory=list)

    @property
    def points(self) -> float:
        return sum(lesson.points for lesson in self.lessons)

    @property
    def score(self) -> float:
        return sum(lesson.score or 0 for lesson in self.lessons)


@dataclass(slots=True)
class Outline:
    """A course's modules and lessons, and where one stands among them."""

    modules: list[OutlineModule]

    def __iter__(self) -> Iterator[OutlineModule]:
        return iter(self.modules)

    def __bool__(self) -> bool:
        return bool(self.modules)

    @property
    def lessons(self) -> list[OutlineLesson]:
        return [lesson for module in self.modules for lesson in module.lessons]

    def place(self, lesson_id: int) -> dict[str, Any]:
        """Mark a lesson as the current one; give its module's title, place, and neighbours."""
        lessons = self.lessons
        index = next(i for i, lesson in enumerate(lessons) if lesson.id == lesson_id)
        lessons[index].is_current = True
        module = next(m for m in self.modules if lessons[index] in m.lessons)
        return {
            "module_title": module.title,
            "position": index + 1,
            "total": len(lessons),
            "previous": lessons[index - 1] if index else None,
            "next": lessons[index + 1] if index + 1 < len(lessons) else None,
        }


def catalogue(*, viewer: Any, search: str = "", level: str = "", language: str = "") -> QuerySet[Course]:
    """Courses that the viewer may see, newest first. 1 query when evaluated."""
    courses = Course.objects.visible_to(viewer).exclude(status=Course.Status.ARCHIVED)
    for word in search.split()[:8]:
        courses = courses.filter(title__icontains=word) | courses.filter(summary__icontains=word)
    if level:
        courses = courses.filter(level=level)
    if language:
        courses = courses.filter(language=language)
    return courses.order_by("-published_at", "-id")


def with_languages(courses: QuerySet[Course]) -> QuerySet[Course]:
    """Add to each course `all_languages`, those of all published courses: one query instead of two."""
    every = Course.objects.published().order_by().values("status")
    return courses.annotate(all_languages=Subquery(every.annotate(n=ArrayAgg("language", distinct=True)).values("n")))


def course_for(*, viewer: Any, slug: str) -> Course:
    """One visible course. 1 query.

    Raises:
        Http404: there is none, or not for this viewer.
    """
    return get_object_or_404(Course.objects.visible_to(viewer), slug=slug)


def outline_rows(course: Course) -> QuerySet[Lesson]:
    """Live lessons of a course in order with their modules, without bodies. 1 query when evaluated."""
    return (
        course.lessons.live()
        .select_related("module")
        .only(
            "id", "slug", "title", "minutes", "is_preview", "available_from", "position", "course_id", "points",
            "module__id", "module__title", "module__position",
        )
        .order_by("position", "id")
    )  # fmt: skip


def outline_of(course: Course, rows: Iterable[Lesson]) -> Outline:
    """Group lesson rows into modules. A row may carry `is_done` and `score`. No query."""
    modules: dict[int, OutlineModule] = {}
    base = reverse("courses:course", args=[course.slug])
    for row in rows:
        module = modules.setdefault(row.module_id, OutlineModule(row.module_id, row.module.title))
        module.lessons.append(
            OutlineLesson(
                id=row.pk,
                slug=row.slug,
                title=row.title,
                url=f"{base}{row.slug}/",
                minutes=row.minutes,
                is_preview=row.is_preview,
                available_from=row.available_from,
                is_done=getattr(row, "is_done", False),
                points=float(row.points),
                score=None if (score := getattr(row, "score", None)) is None else float(score),
            )
        )
    return Outline(list(modules.values()))


def course_outline(*, course: Course) -> Outline:
    """The outline as anyone sees it. 1 query."""
    return outline_of(course, outline_rows(course))


def lesson_rows() -> QuerySet[Lesson]:
    """Open lessons with what their page needs; answers and sources stay in the database."""
    return (
        Lesson.objects.open()
        .select_related("course", "current_revision")
        .defer("current_revision__body", "current_revision__key", "current_revision__text")
    )


def preview_lesson(*, viewer: Any, course_slug: str, lesson_slug: str) -> Lesson:
    """A lesson that is readable without enrolment: a preview, or any for those who may edit the course. 1–2 queries.

    Raises:
        Http404: there is no such lesson.
        LessonNeedsEnrolment: it exists in a published course but is no preview.
    """
    lesson = get_object_or_404(
        lesson_rows().defer("current_revision__public").annotate(asked_blocks=asked_blocks()),
        course__in=Course.objects.visible_to(viewer),
        course__slug=course_slug,
        slug=lesson_slug,
    )
    if not lesson.is_preview and not may_edit(viewer, lesson.course):
        raise LessonNeedsEnrolment(lesson)
    return lesson


class LessonNeedsEnrolment(Exception):
    """The lesson is there, and readable once enrolled."""

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(f"{lesson}: enrol first")
        self.lesson = lesson


def may_edit(viewer: Any, course: Course) -> bool:
    """Whether the viewer may change this course. No query for those who are not staff."""
    if not (viewer.is_authenticated and viewer.is_staff):
        return False
    return Course.objects.editable_by(viewer).filter(pk=course.pk).exists()


def page_of(revision: LessonRevision, query: Mapping[str, str]) -> LessonPage:
    """What a request's `?part=2`, or `?at=` with an id on the page, asks for of a rendered lesson. No query."""
    return lesson_page(revision.html, revision.toc, part=query.get("part", ""), at=query.get("at", ""))


def block_address(lesson: Lesson, block_id: str) -> str:
    """Where a block of the live revision stands: the lesson's page, its part of a long one, the block. No query."""
    parts = lesson.current_revision.html if lesson.current_revision else []
    return lesson.get_absolute_url() + place_on_page(parts, f"block-{block_id}")


@dataclass(frozen=True, slots=True)
class LessonBlock:
    """A block of a published revision, with what judges it. `key` and `check` are for grading: never show them.

    `public` is the block without any answer; `check` is `{"type", "hash", "points", "attempts"}`, None for a block that
    is not judged; `part` is its rendered html, for judged blocks with "prompt" and "choices" to make a form of. What
    the author wrote never changes within a `revision`, and what was derived from it only with the `compiler`.
    """

    id: str
    type: str
    revision: int
    compiler: int
    public: dict[str, Any]
    key: dict[str, Any]
    check: dict[str, Any] | None
    part: dict[str, Any]


def block_of(lesson: Lesson, block_id: str) -> LessonBlock:
    """A block of the lesson's live revision, by its id. The caller has checked that the lesson may be read. 1 query.

    Raises:
        Http404: the live revision has no such block, or nothing is published.
    """
    if lesson.current_revision_id is None:
        raise Http404("nothing is published")
    return _block(LessonRevision.objects.filter(pk=lesson.current_revision_id), block_id)


def revision_block(lesson: Lesson, number: int, block_id: str) -> LessonBlock:
    """The same of an earlier revision: an answer is judged by what its learner saw. 1 query.

    Raises:
        Http404: the lesson has no such revision, or that has no such block.
    """
    return _block(LessonRevision.objects.filter(lesson=lesson, number=number), block_id)


def _block(revisions: QuerySet[LessonRevision], block_id: str) -> LessonBlock:
    """Only the block leaves the database: a lesson with its outputs is a thousand times as large."""
    if "\0" in block_id:  # PostgreSQL has no text for it
        raise Http404("no such block")
    found = (
        revisions.annotate(
            block=_member("public", "$.blocks[*] ? (@.id == $id)", block_id),
            rendered=_member("html", "$[*] ? (@.id == $id)", block_id),
            answers=_entry("key", block_id),
            judged=_entry("checks", block_id),
        )
        .values("number", "compiler", "block", "rendered", "answers", "judged")
        .first()
    )
    if found is None or found["block"] is None:
        raise Http404("no such block")
    return LessonBlock(
        id=block_id,
        type=found["block"]["type"],
        revision=found["number"],
        compiler=found["compiler"],
        public=found["block"],
        key=found["answers"] or {},
        check=found["judged"],
        part=found["rendered"] or {},
    )


def _member(column: str, path: str, block_id: str) -> Func:
    named = Func(Value("id"), Value(block_id, output_field=TextField()), function="jsonb_build_object")
    path_value = Cast(Value(path), _JSONPath())
    return Func(F(column), path_value, named, function="jsonb_path_query_first", output_field=JSONField())


def _entry(column: str, block_id: str) -> Func:
    # Not a key transform: that takes the id "12" for a place in a list.
    key = Value(block_id, output_field=TextField())
    return Func(F(column), key, template="(%(expressions)s)", arg_joiner=" -> ", output_field=JSONField())


class _JSONPath(TextField):
    """PostgreSQL's type of a path into JSON, to cast to."""

    def db_type(self, connection: Any) -> str:
        return "jsonpath"


def asked_blocks() -> Func:
    """The public part of the blocks that ask something, to annotate lesson rows with: a page needs no other's."""
    path = '$.blocks[*] ? (@.type == "quiz" || @.type == "exercise" || @.type == "predictions")'
    path_value = Cast(Value(path), _JSONPath())
    return Func(F("current_revision__public"), path_value, function="jsonb_path_query_array", output_field=JSONField())


def stored_path(name: str) -> str:
    """Where a content-addressed file lies in the storage."""
    return f"{PRIVATE_FOLDER if name.endswith(PRIVATE_ENDING) else ASSET_FOLDER}/{name}"


def asset_file(*, name: str) -> Any:
    """An open file of the content-addressed store. No query: its name is the hash of its bytes, known only to
    readers of a page that uses it.

    Raises:
        Http404: there is no such file.
    """
    path = f"{ASSET_FOLDER}/{name}"
    try:
        return default_storage.open(path)
    except FileNotFoundError as error:
        raise Http404("no such file") from error


def edited_since_import(*, slug: str) -> bool:
    """Whether a course has a draft, or a publication after its last import. 1–2 queries."""
    newest = PublishLog.objects.filter(course__slug=slug).order_by("-created_at", "-pk").first()
    if newest is not None and newest.kind != PublishLog.Kind.IMPORT:
        return True
    return LessonDraft.objects.filter(lesson__course__slug=slug).exists()


def revision_history(*, lesson: Lesson) -> QuerySet[LessonRevision]:
    """Revisions, newest first, without their bodies. 1 query when evaluated."""
    return lesson.revisions.select_related("created_by").defer("body", "public", "key", "html", "text", "checks")


def search_results(*, viewer: Any, words: str) -> QuerySet[Course]:
    """Courses whose title, summary or lesson titles hold every word. 1 query when evaluated."""
    found = Course.objects.visible_to(viewer).exclude(status=Course.Status.ARCHIVED)
    for word in words.split()[:8]:
        by_lesson = Lesson.objects.live().filter(title__icontains=word).values("course_id")
        found = (
            found.filter(title__icontains=word) | found.filter(summary__icontains=word) | found.filter(pk__in=by_lesson)
        )
    return found.order_by("-published_at", "-id")
