"""Shapes of whole-course download: the manifest, and what is in its parts."""

from rest_framework import serializers

from courses.api.block_serializers import BLOCKS, BlockField, HeadingSerializer
from courses.api.serializers import LEVELS
from progress.api.course_serializers import RULES, CourseRefSerializer

KINDS = ["outline", "lesson", "asset"]


class PartSerializer(serializers.Serializer):
    """Bytes to fetch. A part whose `sha256` the device has needs no request."""

    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.CharField(help_text="A lesson's id, a file's name, or the course's slug.")
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="Of the bytes, before any Content-Encoding.")
    size = serializers.IntegerField(help_text="Bytes, before any Content-Encoding.")
    media_type = serializers.CharField()
    url = serializers.CharField(help_text="Path on this site.")


class DownloadSerializer(serializers.Serializer):
    """Everything to keep of a course."""

    course = CourseRefSerializer()
    revision = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="Changes when any part does.")
    size = serializers.IntegerField(help_text="Bytes of all parts; equal parts count once.")
    parts = PartSerializer(many=True)


class KeptLessonSerializer(serializers.Serializer):
    """A lesson in the outline of a download."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    points = serializers.FloatField(help_text="Of all blocks that are judged.")
    completion_rule = serializers.ChoiceField(choices=RULES)
    is_preview = serializers.BooleanField()
    available_from = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField()
    part = serializers.CharField(allow_null=True, help_text="`sha256` of its lesson part; null: there is none yet.")


class KeptModuleSerializer(serializers.Serializer):
    """A module with its lessons in order."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    lessons = KeptLessonSerializer(many=True)


class KeptOutlineSerializer(serializers.Serializer):
    """The outline part: the course, its modules and lessons, the same for everybody."""

    version = serializers.IntegerField(help_text="Of this form: 1.")
    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    description = serializers.CharField(help_text="Markdown.")
    description_html = serializers.CharField(help_text="The same as sanitised HTML.")
    outcomes = serializers.ListField(child=serializers.CharField())
    requirements = serializers.ListField(child=serializers.CharField())
    level = serializers.ChoiceField(choices=LEVELS)
    language = serializers.CharField(help_text="Language tag (BCP 47).")
    licence = serializers.CharField()
    authors = serializers.ListField(child=serializers.CharField())
    lesson_count = serializers.IntegerField()
    minutes = serializers.IntegerField()
    points = serializers.FloatField(help_text="Of all blocks that are judged.")
    certificate_percent = serializers.IntegerField(allow_null=True, help_text="Of the points; null: no certificate.")
    files = serializers.DictField(
        child=serializers.CharField(),
        help_text="Data that cells read: path in the course → name below `/media/assets/`.",
    )
    modules = KeptModuleSerializer(many=True)


class KeptChoiceSerializer(serializers.Serializer):
    """A choice as HTML."""

    id = serializers.CharField()
    html = serializers.CharField()


class KeptPartSerializer(serializers.Serializer):
    """A block as sanitised HTML. Judged ones have their pieces too, of which a form can be made."""

    id = serializers.CharField()
    type = serializers.ChoiceField(choices=list(BLOCKS))
    html = serializers.CharField()
    prompt = serializers.CharField(required=False, help_text="HTML.")
    choices = KeptChoiceSerializer(many=True, required=False)


class KeptLessonContentSerializer(serializers.Serializer):
    """A lesson part: blocks and their HTML, with no answer and nothing of a person."""

    version = serializers.IntegerField(help_text="Of this form: 1.")
    blocks = serializers.ListField(child=BlockField())
    toc = HeadingSerializer(many=True)
    html = KeptPartSerializer(many=True)
