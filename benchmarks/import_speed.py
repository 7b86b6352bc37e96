"""How long the import of a large course takes: 200 notebooks of mixed size, 100 MB together.

Budget, on two cores: under 60 seconds and under 1 GB of memory. Run: `python -m benchmarks.import_speed`.
"""

import argparse
import time

from benchmarks.notebooks import make_course
from benchmarks.scratch import peak_megabytes, scratch_site

SECONDS, MEGABYTES = 60, 1_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", type=int, default=200)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with scratch_site() as folder:
        from courses.services.importing import import_course

        source = folder / "course"
        written = make_course(source, notebooks=given.notebooks, total=given.megabytes * 1_000_000, seed=given.seed)
        print(f"{given.notebooks} notebooks, {written / 1e6:.1f} MB, seed {given.seed}")
        before = peak_megabytes()
        started = time.perf_counter()
        outcome = import_course(path=source, publish=True)
        seconds = time.perf_counter() - started
        peak = peak_megabytes()
        report = outcome.report
        print(f"import:          {seconds:6.1f} s   (budget {SECONDS} s)")
        print(f"peak memory:     {peak:6.0f} MB  (budget {MEGABYTES} MB; {before:.0f} MB before)")
        print(f"lessons {report['lessons']}, cells {report['cells']}, formulas {report['formulas']['total']}")
        started = time.perf_counter()
        import_course(path=source, publish=True)
        print(f"again, unchanged: {time.perf_counter() - started:5.1f} s")
    return int(seconds >= SECONDS or peak >= MEGABYTES)


if __name__ == "__main__":
    raise SystemExit(main())
