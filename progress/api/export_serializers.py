"""Shapes of what a person did, in the document with all of their data: one for each of `SECTIONS`.

A row has every field of its model without being asked, so the shapes are made of the models' fields, too. Importing
this adds them to the document's shape.
"""

from typing import Any

from rest_framework import serializers

from accounts.api.export_serializers import EXAMPLE, ExportSerializer
from progress.selectors.personal_data import SECTIONS, told_fields

_NAMES = {
    "enrolments": "ExportedEnrolment",
    "completions": "ExportedCompletion",
    "attempts": "ExportedAttempt",
    "results": "ExportedResult",
    "saved_work": "ExportedWork",
    "earlier_work": "ExportedEarlierWork",
    "dropped_work": "ExportedDroppedWork",
    "reveals": "ExportedReveal",
    "certificates": "ExportedCertificate",
    "device_events": "ExportedDeviceEvent",
}


class ExportedPredictionsSerializer(serializers.Serializer):
    """Predictions that were given, in the order of the rows."""

    attempt = serializers.UUIDField()
    predictions = serializers.ListField(child=serializers.JSONField())


def _row(section: str) -> type[serializers.Serializer]:
    """A shape with a field for each that the section's rows have."""
    fields = {name: _field(*told) for name, told in told_fields(SECTIONS[section]).items()}
    return type(f"{_NAMES[section]}Serializer", (serializers.Serializer,), fields)


def _field(field: Any, is_null: bool) -> serializers.Field:
    """What the field's values are in JSON; a choice is told as any other text, a number with places as text."""
    kinds = serializers.ModelSerializer.serializer_field_mapping
    kind = next((kinds[base] for base in type(field).__mro__ if base in kinds), None)
    if kind is None:
        raise TypeError(f"no shape is known for {field}")
    return kind(allow_null=is_null, **_own(kind, field))


def _own(kind: type[serializers.Field], field: Any) -> dict[str, Any]:
    if kind is serializers.DecimalField:
        return {"max_digits": field.max_digits, "decimal_places": field.decimal_places}
    return {}


ExportSerializer.sections |= {section: _row(section) for section in SECTIONS}
ExportSerializer.sections["predictions"] = ExportedPredictionsSerializer
EXAMPLE |= {section: [] for section in (*SECTIONS, "predictions")}
