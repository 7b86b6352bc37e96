"""What browsers may do with the worker's files, and how long they keep them.

A worker is governed by the policy of its own response and not by the page's: this one lets the Python in it read the
runtime's folder and the packages, and nothing else. `'self'` would be every address of the site, with the reader's
session. The whole folder gets it: whatever of it is opened in another way has no more rights than the worker.

`sandbox` takes the site's origin away too, and with it the browser's storage. Chromium honours it in workers; the
standard lets a browser refuse such a worker, and then the page asks again, with `?origin=kept`, for one without. See
decision 10.
"""

import re
from collections.abc import Callable

from csp.constants import HEADER
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from progress.grading.browser_runtime import packages_url

VERSIONED = re.compile(r"runtime/[\w.-]+/")
ONE_YEAR = 365 * 24 * 3600  # seconds
# A host as a policy can name it: an IPv6 address in brackets cannot be, and gets a policy under which nothing loads.
NAMEABLE = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


def worker_policy(host: str, folder: str, *, keeps_origin: bool = False) -> str:
    """The policy for files below `folder` (a path) on `host`; without a scheme, so that it is the page's own."""
    if not NAMEABLE.fullmatch(host):
        return "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
    # What is written into a page for the browser to fetch, and what is allowed here, come from one function.
    packages = packages_url()
    connect = f"{host}{folder}"
    if packages:
        connect += f" {packages if '://' in packages else host + packages}"
    return (
        f"default-src 'none'; script-src {host}{folder} 'wasm-unsafe-eval'; connect-src {connect}; "
        "worker-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        f"{'' if keeps_origin else '; sandbox allow-scripts'}"
    )


class RuntimeHeadersMiddleware:
    """Sets policy and lifetime of everything in the runtime's folder, whoever serves it below."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        prefix = settings.STATIC_URL
        if not request.path_info.startswith(prefix):
            return response
        found = VERSIONED.match(request.path_info, len(prefix))
        if found is None:
            return response
        folder = request.path_info[: found.end()]
        keeps_origin = request.GET.get("origin") == "kept"
        response[HEADER] = worker_policy(request.get_host(), folder, keeps_origin=keeps_origin)
        # A worker without an origin is a stranger to its own files.
        response["Access-Control-Allow-Origin"] = "*"
        if response.status_code in (200, 206, 304):
            # The policy is part of the worker's answer and may change with the settings, while its text does not.
            is_worker = request.path_info == f"{folder}worker.mjs"
            response["Cache-Control"] = "no-cache" if is_worker else f"max-age={ONE_YEAR}, public, immutable"
        return response
