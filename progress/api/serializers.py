"""Shapes of a person's work in the API."""

from typing import Any

from rest_framework import serializers

from progress.selectors import Standing


class CourseRefSerializer(serializers.Serializer):
    """Which course."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()


class LessonRefSerializer(serializers.Serializer):
    """Which lesson."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()


class MyCourseSerializer(serializers.Serializer):
    """How far the caller is in a course. `total_lessons` counts live lessons and removed ones that were completed."""

    course = CourseRefSerializer()
    completed_lessons = serializers.IntegerField()
    total_lessons = serializers.IntegerField()
    completion_percent = serializers.IntegerField(min_value=0, max_value=100)
    next_lesson = LessonRefSerializer(allow_null=True)
    last_activity_at = serializers.DateTimeField()
    enrolled_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)


def my_course(standing: Standing) -> dict[str, Any]:
    """`MyCourseSerializer`'s shape without its cost: my-courses is the most called route."""
    upcoming = standing.next_lesson
    return {
        "course": {"id": standing.course_id, "slug": standing.slug, "title": standing.title},
        "completed_lessons": standing.completed,
        "total_lessons": standing.total,
        "completion_percent": standing.percent,
        "next_lesson": upcoming and {"id": upcoming.id, "slug": upcoming.slug, "title": upcoming.title},
        "last_activity_at": standing.last_activity_at,
        "enrolled_at": standing.enrolled_at,
        "completed_at": standing.completed_at,
    }


class CompletionSerializer(MyCourseSerializer):
    """The lesson's state and the course's new counts."""

    lesson_id = serializers.IntegerField()
    is_completed = serializers.BooleanField()


class LessonQuery(serializers.Serializer):
    """What to include."""

    include = serializers.ChoiceField(choices=["html"], required=False, help_text="`html` adds the rendered parts.")


class RenderedPartSerializer(serializers.Serializer):
    """A block as HTML, sanitised."""

    id = serializers.CharField()
    type = serializers.CharField()
    html = serializers.CharField()


class LessonStateSerializer(serializers.Serializer):
    """The caller's state in a lesson."""

    is_enrolled = serializers.BooleanField()
    is_completed = serializers.BooleanField()


class LessonSerializer(serializers.Serializer):
    """A lesson. Blocks never hold an answer, a solution or a hidden check."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    updated_at = serializers.DateTimeField()
    course = CourseRefSerializer()
    revision = serializers.IntegerField()
    toc = serializers.ListField(child=serializers.DictField())
    blocks = serializers.ListField(child=serializers.DictField())
    state = LessonStateSerializer()
    html = RenderedPartSerializer(many=True, required=False)


def lesson_document(lesson: Any, *, include_html: bool) -> dict[str, Any]:
    """`LessonSerializer`'s shape; the blocks go out as publishing stored them."""
    revision, course = lesson.current_revision, lesson.course
    document = {
        "id": lesson.pk,
        "slug": lesson.slug,
        "title": lesson.title,
        "minutes": lesson.minutes,
        "updated_at": lesson.updated_at,
        "course": {"id": course.pk, "slug": course.slug, "title": course.title},
        "revision": revision.number,
        "toc": revision.toc,
        "blocks": revision.public["blocks"],
        "state": {
            "is_enrolled": getattr(lesson, "is_enrolled", False),
            "is_completed": getattr(lesson, "is_done", False),
        },
    }
    if include_html:
        document["html"] = revision.html
    return document
