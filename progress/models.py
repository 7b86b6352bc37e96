"""What a person did: enrolments, completed lessons, attempts and what follows from them, saved work, certificates.

Knows courses and accounts; they never reach back (`related_name="+"`). Facts point at content by foreign key where the
row stays for ever (lessons are never deleted, only removed) and by uid where content is replaced (blocks; a block's uid
is unique within its lesson). Counters on an enrolment change in the same transaction as the fact that they count, under
a lock of the enrolment's row. `change` is the transaction that wrote a row last; a trigger of migration 0005 sets it.
"""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from courses.fields import StorableJSONField


class Enrolment(models.Model):
    """A person takes a course. Leaving keeps the row, and with it everything that was done."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    course = models.ForeignKey("courses.Course", on_delete=models.PROTECT, related_name="+")
    completed_lessons = models.PositiveIntegerField(default=0)
    score = models.DecimalField(
        max_digits=14, decimal_places=3, default=0, help_text="Points: the sum of the best scores of all blocks."
    )
    lost_points = models.DecimalField(
        max_digits=14,
        decimal_places=3,
        default=0,
        help_text="Points of blocks with a result that the course has no more: they count as possible for this person.",
    )
    on_leaderboard = models.BooleanField(default=False, help_text="Shows name and public scores to the course.")
    last_lesson = models.ForeignKey(
        "courses.Lesson", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    enrolled_at = models.DateTimeField(default=timezone.now)
    last_activity_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    change = models.BigIntegerField(default=0, db_default=0, editable=False)
    entered = models.BigIntegerField(default=0, db_default=0, editable=False)  # change of taking it, and of coming back

    class Meta:
        ordering = ["-last_activity_at", "-pk"]
        constraints = [
            # Enrolling twice is one enrolment, in any race.
            models.UniqueConstraint(fields=["user", "course"], name="enrolment_once_per_course"),
            models.CheckConstraint(condition=Q(score__gte=0), name="enrolment_score_not_negative"),
        ]
        indexes = [
            models.Index(
                fields=["user", "-last_activity_at", "-id"], condition=Q(left_at=None), name="enrolment_my_courses"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.course}"


class LessonCompletion(models.Model):
    """A lesson was completed. Taking it back keeps the row and sets `undone_at`, so that other devices learn of it."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="completions")
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(help_text="Number of the revision that was live.")
    completed_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    said_at = models.DateTimeField(null=True, blank=True, help_text="When the person last said so; empty: once.")
    change = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            # Completing twice is one completion, in any race.
            models.UniqueConstraint(fields=["enrolment", "lesson"], name="completion_once_per_lesson"),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(undone_at__gte=F("completed_at")), name="completion_undone_after_done"
            ),
        ]
        indexes = [models.Index(fields=["enrolment", "-completed_at"], name="completion_by_day")]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.lesson}"


