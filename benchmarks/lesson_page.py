"""What a heavy lesson weighs: a notebook of 4 MB with many pictures, and one of text alone, as pages.

Budget: each page under 300 kB of HTML, each picture a file that is loaded lazily; the pages of a long lesson hold every
block once. Run: `python -m benchmarks.lesson_page`.
"""

import argparse
import random
import re
import statistics
import time
from typing import Any

from benchmarks.notebooks import make_notebook, make_text_notebook
from benchmarks.scratch import scratch_site

HTML_BYTES = 300_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=4_000_000)
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with scratch_site() as folder:
        from django.test import Client
        from django.urls import reverse

        from courses.services.importing import import_course

        makers = {"01-pictures": make_notebook, "02-text": make_text_notebook}
        source = folder / "course"
        source.mkdir()
        for name, make in makers.items():
            (source / f"{name}.ipynb").write_bytes(make(random.Random(given.seed), given.bytes))
        course = import_course(path=source, publish=True).course
        assert course is not None
        course.lessons.update(is_preview=True)
        client, is_over = Client(), False
        for lesson in course.lessons.select_related("current_revision"):
            file = source / lesson.source_path
            print(f"{file.name}: {file.stat().st_size:,} bytes, {len(lesson.current_revision.html)} blocks")
            address: str | None = reverse("courses:lesson", args=[course.slug, lesson.slug])
            blocks: list[str] = []
            while address:
                html = client.get(address).content.decode()
                blocks += re.findall(r'data-block="([^"]*)"', html)
                is_over |= _report(client, address, html, given.requests)
                following = re.search(r'href="(\?part=\d+)" rel="next"', html)
                address = address.partition("?")[0] + following[1] if following else None
            is_over |= sorted(blocks) != sorted(part["id"] for part in lesson.current_revision.html if part["html"])
    return int(is_over)


def _report(client: Any, address: str, html: str, requests: int) -> bool:
    """Say what the page weighs and how long a request takes; whether it is over the budget."""
    times = []
    for _ in range(requests):
        started = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - started) * 1000)
    pictures = re.findall(r'<img [^>]*src="/media/assets/[^>]*>', html)
    lazy = sum('loading="lazy"' in picture for picture in pictures)
    embedded, size = html.count('src="data:'), len(html.encode())
    print(f"  {address}")
    print(f"    page:        {size:>9,} bytes of HTML  (budget {HTML_BYTES:,})")
    print(f"    pictures:    {len(pictures)} files, {lazy} lazily loaded, {embedded} embedded")
    print(f"    server time: {statistics.median(times):.1f} ms median, {max(times):.1f} ms at most")
    return size >= HTML_BYTES or lazy != len(pictures) or embedded > 0


if __name__ == "__main__":
    raise SystemExit(main())
