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


def tell_feedbacks_apart(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Close the shapes that "Feedback" is one of: open, the one with a message alone would fit all of them."""
    shapes = result["components"]["schemas"]
    for shape in shapes.get("Feedback", {}).get("oneOf", []):
        shapes[shape["$ref"].rpartition("/")[2]]["additionalProperties"] = False
    return result


class Schema(AutoSchema):
    """Adds the problem answers that the operation can give."""

    PROBLEMS: ClassVar[dict[str, str]] = {
        "400": "The request is not valid.",
        "401": "No valid token or session.",
        "404": "No such object, or not for you.",
    }
    OF_WRITES: ClassVar[dict[str, str]] = {"403": "A session without its CSRF token."}
    OF_BODIES: ClassVar[dict[str, str]] = {
        "413": "The body is too large.",
        "415": "The body is not `application/json`.",
    }

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        schema = self.resolve_serializer(ProblemSerializer, direction).ref
        needs_login = not any(not scheme for scheme in self.get_auth())
        possible = dict(self.PROBLEMS)
        if not needs_login:
            del possible["401"]
        if self.method not in ("GET", "HEAD"):
            possible |= self.OF_WRITES
        if self._get_request_body():
            possible |= self.OF_BODIES
        for code, description in possible.items():
            bodies.setdefault(code, {"description": description})
        for code, body in bodies.items():
            if code >= "400":
                body["content"] = {"application/problem+json": {"schema": schema}}
        return dict(sorted(bodies.items()))
