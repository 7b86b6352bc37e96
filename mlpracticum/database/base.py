"""Django's PostgreSQL backend, which asks the operating system whether a kept connection is still good.

With CONN_HEALTH_CHECKS Django sends `SELECT 1` at the first query of every request. What it finds that way is nearly
always a server that went away, and that arrives by itself: an idle connection has nothing to read unless the server
closed it. Looking costs a microsecond instead of a round trip.
"""

import select
from typing import Any

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    """Shows prepared statements too where queries are logged or counted."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        return super().last_executed_query(cursor, sql, params) or self.compose_sql(sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """Found by Django by its name."""

    ops_class = DatabaseOperations

    def prepared_cursor(self) -> Any:
        """A cursor that leaves values out of the statement's text, so that PostgreSQL plans it once a connection."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = base.ServerBindingCursor(self.connection)  # type: ignore[call-arg]  # untyped bases
            return self._prepare_cursor(cursor)  # type: ignore[attr-defined]  # the stubs leave it out

    def is_usable(self) -> bool:
        """Whether the connection can be used again; after an error the server is asked."""
        if self.errors_occurred or self.connection is None:
            return super().is_usable()
        if self.connection.closed:
            return False
        # Something to read, be it no more than a notice, makes a new connection, which is never wrong.
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0)
