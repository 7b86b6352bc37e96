"""The notation of the authorization matrix: what a row says of a method, and what is therefore expected of a cell.

    "200 takers at own|preview; 409 takers at removed block"

reads: 200 for those who take the course, on their own lesson and on a preview; 409 for them on a block that was
removed. The first clause that fits decides, and what no clause says is the area's refusal. `login` and `home` are
redirects to the log-in and to the admin's front page. A `!` after the status: it is not refused, and yet nothing may
be written; a `*`: it is done, and the redirect is where that leads.
"""

import re
from dataclasses import dataclass

from tests.authorization_world import ACTORS, EDITORS, PERSONS, STAFF, TAKERS, UNKNOWN

GROUPS: dict[str, tuple[str, ...]] = {
    "all": ACTORS,
    "unknown": UNKNOWN,
    "persons": PERSONS,
    "open": ("anonymous", *PERSONS),  # all but those who come with a token that is not good
    "takers": TAKERS,
    "staff": STAFF,
    "editors": EDITORS,
    "its author": ("author",),
    "outsiders": (*UNKNOWN, *TAKERS, "not enrolled"),  # who may not open the admin
    **{actor: (actor,) for actor in ACTORS},
}
_CLAUSE = re.compile(r"(?P<status>\d{3}|login|home)(?P<mark>[!*]?) (?P<who>[a-z+ ]+?)(?: at (?P<states>[a-z| ]+))?")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a cell of the matrix must be."""

    status: str
    may_write: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a row."""

    status: str
    mark: str
    who: frozenset[str]
    states: frozenset[str] | None

    @classmethod
    def read(cls, text: str) -> "Clause":
        """Raises ValueError for text that is no clause, KeyError for a group that is not known."""
        found = _CLAUSE.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"no clause: {text!r}")
        who = frozenset(actor for group in found["who"].split("+") for actor in GROUPS[group])
        states = frozenset(found["states"].split("|")) if found["states"] else None
        return cls(found["status"], found["mark"], who, states)


def read_policy(text: str) -> list[Clause]:
    """The clauses of a row's text, in their order."""
    return [Clause.read(part) for part in text.split(";") if part.strip()]


def expected(policy: list[Clause], method: str, actor: str, state: str) -> Expected:
    """What the policy says of a cell. Raises LookupError where it says nothing."""
    for clause in policy:
        if actor in clause.who and (clause.states is None or state in clause.states):
            is_refused = not clause.status.isdigit() or clause.status >= "400"
            may_write = clause.mark == "*" or not (is_refused or clause.mark == "!")
            return Expected(clause.status, may_write and method != "GET")
    raise LookupError(f"no clause for {actor} at {state}")
