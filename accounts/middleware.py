"""Holds what goes to allauth's pages and mobile API to the rules of our own API: hostile input is a 400, not a fault.

Each rule answers something that allauth 65.21 lets through to an exception. Knows allauth's routes by their names. Also
keeps when a browser's session was last used.
"""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from fido2.webauthn import AuthenticationResponse, RegistrationResponse
from rest_framework.exceptions import APIException
from rest_framework.views import APIView

from accounts.services.sessions import mark_seen

# Mounted by allauth whether they are in use or not: without phone numbers its views raise NotImplementedError, and
# without login by code there is no code to confirm.
UNUSED_ROUTES = frozenset({"manage_phone", "verify_phone", "resend_phone_verification_code", "confirm_login_code"})
# Routes that take a passkey's "credential", and what it must parse as.
CREDENTIAL_ROUTES: dict[str, type[RegistrationResponse] | type[AuthenticationResponse]] = {
    **dict.fromkeys(("mfa_add_webauthn", "manage_webauthn", "signup_webauthn"), RegistrationResponse),
    **dict.fromkeys(("mfa_login_webauthn", "mfa_authenticate", "mfa_reauthenticate_webauthn"), AuthenticationResponse),
    **dict.fromkeys(("login_webauthn", "authenticate_webauthn", "reauthenticate_webauthn"), AuthenticationResponse),
}

MAX_BODY = 262_144  # bytes; a passkey's answer, the longest there is, has about 3,000
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SEEN_EVERY = 3600  # seconds between two writes about one session; a mobile client's is written by its refreshes
# Seconds: the longest period of those limits of allauth that answer 429. It does not say when its own are over.
ALLAUTH_PERIOD = 60


class LastSeenMiddleware:
    """Notes that a browser's session is in use, seldom enough to cost nothing.

    When it was noted is kept in the session, which is there anyway; the hour after a login needs no note.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "_cached_user", None)  # someone who was looked up already: this must not cost a query
        key = request.session.session_key
        if user is None or not user.is_authenticated or key is None:
            return response
        now = int(time.time())
        noted = max(request.session.get("seen", 0), int(user.last_login.timestamp()) if user.last_login else 0)
        if now - noted >= SEEN_EVERY:
            request.session["seen"] = now
            mark_seen(key)
        return response


class AllauthGuardMiddleware:
    """Looks at requests before allauth's views run; everything else passes untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.arrived_at = timezone.now()  # type: ignore[attr-defined]  # tells refreshes that ran beside each other
        response = self.get_response(request)
        if response.status_code == 429 and "Retry-After" not in response:
            response["Retry-After"] = str(ALLAUTH_PERIOD)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        route = (match.url_name if match else None) or ""
        if match is not None and match.namespaces[:1] == ["headless"]:
            return _check_api_request(request, route, view)
        if route in CREDENTIAL_ROUTES and request.POST.get("credential"):
            _check_page_request(request, route)
        return None


def _check_api_request(request: HttpRequest, route: str, view: Any) -> HttpResponse | None:
    if route in UNUSED_ROUTES:
        raise Http404
    # allauth would look at the body of any method, and find fault with that.
    taken = [method for method in METHODS if hasattr(view.view_class, method.replace("HEAD", "GET").lower())]
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": ", ".join(taken)})
    if request.method not in taken:
        response = _refusal("method_not_allowed", "This method is not allowed here.", status=405)
        response["Allow"] = ", ".join(taken)
        return response
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return _refusal("too_large", f"At most {MAX_BODY:,} bytes are taken.", status=413)
    if not request.body:
        return None
    try:
        # allauth parses JSON by itself: nesting a thousand deep, NUL and lone surrogates would be faults further in.
        data = _strictly_parsed(request.body)
    except APIException as error:
        return _refusal("invalid_json", str(error.detail))
    if not isinstance(data, dict):
        return _refusal("invalid_json", "must be an object")
    # 0 and false are something: allauth would take either for a passkey, keep it unread, and fail at each look at it.
    credential = data.get("credential", "")
    if route in CREDENTIAL_ROUTES and credential not in (None, "", [], {}) and not _is_credential(credential, route):
        return _refusal("incorrect_code", "This is not what a passkey answers.")
    return None


def _check_page_request(request: HttpRequest, route: str) -> None:
    try:
        credential = _strictly_parsed(request.POST["credential"].encode())
    except APIException as error:
        raise SuspiciousOperation("a passkey's answer that is no JSON") from error
    if not _is_credential(credential, route):
        raise SuspiciousOperation("not what a passkey answers")


def _strictly_parsed(body: bytes) -> Any:
    return APIView.parser_classes[0]().parse(BytesIO(body))


def _is_credential(value: Any, route: str) -> bool:
    try:
        CREDENTIAL_ROUTES[route].from_dict(value)
        told = value.get("clientExtensionResults", {})  # read by allauth when it lists passkeys, and kept unread
        return isinstance(told, dict) and isinstance(told.get("credProps", {}), dict)
    except Exception:  # whatever the parser of binary formats trips over, nothing but its input can be the reason
        return False
    return True


def _refusal(code: str, message: str, *, status: int = 400) -> JsonResponse:
    """An error in the shape that allauth's specification has."""
    return JsonResponse({"status": status, "errors": [{"code": code, "message": message}]}, status=status)
