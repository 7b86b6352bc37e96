"""What every API answer shares: one JSON parser, one page shape, one error shape (RFC 9457 problem details).

The apps' API modules never import this; Django REST Framework's settings point at it.
"""

import re
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList
from rest_framework.views import set_rollback

from courses.content.strict_json import JSONRefused, loads
from progress.services.refusals import Conflict

PROBLEM_JSON = "application/problem+json"
PAGE_SIZE, PAGE_SIZE_MAX = 20, 100
CURSOR = re.compile(r"[A-Za-z0-9+/=_-]{1,500}")


class StrictJSONParser(BaseParser):
    """Parses a JSON body that PostgreSQL can hold, of at most `max_body` bytes; a view may have its own `max_body`.

    Raises:
        ParseError: not UTF-8, not JSON, NaN, `\\u0000`, a lone surrogate, or too deep; says where.
        TooLarge: more bytes than are taken; where their number is told, none of them is read.
    """

    media_type = "application/json"
    max_body = 1_000_000  # bytes: the longest code that is taken, with every character written as \uXXXX

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        context = parser_context or {}
        limit = getattr(context.get("view"), "max_body", self.max_body)
        limit = min(limit, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if "request" in context and _announced_length(context["request"]) > limit:
            raise TooLarge(f"At most {limit:,} bytes are taken.")
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise TooLarge(f"At most {limit:,} bytes are taken.")
        try:
            return loads(data, max_bytes=limit)
        except JSONRefused as error:
            raise exceptions.ParseError(str(error)) from error


def _announced_length(request: Any) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text[:18]) if text.isascii() and text.isdigit() else 0


