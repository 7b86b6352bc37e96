"""What the typed journeys have besides the generated client, and what they expect of its answers."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from attrs import evolve
from practicum_client import AuthenticatedClient, Client
from practicum_client.types import Response

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Site:
    """What is around a client: an inbox and an authenticator app, an author who edits, time.

    `connections` closes what was opened; `client_args` go to httpx.
    """

    url: str
    mailed_code: Callable[[str], str]
    totp_code: Callable[[str, int], str]
    change_checks: Callable[[], None]
    let_time_pass: Callable[[], None]
    connections: ExitStack
    client_args: dict[str, Any]

    def anonymous(self) -> AuthenticatedClient:
        """Nobody. The generator asks for this class where logging in is a choice, too."""
        client = Client(self.url, raise_on_unexpected_status=True, httpx_args=self.client_args)
        return cast(AuthenticatedClient, self.connections.enter_context(client))

    def under_way(self, session_token: str) -> AuthenticatedClient:
        """Somebody in the middle of a login or sign-up."""
        return self._with(AuthenticatedClient(self.url, session_token, prefix="", auth_header_name="X-Session-Token"))

    def logged_in(self, access_token: str) -> AuthenticatedClient:
        return self._with(AuthenticatedClient(self.url, access_token))

    def _with(self, client: AuthenticatedClient) -> AuthenticatedClient:
        own = evolve(client, raise_on_unexpected_status=True, httpx_args=self.client_args)
        return self.connections.enter_context(own)


def expect(answer: Response[Any], status: int, kind: type[Kind]) -> Kind:
    """The answer's content, which is of this kind."""
    assert answer.status_code == status, answer.content[:500]
    assert isinstance(answer.parsed, kind), answer.parsed
    return answer.parsed


def expect_none(answer: Response[Any], status: int) -> None:
    """The answer says no more than its status, or bytes that are no whole document."""
    assert answer.status_code == status, answer.content[:500]
    assert answer.parsed is None