class Attempt(models.Model):
    """An answer to a block, as it was given and judged.

    Append-only: a row is written once. Only a pending verdict is settled later, once; a trigger of migration 0003 holds
    both in the database. A re-check of an old answer is a row of its own that names the first one.
    """

    class Verdict(models.TextChoices):
        PASSED = "passed", "Passed"
        FAILED = "failed", "Not passed"
        PENDING = "pending", "Not checked yet"

    class VerifiedBy(models.TextChoices):
        SERVER = "server", "Server"
        NONE = "none", "Nobody"

    uid = models.UUIDField(
        unique=True, default=uuid.uuid4, help_text="Made by the client: a retry is the same attempt."
    )
    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="attempts")
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    block_uid = models.CharField(max_length=64)
    block_type = models.CharField(max_length=12)
    revision = models.PositiveIntegerField(help_text="Number of the revision that was live.")
    check_hash = models.CharField(max_length=64, help_text="What the answer is judged by; see courses.content.hashes.")
    answer = StorableJSONField(help_text="As the grader reads it; of predictions only their number and hash.")
    after_solution = models.BooleanField(default=False, help_text="The person had seen the solution: no points.")
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    score = models.DecimalField(max_digits=7, decimal_places=3, default=0)
    max_score = models.DecimalField(max_digits=7, decimal_places=3, default=0)
    outcome = StorableJSONField(default=dict, help_text="Feedback for the person; never an answer or a hidden check.")
    verified_by = models.CharField(max_length=6, choices=VerifiedBy.choices, default=VerifiedBy.NONE)
    recheck_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    change = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=0) & Q(score__lte=F("max_score")), name="attempt_score_within_points"
            ),
            # A pass counts towards a certificate only when the server saw it.
            models.CheckConstraint(
                condition=~Q(verdict="passed") | Q(verified_by="server"), name="attempt_passed_is_verified"
            ),
            # Nothing is won before it was looked at.
            models.CheckConstraint(
                condition=~Q(verdict="pending") | Q(score=0, checked_at=None, verified_by="none"),
                name="attempt_pending_has_no_score",
            ),
        ]
        indexes = [
            models.Index(fields=["enrolment", "lesson", "block_uid", "-created_at"], name="attempt_by_block"),
            models.Index(fields=["created_at"], condition=Q(verdict="pending"), name="attempt_pending"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.block_uid} · {self.verdict}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("an attempt is never changed")
        super().save(*args, **kwargs)


class CheckJob(models.Model):
    """A pending attempt's place in the queue. The row is the queue: it goes when the attempt is settled.

    `turn` is the number of the person's attempts that already waited when this one came: the queue serves turn 0 of
    everybody first, so that fifty answers of one person do not hold up the others. A run holds a lease, and a job whose
    lease has run out is anybody's: a killed process loses no answer.
    """

    attempt = models.OneToOneField(Attempt, on_delete=models.CASCADE, related_name="job")
    turn = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    claim = models.UUIDField(null=True, blank=True, help_text="Which run may settle the attempt.")
    lease_until = models.DateTimeField(null=True, blank=True)
    last_fault = models.CharField(max_length=300, blank=True, help_text="Why the last run could not check.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["turn", "created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(claim=None, lease_until=None) | Q(claim__isnull=False, lease_until__isnull=False),
                name="check_job_claim_has_lease",
            ),
        ]
        indexes = [models.Index(fields=["turn", "created_at", "id"], name="check_job_order")]

    def __str__(self) -> str:
        return f"{self.attempt} · turn {self.turn}"


class PredictionFile(models.Model):
    """The predictions of an attempt: too long for the attempt's row. Written with it, never changed."""

    attempt = models.OneToOneField(Attempt, on_delete=models.CASCADE, related_name="predictions")
    content = models.BinaryField(help_text="JSON list, gzip.")

    def __str__(self) -> str:
        return str(self.attempt)


class BlockResult(models.Model):
    """The best that a person did in a block. Derived: `recount_progress` rebuilds it from the attempts."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="results")
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    block_uid = models.CharField(max_length=64)
    block_type = models.CharField(max_length=12)
    attempts = models.PositiveIntegerField(default=0)
    score = models.DecimalField(max_digits=7, decimal_places=3, default=0, help_text="Best score, in points.")
    max_score = models.DecimalField(max_digits=7, decimal_places=3, default=0, help_text="Points when it was scored.")
    passed_at = models.DateTimeField(null=True, blank=True, help_text="First pass.")
    passed_hash = models.CharField(max_length=64, blank=True, help_text="Check of the newest pass.")
    is_live = models.BooleanField(default=True, help_text="Whether the course still has this block.")
    last_attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now)
    change = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            # One result a block in any race; block uids are unique within a lesson only.
            models.UniqueConstraint(fields=["enrolment", "lesson", "block_uid"], name="result_once_per_block"),
            models.CheckConstraint(
                condition=Q(score__gte=0) & Q(score__lte=F("max_score")), name="result_score_within_points"
            ),
            models.CheckConstraint(
                condition=Q(passed_at=None, passed_hash="") | Q(passed_at__isnull=False) & ~Q(passed_hash=""),
                name="result_pass_has_hash",
            ),
        ]
        indexes = [
            models.Index(fields=["lesson", "block_uid", "passed_hash"], name="result_by_block"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.block_uid} · {self.score}"


class SavedWork(models.Model):
    """What a person has in an editor or a form and has not submitted. The newest wins; `version` counts the writes."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="work")
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    block_uid = models.CharField(max_length=64)
    content = StorableJSONField(help_text='{"source": text} of code, {"answer": …} of a quiz.')
    revision = models.PositiveIntegerField(help_text="Number of the revision that was live.")
    version = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(default=timezone.now)
    event = models.UUIDField(null=True, blank=True, help_text="Uid of the event, if it came by sync.")
    change = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "lesson", "block_uid"], name="work_once_per_block"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.block_uid} · version {self.version}"


