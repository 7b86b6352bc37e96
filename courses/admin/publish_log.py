"""Undoing a publication from its log row: a page that says what will change and for how many, and then does it.

What may be undone, and how, is `courses.services.reverting`'s; this asks for rights and shows the answer.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from courses.admin.access import CourseRights, may_publish
from courses.models import Course, PublishLog
from courses.services.reverting import RevertPlan, plan_revert, revert_publication, revertible_rows

MOST = 100  # lessons named in one list; more are counted

# What going back does, in the order and the words of the page. `changes` of a plan names them by the same keys.
KINDS = {
    "removed": "leave the course",
    "revived": "come back",
    "added": "are published",
    "changed": "get the text that they had",
    "renamed": "get the title or address that they had",
    "moved": "go back to their place",
}


class RevertPages(CourseRights):
    """The page for the log's ModelAdmin, and the button that leads to it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revert_view)
        return [path("<int:object_id>/revert/", view, name="courses_publishlog_revert"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None:
            context["can_revert"] = may_publish(request, row.course) and row.pk in revertible_ids(row.course)
        return super().render_change_form(request, context, *args, **kwargs)

    def revert_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask, then undo the publication."""
        row: PublishLog = self.row_or_404(request, object_id, to_change=False)
        if not may_publish(request, row.course):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        back = reverse("admin:courses_course_change", args=[row.course_id])
        try:
            if request.method == "POST":
                done = revert_publication(log=row, acting_user=request.user)
                self.log_change(request, row.course, f"Undid: {row}.")
                self.message_user(request, f"The course is as it was before: {row}.", messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:courses_publishlog_change", args=[done.pk]))
            plan = plan_revert(log=row)
        except ValidationError as error:
            self.message_user(request, f"Nothing was undone: {' '.join(error.messages)}.", messages.ERROR)
            return HttpResponseRedirect(back)
        context = self.page(
            request,
            row,
            title=f"Undo: {row}?",
            lists=listed(plan),
            fields=[name.replace("_", " ") for name in plan.changes.get("course", ()) if name != "status"],
            status=Course.Status(plan.status).label.lower() if plan.status else "",
            learners=sum(plan.learners.values()),
            back=back,
        )
        return TemplateResponse(request, "admin/courses/revert_publication.html", context)


def revertible_ids(course: Course) -> set[int]:
    """The log rows that may be undone now. 2 queries."""
    return {row.pk for row in revertible_rows(course=course)}


def listed(plan: RevertPlan) -> list[dict[str, Any]]:
    """What going back does to lessons: for each kind its words, the lessons with learners touched, how many more."""
    return [
        {
            "what": words,
            "lessons": [(plan.titles.get(uid, uid), plan.learners.get(uid, 0)) for uid in plan.changes[kind][:MOST]],
            "more": max(0, len(plan.changes[kind]) - MOST),
        }
        for kind, words in KINDS.items()
        if plan.changes.get(kind)
    ]
