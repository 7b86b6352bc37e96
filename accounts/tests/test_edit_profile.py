"""The profile page."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from accounts.services import people

FORM = {"display_name": "Ben B.", "locale": "pt-br", "time_zone": "America/Sao_Paulo"}


@pytest.fixture
def browser(client: Client, ben: User) -> Client:
    client.force_login(ben)
    return client


def test_profile_is_saved(browser: Client, ben: User) -> None:
    assert browser.post("/accounts/profile/", FORM).headers["Location"] == "/accounts/profile/"
    ben.refresh_from_db()
    assert (ben.display_name, ben.locale, ben.time_zone) == ("Ben B.", "pt-br", "America/Sao_Paulo")
    assert "Ben B." in browser.get("/accounts/profile/").content.decode()


def test_profile_is_for_the_signed_in(client: Client, db: None) -> None:
    assert client.get("/accounts/profile/").headers["Location"] == "/accounts/login/?next=/accounts/profile/"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "two\nlines"),
        ("display_name", "nul\x00"),
        ("display_name", "turned \u202eround"),
        ("display_name", "x" * 81),
        ("locale", "klingon!"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
    ],
)
def test_bad_value_is_shown_beside_its_field(browser: Client, ben: User, field: str, value: str) -> None:
    response = browser.post("/accounts/profile/", {**FORM, field: value})
    assert response.status_code == 400
    assert set(response.context["form"].errors) == {field}
    # The page's header reads the name from the user: a refused one must not appear there.
    assert response.context["user"].display_name == "Ben"
    ben.refresh_from_db()
    assert ben.display_name == "Ben"


def test_privileged_fields_are_inert(browser: Client, ben: User) -> None:
    browser.post("/accounts/profile/", {**FORM, "email": "x@example.org", "is_staff": "on", "is_superuser": "on"})
    ben.refresh_from_db()
    assert (ben.email, ben.is_staff, ben.is_superuser) == ("ben@example.org", False, False)


def test_a_value_that_is_not_offered_any_more_stays_selectable(browser: Client, ben: User) -> None:
    people.update_profile(user=ben, locale="zh-Hant-TW", time_zone="US/Eastern")
    page = browser.get("/accounts/profile/").content.decode()
    assert '<option value="US/Eastern" selected>' in page
    assert '<option value="zh-Hant-TW" selected>' in page


def test_page_links_to_what_else_belongs_to_the_account(browser: Client) -> None:
    page = browser.get("/accounts/profile/").content.decode()
    for address in ["/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/"]:
        assert f'href="{address}"' in page


def test_name_is_escaped(browser: Client, ben: User) -> None:
    people.update_profile(user=ben, display_name="<script>alert(1)</script>")
    assert "<script>alert" not in browser.get("/accounts/profile/").content.decode()


class TestUpdateProfile:
    def test_only_what_is_given_changes(self, ben: User) -> None:
        people.update_profile(user=ben, time_zone="Europe/Vienna")
        ben.refresh_from_db()
        assert (ben.display_name, ben.locale, ben.time_zone) == ("Ben", "en", "Europe/Vienna")

    def test_all_faults_are_named_and_nothing_changes(self, ben: User) -> None:
        with pytest.raises(ValidationError) as refused:
            people.update_profile(user=ben, display_name="fine", locale="e", time_zone="Nowhere")
        assert set(refused.value.message_dict) == {"locale", "time_zone"}
        assert ben.display_name == "Ben"

    @pytest.mark.parametrize("tag", ["en", "de", "pt-BR", "pt-br", "zh-Hant", "zh-Hant-TW", "es-419", "kab"])
    def test_language_tags(self, ben: User, tag: str) -> None:
        assert people.update_profile(user=ben, locale=tag).locale == tag

    @pytest.mark.parametrize("tag", ["", "e", "english", "en_GB", "en-", "en-GB-x", "en\x00", "1n", "en\n"])
    def test_what_is_no_language_tag(self, ben: User, tag: str) -> None:
        if tag == "en\n":
            assert people.update_profile(user=ben, locale=tag).locale == "en"  # space around it is nobody's fault
            return
        with pytest.raises(ValidationError):
            people.update_profile(user=ben, locale=tag)

    def test_saving_the_same_again_writes_nothing(self, ben: User, django_assert_num_queries) -> None:
        with django_assert_num_queries(0):
            people.update_profile(user=ben, display_name="Ben", locale="en", time_zone="UTC")
