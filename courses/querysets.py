"""Row filters of the course catalogue, named by adjectives. They decide who sees what; nothing else does."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class CourseQuerySet(models.QuerySet[Any]):
    """Filters over courses."""

    def published(self) -> "CourseQuerySet":
        """Open to everyone."""
        return self.filter(status="published")

    def readable(self) -> "CourseQuerySet":
        """Open to those who are enrolled: an archived course has left the catalogue, not its learners."""
        return self.filter(status__in=("published", "archived"))

    def visible_to(self, user: Any) -> "CourseQuerySet":
        """What this person may see: published courses, and drafts that they may edit."""
        if not user.is_authenticated or not user.is_staff:
            return self.published()
        if user.is_superuser or user.has_perm("courses.edit_any_course"):
            return self.all()
        # EXISTS and not a join: a join over authors would give a course twice.
        own = self.model.authors.through.objects.filter(course_id=models.OuterRef("pk"), user_id=user.pk)
        return self.filter(Q(status="published") | models.Exists(own))

    def editable_by(self, user: Any) -> "CourseQuerySet":
        """What this person may change: editors all, authors their own."""
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return self.none()
        if user.is_superuser or user.has_perm("courses.edit_any_course"):
            return self.all()
        return self.filter(authors=user)


class LessonQuerySet(models.QuerySet[Any]):
    """Filters over lessons."""

    def live(self) -> "LessonQuerySet":
        """Published and not removed: what counts for completion."""
        return self.filter(removed_at=None, current_revision__isnull=False)

    def open(self) -> "LessonQuerySet":
        """Live, and its opening time has come."""
        # The database's clock: a compiled queryset would keep the time at which it was written.
        return self.live().filter(Q(available_from=None) | Q(available_from__lte=Now()))
