"""The admin role may read what people did; nobody may change it."""

from django.apps import apps as global_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

ADMIN_MAY = ("view_enrolment", "view_lessoncompletion", "view_attempt")


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
        ("progress", "0001_initial"),
        ("accounts", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    # Backwards nothing happens: an administrator may have granted the same by hand.
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
