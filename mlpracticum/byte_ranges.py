"""Parts of an answer by HTTP ranges (RFC 9110, section 14), and 304 for what the asker has.

For every answer whose view sets `Accept-Ranges: bytes` and a strong ETag: files of courses, parts of a download. One
range is honoured; a list of several, or one that cannot be read, gets the whole, as the RFC allows. Knows no course.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import IO, Any

from django.http import HttpRequest

from mlpracticum.rest import PROBLEM_JSON, Problem

_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE | re.ASCII)
_CHUNK = 64 * 1024  # bytes

Span = tuple[int, int]
"""First byte, and the one after the last."""


class Unsatisfiable(ValueError):
    """The range begins behind the end, or asks for no byte."""


def span_of(header: str, size: int) -> Span | None:
    """The bytes that a Range header asks of `size`; None where it is to be ignored.

    Raises:
        Unsatisfiable: nothing of it exists.
    """
    found = _RANGE.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":  # the last so many bytes
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size
    start, end = int(first), int(last) + 1 if last else size
    if end <= start and last:
        return None  # "5-3" is no range at all
    if start >= size:
        raise Unsatisfiable
    return start, min(end, size)


class ByteRangeMiddleware:
    """Makes 206, 304 and 416 of the answers that offer ranges; all others pass."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        offers = (
            response.status_code == 200 and response.get("Accept-Ranges") == "bytes" and response.has_header("ETag")
        )
        if not offers or request.method not in ("GET", "HEAD"):
            return response
        etag = response["ETag"]
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
        if etag in known or "*" in known:
            return _emptied(response, 304)
        asked = request.headers.get("Range")
        # If-Range compares strongly: a weak tag, another one or a date gets the whole.
        if request.method != "GET" or asked is None or request.headers.get("If-Range", etag) != etag:
            return response
        size = int(response.get("Content-Length") or len(response.content))
        try:
            span = span_of(asked, size)
        except Unsatisfiable:
            return _refused(response, size)
        return response if span is None else _cut(response, span, size)


def _emptied(response: Any, status: int) -> Any:
    """The same response without a body, so that its file is closed with it."""
    response.status_code = status
    if response.streaming:
        response.streaming_content = []
    else:
        response.content = b""
    for name in ("Content-Length", "Content-Type", "Content-Disposition"):
        if name in response:
            del response[name]
    return response


def _refused(response: Any, size: int) -> Any:
    refused = _emptied(response, 416)
    refused["Content-Range"] = f"bytes */{size}"
    refused["Cache-Control"] = "no-store"
    del refused["ETag"]
    if not refused.streaming:
        refused.content = json.dumps(Problem.body(416, "There are no such bytes."))
        refused["Content-Type"] = PROBLEM_JSON
    return refused


def _cut(response: Any, span: Span, size: int) -> Any:
    start, end = span
    response.status_code = 206
    if response.streaming:
        response.streaming_content = _read(response.file_to_stream, start, end)
    else:
        response.content = response.content[start:end]
    response["Content-Length"] = str(end - start)
    response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def _read(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    left = end - start
    while left and (chunk := file.read(min(_CHUNK, left))):
        left -= len(chunk)
        yield chunk
