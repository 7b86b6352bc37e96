"""Shapes of a person's work in the API."""

from typing import Any

from rest_framework import serializers

from courses.api.block_serializers import BLOCKS, BlockField, HeadingSerializer
from progress.api.course_serializers import RULES, CourseRefSerializer, MyCourseSerializer
from progress.api.practice_serializers import (
    BlockStateSerializer,
    WorkSerializer,
    block_states,
    saved_documents,
)
from progress.selectors.practice import LessonPractice
from progress.selectors.questions import own_blocks, own_parts


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
    type = serializers.ChoiceField(choices=list(BLOCKS))
    html = serializers.CharField()


class LessonStateSerializer(serializers.Serializer):
    """The caller's state in a lesson."""

    is_enrolled = serializers.BooleanField()
    is_completed = serializers.BooleanField()
    blocks = serializers.DictField(
        child=BlockStateSerializer(), help_text="By id: every block that is judged. Empty when not enrolled."
    )
    work = serializers.DictField(
        child=WorkSerializer(), help_text="By id: what is saved of code, exercises and quizzes."
    )


class LessonSerializer(serializers.Serializer):
    """A lesson. Blocks never hold an answer, a solution or a hidden check."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    points = serializers.FloatField(help_text="Of all blocks that are judged.")
    completion_rule = serializers.ChoiceField(
        choices=RULES, help_text="`passed`: complete only when every judged block is passed."
    )
    updated_at = serializers.DateTimeField()
    course = CourseRefSerializer()
    revision = serializers.IntegerField()
    toc = HeadingSerializer(many=True)
    blocks = serializers.ListField(child=BlockField())
    state = LessonStateSerializer()
    html = RenderedPartSerializer(many=True, required=False)


def lesson_document(lesson: Any, practice: LessonPractice, *, user: Any, include_html: bool) -> dict[str, Any]:
    """`LessonSerializer`'s shape; no Markdown is rendered here."""
    revision, course = lesson.current_revision, lesson.course
    document = {
        "id": lesson.pk,
        "slug": lesson.slug,
        "title": lesson.title,
        "minutes": lesson.minutes,
        "points": float(lesson.points),
        "completion_rule": lesson.completion_rule,
        "updated_at": lesson.updated_at,
        "course": {"id": course.pk, "slug": course.slug, "title": course.title},
        "revision": revision.number,
        "toc": revision.toc,
        "blocks": own_blocks(user=user, lesson=lesson, practice=practice),
        "state": {
            "is_enrolled": getattr(lesson, "is_enrolled", False),
            "is_completed": getattr(lesson, "is_done", False),
            "blocks": block_states(practice),
            "work": saved_documents(practice),
        },
    }
    if include_html:
        document["html"] = own_parts(user=user, lesson=lesson, practice=practice)
    return document
