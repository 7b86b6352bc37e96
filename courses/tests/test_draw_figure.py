"""The figures that pages draw for themselves: a course's scatter and fit, and the ring of progress."""

import re
from xml.etree import ElementTree

import pytest

from courses.templatetags.figures import KINDS, Dice, course_figure, fit_polynomial, progress_ring
from courses.templatetags.wording import duration, language_title

SVG_NUMBER = re.compile(r"-?\d+\.\d+")


def test_one_slug_draws_one_figure_on_every_machine():
    assert course_figure("linear-models") == course_figure("linear-models")
    dice = Dice("linear-models")
    assert [round(dice.uniform(), 4) for _ in range(3)] == [0.5764, 0.3228, 0.8235]


def test_different_slugs_draw_different_figures():
    assert len({course_figure(f"course-{number}") for number in range(40)}) == 40


@pytest.mark.parametrize("number", range(60))
def test_a_figure_is_well_formed_and_stays_inside_its_frame(number):
    root = ElementTree.fromstring(course_figure(f"slug-{number}"))  # noqa: S314 (our own markup)
    circles = [part for part in root.iter() if part.tag.endswith("circle")]
    assert len(circles) >= 20
    assert all(0 <= float(dot.get("cx")) <= 320 and 0 <= float(dot.get("cy")) <= 150 for dot in circles)
    fit = next(part for part in root.iter() if part.get("class") == "figure-fit").get("d")
    numbers = [float(text) for text in SVG_NUMBER.findall(fit)]
    assert all(-20 <= value <= 340 for value in numbers)


def test_every_kind_of_figure_is_drawn_by_some_slug():
    drawn = {int(Dice(f"slug-{number}").uniform(0, len(KINDS))) for number in range(200)}
    assert drawn == set(range(len(KINDS)))


def test_nothing_of_the_slug_reaches_the_markup():
    figure = course_figure('"><script>alert(1)</script>')
    assert "script" not in figure
    assert "alert" not in figure


def test_a_fit_finds_the_line_its_points_lie_on():
    weights = fit_polynomial([(x / 10, 3 - 2 * x / 10) for x in range(10)], 1)
    assert weights == pytest.approx([3, -2])


def test_a_fit_finds_a_cubic_exactly():
    weights = fit_polynomial([(x / 10, 1 - x / 10 + 4 * (x / 10) ** 3) for x in range(12)], 3)
    assert weights == pytest.approx([1, -1, 0, 4], abs=1e-8)


def test_a_fit_without_enough_points_is_refused():
    with pytest.raises(ValueError, match="needs 3 distinct x"):
        fit_polynomial([(0.5, 1), (0.5, 2), (0.1, 0)], 2)


@pytest.mark.parametrize(("percent", "said"), [(0, 0), (33, 33), (99.9, 99), (100, 100), (140, 100), (-5, 0)])
def test_a_ring_says_its_share_and_never_leaves_0_to_100(percent, said):
    ring = progress_ring(percent)
    assert f'aria-label="{said} % complete"' in ring
    assert f'stroke-dasharray="{said} 100"' in ring


def test_a_full_ring_shows_a_tick_in_place_of_the_number():
    assert "ring-tick" in progress_ring(100)
    assert "ring-text" not in progress_ring(100)
    assert "ring-tick" not in progress_ring(99)


def test_figures_carry_no_inline_style():
    assert "style" not in course_figure("a") + progress_ring(40)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(None, ""), (0, ""), (-3, ""), (12, "12\u00a0min"), (60, "1\u00a0h"), (130, "2\u00a0h 10\u00a0min")],
)
def test_minutes_are_said_as_people_say_them(minutes, words):
    assert duration(minutes) == words


@pytest.mark.parametrize(
    ("code", "title"), [("en", "English"), ("de", "Deutsch"), ("de-AT", "Deutsch"), ("xx", "xx"), ("", "")]
)
def test_a_language_has_its_own_name_or_its_code(code, title):
    assert language_title(code) == title
