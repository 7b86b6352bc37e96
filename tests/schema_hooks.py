"""What schemathesis is told beyond the OpenAPI document: what is on the site, and what JSON Schema cannot say."""

import json
import random
import re
import zlib
from typing import Any

import schemathesis
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from schemathesis.core import NOT_SET
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import MissingHeaderNotRejected, RejectedPositiveData, UseAfterFree

from tests.schema_accounts import Recipe, Recipes

# Of ten requests those that go as they were drawn, and from which on they are wholly real; others have a real path.
UNCHANGED, WHOLLY_REAL = 2, 7
ACCOUNTS = re.compile("/api/v1/(auth|account|tokens)/")
OF_BLOCKS = {"answer_block", "save_work"}

ZONES = ["UTC", "Europe/Vienna", "Asia/Kolkata", "America/Argentina/Buenos_Aires"]

schemathesis.openapi.format("iana-time-zone", st.sampled_from(ZONES))  # of all 600 it is slow


def name_of(operation: Any) -> str:
    """Its operationId."""
    return operation.definition.raw["operationId"]


def add_hooks(schema: Any, known: Recipes, part: tuple[int, int]) -> None:
    """Mix `known` into what is drawn. Of the phase "coverage" only `part` (this one of so many) is kept."""

    @schema.hook
    def filter_case(context: Any, case: Any) -> bool:
        this, all_of_them = part
        in_coverage = case.meta is not None and case.meta.phase.name == TestPhase.COVERAGE
        return not in_coverage or _number(case) % all_of_them == this

    @schema.hook
    def map_case(context: Any, case: Any) -> Any:
        found = known.get(name_of(case.operation))
        return _filled(case, found) if found else case

    @schema.hook
    def before_add_examples(context: Any, examples: list[Any]) -> None:
        examples[:] = [case for case in examples if "cursor" not in case.query]  # one in the document is a made-up one
        examples.extend(_made(context.operation, recipe) for recipe in known.get(name_of(context.operation), []))

    @schema.hook
    def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
        return not _is_in_order(failure, case, response.status_code)


def _made(operation: Any, recipe: Recipe) -> Any:
    return operation.Case(
        path_parameters=dict(recipe.path),
        query=dict(recipe.query),
        headers=CaseInsensitiveDict(recipe.headers),
        body=NOT_SET if recipe.body is None else recipe.body,
        media_type=None if recipe.body is None else "application/json",
    )


def _number(case: Any) -> int:
    """Of the case's content, so that a choice made by it is the same when the case is drawn again."""
    drawn = repr((case.operation.label, case.path_parameters, case.query, case.body))
    return zlib.crc32(drawn.encode("utf-8", "surrogatepass"))


def _filled(case: Any, found: list[Recipe]) -> Any:
    """The case with a recipe's path, or with all of it, but for what is wrong in it on purpose."""
    choice = random.Random(_number(case))  # noqa: S311 (not for secrets)
    share, recipe, meta = choice.randrange(10), choice.choice(found), case.meta
    if meta is None:
        return case

    def may_be_filled(location: ParameterLocation) -> bool:
        return not meta.is_negative_at(location)

    if meta.generation.mode.is_positive and "cursor" in case.query:
        # A cursor is a word of the server's: one that was made up is no valid request, whatever its letters.
        issued = [known.query["cursor"] for known in found if "cursor" in known.query]
        others = {name: value for name, value in case.query.items() if name != "cursor"}
        case.query = {**others, "cursor": issued[0]} if issued else others
    if share < UNCHANGED:
        return case
    if recipe.path and may_be_filled(ParameterLocation.PATH):
        case.path_parameters = dict(recipe.path)
    if share >= WHOLLY_REAL:
        if recipe.body is not None and may_be_filled(ParameterLocation.BODY):
            case.body = recipe.body
        if may_be_filled(ParameterLocation.QUERY):
            case.query = dict(recipe.query)
        if may_be_filled(ParameterLocation.HEADER):
            case.headers = CaseInsensitiveDict(recipe.headers)
    return case


def _is_in_order(failure: Any, case: Any, status: int) -> bool:
    """Whether the description says in words what the check takes for a fault."""
    name, body = name_of(case.operation), case.body
    if isinstance(failure, RejectedPositiveData) and status == 400:
        # What answers a block, the block says. A code or password that was made up is wrong. NUL is never taken.
        is_secret = ACCOUNTS.match(case.operation.path) is not None
        return is_secret or name in OF_BLOCKS or "\\u0000" in json.dumps([case.query, body], default=str)
    if isinstance(failure, AcceptedNegativeData) and name == "sync":
        # The batch is answered 200, and each event in it for itself.
        return isinstance(body, dict) and isinstance(body.get("events"), list)
    if isinstance(failure, MissingHeaderNotRejected) and status == 409:
        return True  # where no code is awaited, it does not matter that none was sent
    if isinstance(failure, UseAfterFree) and case.operation.path.endswith("/work"):
        return True  # behind work that was dropped is the author's version, with the number 0
    if "got `410 Gone`" in failure.message:
        return True  # for a made-up X-Session-Token
    return status == 206  # a part of a JSON document is no JSON document
