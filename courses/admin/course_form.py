"""The forms of a course's page: its own fields, and its outline as titles, places and position numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms

from accounts.models import User
from courses.admin.fields import LinesField
from courses.models import Course, Lesson, Module
from courses.services.authoring import has_draft
from courses.services.outlining import PlacedLesson, PlacedModule
from courses.services.publishing import lock_course

MAX_POSITION = 10_000


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson's line in the outline."""

    lesson: Lesson
    position: forms.BoundField | None
    module: forms.BoundField | None


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """A module's part of the outline. `remove` is None while lessons are in it."""

    module: Module
    title: forms.BoundField | None
    position: forms.BoundField | None
    remove: forms.BoundField | None
    lessons: list[LessonRow]


class OutlineForm(forms.Form):
    """Modules and lessons of one course. Fields are made from its rows, so no other course's row can be named."""

    prefix = "outline"
    new_modules = LinesField(
        label="New modules", widget=forms.Textarea(attrs={"rows": 1}), help_text="A title a line; they come last."
    )

    def __init__(self, *args: Any, course: Course, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.course = course
        self.modules = list(course.modules.filter(removed_at=None).order_by("position", "pk"))
        live = course.lessons.filter(removed_at=None).annotate(draft_waits=has_draft())
        # The module is known: one object for all its lessons, and no query for each.
        by_id = {module.pk: module for module in self.modules}
        self.lessons = list(live.order_by("position", "pk"))
        choices = [(module.pk, module.title) for module in self.modules]
        for place, module in enumerate(self.modules, 1):
            self._add_module(module, place)
        for module in self.modules:
            inside = [lesson for lesson in self.lessons if lesson.module_id == module.pk]
            for place, lesson in enumerate(inside, 1):
                lesson.module, lesson.course = by_id[lesson.module_id], course
                self._add_lesson(lesson, place, choices)

    def _add_module(self, module: Module, place: int) -> None:
        name = f"module-{module.pk}"
        if self._is_unknown(f"{name}-title"):
            return
        words = forms.TextInput(attrs={"aria-label": f"Title of the module {module.title}"})
        self.fields[f"{name}-title"] = forms.CharField(max_length=200, initial=module.title, widget=words)
        self.fields[f"{name}-position"] = _position(place, f"Position of {module.title}")
        if not any(lesson.module_id == module.pk for lesson in self.lessons):
            self.fields[f"{name}-remove"] = forms.BooleanField(required=False, label=f"Remove {module.title}")

    def _add_lesson(self, lesson: Lesson, place: int, choices: list[tuple[int, str]]) -> None:
        name = f"lesson-{lesson.pk}"
        if self._is_unknown(f"{name}-position"):
            return
        self.fields[f"{name}-position"] = _position(place, f"Position of {lesson.title}")
        select = forms.Select(attrs={"aria-label": f"Module of {lesson.title}"})
        self.fields[f"{name}-module"] = forms.TypedChoiceField(
            choices=choices, coerce=int, initial=lesson.module_id, widget=select
        )

    def _is_unknown(self, name: str) -> bool:
        """Added by somebody else after the page was opened: such a row was not placed, so it stays where it is."""
        return self.is_bound and self.add_prefix(name) not in self.data

    def _bound(self, name: str) -> forms.BoundField | None:
        return self[name] if name in self.fields else None

    def rows(self) -> Iterator[ModuleRow]:
        """The outline for the template, in the stored order."""
        for module in self.modules:
            name = f"module-{module.pk}"
            inside = [lesson for lesson in self.lessons if lesson.module_id == module.pk]
            yield ModuleRow(
                module,
                self._bound(f"{name}-title"),
                self._bound(f"{name}-position"),
                self._bound(f"{name}-remove"),
                [
                    LessonRow(
                        lesson,
                        self._bound(f"lesson-{lesson.pk}-position"),
                        self._bound(f"lesson-{lesson.pk}-module"),
                    )
                    for lesson in inside
                ],
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        gone = {module.pk for module in self.modules if data.get(f"module-{module.pk}-remove")}
        for lesson in self.lessons:
            if data.get(f"lesson-{lesson.pk}-module") in gone:
                self.add_error(f"lesson-{lesson.pk}-module", "this module is to be removed")
        return data

    def placed_modules(self) -> list[PlacedModule]:
        """What the person asked for, module by module. Only after validation."""
        data = self.cleaned_data
        return [
            PlacedModule(
                id=module.pk,
                title=data[f"module-{module.pk}-title"],
                position=data[f"module-{module.pk}-position"],
                remove=data.get(f"module-{module.pk}-remove", False),
            )
            for module in self.modules
            if f"module-{module.pk}-title" in data
        ]

    def placed_lessons(self) -> list[PlacedLesson]:
        """What the person asked for, lesson by lesson. Only after validation."""
        data = self.cleaned_data
        return [
            PlacedLesson(lesson.pk, data[f"lesson-{lesson.pk}-module"], data[f"lesson-{lesson.pk}-position"])
            for lesson in self.lessons
            if f"lesson-{lesson.pk}-position" in data
        ]


def _position(place: int, label: str) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"class": "position-field", "inputmode": "numeric", "aria-label": label})
    return forms.IntegerField(min_value=1, max_value=MAX_POSITION, initial=place, widget=widget)


class PeopleField(forms.ModelMultipleChoiceField):
    """People with their address, which alone tells two of one name apart."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person.display_name} ({person.email})" if person.display_name else person.email


class CourseForm(forms.ModelForm):
    """A course's own fields, with its outline (`.outline`, None for a new course) validated along."""

    outcomes = LinesField(label="What you will be able to do", help_text="One outcome a line.")
    requirements = LinesField(label="What you need before", help_text="One requirement a line.")
    author_names = LinesField(label="Authors, as learners read them", help_text="One name a line.")
    authors = PeopleField(
        # Nobody else can open the admin.
        queryset=User.objects.filter(is_staff=True, is_active=True).order_by("email"),
        required=False,
        label="May edit",
        widget=forms.CheckboxSelectMultiple,
        help_text="People with the author role who may edit this course. Editors may edit every course.",
    )

    class Meta:
        model = Course
        fields = (
            "title", "slug", "summary", "description", "level", "language", "licence", "outcomes", "requirements",
            "author_names", "certificate_percent", "authors",
        )  # fmt: skip
        widgets = {"summary": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = "The course's address: /courses/<slug>/. Empty: made from the title."
        self.outline: OutlineForm | None = None
        if self.instance.pk is not None:
            if self.is_bound:  # nothing that is checked now can change before it is saved
                lock_course(self.instance.pk)
            self.outline = OutlineForm(self.data if self.is_bound else None, course=self.instance)

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        return slug or self.instance.slug  # a course that has an address keeps it

    def clean(self) -> dict[str, Any] | None:
        if self.outline is not None and not self.outline.is_valid():
            self.add_error(None, "The outline could not be saved: see the marked places there.")
        return super().clean()

    @cached_property
    def changed_data(self) -> list[str]:
        names = super().changed_data
        return [*names, "outline"] if self.outline is not None and self.outline.has_changed() else names
