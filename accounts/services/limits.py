"""Limits on how often something is done: exact, however many processes count at the same moment.

A count is one statement of PostgreSQL on one row, which holds the times of what was let through. So no more than the
limit passes in any span of the period's length, not only from one full minute to the next. Count before costly work
(a password's hash, an export), and outside of a transaction that may be rolled back: the count would go with it.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

MAX_LIMIT = 1000  # the times are kept one by one
SWEEP = 20  # rows of no more use that go when a new one comes

# In the update `old` is the row as it is once its lock is held, so that two requests never judge the same state.
# No row in the answer: the condition was false, nothing was written.
_COUNT = """
INSERT INTO accounts_ratecount AS old (key, hits, expires_at)
VALUES (%(key)s, ARRAY[clock_timestamp()], clock_timestamp() + %(period)s)
ON CONFLICT (key) DO UPDATE SET
    hits = ARRAY(SELECT hit FROM unnest(old.hits) AS hit WHERE hit > clock_timestamp() - %(period)s)
        || clock_timestamp(),
    expires_at = clock_timestamp() + %(period)s
WHERE (SELECT count(*) FROM unnest(old.hits) AS hit WHERE hit > clock_timestamp() - %(period)s) < %(limit)s
RETURNING cardinality(hits)
"""
_WAIT = """
SELECT hits[cardinality(hits) - %(limit)s + 1] + %(period)s FROM accounts_ratecount WHERE key = %(key)s
"""
_SWEEP = """
DELETE FROM accounts_ratecount WHERE key IN (
    SELECT key FROM accounts_ratecount WHERE expires_at < clock_timestamp() LIMIT %(sweep)s FOR UPDATE SKIP LOCKED
)
"""


class LimitReached(Exception):
    """It was done often enough for now. `wait` is in whole seconds, at least 1."""

    def __init__(self, wait: int) -> None:
        super().__init__(f"too often; again in {wait} s")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `number` uses of what is called `scope` in any `seconds`. What shares a scope is counted together."""

    scope: str
    number: int
    seconds: int

    def count(self, who: str) -> None:
        """Count one more use by `who`, as `count` below does. `LIMITS_FACTOR` makes the period shorter; 0 counts none.

        Raises:
            LimitReached: it was done often enough for now.
        """
        if settings.LIMITS_FACTOR:
            count(self.scope, who, limit=self.number, seconds=self.seconds / settings.LIMITS_FACTOR)


# What is limited for one person, whichever way it is asked for; apps above have limits of their own. See decision 15.
WRITES = Limit("writes", 120, 60)
EXPORT = Limit("export", 10, 3600)
DELETION = Limit("deletion", 10, 3600)


def count(scope: str, who: str, *, limit: int, seconds: float) -> None:
    """Count one more use of `scope` by `who`; what is refused is not counted. 1 query, 2 for the first use.

    Raises:
        LimitReached: `limit` uses were let through in the last `seconds`.
        ValueError: a limit that is not from 1 to 1,000.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"a limit is from 1 to {MAX_LIMIT}, not {limit}")
    # Hashed: an address or a mail address has no business in a table of counters.
    key = hashlib.sha256(f"{scope}\n{limit}/{seconds}\n{who}".encode()).hexdigest()
    values: dict[str, Any] = {"key": key, "period": timedelta(seconds=seconds), "limit": limit, "sweep": SWEEP}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_WAIT, values)
            raise LimitReached(_seconds_until(cursor.fetchone()))
        if row[0] == 1:
            cursor.execute(_SWEEP, values)


def _seconds_until(found: tuple[datetime | None] | None) -> int:
    moment = found[0] if found else None
    return max(1, math.ceil((moment - timezone.now()).total_seconds())) if moment else 1
