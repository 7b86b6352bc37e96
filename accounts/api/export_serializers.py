"""The shape of the document with all of a person's data. Apps above this one add the shapes of their own sections."""

from typing import Any, ClassVar

from rest_framework import serializers

EXAMPLE: dict[str, Any] = {
    "version": 1,
    "profile": {
        "id": 7,
        "email": "ben@example.org",
        "display_name": "Ben",
        "locale": "en-gb",
        "time_zone": "Europe/Vienna",
        "date_joined": "2026-11-20T09:00:00Z",
        "last_login": "2026-11-23T18:00:00Z",
        "deletion_due_at": None,
        "roles": ["learner"],
    },
    "addresses": [{"email": "ben@example.org", "verified": True, "primary": True}],
    "second_factors": [],
    "sessions": [],
    "admin_log": [],
}
"""The apps above add their sections to it, as they do to the shape."""


class ExportedProfileSerializer(serializers.Serializer):
    """What is stored about the person alone."""

    id = serializers.IntegerField()
    email = serializers.CharField()
    display_name = serializers.CharField()
    locale = serializers.CharField()
    time_zone = serializers.CharField()
    date_joined = serializers.DateTimeField()
    last_login = serializers.DateTimeField(allow_null=True)
    deletion_due_at = serializers.DateTimeField(allow_null=True)
    roles = serializers.ListField(child=serializers.CharField())


class ExportedAddressSerializer(serializers.Serializer):
    """An address, and whether it is the one to log in with."""

    email = serializers.CharField()
    verified = serializers.BooleanField()
    primary = serializers.BooleanField()


class ExportedFactorSerializer(serializers.Serializer):
    """A second factor, without its secret."""

    type = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)


class ExportedSessionSerializer(serializers.Serializer):
    """Where the person is logged in."""

    user_agent = serializers.CharField()
    ip = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


class ExportedAdminEntrySerializer(serializers.Serializer):
    """What the person changed in the admin, by Django's own names."""

    action_time = serializers.DateTimeField()
    content_type__model = serializers.CharField(allow_null=True)
    object_repr = serializers.CharField()
    action_flag = serializers.IntegerField()
    change_message = serializers.CharField()


class ExportSerializer(serializers.Serializer):
    """Everything that is stored about the caller."""

    sections: ClassVar[dict[str, type[serializers.Serializer]]] = {}
    """Of the apps above: the shape of a row, by the name that `personal_data.register` was given."""

    version = serializers.IntegerField(help_text="Of this form: 1.")
    profile = ExportedProfileSerializer()
    addresses = ExportedAddressSerializer(many=True)
    second_factors = ExportedFactorSerializer(many=True)
    sessions = ExportedSessionSerializer(many=True)
    admin_log = ExportedAdminEntrySerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **{name: shape(many=True) for name, shape in self.sections.items()}}
