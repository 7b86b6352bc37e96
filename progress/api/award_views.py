"""Leaderboards and certificates in the API."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts.services.limits import WRITES
from accounts.throttling import is_visitor, limited
from courses.services.limits import READS
from progress.api import reading_examples as examples
from progress.api.practice_serializers import CertificateSerializer, LeaderboardSerializer, certificate_document
from progress.selectors import certificates, leaderboards, reading
from progress.services import enrolling


class Leaderboard(APIView):
    """`GET /api/v1/lessons/{id}/blocks/{block_id}/leaderboard`"""

    @extend_schema(
        operation_id="leaderboard",
        summary="Leaderboard of a predictions block",
        description="Best public scores of those who chose to be seen.",
        tags=["practice"],
        examples=examples.LEADERBOARD,
        responses={200: LeaderboardSerializer},
    )
    def get(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        board = leaderboards.leaderboard(user=request.user, lesson=lesson, block_id=block_id)
        return Response(LeaderboardSerializer(board).data)


class LeaderboardMembership(APIView):
    """`PUT, DELETE /api/v1/courses/{slug}/leaderboard`"""

    throttle_classes = [limited(WRITES)]

    @extend_schema(
        operation_id="join_leaderboards",
        summary="Be seen on the leaderboards of a course",
        description="Idempotent. Shows the caller's display name and public scores to others who take the course.",
        tags=["practice"],
        request=None,
        responses={204: None},
    )
    def put(self, request: Request, slug: str) -> Response:
        return self._set(request, slug, shown=True)

    @extend_schema(
        operation_id="leave_leaderboards",
        summary="Stay off the leaderboards of a course",
        description="Idempotent; takes effect at once.",
        tags=["practice"],
        responses={204: None},
    )
    def delete(self, request: Request, slug: str) -> Response:
        return self._set(request, slug, shown=False)

    def _set(self, request: Request, slug: str, *, shown: bool) -> Response:
        course = reading.course_for(user=request.user, slug=slug)
        enrolling.show_on_leaderboards(user=request.user, course=course, shown=shown)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CertificateDetail(APIView):
    """`GET /api/v1/certificates/{uid}`"""

    permission_classes = [AllowAny]
    throttle_classes = [limited(READS, "GET", when=is_visitor)]

    @extend_schema(
        operation_id="certificate",
        summary="Verify a certificate",
        description="For anyone who has its uid.",
        tags=["certificates"],
        examples=examples.CERTIFICATE,
        responses={200: CertificateSerializer},
    )
    def get(self, request: Request, uid: UUID) -> Response:
        found = certificates.certificate_by_uid(uid=uid)
        return Response(certificate_document(found, request.build_absolute_uri))


class MyCertificates(APIView):
    """`GET /api/v1/dashboard/certificates`"""

    pagination_class = api_settings.DEFAULT_PAGINATION_CLASS
    ordering = ("-issued_at", "-id")

    @extend_schema(
        operation_id="my_certificates",
        summary="My certificates",
        description="The newest first; those of courses that the caller has left, too.",
        tags=["certificates"],
        examples=examples.CERTIFICATE,
        responses={200: CertificateSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        pages = self.pagination_class()
        rows = pages.paginate_queryset(certificates.certificates_of(user=request.user), request, view=self)
        results = [certificate_document(row, request.build_absolute_uri) for row in rows]
        return pages.get_paginated_response(results)
