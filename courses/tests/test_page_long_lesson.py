"""A lesson that would be too heavy is several pages: where they begin, what leads where, and that nothing is lost."""

import re
from typing import Any

import pytest
from django.test import Client

from courses.content.compiling import compile_body
from courses.content.paging import (
    FORM_BYTES,
    PAGE_BYTES,
    WHOLE_BYTES,
    lesson_page,
    page_ranges,
    paginate,
    place_on_page,
)
from courses.models import Course, Lesson
from courses.selectors import block_address
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, body_of_blocks, published_course, quiz


def part(name: str, weight: int, text: str = "", **fields: Any) -> dict[str, Any]:
    html = f'<section class="block prose" id="block-{name}">{text}'
    return {"id": name, "type": "markdown", "html": html + "x" * (weight - len(html)), **fields}


def sizes(weights: list[int], **fields: Any) -> list[list[int]]:
    parts = [part(str(number), weight, **fields) for number, weight in enumerate(weights)]
    return [[weights[place] for place in places] for places in page_ranges(parts, [])]


def test_a_light_lesson_is_one_page() -> None:
    assert page_ranges([], []) == [range(0)]
    assert sizes([1_000] * 200) == [[1_000] * 200]
    assert len(sizes([WHOLE_BYTES])) == 1
    parts, toc = [part("a", 1_000)], [{"id": "x", "title": "X", "level": 2}]
    assert paginate(parts, toc) == (parts, toc)


