"""Answers that are not sent again while they are the same: ETags, and 304 for who has what they name."""

import hashlib
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

NOT_MODIFIED = OpenApiResponse(description="Unchanged since the ETag of If-None-Match.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag of what is there, or several."
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200], description="Names this content; for If-None-Match."
)


def tagged(request: Request, data: Any, *, tag: str | None = None) -> HttpResponse:
    """The answer with an ETag (of the data, where no cheaper tag is given), or 304 when the caller has it."""
    body = None if tag else JSONRenderer().render(data)
    etag = tag or f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if is_known(request, etag):
        return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
    if body is None:
        return Response(data, headers=headers)
    return HttpResponse(body, content_type="application/json", headers=headers)  # rendered already


def is_known(request: Request, etag: str) -> bool:
    """Whether the caller has what this ETag names."""
    known = {item.strip().removeprefix("W/") for item in request.headers.get("If-None-Match", "").split(",")}
    return etag in known or "*" in known
