"""Refresh tokens of a session in a row of their own, counters of rate limits, and when an account is to be deleted."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


# A family goes with its session, whichever way that is deleted. Django 5.2 cannot say this, and would look for families
# first: a refresh between the two steps would make the logging-out fail.
CASCADE = """
ALTER TABLE accounts_tokenfamily ADD CONSTRAINT tokenfamily_goes_with_session
    FOREIGN KEY (session_id) REFERENCES django_session (session_key) ON DELETE CASCADE;
"""
NO_CASCADE = "ALTER TABLE accounts_tokenfamily DROP CONSTRAINT tokenfamily_goes_with_session;"
UNLOGGED = "ALTER TABLE accounts_ratecount SET UNLOGGED;"
LOGGED = "ALTER TABLE accounts_ratecount SET LOGGED;"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_cache_table"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="RateCount",
            fields=[
                (
                    "key",
                    models.CharField(
                        help_text="SHA-256 of what is limited and for whom.",
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("hits", django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), size=None)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="TokenFamily",
            fields=[
                (
                    "session",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="sessions.session",
                    ),
                ),
                ("current", models.UUIDField(help_text="`jti` of the one refresh token that is good.")),
                ("previous", models.UUIDField(help_text="`jti` of the token that was given for it.", null=True)),
                (
                    "retry_key",
                    models.CharField(blank=True, help_text="SHA-256 of that request's Idempotency-Key.", max_length=64),
                ),
                ("issued_at", models.DateTimeField(help_text="When the current token was made.")),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="deletion_due_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="The person asked for the deletion of the account, which happens then.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("deletion_due_at__isnull", False)),
                fields=["deletion_due_at"],
                name="user_deletion_due",
            ),
        ),
        migrations.RunSQL(CASCADE, NO_CASCADE),
        migrations.RunSQL(UNLOGGED, LOGGED),
    ]
