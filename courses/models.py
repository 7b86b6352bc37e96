"""What is taught: courses, modules, lessons and the immutable revisions of their bodies.

Knows who (accounts) and nothing of what a person did (progress). A lesson's body is JSON whose rules are in
`courses.content`; publishing compiles it, and learner-facing code reads only what was compiled.
"""

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from courses.content.schema import validate_body
from courses.fields import StorableJSONField
from courses.querysets import CourseQuerySet, LessonQuerySet

ASSET_NAME = r"[0-9a-f]{64}\.[a-z0-9]{1,8}"


def validate_lesson_body(value: Any) -> None:
    """Refuse a body that breaks the schema; one message for each fault, each with its position."""
    errors = validate_body(value)
    if errors:
        raise ValidationError([str(error) for error in errors])


class Course(models.Model):
    """A course: modules with lessons. `lesson_count`, `minutes` and `points` are kept by publishing."""

    class Level(models.TextChoices):
        BEGINNER = "beginner", "Beginner"
        INTERMEDIATE = "intermediate", "Intermediate"
        ADVANCED = "advanced", "Advanced"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        ARCHIVED = "archived", "Archived"

    uid = models.CharField(max_length=200, unique=True, help_text="Stable identity; survives a new title or slug.")
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True, help_text="One sentence for the catalogue.")
    description = models.TextField(blank=True, help_text="Markdown.")
    description_html = models.TextField(blank=True, editable=False)
    outcomes = StorableJSONField(default=list, blank=True)
    requirements = StorableJSONField(default=list, blank=True)
    level = models.CharField(max_length=12, choices=Level.choices, default=Level.BEGINNER)
    language = models.CharField(max_length=12, default="en", help_text="Language tag (BCP 47).")
    licence = models.CharField(max_length=80, blank=True, help_text="SPDX identifier where there is one.")
    author_names = StorableJSONField(default=list, blank=True)
    data_files = StorableJSONField(
        default=dict, blank=True, editable=False, help_text="Files for learners: path in the folder → stored name."
    )
    authors: models.ManyToManyField = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", help_text="May edit this course in the admin."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    lesson_count = models.PositiveIntegerField(default=0, editable=False)
    removed_count = models.PositiveIntegerField(default=0, editable=False)
    minutes = models.PositiveIntegerField(default=0, editable=False)
    # A lesson holds at most 6,000 blocks of 1,000 points, a course 5,000 lessons: neither sum can overflow.
    points = models.DecimalField(max_digits=14, decimal_places=3, default=Decimal(0), editable=False)
    certificate_percent = models.PositiveSmallIntegerField(
        "certificate from",
        null=True,
        blank=True,
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Percent of the course's points that a certificate takes, 1 to 100. Empty: no certificates.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[CourseQuerySet] = CourseQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["title", "pk"]
        permissions = [("edit_any_course", "Can edit every course"), ("publish_course", "Can publish courses")]
        constraints = [
            # A course that says it is open has a date since when.
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False), name="course_published_has_date"
            ),
            # Nobody could reach more than everything, and nothing is no achievement.
            models.CheckConstraint(
                condition=Q(certificate_percent=None) | Q(certificate_percent__gte=1, certificate_percent__lte=100),
                name="course_certificate_percent_in_range",
                violation_error_message="A certificate takes 1 to 100 percent.",
            ),
        ]
        indexes = [models.Index(fields=["-published_at", "-id"], condition=Q(status="published"), name="course_newest")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("courses:course", args=[self.slug])


class Module(models.Model):
    """A part of a course, in order."""

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="modules")
    uid = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            # A second import of the same folder finds its module by uid.
            models.UniqueConstraint(fields=["course", "uid"], name="module_uid_unique_in_course"),
        ]

    def __str__(self) -> str:
        return self.title


