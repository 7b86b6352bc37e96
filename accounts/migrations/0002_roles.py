"""The groups behind the roles, and what the admin role may do with people.

Permissions on courses are granted by the courses app, which depends on this migration.
"""

from django.apps import apps as global_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES = ("learner", "author", "editor", "admin")
ADMIN_MAY = ("view_user", "add_user", "change_user")


def create_roles(apps, schema_editor):
    alias = schema_editor.connection.alias
    # On a new database the permissions are made after the last migration; these are needed now.
    create_permissions(global_apps.get_app_config("accounts"), verbosity=0, using=alias, apps=apps)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    groups = {name: Group.objects.using(alias).get_or_create(name=name)[0] for name in ROLES}
    permissions = Permission.objects.using(alias).filter(content_type__app_label="accounts", codename__in=ADMIN_MAY)
    groups["admin"].permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    # Backwards nothing happens: people hold these groups, and keeping them harms nobody.
    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
