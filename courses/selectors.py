"""Reads of the catalogue. The access check is the fetch: what a viewer may not see does not exist (Http404)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.files.storage import default_storage
from django.db.models import QuerySet, Subquery
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

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

    @property
    def is_locked(self) -> bool:
        return self.available_from is not None and self.available_from > timezone.now()


@dataclass(slots=True)
class OutlineModule:
    """A module of the outline with its lessons in order."""

    id: int
    title: str
    lessons: list[OutlineLesson] = field(default_factory=list)


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
            "id", "slug", "title", "minutes", "is_preview", "available_from", "position", "course_id",
            "module__id", "module__title", "module__position",
        )
        .order_by("position", "id")
    )  # fmt: skip


def outline_of(course: Course, rows: Iterable[Lesson]) -> Outline:
    """Group lesson rows into modules. A row may carry `is_done`. No query."""
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
        lesson_rows().defer("current_revision__public"),
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


def lesson_html(revision: LessonRevision) -> str:
    """The rendered body, joined from its compiled parts. No query."""
    return "".join(part["html"] for part in revision.html)


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
    return lesson.revisions.select_related("created_by").defer("body", "public", "key", "html", "text")


def search_results(*, viewer: Any, words: str) -> QuerySet[Course]:
    """Courses whose title, summary or lesson titles hold every word. 1 query when evaluated."""
    found = Course.objects.visible_to(viewer).exclude(status=Course.Status.ARCHIVED)
    for word in words.split()[:8]:
        by_lesson = Lesson.objects.live().filter(title__icontains=word).values("course_id")
        found = (
            found.filter(title__icontains=word) | found.filter(summary__icontains=word) | found.filter(pk__in=by_lesson)
        )
    return found.order_by("-published_at", "-id")
