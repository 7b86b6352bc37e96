"""The authorization matrix: ten actors × every route of the URL resolver × every method × objects in every state.

`authorization_table` says what is expected. A route or a method without a row fails, and so does a row without a route.
Besides the status it holds that nobody is shown a mark that is not theirs to see, and that a request which is refused,
or only reads, writes no row and sends no mail.

`pytest --hypothesis-profile=thorough tests/test_authorization_matrix.py` leaves no cell out: it asks by HEAD and
OPTIONS as all actors, and in the admin also as those of whom else the superuser or nobody is asked.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings as hypothesis_settings

from tests.authorization_policy import GROUPS, expected, read_policy
from tests.authorization_requests import Asker, asking
from tests.authorization_table import REFUSALS, REVEALED, TABLE, TRIED_OUT
from tests.authorization_world import ACTORS, STAFF, TAKERS
from tests.canary_crawler import routes

THOROUGH = hypothesis_settings.get_current_profile_name() == "thorough"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NOT_TAKEN = {"405", "401", "403", "404", "login"}
# Django's admin and allauth answer a method that they do not know as they answer GET or POST; it still writes nothing.
LOOSE = ("admin/", "accounts/")
NOT_PERSONAL = ("api/schema/", "api/docs/")  # made of the routes alone, and slow to make
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def asker(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Asker]:
    with asking(django_db_blocker, tmp_path_factory.mktemp("media")) as asker:
        yield asker


def policies(route: str) -> dict[str, str]:
    """The row of a route by single methods, each with the area's refusals after it."""
    rest = next(text for beginning, text in REFUSALS.items() if route.startswith(beginning))
    return {method: f"{text}; {rest}" for methods, text in TABLE.get(route, {}).items() for method in methods.split()}


def wrong_cells(asker: Asker, actor: str) -> list[str]:
    """What is not as the table says, for one actor."""
    wrong = []
    for route in dict.fromkeys(routes()):
        if route not in NOT_PERSONAL or actor == "anonymous":
            wrong += _wrong_of_route(asker, actor, route)
    return wrong


def _wrong_of_route(asker: Asker, actor: str, route: str) -> Iterator[str]:
    rows, states = policies(route), asker.states_of(route)
    for method in METHODS:
        if method not in rows:
            if not THOROUGH and route.startswith(LOOSE) and actor in STAFF and actor != "superuser":
                continue  # slow pages, and the superuser is the last to be refused anything
            answer = asker.ask(actor, method, route, states["own"]) if "own" in states else None
            loosely = {"200", "302", "home"} if route.startswith(LOOSE) else set()
            if answer and (answer.status not in NOT_TAKEN | loosely or answer.writes or _seen(asker, actor, answer)):
                yield f"{method} {route}: {answer.status}, {answer.writes} writes; the row does not take this method"
            continue
        policy = read_policy(rows[method])
        for state, values in states.items():
            if not THOROUGH and route.startswith("admin/") and actor in GROUPS["outsiders"] and state != "own":
                continue  # they are sent away before the address is read
            answer, due = asker.ask(actor, method, route, values), expected(policy, method, actor, state)
            where = f"{method} {route} at {state}"
            if answer.status != due.status:
                yield f"{where}: {answer.status} and not {due.status}"
            if answer.writes and not due.may_write and (method in UNSAFE or route not in TRIED_OUT):
                yield f"{where}: {answer.status}, and {answer.writes} rows written"
            if leaked := _seen(asker, actor, answer) - _revealed(route, method, actor):
                yield f"{where}: shows {sorted(leaked)}"


def _seen(asker: Asker, actor: str, answer) -> set[str]:
    return answer.marks - asker.world.may_see(actor)


def _revealed(route: str, method: str, actor: str) -> set[str]:
    asked = method in UNSAFE and actor in TAKERS
    return {mark for ending, mark in REVEALED.items() if asked and route.endswith(ending)}


@pytest.mark.parametrize("actor", ACTORS)
def test_every_cell_is_as_the_table_says(asker, actor):
    wrong = wrong_cells(asker, actor)
    assert not wrong, "\n".join([f"{len(wrong)} cells of {actor}:", *wrong])


