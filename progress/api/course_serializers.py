"""Shapes of courses, lessons and standings that the others are made of."""

from typing import Any

from rest_framework import serializers

from courses.api.serializers import CourseOutlineSerializer
from progress.selectors.standings import Standing, certificate_points

RULES = ["read", "passed"]


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


class CertificateGoalSerializer(serializers.Serializer):
    """What the course's certificate takes."""

    points_needed = serializers.FloatField(allow_null=True, help_text="null: it is given no more.")
    uid = serializers.UUIDField(allow_null=True, help_text="Of the caller's own; null until it is earned.")


class CourseDetailSerializer(CourseOutlineSerializer):
    """A course with its outline and the caller's points."""

    points = serializers.FloatField(help_text="Of all blocks that are judged, and of lost ones that the caller won.")
    score = serializers.FloatField(allow_null=True, help_text="The caller's points; null without an enrolment.")
    certificate = CertificateGoalSerializer(allow_null=True, help_text="null: the course gives none.")


def course_document(course: Any, outline: Any, standing: Standing | None) -> dict[str, Any]:
    """`CourseDetailSerializer`'s shape; `standing` is None for who does not take the course."""
    course.outline = outline
    if standing is None:
        course.score, needed, uid = None, certificate_points(course), None
        for lesson in outline.lessons:
            lesson.score = None
    else:
        course.points, course.score = standing.points, standing.score
        needed, uid = standing.certificate_points, standing.certificate_uid
    course.certificate = None if needed is None and uid is None else {"points_needed": needed, "uid": uid}
    return CourseDetailSerializer(course).data


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
