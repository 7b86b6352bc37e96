"""Figures drawn on the server as SVG: a course's own scatter and fit, and the ring of progress.

A course's figure depends on its slug alone, so it is the same on every page and machine. Only numbers made
here reach the markup. Colours and sizes belong to the style sheets; this module must not know them.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

WIDTH, HEIGHT, MARGIN = 320.0, 150.0, 14.0
RING_RADIUS = 19.0

Point = tuple[float, float]  # both coordinates in 0…1, y upwards


class Dice:
    """Numbers that look random and are always the same for one seed.

    Not Python's own generator: only its `random()` is promised to keep its sequence between versions.
    """

    def __init__(self, seed: str) -> None:
        self._stream = self._bytes(seed)

    @staticmethod
    def _bytes(seed: str) -> Iterator[int]:
        counter = 0
        while True:
            yield from sha256(f"{seed}/{counter}".encode()).digest()
            counter += 1

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number in [low, high)."""
        first, second = next(self._stream), next(self._stream)
        return low + (high - low) * (first * 256 + second) / 65536

    def normal(self, spread: float) -> float:
        """A number around 0 with about this standard deviation, never beyond 2.5 of them."""
        total = sum(self.uniform() for _ in range(6)) - 3  # a sum of six uniforms: deviation 0.707
        return max(-2.5, min(2.5, total / 0.7071)) * spread


def fit_polynomial(points: Sequence[Point], degree: int) -> list[float]:
    """Least-squares coefficients, constant first, by the normal equations.

    Raises:
        ValueError: fewer distinct x than coefficients, so that no single best fit exists.
    """
    size = degree + 1
    if len({x for x, _ in points}) < size:
        raise ValueError(f"a polynomial of degree {degree} needs {size} distinct x")
    rows = [
        [sum(x ** (i + j) for x, _ in points) for j in range(size)] + [sum(y * x**i for x, y in points)]
        for i in range(size)
    ]
    for pivot in range(size):
        best = max(range(pivot, size), key=lambda row: abs(rows[row][pivot]))
        rows[pivot], rows[best] = rows[best], rows[pivot]
        for row in range(size):
            if row != pivot:
                factor = rows[row][pivot] / rows[pivot][pivot]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[pivot], strict=True)]
    return [rows[i][size] / rows[i][i] for i in range(size)]


def _spread_x(dice: Dice, count: int) -> list[float]:
    """x positions over the whole width, in order, without bunches."""
    return [(i + dice.uniform(0.1, 0.9)) / count for i in range(count)]


def _inside(value: float) -> float:
    return max(0.02, min(0.98, value))


def _polynomial(dice: Dice, degree: int) -> tuple[list[Point], list[Point], list[Point]]:
    rise = dice.uniform(0.45, 0.75) * (1 if dice.uniform() < 0.7 else -1)
    shift = dice.uniform(0.4, 0.6)
    bend = dice.uniform(0.9, 1.5) * (1 if dice.uniform() < 0.5 else -1)

    def truth(x: float) -> float:
        if degree == 1:
            return 0.5 + rise * (x - 0.5)
        if degree == 2:
            return 0.5 + bend * ((x - shift) ** 2 - 0.12) * 1.6
        return 0.5 + 0.38 * math.sin((x - shift) * 5.4) * math.copysign(1, rise)

    points = [(x, _inside(truth(x) + dice.normal(0.07))) for x in _spread_x(dice, 24)]
    weights = fit_polynomial(points, degree)
    fit = [(x, _inside(sum(w * x**i for i, w in enumerate(weights)))) for x in (i / 40 for i in range(1, 40))]
    return points, [], fit


def _tree(dice: Dice) -> tuple[list[Point], list[Point], list[Point]]:
    """A regression tree of three leaves: each step is the mean of its points."""
    levels = [0.25, 0.7, 0.45] if dice.uniform() < 0.5 else [0.65, 0.3, 0.8]
    cuts = [0.0, dice.uniform(0.28, 0.42), dice.uniform(0.58, 0.75), 1.0]
    points: list[Point] = []
    for x in _spread_x(dice, 26):
        leaf = sum(x >= cut for cut in cuts[1:3])
        points.append((x, _inside(levels[leaf] + dice.normal(0.065))))
    fit: list[Point] = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        inside = [y for x, y in points if start <= x < end]
        mean = sum(inside) / len(inside)
        fit += [(max(start, 0.02), mean), (min(end, 0.98), mean)]
    return points, [], fit


