"""Limits hold to the number, however many ask at the same moment, and are counted before a password is looked at."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection, connections, transaction
from django.test import Client
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.hashers import Argon2Hasher
from accounts.models import RateCount, User
from accounts.services import limits
from accounts.tests.clients import MobileClient, totp_code
from accounts.tests.factories import UserFactory
from accounts.throttling import limited

THREADS = 40


def passes(number: int, **limit: int) -> int:
    """How many of so many uses one after the other are let through."""
    return sum(is_let_through(**limit) for _ in range(number))


def is_let_through(who: str = "ben", scope: str = "x", **limit: int) -> bool:
    try:
        limits.count(scope, who, **limit)
    except limits.LimitReached:
        return False
    return True


def together(work: Callable[[], object], threads: int = THREADS) -> list[object]:
    """What `work` returns in each of so many threads that begin at the same moment."""
    start, results = threading.Barrier(threads, timeout=30), []

    def run() -> None:
        try:
            connection.ensure_connection()
            start.wait()
            results.append(work())
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert len(results) == threads
    return results


def test_the_limit_passes_and_no_more(db: None) -> None:
    assert passes(8, limit=5, seconds=60) == 5


def test_people_scopes_and_limits_are_counted_apart(db: None) -> None:
    assert passes(2, limit=1, seconds=60) == 1
    assert is_let_through(who="cy", limit=1, seconds=60)
    assert is_let_through(scope="y", limit=1, seconds=60)
    assert is_let_through(limit=2, seconds=60)


def test_the_wait_is_until_the_first_of_them_is_over(db: None) -> None:
    passes(3, limit=3, seconds=60)
    with pytest.raises(limits.LimitReached) as reached:
        limits.count("x", "ben", limit=3, seconds=60)
    assert 58 <= reached.value.wait <= 60
    shift(timedelta(seconds=50))
    with pytest.raises(limits.LimitReached) as reached:
        limits.count("x", "ben", limit=3, seconds=60)
    assert 8 <= reached.value.wait <= 10


def test_no_span_of_the_period_has_more_than_the_limit(db: None) -> None:
    """Not twice the limit around the turn of a minute, as with counters that begin anew."""
    assert passes(2, limit=4, seconds=60) == 2
    shift(timedelta(seconds=40))
    assert passes(5, limit=4, seconds=60) == 2
    shift(timedelta(seconds=30))  # the first two are over, the second two are 30 s old
    assert passes(5, limit=4, seconds=60) == 2


def test_what_is_refused_does_not_count(db: None) -> None:
    passes(50, limit=2, seconds=60)
    shift(timedelta(seconds=61))
    assert passes(5, limit=2, seconds=60) == 2


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_that_cannot_be_kept_is_a_fault_of_the_caller(db: None, limit: int) -> None:
    with pytest.raises(ValueError, match="limit is from"):
        limits.count("x", "ben", limit=limit, seconds=1)


def test_counters_of_no_more_use_go(db: None) -> None:
    for number in range(5):
        is_let_through(who=str(number), limit=1, seconds=60)
    shift(timedelta(seconds=90))
    is_let_through(who="new", limit=1, seconds=60)
    assert RateCount.objects.count() == 1


def test_no_address_is_stored_in_clear(db: None) -> None:
    is_let_through(who="address 192.0.2.7", limit=1, seconds=60)
    assert "192.0.2.7" not in str(RateCount.objects.values().get())


@pytest.mark.django_db(transaction=True)
def test_forty_threads_pass_exactly_the_limit() -> None:
    for round_ in range(3):
        who = f"round {round_}"
        let_through = together(lambda who=who: sum(is_let_through(who=who, limit=25, seconds=60) for _ in range(5)))
        assert sum(let_through) == 25


@pytest.mark.django_db(transaction=True)
def test_a_count_waits_for_no_other_person() -> None:
    """A row is locked for the time of one statement: someone who holds it up holds up nobody else."""
    is_let_through(limit=5, seconds=60)
    with transaction.atomic():
        RateCount.objects.select_for_update().get()
        begun = time.monotonic()
        [passed] = together(lambda: is_let_through(who="cy", limit=5, seconds=60), threads=1)
    assert passed
    assert time.monotonic() - begun < 5


class Thing(APIView):
    permission_classes = [AllowAny]
    throttle_classes = [limited(limits.Limit("thing", 2, 60), "GET")]

    def get(self, request: object) -> Response:
        return Response({})


def test_a_view_answers_429_with_the_wait(ben: User) -> None:
    ask = APIRequestFactory().get("/")
    assert [Thing.as_view()(ask).status_code for _ in range(2)] == [200, 200]
    response = Thing.as_view()(ask)
    assert response.status_code == 429
    assert response.data["type"] == "urn:ml-practicum:problem:too-many-requests"
    assert 58 <= int(response.headers["Retry-After"]) <= 60


def test_a_view_counts_people_and_addresses_apart(ben: User, cy: User) -> None:
    from rest_framework.test import force_authenticate

    def ask(user: User | None = None, address: str = "192.0.2.1") -> int:
        request = APIRequestFactory().get("/", REMOTE_ADDR=address)
        if user:
            force_authenticate(request, user)
        return Thing.as_view()(request).status_code

    assert [ask(ben) for _ in range(3)] == [200, 200, 429]
    assert ask(cy) == 200
    assert [ask() for _ in range(3)] == [200, 200, 429]
    assert ask(address="192.0.2.2") == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/accounts/login/"])
def test_forty_guesses_at_once_hash_no_more_than_five(path: str) -> None:
    """allauth's own limit for one address: 5 in five minutes. What is over it costs no hash."""
    address = UserFactory().email
    hashed: list[str] = []
    verify = Argon2Hasher.verify

    def counted(self: Argon2Hasher, password: str, encoded: str) -> bool:
        hashed.append(password)
        return verify(self, password, encoded)

    def guess() -> int:
        data = {"email": address, "login": address, "password": "a wrong 47 guess"}
        options = {"content_type": "application/json"} if path.startswith("/api") else {}
        return Client().post(path, data, **options).status_code

    with patch.object(Argon2Hasher, "verify", counted):
        statuses = together(guess)

    assert set(statuses) <= {200, 400, 429}
    assert 1 <= len(hashed) <= 5


