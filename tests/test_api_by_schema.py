"""The site does what its OpenAPI document says, whatever is sent: schemathesis, in all its phases, finds nothing.

`pytest --hypothesis-profile=thorough tests/test_api_by_schema.py -s` sends some 25,000 requests with a seed of its own,
and prints what came of them. SCHEMA_SEED=… repeats a run.

Of the checks of schemathesis `object_level_authorization` is not used: it takes two people who log in by the document
alone, and whose things are whose is the question of `progress/tests`. What other checks cannot know is in
`schema_hooks`.
"""

import json
import logging
import os
import secrets
from functools import cache

import pytest
from django.db import connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import settings as hypothesis_settings

from accounts.tests.factories import UserFactory
from tests.schema_recipes import recipes
from tests.schema_run import Report, run, told
from tests.schema_site import Site
from tests.schema_world import make_world

THOROUGH = hypothesis_settings.get_current_profile_name() == "thorough"
SEED = int(os.environ.get("SCHEMA_SEED") or (secrets.randbelow(2**32) if THOROUGH else 5))
DRAWN, STORIES = (70, 350) if THOROUGH else (3, 15)
FEWEST = 20_000 if THOROUGH else 3_000
CALLERS = ("anonymous", "learner", "staff")
# Their good answer is 401, as django-allauth has it: nobody is logged in by them, and the next step is told.
GOOD_WITH_401 = {"sign_up", "log_out"}
# Beside the usual ones: 410 for a session that is over, 413 for too much, 416 for a range behind the end.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "410", "413", "415", "429"]
TAKEN = ["2xx", "3xx", "401", "403", "404", "409", "410", "416", "429"]


@cache
def document() -> dict:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


@pytest.fixture(scope="session")  # other modules' tests may come between: those without a database come last
def reports() -> dict[str, Report]:
    """What each caller's run came to."""
    return {}


@pytest.fixture(autouse=True)
def _site(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.SANDBOX_SLOTS = 0  # code stays pending: what a sandbox answers is other tests' question
    settings.HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 24 * 3600
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    logging.disable(logging.WARNING)  # a line for each refusal
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("caller", CALLERS)
def test_the_site_answers_as_documented(db, reports, caller):
    is_staff = caller == "staff"
    person = UserFactory(email="ben@example.org", display_name="Ben", is_staff=is_staff, is_superuser=is_staff)
    world = make_world(person)
    known = recipes(world, has_factors=not is_staff)
    config = {
        "seed": SEED,
        "headers": {} if caller == "anonymous" else {"Authorization": f"Bearer {world.client.access_token}"},
        "continue-on-failure": True,
        "generation": {"max-examples": DRAWN, "deterministic": not THOROUGH, "database": "none"},
        "checks": {
            "negative_data_rejection": {"expected-statuses": REFUSED},
            "positive_data_acceptance": {"expected-statuses": TAKEN},
        },
        "phases": {"stateful": {"generation": {"max-examples": STORIES}}},
    }
    part = (0, 1) if THOROUGH else (CALLERS.index(caller), len(CALLERS))
    with Site(connections["default"]) as site:
        reports[caller] = run(document(), site, config=config, known=known, part=part)
    if THOROUGH:
        print(f"\n{caller}, SCHEMA_SEED={SEED}: {reports[caller]}")  # noqa: T201 (figures are what it is run for)
    assert not reports[caller].faults, f"SCHEMA_SEED={SEED}\n{told(reports[caller].faults)}"
    assert set(reports[caller].cases) == {"examples", "coverage", "fuzzing", "stateful"}


def test_the_runs_are_large_and_get_everywhere(reports):
    assert set(reports) == set(CALLERS), "runs after the others"
    cases = sum(report.cases.total() for report in reports.values())
    assert cases >= FEWEST
    operations = set.union(*(report.operations for report in reports.values()))
    reached = set.union(*(report.reached for report in reports.values()))
    assert operations - reached == GOOD_WITH_401
    assert len(reached) >= 0.95 * len(operations)
    assert all(401 in reports["learner"].answers[name] for name in GOOD_WITH_401 - {"sign_up"})
