"""Secrets of second factors are sealed in the database, and outlive a change of SECRET_KEY."""

import importlib

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import User
from accounts.services.sealing import seal, unseal
from accounts.tests.clients import totp_code

migration = importlib.import_module("accounts.migrations.0005_seal_second_factors")


@pytest.fixture
def secret(ben: User) -> str:
    secret = generate_totp_secret()
    TOTP.activate(ben, secret)
    RecoveryCodes.activate(ben)
    return secret


def stored(user: User) -> dict[str, str]:
    totp, codes = (Authenticator.objects.get(user=user, type=kind).data for kind in ("totp", "recovery_codes"))
    return {"totp": totp["secret"], "codes": codes["seed"]}


def totp_of(user: User) -> TOTP:
    return TOTP(Authenticator.objects.get(user=user, type="totp"))


def codes_of(user: User) -> list[str]:
    return RecoveryCodes(Authenticator.objects.get(user=user, type="recovery_codes")).get_unused_codes()


def test_the_secret_is_not_in_the_database(ben: User, secret: str) -> None:
    assert secret not in str(Authenticator.objects.values_list("data", flat=True))
    assert all(text.startswith("sealed:") for text in stored(ben).values())
    assert totp_of(ben).validate_code(totp_code(secret))


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    assert seal("JBSWY3DP") != seal("JBSWY3DP")
    assert unseal(seal("JBSWY3DP")) == "JBSWY3DP"


def test_a_changed_seal_does_not_open() -> None:
    sealed = seal("JBSWY3DP")
    middle = len(sealed) // 2
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FALLBACKS"):
        unseal(sealed[:middle] + ("A" if sealed[middle] != "A" else "B") + sealed[middle + 1 :])


def test_a_new_key_opens_with_the_old_one_as_fallback(ben: User, secret: str, settings: Settings) -> None:
    codes, old = codes_of(ben), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 60, [old]
    assert totp_of(ben).validate_code(totp_code(secret))

    call_command("reseal_second_factors")

    settings.SECRET_KEY_FALLBACKS = []
    assert totp_of(ben).validate_code(totp_code(secret, step=1))
    assert codes_of(ben) == codes


def test_without_the_old_key_it_says_what_is_missing(ben: User, secret: str, settings: Settings) -> None:
    settings.SECRET_KEY = "n" * 60
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FALLBACKS"):
        totp_of(ben).validate_code("123456")


def test_resealing_keeps_used_codes_used(ben: User, secret: str) -> None:
    row = RecoveryCodes(Authenticator.objects.get(user=ben, type="recovery_codes"))
    used = row.get_unused_codes()[0]
    assert row.validate_code(used)
    call_command("reseal_second_factors")
    assert used not in codes_of(ben)


def test_the_migration_seals_what_was_stored_in_clear(ben: User, secret: str) -> None:
    codes = codes_of(ben)
    migration.unseal_all(apps, None)
    assert stored(ben)["totp"] == secret
    assert totp_of(ben).validate_code(totp_code(secret, step=-1))  # both are understood

    migration.seal_all(apps, None)
    migration.seal_all(apps, None)  # a second run seals nothing twice

    assert all(text.startswith("sealed:") for text in stored(ben).values())
    assert totp_of(ben).validate_code(totp_code(secret))
    assert codes_of(ben) == codes
