"""Whole-course download for offline use: a manifest, and parts that are named by their content."""

from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.throttling import limited
from courses.api.conditional import ETAG, IF_NONE_MATCH, NOT_MODIFIED, tagged
from progress.api.download_serializers import (
    DownloadSerializer,
    KeptLessonContentSerializer,
    KeptOutlineSerializer,
)
from progress.api.reading_examples import LESSON_PART, OUTLINE_PART
from progress.selectors.downloads import Part
from progress.services import downloading
from progress.services.limits import DOWNLOADS

_EXAMPLE = {
    "course": {"id": 7, "slug": "lines", "title": "Lines"},
    "revision": "9f" * 32,
    "size": 48211,
    "parts": [
        {
            "kind": "lesson", "id": "42", "sha256": "0a" * 32, "size": 12034, "media_type": "application/json",
            "url": "/api/v1/courses/lines/download/lessons/" + "0a" * 32 + ".json",
        },
        {
            "kind": "asset", "id": "3c" * 32 + ".png", "sha256": "3c" * 32, "size": 36177, "media_type": "image/png",
            "url": "/media/assets/" + "3c" * 32 + ".png",
        },
    ],
}  # fmt: skip


def _ranges(shape: type[serializers.Serializer]) -> dict[str, Any]:
    """What both kinds of parts have in the documentation: `shape` is the whole one's."""
    return {
        "parameters": [
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range, such as `bytes=1000-`."),
            OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The range's ETag."),
            IF_NONE_MATCH,
            ETAG,
            OpenApiParameter("Content-Range", str, OpenApiParameter.HEADER, response=[206]),
        ],
        "responses": {
            200: shape,
            206: OpenApiResponse(description="The bytes of the range: a piece of JSON, to be joined with the others."),
            304: NOT_MODIFIED,
            416: OpenApiResponse(description="The range begins behind the end."),
        },
        "tags": ["courses"],
    }


class CourseDownload(APIView):
    """`GET /api/v1/courses/{slug}/download`"""

    throttle_classes = [limited(DOWNLOADS, "GET")]

    @extend_schema(
        operation_id="course_download",
        summary="Download a course: manifest",
        description=(
            "Every part of a course that the caller takes, with checksums and sizes. Parts are named by their content: "
            "after an update only those with a new `sha256` are to be fetched."
        ),
        tags=["courses"],
        parameters=[IF_NONE_MATCH, ETAG],
        responses={200: DownloadSerializer, 304: NOT_MODIFIED},
        examples=[OpenApiExample("A course with one lesson and one picture", _EXAMPLE, response_only=True)],
    )
    def get(self, request: Request, slug: str) -> Response:
        download = downloading.prepared_download(user=request.user, slug=slug)
        course = download.course
        document = {
            "course": {"id": course.pk, "slug": course.slug, "title": course.title},
            "revision": download.revision,
            "size": download.size,
            "parts": [_part(slug, part) for part in download.parts],
        }
        return tagged(request, document, tag=f'"{download.revision}"')


class OutlinePart(APIView):
    """`GET /api/v1/courses/{slug}/download/outline/{sha256}.json`"""

    throttle_classes = [limited(DOWNLOADS, "GET")]

    @extend_schema(
        operation_id="outline_part",
        summary="Download a course: outline",
        description=(
            "The course, its modules and lessons, the `part` of each lesson (null: not open yet), and the data files "
            "that cells may read. 404 when the course has changed since: ask for the manifest again."
        ),
        examples=OUTLINE_PART,
        **_ranges(KeptOutlineSerializer),
    )
    def get(self, request: Request, slug: str, sha256: str) -> HttpResponse:
        download = downloading.prepared_download(user=request.user, slug=slug)
        if download.parts[0].sha256 != sha256:
            raise Http404("the outline has changed")
        return _content(sha256, download.outline)


class LessonPart(APIView):
    """`GET /api/v1/courses/{slug}/download/lessons/{sha256}.json`"""

    @extend_schema(
        operation_id="lesson_part",
        summary="Download a course: a lesson",
        description=(
            "`version`, `blocks` without any answer, `toc`, and the rendered parts as `html`. Choices stand in an "
            "order that is nobody's own. 404 when the lesson has changed since: ask for the manifest again."
        ),
        examples=LESSON_PART,
        **_ranges(KeptLessonContentSerializer),
    )
    def get(self, request: Request, slug: str, sha256: str) -> HttpResponse:
        return _content(sha256, downloading.lesson_part(user=request.user, slug=slug, sha256=sha256))


def _part(slug: str, part: Part) -> dict[str, Any]:
    if part.kind == "asset":
        url = reverse("courses:asset", args=[part.id])
    else:
        url = reverse(f"api-download-{part.kind}", args=[slug, part.sha256])
    return {
        "kind": part.kind,
        "id": part.id,
        "sha256": part.sha256,
        "size": part.size,
        "media_type": part.media_type,
        "url": url,
    }


def _content(sha256: str, content: bytes) -> HttpResponse:
    """As it is, byte for byte: its name is its checksum, so it may be kept for ever. Ranges are a middleware's."""
    headers = {
        "ETag": f'"{sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=31536000, immutable",
        "Vary": "Authorization, Cookie",
        "Content-Length": str(len(content)),
    }
    return HttpResponse(content, content_type="application/json", headers=headers)
