import courses.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0003_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Running"),
                            ("planned", "Planned"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                            ("discarded", "Discarded"),
                        ],
                        default="queued",
                        editable=False,
                        max_length=10,
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[("plan", "Plan"), ("apply", "Apply")], default="plan", editable=False, max_length=5
                    ),
                ),
                ("source_name", models.CharField(editable=False, max_length=200, verbose_name="file")),
                ("size", models.PositiveBigIntegerField(editable=False, help_text="Bytes.")),
                (
                    "stored_as",
                    models.CharField(blank=True, editable=False, help_text="Empty once it is removed.", max_length=120),
                ),
                ("slug", models.SlugField(blank=True, help_text="Empty: from the course itself.", max_length=80)),
                ("publish", models.BooleanField(default=False)),
                ("done", models.PositiveIntegerField(default=0, editable=False)),
                ("total", models.PositiveIntegerField(default=0, editable=False)),
                ("what", models.CharField(blank=True, editable=False, max_length=300)),
                ("report", courses.fields.StorableJSONField(default=dict, editable=False)),
                (
                    "problems",
                    courses.fields.StorableJSONField(default=list, editable=False, help_text="Why it was refused."),
                ),
                (
                    "claim",
                    models.UUIDField(
                        editable=False, help_text="Which run of a worker may write to this row.", null=True
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="uploaded"),
                ),
                ("queued_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                ("beat_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                (
                    "acting_user",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="courses.course",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            models.Q(("beat_at__isnull", False), ("claim__isnull", False)),
                            _connector="OR",
                        ),
                        name="import_job_running_is_claimed",
                    )
                ],
            },
        ),
    ]
