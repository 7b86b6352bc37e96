"""`manage.py import_course PATH`: a folder of notebooks, a .zip of one, or a git working copy becomes a course."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors import person_with
from courses.content.report import CourseRefused
from courses.services.planning import LISTS, describe_changes
from courses.services.sources import import_opened, opened_source

BAR_WIDTH = 30  # characters
NAMED = 10  # lessons of each kind named after an import; a dry run and the report name them all


class Command(BaseCommand):
    """Exit status 0: all in. 1: refused, and nothing was written."""

    help = "Import a folder of notebooks as a course. Importing it again without a change writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a folder, or a .zip of one")
        parser.add_argument("--slug", help="the course's address; default: from course.toml, else from its title")
        parser.add_argument("--publish", action="store_true", help="publish at once; without it lessons become drafts")
        parser.add_argument("--author", metavar="EMAIL", help="who imports, and may edit a new course in the admin")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
        parser.add_argument("--report", type=Path, metavar="FILE.json", help="write the report there")

    def handle(self, *args: Any, **options: Any) -> None:
        report_file = options["report"]
        if report_file and (report_file.is_dir() or not report_file.parent.is_dir()):
            raise CommandError(f"--report: {report_file} cannot be written", returncode=1)
        author = person_with(email=options["author"]) if options["author"] else None
        if options["author"] and author is None:
            raise CommandError(f"--author: nobody has the address {options['author']}", returncode=1)
        try:
            with opened_source(options["path"], on_progress=self._show_progress) as (folder, origin):
                outcome = import_opened(
                    folder=folder,
                    origin=origin,
                    slug=options["slug"],
                    publish=options["publish"],
                    dry_run=options["dry_run"],
                    acting_user=author,
                    on_progress=self._show_progress,
                )
        except CourseRefused as refused:
            self._end_progress()
            for problem in refused.problems:
                self.stderr.write(str(problem))
            problems = [problem.as_dict() for problem in refused.problems]
            _write(options["report"], {"refused": True, "problems": problems})
            raise CommandError("refused; nothing was written", returncode=1) from refused
        self._end_progress()
        _write(options["report"], outcome.report)
        self._say(outcome.report, dry_run=options["dry_run"], changed=not outcome.plan.is_empty)

    def _show_progress(self, done: int, total: int, what: str) -> None:
        if not sys.stderr.isatty():
            return
        filled = BAR_WIDTH * done // max(total, 1)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        # Not through self.stderr, which colours what it writes as an error.
        sys.stderr.write(f"\r\x1b[2K{bar} {done}/{total} {what[:60]}")
        sys.stderr.flush()

    def _end_progress(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()

    def _say(self, report: dict[str, Any], *, dry_run: bool, changed: bool) -> None:
        for problem in report["problems"]:
            self.stderr.write(_line(problem))
        if note := report["source"].get("note"):
            self.stderr.write(note)
        changes = report["changes"]
        for line in describe_changes(changes, most=None if dry_run else NAMED):
            self.stdout.write(line)
        counts = ", ".join(f"{len(changes[name])} {name}" for name in LISTS if changes[name] and name != "course")
        verb = "would import" if dry_run else "imported" if changed else "unchanged"
        self.stdout.write(
            f"{verb}: {report['course']} · {report['lessons']} lessons, {report['cells']} cells, "
            f"{report['formulas']['total']} formulas ({len(report['formulas']['failed'])} failed), "
            f"{report['quizzes']} quizzes, {report['exercises']} exercises · {counts or 'no lesson'}"
        )


def _line(problem: dict[str, Any]) -> str:
    cell = f", cell {problem['cell']}" if problem.get("cell") is not None else ""
    return f"{problem['file'] or 'course'}{cell}: {problem['what']}"


def _write(path: Path | None, report: dict[str, Any]) -> None:
    if path is not None:
        path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
