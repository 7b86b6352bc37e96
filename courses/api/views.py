"""The catalogue in the API. A course's outline carries the caller's ticks, so progress answers for it."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.throttling import is_visitor, limited
from courses import selectors
from courses.api.conditional import ETAG, IF_NONE_MATCH, NOT_MODIFIED, tagged
from courses.api.serializers import CatalogueQuery, CourseSerializer
from courses.services.limits import READS


def _is_costly(request: Any) -> bool:
    return is_visitor(request) or bool(request.query_params.get("search"))


COURSE = {
    "id": 7,
    "slug": "lines",
    "title": "Lines",
    "summary": "Fit a line to points, and know when not to.",
    "level": "beginner",
    "language": "en",
    "licence": "CC-BY-4.0",
    "authors": ["Ada"],
    "lesson_count": 8,
    "minutes": 96,
    "updated_at": "2026-11-23T18:00:00Z",
}


@extend_schema_view(
    get=extend_schema(
        operation_id="courses_list",
        summary="Catalogue",
        description="Published courses, newest first.",
        tags=["courses"],
        parameters=[CatalogueQuery, IF_NONE_MATCH, ETAG],
        examples=[OpenApiExample("A course", value=COURSE, response_only=True)],
        responses={200: CourseSerializer(many=True), 304: NOT_MODIFIED},
    )
)
class CourseList(ListAPIView):
    """`GET /api/v1/courses`"""

    permission_classes = [AllowAny]
    throttle_classes = [limited(READS, "GET", when=_is_costly)]
    serializer_class = CourseSerializer
    ordering = ("-published_at", "-id")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return tagged(request, super().list(request, *args, **kwargs).data)

    def get_queryset(self) -> Any:
        query = CatalogueQuery(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        return selectors.catalogue(viewer=self.request.user, **query.validated_data)
