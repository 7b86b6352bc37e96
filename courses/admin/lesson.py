"""Lessons in the admin: the list, the page with the block editor, and publishing from there."""

from typing import Any, ClassVar

from csp.decorators import csp_update
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator

from courses.admin.access import is_mine, may_publish
from courses.admin.lesson_form import LessonForm, ModuleChoiceField, modules_to_choose
from courses.admin.preview import PICTURES, PicturePage, PreviewPage
from courses.admin.revisions import RevisionPages
from courses.models import Course, Lesson, LessonDraft
from courses.services import authoring
from courses.services.outlining import remove_lesson, restore_lesson
from courses.services.publishing import publish_lesson

# A confirmation page's address, its heading, what it does to learners, and its button.
STEPS: dict[str, tuple[str, str, str]] = {
    "remove": (
        "Remove “{}” from its course?",
        "Learners no longer see it. Completions of it stay and still count. It can be restored at any time.",
        "Remove the lesson",
    ),
    "restore": (
        "Restore “{}”?",
        "It comes back at the end of its module, with its revisions and everybody's completions. "
        "Learners see it at once if it was published.",
        "Restore the lesson",
    ),
    "discard": (
        "Discard the draft of “{}”?",
        "The text that waits to be published is thrown away and cannot be brought back. What is live stays.",
        "Discard the draft",
    ),
}


