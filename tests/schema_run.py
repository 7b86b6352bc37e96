"""A run of schemathesis over all its phases, and what came of it.

schemathesis draws requests from the OpenAPI document. Into most of them goes what is on the site (`schema_recipes`), so
that they get past the 404; whatever is wrong on purpose in a request stays wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.run import PhaseName
from schemathesis.transport.wsgi import WSGI_TRANSPORT

from tests.schema_accounts import Recipes
from tests.schema_hooks import add_hooks, name_of
from tests.schema_site import Site

OF_SOCKETS = {"max_redirects", "verify", "cert", "proxies", "timeout"}


@dataclass
class Report:
    """What a caller's run came to. `cases` counts requests by phase, `answers` statuses by operationId."""

    cases: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)
    operations: set[str] = field(default_factory=set)

    @property
    def reached(self) -> set[str]:
        return {name for name, found in self.answers.items() if any(200 <= status < 300 for status in found)}

    def __str__(self) -> str:
        answers = "\n".join(f"  {name} {dict(sorted(found.items()))}" for name, found in sorted(self.answers.items()))
        return f"{self.cases.total()} cases {dict(self.cases)}, {len(self.reached)} operations with 2xx\n{answers}"


def run(
    document: dict[str, Any], site: Site, *, config: dict[str, Any], known: Recipes, part: tuple[int, int] = (0, 1)
) -> Report:
    """Call `site` as `document` says; of the phase "coverage", which has no bound, take `part` (the first of one)."""
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(config))
    schema.app = site
    add_hooks(schema, known, part)
    _begin_each_story_anew(schema, site)
    names = {found.ok().label: name_of(found.ok()) for found in schema.get_all_operations()}
    report = Report(operations=set(names.values()))
    with _without_sockets():
        for event in from_schema(schema).execute():
            _read(report, event, site, names)
    return report


def told(faults: Iterable[str]) -> str:
    """Faults as a failing test shows them: one of each kind, with its first example."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for fault in faults:
        kinds[fault.partition("\n")[0]].append(fault)
    return "\n\n".join(f"{len(found)} times {found[0][:3000]}" for found in kinds.values())


def _read(report: Report, event: Any, site: Site, names: dict[str, str]) -> None:
    if isinstance(event, events.PhaseStarted):
        site.start_anew()
        site.keeps_changes = event.phase.name == PhaseName.STATEFUL_TESTING
    elif isinstance(event, events.ScenarioFinished):
        _count(report, event, names)
    elif isinstance(event, events.NonFatalError):
        report.faults.append(f"{event.phase.value}: {event.label}: {event.info.format()}")


def _count(report: Report, event: events.ScenarioFinished, names: dict[str, str]) -> None:
    for case_id, interaction in event.recorder.interactions.items():
        report.cases[event.phase.value] += 1
        case, answer = event.recorder.cases[case_id].value, interaction.response
        if answer is not None and case.method.upper() == case.operation.method.upper():
            report.answers[names[case.operation.label]][answer.status_code] += 1
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.status == Status.FAILURE:
                failure = check.failure_info.failure
                report.faults.append(
                    f"{event.phase.value}: {failure.operation}: {check.name}: {failure.title}\n{failure.message}\n"
                    f"{check.failure_info.code_sample}"
                )


@contextmanager
def _without_sockets() -> Iterator[None]:
    """schemathesis 4.32 hands the settings of sockets to a WSGI application too when a check sends a request itself."""
    send = WSGI_TRANSPORT.send

    def send_inside(case: Any, **options: Any) -> Any:
        return send(case, **{name: value for name, value in options.items() if name not in OF_SOCKETS})

    with patch.object(WSGI_TRANSPORT, "send", send_inside):
        yield


def _begin_each_story_anew(schema: Any, site: Site) -> None:
    """Between two stories of the stateful phase the site goes back to what it was."""
    build: Callable[..., Any] = schema.build_state_machine

    def build_with_end(**options: Any) -> Any:
        class Story(build(**options)):  # type: ignore[misc]
            def teardown(self) -> None:
                super().teardown()
                site.start_anew()

        return Story

    schema.build_state_machine = build_with_end
