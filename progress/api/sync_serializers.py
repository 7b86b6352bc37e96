"""Shapes of sync in the API: events of a device and what became of them, and what changed since a cursor."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from progress.api.feedback_serializers import FeedbackField
from progress.api.practice_serializers import JUDGED, AnswerField, ClientUidField, SavedAnswerField, SourceField
from progress.selectors.attempts import VERDICTS
from progress.selectors.changes import PAGE_SIZE, PAGE_SIZE_MAX
from progress.services.syncing import REASONS, Event

MAX_EVENTS = 500
TYPES = ("completion", "uncompletion", "attempt", "work")
KINDS = (
    "enrolment",
    "completion",
    "result",
    "attempt",
    "work",
    "work_version",
    "lesson",
    "certificate",
)
STATUSES = ("applied", "duplicate", "rejected")
BLOCK = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"


class EventSerializer(serializers.Serializer):
    """What a device did. `block_id` and what was written are of attempts and saved work alone."""

    uid = ClientUidField(help_text="Made by the device, for each event a new one. Of an attempt it is the attempt's.")
    type = serializers.ChoiceField(choices=TYPES)
    lesson_id = serializers.IntegerField(min_value=1, max_value=10**18 - 1)
    block_id = serializers.RegexField(BLOCK, required=False, help_text="Of `attempt` and `work`.")
    answer = AnswerField(required=False, help_text="Of `attempt`, and of `work` in a quiz.")
    source = SourceField(required=False, allow_blank=True, help_text="Of `work` in code.")
    at = serializers.DateTimeField(help_text="When it was, by the device's clock.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given, wanted = {"block_id", "answer", "source"} & attrs.keys(), {"block_id"}
        if attrs["type"] == "attempt":
            wanted = {"block_id", "answer"}
        elif attrs["type"] == "work":
            wanted = {"block_id", "source" if "source" in attrs else "answer"}
        else:
            wanted = set()
        for name in sorted(given ^ wanted):
            words = "is needed" if name in wanted else "has no meaning here"
            raise serializers.ValidationError({name: [f"{words} for the type {attrs['type']}"]})
        return attrs


class BatchSerializer(serializers.Serializer):
    """Events of a device, in any order. `sent_at` is its clock at sending: one that is wrong is put right by it."""

    events = EventSerializer(many=True, max_length=MAX_EVENTS)
    sent_at = serializers.DateTimeField(required=False)


class EnvelopeSerializer(serializers.Serializer):
    """The same, without a look into the events: each is judged for itself."""

    events = serializers.ListField(child=serializers.JSONField(allow_null=True), max_length=MAX_EVENTS)
    sent_at = serializers.DateTimeField(required=False)


class EventVerdictSerializer(serializers.Serializer):
    """An attempt as it is judged now; `pending` ones come again in the changes, with their verdict."""

    verdict = serializers.ChoiceField(choices=VERDICTS)
    score = serializers.FloatField()
    max_score = serializers.FloatField()
    feedback = FeedbackField()


class EventResultSerializer(serializers.Serializer):
    """What became of an event.

    `applied`: it is in. `duplicate`: it was. `rejected`: it changed nothing, and `reason` says why; sent again
    it is judged anew.
    """

    uid = serializers.UUIDField(allow_null=True, help_text="null: the event had none that can be read.")
    status = serializers.ChoiceField(choices=STATUSES)
    reason = serializers.ChoiceField(choices=REASONS, required=False)
    detail = serializers.CharField(required=False, help_text="The reason in words.")
    is_completed = serializers.BooleanField(
        required=False, help_text="Of completions: how the lesson is now. A later event may have had the last word."
    )
    is_current = serializers.BooleanField(
        required=False, help_text="Of saved work: false when there is newer work, and this was kept beside it."
    )
    attempt = EventVerdictSerializer(required=False)


class BatchResultSerializer(serializers.Serializer):
    """One result for each event, in the order of the events."""

    results = EventResultSerializer(many=True)


class EnrolmentChangeSerializer(serializers.Serializer):
    """A course that the caller takes."""

    slug = serializers.CharField()
    title = serializers.CharField()
    completed_lessons = serializers.IntegerField()
    score = serializers.FloatField()
    on_leaderboard = serializers.BooleanField()
    last_lesson_id = serializers.IntegerField(allow_null=True)
    enrolled_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)


class CompletionChangeSerializer(serializers.Serializer):
    """A completed lesson."""

    revision = serializers.IntegerField()
    completed_at = serializers.DateTimeField()


class ResultChangeSerializer(serializers.Serializer):
    """The best in a block."""

    type = serializers.ChoiceField(choices=JUDGED)
    score = serializers.FloatField()
    max_score = serializers.FloatField()
    attempts = serializers.IntegerField()
    passed_at = serializers.DateTimeField(allow_null=True)
    is_live = serializers.BooleanField(help_text="Whether the course still has the block.")


class AttemptChangeSerializer(serializers.Serializer):
    """An attempt; while it waits its `feedback` is the message alone."""

    type = serializers.ChoiceField(choices=JUDGED)
    verdict = serializers.ChoiceField(choices=VERDICTS)
    score = serializers.FloatField()
    max_score = serializers.FloatField()
    revision = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)
    feedback = FeedbackField()


class WorkVersionSerializer(serializers.Serializer):
    """A version of saved work that is not the newest."""

    source = serializers.CharField(required=False)
    answer = SavedAnswerField(required=False, allow_null=True)
    saved_at = serializers.DateTimeField()


class WorkChangeSerializer(WorkVersionSerializer):
    """Saved work, the newest version."""

    uid = serializers.UUIDField(allow_null=True, help_text="The event that it came by; null: not by sync.")
    version = serializers.IntegerField()


class LessonChangeSerializer(serializers.Serializer):
    """A lesson of a course that the caller takes: with another revision, it is to be loaded anew."""

    slug = serializers.CharField()
    title = serializers.CharField()
    minutes = serializers.IntegerField()
    revision = serializers.IntegerField()
    available_from = serializers.DateTimeField(allow_null=True)
    updated_at = serializers.DateTimeField()


class CertificateChangeSerializer(serializers.Serializer):
    """A certificate."""

    course = serializers.CharField()
    percent = serializers.IntegerField()
    issued_at = serializers.DateTimeField()


class ChangeSerializer(serializers.Serializer):
    """A thing as it is now, under the name of its `kind`, or a tombstone (`is_deleted`) without it.

    A thing is named by kind, course, lesson, block and (attempts, versions, certificates) uid. The tombstone of an
    enrolment stands for everything in its course but the certificate; a return brings all of it again.
    """

    kind = serializers.ChoiceField(choices=KINDS)
    course_id = serializers.IntegerField()
    lesson_id = serializers.IntegerField(required=False)
    block_id = serializers.CharField(required=False)
    uid = serializers.UUIDField(required=False)
    is_deleted = serializers.BooleanField()
    enrolment = EnrolmentChangeSerializer(required=False)
    completion = CompletionChangeSerializer(required=False)
    result = ResultChangeSerializer(required=False)
    attempt = AttemptChangeSerializer(required=False)
    work = WorkChangeSerializer(required=False)
    work_version = WorkVersionSerializer(required=False)
    lesson = LessonChangeSerializer(required=False)
    certificate = CertificateChangeSerializer(required=False)


class ChangePageSerializer(serializers.Serializer):
    """A page of changes. With `is_reset` the server was restored from a backup: forget everything, and begin here."""

    changes = ChangeSerializer(many=True)
    cursor = serializers.CharField(help_text="For the next request; opaque, of this person alone.")
    has_more = serializers.BooleanField(help_text="Ask again at once.")
    is_reset = serializers.BooleanField()


class ChangesQuery(serializers.Serializer):
    """Where to go on, and how far."""

    cursor = serializers.CharField(
        required=False, allow_blank=True, help_text="Of the last answer; none, or empty: from the beginning."
    )
    page_size = serializers.IntegerField(
        required=False, default=PAGE_SIZE, min_value=1, max_value=PAGE_SIZE_MAX, help_text="Changes at most."
    )


def event_of(data: dict[str, Any]) -> Event:
    """The event that validated data say."""
    kind, content = data["type"], None
    if kind == "attempt":
        content = data["answer"]
    elif kind == "work":
        content = {name: data[name] for name in ("source", "answer") if name in data}
    return Event(data["uid"], kind, data["lesson_id"], data["at"], data.get("block_id", ""), content)


_UIDS = [f"6f2c3a52-0f0c-4c58-9a5e-3d1f5f6f6a1{number}" for number in range(3)]
_AT = "2026-11-23T18:00:00Z"
EVENTS = [
    OpenApiExample(
        "Three things done on a train",
        value={
            "events": [
                {"uid": _UIDS[0], "type": "completion", "lesson_id": 42, "at": _AT},
                {"uid": _UIDS[1], "type": "attempt", "lesson_id": 42, "block_id": "loss", "answer": 0.25, "at": _AT},
                {"uid": _UIDS[2], "type": "work", "lesson_id": 42, "block_id": "fit", "source": "x = 2\n", "at": _AT},
            ],
            "sent_at": "2026-11-23T18:10:00Z",
        },
        request_only=True,
    ),
]
RESULTS = [
    OpenApiExample(
        "One applied, one known, one refused",
        value={
            "results": [
                {"uid": _UIDS[0], "status": "applied", "is_completed": True},
                {"uid": _UIDS[1], "status": "duplicate", "attempt": {
                    "verdict": "passed", "score": 1.0, "max_score": 1.0,
                    "feedback": {
                        "message": "Right.", "choices": [], "explanation": None, "correct": None, "answer": "0.25",
                    },
                }},
                {"uid": _UIDS[2], "status": "rejected", "reason": "not_found", "detail": "There is no such thing."},
            ]
        },
        response_only=True,
        status_codes=["200"],
    ),
]  # fmt: skip
CHANGES = [
    OpenApiExample(
        "A lesson completed on another device, and work thrown away",
        value={
            "changes": [
                {"kind": "completion", "course_id": 7, "lesson_id": 42, "is_deleted": False,
                 "completion": {"revision": 3, "completed_at": _AT}},
                {"kind": "work", "course_id": 7, "lesson_id": 42, "block_id": "fit", "is_deleted": True},
            ],
            "cursor": "WyI3Li4uIl0:1vN0aB:c2lnbmF0dXJl",
            "has_more": False,
            "is_reset": False,
        },
        response_only=True,
        status_codes=["200"],
    ),
]  # fmt: skip
