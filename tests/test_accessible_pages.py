"""Every page, from 320 px to wide, light and dark: no WCAG 2.2 AA fault that axe can see, nothing that overflows."""

from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from courses.services.importing import import_course
from progress.models import Certificate
from progress.services.attempting import submit_answer
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll, show_on_leaderboards
from progress.services.revealing import reveal_hint, reveal_solution
from progress.tests.judged import (
    RIGHT_PREDICTIONS,
    body_of,
    exercise,
    judged_course,
    lesson_of,
    predictions,
    quiz,
    settle,
    store_labels,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LESSON = "/courses/first-principles/gradient-descent-by-hand/"
VISITOR = [
    "/",
    "/courses/",
    "/courses/first-principles/",
    "/accounts/login/",
    "/accounts/signup/",
    "/search/?q=line",
    "/nowhere/",
]
LEARNER = [
    "/dashboard/",
    "/courses/first-principles/",
    LESSON,
    "/accounts/profile/",
    "/accounts/2fa/",
    "/accounts/email/",
    "/courses/judged/every-state/",
    "/courses/judged/",
    "/courses/judged/every-state/blocks/predict/leaderboard/",
    "/certificates/nowhere/",
]


@pytest.fixture
def site(live_server, settings, tmp_path):
    """The example course, taken by ben, who has begun."""
    settings.MEDIA_ROOT = tmp_path
    course = import_course(path=ROOT / "examples" / "first-principles", publish=True).course
    ben = UserFactory(email="ben@example.org", display_name="Ben")
    enroll(user=ben, course=course)
    complete_lesson(user=ben, lesson=course.lessons.order_by("position").first())
    _answer_a_lesson(ben)
    return live_server.url


def _answer_a_lesson(ben: User) -> None:
    """A lesson with a block in each state, and a certificate."""
    store_labels()
    asked = [quiz(name, attempts=2) for name in ("open", "wrong", "right")]
    course = judged_course(
        body_of(*asked, quiz("draft", graded=False), exercise(), exercise("shown"), predictions()), slug="judged"
    )
    course.lessons.update(slug="every-state", completion_rule="passed")
    lesson, enrolment = lesson_of(course), enroll(user=ben, course=course)
    show_on_leaderboards(user=ben, course=course, shown=True)
    for block_id, answer in (("wrong", "a"), ("right", "b"), ("predict", RIGHT_PREDICTIONS), ("shown", "x = 1")):
        given = {"uid": uuid4(), "answer": answer, "prefer_wait": False}
        submit_answer(user=ben, lesson=lesson, block_id=block_id, **given)
    settle(enrolment, lesson, "code")
    reveal_hint(user=ben, lesson=lesson, block_id="code")
    reveal_solution(user=ben, lesson=lesson, block_id="shown")
    finished = judged_course(body_of(quiz()), slug="finished")
    settle(enroll(user=ben, course=finished), lesson_of(finished), "ask")
    complete_lesson(user=ben, lesson=lesson_of(finished))


def _faults(page: Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags}).then(result => result.violations)", TAGS)
    return [f"{fault['id']}: {node['target']} {node['failureSummary']}" for fault in found for node in fault["nodes"]]


def _check(page: Page, path: str) -> list[str]:
    page.goto(path)
    width = page.evaluate("document.documentElement.scrollWidth")
    overflow = [f"{path}: {width} px wide in {page.viewport_size}"] if width > page.viewport_size["width"] else []
    return overflow + [f"{path}: {fault}" for fault in _faults(page)]


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_pages_have_no_fault_and_do_not_overflow(browser: Browser, site: str, width: int, scheme: str):
    context = browser.new_context(
        base_url=site,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        bypass_csp=True,  # for axe alone: it is not a script of the page
    )
    page = context.new_page()
    faults = [fault for path in VISITOR for fault in _check(page, path)]
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill("ben@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/dashboard/")
    certificate = f"/certificates/{Certificate.objects.get().uid}/"
    faults += [fault for path in [*LEARNER, certificate] for fault in _check(page, path)]
    context.close()
    assert not faults, "\n".join(faults)


def test_the_keyboard_alone_leads_from_the_catalogue_into_a_lesson(page: Page, site: str):
    page.goto("/courses/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()").startswith("Skip")
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        if "first-principles" in (page.evaluate("document.activeElement.href || ''")):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/courses/first-principles/")
    assert page.get_by_role("heading", level=1).count() == 1
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.href || ''").endswith("/why-lines/"):
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "2px"
    page.keyboard.press("Enter")
    page.wait_for_url("**/why-lines/")
