"""The shape of a person in the API: the caller alone, and nothing that grants anything can be written."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import selectors


class MeSerializer(serializers.Serializer):
    """The caller. Unknown and read-only fields in a request are ignored."""

    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField(read_only=True)
    display_name = serializers.CharField(max_length=80, allow_blank=True)
    locale = serializers.CharField(max_length=12, help_text="Language tag (BCP 47).")
    time_zone = serializers.CharField(max_length=64, help_text="IANA name, for example Europe/Vienna.")
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
