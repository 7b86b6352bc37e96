"""`/api/v1/me`: the caller's own account."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import services
from accounts.api.serializers import MeSerializer


class MeView(APIView):
    """The person whose token or session this is."""

    @extend_schema(operation_id="me_read", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The caller's profile and roles."""
        return Response(MeSerializer(request.user).data)

    @extend_schema(operation_id="me_change", request=MeSerializer(partial=True), responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Change display name, language or time zone; whatever else is sent has no effect."""
        changes = MeSerializer(data=request.data, partial=True)
        changes.is_valid(raise_exception=True)
        caller: Any = request.user  # never anonymous: the default permission
        return Response(MeSerializer(services.update_profile(user=caller, **changes.validated_data)).data)
