"""Shapes of the catalogue in the API."""

from rest_framework import serializers

LEVELS = ["beginner", "intermediate", "advanced"]


class CourseSerializer(serializers.Serializer):
    """A course of the catalogue."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVELS)
    language = serializers.CharField(help_text="Language tag (BCP 47).")
    licence = serializers.CharField()
    authors = serializers.ListField(child=serializers.CharField(), source="author_names")
    lesson_count = serializers.IntegerField()
    minutes = serializers.IntegerField()
    updated_at = serializers.DateTimeField()


class CatalogueQuery(serializers.Serializer):
    """Filters of the catalogue. An empty one filters nothing, as a form sends it."""

    search = serializers.CharField(
        required=False, allow_blank=True, max_length=100, help_text="Words in the title or summary."
    )
    level = serializers.ChoiceField(choices=LEVELS, required=False, allow_blank=True)
    language = serializers.RegexField(
        r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$",
        required=False,
        allow_blank=True,
        max_length=12,
        help_text="Language tag (BCP 47).",
    )


class OutlineLessonSerializer(serializers.Serializer):
    """A lesson in the outline, with the caller's tick."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    is_preview = serializers.BooleanField()
    is_locked = serializers.BooleanField(help_text="Opens later: see available_from.")
    available_from = serializers.DateTimeField(allow_null=True)
    is_completed = serializers.BooleanField(source="is_done")
    points = serializers.FloatField(help_text="Of all blocks that are judged.")
    score = serializers.FloatField(allow_null=True, help_text="The caller's points; null without an enrolment.")


class OutlineModuleSerializer(serializers.Serializer):
    """A module with its lessons in order."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    lessons = OutlineLessonSerializer(many=True)


class CourseOutlineSerializer(CourseSerializer):
    """A course with its outline."""

    description = serializers.CharField(help_text="Markdown.")
    outcomes = serializers.ListField(child=serializers.CharField())
    requirements = serializers.ListField(child=serializers.CharField())
    modules = OutlineModuleSerializer(many=True, source="outline")
