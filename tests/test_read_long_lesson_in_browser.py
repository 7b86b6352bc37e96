"""A lesson in several parts, read by its links: forward, to a heading elsewhere, and by an address from before."""

import pytest
from playwright.sync_api import Locator, Page, expect

from courses.models import Lesson
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, published_course

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def address() -> str:
    lesson = published_course(lessons=1).lessons.get()
    texts = [f"## Part {number}\n\n{'word ' * 330}" for number in range(300)]
    texts[0] += "\n\nBack to [what comes last](#part-299)."
    save_draft(lesson=lesson, body=body(*texts))
    publish_lesson(lesson=lesson)
    Lesson.objects.update(is_preview=True)
    return lesson.get_absolute_url()


def heading(page: Page, number: int) -> Locator:
    return page.locator(f"h2#part-{number}")


def test_reading_goes_on_and_links_lead_to_their_part(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1400, "height": 800})
    page.goto(address)
    expect(heading(page, 0)).to_be_in_viewport()
    page.get_by_role("link", name="what comes last").click()
    expect(heading(page, 299)).to_be_in_viewport()
    page.locator(".toc").get_by_role("link", name="Part 150", exact=True).click()
    expect(heading(page, 150)).to_be_in_viewport()
    page.goto(address)
    page.get_by_role("link", name="Continue reading (part 2 of 3)").click()
    expect(page.get_by_text("Part 2 of 3")).to_be_in_viewport()


def test_an_address_without_a_part_leads_to_the_place(page: Page, address: str) -> None:
    page.goto(f"{address}#part-299")
    expect(heading(page, 299)).to_be_in_viewport()
    page.goto(f"{address}#block-b160")
    expect(heading(page, 159)).to_be_in_viewport()
    page.goto(f"{address}?at=nowhere#nowhere")
    expect(heading(page, 0)).to_be_in_viewport()
    page.goto(f"{address}#%")
    expect(heading(page, 0)).to_be_in_viewport()
