"""Refuses bodies whose length nobody told. WSGI gives Django nothing of them: they would seem to be empty.

A proxy that buffers requests, as ours does, tells the length of what it got in chunks; so this meets those alone that
send chunks to the application itself. Knows no view.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from mlpracticum.rest import plain_problem


class LengthRequiredMiddleware:
    """411 for a body without Content-Length."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            return plain_problem(request, 411, "A body in chunks is not read here.")
        return self.get_response(request)
