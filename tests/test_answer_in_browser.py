"""Answering in a real browser: one block changes and the keyboard keeps its place; and all of it without JavaScript."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Lesson
from progress.models import Attempt, SavedWork
from progress.services.enrolling import enroll
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz
from tests.site_processes import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NUMBER = {"kind": "numeric", "answer": {"value": 4, "tolerance": 0}}


@pytest.fixture
def lesson():
    number = {**quiz("number", attempts=3), **NUMBER}
    del number["choices"]
    course = judged_course(body_of(quiz(attempts=2), number, exercise("a.b:c")), slug="lines")
    enroll(user=UserFactory(email="ben@example.org"), course=course)
    return lesson_of(course)


@pytest.fixture
def page(page: Page, lesson: Lesson, come_as: Callable) -> Page:
    """A page of ben, who takes the lesson's course."""
    come_as(page.context, User.objects.get(email="ben@example.org"))
    return page


def _focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id")


def test_a_question_is_answered_with_the_keyboard_and_read_out(page, lesson):
    page.goto(lesson.get_absolute_url())
    said = page.locator("[data-verdicts]")
    block = page.locator("#block-ask")
    block.get_by_label("The steep one").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(block).to_contain_text("Look at the far points.")
    expect(said).to_have_text("Not right · 0 of 1 point · 1 try left")
    assert _focused(page) == "practice:ask:submit"
    block.get_by_label("The flat one").check()
    block.get_by_role("button", name="Try again").click()
    expect(block).to_contain_text("Squares punish far points.")
    expect(said).to_have_text("Right · 1 of 1 point")
    assert _focused(page) == "practice:ask:result"
    expect(page.locator("#block-number")).not_to_contain_text("Right")


def test_an_answer_is_saved_before_it_is_checked_and_is_there_again(page, lesson):
    page.goto(lesson.get_absolute_url())
    page.locator("#block-number input[name=value]").fill("3.5")
    expect(page.locator("#block-number [data-saved]")).to_have_text("Answer saved, not checked yet")
    page.get_by_label("The flat one").check()
    page.goto("/dashboard/")  # before the pause is over
    wait_for(lambda: SavedWork.objects.count() == 2, 10)  # it is sent while the page is left, beside the next one
    page.goto(lesson.get_absolute_url())
    expect(page.locator("#block-number input[name=value]")).to_have_value("3.5")
    expect(page.get_by_label("The flat one")).to_be_checked()
    assert Attempt.objects.count() == 0


def test_a_hint_comes_in_place_and_takes_the_focus(page, lesson):
    page.goto(lesson.get_absolute_url())
    for number in (1, 2):
        page.get_by_role("button", name=f"Show hint {number} of 2").click()
        expect(page.locator("[data-verdicts]")).to_have_text(f"Hint {number} of 2")
    assert page.evaluate("document.activeElement.textContent") == "Hint 2 of 2"


def test_an_answer_that_is_refused_keeps_what_was_typed(page, lesson):
    page.goto(lesson.get_absolute_url())
    block = page.locator("#block-number")
    block.locator("input[name=value]").fill("four or so")
    block.get_by_role("button", name="Check answer").click()
    expect(block.get_by_role("alert").first).to_be_visible()
    expect(block.locator("input[name=value]")).to_have_value("four or so")
    assert Attempt.objects.count() == 0
    page.complaints[:] = [text for text in page.complaints if "422" not in text]  # the browser's note of the refusal


def test_a_session_that_is_over_leads_to_the_log_in_page_and_back(page, lesson):
    page.goto(lesson.get_absolute_url())
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("The flat one").check()
    page.locator("#block-ask").get_by_role("button", name="Check answer").click()
    page.wait_for_url(f"**/accounts/login/?next={quote(lesson.get_absolute_url(), safe='')}")
    page.complaints.clear()  # the autosave was refused as well
    assert Attempt.objects.count() == 0


def test_the_last_pass_opens_the_completion(page, lesson):
    course = judged_course(body_of(quiz("last")), slug="short")
    course.lessons.update(completion_rule="passed")
    enroll(user=User.objects.get(email="ben@example.org"), course=course)
    page.goto(lesson_of(course).get_absolute_url())
    expect(page.get_by_role("button", name="Mark complete")).to_be_disabled()
    expect(page.locator("#completion")).to_contain_text("0 of 1 question")
    page.get_by_label("The flat one").check()
    page.get_by_role("button", name="Check answer").click()
    page.get_by_role("button", name="Mark complete").click()
    expect(page.locator("#completion")).to_contain_text("Completed")


def test_questions_hints_and_code_work_without_javascript(browser: Browser, live_server, lesson, come_as):
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    come_as(context, User.objects.get(email="ben@example.org"))
    page.goto(lesson.get_absolute_url())
    page.get_by_label("The flat one").check()
    page.locator("#block-ask").get_by_role("button", name="Check answer").click()
    expect(page).to_have_url(f"{live_server.url}{lesson.get_absolute_url()}#block-ask")
    expect(page.locator("#block-ask")).to_contain_text("Squares punish far points.")
    page.get_by_role("button", name="Show hint 1 of 2").click()
    expect(page.get_by_text("Two times.")).to_be_visible()
    page.get_by_label("Your code").fill("def double(x):\n    return 2 * x\n")
    page.get_by_role("button", name="Submit").click()
    expect(page).to_have_url(f"{live_server.url}{lesson.get_absolute_url()}#block-a.b:c")
    expect(page.get_by_label("Your code")).to_have_value("def double(x):\n    return 2 * x\n")
    assert Attempt.objects.get(block_uid="a.b:c").answer == "def double(x):\n    return 2 * x\n"
    context.close()
