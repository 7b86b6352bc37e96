"""An attempt is written once and settled once, whatever writes to the table; the admin role may read the new facts."""

from django.apps import apps as global_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

ADMIN_MAY = (
    "view_checkjob",
    "view_blockresult",
    "view_reveal",
    "view_certificate",
    "view_savedwork",
    "view_predictionfile",
)

# Settling: the verdict leaves "pending" once, with what belongs to it. Rows go only with their person or course.
TRIGGER = """
CREATE FUNCTION progress_attempt_is_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.verdict <> 'pending' OR NEW.verdict = 'pending' THEN
        RAISE EXCEPTION 'an attempt is never changed' USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(NEW) - '{verdict,score,outcome,verified_by,checked_at}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{verdict,score,outcome,verified_by,checked_at}'::text[]) THEN
        RAISE EXCEPTION 'of an attempt only the pending verdict is settled' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attempt_is_written_once BEFORE UPDATE ON progress_attempt
    FOR EACH ROW EXECUTE FUNCTION progress_attempt_is_written_once();
"""
BACK = """
DROP TRIGGER attempt_is_written_once ON progress_attempt;
DROP FUNCTION progress_attempt_is_written_once();
"""


def grant(apps, schema_editor):
    alias = schema_editor.connection.alias
    # On a new database the permissions are made after the last migration; these are needed now.
    create_permissions(global_apps.get_app_config("progress"), verbosity=0, using=alias, apps=apps)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    group, _ = Group.objects.using(alias).get_or_create(name="admin")
    ours = Permission.objects.using(alias).filter(content_type__app_label="progress", codename__in=ADMIN_MAY)
    group.permissions.add(*ours)


class Migration(migrations.Migration):
    dependencies = [
        ("progress", "0003_practice"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunSQL(TRIGGER, BACK),
        # Backwards nothing happens: an administrator may have granted the same by hand.
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
