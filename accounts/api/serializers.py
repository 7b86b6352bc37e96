"""The shape of a person in the API: the caller alone, and nothing that grants anything can be written."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import selectors


class TextField(serializers.CharField):
    """Text alone: REST framework would take a number for it too."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


# What `accounts.validators` take, for the document; the service judges, and tells all faults at once.
@extend_schema_field(
    {"type": "string", "maxLength": 80, "pattern": r"^[^\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]+$"}
)
class NameField(TextField):
    """One line of plain text."""


@extend_schema_field(
    {"type": "string", "maxLength": 12, "pattern": "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$"}
)
class LocaleField(TextField):
    """A language tag."""


@extend_schema_field({"type": "string", "maxLength": 64, "format": "iana-time-zone"})
class TimeZoneField(TextField):
    """A name of the IANA time zone database: too many to list."""


class MeSerializer(serializers.Serializer):
    """The caller. Unknown and read-only fields in a request are ignored."""

    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField(read_only=True)
    display_name = NameField(max_length=80, allow_blank=True, help_text="One line of plain text.")
    locale = LocaleField(max_length=12, help_text="Language tag (BCP 47).")
    time_zone = TimeZoneField(max_length=64, help_text="IANA name, for example Europe/Vienna.")
    date_joined = serializers.DateTimeField(read_only=True)
    deletion_due_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the account is deleted, where its person asked for that."
    )
    roles = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_roles(self, user: object) -> list[str]:
        return selectors.roles_of(user)  # type: ignore[arg-type]  # the API knows no models


class DeletionSerializer(serializers.Serializer):
    """What follows from `DELETE me`."""

    deletion_due_at = serializers.DateTimeField(help_text="When the account is deleted, unless it is kept before.")
