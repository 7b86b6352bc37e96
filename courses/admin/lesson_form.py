"""The form of a lesson's page: settings that take effect at once, and the body that becomes the draft.

It carries the version it was made from. A save over somebody else's newer one is refused, with everything that was
typed still in the form; only ticking the box that names that newer version writes over it.
"""

from typing import Any

from django import forms
from django.templatetags.static import static
from django.urls import reverse

from courses.admin.fields import BodyField
from courses.admin.preview import LESSON_STYLES
from courses.models import Course, Lesson, LessonDraft, Module
from courses.services import authoring
from courses.services.publishing import lock_course


class LessonForm(forms.ModelForm):
    """A lesson. The new form of a lesson that is not stored yet has no body and no version."""

    available_from = forms.DateTimeField(
        required=False,
        # One labelled input; Django's pair has no label for its second half.
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="UTC. Empty: open at once.",
    )
    body = BodyField(help_text="Saved as a draft. Learners see it once it is published.")
    version = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    overwrite = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    newer = ""  # the stored version, where it is not the one that the form was made from

    class Meta:
        model = Lesson
        fields = ("title", "module", "slug", "minutes", "is_preview", "completion_rule", "available_from")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = "The lesson's address in its course. Empty: made from the title."
        if self.instance.pk is None:
            for name in ("body", "version", "overwrite"):
                self.fields.pop(name, None)
            return
        self.initial["body"] = authoring.body_to_edit(self.instance)
        self.initial["version"] = authoring.lesson_version(self.instance)
        if "body" in self.fields:
            self.fields["body"].widget.attrs |= {
                "data-preview": reverse("admin:courses_lesson_preview", args=[self.instance.pk]),
                "data-pictures": reverse("admin:courses_lesson_pictures", args=[self.instance.pk]),
                "data-styles": " ".join(static(f"css/{name}.css") for name in LESSON_STYLES),
            }

    def is_multipart(self) -> bool:
        """A urlencoded body would be up to three times as long, and meet the limit of a request sooner."""
        return True

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        return slug or self.instance.slug  # a lesson that has an address keeps it

    def clean_module(self) -> Module:
        module = self.cleaned_data["module"]
        if self.instance.pk is not None and module.course_id != self.instance.course_id:
            raise forms.ValidationError("this module belongs to another course")
        return module

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        module = self.cleaned_data.get("module")
        if module is None:
            return data
        # Locked until the save is through: nothing that is checked here can change in between.
        lock_course(module.course_id)
        if self.instance.pk is not None:
            self._refuse_stale()
        lesson = self.instance if self.instance.pk is not None else Lesson(course=module.course)
        slug = self.cleaned_data.get("slug")
        if slug and lesson.removed_at is None and authoring.is_lesson_slug_taken(lesson, slug):
            self.add_error("slug", "Another lesson of this course has this slug.")
        return data

    def _refuse_stale(self) -> None:
        stored = authoring.lesson_version(self.instance)
        if stored in (self.cleaned_data.get("version"), self.cleaned_data.get("overwrite")):
            return
        self.newer = stored
        draft = LessonDraft.objects.filter(lesson=self.instance).select_related("updated_by").first()
        who = f" by {draft.updated_by}" if draft and draft.updated_by else ""
        self.add_error(
            None,
            f"This lesson was changed{who} after you opened it. Nothing of yours is lost: it is still in this form. "
            "Look at the stored version first; then copy what you need, or save yours over it.",
        )


def modules_to_choose(courses: Any, *, course: Course | None = None) -> Any:
    """The modules that a lesson may be put into: of its own course, or of any editable one for a new lesson."""
    modules = Module.objects.filter(removed_at=None, course__in=courses).select_related("course")
    if course is not None:
        modules = modules.filter(course=course)
    return modules.order_by("course__title", "course_id", "position", "pk")


class ModuleChoiceField(forms.ModelChoiceField):
    """A module with its course's name, which alone tells two “Introduction”s apart."""

    def label_from_instance(self, module: Any) -> str:
        return f"{module.course.title} › {module.title}"