class Reveal(models.Model):
    """A person was shown a hint, or gave up and was shown the solution. Append-only."""

    class Kind(models.TextChoices):
        HINT = "hint", "Hint"
        SOLUTION = "solution", "Solution"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="reveals")
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    block_uid = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    number = models.PositiveIntegerField(default=0, help_text="Which hint, from 0.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "lesson", "block_uid", "kind", "number"], name="reveal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.block_uid} · {self.kind} {self.number}"


class Certificate(models.Model):
    """A course was finished with enough points that the server verified. Names and figures stay as they were."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    enrolment = models.OneToOneField(Enrolment, on_delete=models.CASCADE, related_name="certificate")
    snapshot = StorableJSONField(help_text="Names and figures on the day of issue.")
    issued_at = models.DateTimeField(default=timezone.now)
    change = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        ordering = ["-issued_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.uid}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("a certificate is never changed")
        super().save(*args, **kwargs)


class SyncEvent(models.Model):
    """An event of a device that was applied: sent again, it is a duplicate. What it did is in the facts."""

    class Kind(models.TextChoices):
        COMPLETION = "completion", "Completion"
        UNCOMPLETION = "uncompletion", "Completion taken back"
        ATTEMPT = "attempt", "Attempt"
        WORK = "work", "Saved work"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    uid = models.UUIDField(help_text="Made by the device.")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    block_uid = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(help_text="By the device's clock, put right.")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # Applied once, in any race. Within a person: nobody can take another's uid away.
            models.UniqueConstraint(fields=["user", "uid"], name="sync_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.kind} · {self.uid}"


class WorkVersion(models.Model):
    """Saved work that a newer version took the place of, or that came late: kept so that nothing written is lost."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="+")
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    block_uid = models.CharField(max_length=64)
    uid = models.UUIDField(default=uuid.uuid4)
    content = StorableJSONField(null=True, help_text="null: so many newer ones are kept that this one went.")
    saved_at = models.DateTimeField()
    change = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrolment", "uid"], name="work_version_once")]
        indexes = [models.Index(fields=["enrolment", "lesson", "block_uid", "-saved_at"], name="work_version_newest")]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.block_uid} · {self.uid}"


class DroppedWork(models.Model):
    """Saved work was thrown away: other devices learn of it, and an older version that comes late revives nothing."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.CASCADE, related_name="+")
    lesson = models.ForeignKey("courses.Lesson", on_delete=models.PROTECT, related_name="+")
    block_uid = models.CharField(max_length=64)
    dropped_at = models.DateTimeField(default=timezone.now)
    change = models.BigIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "lesson", "block_uid"], name="dropped_work_once_per_block"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.block_uid}"


class ContentChange(models.Model):
    """Which transaction changed a lesson last, or (without a lesson) opened or closed a course. Triggers write it."""

    course = models.ForeignKey("courses.Course", on_delete=models.CASCADE, related_name="+")
    lesson = models.OneToOneField("courses.Lesson", null=True, on_delete=models.CASCADE, related_name="+")
    change = models.BigIntegerField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["course"], condition=Q(lesson=None), name="content_change_of_course"),
        ]

    def __str__(self) -> str:
        return f"{self.course} · {self.lesson or 'course'} · {self.change}"
