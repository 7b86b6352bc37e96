"""Shapes of a lesson's blocks in the API: what publishing makes public of each type, and nothing of its answers.

They describe what is stored and served as it is; nothing is serialised by them. A test holds them against
`courses.content.compiling` for every type.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

CALLOUTS = ["note", "tip", "important", "warning", "danger"]
OUTPUTS = ["stream", "display_data", "execute_result", "error"]
RUNS = ["interactive", "static", "hidden"]
QUIZZES = ["single", "multiple", "numeric", "text"]
COMPARISONS = ["equal", "close", "shape", "raises"]
METRICS = ["accuracy", "f1", "roc_auc", "log_loss", "mae", "rmse", "r2"]
POINTS_HELP = "What a pass earns."


class ConstantField(serializers.CharField):
    """One word alone, by which a shape is told from its sisters."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self.value = value


class ConstantFieldExtension(OpenApiSerializerFieldExtension):
    """`const`, which REST framework has no field for."""

    target_class = ConstantField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "const": self.target.value}


@extend_schema_field({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
class LinesField(serializers.JSONField):
    """Text, whole or in lines, as notebooks have it."""


class AssetReferenceSerializer(serializers.Serializer):
    """A file of the course: its name below `/media/assets/`, and the size of a picture in pixels."""

    file = serializers.CharField()
    width = serializers.IntegerField(required=False)
    height = serializers.IntegerField(required=False)


class BlockSerializer(serializers.Serializer):
    """What every block has."""

    id = serializers.CharField(help_text="The same for as long as the block lives; unique in its lesson.")


class WithReferences(serializers.Serializer):
    """What a Markdown text refers to, by the words that it uses for it."""

    assets = serializers.DictField(child=AssetReferenceSerializer(), required=False, help_text="Pictures and files.")
    links = serializers.DictField(
        child=serializers.CharField(), required=False, help_text="Addresses that links in the text lead to instead."
    )


class MarkdownBlockSerializer(WithReferences, BlockSerializer):
    """Text with mathematics, in Markdown."""

    type = ConstantField("markdown")
    source = serializers.CharField()


class CellOutputSerializer(serializers.Serializer):
    """An output that came with the cell, in nbformat's form.

    Of a stream `name` and `text`; of a picture or value `data`, a mime bundle; of an error `ename`, `evalue` and
    `traceback`.
    """

    output_type = serializers.ChoiceField(choices=OUTPUTS)
    name = serializers.CharField(required=False, help_text="stdout or stderr.")
    text = LinesField(required=False)
    data = serializers.DictField(  # type: ignore[assignment]  # the member's name in nbformat
        child=serializers.JSONField(),
        required=False,
        help_text='By media type: text, JSON, or `{"asset": name}` of a file below `/media/assets/`.',
    )
    execution_count = serializers.IntegerField(required=False, allow_null=True)
    ename = serializers.CharField(required=False)
    evalue = serializers.CharField(required=False)
    traceback = serializers.ListField(child=serializers.CharField(), required=False)


class CodeBlockSerializer(BlockSerializer):
    """A cell of code with the outputs that it came with."""

    type = ConstantField("code")
    source = serializers.CharField()
    language = serializers.CharField()
    outputs = CellOutputSerializer(many=True)
    run = serializers.ChoiceField(choices=RUNS, help_text="Whether a reader may run it, reads it, or has it hidden.")
    run_note = serializers.CharField(required=False, help_text="Why it cannot run in a browser.")
    title = serializers.CharField(required=False)
    assets = serializers.DictField(child=AssetReferenceSerializer(), required=False, help_text="Pictures and files.")


class ImageBlockSerializer(BlockSerializer):
    """A picture."""

    type = ConstantField("image")
    asset = serializers.CharField(help_text="The file's name below `/media/assets/`.")
    alt = serializers.CharField()
    caption = serializers.CharField(required=False, help_text="Markdown.")
    width = serializers.IntegerField(required=False, help_text="Pixels.")
    height = serializers.IntegerField(required=False, help_text="Pixels.")


class CalloutBlockSerializer(WithReferences, BlockSerializer):
    """A text that stands out."""

    type = ConstantField("callout")
    kind = serializers.ChoiceField(choices=CALLOUTS)
    title = serializers.CharField(required=False)
    source = serializers.CharField(help_text="Markdown.")


class VideoBlockSerializer(BlockSerializer):
    """A video on another site."""

    type = ConstantField("video")
    url = serializers.CharField(help_text="An https address.")
    title = serializers.CharField()


class QuizChoiceSerializer(serializers.Serializer):
    """What can be chosen."""

    id = serializers.CharField()
    text = serializers.CharField(help_text="Markdown.")


class QuizBlockSerializer(WithReferences, BlockSerializer):
    """A question."""

    type = ConstantField("quiz")
    kind = serializers.ChoiceField(choices=QUIZZES)
    prompt = serializers.CharField(help_text="Markdown.")
    points = serializers.FloatField(help_text=POINTS_HELP)
    attempts = serializers.IntegerField(allow_null=True, help_text="Tries that are allowed; null: any number.")
    graded = serializers.BooleanField(help_text="False: nothing is judged here.")
    choices = QuizChoiceSerializer(many=True, required=False, help_text="Of `single` and `multiple`.")
    units = serializers.CharField(required=False, help_text="Of `numeric`: what the number is in.")
    partial_credit = serializers.BooleanField(required=False, help_text="Of `multiple`: a part of it earns a part.")


class ValueCheckSerializer(serializers.Serializer):
    """A value of the learner's code that the server compares."""

    kind = ConstantField("value")
    expression = serializers.CharField()
    expected = serializers.JSONField(allow_null=True, help_text="Any JSON value.")
    comparison = serializers.ChoiceField(choices=COMPARISONS)
    relative = serializers.FloatField(required=False, help_text="Tolerance of `close`.")
    absolute = serializers.FloatField(required=False, help_text="Tolerance of `close`.")
    message = serializers.CharField(required=False)


class AssertCheckSerializer(serializers.Serializer):
    """Asserts that run beside the learner's code."""

    kind = ConstantField("assert")
    source = serializers.CharField()  # type: ignore[assignment]  # the member's name in lesson bodies
    message = serializers.CharField(required=False)


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Check",
        serializers={"value": ValueCheckSerializer, "assert": AssertCheckSerializer},
        resource_type_field_name="kind",
    )
)
class CheckField(serializers.JSONField):
    """A visible check of an exercise."""


