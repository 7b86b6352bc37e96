"""Shapes of practice in the API: attempts, saved work, hints, leaderboards, certificates."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from progress.api.course_serializers import MyCourseSerializer
from progress.api.feedback_serializers import FeedbackField
from progress.selectors.attempts import VERDICTS, VERIFIERS
from progress.selectors.practice import BlockState, LessonPractice, SavedState

JUDGED = ["quiz", "exercise", "predictions"]
ANSWER_HELP = (
    "What the block asks for: the id of a choice (single), a list of ids (multiple), a number or text such as "
    '`"9.81 m/s^2"` (numeric), text (text), source code (exercise), a list of values in the order of the rows '
    "(predictions)."
)


_VALUE = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}
_ANSWERS: list[dict[str, Any]] = [{"type": "string"}, {"type": "number"}, {"type": "array", "items": _VALUE}]


@extend_schema_field({"anyOf": _ANSWERS, "description": ANSWER_HELP})
class AnswerField(serializers.JSONField):
    """Text, a number, or a list of such: which of them a block takes is said by the block."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list):
            fits = all(isinstance(item, str | int | float) for item in data)
        else:
            fits = isinstance(data, str | int | float) and not isinstance(data, bool)
        if not fits:
            raise serializers.ValidationError("An answer is text, a number, or a list of such.")
        return super().to_internal_value(data)


@extend_schema_field({"anyOf": [*_ANSWERS, {"type": "null"}], "description": ANSWER_HELP})
class SavedAnswerField(AnswerField):
    """A quiz's answer that was saved and not given, or null."""


class StoredPredictionsSerializer(serializers.Serializer):
    """Predictions that were given: not they themselves, but how many, and the checksum of them as JSON."""

    rows = serializers.IntegerField()
    sha256 = serializers.CharField()


class GivenAnswerField(serializers.JSONField):
    """An answer in its normal form."""


class GivenAnswerFieldExtension(OpenApiSerializerFieldExtension):
    """An answer, or what is left of predictions."""

    target_class = GivenAnswerField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"anyOf": [*_ANSWERS, auto_schema.resolve_serializer(StoredPredictionsSerializer, direction).ref]}


class ClientUidField(serializers.UUIDField):
    """A UUID as text: REST framework would take a number for one too, and 7 is not unique."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class SourceField(serializers.CharField):
    """Text as it is: no number is taken for it, and no blank at its ends is dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid")
        return data

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return serializers.Field.run_validation(self, data)


class AnswerSerializer(serializers.Serializer):
    """An answer to a block. `uid` is made by the client: sending it again returns the first attempt."""

    uid = ClientUidField()
    answer = AnswerField()


class ResultSerializer(serializers.Serializer):
    """The best in this block so far."""

    best_score = serializers.FloatField()
    max_score = serializers.FloatField()
    is_passed = serializers.BooleanField()
    attempts = serializers.IntegerField()


class AttemptSerializer(serializers.Serializer):
    """An answer, as it was given and judged.

    `verdict` is `pending` until the server has checked the code; `position` is then the place in the queue, 1 is next.
    """

    uid = serializers.UUIDField()
    lesson_id = serializers.IntegerField()
    block_id = serializers.CharField()
    type = serializers.ChoiceField(choices=JUDGED)
    verdict = serializers.ChoiceField(choices=VERDICTS)
    score = serializers.FloatField()
    max_score = serializers.FloatField()
    verified_by = serializers.ChoiceField(choices=VERIFIERS)
    revision = serializers.IntegerField(help_text="Number of the lesson's revision that was live.")
    is_outdated = serializers.BooleanField(help_text="The block's check has changed since.")
    created_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)
    attempts_left = serializers.IntegerField(allow_null=True, help_text="null: any number.")
    position = serializers.IntegerField(allow_null=True)
    feedback = FeedbackField(help_text="What to show: by the block's type, and while it waits the message alone.")
    result = ResultSerializer()
    progress = MyCourseSerializer(allow_null=True, help_text="The course's new counts.")


class PastAttemptSerializer(serializers.Serializer):
    """An attempt in a list."""

    uid = serializers.UUIDField()
    verdict = serializers.ChoiceField(choices=VERDICTS)
    score = serializers.FloatField()
    max_score = serializers.FloatField()
    revision = serializers.IntegerField()
    answer = GivenAnswerField()
    created_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)


class WorkSerializer(serializers.Serializer):
    """Saved work: `source` of code, `answer` of a quiz; null when nothing is saved."""

    source = serializers.CharField(allow_null=True, required=False)
    answer = SavedAnswerField(allow_null=True, required=False)
    version = serializers.IntegerField(help_text="Counts the writes; 0: nothing is saved.")
    saved_at = serializers.DateTimeField(allow_null=True)


