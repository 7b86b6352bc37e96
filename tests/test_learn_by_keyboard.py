"""A whole lesson with nothing but keys: log in, run code and stop it, answer, hand in, finish, see the certificate.

No click and no focus() here. Each stop of the keyboard must be one that a person sees: outlined, on the screen, covered
by nothing. What comes of an answer must also be said to who cannot look.
"""

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from accounts.tests.factories import PASSWORD, UserFactory
from progress.models import Attempt, Certificate, SavedWork
from progress.services.enrolling import enroll
from progress.tests.practice_course import RIGHT, exercise, practice_course, predictions, single

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sandbox_runtime"),
]

START = 60_000  # ms; Python starts in 2 s on an idle machine
STOP = 2_000  # ms; what the reader is promised
PHONE = {"width": 360, "height": 740}

HAS_FOCUS = "one => one === one.getRootNode().activeElement && !one.shadowRoot?.activeElement"
FOCUS = """() => {
  let one = document.activeElement;
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  return one;
}"""
# What draws the outline may be around the element: an editor's frame, the row of a choice.
IS_SEEN = f"""() => {{
  const one = ({FOCUS})();
  if (!one || one === document.body) return false;
  const parentOf = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const isOutlined = (node) => {{
    const style = getComputedStyle(node);
    return node.matches(":focus-visible, :focus-within") && style.outlineStyle !== "none"
      && parseFloat(style.outlineWidth) >= 2 && !/, 0\\)|\\/ 0\\)|^transparent$/.test(style.outlineColor);
  }};
  let near = one;
  let outlined = false;
  for (let step = 0; near && step < 6; step += 1, near = parentOf(near)) outlined ||= isOutlined(near);
  const box = one.getBoundingClientRect();
  const isHit = (x, y) => {{
    let hit = document.elementFromPoint(x, y);
    while (hit?.shadowRoot?.elementFromPoint(x, y) && hit.shadowRoot.elementFromPoint(x, y) !== hit)
      hit = hit.shadowRoot.elementFromPoint(x, y);
    return hit !== null && (one.contains(hit) || hit.contains(one));
  }};
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
  const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
  const isOnScreen = bottom - top > 4 && right - left > 4;
  return outlined && isOnScreen
    && [0.1, 0.5, 0.9].some((share) => isHit((left + right) / 2, top + share * (bottom - top)));
}}"""
WIDER = """() => {
  const wide = innerWidth + 1;
  const scrolls = (one) => one
    && (/auto|scroll|hidden|clip/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  const outside = [...document.body.querySelectorAll("*")].filter((one) =>
    one.checkVisibility() && one.getBoundingClientRect().right > wide && !scrolls(one.parentElement));
  return { page: document.documentElement.scrollWidth,
           outside: outside.map((one) => `${one.localName}.${one.className} ${one.textContent.trim().slice(0, 40)}`) };
}"""


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """Python takes a core while it starts; the page beside it may be slow on a small machine."""
    expect.set_options(timeout=15_000)
    yield
    expect.set_options(timeout=5_000)


class Keyboard:
    """Somebody's hands on the keys of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Replace what is in the field."""
        self.press("Control+a", "Delete")
        self.page.keyboard.type(text)

    def reach(self, target: Locator, *, key: str = "Tab", at_most: int = 40) -> None:
        """Press `key` until `target` has the focus; at each stop on the way the focus must be seen."""
        stops = []
        for _ in range(at_most + 1):
            if target.evaluate(HAS_FOCUS):
                self.is_seen()
                return
            self.press(key)
            self.is_seen()
            stops.append(self.here())
        raise AssertionError(f"{target} is not reached with {key}, but: {stops}")

    def here(self) -> str:
        return self.page.evaluate(f"() => ({FOCUS})().outerHTML.slice(0, 160)")

    def is_seen(self) -> None:
        """The focus is outlined, and on the screen; a page that still scrolls there has a moment."""
        try:
            self.page.wait_for_function(IS_SEEN, timeout=3_000)
        except PlaywrightTimeout as error:
            raise AssertionError(f"the keyboard is where nobody sees it: {self.here()}") from error


def says(page: Page, words: str) -> None:
    """A live region has these words."""
    expect(page.get_by_role("status").filter(has_text=re.compile(words)).first).to_be_attached()


