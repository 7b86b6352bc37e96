"""The main journey, as a new person walks it: sign up, enrol, read, complete, see the percentage."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.tests.clients import log_in, mailed_code
from accounts.tests.factories import PASSWORD, UserFactory
from courses.tests.factories import published_course
from progress.models import Enrolment, LessonCompletion
from progress.services.enrolling import enroll

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def _sign_up(page: Page, email: str) -> None:
    page.goto("/accounts/signup/")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password1]").fill("a long enough 47 phrase")
    page.locator("main button[type=submit]").first.click()
    page.locator("input[name=code]").fill(mailed_code(email))
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/dashboard/")


def _log_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/dashboard/")


def test_sign_up_enrol_read_complete_and_see_the_percentage(page, mailoutbox):
    published_course(lessons=4, modules=2, slug="lines", title="Lines and what they miss")
    _sign_up(page, "dora@example.org")
    page.goto("/courses/")
    page.get_by_role("link", name="Lines and what they miss").first.click()
    page.get_by_role("button", name=re.compile("Enrol")).first.click()
    expect(page.get_by_text("Text of lesson 0")).to_be_visible()
    page.get_by_role("button", name="Mark complete").click()
    expect(page.locator("#completion")).to_contain_text(re.compile("Completed", re.I))
    assert LessonCompletion.objects.count() == 1
    page.goto("/dashboard/")
    expect(page.get_by_text("25 %").first).to_be_visible()
    page.get_by_role("link", name=re.compile("Continue|Lesson")).first.click()
    expect(page.get_by_text("Text of lesson 1")).to_be_visible()


def test_a_completion_can_be_taken_back_in_place(page):
    ben = UserFactory(email="ben@example.org")
    course = published_course(lessons=2)
    enroll(user=ben, course=course)
    _log_in(page, "ben@example.org")
    page.goto(course.lessons.first().get_absolute_url())
    page.get_by_role("button", name="Mark complete").click()
    expect(page.locator("#outline")).to_contain_text("50 %")
    page.locator(
        "#completion button[name=done][value='0'], #completion form:has(input[value='0']) button"
    ).first.click()
    expect(page.get_by_role("button", name="Mark complete")).to_be_visible()
    assert Enrolment.objects.get().completed_lessons == 0


def test_the_journey_works_without_javascript(browser: Browser, live_server, mailoutbox):
    published_course(lessons=2, slug="lines", title="Lines")
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    _sign_up(page, "dora@example.org")
    page.goto("/courses/lines/")
    page.get_by_role("button", name=re.compile("Enrol")).first.click()
    page.get_by_role("button", name="Mark complete").click()
    page.goto("/dashboard/")
    expect(page.get_by_text("50 %").first).to_be_visible()
    context.close()


def test_the_theme_is_kept(page):
    page.goto("/courses/")
    with page.expect_response("**/theme/"):  # which brings the cookie
        page.evaluate("document.querySelector('form[action=\"/theme/\"] [name=theme][value=dark]').click()")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.goto("/")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_log_in_by_form_leads_to_the_dashboard(client, live_server):
    UserFactory(email="ben@example.org")
    assert log_in(client, "ben@example.org").url == "/dashboard/"
