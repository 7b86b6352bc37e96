"""Puts the routes of django-allauth into the OpenAPI document: a client's developer needs one document.

drf-spectacular reads views of REST framework, and these are none.
"""

from typing import Any

from accounts.api import auth_examples as examples
from accounts.api.account_operations import ACCOUNT_OPERATIONS
from accounts.api.auth_operations import AUTH_OPERATIONS, Operation
from accounts.api.auth_shapes import SHAPES, TEXT, Shape, reference

PREFIX = "/api/v1/"
SESSION_SCHEME = "sessionToken"
JSON, PROBLEM_JSON = "application/json", "application/problem+json"
OPERATIONS = (*AUTH_OPERATIONS, *ACCOUNT_OPERATIONS)

# What a refusal means where an operation says nothing else, and the shape that it has.
REFUSALS: dict[str, tuple[str, str]] = {
    "400": ("AuthErrors", "A fault in the request; `errors` names the member."),
    "401": ("Unauthenticated", "Not logged in."),
    "403": ("AuthErrors", "Not sent: there is nothing to verify, or it was sent a moment ago."),
    "404": ("AuthErrors", "There is none."),
    "409": ("AuthErrors", "Not the step that this session is at."),
    "410": ("Unauthenticated", "The `X-Session-Token` is of no session (any more): begin anew without it."),
    "413": ("AuthErrors", "The body is too large."),
    "429": ("AuthErrors", "Too often; `Retry-After` says when again."),
}
# Refused before allauth is asked, as on all other routes.
CHUNKED: dict[str, Any] = {
    "description": "The body came in chunks, without its length.",
    "content": {
        PROBLEM_JSON: {
            "schema": reference("Problem"),
            "examples": {"length-required": {"$ref": "#/components/examples/length-required"}},
        }
    },
}


def add_operations(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Put the operations and their shapes into the document; a hook of drf-spectacular."""
    components = result["components"]
    components["schemas"] |= SHAPES
    components["schemas"] = dict(sorted(components["schemas"].items()))
    components.setdefault("securitySchemes", {})[SESSION_SCHEME] = {
        "type": "apiKey",
        "in": "header",
        "name": "X-Session-Token",
        "description": "Names a login or sign-up that is under way: `meta.session_token` of the answer before.",
    }
    for operation in OPERATIONS:
        result["paths"].setdefault(PREFIX + operation.path, {})[operation.method] = _described(operation)
    result["paths"] = dict(sorted(result["paths"].items()))
    return result


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.about,
        "tags": ["account" if operation.path.startswith("account/") else "auth"],
        "parameters": [
            *(_parameter(name, "header", about) for name, about in operation.headers.items()),
            *(_parameter(name, "query", about) for name, about in operation.query.items()),
        ],
        "security": _security(operation.needs),
        "responses": _responses(operation),
    }
    if operation.takes:
        described["requestBody"] = {
            "required": True,
            "content": {JSON: _content(operation.takes, examples.REQUESTS[operation.takes])},
        }
    return described


def _parameter(name: str, place: str, about: str) -> dict[str, Any]:
    # A code that is not sent is a wrong code; only the key for retries may really be left out.
    needed = place == "header" and name != "Idempotency-Key"
    return {"in": place, "name": name, "description": about, "required": needed, "schema": TEXT}


def _security(needs: str) -> list[dict[str, list[str]]]:
    either: list[dict[str, list[str]]] = [{"bearer": []}, {SESSION_SCHEME: []}]
    return either if needs == "login" else [*either, {}]


def _responses(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if operation.gives:
        shape, about = operation.gives
        found["200"] = {"description": about, "content": {JSON: _content(shape, examples.ANSWERS[shape])}}
    for status, about in _refusals(operation).items():
        shape, usual = REFUSALS[status]
        if status == "404" and about:
            shape = "TotpSecret"
        found[status] = {
            "description": about or usual,
            "content": {JSON: _content(shape, examples.refusal(operation, status))},
        }
        if status == "429":
            found[status]["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    if operation.takes:
        found["411"] = CHUNKED
    return dict(sorted(found.items()))


def _refusals(operation: Operation) -> dict[str, str]:
    usual = {"410": ""}
    if operation.takes:
        usual |= {"400": "", "413": ""}
    if operation.limited:
        usual |= {"429": ""}
    return usual | operation.refusals


def _content(shape: str, example: Any) -> Shape:
    return {"schema": reference(shape), "examples": {shape: {"value": example}}}
