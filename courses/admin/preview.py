"""What the block editor asks of the server: the preview of a body that is not stored, and keeping a picture.

The preview is compiled as publishing would. One address serves both: the editor's script asks for JSON and gets the
rendered parts and the faults by position; the form's own button gets a page.
"""

import re
from typing import Any

from csp.decorators import csp_update
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator

from courses.admin.access import CourseRights
from courses.admin.fields import parse_body
from courses.content.compiling import Compiled, compile_body
from courses.content.schema import MAX_ERRORS, BodyError, BodyInvalid
from courses.models import Lesson
from courses.services.pictures import MAX_PICTURE, store_picture

# As on lesson pages: pictures that an author refers to by address, and nothing else from elsewhere.
PICTURES = {"img-src": ["https:"]}
LESSON_STYLES = ("tokens", "base", "prose", "blocks", "code", "admin-preview")
_BLOCK = re.compile(r"blocks\[(\d+)\]")


class PreviewPage(CourseRights):
    """The preview for the lesson's ModelAdmin."""

    @method_decorator(csp_update(PICTURES))
    def preview_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST `body` (JSON) and `title`. Nothing is stored."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        lesson: Lesson = self.row_or_404(request, object_id)
        title = request.POST.get("title") or lesson.title
        result, faults = compile_text(request.POST.get("body", ""), title=title)
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            return JsonResponse(preview_data(result, faults))
        context = self.page(
            request,
            lesson,
            title=f"Preview: {title}",
            parts=result.html if result else [],
            faults=faults,
            styles=LESSON_STYLES,
        )
        return TemplateResponse(request, "admin/courses/lesson/preview.html", context)


class PicturePage(CourseRights):
    """Storing a picture from a lesson's page. It belongs to no lesson: a block refers to it once the form is saved."""

    def pictures_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """POST `picture` (a file). Answers the stored file's name and size in pixels, or why it was refused."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self.row_or_404(request, object_id)
        upload = request.FILES.get("picture")
        if upload is None:
            return JsonResponse({"error": "no picture was sent"}, status=400)
        try:
            asset = store_picture(data=upload.read(MAX_PICTURE + 1))
        except ValidationError as error:
            return JsonResponse({"error": " ".join(error.messages)}, status=400)
        return JsonResponse({"file": asset.file, "width": asset.width, "height": asset.height})


def compile_text(text: str, *, title: str) -> tuple[Compiled | None, list[BodyError]]:
    """A body from a form, compiled, and what is wrong with it. Faulty blocks are left out; the rest is shown."""
    try:
        body = parse_body(text)
    except ValidationError as error:
        return None, [_as_fault(message) for message in error.messages]
    try:
        return compile_body(body, title=title), []
    except BodyInvalid as error:
        rest = _without_faulty(body, error.errors)
        return compile_body(rest, title=title) if rest else None, error.errors


def _without_faulty(body: Any, faults: list[BodyError]) -> dict[str, Any] | None:
    """The body without the blocks that have faults; None where the fault is elsewhere, or some may not be listed."""
    places = [_BLOCK.match(fault.path) for fault in faults]
    if len(faults) >= MAX_ERRORS or not all(places):
        return None
    faulty = {int(place[1]) for place in places if place}
    return {**body, "blocks": [block for index, block in enumerate(body["blocks"]) if index not in faulty]}


def _as_fault(message: str) -> BodyError:
    path, separator, reason = message.partition(": ")
    return BodyError(path, reason) if separator else BodyError("body", message)


def preview_data(result: Compiled | None, faults: list[BodyError]) -> dict[str, Any]:
    """What the editor shows: parts by block, or faults by position; formulas that could not be set."""
    errors = [{"path": fault.path, "message": fault.message} for fault in faults]
    if result is None:
        return {"html": [], "errors": errors}
    formulas = {"total": result.formulas.total, "failed": result.formulas.failed}
    return {"html": result.html, "errors": errors, "minutes": result.minutes, "formulas": formulas}
