"""The site as schemathesis calls it: in this process, on the test's connection, and after each call as it was before.

Knows nothing of schemathesis but that it calls from threads of its own.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Site:
    """A WSGI application whose callers share one transaction, which is never committed.

    A call leaves nothing behind, so that no account is deleted and no limit used up for the next one. While
    `keeps_changes` is true they stay until `start_anew`: what one call did is there for the calls that follow it.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.keeps_changes = False
        self._handler = WSGIHandler()
        self._before: str | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connections[self.connection.alias] = self.connection  # of this thread
        environ["HTTP_HOST"] = "testserver"  # which the passkeys are for
        environ.setdefault("REMOTE_ADDR", "127.0.0.1")  # allauth refuses who has no address
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # schemathesis asks for gzip and does not unpack it
        if self._before is None:
            self._before = self.connection.savepoint()
        answer = self._handler(environ, start_response)
        try:
            content = b"".join(answer)  # an export reads the database while it is sent
        finally:
            answer.close()
            if not self.keeps_changes:
                self.start_anew()
        return [content]

    def start_anew(self) -> None:
        """Everything is again as it was before the first call."""
        if self._before is not None:
            self.connection.savepoint_rollback(self._before)
            self.connection.savepoint_commit(self._before)
            self._before = None

    def __enter__(self) -> "Site":
        self.connection.inc_thread_sharing()
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)  # it would close the transaction with the connection
        return self

    def __exit__(self, *_: object) -> None:
        self.start_anew()
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
        self.connection.dec_thread_sharing()
