"""Certificates: a course was finished, and enough of its points were won under the server's eyes.

Every point comes from an attempt that the server verified (a constraint of `Attempt` holds that a pass is one), so
points are the measure. A course without points proves nothing and gives no certificate.
"""

from typing import Any

from django.utils import timezone

from progress.models import BlockResult, Certificate, Enrolment
from progress.selectors.standings import certificate_threshold


def issue_if_earned(enrolment: Enrolment) -> Certificate | None:
    """Issue the certificate when the course is finished with enough points. Idempotent.

    The caller holds the enrolment's lock and has set its counters. Returns the certificate, new or old, or None.
    """
    if enrolment.completed_at is None:
        return None
    found = Certificate.objects.filter(enrolment=enrolment).first()
    if found is not None:
        return found
    course = enrolment.course
    possible = course.points + enrolment.lost_points
    if course.certificate_percent is None or not possible:
        return None
    if enrolment.score < certificate_threshold(possible, course.certificate_percent):
        return None
    return Certificate.objects.create(enrolment=enrolment, snapshot=_snapshot(enrolment, possible))


def _snapshot(enrolment: Enrolment, possible: Any) -> dict[str, Any]:
    course, user = enrolment.course, enrolment.user
    passed = BlockResult.objects.filter(enrolment=enrolment, passed_at__isnull=False)
    counts = {kind: passed.filter(block_type=kind).count() for kind in ("quiz", "exercise", "predictions")}
    return {
        "name": user.display_name or "A learner",  # never the mail address: the page is public
        "course": course.title,
        "course_slug": course.slug,
        "authors": list(course.author_names),
        "language": course.language,
        "level": course.get_level_display(),
        "lessons": enrolment.completed_lessons,
        "minutes": course.minutes,
        "score": float(enrolment.score),
        "points": float(possible),
        "percent": min(100, int(100 * enrolment.score / possible)),
        "passed": counts,
        "enrolled_on": timezone.localdate(enrolment.enrolled_at).isoformat(),
        "finished_on": timezone.localdate(enrolment.completed_at).isoformat(),
    }
