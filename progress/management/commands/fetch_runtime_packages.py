"""`manage.py fetch_runtime_packages [NAME …]`: numpy and the like for readers' browsers and for checking exercises."""

import fcntl
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from progress.grading.browser_runtime import lock_packages
from progress.grading.package_fetching import (
    CannotFetch,
    Package,
    fetch,
    is_here,
    keep_lock,
    packages_for,
    remove_others,
)

DEFAULT = ("numpy", "pandas", "scikit-learn", "matplotlib")


class Command(BaseCommand):
    """Exit status 0: all are here. 1: some could not be had; those that could are kept."""

    help = f"Download packages for cells and exercises ({', '.join(DEFAULT)}), and what they need."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="packages of the Pyodide distribution")

    def handle(self, *args: Any, **options: Any) -> None:
        lock, folder = lock_packages(), settings.RUNTIME_PACKAGES
        if not lock:
            raise CommandError("the runtime is not installed: run `make assets` first")
        if not settings.PYODIDE_PACKAGE_URL:
            raise CommandError("PYODIDE_PACKAGE_URL is empty: there is nowhere to download from")
        try:
            packages = packages_for(options["names"] or DEFAULT, lock)
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / ".lock").open("w") as held:
                fcntl.flock(held, fcntl.LOCK_EX)  # two at once would write the same unfinished files
                keep_lock(settings.PRACTICE_RUNTIME / "pyodide-lock.json", folder)
                for package in packages:
                    self._bring(package)
                for name in remove_others(lock, folder):
                    self.stdout.write(f"removed {name}, of an earlier runtime")
        except CannotFetch as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error}") from error
        self.stdout.write(f"{len(packages)} packages are in {folder}")

    def _bring(self, package: Package) -> None:
        folder, label = settings.RUNTIME_PACKAGES, f"{package.name} {package.version}"
        if is_here(package, folder):
            self.stdout.write(f"{label}: here")
            return
        shows = self.stdout.isatty()

        def tell(size: int, total: int | None) -> None:
            if shows:
                share = f" of {total / 1e6:.1f}" if total else ""
                self.stdout.write(f"\r{label}: {size / 1e6:.1f}{share} MB ", ending="")
                self.stdout.flush()

        size = fetch(package, base=settings.PYODIDE_PACKAGE_URL, folder=folder, tell=tell)
        self.stdout.write(f"{chr(13) if shows else ''}{label}: downloaded, {size / 1e6:.1f} MB    ".rstrip())
