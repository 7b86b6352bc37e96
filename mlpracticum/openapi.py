"""The OpenAPI document: what drf-spectacular cannot see from the views, the shape of errors above all."""

from typing import Any, ClassVar, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from mlpracticum.rest import PROBLEM_JSON, Problem

PROBLEM_TYPES = [Problem.type_of(status) for status in (*sorted(Problem.NAMES), 0)]
MONTHS_KEPT = 12  # that a deprecated operation goes on working
DESCRIPTION = f"""
Courses, lessons and progress for mobile clients.

**Versions.** The version is in the path. Within `v1` things are only added: operations, members of answers, optional
members of requests. A client ignores members that it does not know. An operation that is to go is marked `deprecated`
here, answers with the headers `Deprecation` (RFC 9745) and `Sunset` (RFC 8594), and goes on working for {MONTHS_KEPT}
months. Names (`operationId`) are kept.

**Errors** are `application/problem+json` (RFC 9457), but for routes below `auth/`, `account/` and `tokens/`, whose
refusals are `AuthErrors` and `Unauthenticated`. `type` is for programs:

{{types}}
"""

TAGS = {
    "auth": "Sign up, log in, tokens, devices.",
    "account": "Password, addresses, second factors.",
    "me": "The profile, all data, the end of the account.",
    "courses": "What there is to learn, to read and to keep on the device.",
    "progress": "Courses that are taken, and how far they are.",
    "practice": "Quizzes, exercises, predictions; saved work.",
    "certificates": "What was earned.",
    "sync": "What a device did offline, and what others did meanwhile.",
}


class ProblemErrorSerializer(serializers.Serializer):
    """Where in the request the fault is."""

    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901) into the request.", allow_blank=True)
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """An error, as RFC 9457 has it."""

    type = serializers.ChoiceField(choices=PROBLEM_TYPES)
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


def explain_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """The head of the document, with every type of problem, and the examples that the operations refer to."""
    rows = [f"- {status} `{Problem.type_of(status)}`: {title}" for status, (_, title) in sorted(Problem.NAMES.items())]
    result["info"]["description"] = DESCRIPTION.replace("{types}", "\n".join(rows)).strip()
    result["tags"] = [{"name": name, "description": about} for name, about in TAGS.items()]
    types = result["components"]["schemas"]["ProblemType"]
    # Generators of clients name the constants by this; of a URN they would make one word.
    types["x-enum-varnames"] = [urn.rpartition(":")[2].replace("-", "_").upper() for urn in types["enum"]]
    result["components"]["examples"] = {
        name: {"summary": title, "value": Problem.body(status, _DETAILS.get(status, title), _ERRORS.get(status))}
        for status, (name, title) in sorted(Problem.NAMES.items())
    }
    return result


_DETAILS = {400: "1 fault in the request", 409: "No try is left.", 429: "Request was throttled."}
_ERRORS = {400: [{"pointer": "/time_zone", "detail": "This is not a time zone."}]}


class Schema(AutoSchema):
    """Adds the problem answers that the operation can give, each with its type."""

    PROBLEMS: ClassVar[dict[str, str]] = {
        "400": "The request is not valid.",
        "401": "No valid token or session.",
        "404": "No such object, or not for you.",
        "406": "Only JSON can be given, and `Accept` does not take it.",
    }
    OF_WRITES: ClassVar[dict[str, str]] = {"403": "A session without its CSRF token."}
    OF_BODIES: ClassVar[dict[str, str]] = {
        "411": "The body came in chunks, without its length.",
        "413": "The body is too large.",
        "415": "The body is not `application/json`.",
    }
    OF_LIMITS: ClassVar[dict[str, str]] = {"429": "Too often; `Retry-After` says when again."}
    RETRY_AFTER: ClassVar[dict[str, Any]] = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}

    def _get_request_for_media_type(
        self, serializer: Any, direction: Literal["request", "response"] = "request"
    ) -> tuple[Any, bool]:
        """A body that is one of several shapes is needed, as one of a single shape is. A change may be empty."""
        schema, is_required = super()._get_request_for_media_type(serializer, direction)
        return schema, is_required or (bool(schema) and self.method != "PATCH")

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        schema = self.resolve_serializer(ProblemSerializer, direction).ref
        for code, text in self._possible_problems().items():
            bodies.setdefault(code, {"description": text})
        for code, body in bodies.items():
            if code < "400":
                body["description"] = body.get("description") or f"{self.get_summary()}."
                continue
            name = Problem.NAMES[int(code)][0]
            examples = {name: {"$ref": f"#/components/examples/{name}"}}
            body["content"] = {PROBLEM_JSON: {"schema": schema, "examples": examples}}
            if code == "429":
                body.setdefault("headers", {})["Retry-After"] = self.RETRY_AFTER
        return dict(sorted(bodies.items()))

    def _possible_problems(self) -> dict[str, str]:
        needs_login = not any(not scheme for scheme in self.get_auth())
        possible = dict(self.PROBLEMS)
        if not needs_login:
            # A token that is not good is refused, even where none is needed.
            possible["401"] = "The token that was sent is not valid."
        if self.method not in ("GET", "HEAD"):
            possible |= self.OF_WRITES
        if self._get_request_body():
            possible |= self.OF_BODIES
        throttles: Any = self.view.throttle_classes
        if any(throttle.counts(self.method) for throttle in throttles):
            possible |= self.OF_LIMITS
        return possible
