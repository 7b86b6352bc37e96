"""Accounts for trying things out, roles, and what `migrate` leaves behind."""

from unittest.mock import patch

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts import roles, selectors
from accounts.models import User
from accounts.services import demo, people
from accounts.tests.clients import log_in, mailed_code
from accounts.tests.factories import PASSWORD


def test_demo_accounts_can_log_in(client: Client, db: None) -> None:
    made = demo.create_demo_accounts()
    assert [(account.role, account.email) for account in made] == [
        ("admin", "admin@example.org"),
        ("author", "ada@example.org"),
        ("learner", "ben@example.org"),
    ]
    for account in made:
        assert log_in(Client(), account.email, account.password).headers["Location"] == "/dashboard/"
    rights = {user.email: (user.is_staff, user.is_superuser) for user in User.objects.all()}
    assert rights == {
        "admin@example.org": (True, True),
        "ada@example.org": (True, False),
        "ben@example.org": (False, False),
    }


def test_second_call_makes_nothing(db: None) -> None:
    demo.create_demo_accounts()
    passwords = list(User.objects.order_by("pk").values_list("password", flat=True))
    assert demo.create_demo_accounts() == []
    assert list(User.objects.order_by("pk").values_list("password", flat=True)) == passwords


def test_only_the_missing_ones_are_made(ben: User) -> None:
    assert [account.email for account in demo.create_demo_accounts()] == ["admin@example.org", "ada@example.org"]


def test_passwords_differ(db: None) -> None:
    passwords = {account.password for account in demo.create_demo_accounts()}
    assert len(passwords) == 3
    assert all(len(password) >= 20 for password in passwords)


def test_production_has_no_demo_accounts(db: None, settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured):
        demo.create_demo_accounts()
    assert not User.objects.exists()


def test_migrations_made_the_roles(db: None) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(roles.ROLES)
    admin = Group.objects.get(name=roles.ADMIN)
    may = set(admin.permissions.values_list("codename", flat=True))
    assert {"view_user", "add_user", "change_user"} <= may
    assert "delete_user" not in may


def test_missing_roles_are_made_again(db: None) -> None:
    Group.objects.all().delete()
    roles.ensure_roles()
    roles.ensure_roles()
    assert Group.objects.count() == len(roles.ROLES)


def test_migrations_made_the_cache_table(db: None) -> None:
    assert "cache_table" in connection.introspection.table_names()


def test_role_of_staff_opens_the_admin(ben: User) -> None:
    people.grant_role(user=ben, role=roles.EDITOR)
    ben.refresh_from_db()
    assert ben.is_staff
    assert set(selectors.roles_of(ben)) == {roles.LEARNER, roles.EDITOR}


def test_unknown_role_is_refused(ben: User) -> None:
    with pytest.raises(ValueError, match="not a role"):
        people.grant_role(user=ben, role="king")


def test_createsuperuser_makes_an_account_that_verifies_its_address(client: Client, db: None) -> None:
    with patch.dict("os.environ", {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}):
        call_command("createsuperuser", email="Root@Example.org", interactive=False, verbosity=0)
    assert User.objects.get(email="root@example.org").is_superuser
    assert log_in(client, "root@example.org", PASSWORD).headers["Location"] == "/accounts/confirm-email/"
    client.post("/accounts/confirm-email/", {"code": mailed_code("root@example.org")})
    assert client.get("/admin/").status_code == 200
