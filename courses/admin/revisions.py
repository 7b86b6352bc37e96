"""A lesson's history: which revisions there are, what each said, what changed, and going back to one."""

from typing import Any

from csp.decorators import csp_update
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator

from courses.admin.access import CourseRights, may_publish
from courses.admin.comparing import compare_bodies
from courses.admin.fields import BodyField
from courses.admin.preview import LESSON_STYLES, PICTURES
from courses.models import Lesson, LessonDraft, LessonRevision
from courses.selectors import revision_history
from courses.services.publishing import revert_lesson

DRAFT = "draft"


class RevisionPages(CourseRights):
    """The pages for the lesson's ModelAdmin. A revision is fetched through its lesson, never by an id of its own."""

    def revisions_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The list, newest first. 1 query for the revisions."""
        lesson: Lesson = self.row_or_404(request, object_id, to_change=False)
        revisions = list(revision_history(lesson=lesson))
        draft = LessonDraft.objects.filter(lesson=lesson).select_related("updated_by").defer("body").first()
        context = self.page(
            request,
            lesson,
            title=f"Revisions: {lesson.title}",
            revisions=revisions,
            draft=draft,
            can_compare=len(revisions) + (draft is not None) > 1,
            first_from=1 if draft else 2,
            may_publish=may_publish(request, lesson.course),
        )
        return TemplateResponse(request, "admin/courses/lesson/revisions.html", context)

    @method_decorator(csp_update(PICTURES))
    def revision_view(self, request: HttpRequest, object_id: int, number: int) -> HttpResponse:
        """One revision as learners saw it, and its JSON."""
        lesson: Lesson = self.row_or_404(request, object_id, to_change=False)
        revision = _revision(lesson, number)
        context = self.page(
            request,
            lesson,
            title=f"Revision {number}: {lesson.title}",
            revision=revision,
            parts=revision.html,
            styles=LESSON_STYLES,
            body_text=BodyField().prepare_value(revision.body),
            may_publish=may_publish(request, lesson.course),
        )
        return TemplateResponse(request, "admin/courses/lesson/revision.html", context)

    def compare_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What changed `?from=` one `?to=` another; each is a number or `draft`."""
        lesson: Lesson = self.row_or_404(request, object_id, to_change=False)
        old, new = request.GET.get("from", ""), request.GET.get("to", "")
        changes = compare_bodies(_body(lesson, old), _body(lesson, new))
        context = self.page(
            request,
            lesson,
            title=f"Changes: {lesson.title}",
            old=_named(old),
            new=_named(new),
            changes=changes,
        )
        return TemplateResponse(request, "admin/courses/lesson/compare.html", context)

    def revert_view(self, request: HttpRequest, object_id: int, number: int) -> HttpResponse:
        """Ask, then make an earlier revision the live one."""
        lesson: Lesson = self.row_or_404(request, object_id)
        if not may_publish(request, lesson.course):
            raise PermissionDenied
        revision = _revision(lesson, number)
        if request.method == "POST":
            revert_lesson(lesson=lesson, number=number, acting_user=request.user)
            self.log_change(request, lesson, f"Made revision {number} the live one.")
            self.message_user(request, f"Revision {number} is live.", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:courses_lesson_revisions", args=[lesson.pk]))
        context = self.page(
            request,
            lesson,
            title=f"Make revision {number} the live one?",
            revision=revision,
            live=lesson.current_revision,
            has_draft=LessonDraft.objects.filter(lesson=lesson).exists(),
        )
        return TemplateResponse(request, "admin/courses/lesson/revert.html", context)


def _revision(lesson: Lesson, number: int) -> LessonRevision:
    revision = lesson.revisions.select_related("created_by").filter(number=number).first()
    if revision is None:
        raise Http404("no such revision")
    return revision


def _body(lesson: Lesson, name: str) -> dict[str, Any]:
    if name == DRAFT:
        draft = LessonDraft.objects.filter(lesson=lesson).first()
        if draft is None:
            raise Http404("no draft")
        return draft.body
    # A longer number than the column holds would be a database error.
    if not (name.isascii() and name.isdigit() and len(name) <= 9):
        raise Http404("no such revision")
    return _revision(lesson, int(name)).body


def _named(name: str) -> str:
    return "the draft" if name == DRAFT else f"revision {name}"