def block(page: Page, block_id: str) -> Locator:
    return page.locator(f"#block-{block_id}")


def code_cell(block_id: str, source: str) -> dict:
    return {
        "id": block_id, "type": "code", "source": source, "language": "python", "run": "interactive", "outputs": [],
    }  # fmt: skip


@pytest.fixture
def lesson():
    text = {"id": "text", "type": "markdown", "source": "## A step\n\nRead [the catalogue](/courses/), then try."}
    course, lesson = practice_course(
        text,
        code_cell("first", "w = 1\nprint(w)"),
        code_cell("loop", "print('begun')\nwhile True:\n    pass"),
        code_cell("wide", "print('alive', '=' * 300)"),
        exercise("double", starter="def double(x):\n    return x\n"),
        single("ask"),
        code_cell("model", f"guesses = {RIGHT}"),
        predictions("guess"),
        slug="lines",
        title="Lines and what they miss",
    )
    course.lessons.update(completion_rule="passed")
    enroll(user=UserFactory(email="ben@example.org", display_name="Ben Keys"), course=course)
    return lesson


def _log_in_and_open(page: Page, keys: Keyboard) -> None:
    page.goto("/accounts/login/")
    keys.reach(page.locator("input[name=login]"))
    page.keyboard.type("ben@example.org")
    keys.reach(page.locator("input[name=password]"))
    page.keyboard.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/dashboard/")
    keys.reach(page.get_by_role("link", name="Start"))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="A step")).to_be_visible()


def _edit_and_run(page: Page, keys: Keyboard) -> None:
    first = block(page, "first")
    keys.reach(page.get_by_role("link", name="Skip to the content"), at_most=1)
    keys.press("Enter")
    keys.reach(first.get_by_role("group", name="Code of cell 1"))
    keys.press("Enter")
    editor = first.get_by_role("textbox", name="Code of cell 1")
    expect(editor).to_be_focused()
    keys.is_seen()
    keys.write("w = 3\nprint('w is', w)")
    keys.press("Shift+Enter")
    expect(first.locator(".cell-state")).to_contain_text("ran in", timeout=START)
    expect(first.locator(".cell-output")).to_contain_text("w is 3")
    says(page, "Cell 1 ran in")
    keys.press("Tab")
    expect(editor).to_be_focused()  # a Tab in code is code
    keys.press("Control+z", "Escape", "Tab")
    expect(editor).not_to_be_focused()
    keys.is_seen()


def _stop_a_loop(page: Page, keys: Keyboard) -> None:
    loop, wide = block(page, "loop"), block(page, "wide")
    keys.reach(loop.get_by_role("group", name="Code of cell 2"))
    keys.press("Shift+Enter")
    expect(loop.locator(".cell-output")).to_contain_text("begun", timeout=START)
    expect(loop.locator(".cell-state")).to_have_text("running…")
    keys.reach(loop.get_by_role("button", name="Stop"), key="Shift+Tab", at_most=4)
    begun = time.monotonic()
    keys.press("Enter")
    pressed = time.monotonic() - begun
    expect(loop.locator(".cell-state")).to_have_text("stopped", timeout=STOP)
    assert time.monotonic() - begun < pressed + STOP / 1000 + 0.5
    says(page, "Cell 2 stopped")
    keys.reach(loop.locator("[data-run-cell]"), at_most=0)
    keys.reach(wide, key="j", at_most=6)
    keys.press("r")
    expect(wide.locator(".cell-state")).to_contain_text("ran in", timeout=START)
    expect(wide.locator(".cell-output")).to_contain_text("alive")
    says(page, "Cell 3 ran in")


def _pass_the_exercise(page: Page, keys: Keyboard) -> None:
    task = block(page, "double")
    keys.reach(task.get_by_role("group", name="Code of exercise 1"))
    keys.press("Enter")
    expect(task.get_by_role("textbox", name="Code of exercise 1")).to_be_focused()
    keys.press("Shift+Enter")
    expect(task.locator(".check")).to_contain_text("Not yet", timeout=START)
    says(page, "0 of 1 checks pass in your browser")
    keys.write("def double(x):\nreturn 2 * x\n")  # the second line indents itself
    keys.press("Escape")
    keys.reach(task.get_by_role("button", name="Run checks"), at_most=1)
    keys.press("Space")
    says(page, "All checks pass in your browser")
    assert not Attempt.objects.exists()
    submit = task.get_by_role("button", name="Submit")
    keys.reach(submit, at_most=3)
    keys.press("Enter")
    expect(task.locator("[data-feedback] .result-head")).to_contain_text("Passed", timeout=START)
    says(page, "Passed: checked by the server")
    keys.reach(submit, at_most=0)
    assert Attempt.objects.get().verdict == "passed"


