"""Large content stays light: a notebook of megabytes is a small page with lazy pictures, 300 lessons few queries."""

import base64
import random
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from courses.content.folder import read_course
from courses.models import Course
from courses.services.importing import import_course
from courses.tests.course_folders import code, markdown, noise, notebook, write

BUDGET = 300_000  # bytes of HTML


def heavy_notebook(pictures: int = 40, picture_bytes: int = 75_000) -> bytes:
    """About 4 MB: `pictures` figures of noise, each with prose, a formula and a cell of code."""
    numbers = random.Random(1)  # noqa: S311 (figures, not secrets)
    cells: list[dict[str, Any]] = [markdown("# Heavy", "top")]
    for number in range(pictures):
        text = "A line through the points, and what is left of each of them. " * 12
        cells.append(markdown(f"## Part {number}\n\n{text}\n\n$$\\sum_{{i=1}}^n (y_i - \\hat y_i)^2$$", f"m{number}"))
        picture = base64.b64encode(noise(numbers, picture_bytes)).decode()
        outputs = [
            {"output_type": "stream", "name": "stdout", "text": "loss 0.25\n" * 10},
            {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture, "text/plain": "<Figure>"}},
        ]
        source = "import numpy as np\n\nx = np.linspace(0, 1)\n" + "plt.plot(x, x ** 2, label='a square')\n" * 10
        cells.append(code(source, f"c{number}", outputs=outputs))
    return notebook(*cells)


@pytest.mark.django_db
def test_a_notebook_of_4_mb_is_a_page_of_under_300_kb_with_lazy_pictures(
    client: Client, boss: Any, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    data = heavy_notebook()
    assert 3_900_000 < len(data) < 4_500_000
    course = import_course(path=write(tmp_path / "course", {"a.ipynb": data}), publish=True).course
    assert course is not None
    client.force_login(boss)
    page = client.get(course.lessons.get().get_absolute_url())
    assert page.status_code == 200
    assert len(page.content) < BUDGET
    html = page.content.decode()
    pictures = re.findall(r"<img [^>]*>", html)
    assert len(pictures) == 40
    for picture in pictures:
        assert 'loading="lazy"' in picture
        assert re.search(r' src="/media/assets/[0-9a-f]{64}\.png"', picture)
        assert re.search(r' width="\d+" height="\d+"', picture)
    assert "data:image" not in html


@pytest.fixture
def long_course(tmp_path: Path, settings: Any, db: None) -> Course:
    settings.MEDIA_ROOT = tmp_path / "media"
    files = {
        f"{number // 30:02}-part/{number:03}.md": f"# Lesson {number}\n\nText of $x_{{{number}}}$.\n"
        for number in range(300)
    }
    course = import_course(path=write(tmp_path / "course", files), publish=True).course
    assert course is not None
    return course


def test_a_course_of_300_lessons_keeps_the_query_budgets(
    client: Client, long_course: Course, django_assert_max_num_queries: Any
) -> None:
    long_course.lessons.filter(position=150).update(is_preview=True)
    lesson = long_course.lessons.get(position=150)
    client.get("/courses/")  # fills what a process keeps
    with django_assert_max_num_queries(5):
        page = client.get(long_course.get_absolute_url())
    assert page.content.decode().count("Lesson 299") >= 1
    with django_assert_max_num_queries(5):
        page = client.get(lesson.get_absolute_url())
    assert page.status_code == 200
    assert "Lesson 151 of 300" in page.content.decode()


def test_300_lessons_come_in_order(tmp_path: Path) -> None:
    files = {f"{number}.md": f"# Lesson {number}\n" for number in range(1, 301)}
    course = read_course(write(tmp_path, files))
    assert [lesson.title for lesson in course.lessons] == [f"Lesson {number}" for number in range(1, 301)]
