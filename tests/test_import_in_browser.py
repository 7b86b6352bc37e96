"""Importing a course in a real Chromium, under the real policy: upload, watch, plan, apply. And without scripts."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course, ImportJob
from courses.services.import_jobs import run_import

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CLAIM = "12345678-1234-1234-1234-123456789012"


@pytest.fixture
def ada(live_server: Any, settings: Any, tmp_path: Path) -> User:
    settings.MEDIA_ROOT = tmp_path / "media"
    return UserFactory(email="ada@example.org", display_name="Ada", role="author")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "Lines and loss.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for number in range(1, 13):
            opened.writestr(f"Lines/{number:02}.md", f"# Lesson {number}\n\n![no](gone.png)\n")
    return path


def upload(page: Page, archive: Path) -> ImportJob:
    page.goto("/admin/courses/course/")
    page.get_by_role("link", name="Import a course").click()
    page.get_by_label("Course").set_input_files(archive)
    page.get_by_label("are published").check()
    page.get_by_role("button", name="Upload and plan").click()
    return ImportJob.objects.get()


def running(done: int, what: str) -> None:
    ImportJob.objects.update(state="running", claim=CLAIM, beat_at=timezone.now(), done=done, total=12, what=what)


def test_an_import_is_watched_and_applied(page: Page, come_as: Any, ada: User, archive: Path) -> None:
    come_as(page.context, ada)
    job = upload(page, archive)
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    expect(page.get_by_role("link", name="Refresh")).to_be_hidden()
    expect(page.get_by_text("No worker has taken")).to_be_hidden()

    running(5, "compiling Lines/05.md")
    expect(page.get_by_text("compiling Lines/05.md")).to_be_visible()
    assert bar.evaluate("bar => [bar.value, bar.max]") == [5, 12]
    ImportJob.objects.update(state="queued", claim=None)

    run_import.call(job.pk)
    expect(page.get_by_text("12 lessons added")).to_be_visible()  # the page came again by itself
    expect(page.get_by_text("image missing: gone.png (no such file)").first).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Bringing the course in")).to_be_visible()
    run_import.call(job.pk)
    page.get_by_role("link", name="Open “Lines”").click()
    expect(page).to_have_title("Lines · ML-Practicum")
    assert Course.objects.get().status == "published"


def test_nothing_needs_a_script(browser: Browser, live_server: Any, come_as: Any, ada: User, archive: Path) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    come_as(context, ada)
    page = context.new_page()
    job = upload(page, archive)
    running(7, "compiling Lines/07.md")
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("compiling Lines/07.md")).to_be_visible()
    ImportJob.objects.update(state="queued", claim=None)
    run_import.call(job.pk)
    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Discarded", exact=True)).to_be_visible()
    context.close()


def test_a_narrow_screen_shows_everything(page: Page, come_as: Any, ada: User) -> None:
    come_as(page.context, ada)
    page.set_viewport_size({"width": 320, "height": 700})
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr(f"{'a-long-name-without-a-break' * 3}.md", f"![x]({'very' * 20}.png)\n")
    page.goto("/admin/courses/importjob/add/")
    page.get_by_label("Course").set_input_files(
        {"name": "a.zip", "mimeType": "application/zip", "buffer": file.getvalue()}
    )
    page.get_by_role("button", name="Upload and plan").click()
    run_import.call(ImportJob.objects.get().pk)
    expect(page.get_by_role("button", name="Apply")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
