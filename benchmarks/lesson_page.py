"""What a heavy lesson weighs: a notebook of 4 MB with many pictures, as a page.

Budget: under 300 kB of HTML, each picture a file that is loaded lazily. Run: `python -m benchmarks.lesson_page`.
"""

import argparse
import random
import re
import statistics
import time

from benchmarks.notebooks import make_notebook
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

        source = folder / "course"
        source.mkdir()
        data = make_notebook(random.Random(given.seed), given.bytes)
        (source / "01-heavy.ipynb").write_bytes(data)
        course = import_course(path=source, publish=True).course
        assert course is not None
        lesson = course.lessons.get()
        course.lessons.update(is_preview=True)
        client, address = Client(), reverse("courses:lesson", args=[course.slug, lesson.slug])
        page = client.get(address)
        assert page.status_code == 200, page.status_code
        times = []
        for _ in range(given.requests):
            started = time.perf_counter()
            client.get(address)
            times.append((time.perf_counter() - started) * 1000)
        html = page.content.decode()
        pictures = re.findall(r'<img [^>]*src="/media/assets/[^>]*>', html)
        lazy = sum('loading="lazy"' in picture for picture in pictures)
        embedded = html.count('src="data:')
        print(f"notebook:        {len(data):>9,} bytes")
        print(f"page:            {len(page.content):>9,} bytes of HTML  (budget {HTML_BYTES:,})")
        print(f"pictures:        {len(pictures)} files, {lazy} lazily loaded, {embedded} embedded")
        print(f"server time:     {statistics.median(times):.1f} ms median, {max(times):.1f} ms at most")
    return int(len(page.content) >= HTML_BYTES or lazy != len(pictures) or embedded > 0)


if __name__ == "__main__":
    raise SystemExit(main())