def email(number: int) -> str:
    return f"someone-{number}@example.org"


GUESS, NEXT = "a wrong 47 guess", "a long enough 48 phrase"
# What looks at a password or makes a hash, and how often it may be asked of before allauth says no.
COSTLY = [
    ("api/v1/auth/login", 10, lambda number: {"email": email(number), "password": GUESS}),
    ("api/v1/auth/signup", 20, lambda number: {"email": email(number), "password": GUESS}),
    ("api/v1/auth/reauthenticate", 10, lambda number: {"password": GUESS}),
    ("api/v1/account/password/change", 5, lambda number: {"current_password": GUESS, "new_password": NEXT}),
    ("api/v1/auth/password/reset", 20, lambda number: {"key": "BCDF-GHJK", "password": NEXT}),
    ("accounts/login/", 10, lambda number: {"login": email(number), "password": GUESS}),
    ("accounts/signup/", 20, lambda number: {"email": email(number), "password1": GUESS}),
    ("accounts/reauthenticate/", 10, lambda number: {"password": GUESS}),
    ("accounts/password/change/", 5, lambda number: {"oldpassword": GUESS, "password1": NEXT, "password2": NEXT}),
]
OF_PEOPLE = ("reauthenticate", "change")


@pytest.mark.parametrize(("path", "number", "data"), COSTLY, ids=[path for path, _, _ in COSTLY])
def test_what_is_over_the_limit_costs_no_hash(
    client: Client, ben: User, hashes: list[str], path: str, number: int, data: Callable[[int], dict[str, str]]
) -> None:
    def ask(turn: int) -> int:
        # A browser each, so that a sign-up that waits for its code does not stand in the way of the next.
        asking = client if needs_login else Client()
        options = {"content_type": "application/json"} if path.startswith("api") else {}
        return asking.post(f"/{path}", data(turn), **options).status_code

    needs_login = any(word in path for word in OF_PEOPLE)
    if needs_login:
        client.force_login(ben)
        mobile = MobileClient()
        mobile.log_in(ben.email)
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {mobile.access_token}"
    hashes.clear()
    assert 429 not in [ask(turn) for turn in range(number)]
    assert len(hashes) <= number
    assert hashes or path.endswith("reset")
    hashes.clear()
    refused = [ask(number + turn) for turn in range(3)]
    assert hashes == []
    assert set(refused) <= ({429} if "login" not in path else {200, 400, 429})


def test_codes_of_a_second_factor_are_counted_too(ben: User, mobile: MobileClient) -> None:
    """Five wrong ones; a sixth is refused though it is right."""
    secret = generate_totp_secret()
    TOTP.activate(ben, secret)
    assert mobile.log_in(ben.email).status_code == 401
    for _ in range(5):
        assert mobile.post("auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    refused = mobile.post("auth/2fa/authenticate", {"code": totp_code(secret)})
    assert [error["code"] for error in refused.json()["errors"]] == ["too_many_login_attempts"]
    assert mobile.access_token == ""


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with each password that is hashed."""
    made: list[str] = []
    for name in ("verify", "encode"):
        monkeypatch.setattr(Argon2Hasher, name, noted(getattr(Argon2Hasher, name), made))
    return made


def noted(method: Callable[..., object], made: list[str]) -> Callable[..., object]:
    def noting(self: Argon2Hasher, *args: object, **kwargs: object) -> object:
        made.append(method.__name__)
        return method(self, *args, **kwargs)

    return noting


def shift(by: timedelta) -> None:
    """Let time pass for what was counted."""
    for row in RateCount.objects.all():
        row.hits = [hit - by for hit in row.hits]
        row.expires_at -= by
        row.save()
