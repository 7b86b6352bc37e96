"""What the roles of accounts may do with courses.

Rights over one course are decided by its row (its authors) on top of these: see docs/authoring.md. Taking
`publish_course` away from the author role makes every publication an editor's.
"""

from django.apps import apps as global_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

AUTHOR = (
    "view_course", "add_course", "change_course",
    "view_module", "add_module", "change_module",
    "view_lesson", "add_lesson", "change_lesson",
    "view_lessonrevision", "view_publishlog", "publish_course",
)  # fmt: skip
EDITOR = (*AUTHOR, "edit_any_course")


def grant(apps, schema_editor):
    alias = schema_editor.connection.alias
    # On a new database the permissions are made after the last migration; these are needed now.
    create_permissions(global_apps.get_app_config("courses"), verbosity=0, using=alias, apps=apps)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.using(alias).filter(content_type__app_label="courses")
    for role, permissions in (
        ("author", ours.filter(codename__in=AUTHOR)),
        ("editor", ours.filter(codename__in=EDITOR)),
        ("admin", ours),
    ):
        group, _ = Group.objects.using(alias).get_or_create(name=role)
        group.permissions.add(*permissions)


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0002_lesson_module_in_course"),
        ("accounts", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    # Backwards nothing happens: an administrator may have granted the same by hand.
    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
