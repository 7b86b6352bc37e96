"""People in the admin: superusers manage rights, other staff manage learners and cannot raise anyone."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from accounts import selectors
from accounts.models import User
from accounts.tests.clients import log_in
from accounts.tests.factories import PASSWORD, UserFactory

LIST = "/admin/accounts/user/"


def form(user: User, **changes: object) -> dict[str, object]:
    """The fields of the change form as a browser would send them."""
    values = {
        "email": user.email,
        "display_name": user.display_name,
        "locale": user.locale,
        "time_zone": user.time_zone,
        "is_active": "on",
    }
    return {**values, **changes}


@pytest.fixture
def helper(db: None) -> User:
    """Staff with the admin role, which may look after people; no superuser."""
    user = UserFactory(email="helper@example.org", role="admin")
    user.user_permissions.add(Permission.objects.get(codename="delete_user", content_type__app_label="accounts"))
    return user


@pytest.fixture
def as_helper(client: Client, helper: User) -> Client:
    client.force_login(helper)
    return client


@pytest.fixture
def as_boss(client: Client, boss: User) -> Client:
    client.force_login(boss)
    return client


class TestSuperuser:
    def test_list_shows_roles(self, as_boss: Client, ada: User, ben: User) -> None:
        page = as_boss.get(LIST).content.decode()
        assert "ada@example.org" in page
        assert "author, learner" in page

    @pytest.mark.parametrize(
        "query", ["?q=ada", "?q=Ada", "?groups__id__exact=1", "?is_staff__exact=1&is_active__exact=1"]
    )
    def test_search_and_filters(self, as_boss: Client, ada: User, query: str) -> None:
        assert as_boss.get(LIST + query).status_code == 200

    def test_search_finds(self, as_boss: Client, ada: User, ben: User) -> None:
        found = as_boss.get(f"{LIST}?q=BEN@").context["cl"].result_list
        assert [user.email for user in found] == ["ben@example.org"]

    def test_same_queries_for_many_people(self, as_boss: Client, django_assert_max_num_queries) -> None:
        for _person in range(20):
            UserFactory()
        # session, person, count twice, people, their roles, filter choices
        with django_assert_max_num_queries(8):
            as_boss.get(LIST)

    def test_added_person_is_a_learner_who_can_log_in(self, as_boss: Client) -> None:
        new = {"email": "New@Example.org", "display_name": "New", "usable_password": "true"}
        response = as_boss.post(f"{LIST}add/", {**new, "password1": PASSWORD, "password2": PASSWORD})
        assert response.status_code == 302, response.context["adminform"].form.errors
        user = User.objects.get(email="new@example.org")
        assert selectors.roles_of(user) == ["learner"]
        assert log_in(Client(), "new@example.org").headers["Location"] == "/accounts/confirm-email/"

    def test_address_of_someone_is_refused(self, as_boss: Client, ben: User) -> None:
        EmailAddress.objects.create(user=ben, email="ben.two@example.org", verified=True)
        for address in ["BEN@example.org", "Ben.Two@example.org"]:
            new = {"email": address, "usable_password": "false"}
            response = as_boss.post(f"{LIST}add/", new)
            assert "email" in response.context["adminform"].form.errors

    def test_rights_are_saved(self, as_boss: Client, ben: User) -> None:
        editor = Group.objects.get(name="editor")
        response = as_boss.post(f"{LIST}{ben.pk}/change/", form(ben, is_staff="on", groups=[editor.pk]))
        assert response.status_code == 302, response.context["adminform"].form.errors
        ben.refresh_from_db()
        assert (ben.is_staff, selectors.roles_of(ben)) == (True, ["editor"])

    def test_new_address_replaces_the_old_ones(self, as_boss: Client, ben: User) -> None:
        as_boss.post(f"{LIST}{ben.pk}/change/", form(ben, email="Benjamin@example.org"))
        [address] = EmailAddress.objects.filter(user=ben)
        assert (address.email, address.primary, address.verified) == ("benjamin@example.org", True, False)
        assert log_in(Client(), "ben@example.org").status_code == 200  # refused
        assert log_in(Client(), "benjamin@example.org").headers["Location"] == "/accounts/confirm-email/"

    def test_other_pages_about_people(self, as_boss: Client, ben: User) -> None:
        TOTP.activate(ben, "A" * 32)
        key = Authenticator.objects.get(user=ben)
        log_in(Client(), ben.email)
        for name in ["auth_group", "account_emailaddress", "mfa_authenticator", "usersessions_usersession"]:
            assert as_boss.get(reverse(f"admin:{name}_changelist") + "?q=ben").status_code == 200
        page = as_boss.get(reverse("admin:mfa_authenticator_change", args=[key.pk]))
        assert page.status_code == 200
        assert "A" * 32 not in page.content.decode()


class TestOtherStaff:
    def test_may_edit_a_learner(self, as_helper: Client, ben: User) -> None:
        assert as_helper.post(f"{LIST}{ben.pk}/change/", form(ben, display_name="Benjamin")).status_code == 302
        ben.refresh_from_db()
        assert ben.display_name == "Benjamin"

    def test_cannot_raise_a_learner(self, as_helper: Client, ben: User) -> None:
        admin = Group.objects.get(name="admin")
        rights = {"is_staff": "on", "is_superuser": "on", "groups": [admin.pk], "user_permissions": [1]}
        assert as_helper.post(f"{LIST}{ben.pk}/change/", form(ben, **rights)).status_code == 302
        ben.refresh_from_db()
        assert (ben.is_staff, ben.is_superuser) == (False, False)
        assert selectors.roles_of(ben) == ["learner"]
        assert not ben.user_permissions.exists()

    def test_cannot_add_someone_raised(self, as_helper: Client) -> None:
        new = {"email": "new@example.org", "usable_password": "false", "is_staff": "on", "is_superuser": "on"}
        as_helper.post(f"{LIST}add/", new)
        user = User.objects.get(email="new@example.org")
        assert (user.is_staff, user.is_superuser) == (False, False)

    @pytest.mark.parametrize("who", ["boss", "ada", "helper"])
    def test_cannot_touch_staff(self, as_helper: Client, request: pytest.FixtureRequest, who: str) -> None:
        person = request.getfixturevalue(who)
        changed = form(person, email="taken@example.org", is_superuser="on")
        assert as_helper.post(f"{LIST}{person.pk}/change/", changed).status_code == 403
        password = {"password1": "entirely new 92", "password2": "entirely new 92", "usable_password": "true"}
        assert as_helper.post(f"{LIST}{person.pk}/password/", password).status_code == 403
        assert as_helper.post(f"{LIST}{person.pk}/delete/", {"post": "yes"}).status_code == 403
        person.refresh_from_db()
        assert person.email == f"{who}@example.org"
        assert person.check_password(PASSWORD)

    def test_cannot_delete_staff_in_bulk(self, as_helper: Client, boss: User, ben: User) -> None:
        chosen = {"action": "delete_selected", "_selected_action": [boss.pk, ben.pk], "post": "yes"}
        as_helper.post(LIST, chosen)
        assert User.objects.filter(pk=boss.pk).exists()

    @pytest.mark.parametrize(
        "name", ["auth_group", "account_emailaddress", "mfa_authenticator", "usersessions_usersession"]
    )
    def test_cannot_reach_what_grants_rights(self, as_helper: Client, helper: User, name: str) -> None:
        helper.user_permissions.set(Permission.objects.all())
        assert as_helper.get(reverse(f"admin:{name}_changelist")).status_code == 403


def test_author_does_not_see_people(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get(LIST).status_code == 403
