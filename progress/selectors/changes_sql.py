"""The statement that `changes` runs: a person's rows that a snapshot could not see, in the order of their change.

First ids and order alone, then the documents of one page: JSON is put together for no row that is not sent.
"""

# A stamp that the running snapshot has not reached yet is of the database that a backup was made from: it counts as
# old, else every row would be new until this database has had as many transactions. Our own transaction is no such.
_OLD = "CASE WHEN {x} >= now.xmax AND {x} <> now.own THEN 0 ELSE {x} END"
_NEW = f"NOT pg_visible_in_snapshot(({_OLD})::text::xid8, walk.since)"


def _stamp(column: str) -> str:
    return _OLD.format(x=column)


def _new(column: str) -> str:
    return _NEW.format(x=column)


def _of_enrolment(number: int, table: str, condition: str = "mine.is_open") -> str:
    return f"""
        SELECT {number} AS n, t.id, greatest({_stamp("t.change")}, mine.stamp) AS change
        FROM mine JOIN {table} t ON t.enrolment_id = mine.id CROSS JOIN now CROSS JOIN walk
        WHERE {condition} AND (walk.since IS NULL OR mine.is_new OR {_new("t.change")})
    """  # noqa: S608 (constants)


_LESSONS = f"""
    SELECT 8 AS n, l.id, greatest({_stamp("coalesce(t.change, 0)")}, mine.stamp) AS change
    FROM mine JOIN courses_lesson l ON l.course_id = mine.course_id
        LEFT JOIN progress_contentchange t ON t.lesson_id = l.id CROSS JOIN now CROSS JOIN walk
    WHERE mine.is_open AND (walk.since IS NULL OR mine.is_new OR {_new("coalesce(t.change, 0)")})
"""  # noqa: S608 (constants)
_DOCUMENTS = {
    1: """SELECT jsonb_build_object('kind', 'enrolment', 'course_id', t.course_id, 'is_deleted', NOT mine.is_open)
            || CASE WHEN mine.is_open THEN jsonb_build_object('enrolment', jsonb_build_object(
                'slug', c.slug, 'title', c.title, 'completed_lessons', t.completed_lessons, 'score', t.score,
                'on_leaderboard', t.on_leaderboard, 'last_lesson_id', t.last_lesson_id, 'enrolled_at', t.enrolled_at,
                'last_activity_at', t.last_activity_at, 'completed_at', t.completed_at)) ELSE '{}' END
        FROM progress_enrolment t JOIN mine ON mine.id = t.id JOIN courses_course c ON c.id = t.course_id""",
    2: """SELECT jsonb_build_object('kind', 'completion', 'course_id', mine.course_id, 'lesson_id', t.lesson_id,
                'is_deleted', t.undone_at IS NOT NULL)
            || CASE WHEN t.undone_at IS NULL THEN jsonb_build_object('completion', jsonb_build_object(
                'revision', t.revision, 'completed_at', t.completed_at)) ELSE '{}' END
        FROM progress_lessoncompletion t JOIN mine ON mine.id = t.enrolment_id""",
    3: """SELECT jsonb_build_object('kind', 'result', 'course_id', mine.course_id, 'lesson_id', t.lesson_id,
                'block_id', t.block_uid, 'is_deleted', FALSE, 'result', jsonb_build_object(
                'type', t.block_type, 'score', t.score, 'max_score', t.max_score, 'attempts', t.attempts,
                'passed_at', t.passed_at, 'is_live', t.is_live))
        FROM progress_blockresult t JOIN mine ON mine.id = t.enrolment_id""",
    4: """SELECT jsonb_build_object('kind', 'attempt', 'course_id', mine.course_id, 'lesson_id', t.lesson_id,
                'block_id', t.block_uid, 'uid', t.uid, 'is_deleted', FALSE, 'attempt', jsonb_build_object(
                'type', t.block_type, 'verdict', t.verdict, 'score', t.score, 'max_score', t.max_score,
                'revision', t.revision, 'created_at', t.created_at, 'checked_at', t.checked_at,
                'feedback', t.outcome))
        FROM progress_attempt t JOIN mine ON mine.id = t.enrolment_id""",
    5: """SELECT jsonb_build_object('kind', 'work', 'course_id', mine.course_id, 'lesson_id', t.lesson_id,
                'block_id', t.block_uid, 'is_deleted', FALSE, 'work', t.content || jsonb_build_object(
                'uid', t.event, 'version', t.version, 'saved_at', t.saved_at))
        FROM progress_savedwork t JOIN mine ON mine.id = t.enrolment_id""",
    6: """SELECT jsonb_build_object('kind', 'work', 'course_id', mine.course_id, 'lesson_id', t.lesson_id,
                'block_id', t.block_uid, 'is_deleted', TRUE)
        FROM progress_droppedwork t JOIN mine ON mine.id = t.enrolment_id""",
    7: """SELECT jsonb_build_object('kind', 'work_version', 'course_id', mine.course_id, 'lesson_id', t.lesson_id,
                'block_id', t.block_uid, 'uid', t.uid, 'is_deleted', t.content IS NULL)
            || CASE WHEN t.content IS NULL THEN '{}' ELSE jsonb_build_object('work_version', t.content
                || jsonb_build_object('saved_at', t.saved_at)) END
        FROM progress_workversion t JOIN mine ON mine.id = t.enrolment_id""",
    8: """SELECT jsonb_build_object('kind', 'lesson', 'course_id', t.course_id, 'lesson_id', t.id,
                'is_deleted', v.id IS NULL OR t.removed_at IS NOT NULL)
            || CASE WHEN v.id IS NULL OR t.removed_at IS NOT NULL THEN '{}' ELSE jsonb_build_object('lesson',
                jsonb_build_object('slug', t.slug, 'title', t.title, 'minutes', t.minutes, 'revision', v.number,
                'available_from', t.available_from, 'updated_at', t.updated_at)) END
        FROM courses_lesson t LEFT JOIN courses_lessonrevision v ON v.id = t.current_revision_id""",
    9: """SELECT jsonb_build_object('kind', 'certificate', 'course_id', mine.course_id, 'uid', t.uid,
                'is_deleted', FALSE, 'certificate', jsonb_build_object('course', t.snapshot -> 'course',
                'percent', t.snapshot -> 'percent', 'issued_at', t.issued_at))
        FROM progress_certificate t JOIN mine ON mine.id = t.enrolment_id""",
}
_DOCUMENT = " ".join(f"WHEN {number} THEN ({select} WHERE t.id = p.id)" for number, select in _DOCUMENTS.items())

