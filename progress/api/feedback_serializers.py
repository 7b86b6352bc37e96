"""Shapes of what an attempt says to its person: one for each type of block, and one while it waits for its check."""

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers


class FeedbackChoiceSerializer(serializers.Serializer):
    """What the author says of a choice that was chosen."""

    id = serializers.CharField()
    html = serializers.CharField()


class QuizFeedbackSerializer(serializers.Serializer):
    """Of a quiz. What tells the right answer is null until the quiz is passed or no try is left."""

    message = serializers.CharField()
    choices = FeedbackChoiceSerializer(many=True, help_text="Of the chosen ones, those that the author comments on.")
    explanation = serializers.CharField(allow_null=True, help_text="HTML.")
    correct = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="Ids of the right choices; null where there are none."
    )
    answer = serializers.CharField(allow_null=True, help_text="The right number or text, as text.")


class CheckFeedbackSerializer(serializers.Serializer):
    """Of a visible check; texts are empty where they make no sense."""

    label = serializers.CharField()
    passed = serializers.BooleanField()
    called = serializers.CharField()
    returned = serializers.CharField()
    expected = serializers.CharField()
    message = serializers.CharField()


class HiddenChecksSerializer(serializers.Serializer):
    """Of the hidden checks their number, and no more."""

    passed = serializers.IntegerField()
    total = serializers.IntegerField()


class CodeErrorSerializer(serializers.Serializer):
    """What the code itself raised."""

    type = serializers.CharField()
    message = serializers.CharField()
    traceback = serializers.ListField(child=serializers.CharField(), help_text="Lines, as a notebook shows them.")


class ExerciseFeedbackSerializer(serializers.Serializer):
    """Of an exercise."""

    message = serializers.CharField()
    checks = CheckFeedbackSerializer(many=True)
    hidden = HiddenChecksSerializer()
    stdout = serializers.CharField(help_text="What the code printed, bounded.")
    error = CodeErrorSerializer(allow_null=True)


class PredictionsFeedbackSerializer(serializers.Serializer):
    """Of predictions. The private score, which decides, is null until they passed."""

    message = serializers.CharField()
    metric = serializers.CharField()
    public_score = serializers.FloatField()
    private_score = serializers.FloatField(allow_null=True)
    rows = serializers.IntegerField()


class WaitingFeedbackSerializer(serializers.Serializer):
    """While the verdict is `pending`: why it waits."""

    message = serializers.CharField()


@extend_schema_field(
    PolymorphicProxySerializer(
        component_name="Feedback",
        serializers=[
            QuizFeedbackSerializer,
            ExerciseFeedbackSerializer,
            PredictionsFeedbackSerializer,
            WaitingFeedbackSerializer,
        ],
        resource_type_field_name=None,
    )
)
class FeedbackField(serializers.JSONField):
    """The feedback as grading made it; the attempt's `type` and `verdict` say which shape it has."""
