"""Django admin for course authors and editors: courses with their outline, lessons with the block editor, the log.

Reads rights from `access`, writes through `courses.services` alone. Knows nothing of learners; progress adds
their count.
"""

from courses.admin.course import CourseAdmin
from courses.admin.imports import ImportAdmin
from courses.admin.lesson import LessonAdmin
from courses.admin.log import PublishLogAdmin

__all__ = ["CourseAdmin", "ImportAdmin", "LessonAdmin", "PublishLogAdmin"]
