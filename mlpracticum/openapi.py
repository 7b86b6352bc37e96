"""The OpenAPI document: what drf-spectacular cannot see from the views, the shape of errors above all."""

from typing import Any, ClassVar, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class ProblemErrorSerializer(serializers.Serializer):
    """Where in the request the fault is."""

    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) into the request.")
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """An error, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]  # the member's name in RFC 9457's example


class Schema(AutoSchema):
    """Adds the problem answers that the operation can give."""

    PROBLEMS: ClassVar[dict[str, str]] = {
        "400": "The request is not valid.",
        "401": "No valid token or session.",
        "404": "No such object, or not for you.",
    }

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        schema = self.resolve_serializer(ProblemSerializer, direction).ref
        needs_login = not any(not scheme for scheme in self.get_auth())
        for code, description in self.PROBLEMS.items():
            if code == "401" and not needs_login:
                continue
            bodies.setdefault(
                code, {"description": description, "content": {"application/problem+json": {"schema": schema}}}
            )
        return bodies
