"""How passwords are stored: Argon2id with the parameters of accounts.hashers, older hashes upgraded at login."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.test import Client

from accounts.models import User
from accounts.tests.clients import log_in
from accounts.tests.factories import PASSWORD


def test_new_hashes_are_argon2id_with_19_mib_two_passes_one_lane() -> None:
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_older_hash_is_replaced_at_login(client: Client, ben: User) -> None:
    User.objects.filter(pk=ben.pk).update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 6))
    log_in(client, ben.email)
    ben.refresh_from_db()
    assert ben.password.startswith("argon2$argon2id$")
    assert ben.check_password(PASSWORD)
