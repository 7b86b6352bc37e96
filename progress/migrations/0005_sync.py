"""What sync needs: which transaction wrote each row last, the events that came, and versions of saved work."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

import courses.fields

# Whatever writes a row stamps it: services, the admin, and statements over many rows alike. The name sorts behind
# "attempt_is_written_once", so that a stamp is not taken for a change of an attempt.
STAMPED = ("lessoncompletion", "attempt", "blockresult", "savedwork", "certificate", "workversion", "droppedwork")
STAMPS = """
CREATE FUNCTION progress_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.change := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE FUNCTION progress_stamp_enrolment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.change := pg_current_xact_id()::text::bigint;
    IF TG_OP = 'INSERT' THEN
        NEW.entered := NEW.change;
    ELSIF OLD.left_at IS NOT NULL AND NEW.left_at IS NULL THEN
        NEW.entered := NEW.change;
    ELSE
        NEW.entered := OLD.entered;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sync_stamp BEFORE INSERT OR UPDATE ON progress_enrolment
    FOR EACH ROW EXECUTE FUNCTION progress_stamp_enrolment();
""" + "".join(
    f"CREATE TRIGGER sync_stamp BEFORE INSERT OR UPDATE ON progress_{table}"
    " FOR EACH ROW EXECUTE FUNCTION progress_stamp();\n"
    for table in STAMPED
)
# Courses knows nothing of progress, and so neither do its tables: what changed there is written down here.
CONTENT = """
CREATE FUNCTION progress_lesson_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO progress_contentchange (course_id, lesson_id, change)
    VALUES (NEW.course_id, NEW.id, pg_current_xact_id()::text::bigint)
    ON CONFLICT (lesson_id) DO UPDATE SET course_id = EXCLUDED.course_id, change = EXCLUDED.change;
    RETURN NULL;
END $$;
CREATE TRIGGER sync_lesson_new AFTER INSERT ON courses_lesson
    FOR EACH ROW EXECUTE FUNCTION progress_lesson_changed();
CREATE TRIGGER sync_lesson_changed AFTER UPDATE ON courses_lesson
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION progress_lesson_changed();
CREATE FUNCTION progress_course_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO progress_contentchange (course_id, lesson_id, change)
    VALUES (NEW.id, NULL, pg_current_xact_id()::text::bigint)
    ON CONFLICT (course_id) WHERE lesson_id IS NULL DO UPDATE SET change = EXCLUDED.change;
    RETURN NULL;
END $$;
CREATE TRIGGER sync_course_opened AFTER UPDATE ON courses_course
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION progress_course_opened();
"""
BACK = (
    "DROP TRIGGER sync_lesson_new ON courses_lesson; DROP TRIGGER sync_lesson_changed ON courses_lesson;"
    " DROP TRIGGER sync_course_opened ON courses_course; DROP TRIGGER sync_stamp ON progress_enrolment;"
    + "".join(f" DROP TRIGGER sync_stamp ON progress_{table};" for table in STAMPED)
    + " DROP FUNCTION progress_stamp(); DROP FUNCTION progress_stamp_enrolment();"
    " DROP FUNCTION progress_lesson_changed(); DROP FUNCTION progress_course_opened();"
)


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0007_lesson_parts"),
        ("progress", "0004_practice_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="change",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="blockresult",
            name="change",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="certificate",
            name="change",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="change",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="entered",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="lessoncompletion",
            name="change",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="lessoncompletion",
            name="said_at",
            field=models.DateTimeField(blank=True, help_text="When the person last said so; empty: once.", null=True),
        ),
        migrations.AddField(
            model_name="savedwork",
            name="change",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="savedwork",
            name="event",
            field=models.UUIDField(blank=True, help_text="Uid of the event, if it came by sync.", null=True),
        ),
        migrations.CreateModel(
            name="ContentChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("change", models.BigIntegerField(editable=False)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="courses.course"
                    ),
                ),
                (
                    "lesson",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="courses.lesson"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lesson", None)), fields=("course",), name="content_change_of_course"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DroppedWork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("block_uid", models.CharField(max_length=64)),
                ("dropped_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("change", models.BigIntegerField(db_default=0, default=0, editable=False)),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="progress.enrolment"
                    ),
                ),
                (
                    "lesson",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="courses.lesson"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("enrolment", "lesson", "block_uid"), name="dropped_work_once_per_block"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SyncEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(help_text="Made by the device.")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("completion", "Completion"),
                            ("uncompletion", "Completion taken back"),
                            ("attempt", "Attempt"),
                            ("work", "Saved work"),
                        ],
                        max_length=12,
                    ),
                ),
                ("block_uid", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField(help_text="By the device's clock, put right.")),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "lesson",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="courses.lesson"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "uid"), name="sync_event_once")],
            },
        ),
        migrations.CreateModel(
            name="WorkVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("block_uid", models.CharField(max_length=64)),
                ("uid", models.UUIDField(default=uuid.uuid4)),
                (
                    "content",
                    courses.fields.StorableJSONField(
                        help_text="null: so many newer ones are kept that this one went.", null=True
                    ),
                ),
                ("saved_at", models.DateTimeField()),
                ("change", models.BigIntegerField(db_default=0, default=0, editable=False)),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="progress.enrolment"
                    ),
                ),
                (
                    "lesson",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="courses.lesson"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["enrolment", "lesson", "block_uid", "-saved_at"], name="work_version_newest")
                ],
                "constraints": [models.UniqueConstraint(fields=("enrolment", "uid"), name="work_version_once")],
            },
        ),
        migrations.RunSQL(STAMPS + CONTENT, BACK),
    ]
