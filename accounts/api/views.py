"""`/api/v1/me` and below: the caller's own account, all that is stored about it, and its end."""

from typing import Any

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib.auth import logout
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.export_serializers import EXAMPLE, ExportSerializer
from accounts.api.serializers import DeletionSerializer, MeSerializer
from accounts.services import leaving, limits, people, personal_data
from accounts.throttling import limited

_ME = {
    "id": 7,
    "email": "ben@example.org",
    "display_name": "Ben",
    "locale": "en-gb",
    "time_zone": "Europe/Vienna",
    "date_joined": "2026-11-20T09:00:00Z",
    "deletion_due_at": None,
    "roles": ["learner"],
}
ME = [OpenApiExample("A learner", value=_ME, response_only=True)]
ME_CHANGES = [OpenApiExample("Another time zone", value={"time_zone": "Europe/Vienna"}, request_only=True)]

ACCEPTED = OpenApiExample(
    "Accepted", value={"deletion_due_at": "2027-02-14T09:30:00Z"}, response_only=True, status_codes=["202"]
)


class Refused(APIException):
    """409: understood, and the state of things is against it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class NotConfirmed(PermissionDenied):
    """403: whoever holds the token must show first that they are the person."""

    default_detail = "Confirm that it is you first: POST auth/reauthenticate with the password, then repeat this."


class MeView(APIView):
    """The person whose token or session this is."""

    throttle_classes = [limited(limits.WRITES, "PATCH"), limited(limits.DELETION, "DELETE")]

    @extend_schema(
        operation_id="me_read",
        summary="My profile",
        description="The caller's profile and roles.",
        tags=["me"],
        responses=MeSerializer,
        examples=ME,
    )
    def get(self, request: Request) -> Response:
        return Response(MeSerializer(request.user).data)

    @extend_schema(
        operation_id="me_change",
        summary="Change my profile",
        description="Display name, language and time zone; whatever else is sent has no effect.",
        tags=["me"],
        request=MeSerializer(partial=True),
        responses=MeSerializer,
        examples=[*ME, *ME_CHANGES],
    )
    def patch(self, request: Request) -> Response:
        changes = MeSerializer(data=request.data, partial=True)
        changes.is_valid(raise_exception=True)
        caller: Any = request.user  # never anonymous: the default permission
        return Response(MeSerializer(people.update_profile(user=caller, **changes.validated_data)).data)

    @extend_schema(
        operation_id="me_delete",
        summary="Delete my account",
        description=(
            "The account is deleted with all its data when the days to think are over. At once every session and token "
            "ends, this one too, and a mail says so. Logging in again and `DELETE me/deletion` keeps the account. "
            "Needs `POST auth/reauthenticate` within the last five minutes, else 403. Idempotent."
        ),
        tags=["me"],
        responses={
            202: DeletionSerializer,
            403: OpenApiResponse(description="Not confirmed by `auth/reauthenticate` of late, or no CSRF token."),
            409: OpenApiResponse(description="The last superuser of the site."),
        },
        examples=[ACCEPTED],
    )
    def delete(self, request: Request) -> Response:
        _require_confirmation(request)
        caller: Any = request.user
        try:
            due_at = leaving.ask_for_deletion(user=caller)
        except leaving.LastSuperuser as error:
            raise Refused(str(error)) from error
        if request.auth is None:
            logout(request)  # the browser's session is gone; nothing may save it again
        return Response(DeletionSerializer({"deletion_due_at": due_at}).data, status=status.HTTP_202_ACCEPTED)


class DeletionView(APIView):
    """`DELETE /api/v1/me/deletion`"""

    throttle_classes = [limited(limits.DELETION)]

    @extend_schema(
        operation_id="me_keep",
        summary="Keep my account",
        description="Takes `DELETE me` back, before the account is deleted. Idempotent.",
        tags=["me"],
        responses={204: None},
    )
    def delete(self, request: Request) -> Response:
        caller: Any = request.user
        leaving.keep_account(user=caller)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportView(APIView):
    """`GET /api/v1/me/export`"""

    throttle_classes = [limited(limits.EXPORT, "GET")]

    @extend_schema(
        operation_id="me_export",
        summary="All my data",
        description=(
            "One JSON document with everything that is stored about the caller: `profile`, and a list for each kind of "
            "thing. Sent while it is read, as an attachment. At most 10 an hour."
        ),
        tags=["me"],
        responses={200: ExportSerializer},
        examples=[OpenApiExample("A new learner", value=EXAMPLE, response_only=True, status_codes=["200"])],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        document = personal_data.document(request.user)  # type: ignore[arg-type]  # never anonymous
        return StreamingHttpResponse(document, content_type="application/json", headers=personal_data.file_headers())


def _require_confirmation(request: Request) -> None:
    """Raise NotConfirmed unless the password, or a second factor, was entered again in the caller's session of late."""
    asked = request._request
    browser = asked.session
    try:
        if request.auth is not None:
            asked.session = request.auth.session  # the token's; the cookie's is nobody's
        asked.user = request.user  # type: ignore[assignment]
        if not did_recently_reauthenticate(asked):
            raise NotConfirmed
    finally:
        asked.session = browser