@pytest.mark.parametrize("actor", ACTORS if THOROUGH else ["anonymous", "not enrolled"])
def test_head_and_options_tell_and_change_no_more(asker, actor):
    wrong = []
    for route in dict.fromkeys(routes()):
        if route in NOT_PERSONAL or route.startswith("admin/") and not THOROUGH:
            continue
        rows = policies(route)
        for state, values in asker.states_of(route).items():
            head, options = (asker.ask(actor, method, route, values) for method in ("HEAD", "OPTIONS"))
            due = expected(read_policy(rows["GET"]), "GET", actor, state).status if "GET" in rows else head.status
            also = {"200"} if route == "admin/login/" else set()  # sends on only who is there and comes by GET
            failed = options.status.isdigit() and options.status >= "500"
            if failed or head.status not in {due, "405", "400", "302"} | also:
                wrong.append(f"{route} at {state}: HEAD {head.status} and not {due}, OPTIONS {options.status}")
            wrote = options.writes or (head.writes and route not in TRIED_OUT)
            if wrote or _seen(asker, actor, head) | _seen(asker, actor, options):
                wrong.append(f"{route} at {state}: HEAD or OPTIONS writes or shows")
    assert not wrong, "\n".join(wrong)


def test_every_route_has_a_row_and_every_row_a_route():
    known = set(routes())
    assert {"without a row": known - set(TABLE), "without a route": set(TABLE) - known} == {
        "without a row": set(),
        "without a route": set(),
    }


def test_every_state_that_a_row_names_is_asked_for(asker):
    admin = set().union(
        *(states for name, states in asker.places.items() if name.startswith(("courses/", "accounts/")))
    )
    for route in TABLE:
        known = admin if route.startswith("admin/") else set(asker.states_of(route))
        for method, text in policies(route).items():
            named = set().union(*(clause.states or set() for clause in read_policy(text)))
            assert named <= known, (method, route)


def test_the_session_alone_writes_nothing_without_its_token_against_forgery(asker):
    wrong = []
    for route in dict.fromkeys(routes()):
        states = asker.states_of(route)
        for method in UNSAFE & set(policies(route)):
            answer = asker.ask("learner", method, route, next(iter(states.values())), strict=True)
            if answer.writes or not (answer.status == "login" or answer.status >= "400"):
                wrong.append(f"{method} {route}: {answer.status}, {answer.writes} rows written")
    assert not wrong, "\n".join(wrong)


def test_the_marks_are_there_to_be_found(asker):
    """Else the matrix would prove nothing: each is shown to somebody who may see it, but those of no one."""
    seen = set()
    for actor, route, state in (
        ("learner", "api/v1/me/export", "own"),
        ("other learner", "api/v1/me/export", "own"),
        ("learner", "api/v1/lessons/<id:lesson_id>", "own"),
        ("superuser", "admin/accounts/user/", "own"),
        ("author", "admin/courses/course/", "own"),
        ("author", "admin/courses/lesson/", "own"),
        ("author", "admin/courses/importjob/", "own"),
        ("another author", "admin/courses/importjob/", "own"),
        ("another author", "admin/courses/course/", "own"),
        ("anonymous", "api/v1/certificates/<uuid:uid>", "of learner"),
        ("anonymous", "api/v1/certificates/<uuid:uid>", "of other learner"),
        ("author", "admin/courses/lesson/<int:object_id>/revisions/<int:number>/", "own"),
    ):  # fmt: skip
        answer = asker.ask(actor, "GET", route, asker.states_of(route)[state])
        seen |= answer.marks & asker.world.may_see(actor)
    for lesson in asker.world.lessons.values():
        seen |= asker.ask(
            "editor", "GET", "admin/courses/lesson/<path:object_id>/change/", {"object_id": lesson.pk}
        ).marks
    asked = {beginning for beginning, seers in asker.world.seers().items() if seers}
    assert asked <= {name.partition(":")[0] + ":" for name in seen}