@pytest.mark.parametrize("weight", [100, 1_000, 33_000, 119_000])
def test_pages_are_about_equal_and_none_is_over(weight: int) -> None:
    pages = sizes([weight] * (900_000 // weight))
    assert sum(map(len, pages)) == 900_000 // weight
    assert all(sum(page) <= PAGE_BYTES for page in pages)
    assert 4 <= len(pages) <= 5 or weight == 119_000


def test_a_part_heavier_than_a_page_has_its_own() -> None:
    assert sizes([5_000, 400_000, 5_000]) == [[5_000], [400_000], [5_000]]
    assert sizes([400_000]) == [[400_000]]


def test_bytes_count_and_not_letters() -> None:
    russian = [{"id": "a", "type": "markdown", "html": "ж" * 100_000}] * 2
    assert len(page_ranges(russian, [])) == 2


def test_what_a_form_and_the_contents_will_add_counts() -> None:
    weights = [WHOLE_BYTES // 100 - FORM_BYTES // 2] * 100
    assert len(sizes(weights)) == 1
    assert len(sizes(weights, prompt="")) == 2
    parts = [part(str(number), 2_000) for number in range(100)]
    toc = [{"id": f"h{number}", "title": "Words " * 10, "level": 2} for number in range(1_000)]
    assert len(page_ranges(parts, [])) == 1
    assert len(page_ranges(parts, toc)) == 2


def test_a_page_begins_with_a_heading_where_there_is_one_near() -> None:
    parts = [part(str(number), 1_000, "<h2>New</h2>" if number % 50 == 0 else "") for number in range(400)]
    for places in page_ranges(parts, []):
        assert places.start % 50 == 0
        assert len(places) <= PAGE_BYTES // 1_000


@pytest.fixture(scope="module")
def long() -> Any:
    """Headings, blocks and links over three pages; the first refers to the last, the last to the first and itself."""
    blocks: list[dict[str, Any]] = []
    for number in range(270):
        leads = "\n\n[last](#part-269) [here](#part-0) [none](#nowhere)" if number in (0, 269) else ""
        source = f"## Part {number}\n\n{'word ' * 330}{leads}"
        blocks.append({"id": f"b{number}", "type": "markdown", "source": source})
    blocks.append(quiz("q", prompt="Think of [the first](#part-0).") | {"explanation": "See [the first](#part-0)."})
    return compile_body(body_of_blocks(*blocks))


def test_every_part_is_on_one_page_in_order(long: Any) -> None:
    pages = [lesson_page(long.html, long.toc, part=str(number)) for number in (1, 2, 3)]
    assert [page.total for page in pages] == [3, 3, 3]
    assert [entry["id"] for page in pages for entry in page.parts] == [entry["id"] for entry in long.html]
    assert [(page.previous, page.next) for page in pages] == [(None, 2), (1, 3), (2, None)]
    assert all(len(page.html.encode()) < PAGE_BYTES for page in pages)


def test_links_and_headings_lead_to_the_page_that_has_them(long: Any) -> None:
    first, last = (lesson_page(long.html, long.toc, part=number) for number in ("1", "3"))
    assert '<a href="?part=3#part-269">last</a> <a href="#part-0">here</a> <a href="#nowhere">none</a>' in first.html
    assert '<a href="#part-269">last</a> <a href="?part=1#part-0">here</a>' in last.html
    for page in (first, last):
        here = set(re.findall(r' id="([^"]*)"', page.html))
        for heading in page.toc:
            place, _, name = heading["href"].partition("#")
            assert (place == "") == (name in here)
            if place:
                other = lesson_page(long.html, long.toc, part=place.removeprefix("?part="))
                assert f' id="{name}"' in other.html
    question = last.parts[-1]
    assert question["prompt"] in question["html"]
    assert 'href="?part=1#part-0"' in question["prompt"]
    assert "?part=" not in "".join(entry["html"] for entry in long.html)  # clients of the API have no such pages


@pytest.mark.parametrize("asked", ["", "0", "4", "-1", "1.5", "²", "x", "99999999999", "٣", " 2"])
def test_what_is_no_page_is_the_first(long: Any, asked: str) -> None:
    assert lesson_page(long.html, long.toc, part=asked).number == 1


@pytest.mark.parametrize(
    ("at", "number"), [("part-0", 1), ("part-269", 3), ("block-b269", 3), ("block-q", 3), ("no", 1), ('"', 1), ("", 1)]
)
def test_a_page_is_found_by_what_is_on_it(long: Any, at: str, number: int) -> None:
    assert lesson_page(long.html, long.toc, at=at).number == number
    assert place_on_page(long.html, at) == (f"?part=3#{at}" if number == 3 else f"#{at}")


def test_the_private_html_of_a_long_lesson_names_no_page(long: Any) -> None:
    assert 'href="#part-0"' in long.key["q"]["html"]["explanation"]


@pytest.fixture
def lesson(db: None) -> Lesson:
    lesson: Lesson = published_course(lessons=1).lessons.get()
    texts = [f"## Part {number}\n\n{'word ' * 330}" for number in range(300)]
    save_draft(lesson=lesson, body=body(*texts))
    publish_lesson(lesson=lesson)
    Lesson.objects.update(is_preview=True)
    lesson.refresh_from_db()
    return lesson


def test_a_long_lesson_reads_on_without_a_script(client: Client, lesson: Lesson) -> None:
    address: str | None = lesson.get_absolute_url()
    seen: list[str] = []
    while address:
        html = client.get(address).content.decode()
        assert len(html.encode()) < 300_000
        assert html.count("<h1") == 1
        seen += re.findall(r'data-block="([^"]*)"', html)
        following = re.search(r'href="(\?part=(\d))" rel="next">Continue reading \(part \2 of 3\)', html)
        address = lesson.get_absolute_url() + following[1] if following else None
    assert seen == [f"b{number}" for number in range(1, 301)]
    assert "Part 3 of 3" in html
    assert 'href="?part=2" rel="prev">Back to part 2' in html
    assert "· part 3 ·" in re.search("<title>(.*?)</title>", html, re.DOTALL)[1]


def test_an_address_of_a_block_names_its_page(client: Client, lesson: Lesson) -> None:
    assert block_address(lesson, "b1") == f"{lesson.get_absolute_url()}#block-b1"
    assert block_address(lesson, "b300") == f"{lesson.get_absolute_url()}?part=3#block-b300"
    assert 'id="block-b300"' in client.get(lesson.get_absolute_url(), {"at": "block-b300"}).content.decode()


def test_a_short_lesson_says_nothing_of_parts(client: Client, db: None) -> None:
    course: Course = published_course(lessons=1)
    Lesson.objects.update(is_preview=True)
    html = client.get(course.lessons.get().get_absolute_url(), {"part": "2"}).content.decode()
    assert "Continue reading" not in html
    assert "lesson-part" not in html
    assert '<a href="#part-0">Part 0</a>' in html
