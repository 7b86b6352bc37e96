"""The content security policy of every answer, put together once and not each time."""

from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# What django-csp's decorators leave at an answer whose policy is another one.
_CHANGES = {f"_csp_{change}{kind}" for change in ("config", "update", "replace", "exempt") for kind in ("", "_ro")}


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, which has less to do where an answer gets the policy of the site: nearly always."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._setting: Any = None
        self._written = ""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_plain = vars(response).keys().isdisjoint(_CHANGES) and "_csp_nonce" not in vars(request)
        setting = settings.CONTENT_SECURITY_POLICY
        if settings.DEBUG or not setting or not is_plain:
            return super().process_response(request, response)
        if setting is not self._setting:
            self._written, self._setting = build_policy(), setting
        if HEADER not in response:
            response[HEADER] = self._written
        return response
