"""Role names. A role is a group; which permissions it carries is granted by the app that owns the models.

Knows no course: `courses` asks for a role by its name here and grants its own permissions to it.
"""

from django.contrib.auth.models import Group

LEARNER = "learner"  # everyone who signs up
AUTHOR = "author"  # edits their own courses
EDITOR = "editor"  # edits every course
ADMIN = "admin"  # looks after people

ROLES = (LEARNER, AUTHOR, EDITOR, ADMIN)
# Their work is done in the admin, which only staff may open.
STAFF_ROLES = frozenset({AUTHOR, EDITOR, ADMIN})


def ensure_roles() -> None:
    """Create the groups that are missing. Idempotent; the migration has done so once."""
    for name in ROLES:
        Group.objects.get_or_create(name=name)