class StateFilter(admin.SimpleListFilter):
    """Lessons by what a course author would look for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("draft", "Draft waits"), ("live", "Published"), ("new", "Never published"), ("removed", "Removed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lesson]) -> QuerySet[Lesson]:
        match self.value():
            case "draft":
                return queryset.filter(authoring.has_draft(), removed_at=None)
            case "live":
                return queryset.filter(removed_at=None, current_revision__isnull=False)
            case "new":
                return queryset.filter(removed_at=None, current_revision=None)
            case "removed":
                return queryset.filter(removed_at__isnull=False)
        return queryset


@admin.register(Lesson)
class LessonAdmin(RevisionPages, PreviewPage, PicturePage):
    """A lesson's settings and body. Order is the course's page; publishing goes through the services."""

    form = LessonForm
    list_display = ("title", "course", "module_title", "state", "minutes", "is_preview", "updated_at")
    list_filter = (StateFilter, ("course", admin.RelatedOnlyFieldListFilter), "is_preview")
    search_fields = ("title", "slug", "course__title")
    ordering = ("course__title", "course_id", "position", "pk")
    list_per_page = 50
    actions = ("publish_drafts",)
    change_form_template = "admin/courses/lesson/change_form.html"
    SETTINGS: ClassVar[list[str]] = ["module", "slug", "minutes", "is_preview", "completion_rule", "available_from"]

    def view_on_site(self, obj: Lesson) -> str:
        return obj.get_absolute_url()

    # --- the list ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lesson]:
        rows = super().get_queryset(request).select_related("course", "module", "current_revision")
        heavy = ("body", "public", "key", "html", "text", "toc", "checks")
        rows = rows.defer("course__description", "course__description_html", *(f"current_revision__{x}" for x in heavy))
        return rows.annotate(draft_waits=authoring.has_draft())

    @admin.display(description="module", ordering="module__position")
    def module_title(self, lesson: Lesson) -> str:
        return lesson.module.title

    @admin.display(description="state")
    def state(self, lesson: Any) -> str:
        if lesson.removed_at is not None:
            return "removed"
        live = f"revision {lesson.current_revision.number}" if lesson.current_revision else "not published"
        return f"{live} · draft waits" if lesson.draft_waits else live

    @admin.action(description="Publish the drafts of the selected lessons", permissions=["publish"])
    def publish_drafts(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        waiting = [lesson for lesson in queryset if lesson.draft_waits and lesson.removed_at is None]
        if not waiting:
            self.message_user(request, "None of these lessons has a draft.", messages.WARNING)
            return None
        if request.POST.get("confirmed") == "yes":
            for lesson in waiting:
                self._publish(request, lesson)
            return None
        context = self.page(
            request,
            waiting[0],
            title="Publish these drafts?",
            lessons=waiting,
            selected=[lesson.pk for lesson in waiting],
            action="publish_drafts",
            is_list_step=True,
        )
        return TemplateResponse(request, "admin/courses/lesson/publish_drafts.html", context)

    def _publish(self, request: HttpRequest, lesson: Lesson) -> None:
        try:
            revision = publish_lesson(lesson=lesson, acting_user=request.user)
        except ValidationError as error:
            self.message_user(request, f"“{lesson}” was not published: {' '.join(error.messages)}", messages.ERROR)
            return
        if revision is None:
            self.message_user(request, f"“{lesson}”: what is live says the same already.", messages.INFO)
            return
        self.log_change(request, lesson, f"Published revision {revision.number}.")
        text = f"“{lesson}”: revision {revision.number} is live."
        if lesson.course.status == Course.Status.DRAFT:
            text += " Learners see it once the course is published."
        self.message_user(request, text, messages.SUCCESS)

    # --- the page ---

    def get_fieldsets(self, request: HttpRequest, obj: Lesson | None = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["title", *self.SETTINGS]})]
        settings = ("Settings: they take effect at once", {"fields": self.SETTINGS, "classes": ["collapse"]})
        if not self.has_change_permission(request, obj):
            return [(None, {"fields": ["title"]}), settings]
        return [(None, {"fields": ["title"]}), settings, ("Body", {"fields": ["body"], "classes": ["body-fieldset"]})]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name != "module":
            return super().formfield_for_foreignkey(db_field, request, **kwargs)
        match = request.resolver_match
        lesson = self.get_object(request, match.kwargs["object_id"]) if match and "object_id" in match.kwargs else None
        modules = modules_to_choose(
            Course.objects.editable_by(request.user), course=lesson.course if lesson is not None else None
        )
        return ModuleChoiceField(queryset=modules, label="Module")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and Course.objects.editable_by(request.user).exists()

    @method_decorator(csp_update(PICTURES))
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return super().changeform_view(request, object_id, form_url, extra_context)

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
            context["draft"] = LessonDraft.objects.filter(lesson=obj).select_related("updated_by").defer("body").first()
            context["may_publish"] = may_publish(request, obj.course)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: Lesson, form: ModelForm, change: bool) -> None:
        if not change:
            if not is_mine(request, obj.module.course):
                raise PermissionDenied
            authoring.create_lesson(lesson=obj)
            return
        if "_publish" in request.POST and not may_publish(request, obj.course):
            raise PermissionDenied
        authoring.save_lesson(lesson=obj, body=form.cleaned_data["body"], acting_user=request.user)

    def response_add(self, request: HttpRequest, obj: Lesson, post_url_continue: str | None = None) -> HttpResponse:
        self.message_user(request, f"“{obj}” was added. Write its body below.", messages.SUCCESS)
        return HttpResponseRedirect(_address("change", obj))

    def response_change(self, request: HttpRequest, obj: Lesson) -> HttpResponse:
        waits = LessonDraft.objects.filter(lesson=obj).exists()
        if "_publish" in request.POST and waits:
            self._publish(request, obj)
        elif "_publish" in request.POST:
            self.message_user(request, "Saved. The body has nothing to publish: it says what is live.", messages.INFO)
        else:
            text = "Saved. The draft waits to be published." if waits else "Saved. The body says what is live."
            self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(_address("change", obj))

    # --- pages of our own ---

    def get_urls(self) -> list[URLPattern]:
        def at(route: str, view: Any, name: str, **fixed: Any) -> URLPattern:
            return path(
                f"<int:object_id>/{route}", self.admin_site.admin_view(view), fixed, name=f"courses_lesson_{name}"
            )

        pages = [at(f"{step}/", self.step_view, step, step=step) for step in STEPS]
        return [
            at("preview/", self.preview_view, "preview"),
            at("pictures/", self.pictures_view, "pictures"),
            at("revisions/", self.revisions_view, "revisions"),
            at("revisions/compare/", self.compare_view, "compare"),
            at("revisions/<int:number>/", self.revision_view, "revision"),
            at("revisions/<int:number>/live/", self.revert_view, "revert"),
            *pages,
            *super().get_urls(),
        ]

    def step_view(self, request: HttpRequest, object_id: int, step: str) -> HttpResponse:
        """Ask, then remove or restore the lesson, or discard its draft."""
        lesson: Lesson = self.row_or_404(request, object_id)
        # A published lesson is in front of learners; a draft is its author's own.
        if step != "discard" and lesson.current_revision_id and not may_publish(request, lesson.course):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        heading, meaning, button = STEPS[step]
        if request.method == "POST":
            return self._take_step(request, lesson, step)
        context = self.page(
            request,
            lesson,
            title=heading.format(lesson.title),
            meaning=meaning,
            button=button,
            back=_address("change", lesson),
        )
        return TemplateResponse(request, "admin/courses/confirm.html", context)

    def _take_step(self, request: HttpRequest, lesson: Lesson, step: str) -> HttpResponse:
        if step == "discard":
            authoring.discard_draft(lesson=lesson)
            done = "The draft was discarded."
        elif step == "remove":
            remove_lesson(lesson=lesson, acting_user=request.user)
            done = "The lesson was removed from its course."
        else:
            restore_lesson(lesson=lesson, acting_user=request.user)
            done = "The lesson is back in its course."
        self.log_change(request, lesson, done)
        self.message_user(request, done, messages.SUCCESS)
        if step == "remove":
            return HttpResponseRedirect(reverse("admin:courses_course_change", args=[lesson.course_id]))
        return HttpResponseRedirect(_address("change", lesson))


def _address(name: str, lesson: Lesson) -> str:
    return reverse(f"admin:courses_lesson_{name}", args=[lesson.pk])
