"""A token whose signature was found good is not checked again, and is refused for every other reason all the same."""

import time
from typing import Any

import jwt
import pytest
from django.conf import settings

from accounts import tokens
from accounts.models import User
from accounts.tests.clients import MobileClient


@pytest.fixture
def known(mobile: MobileClient, ben: User) -> MobileClient:
    """ben's phone, whose token is remembered, and no other one."""
    mobile.log_in(ben.email)
    tokens._signed.cache_clear()
    assert mobile.get("me").status_code == 200
    return mobile


def changed(token: str, *, key: str = "", **values: Any) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**claims, **values}, key or settings.SECRET_KEY, algorithm="HS256")


def test_a_token_that_comes_again_is_not_checked_again(known: MobileClient) -> None:
    before = tokens._signed.cache_info()
    assert known.get("me").status_code == 200
    after = tokens._signed.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


def test_it_is_refused_when_its_time_is_over(known: MobileClient) -> None:
    ends = int(time.time()) + 2
    token = changed(known.access_token, exp=ends)
    assert known.get("me", token=token).status_code == 200
    time.sleep(max(0.0, ends - time.time()))
    assert known.get("me", token=token).status_code == 401


def test_it_is_refused_once_the_key_is_another(known: MobileClient, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 60, [settings.SECRET_KEY]
    assert known.get("me").status_code == 401


def test_only_what_is_signed_is_remembered(known: MobileClient) -> None:
    for number in range(5):
        forged = changed(known.access_token, key="x" * 64, jti=str(number))
        assert known.get("me", token=forged).status_code == 401
    assert tokens._signed.cache_info().currsize == 1