class ExerciseBlockSerializer(WithReferences, BlockSerializer):
    """Code to write."""

    type = ConstantField("exercise")
    title = serializers.CharField()
    prompt = serializers.CharField(help_text="Markdown.")
    starter = serializers.CharField(help_text="What the editor begins with.")
    setup = serializers.CharField(help_text="What runs before the learner's code.")
    checks = serializers.ListField(child=CheckField(), help_text="The visible ones.")
    hidden_check_count = serializers.IntegerField()
    hint_count = serializers.IntegerField()
    has_solution = serializers.BooleanField()
    packages = serializers.ListField(child=serializers.CharField())
    points = serializers.FloatField(help_text=POINTS_HELP)
    language = serializers.CharField()


class PredictionsBlockSerializer(WithReferences, BlockSerializer):
    """Data to predict labels for."""

    type = ConstantField("predictions")
    prompt = serializers.CharField(help_text="Markdown.")
    # It hides `Serializer.data`, for which nobody asks a shape.
    data = serializers.CharField(help_text="Name of the data's file below `/media/assets/`.")  # type: ignore[assignment]
    metric = serializers.ChoiceField(choices=METRICS)
    threshold = serializers.FloatField(help_text="The score to pass with.")
    tries_per_day = serializers.IntegerField()
    points = serializers.FloatField(help_text=POINTS_HELP)


class DividerBlockSerializer(BlockSerializer):
    """A line between parts."""

    type = ConstantField("divider")


BLOCKS: dict[str, type[BlockSerializer]] = {
    "markdown": MarkdownBlockSerializer,
    "code": CodeBlockSerializer,
    "image": ImageBlockSerializer,
    "callout": CalloutBlockSerializer,
    "video": VideoBlockSerializer,
    "quiz": QuizBlockSerializer,
    "exercise": ExerciseBlockSerializer,
    "predictions": PredictionsBlockSerializer,
    "divider": DividerBlockSerializer,
}


@extend_schema_field(
    PolymorphicProxySerializer(component_name="Block", serializers=BLOCKS, resource_type_field_name="type")
)
class BlockField(serializers.JSONField):
    """A block as publishing made it public; `type` says which shape it has."""


class HeadingSerializer(serializers.Serializer):
    """A heading of the lesson, in reading order."""

    id = serializers.CharField(help_text="Of the element in the HTML.")
    title = serializers.CharField()
    level = serializers.IntegerField(min_value=1, max_value=6)
    page = serializers.IntegerField(required=False, help_text="Of a long lesson: which of its pages on the site.")
