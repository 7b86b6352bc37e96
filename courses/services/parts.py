"""What a learner's device keeps of a lesson: one JSON text a revision, named by the SHA-256 of its bytes.

PostgreSQL itself makes the text of the public columns, so no megabyte leaves the database to be hashed, and the text
that is served is the text that was described. It is a function of the revision alone: which lesson it belongs to, and
what that is called, stands in the course's outline. Knows no person.
"""

from collections.abc import Collection
from typing import Any

from django.db import connection

from courses.models import ASSET_NAME
from courses.selectors import PRIVATE_ENDING

# An older compiler's revision may still show choices in their author's order: there is no part of it.
NEUTRAL_ORDER = 2
# An allow-list: what a rendered part is given besides stays here until someone adds it. Text of `jsonb` is canonical:
# the same value has the same text, whatever it was written as.
_TEXT = """
    jsonb_build_object(
        'version', 1,
        'blocks', public -> 'blocks',
        'toc', toc,
        'html', (
            SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                'id', part -> 'id', 'type', part -> 'type', 'html', part -> 'html',
                'prompt', part -> 'prompt', 'choices', part -> 'choices'
            )) ORDER BY place), '[]')
            FROM jsonb_array_elements(html) WITH ORDINALITY AS parts (part, place)
        )
    )::text
"""
_DESCRIBE = f"""
    WITH parts AS (
        SELECT id AS revision_id, {_TEXT} AS content FROM courses_lessonrevision WHERE id = ANY(%s) AND compiler >= %s
    )
    UPDATE courses_lessonrevision SET
        part_sha256 = encode(sha256(convert_to(content, 'UTF8')), 'hex'),
        part_size = octet_length(convert_to(content, 'UTF8')),
        part_assets = ARRAY(
            SELECT DISTINCT found[1] FROM regexp_matches(content, %s, 'g') AS found
            WHERE found[1] NOT LIKE %s ORDER BY 1
        )
    FROM parts WHERE id = revision_id
"""  # noqa: S608 (constants)


def describe_parts(revision_ids: Collection[int]) -> None:
    """Set checksum, size and named files of these revisions' parts. Idempotent. 1 query; reads the whole content."""
    values: list[Any] = [list(revision_ids), NEUTRAL_ORDER, f"({ASSET_NAME})", f"%{PRIVATE_ENDING}"]
    with connection.cursor() as cursor:
        cursor.execute(_DESCRIBE, values)


def part_content(revision_id: int) -> bytes:
    """The part's bytes, whose SHA-256 `describe_parts` has stored. 1 query.

    Raises:
        LookupError: there is no such revision any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_TEXT} FROM courses_lessonrevision WHERE id = %s", [revision_id])  # noqa: S608
        row = cursor.fetchone()
    if row is None:
        raise LookupError("no such revision")
    return row[0].encode()
