"""Code cells and exercises in a real Chromium, with the real Python: run, stop, edit, save, lose the network, hand in.

What the worker may reach is tested elsewhere; here it is what the page does with what comes out of it.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Lesson
from progress.models import Attempt, SavedWork
from progress.services.enrolling import enroll
from progress.services.saving import save_work
from progress.tests.practice_course import RIGHT, exercise, practice_course, predictions

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

START = 60_000  # ms; Python starts in 2 s on an idle machine
STOP = 2_000  # ms; what the reader is promised

HOSTILE = """
class Hostile:
    def _repr_html_(self):
        return '''
            <img src="/static/none.png" onerror="window.pwned = 1"><svg onload="window.pwned = 2"><a id="s"></a></svg>
            <script>window.pwned = 3</script><iframe src="javascript:parent.pwned = 4"></iframe>
            <a href="javascript:window.pwned = 5" id="main" name="forms">click me</a>
            <form action="/accounts/logout/" method="post"><button data-run-cell class="button">Log out</button></form>
            <img src="https://elsewhere.invalid/pixel.png"><video src="https://elsewhere.invalid/film" autoplay></video>
            <div hx-get="/accounts/logout/" hx-trigger="load" data-hx-get="/accounts/logout/"
                 style="position: fixed; inset: 0">cover</div>
            <math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned=6&gt;">
            </mglyph></table></mtext></math>
            <style>body { display: none }</style>
            <table class="dataframe button" onclick="window.pwned = 7"><tr><th>w</th></tr><tr><td>0.25</td></tr></table>
        '''
Hostile()
"""


def cell(block_id: str, source: str, printed: str = "") -> dict[str, Any]:
    outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
    return {
        "id": block_id, "type": "code", "source": source, "language": "python", "run": "interactive",
        "outputs": outputs,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _patience() -> Iterator[None]:
    """Python takes a core while it starts; the page beside it may be slow on a small machine."""
    expect.set_options(timeout=15_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def ben() -> User:
    return UserFactory(email="ben@example.org", display_name="Ben")


@pytest.fixture
def open_lesson(page: Page, come_as: Any, ben: User) -> Any:
    """Opens a lesson of the given blocks as ben, who is enrolled."""

    def open_it(*blocks: dict[str, Any], enrolled: bool = True) -> Lesson:
        course, lesson = practice_course(*blocks, slug="lines")
        if enrolled:
            enroll(user=ben, course=course)
        else:
            Lesson.objects.update(is_preview=True)
        come_as(page.context, ben)
        page.goto(lesson.get_absolute_url())
        return lesson

    return open_it


def block(page: Page, block_id: str) -> Locator:
    return page.locator(f"#block-{block_id}")


def run(page: Page, block_id: str) -> None:
    """Run a cell and wait until it has ended."""
    block(page, block_id).locator("[data-run-cell]").click()
    expect(block(page, block_id).locator(".cell-state")).to_have_text(
        re.compile(r"ran in|ended with|did not"), timeout=START
    )


def output(page: Page, block_id: str) -> Locator:
    return block(page, block_id).locator(".cell-output")


def source(page: Page, block_id: str) -> str:
    return (block(page, block_id).locator("pre.cell-source").text_content() or "").removesuffix("\n")


def write(page: Page, block_id: str, text: str) -> None:
    """Replace a cell's code by hand."""
    block(page, block_id).locator("pre.cell-source, .code-editor").first.click()
    expect(block(page, block_id).locator(".code-editor")).to_be_visible()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def is_saved(page: Page, block_id: str) -> None:
    """Wait until the page says so; "not saved" is something else."""
    expect(block(page, block_id).locator(".cell-state")).to_have_text(re.compile(r"(^|· )saved "))


def only_offline(page: Page) -> None:
    """The browser logs each request that found no network; nothing else may have been logged."""
    complaints = page.complaints  # type: ignore[attr-defined]
    assert [words for words in complaints if "ERR_INTERNET_DISCONNECTED" not in words] == []
    complaints.clear()


