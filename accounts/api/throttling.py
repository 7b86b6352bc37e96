"""Rate limits for API views, on the exact counters of `accounts.services.limits`. Other apps' views may use these."""

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.services import limits


class Limit(BaseThrottle):
    """At most `limit` requests in any `seconds`, for each person, or each address of those who are nobody yet.

    Answers 429 with `Retry-After`. Subclasses name a `scope`, which they may share; see `limited`.
    """

    scope: ClassVar[str]
    limit: ClassVar[int]
    seconds: ClassVar[int]

    def allow_request(self, request: Request, view: Any) -> bool:
        self._wait: int | None = None
        try:
            limits.count(self.scope, _who(request), limit=self.limit, seconds=self.seconds)
        except limits.LimitReached as reached:
            self._wait = reached.wait
        return self._wait is None

    def wait(self) -> float | None:
        # One second less: the error's translator adds one to what REST framework says.
        return None if self._wait is None else self._wait - 1


def limited(scope: str, limit: int, *, seconds: int) -> type[Limit]:
    """A throttle for a view's `throttle_classes`."""
    return type(f"{scope.title()}Limit", (Limit,), {"scope": scope, "limit": limit, "seconds": seconds})


def _who(request: Request) -> str:
    if request.user.is_authenticated:
        return f"user {request.user.pk}"
    return f"address {get_adapter().get_client_ip(request)}"
