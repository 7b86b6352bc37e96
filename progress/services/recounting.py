"""Whether counters and results equal the facts, and putting them right."""

from django.db import transaction

from courses.models import Course
from courses.services.publishing import refresh_counts
from progress.models import Enrolment, LessonCompletion
from progress.selectors.counting import Difference, counter_differences
from progress.services.completing import settle_finished
from progress.services.live_blocks import certify, lost_points_differences, refresh_results
from progress.services.results import rebuild, result_differences


def differences() -> list[Difference]:
    """Every counter, result and score that does not equal the facts. Reads whole tables."""
    return [*counter_differences(), *result_differences(), *lost_points_differences()]


@transaction.atomic
def recount() -> int:
    """Set every counter and result to what the facts say. Returns how many differed."""
    found = differences()
    if not found:
        return 0
    for course in Course.objects.select_for_update().order_by("pk"):
        refresh_counts(course)
    wrong = {difference.enrolment_id for difference in found if difference.enrolment_id}
    # Lock first, count in a later statement: a completion that commits in between is then seen.
    for enrolment in Enrolment.objects.select_for_update().filter(pk__in=wrong).order_by("pk"):
        enrolment.completed_lessons = LessonCompletion.objects.filter(enrolment=enrolment, undone_at=None).count()
        enrolment.save(update_fields=["completed_lessons"])
        rebuild(enrolment)
    for course in Course.objects.order_by("pk"):
        refresh_results(course)
        settle_finished(course)
        certify(course)
    return len(found)