def test_reading_alone_asks_for_neither_editor_nor_python(page: Page, open_lesson: Any):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_lesson(*[cell(f"c{number}", f"print({number})") for number in range(100)])
    expect(page.locator("[data-run-cell]")).to_have_count(100)
    heavy = ("vendor/editor.js", "vendor/purify", "/runtime/", "practice/outputs.js")
    assert [url for url in asked if any(part in url for part in heavy)] == []


def test_cells_share_one_namespace_and_replace_what_they_printed(page: Page, open_lesson: Any):
    open_lesson(
        cell("one", "w = 0.25\nprint('first', w)", "as the author had it\n"),
        cell("two", "w * 4"),
        cell("three", "1 / 0"),
    )
    expect(output(page, "one")).to_contain_text("as the author had it")
    run(page, "one")
    expect(output(page, "one")).to_have_text(re.compile(r"^\s*first 0\.25\s*$"))
    run(page, "two")
    expect(output(page, "two")).to_have_text(re.compile(r"^\s*1\.0\s*$"))
    run(page, "three")
    expect(output(page, "three").locator(".output-error")).to_contain_text("ZeroDivisionError")


def test_run_all_above_brings_what_a_cell_needs(page: Page, open_lesson: Any):
    open_lesson(cell("one", "w = 1"), cell("two", "w += 1"), cell("three", "print(w)"))
    run(page, "three")
    expect(output(page, "three")).to_contain_text("NameError")
    expect(block(page, "three").locator(".cell-notice")).to_contain_text("Run all above")
    block(page, "three").get_by_role("button", name="Run all above").click()
    expect(block(page, "two").locator(".cell-state")).to_contain_text("ran in")
    run(page, "three")
    expect(output(page, "three")).to_have_text(re.compile(r"^\s*2\s*$"))


def test_an_endless_loop_is_stopped_and_python_goes_on(page: Page, open_lesson: Any):
    open_lesson(cell("loop", "print('begun')\nwhile True:\n    pass"), cell("after", "print('alive')"))
    loop = block(page, "loop")
    loop.locator("[data-run-cell]").click()
    expect(loop.locator(".cell-state")).to_have_text("running…", timeout=START)
    expect(output(page, "loop")).to_contain_text("begun")
    loop.get_by_role("button", name="Stop").click()
    expect(loop.locator(".cell-state")).to_have_text("stopped", timeout=STOP)
    expect(loop.locator(".cell-notice")).to_contain_text("variables are gone")
    expect(loop.locator("[data-run-cell]")).to_be_focused()
    run(page, "after")
    expect(output(page, "after")).to_contain_text("alive")


def test_code_is_saved_and_there_after_a_reload(page: Page, open_lesson: Any, ben: User):
    lesson = open_lesson(cell("one", "w = 1"))
    write(page, "one", "w = 2  # mine")
    is_saved(page, "one")
    assert SavedWork.objects.get().content == {"source": "w = 2  # mine"}
    page.goto(lesson.get_absolute_url())
    assert source(page, "one") == "w = 2  # mine"
    is_saved(page, "one")
    assert page.evaluate("Object.keys(localStorage).filter(key => key.includes(':code'))") == []


def test_reset_brings_the_authors_code_and_can_be_undone(page: Page, open_lesson: Any):
    open_lesson(cell("one", "w = 1"))
    reset = block(page, "one").get_by_role("button", name="Reset", exact=True)
    expect(reset).to_be_hidden()
    write(page, "one", "w = 2")
    is_saved(page, "one")
    reset.click()
    expect(block(page, "one").locator("pre.cell-source")).to_have_text(re.compile(r"^w = 1\s*$"))
    undo = block(page, "one").get_by_role("button", name="Undo reset")
    expect(undo).to_be_focused()
    expect(block(page, "one").locator(".cell-state")).to_have_text(re.compile("Esc|^$"))
    assert not SavedWork.objects.exists()
    undo.click()
    is_saved(page, "one")
    assert SavedWork.objects.get().content == {"source": "w = 2"}