class WorkContentSerializer(serializers.Serializer):
    """One of both: `source` of a code cell or an exercise, `answer` of a quiz."""

    source = SourceField(required=False)
    answer = AnswerField(required=False)


class CodeWorkSerializer(serializers.Serializer):
    """What to keep of a code cell or an exercise."""

    source = SourceField(allow_blank=True)  # type: ignore[assignment]  # the member's name in nbformat


class QuizWorkSerializer(serializers.Serializer):
    """What to keep of a quiz."""

    answer = AnswerField()


class ShownHintsSerializer(serializers.Serializer):
    """The hints that were asked for, as sanitised HTML, and how many there are."""

    hints = serializers.ListField(child=serializers.CharField())
    total = serializers.IntegerField()


class SolutionSerializer(serializers.Serializer):
    """An exercise's solution, as HTML."""

    html = serializers.CharField()


class LeaderboardRowSerializer(serializers.Serializer):
    """One person on the leaderboard."""

    rank = serializers.IntegerField()
    name = serializers.CharField()
    score = serializers.FloatField(help_text="Best score on the public split.")
    tries = serializers.IntegerField()
    is_me = serializers.BooleanField()


class LeaderboardSerializer(serializers.Serializer):
    """The first of those who want to be seen, and the caller's own row if they are among them."""

    metric = serializers.CharField()
    is_member = serializers.BooleanField()
    rows = LeaderboardRowSerializer(many=True)
    me = LeaderboardRowSerializer(allow_null=True)


class CertificateSerializer(serializers.Serializer):
    """A certificate, as it was on the day of issue."""

    uid = serializers.UUIDField()
    name = serializers.CharField()
    course = serializers.CharField()
    issued_at = serializers.DateTimeField()
    finished_on = serializers.DateField()
    lessons = serializers.IntegerField()
    score = serializers.FloatField()
    points = serializers.FloatField()
    percent = serializers.IntegerField()
    url = serializers.URLField(help_text="The page that anyone can verify it on.")


class BlockStateSerializer(serializers.Serializer):
    """Where the caller is in a judged block."""

    verdict = serializers.ChoiceField(choices=VERDICTS, allow_null=True)
    is_passed = serializers.BooleanField()
    is_outdated = serializers.BooleanField(help_text="Passed, and the check has changed since.")
    score = serializers.FloatField()
    max_score = serializers.FloatField()
    attempts = serializers.IntegerField()
    attempts_left = serializers.IntegerField(allow_null=True)
    pending = serializers.UUIDField(allow_null=True, help_text="The attempt that waits for its check.")
    hints_shown = serializers.IntegerField()
    solution_shown = serializers.BooleanField()


def block_states(practice: LessonPractice) -> dict[str, Any]:
    """`BlockStateSerializer`'s shape for every judged block."""
    return {name: _state(state) for name, state in practice.states.items()}


def _state(state: BlockState) -> dict[str, Any]:
    return {
        "verdict": "pending" if state.pending else state.last.verdict if state.last else None,
        "is_passed": state.is_passed,
        "is_outdated": state.is_outdated,
        "score": state.score,
        "max_score": state.max_score,
        "attempts": state.attempts,
        "attempts_left": state.tries_left,
        "pending": state.pending.uid if state.pending else None,
        "hints_shown": state.hints_shown,
        "solution_shown": state.solution_shown,
    }


def work_document(saved: SavedState | None, *, name: str) -> dict[str, Any]:
    """`WorkSerializer`'s shape; `name` is "source" or "answer"."""
    if saved is None:
        return {name: None, "version": 0, "saved_at": None}
    return {name: None, **saved.content, "version": saved.version, "saved_at": saved.saved_at}


def saved_documents(practice: LessonPractice) -> dict[str, Any]:
    """All saved work of a lesson, by block."""
    return {
        block: {**saved.content, "version": saved.version, "saved_at": saved.saved_at}
        for block, saved in practice.work.items()
    }


def certificate_document(certificate: Any, absolute: Callable[[str], str]) -> dict[str, Any]:
    """`CertificateSerializer`'s shape; `absolute` makes a whole address of a path."""
    shown = ("name", "course", "finished_on", "lessons", "score", "points", "percent")
    return {
        "uid": certificate.uid,
        **{name: certificate.snapshot[name] for name in shown},
        "issued_at": certificate.issued_at,
        "url": absolute(reverse("progress:certificate", args=[certificate.uid])),
    }
