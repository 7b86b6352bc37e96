"""Limits on requests to pages and to the API: `accounts.services.limits` counts who asks, before the view runs.

Pages answer 429 with a page that says when to try again; the API with a problem document. Both have `Retry-After`.
"""

import ipaddress
import math
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.services.limits import Limit, LimitReached

WRITING = ("POST", "PUT", "PATCH", "DELETE")
IPV6_PREFIX = 64  # bits: who has one address of such a network has them all

When = Callable[[Any], bool]


def asker(request: Any) -> str:
    """Whom a request is counted for: the person, or the address of who is nobody yet."""
    if request.user.is_authenticated:
        return f"user {request.user.pk}"
    address = get_adapter().get_client_ip(request)
    try:
        if ipaddress.ip_address(address).version == 6:
            address = str(ipaddress.ip_network(f"{address}/{IPV6_PREFIX}", strict=False))
    except ValueError:
        pass  # the name of a socket, or what a proxy calls it: counted as it is
    return f"address {address}"


def is_visitor(request: Any) -> bool:
    """Whether nobody is logged in."""
    return not request.user.is_authenticated


def is_person(request: Any) -> bool:
    """Whether somebody is logged in."""
    return not is_visitor(request)


def _always(request: Any) -> bool:
    return True


class Throttle(BaseThrottle):
    """Counts requests of some methods under a limit; made by `limited`."""

    limit: ClassVar[Limit]
    methods: ClassVar[tuple[str, ...]]
    when: ClassVar[When]

    def allow_request(self, request: Request, view: Any) -> bool:
        self._wait: int | None = None
        if self.counts(request.method) and type(self).when(request):
            try:
                self.limit.count(asker(request))
            except LimitReached as reached:
                self._wait = reached.wait
        return self._wait is None

    @classmethod
    def counts(cls, method: str | None) -> bool:
        """Whether requests of this method are counted; HEAD is a GET."""
        return _is_one_of(method, cls.methods)

    def wait(self) -> float | None:
        # One second less: the error's translator adds one to what REST framework says.
        return None if self._wait is None else self._wait - 1


def limited(limit: Limit, *methods: str, when: When = _always) -> type[Throttle]:
    """A throttle for an API view's `throttle_classes`. Without `methods` every write counts."""
    name = f"{limit.scope.title()}Throttle"
    return type(name, (Throttle,), {"limit": limit, "methods": methods or WRITING, "when": staticmethod(when)})


def counted(limit: Limit, *methods: str, when: When = _always) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The same for the view of a page; stands below `login_required`, so that people are counted and not addresses."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def counting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if _is_one_of(request.method, methods or WRITING) and when(request):
                try:
                    limit.count(asker(request))
                except LimitReached as reached:
                    return too_often(request, reached.wait)
            return view(request, *args, **kwargs)

        return counting

    return decorate


def _is_one_of(method: str | None, methods: tuple[str, ...]) -> bool:
    return ("GET" if method == "HEAD" else method) in methods


def too_often(request: HttpRequest, wait: int) -> HttpResponse:
    """The page that says in how many seconds to try again."""
    response = render(request, "429.html", {"wait": wait, "minutes": math.ceil(wait / 60)}, status=429)
    response["Retry-After"] = str(wait)
    return response