def _boundary(dice: Dice) -> tuple[list[Point], list[Point], list[Point]]:
    """Two classes and the line half-way between their means."""
    tilt = dice.uniform(-0.22, 0.22)
    centres = ((0.3, 0.5 + tilt), (0.7, 0.5 - tilt))
    clouds = [
        [(_inside(cx + dice.normal(0.1)), _inside(cy + dice.normal(0.15))) for _ in range(14)] for cx, cy in centres
    ]
    (ax, ay), (bx, by) = [
        (sum(x for x, _ in cloud) / len(cloud), sum(y for _, y in cloud) / len(cloud)) for cloud in clouds
    ]
    middle = ((ax + bx) / 2, (ay + by) / 2)
    # Perpendicular to the line between the means as drawn, where x is stretched more than y.
    stretch = ((WIDTH - 2 * MARGIN) / (HEIGHT - 2 * MARGIN)) ** 2
    lean = -(by - ay) / ((bx - ax) * stretch)
    fit = [(middle[0] + lean * (y - middle[1]), y) for y in (0.03, 0.97)]
    return clouds[0], clouds[1], fit


def _logistic(dice: Dice) -> tuple[list[Point], list[Point], list[Point]]:
    """Outcomes 0 and 1 with the curve of their odds, centred between the two means."""
    middle = dice.uniform(0.4, 0.6)
    zeros: list[Point] = []
    ones: list[Point] = []
    for x in _spread_x(dice, 26):
        chance = 1 / (1 + math.exp(-(x - middle) * 14))
        group, level = (ones, 0.88) if dice.uniform() < chance else (zeros, 0.12)
        group.append((x, _inside(level + dice.normal(0.03))))
    if zeros and ones:
        middle = (sum(x for x, _ in zeros) / len(zeros) + sum(x for x, _ in ones) / len(ones)) / 2
    fit = [(x, 0.12 + 0.76 / (1 + math.exp(-(x - middle) * 14))) for x in (i / 40 for i in range(1, 40))]
    return zeros, ones, fit


KINDS: tuple[Callable[[Dice], tuple[list[Point], list[Point], list[Point]]], ...] = (
    lambda dice: _polynomial(dice, 1),
    lambda dice: _polynomial(dice, 2),
    lambda dice: _polynomial(dice, 3),
    _tree,
    _boundary,
    _logistic,
)


def _place(point: Point) -> str:
    """SVG coordinates of a point, inside the axes."""
    x = MARGIN + point[0] * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - point[1] * (HEIGHT - 2 * MARGIN)
    return f"{x:.1f} {y:.1f}"


def _dots(points: Sequence[Point], css_class: str) -> str:
    parts = (_place(point).split() for point in points)
    return "".join(f'<circle class="{css_class}" cx="{x}" cy="{y}" r="3.6"/>' for x, y in parts)


@register.simple_tag
def course_figure(slug: str) -> SafeString:
    """A course's own figure as SVG: seeded points and the fit through them. Decorative: hidden from readers."""
    dice = Dice(str(slug))
    points, others, fit = KINDS[int(dice.uniform(0, len(KINDS)))](dice)
    line = "M" + "L".join(_place(point) for point in fit)
    axes = f"M{MARGIN / 2:.0f} {MARGIN / 2:.0f}V{HEIGHT - MARGIN / 2:.0f}H{WIDTH - MARGIN / 2:.0f}"
    return mark_safe(  # noqa: S308 (made of numbers and our own class names only)
        f'<svg class="course-figure" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" '
        'preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">'
        f'<path class="figure-axis" d="{axes}"/>'
        f"{_dots(points, 'figure-point')}{_dots(others, 'figure-point-other')}"
        f'<path class="figure-fit" d="{line}"/></svg>'
    )


@register.simple_tag
def progress_ring(percent: float) -> SafeString:
    """A ring filled to `percent` (0…100, cut to whole per cents), the number inside, the mark's dot at its end."""
    share = max(0, min(100, int(percent)))
    angle = 2 * math.pi * share / 100
    x, y = 24 + RING_RADIUS * math.sin(angle), 24 - RING_RADIUS * math.cos(angle)
    if share == 100:
        middle, dot = mark_safe('<path class="ring-tick" d="m16.5 24.5 5 5 10-11"/>'), mark_safe("")
    else:
        middle = format_html('<text class="ring-text" x="24" y="24.5">{}</text>', share)
        dot = format_html('<circle class="ring-dot" cx="{}" cy="{}" r="4"/>', f"{x:.2f}", f"{y:.2f}")
    return format_html(
        '<svg class="ring" viewBox="0 0 48 48" role="img" aria-label="{share} % complete">'
        '<circle class="ring-track" cx="24" cy="24" r="{radius}"/>'
        '<circle class="ring-arc" cx="24" cy="24" r="{radius}" pathLength="100" '
        'stroke-dasharray="{share} 100" transform="rotate(-90 24 24)"{hidden}/>{dot}{middle}</svg>',
        share=share,
        radius=int(RING_RADIUS),
        # A round cap would show a dot where nothing is done.
        hidden=mark_safe(' visibility="hidden"') if share == 0 else "",
        dot=dot,
        middle=middle,
    )