# The life of this database: a restored copy, another cluster, or a promoted replica that may lack the last commits has
# another one, and cursors of the first mean nothing in it.
_EPOCH = """
    (SELECT system_identifier FROM pg_control_system())::text || '.' ||
    (SELECT timeline_id FROM pg_control_checkpoint())::text || '.' ||
    (SELECT oid FROM pg_database WHERE datname = current_database())::text || '.' ||
    pg_relation_filenode('progress_syncevent')::text
"""

# A replica does not name running transactions one by one: there nothing from the oldest of them on counts as seen.
_SEEN = (
    "CASE WHEN pg_is_in_recovery() THEN format('%%s:%%s:', pg_snapshot_xmin(s), pg_snapshot_xmin(s)) ELSE s::text END"
)

PAGE = f"""
    WITH now AS MATERIALIZED (
        SELECT {_EPOCH} AS epoch, {_SEEN} AS snapshot, pg_snapshot_xmax(s)::text::bigint AS xmax,
            coalesce(pg_current_xact_id_if_assigned()::text::bigint, 0) AS own
        FROM pg_current_snapshot() s
    ), walk AS MATERIALIZED (
        SELECT epoch = %(epoch)s::text AS is_known,
            CASE WHEN epoch = %(epoch)s::text THEN %(since)s::text::pg_snapshot END AS since,
            CASE WHEN epoch = %(epoch)s::text THEN %(change)s::bigint END AS change
        FROM now
    ), mine AS MATERIALIZED (
        SELECT e.id, e.course_id, e.left_at IS NULL AND c.status = ANY(%(open)s::text[]) AS is_open,
            {_new("e.entered")} OR {_new("coalesce(t.change, 0)")} AS is_new,
            greatest({_stamp("e.entered")}, {_stamp("coalesce(t.change, 0)")}) AS stamp
        FROM progress_enrolment e JOIN courses_course c ON c.id = e.course_id
            LEFT JOIN progress_contentchange t ON t.course_id = e.course_id AND t.lesson_id IS NULL
            CROSS JOIN now CROSS JOIN walk
        WHERE e.user_id = %(user)s::bigint
    ), found AS (
        SELECT 1 AS n, t.id, greatest({_stamp("t.change")}, mine.stamp) AS change
        FROM mine JOIN progress_enrolment t ON t.id = mine.id CROSS JOIN now CROSS JOIN walk
        WHERE walk.since IS NULL OR mine.is_new OR {_new("t.change")}
        UNION ALL {_of_enrolment(2, "progress_lessoncompletion")}
        UNION ALL {_of_enrolment(3, "progress_blockresult")}
        UNION ALL {_of_enrolment(4, "progress_attempt")}
        UNION ALL {_of_enrolment(5, "progress_savedwork")}
        UNION ALL {_of_enrolment(6, "progress_droppedwork")}
        UNION ALL {_of_enrolment(7, "progress_workversion")}
        UNION ALL {_LESSONS}
        UNION ALL {_of_enrolment(9, "progress_certificate", "TRUE")}
    ), p AS (
        SELECT found.* FROM found CROSS JOIN walk
        WHERE walk.change IS NULL OR (found.change, found.n, found.id) > (walk.change, %(n)s::int, %(id)s::bigint)
        ORDER BY found.change, found.n, found.id LIMIT %(limit)s
    )
    SELECT now.epoch, now.snapshot, walk.is_known, p.change, p.n, p.id, (CASE p.n {_DOCUMENT} END)::text
    FROM now CROSS JOIN walk LEFT JOIN p ON TRUE
    ORDER BY p.change, p.n, p.id
"""  # noqa: S608 (constants)
