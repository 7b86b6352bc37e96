"""The public page of a certificate: whoever has its address may check it."""

from datetime import date
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from progress.selectors.certificates import certificate_by_uid


@require_safe
def certificate(request: HttpRequest, uid: str) -> HttpResponse:
    """Names and figures as they were on the day of issue; for an unknown uid, that there is no such certificate."""
    try:
        found = certificate_by_uid(uid=UUID(uid))
    except (ValueError, Http404):
        response = render(request, "progress/no_certificate.html", {"uid": uid[:80]}, status=404)
    else:
        address = request.build_absolute_uri(request.path)
        facts = found.snapshot
        context = {
            "certificate": found,
            "facts": facts,
            "passed": _passed(facts["passed"]),
            "finished_on": date.fromisoformat(facts["finished_on"]),
            "address": address,
        }
        response = render(request, "progress/certificate.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _passed(counts: dict[str, int]) -> str:
    """ "8 exercises, 1 quiz": what was passed, in words."""
    names = {"exercise": "exercise", "quiz": "question", "predictions": "prediction task"}
    shown = [(counts.get(kind, 0), name) for kind, name in names.items()]
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in shown if count)