class Negotiation(DefaultContentNegotiation):
    """Django REST Framework's choice of a renderer, without its search where the first one is what is asked for."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        first = renderers[0]
        if format_suffix is None and request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", first.media_type):
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)


class CursorPages(CursorPagination):
    """`{"results", "next", "previous"}` by cursor, in the order that the view states as `ordering`.

    `?page_size=` from 1 to 100 (default: the view's `page_size`, else 20); a bad value is a 400, not a guess.
    """

    page_size = PAGE_SIZE
    max_page_size = PAGE_SIZE_MAX
    page_size_query_param = "page_size"

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any] | None:
        self.default_size = getattr(view, "page_size", PAGE_SIZE)
        return super().paginate_queryset(queryset, request, view)

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return tuple(view.ordering)

    def get_page_size(self, request: Any) -> int:
        raw = request.query_params.get(self.page_size_query_param)
        if raw is None:
            return self.default_size
        if not (raw.isascii() and raw.isdigit() and len(raw) <= 3 and 1 <= int(raw) <= PAGE_SIZE_MAX):
            _refuse("page_size", f"must be a whole number from 1 to {PAGE_SIZE_MAX}")
        return int(raw)

    def decode_cursor(self, request: Any) -> Cursor | None:
        raw = request.query_params.get(self.cursor_query_param)
        if raw is not None and not CURSOR.fullmatch(raw):
            _refuse("cursor", "is not a cursor of this list")
        try:
            return super().decode_cursor(request)
        except (exceptions.NotFound, ValueError):
            _refuse("cursor", "is not a cursor of this list")

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.get_next_link(), "previous": self.get_previous_link()})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        bounds = {
            "type": "integer",
            "minimum": 1,
            "maximum": PAGE_SIZE_MAX,
            "default": getattr(view, "page_size", PAGE_SIZE),
        }
        cursor = {"type": "string", "minLength": 1, "maxLength": 500}
        told = "Of `next` or `previous`, which are whole addresses; opaque."
        return [
            {"name": "cursor", "in": "query", "required": False, "description": told, "schema": cursor},
            {"name": "page_size", "in": "query", "required": False, "description": "Rows of a page.", "schema": bounds},
        ]

    def get_paginated_response_schema(self, schema: dict) -> dict:
        link = {
            "type": ["string", "null"],
            "format": "uri",
            "example": "https://learn.example.org/api/v1/…?cursor=cD0x",
        }
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
        }


def _refuse(parameter: str, detail: str) -> NoReturn:
    raise exceptions.ValidationError({parameter: [detail]})


class TooLarge(exceptions.APIException):
    """413: the body has more bytes than this server takes."""

    status_code = 413
    default_code = "too_large"


class StateConflict(exceptions.APIException):
    """409: the request is understood, and the state does not allow it."""

    status_code = 409
    default_code = "conflict"


class Problem:
    """Titles and type names of the problems that this API answers, by HTTP status."""

    NAMES: ClassVar[dict[int, tuple[str, str]]] = {
        400: ("invalid", "The request is not valid"),
        401: ("not-authenticated", "Log in first"),
        403: ("forbidden", "Not allowed"),
        404: ("not-found", "There is no such thing here"),
        405: ("method-not-allowed", "This method is not allowed here"),
        406: ("not-acceptable", "This media type cannot be given"),
        409: ("conflict", "The state does not allow this"),
        411: ("length-required", "Send Content-Length"),
        413: ("too-large", "The request is too large"),
        415: ("unsupported-media-type", "Send application/json"),
        416: ("range-not-satisfiable", "There are no such bytes"),
        429: ("too-many-requests", "Too many requests"),
        500: ("server-error", "Something broke on our side"),
    }
    OTHER: ClassVar[tuple[str, str]] = ("error", "The request failed")

    @classmethod
    def type_of(cls, code: int) -> str:
        """The `type` of problems with this status: for programs, and kept when a title changes."""
        return f"urn:ml-practicum:problem:{cls.NAMES.get(code, cls.OTHER)[0]}"

    @classmethod
    def body(cls, code: int, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
        """The problem document. `errors` point into the request by JSON pointer (RFC 6901)."""
        return {
            "type": cls.type_of(code),
            "title": cls.NAMES.get(code, cls.OTHER)[1],
            "status": code,
            "detail": detail,
            "errors": errors or [],
        }


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate what views and services raise into one shape; None (a real fault) becomes a 500 with a log entry."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, DjangoValidationError):
        error = exceptions.ValidationError(_django_messages(error))
    elif isinstance(error, Conflict):
        error = StateConflict(error.detail)
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    errors = _pointers(error.detail) if isinstance(error, exceptions.ValidationError) else []
    detail = f"{len(errors)} fault{'s' if len(errors) > 1 else ''} in the request" if errors else str(error.detail)
    # JSON also where the answer would be something else, as the OpenAPI document in YAML is.
    request = context["request"]
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    response = Response(Problem.body(error.status_code, detail, errors), status=error.status_code)
    response.content_type = PROBLEM_JSON
    if getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    wait = getattr(error, "wait", None)
    if wait is not None:
        response["Retry-After"] = str(int(wait) + 1)
    return response


def _django_messages(error: DjangoValidationError) -> Any:
    return error.message_dict if hasattr(error, "error_dict") else error.messages


def _pointers(detail: Any, pointer: str = "") -> list[dict[str, str]]:
    if isinstance(detail, dict | ReturnDict):
        found = []
        for key, value in detail.items():
            inner = pointer if key == "non_field_errors" else f"{pointer}/{_escape(str(key))}"
            found += _pointers(value, inner)
        return found
    if isinstance(detail, list | tuple | ReturnList):
        found = []
        for index, value in enumerate(detail):
            inner = f"{pointer}/{index}" if isinstance(value, dict | list) else pointer
            found += _pointers(value, inner)
        return found
    return [{"pointer": pointer, "detail": str(detail)}]


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def plain_problem(request: HttpRequest, code: int, detail: str) -> JsonResponse:
    """The same shape for answers made outside REST framework: unknown routes, faults, refused forms."""
    return JsonResponse(Problem.body(code, detail), status=code, content_type=PROBLEM_JSON)
