"""What a person did: enrolments, completed lessons, attempts.

Knows courses and accounts; they never reach back (`related_name="+"`). Facts point at content by foreign key where the
row stays for ever (lessons are never deleted, only removed) and by uid where content is replaced (blocks). Counters on
an enrolment change in the same transaction as the fact that they count, under a lock of the enrolment's row.
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
    last_lesson = models.ForeignKey(
        "courses.Lesson", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    enrolled_at = models.DateTimeField(default=timezone.now)
    last_activity_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_activity_at", "-pk"]
        constraints = [
            # Enrolling twice is one enrolment, in any race.
            models.UniqueConstraint(fields=["user", "course"], name="enrolment_once_per_course"),
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
    """An answer to a quiz or exercise block, as it was given and judged. Append-only."""

    class Verdict(models.TextChoices):
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"
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
    revision = models.PositiveIntegerField()
    check_hash = models.CharField(max_length=64)
    answer = StorableJSONField()
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    score = models.DecimalField(max_digits=7, decimal_places=3, default=0)
    verified_by = models.CharField(max_length=6, choices=VerifiedBy.choices, default=VerifiedBy.NONE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(score__gte=0), name="attempt_score_not_negative"),
            # A pass counts towards a certificate only when the server saw it.
            models.CheckConstraint(
                condition=~Q(verdict="passed") | Q(verified_by="server"), name="attempt_passed_is_verified"
            ),
        ]
        indexes = [models.Index(fields=["enrolment", "block_uid", "-created_at"], name="attempt_by_block")]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.block_uid} · {self.verdict}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("an attempt is never changed")
        super().save(*args, **kwargs)
