"""Importing a course in the admin: upload an archive, watch it, read its plan, apply or discard it, read its report.

Whoever may add courses may import. Authors see their own imports, editors all. What an import may write is decided by
`courses.services`; this asks for it and shows what came of it.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from courses.admin.access import is_mine, may_publish
from courses.admin.import_report import changes_of, counts_of, findings_of, problems_of
from courses.models import ImportJob
from courses.services import import_jobs

FORM_SLACK = 100_000  # bytes of a request that are not the file
WAITS_LONG = 15  # seconds in the queue after which the page says that no worker seems to run
STEPS = {
    "apply": (import_jobs.apply_import, "The import was queued."),
    "retry": (import_jobs.retry_import, "The import was queued again."),
    "discard": (import_jobs.discard_import, "The import was discarded, and its file removed."),
}


class ImportForm(forms.Form):
    """An archive and how to take it."""

    archive = forms.FileField(
        label="Course", help_text="A .zip of the course's folder.", widget=forms.FileInput(attrs={"accept": ".zip"})
    )
    publish = forms.ChoiceField(
        label="Lessons",
        choices=[("draft", "become drafts, to be looked at and published later"), ("publish", "are published")],
        initial="draft",
        widget=forms.RadioSelect,
    )
    slug = forms.SlugField(
        label="Address",
        required=False,
        max_length=80,
        help_text="The part after /courses/. Empty: from course.toml, else from the title.",
    )

    def __init__(self, *args: Any, can_publish: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can_publish:
            field: Any = self.fields["publish"]
            field.choices = field.choices[:1]


@admin.register(ImportJob)
class ImportAdmin(admin.ModelAdmin):
    """Past and running imports. Rows are made by uploading and changed by the worker alone."""

    list_display = ("source_name", "state", "step", "course", "acting_user", "created_at")
    list_filter = ("state",)
    list_select_related = ("course", "acting_user")
    search_fields = ("source_name", "course__title")
    actions: ClassVar[Any] = None

    # --- who ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportJob]:
        rows = super().get_queryset(request)
        return rows if request.user.has_perm("courses.edit_any_course") else rows.filter(acting_user=request.user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("courses.add_course")

    def has_view_permission(self, request: HttpRequest, obj: ImportJob | None = None) -> bool:
        if obj is None or request.user.has_perm("courses.edit_any_course"):
            return self.has_add_permission(request)
        return self.has_add_permission(request) and obj.acting_user_id == request.user.pk

    def has_change_permission(self, request: HttpRequest, obj: ImportJob | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ImportJob | None = None) -> bool:
        return False

    # --- pages ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        steps = [
            path(f"<int:object_id>/{step}/", view(self.step_view), {"step": step}, name=f"courses_importjob_{step}")
            for step in STEPS
        ]
        state = path("<int:object_id>/state/", view(self.state_view), name="courses_importjob_state")
        return [state, *steps, *super().get_urls()]

    # The token is in the body, and a body that is too large is not to be read: so it is checked after that.
    @method_decorator(csrf_exempt)
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Upload an archive."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > import_jobs.MAX_UPLOAD_BYTES + FORM_SLACK:
            most = import_jobs.MAX_UPLOAD_BYTES // 2**20
            form = ImportForm(can_publish=may_publish(request))
            return self._upload_page(request, form, f"The file is too large: at most {most} MB are taken.", 413)
        return self._add(request)

    @method_decorator(csrf_protect)
    def _add(self, request: HttpRequest) -> HttpResponse:
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ImportForm(*sent, can_publish=may_publish(request))
        if form.is_bound and form.is_valid():
            data = form.cleaned_data
            try:
                job = import_jobs.request_import(
                    upload=data["archive"],
                    name=data["archive"].name,
                    slug=data["slug"],
                    publish=data["publish"] == "publish",
                    acting_user=request.user,
                )
            except ValidationError as error:
                form.add_error("archive", error)
            else:
                return HttpResponseRedirect(_address(job))
        return self._upload_page(request, form)

    def _upload_page(self, request: HttpRequest, form: ImportForm, error: str = "", status: int = 200) -> HttpResponse:
        context = self._page(
            request,
            title="Import a course",
            form=form,
            error=error,
            is_list_step=True,
            most=import_jobs.MAX_UPLOAD_BYTES,
        )
        return TemplateResponse(request, "admin/courses/import_upload.html", context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One import: its progress while it runs, then its plan or its report."""
        job = self._job_or_404(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        context = self._page(
            request,
            title=f"Import of {job.source_name}",
            original=job,
            job=job,
            state=_state_of(job),
            counts=counts_of(job.report),
            changes=changes_of(job.report, job.course),
            findings=findings_of(job.report),
            problems=problems_of(job.problems),
            source=job.report.get("source", {}),
            can_open=job.course is not None and is_mine(request, job.course),
            can_retry=import_jobs.can_retry(job),
            can_discard=import_jobs.can_discard(job),
            can_apply=job.state == ImportJob.State.PLANNED,
        )
        return TemplateResponse(request, "admin/courses/import_job.html", context)

    def state_view(self, request: HttpRequest, object_id: int) -> JsonResponse:
        """What the page asks for every second while an import runs. 1 query besides the session's."""
        return JsonResponse(_state_of(self._job_or_404(request, object_id)))

    def step_view(self, request: HttpRequest, object_id: int, step: str) -> HttpResponse:
        """Apply, retry or discard."""
        job = self._job_or_404(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        service, said = STEPS[step]
        try:
            service(job=job)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(_address(job))

    def _job_or_404(self, request: HttpRequest, object_id: str | int) -> ImportJob:
        """The access check is the fetch: a stranger's import is not there."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        job = self.get_object(request, str(object_id))
        if job is None:
            raise Http404("no such import")
        return job

    def _page(self, request: HttpRequest, **context: Any) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, **context}


def _state_of(job: ImportJob) -> dict[str, Any]:
    is_stale = import_jobs.is_stale(job)
    is_over = is_stale or job.state not in (ImportJob.State.QUEUED, ImportJob.State.RUNNING)
    return {
        "state": "stale" if is_stale else job.state,
        "step": job.step,
        "label": "Interrupted" if is_stale else job.get_state_display(),
        "done": job.done,
        "total": job.total,
        "what": job.what,
        "waits_long": import_jobs.waits(job) > WAITS_LONG,
        "is_over": is_over,
    }


def _address(job: ImportJob) -> str:
    return reverse("admin:courses_importjob_change", args=[job.pk])
