"""What my-courses costs, login included, beside another server that answers the same question.

Budget: not slower than the rival. What counts is processor time an answer, of server and database together, where the
rival's processes are named; else the rate. Without a rival the site is held against a bare WSGI function (`floor`) and
against its own 304. One is loaded at a time, in turn. Needs wrk, and Linux for processor time.

Run: `python -m benchmarks.my_courses [--rival http://127.0.0.1:9000/api/v1 --rival-requests FILE --rival-pid PID]`.
"""

import argparse
import shutil
import signal
import statistics
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path

from benchmarks.scratch import scratch_site
from benchmarks.serving import Target, Window, database_pids, database_url, gunicorn, measure, production

ROUTE, BASE = "my-courses", "/api/v1"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10, help="of one window")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rival", metavar="URL", help="what stands before the paths of its request file")
    parser.add_argument(
        "--rival-requests", type=Path, metavar="FILE", help="a line a request: METHOD, path, token, tab-separated"
    )
    parser.add_argument(
        "--rival-pid", type=int, action="append", default=[], metavar="PID",
        help="first process of the rival's server, and once more that of its database, where that is another server",
    )  # fmt: skip
    parser.add_argument(
        "--serve", type=Path, metavar="FOLDER", help="serve and write request files there, for other tools; Ctrl-C ends"
    )
    given = parser.parse_args()
    if bool(given.rival) != bool(given.rival_requests):
        parser.error("--rival and --rival-requests belong together")
    if not given.serve and not shutil.which("wrk"):
        parser.error("wrk is not installed; most systems have a package of that name")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # else the servers would outlive this process
    with scratch_site() as folder, ExitStack() as stack:
        targets = _targets(given, folder, stack)
        if given.serve:
            return _serve(targets[0], given)
        return _report(_measure(targets, given), by_processor=bool(given.rival_pid))


def _targets(given: argparse.Namespace, folder: Path, stack: ExitStack) -> list[Target]:
    from django.conf import settings

    from benchmarks.learners import fill, write_requests

    fill(given.learners, given.seed)
    requests, known = folder / "requests.tsv", folder / "known.tsv"
    write_requests(requests, ROUTE, given.seed)
    environment = production(database_url(), folder, settings.SECRET_KEY)
    own_environment = {"FLOOR_DATABASE": database_url(), "FLOOR_KEY": settings.SECRET_KEY}
    database = database_pids()
    url, pid = stack.enter_context(gunicorn("mlpracticum.wsgi:application", environment))
    floor_url, floor_pid = stack.enter_context(gunicorn("benchmarks.floor:application", own_environment))
    _write_known(requests, known, url + BASE)
    targets = [
        Target("ours", url + BASE, requests, (pid, *database)),
        Target("ours, 304", url + BASE, known, (pid, *database)),
        Target("floor", floor_url + BASE, requests, (floor_pid, *database)),
    ]
    if given.rival:
        pids = (*given.rival_pid, *database) if given.rival_pid else ()
        targets.append(Target("rival", given.rival, given.rival_requests, pids))
    return targets


def _write_known(requests: Path, known: Path, url: str) -> None:
    """The same requests by a client that has the answers: each with the ETag of a first one.

    Raises:
        RuntimeError: the second answer was no 304.
    """
    lines = []
    for line in requests.read_text(encoding="ascii").splitlines():
        _method, path, token, *_rest = line.split("\t")
        request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310 (ours)
        with urllib.request.urlopen(request) as answer:  # noqa: S310 (ours)
            lines.append(f"{line.rstrip(chr(9))}\t\t{answer.headers['ETag']}\n")
    known.write_text("".join(lines), encoding="ascii")
    request.add_header("If-None-Match", answer.headers["ETag"])
    try:
        with urllib.request.urlopen(request) as again:  # noqa: S310 (ours)
            status = again.status
    except urllib.error.HTTPError as error:
        status = error.code
    if status != 304:
        raise RuntimeError(f"an unchanged answer is a {status}, not a 304")


def _serve(target: Target, given: argparse.Namespace) -> int:
    from benchmarks.learners import ROUTES, write_requests

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})  # they are waited for below
    for route in ROUTES:
        write_requests(given.serve / f"{route}.tsv", route, given.seed)
    print(f"{target.url} by process {target.pids[0]}; requests are in {given.serve}. Ctrl-C ends.", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


def _measure(targets: list[Target], given: argparse.Namespace) -> dict[str, Window]:
    """Every target in turn, several times; of each the medians, and all that went wrong."""
    windows: dict[str, list[Window]] = {}
    for number in range(1, given.rounds + 1):
        for target in targets:
            window = measure(target, seconds=given.seconds, connections=given.connections)
            windows.setdefault(target.name, []).append(window)
            print(f"round {number}: {_line(target.name, window)}", flush=True)
    return {
        name: Window(**{
            field.name: (sum if field.type is int else statistics.median)(getattr(one, field.name) for one in them)
            for field in fields(Window)
        })
        for name, them in windows.items()
    }  # fmt: skip


def _line(name: str, window: Window) -> str:
    cost = f"{window.processor:7,.0f} µs of processor" if window.processor else "processor time unknown"
    faults = "".join(
        f", {count} {what}" for count, what in ((window.refused, "refused"), (window.broken, "broken")) if count
    )
    return f"{name:10} {window.rate:7,.0f}/s  p50 {window.p50:6.1f} ms  p99 {window.p99:6.1f} ms  {cost}{faults}"


def _report(medians: dict[str, Window], *, by_processor: bool) -> int:
    print("\nmedians; the ratio is how many of its answers cost as much as one of ours")
    ours = medians["ours"]
    for name, window in medians.items():
        by_time = ours.processor / window.processor if window.processor else float("nan")
        print(f"  {_line(name, window)}  rate ×{window.rate / ours.rate:.2f}  ratio {by_time:.2f}")
    if any(window.refused for window in medians.values()):
        print("Some were refused: these figures mean nothing.")
        return 1
    if "rival" not in medians:
        return 0
    rival = medians["rival"]
    ratio = rival.processor / ours.processor if by_processor else ours.rate / rival.rate
    what = "processor time an answer" if by_processor else "rate"
    print(f"\nours against the rival, by {what}: {ratio:.2f} (budget: 1 or more)")
    return int(ratio < 1)


if __name__ == "__main__":
    raise SystemExit(main())
