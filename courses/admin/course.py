"""Courses in the admin: the list, the page with the outline, and opening and closing a course."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from courses.admin.access import CourseRights, may_publish
from courses.admin.course_form import CourseForm
from courses.admin.log import log_rows
from courses.models import Course, LessonDraft
from courses.services.authoring import archive_course, save_course
from courses.services.outlining import arrange_outline
from courses.services.publishing import publish_course, unpublish_course

LOG_ROWS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A change of a course's status: its words, and the service that makes it."""

    question: str
    button: str
    done: str
    service: Callable[..., Any]


STEPS: dict[str, Step] = {
    "publish": Step("Publish", "Publish", "is published", publish_course),
    "unpublish": Step("Take back to draft", "Take back to draft", "is a draft again", unpublish_course),
    "archive": Step("Archive", "Archive", "is archived", archive_course),
}


@admin.register(Course)
class CourseAdmin(CourseRights):
    """A course's own words and its outline. Status and counters are the services'.

    How many learners a step affects is not known here (progress is above courses); `learners_of` is the place for it.
    """

    course_path = ""
    form = CourseForm
    list_display: tuple[str, ...] = ("title", "status", "lessons", "drafts", "updated_at")
    list_filter = ("status", "level", "language")
    search_fields = ("title", "slug", "summary")
    list_per_page = 50
    actions = ("publish_selected", "unpublish_selected", "archive_selected")
    change_form_template = "admin/courses/course/change_form.html"
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("title", "summary")}),
        (
            "Catalogue",
            {"fields": (("slug", "level"), ("language", "licence"), "author_names"), "classes": ("collapse",)},
        ),
        ("Description", {"fields": ("description", "outcomes", "requirements"), "classes": ("collapse",)}),
        ("Certificate", {"fields": ("certificate_percent",), "classes": ("collapse",)}),
        ("Rights", {"fields": ("authors",), "classes": ("collapse",)}),
    )

    @property
    def media(self) -> forms.Media:
        script: Any = forms.Script("js/admin-outline.js", type="module")  # the stubs know addresses alone
        return super().media + forms.Media(css={"all": ["css/admin-pages.css"]}, js=[script])

    def view_on_site(self, obj: Course) -> str:
        return obj.get_absolute_url()

    # --- the list ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        rows = super().get_queryset(request)
        # A subquery and not a join: progress adds another count, and two joins would multiply.
        waiting = LessonDraft.objects.filter(lesson__course=OuterRef("pk"), lesson__removed_at=None).order_by()
        counted = waiting.values("lesson__course").annotate(n=Count("pk")).values("n")
        return rows.annotate(draft_count=Coalesce(Subquery(counted), 0))

    @admin.display(description="lessons", ordering="lesson_count")
    def lessons(self, course: Course) -> int:
        return course.lesson_count

    @admin.display(description="drafts", ordering="draft_count")
    def drafts(self, course: Any) -> int:
        return course.draft_count

    def learners_of(self, courses: list[Course]) -> dict[int, int]:
        """How many people take each course, by id; empty where nobody counts them."""
        return {}

    @admin.action(description="Publish the selected courses with their drafts", permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Course]) -> HttpResponse | None:
        return self._step_for_all(request, list(queryset), "publish")

    @admin.action(description="Take the selected courses back to draft", permissions=["publish"])
    def unpublish_selected(self, request: HttpRequest, queryset: QuerySet[Course]) -> HttpResponse | None:
        return self._step_for_all(request, list(queryset), "unpublish")

    @admin.action(description="Archive the selected courses", permissions=["publish"])
    def archive_selected(self, request: HttpRequest, queryset: QuerySet[Course]) -> HttpResponse | None:
        return self._step_for_all(request, list(queryset), "archive")

    def _step_for_all(self, request: HttpRequest, courses: list[Course], step: str) -> HttpResponse | None:
        if request.POST.get("confirmed") == "yes":
            for course in courses:
                self._take_step(request, course, step)
            return None
        if not courses:  # none of the ticked ones may be edited
            return None
        return self._ask(request, courses, step, action=f"{step}_selected")

    def _ask(self, request: HttpRequest, courses: list[Course], step: str, *, action: str = "") -> HttpResponse:
        learners = self.learners_of(courses)
        drafts = LessonDraft.objects.filter(lesson__course__in=courses, lesson__removed_at=None)
        titles: dict[int, list[str]] = {}
        for course_id, title in drafts.order_by("lesson__position").values_list("lesson__course_id", "lesson__title"):
            titles.setdefault(course_id, []).append(title)
        rows = [{"course": c, "learners": learners.get(c.pk), "drafts": titles.get(c.pk, [])} for c in courses]
        what = f"“{courses[0]}”" if len(courses) == 1 else f"{len(courses)} courses"
        context = self.page(
            request,
            courses[0],
            title=f"{STEPS[step].question}: {what}?",
            rows=rows,
            step=step,
            button=STEPS[step].button,
            action=action,
            is_list_step=bool(action),
            selected=[course.pk for course in courses],
            back=reverse("admin:courses_course_changelist") if action else _address(courses[0]),
        )
        return TemplateResponse(request, "admin/courses/course/step.html", context)

    def _take_step(self, request: HttpRequest, course: Course, step: str) -> None:
        try:
            made = STEPS[step].service(course=course, acting_user=request.user)
        except ValidationError as error:
            self.message_user(request, f"“{course}” stays as it was: {' '.join(error.messages)}", messages.ERROR)
            return
        text = f"“{course}” {STEPS[step].done}."
        if step == "publish":
            text += f" {len(made)} new revision{'' if len(made) == 1 else 's'}."
        self.log_change(request, course, text)
        self.message_user(request, text, messages.SUCCESS)

    # --- the page ---

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Whoever may name authors could name themselves, and would read the addresses of all staff.
        return () if request.user.has_perm("courses.edit_any_course") else ("authors",)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context["title"], context["subtitle"] = obj.title, None
            context["log_rows"] = log_rows(obj, LOG_ROWS)
            context["may_publish"] = may_publish(request, obj)
            context["removed_lessons"] = obj.lessons.filter(removed_at__isnull=False).order_by("title")
            context["learners"] = self.learners_of([obj]).get(obj.pk)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: Course, form: ModelForm, change: bool) -> None:
        save_course(course=obj, acting_user=request.user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            form.instance.authors.add(request.user)  # the form's own list has just replaced the maker
            return
        outline = form.outline
        arrange_outline(
            course=form.instance,
            modules=outline.placed_modules(),
            lessons=outline.placed_lessons(),
            new_modules=outline.cleaned_data["new_modules"],
        )

    def response_add(self, request: HttpRequest, obj: Course, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, f"“{obj}” was added. Give it modules and lessons below.", messages.SUCCESS)
        return HttpResponseRedirect(_address(obj))

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path(
                f"<int:object_id>/{step}/",
                self.admin_site.admin_view(self.step_view),
                {"step": step},
                name=f"courses_course_{step}",
            )
            for step in STEPS
        ]
        return [*pages, *super().get_urls()]

    def step_view(self, request: HttpRequest, object_id: int, step: str) -> HttpResponse:
        """Ask, then publish, take back or archive one course."""
        course: Course = self.row_or_404(request, object_id)
        if not may_publish(request, course):
            raise PermissionDenied
        if request.method == "POST":
            self._take_step(request, course, step)
            return HttpResponseRedirect(_address(course))
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "POST"])
        return self._ask(request, [course], step)


def _address(course: Course) -> str:
    return reverse("admin:courses_course_change", args=[course.pk])
