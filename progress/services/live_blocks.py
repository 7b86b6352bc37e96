"""Results and the live content: what a change of a course does to what people won in its blocks.

A publication takes no score away. Points that were won in a block that is gone, or that is worth less now, count as
possible for those who won them (`Enrolment.lost_points`), so that no share falls by it and none passes 100 %.
"""

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from courses.models import Course
from progress.models import Certificate, Enrolment
from progress.selectors.counting import Difference
from progress.services.certifying import issue_if_earned

# The points that a result's block has now; NULL: the course has no such block.
_NOW = """
    SELECT r.id, r.enrolment_id, r.score, r.is_live,
        CASE WHEN l.removed_at IS NULL THEN (v.checks -> r.block_uid ->> 'points')::numeric END AS points
    FROM progress_blockresult r
    JOIN courses_lesson l ON l.id = r.lesson_id
    LEFT JOIN courses_lessonrevision v ON v.id = l.current_revision_id
"""
_LOST = "SELECT enrolment_id, sum(greatest(score - coalesce(points, 0), 0)) AS lost FROM now GROUP BY enrolment_id"
_SET_LIVE = f"""
    WITH now AS ({_NOW} WHERE l.course_id = %s)
    UPDATE progress_blockresult r SET is_live = now.points IS NOT NULL
    FROM now WHERE now.id = r.id AND r.is_live <> (now.points IS NOT NULL)
"""  # noqa: S608 (constants)


def _set_lost(results: str, enrolments: str) -> str:
    return f"""
        WITH now AS ({_NOW} WHERE {results}), counted AS ({_LOST})
        UPDATE progress_enrolment e SET lost_points = coalesce(counted.lost, 0)
        FROM progress_enrolment mine LEFT JOIN counted ON counted.enrolment_id = mine.id
        WHERE mine.id = e.id AND {enrolments} AND e.lost_points <> coalesce(counted.lost, 0)
    """  # noqa: S608 (constants)


def refresh_results(course: Course) -> None:
    """After a change of content: mark results whose block is gone or back, and set the points that are lost by it.

    The caller holds the course's lock, so no answer is judged meanwhile. 2 queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SET_LIVE, [course.pk])
        cursor.execute(_set_lost("l.course_id = %s", "e.course_id = %s"), [course.pk, course.pk])


def refresh_lost_points(enrolment: Enrolment) -> None:
    """The same for one enrolment, whose lock the caller holds. 1 query and 1 to read it back."""
    with connection.cursor() as cursor:
        cursor.execute(_set_lost("r.enrolment_id = %s", "e.id = %s"), [enrolment.pk, enrolment.pk])
    enrolment.refresh_from_db(fields=["lost_points"])


def lost_points_differences() -> list[Difference]:
    """Enrolments whose lost points are not what their results say. 1 query; reads whole tables."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            WITH now AS ({_NOW})
            SELECT e.id, e.lost_points, coalesce(counted.lost, 0)
            FROM progress_enrolment e LEFT JOIN ({_LOST}) counted ON counted.enrolment_id = e.id
            WHERE e.lost_points <> coalesce(counted.lost, 0) ORDER BY e.id
        """)  # noqa: S608 (constants)
        rows = cursor.fetchall()
    return [Difference(f"enrolment {pk}: lost_points", stored, counted, pk) for pk, stored, counted in rows]


def certify(course: Course) -> None:
    """After a change of content: who finished, and has now enough of the points, gets the certificate."""
    if course.certificate_percent is None:
        return
    waiting = (
        Enrolment.objects.select_for_update(of=("self",))
        .filter(course=course, completed_at__isnull=False)
        .filter(~Exists(Certificate.objects.filter(enrolment=OuterRef("pk"))))
        .filter(Q(score__gt=0), score__gte=(course.points + F("lost_points")) * course.certificate_percent / 100)
        .select_related("course", "user")
        .order_by("pk")
    )
    for enrolment in waiting:
        issue_if_earned(enrolment)
