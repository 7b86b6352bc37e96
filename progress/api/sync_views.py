"""Sync in the API: what devices did offline goes in, what changed since comes out."""

from typing import Any
from uuid import UUID

from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.throttling import limited
from progress.api.compression import compressed_page
from progress.api.sync_serializers import (
    CHANGES,
    EVENTS,
    RESULTS,
    BatchResultSerializer,
    BatchSerializer,
    ChangePageSerializer,
    ChangesQuery,
    EnvelopeSerializer,
    EventSerializer,
    event_of,
)
from progress.selectors import changes
from progress.services import limits, syncing

FIELDS = ("reason", "detail", "attempt", "is_completed", "is_current")


# Names, code and feedback are long and repeat themselves. The answers hold no secret that a guess in a request could be
# compared with by length.
@method_decorator(compressed_page, name="dispatch")
class Sync(APIView):
    """`GET, POST /api/v1/sync`"""

    throttle_classes = [limited(limits.CHANGES, "GET"), limited(limits.SYNC)]
    max_body = 5_000_000  # bytes

    @extend_schema(
        operation_id="changes",
        summary="What changed since a cursor",
        description="Everything of the caller's that changed on any device, and lessons of their courses, as absolute "
        "values and tombstones. A change may come twice, and never not at all: a repeated page does no harm.",
        tags=["sync"],
        parameters=[ChangesQuery],
        examples=CHANGES,
        responses={200: ChangePageSerializer},
    )
    def get(self, request: Request) -> Response:
        query = ChangesQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        cursor, page_size = query.validated_data.get("cursor", ""), query.validated_data["page_size"]
        try:
            page = changes.changes_of(user=request.user, cursor=cursor, page_size=page_size)
        except changes.BadCursor as error:
            raise ValidationError({"cursor": [str(error)]}) from error
        document = {
            "changes": page.changes,
            "cursor": page.cursor,
            "has_more": page.has_more,
            "is_reset": page.is_reset,
        }
        return Response(document, headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="sync",
        summary="Send what was done offline",
        description="Up to 500 events and 5 MB, answered one by one. Sent again, whole or in parts and in any order, "
        "they change nothing more. Code is checked later: its verdict comes with the changes.",
        tags=["sync"],
        request=BatchSerializer,
        examples=[*EVENTS, *RESULTS],
        responses={200: OpenApiResponse(BatchResultSerializer, description="One result for each event, in order.")},
    )
    def post(self, request: Request) -> Response:
        envelope = EnvelopeSerializer(data=request.data)
        envelope.is_valid(raise_exception=True)
        given = envelope.validated_data
        results: list[Any] = [_read(item) for item in given["events"]]
        events = [item for item in results if isinstance(item, syncing.Event)]
        outcomes = iter(syncing.apply_events(user=request.user, events=events, sent_at=given.get("sent_at")))
        documents = [_document(next(outcomes)) if isinstance(item, syncing.Event) else item for item in results]
        return Response({"results": documents})


def _read(item: Any) -> syncing.Event | dict[str, Any]:
    """The event, or the result of one that cannot be read."""
    event = EventSerializer(data=item)
    if event.is_valid():
        return event_of(event.validated_data)
    words = "; ".join(f"{name}: {' '.join(str(one) for one in found)}" for name, found in event.errors.items())
    return {"uid": _uid(item), "status": syncing.REJECTED, "reason": "malformed", "detail": words}


def _uid(item: Any) -> str | None:
    given = item.get("uid") if isinstance(item, dict) else None
    try:
        return str(UUID(given)) if isinstance(given, str) else None
    except ValueError:
        return None


def _document(outcome: syncing.Outcome) -> dict[str, Any]:
    told = {name: getattr(outcome, name) for name in FIELDS}
    shown = {name: value for name, value in told.items() if value not in (None, "")}
    return {"uid": str(outcome.uid), "status": outcome.status, **shown}