def _answer_the_question(page: Page, keys: Keyboard) -> None:
    question = block(page, "ask")
    keys.reach(question.get_by_role("radio").first)
    keys.reach(question.get_by_label("One"), key="ArrowDown", at_most=3)
    keys.press("Space")
    keys.reach(question.get_by_role("button", name="Check answer"), at_most=2)
    keys.press("Enter")
    expect(question).to_contain_text("Too few.")
    says(page, "Not right · 0 of 2 points")
    keys.reach(question.get_by_role("button", name="Try again"), at_most=0)
    keys.reach(question.get_by_label("One"), key="Shift+Tab", at_most=3)
    keys.reach(question.get_by_label("Two"), key="ArrowDown", at_most=3)
    keys.reach(question.get_by_role("button", name="Try again"), at_most=3)
    keys.press("Enter")
    expect(question).to_contain_text("Two it is.")
    says(page, "Right · 2 of 2 points")
    keys.is_seen()


def _predict(page: Page, keys: Keyboard) -> None:
    model, task = block(page, "model"), block(page, "guess")
    keys.reach(model.locator("[data-run-cell]"))
    keys.press("Space")
    expect(model.locator(".cell-state")).to_contain_text("ran in", timeout=START)
    keys.reach(task.get_by_role("textbox", name=re.compile("from the variable")))
    page.keyboard.type("guesses")
    keys.press("Enter")
    says(page, "guesses is in the form")
    keys.reach(task.locator("textarea"), at_most=0)
    keys.reach(task.get_by_role("button", name="Submit predictions"), at_most=4)
    keys.press("Enter")
    expect(task.locator(".result-head")).to_contain_text("Passed")
    says(page, "Passed")
    keys.is_seen()


def _finish(page: Page, keys: Keyboard) -> None:
    keys.reach(page.get_by_role("button", name="Mark complete"))
    keys.press("Enter")
    expect(page.locator("#completion")).to_contain_text("Completed")
    keys.is_seen()


def _fits_a_phone(page: Page) -> None:
    wide = page.viewport_size
    page.set_viewport_size(PHONE)
    found = page.evaluate(WIDER)
    assert found == {"page": PHONE["width"], "outside": []}, page.url
    page.set_viewport_size(wide)


def test_a_focus_that_nobody_sees_is_noticed(page):
    keys = Keyboard(page)
    page.goto("/accounts/login/")
    keys.reach(page.locator("input[name=login]"))
    page.evaluate("""() => {
      const blind = new CSSStyleSheet();
      blind.replaceSync("*, *::before { outline: none !important }");
      document.adoptedStyleSheets = [blind];
    }""")
    with pytest.raises(AssertionError, match="nobody sees it"):
        keys.reach(page.locator("input[name=password]"))


def test_a_lesson_is_learned_with_the_keyboard_alone(page, lesson):
    keys = Keyboard(page)
    _log_in_and_open(page, keys)
    _edit_and_run(page, keys)
    _stop_a_loop(page, keys)
    _pass_the_exercise(page, keys)
    _answer_the_question(page, keys)
    _predict(page, keys)
    _finish(page, keys)
    _fits_a_phone(page)
    assert SavedWork.objects.filter(block_uid="first").count() == 1
    keys.reach(page.get_by_role("link", name="See your certificate"))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Certificate")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Ben Keys")
    assert Certificate.objects.count() == 1
    _fits_a_phone(page)
    keys.reach(page.get_by_role("link", name="Dashboard"))
    keys.press("Enter")
    certificate = page.get_by_role("link", name="Certificate for Lines and what they miss")
    expect(certificate).to_be_visible()
    _fits_a_phone(page)
    keys.reach(page.get_by_role("link", name="Lines and what they miss", exact=True).first)
    keys.press("Enter")
    expect(page.get_by_text("You have finished this course")).to_be_visible()
    expect(page.locator("main")).to_contain_text("17 of 17 points")
    _fits_a_phone(page)