def test_code_written_offline_is_kept_and_sent_later(page: Page, open_lesson: Any):
    open_lesson(cell("one", "w = 1"))
    write(page, "one", "w = 2")
    is_saved(page, "one")
    page.context.set_offline(True)
    write(page, "one", "w = 3")
    expect(block(page, "one").locator(".cell-notice")).to_contain_text("offline, kept on this device")
    assert SavedWork.objects.get().content == {"source": "w = 2"}
    page.context.set_offline(False)
    is_saved(page, "one")
    expect(block(page, "one").locator(".cell-notice")).to_be_hidden()
    assert SavedWork.objects.get().content == {"source": "w = 3"}
    only_offline(page)


def keep_on_device(page: Page, user: User, lesson: Lesson, text: str, *, version: int, at: int) -> None:
    key = f"practice:{user.pk}:{lesson.pk}:one:code"
    page.evaluate(
        "([key, entry]) => localStorage.setItem(key, JSON.stringify(entry))",
        [key, {"source": text, "at": at, "version": version}],
    )


def test_what_only_this_device_had_is_shown_and_sent_at_the_next_visit(page: Page, open_lesson: Any, ben: User):
    lesson = open_lesson(cell("one", "w = 1"))
    save_work(user=ben, lesson=lesson, block_id="one", content={"source": "w = 2"})
    keep_on_device(page, ben, lesson, "w = 3", version=1, at=0)  # a clock that is wrong does not matter
    page.goto(lesson.get_absolute_url())
    expect(block(page, "one").locator(".cell-notice")).to_contain_text("on this device")
    is_saved(page, "one")
    assert SavedWork.objects.get().content == {"source": "w = 3"}


def test_an_older_copy_on_this_device_gives_way_to_the_servers(page: Page, open_lesson: Any, ben: User):
    lesson = open_lesson(cell("one", "w = 1"))
    keep_on_device(page, ben, lesson, "w = 0", version=0, at=0)
    save_work(user=ben, lesson=lesson, block_id="one", content={"source": "w = 2"})
    page.goto(lesson.get_absolute_url())
    assert source(page, "one") == "w = 2"
    expect(block(page, "one").locator(".cell-notice")).to_contain_text("another device")
    assert SavedWork.objects.get().content == {"source": "w = 2"}


def test_two_people_on_one_device_do_not_get_each_others_code(page: Page, open_lesson: Any, ben: User, come_as: Any):
    lesson = open_lesson(cell("one", "w = 1"))
    keep_on_device(page, ben, lesson, "w = 'private to ben'", version=0, at=0)
    cy = UserFactory(email="cy@example.org")
    enroll(user=cy, course=lesson.course)
    come_as(page.context, cy)
    page.goto(lesson.get_absolute_url())
    expect(page.locator("[data-run-cell]")).to_be_visible()
    assert "private" not in page.content()
    assert not SavedWork.objects.exists()


def test_a_visitor_of_a_lesson_runs_code_and_is_told_that_nothing_is_kept(page: Page, open_lesson: Any):
    open_lesson(cell("one", "w = 1"), exercise("double"), enrolled=False)
    write(page, "one", "print('mine')")
    expect(block(page, "one").locator(".cell-notice")).to_contain_text("Enrol to keep your changes")
    run(page, "one")
    expect(output(page, "one")).to_contain_text("mine")
    task = block(page, "double")
    task.get_by_role("button", name="Run checks").click()
    expect(task.locator(".check")).to_contain_text("Not yet")
    assert task.get_by_role("button", name="Submit").count() == 0
    assert not SavedWork.objects.exists()


def test_hostile_html_of_an_output_does_nothing(page: Page, open_lesson: Any):
    asked: list[str] = []
    lesson = open_lesson(cell("one", HOSTILE))
    page.on("request", lambda request: asked.append(request.url))
    run(page, "one")
    expect(output(page, "one").locator("table")).to_contain_text("0.25")
    output(page, "one").get_by_text("click me").click()
    assert page.evaluate("window.pwned") is None
    assert [url for url in asked if "elsewhere" in url or "logout" in url or "none.png" in url] == []
    left = page.evaluate(
        """() => [...document.querySelectorAll("#block-one .cell-output *")].flatMap(
            (node) => [node.localName, ...[...node.attributes].map((one) => `${one.name}=${one.value}`)])"""
    )
    assert not {"script", "iframe", "form", "button", "style", "svg", "math", "video", "img"} & set(left)
    names = {words.partition("=")[0] for words in left if "=" in words}
    assert names <= {"class", "tabindex", "rel"}, left
    assert "class=dataframe" in left
    assert page.url.endswith(lesson.get_absolute_url())
    assert page.evaluate("getComputedStyle(document.body).display") != "none"