class Lesson(models.Model):
    """A lesson. What learners read is `current_revision`; without one it is not published. `points` are that one's.

    A removed lesson stays as a tombstone (`removed_at`), so that completions keep their object and it can come back.
    """

    class CompletionRule(models.TextChoices):
        READ = "read", "When the learner says so"
        PASSED = "passed", "When everything that is judged is passed"

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="lessons")
    # A trigger-free rule beyond Django's reach: migration 0002 adds the composite foreign key (module, course).
    module = models.ForeignKey(Module, on_delete=models.PROTECT, related_name="lessons")
    uid = models.CharField(max_length=400)
    slug = models.SlugField(max_length=120)
    title = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0, help_text="Order within the course.")
    minutes = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(600)])
    available_from = models.DateTimeField(null=True, blank=True, help_text="Empty: open at once.")
    is_preview = models.BooleanField("preview", default=False, help_text="Readable without enrolment.")
    completion_rule = models.CharField(
        "done",
        max_length=6,
        choices=CompletionRule.choices,
        default=CompletionRule.READ,
        help_text="What makes the lesson count as done. A completion that a learner has is never taken back.",
    )
    points = models.DecimalField(max_digits=10, decimal_places=3, default=Decimal(0), editable=False)
    source_path = models.CharField(max_length=400, blank=True, editable=False)
    current_revision = models.ForeignKey(
        "LessonRevision", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[LessonQuerySet] = LessonQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            # A second import finds its lesson by uid, the removed ones too.
            models.UniqueConstraint(fields=["course", "uid"], name="lesson_uid_unique_in_course"),
            # An address names one lesson; a removed lesson gives its address up.
            models.UniqueConstraint(
                fields=["course", "slug"],
                condition=Q(removed_at=None),
                name="lesson_slug_unique_in_course",
                violation_error_message="Another lesson of this course has this slug.",
            ),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="lesson_minutes_at_least_one"),
            # A rule that no code knows would leave the lesson open for ever.
            models.CheckConstraint(
                condition=Q(completion_rule__in=("read", "passed")), name="lesson_completion_rule_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["course", "position"], condition=Q(removed_at=None), name="lesson_order"),
            # my-courses asks for the removed lessons of a course; most have none.
            models.Index(fields=["course"], condition=Q(removed_at__isnull=False), name="lesson_removed"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("courses:lesson", args=[self.course.slug, self.slug])


class LessonRevision(models.Model):
    """A published state of a lesson's body, compiled. What the author wrote is never changed after it is written.

    What was derived from it is made anew by `recompile_lessons` when the compiler has learned something since.
    """

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    body = StorableJSONField(help_text="What the author wrote, answers included. Never shown to learners.")
    public = StorableJSONField(help_text="The blocks without any answer.")
    key = StorableJSONField(help_text="Answers, solutions, hidden checks.")
    html = StorableJSONField(help_text="One rendered part a block.")
    toc = StorableJSONField(help_text="Headings of the page.")
    text = models.TextField(blank=True, help_text="Plain text for search.")
    checks = StorableJSONField(
        default=dict, help_text="Blocks that are judged: id → type, hash of the check, points, attempts. Private."
    )
    compiler = models.PositiveSmallIntegerField(default=0, help_text="Version of what derived the parts from the body.")
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the body.")
    # Of what learners download of it for offline use; `courses.services.parts` writes these.
    part_sha256 = models.CharField(
        max_length=64, blank=True, default="", help_text="Of what learners download; empty: not described yet."
    )
    part_size = models.PositiveBigIntegerField(default=0, help_text="Bytes.")
    part_assets = ArrayField(
        models.CharField(max_length=80), default=list, blank=True, help_text="Stored files that it names."
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            # Progress pins a revision by its number.
            models.UniqueConstraint(fields=["lesson", "number"], name="revision_number_unique_in_lesson"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_one"),
        ]
        indexes = [models.Index(fields=["part_sha256"], condition=~Q(part_sha256=""), name="revision_part")]

    def __str__(self) -> str:
        return f"{self.lesson} · revision {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("a revision is never changed; publish a new one")
        super().save(*args, **kwargs)


class LessonDraft(models.Model):
    """The body that staff edit before it is published. At most one a lesson."""

    lesson = models.OneToOneField(Lesson, on_delete=models.CASCADE, related_name="draft")
    body = StorableJSONField(validators=[validate_lesson_body])
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.lesson} · draft"


class Asset(models.Model):
    """A file of a course, named by its content: the same bytes are stored once."""

    sha256 = models.CharField(primary_key=True, max_length=64, validators=[RegexValidator(r"^[0-9a-f]{64}$")])
    file = models.CharField(max_length=80, unique=True, validators=[RegexValidator(rf"^{ASSET_NAME}$")])
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.file


class PublishLog(models.Model):
    """What was published, by whom, and what was live before: enough to go back. Append-only."""

    class Kind(models.TextChoices):
        IMPORT = "import", "Import"
        PUBLISH = "publish", "Publish"
        REVERT = "revert", "Revert"
        UNPUBLISH = "unpublish", "Unpublish"

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="publish_log")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changes = StorableJSONField(default=dict, help_text="Lessons added, changed, moved, removed.")
    before = StorableJSONField(default=dict, help_text="Lesson uid → number of the revision that was live, or null.")
    undo = StorableJSONField(null=True, help_text="What to set to go back; null: nothing, or too much to keep.")
    reverts = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="reverted_by",
        help_text="The row that this one undid.",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            # Going back is a publication of its own kind, so that a list of the log reads true.
            models.CheckConstraint(
                condition=Q(reverts=None) | Q(kind="revert"), name="publish_log_reverts_is_a_revert"
            ),
        ]
        indexes = [models.Index(fields=["course", "-created_at"], name="publish_log_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.created_at:%Y-%m-%d %H:%M}"


class ImportJob(models.Model):
    """An import asked for in the admin: first planned, then applied or discarded. The report is kept.

    `state` is changed by `courses.services.import_jobs` alone. A running job shows signs of life in `beat_at`.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        PLANNED = "planned", "Planned"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"
        DISCARDED = "discarded", "Discarded"

    class Step(models.TextChoices):
        PLAN = "plan", "Plan"
        APPLY = "apply", "Apply"

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, editable=False)
    step = models.CharField(max_length=5, choices=Step.choices, default=Step.PLAN, editable=False)
    source_name = models.CharField("file", max_length=200, editable=False)
    size = models.PositiveBigIntegerField(editable=False, help_text="Bytes.")
    stored_as = models.CharField(max_length=120, blank=True, editable=False, help_text="Empty once it is removed.")
    slug = models.SlugField(max_length=80, blank=True, help_text="Empty: from the course itself.")
    publish = models.BooleanField(default=False)
    course = models.ForeignKey(
        Course, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    what = models.CharField(max_length=300, blank=True, editable=False)
    report = StorableJSONField(default=dict, editable=False)
    problems = StorableJSONField(default=list, editable=False, help_text="Why it was refused.")
    claim = models.UUIDField(null=True, editable=False, help_text="Which run of a worker may write to this row.")
    created_at = models.DateTimeField("uploaded", default=timezone.now, editable=False)
    queued_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    beat_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "import"
        ordering = ["-created_at", "-pk"]
        constraints = [
            # Without a claim two workers could write to one job; without a beat a dead one would never be found.
            models.CheckConstraint(
                condition=~Q(state="running") | Q(claim__isnull=False, beat_at__isnull=False),
                name="import_job_running_is_claimed",
            ),
        ]

    def __str__(self) -> str:
        return self.source_name