def test_the_keyboard_alone_runs_edits_and_leaves(page: Page, open_lesson: Any):
    open_lesson(cell("one", "w = 1"), cell("two", "print(w)"))
    page.keyboard.press("j")
    expect(block(page, "one")).to_be_focused()
    page.keyboard.press("r")
    expect(block(page, "one").locator(".cell-state")).to_contain_text("ran in", timeout=START)
    expect(block(page, "one")).to_be_focused()
    page.keyboard.press("Enter")
    editor = block(page, "one").get_by_role("textbox", name="Code of cell 1")
    expect(editor).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nif w:\nw = 'jkr/?'")  # the second line indents itself; single keys are letters here
    page.keyboard.press("Shift+Enter")
    expect(block(page, "one").locator(".cell-state")).to_contain_text("ran in")
    page.keyboard.press("Escape")
    expect(block(page, "one").locator(".code-editor")).to_be_focused()
    page.keyboard.press("Tab")
    expect(editor).not_to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(output(page, "two")).to_contain_text("jkr/?", timeout=START)


def test_an_exercise_is_tried_in_the_page_and_handed_in(page: Page, open_lesson: Any):
    open_lesson(exercise("double", starter="def double(x):\n    return x\n"))
    task = block(page, "double")
    task.get_by_role("button", name="Run checks").click()
    expect(task.locator(".exercise-summary")).to_contain_text("0 of 1 checks pass in your browser", timeout=START)
    facts = task.locator(".check-facts")
    expect(facts).to_contain_text("double(2)")
    expect(facts).to_contain_text("4")
    assert not Attempt.objects.exists()
    editor = task.get_by_role("textbox", name="Code of exercise 1")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text("def double(x):\n    return 2 * x\n")
    task.get_by_role("button", name="Run checks").click()
    expect(task.locator(".exercise-summary")).to_contain_text("All checks pass in your browser")
    expect(task.locator("[data-feedback]")).not_to_contain_text("Passed")
    task.get_by_role("button", name="Submit").click()
    expect(task.locator("[data-feedback] .result-head")).to_contain_text("Passed", timeout=START)
    attempt = Attempt.objects.get()
    assert attempt.verdict == "passed"
    assert attempt.verified_by == "server"


def test_predictions_are_taken_from_a_variable_of_the_cells(page: Page, open_lesson: Any):
    open_lesson(cell("model", f"guesses = tuple({RIGHT})"), predictions("guess"))
    task = block(page, "guess")
    take = task.get_by_role("textbox", name=re.compile("from the variable"))
    take.fill("guesses")
    take.press("Enter")
    expect(task.locator(".cell-notice")).to_contain_text("No cell has run yet")
    run(page, "model")
    take.press("Enter")
    field = task.locator("textarea")
    expect(field).to_be_focused()
    assert field.input_value().split() == [str(value) for value in RIGHT]
    task.get_by_role("button", name="Submit predictions").click()
    expect(task.locator(".result-head")).to_contain_text("Passed")
    assert Attempt.objects.get().verdict == "passed"


def test_an_answer_handed_in_offline_is_sent_once(page: Page, open_lesson: Any):
    open_lesson(exercise("double"))
    task = block(page, "double")
    expect(task.get_by_role("textbox", name="Code of exercise 1")).to_be_visible()
    page.context.set_offline(True)
    task.get_by_role("button", name="Submit").click()
    expect(task.locator(".exercise-notice")).to_contain_text("Not handed in yet")
    page.context.set_offline(False)
    expect(task.locator("[data-feedback] .result-head")).to_be_visible(timeout=START)
    assert Attempt.objects.count() == 1
    only_offline(page)
