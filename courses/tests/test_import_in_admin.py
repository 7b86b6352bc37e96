"""Importing a course in the admin: upload, plan, apply or discard, report. And who may do it."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course, ImportJob
from courses.services import import_jobs
from courses.services.import_jobs import run_import
from courses.tests.course_folders import code, markdown, notebook
from courses.tests.pages import form_data

ADD = reverse("admin:courses_importjob_add")
LIST = reverse("admin:courses_importjob_changelist")
STEPS = ("apply", "retry", "discard")


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "imports"


@pytest.fixture
def eve(db) -> User:
    return UserFactory(email="eve@example.org", display_name="Eve", role="editor")


def archive(**files: bytes | str) -> SimpleUploadedFile:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        for name, content in (files or {"a": "# Lines\n\nWhy $y = ax$?", "b": "# Loss\n\n![gone](no.png)"}).items():
            opened.writestr(f"{name}.md", content)
    return SimpleUploadedFile("My course.zip", file.getvalue(), content_type="application/zip")


def upload(client: Client, file: SimpleUploadedFile | None = None, **fields: str):
    return client.post(ADD, {"archive": file or archive(), "publish": "draft", "slug": "lines", **fields})


def job_page(job: ImportJob, name: str = "change") -> str:
    return reverse(f"admin:courses_importjob_{name}", args=[job.pk])


def newest() -> ImportJob:
    return ImportJob.objects.order_by("-pk")[0]


def text(response) -> str:
    return " ".join(response.content.decode().split())


# --- the journey ---


def test_from_the_list_of_courses_to_a_published_course(client, ada, django_capture_on_commit_callbacks, media):
    client.force_login(ada)
    assert ADD in text(client.get(reverse("admin:courses_course_changelist")))
    data = form_data(client.get(ADD), "import-form")
    assert data["publish"] == "draft"

    response = upload(client, publish="publish")
    job = newest()
    assert response["Location"] == job_page(job)
    waiting = text(client.get(job_page(job)))
    assert "Waiting" in waiting
    assert "Refresh" in waiting  # the way without JavaScript
    assert 'data-import="' in waiting

    run_import.call(job.pk)
    planned = text(client.get(job_page(job)))
    assert "This is what the import would do" in planned
    assert "2 lessons added" in planned
    assert "image missing: no.png" in planned
    assert "b.md" in planned
    assert Course.objects.count() == 0

    client.post(job_page(job, "apply"))
    assert "Bringing the course in" in text(client.get(job_page(job)))
    with django_capture_on_commit_callbacks(execute=True):
        run_import.call(job.pk)
    done = text(client.get(job_page(job)))
    course = Course.objects.get(slug="lines")
    assert course.status == "published"
    assert reverse("admin:courses_course_change", args=[course.pk]) in done
    assert list(media.iterdir()) == []
    assert "My course.zip" in text(client.get(LIST))


def test_an_import_again_shows_the_changes_by_title(client, ada):
    client.force_login(ada)
    for content in ("# Lines", "# Lines\n\nMore."):
        upload(client, archive(a=content, b="# Loss"), publish="publish")
        run_import.call(newest().pk)
        client.post(job_page(newest(), "apply"))
        run_import.call(newest().pk)
    page = text(client.get(job_page(newest())))
    assert "1 lesson changed" in page
    assert "Lines" in page.partition("What changed")[2]
    assert "1 lesson added" not in page


def test_no_change_is_said(client, ada):
    client.force_login(ada)
    for _ in range(2):
        upload(client, publish="publish")
        run_import.call(newest().pk)
        client.post(job_page(newest(), "apply"))
        run_import.call(newest().pk)
    assert "nothing was written" in text(client.get(job_page(newest())))


def test_drafts_are_the_default_and_learners_see_nothing(client, ada):
    client.force_login(ada)
    upload(client)
    run_import.call(newest().pk)
    client.post(job_page(newest(), "apply"))
    run_import.call(newest().pk)
    course = Course.objects.get()
    assert course.status == "draft"
    assert Client().get("/courses/lines/").status_code == 404


def test_discarding(client, ada, media, django_capture_on_commit_callbacks):
    client.force_login(ada)
    upload(client)
    run_import.call(newest().pk)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(job_page(newest(), "discard"))
    assert newest().state == "discarded"
    assert list(media.iterdir()) == []
    page = text(client.get(job_page(newest())))
    assert "2 lessons added" in page
    assert "apply-form" not in page
    again = client.post(job_page(newest(), "apply"), follow=True)
    assert "cannot be applied: it is discarded" in text(again)


def test_a_refused_course_lists_file_and_cell(client, ada):
    client.force_login(ada)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("course.toml", 'title = "A"\n[[modules]]\ntitle = "M"\nlessons = ["gone.ipynb"]\n')
        opened.writestr("a.md", "# A")
    upload(client, SimpleUploadedFile("a.zip", file.getvalue()))
    run_import.call(newest().pk)
    page = text(client.get(job_page(newest())))
    assert "Why it was refused" in page
    assert '<h3 class="import-file">course.toml</h3>' in page
    assert "gone.ipynb" in page


def test_a_dead_worker_is_said_and_the_job_can_be_tried_again(client, ada):
    client.force_login(ada)
    upload(client)
    long_ago = timezone.now() - timedelta(minutes=5)
    ImportJob.objects.update(state="running", claim="12345678-1234-1234-1234-123456789012", beat_at=long_ago)
    page = text(client.get(job_page(newest())))
    assert "no sign of life" in page
    assert "retry-form" in page
    client.post(job_page(newest(), "retry"))
    assert newest().state == "queued"


def test_the_page_asks_a_small_address_for_progress(client, ada, django_assert_max_num_queries):
    client.force_login(ada)
    upload(client)
    now = timezone.now()
    ImportJob.objects.update(
        state="running", claim="12345678-1234-1234-1234-123456789012", beat_at=now, done=3, total=9, what="reading c.md"
    )
    client.get(LIST)
    address = job_page(newest(), "state")
    with django_assert_max_num_queries(5):  # session, user, their permissions (2), the job
        answer = client.get(address)
    assert answer.json() == {
        "state": "running",
        "step": "plan",
        "label": "Running",
        "done": 3,
        "total": 9,
        "what": "reading c.md",
        "waits_long": False,
        "is_over": False,
    }
    assert "no-store" in answer["Cache-Control"]
    page = client.get(job_page(newest())).content.decode()
    assert 'max="9" value="3"' in page


def test_a_queue_without_a_worker_is_said(client, ada):
    client.force_login(ada)
    upload(client)
    ImportJob.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert client.get(job_page(newest(), "state")).json()["waits_long"] is True


def test_hostile_names_are_shown_as_text(client, ada):
    client.force_login(ada)
    bad = archive(**{"<img src=x onerror=alert(1)>/../../a": "# A"})
    bad.name = "<script>alert(1)</script>.zip"
    upload(client, bad)
    run_import.call(newest().pk)
    for address in (job_page(newest()), LIST):
        page = client.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


# --- any upload is answered ---


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"PK\x03\x04",
        b"PK\x05\x06" + bytes(18),
        b"\0" * 1000,
        archive(a="# x").read()[:-5],
        b'{"not": "a zip"}',
    ],
)
def test_every_upload_ends_with_a_page_that_says_what_is_wrong(client, ada, content):
    client.force_login(ada)
    assert upload(client, SimpleUploadedFile("a.zip", content)).status_code == 302
    run_import.call(newest().pk)
    assert newest().state == "refused"
    assert client.get(job_page(newest())).status_code == 200


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"archive": ""}, "required"),
        ({"archive": SimpleUploadedFile("a.zip", b"")}, "empty"),
        ({"slug": "no spaces!"}, "valid “slug”"),
        ({"slug": "a\0b"}, "Null characters are not allowed"),
        ({"slug": "x" * 81}, "at most 80"),
        ({"publish": "now"}, "valid choice"),
        ({"publish": ""}, "required"),
    ],
)
def test_a_wrong_form_is_shown_again(client, ada, fields, says):
    client.force_login(ada)
    response = client.post(ADD, {"archive": archive(), "publish": "draft", "slug": "", **fields})
    assert response.status_code == 200
    assert says in text(response).replace("&quot;", '"')
    assert ImportJob.objects.count() == 0


def test_names_of_any_kind_are_taken(client, ada):
    client.force_login(ada)
    for name in (
        "../../etc/passwd.zip",
        "a\0b.zip",
        "x" * 300 + ".zip",
        "\ud800.zip".encode("utf-8", "replace").decode(),
        "курс.zip",
    ):
        file = archive()
        file._name = name
        assert upload(client, file).status_code == 302
        assert client.get(job_page(newest())).status_code == 200
        assert "/" not in newest().source_name


def test_a_file_over_the_limit_is_refused_before_it_is_read(client, ada, monkeypatch, media):
    client.force_login(ada)
    monkeypatch.setattr(import_jobs, "MAX_UPLOAD_BYTES", 2**20)
    response = client.generic(
        "POST", ADD, b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="2000000"
    )
    assert response.status_code == 413
    assert "at most 1 MB" in text(response)
    # With a length that lies, or just within the slack, the file's own size counts.
    response = upload(client, SimpleUploadedFile("a.zip", bytes(2**20 + 1)))
    assert "at most 1,048,576" in text(response)
    assert not media.exists()


def test_a_malformed_request_is_a_client_error(client, ada):
    client.force_login(ada)
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 300, "text/plain", ""):
        assert client.generic("POST", ADD, b"junk", content_type=content_type).status_code in (200, 400)
    assert ImportJob.objects.count() == 0


def test_a_token_is_needed(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    assert upload(client).status_code == 403
    token = form_data(client.get(ADD), "import-form")["csrfmiddlewaretoken"]
    assert upload(client, csrfmiddlewaretoken=token).status_code == 302
    job = newest()
    for step in STEPS:
        assert client.post(job_page(job, step)).status_code == 403


def test_reading_changes_nothing(client, ada):
    client.force_login(ada)
    upload(client)
    for step in STEPS:
        assert client.get(job_page(newest(), step)).status_code == 405
    assert client.post(job_page(newest())).status_code == 405
    assert newest().state == "queued"


# --- who ---


@pytest.mark.parametrize(
    ("who", "may"),
    [(None, False), ("cy", False), ("ben", False), ("ada", True), ("eve", True), ("boss", True)],
)
def test_who_may_import(client, request, db, who, may):
    if who:
        client.force_login(request.getfixturevalue(who))
    for method in (client.get, client.post):
        status = method(ADD).status_code
        assert status == (200 if may else 302), method
    assert client.get(LIST).status_code == (200 if may else 302)
    assert upload(client).status_code == 302
    assert ImportJob.objects.exists() == may


def test_staff_without_the_right_to_add_courses_is_refused(client, db):
    client.force_login(UserFactory(email="staff@example.org", is_staff=True))
    assert client.get(ADD).status_code == 403
    assert upload(client).status_code == 403
    assert client.get(LIST).status_code == 403
    assert "importjob" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("who", "sees"), [("cy", False), ("ben", False), ("bo", False), ("ada", True), ("eve", True), ("boss", True)]
)
def test_who_sees_and_decides_about_adas_import(client, request, ada, who, sees):
    client.force_login(ada)
    upload(client)
    run_import.call(newest().pk)
    job = newest()
    if who == "bo":
        client.force_login(UserFactory(email="bo@example.org", role="author"))
    else:
        client.force_login(request.getfixturevalue(who))
    for name in ("change", "state"):
        assert (client.get(job_page(job, name)).status_code == 200) == sees
    assert ("My course.zip" in client.get(LIST).content.decode()) == sees
    for step in ("retry", "apply"):
        client.post(job_page(job, step))
    assert newest().state == ("queued" if sees else "planned")


def test_a_role_without_publication_imports_drafts_alone(client, ada):
    from django.contrib.auth.models import Group, Permission

    Group.objects.get(name="author").permissions.remove(Permission.objects.get(codename="publish_course"))
    client.force_login(ada)
    assert 'value="publish"' not in client.get(ADD).content.decode()
    assert upload(client, publish="publish").status_code == 200
    assert upload(client).status_code == 302
    ImportJob.objects.update(publish=True)  # had it been taken away after the upload
    run_import.call(newest().pk)
    assert newest().state == "refused"


@pytest.mark.parametrize(
    ("who", "state"), [("ada", "planned"), ("bo", "refused"), ("eve", "planned"), ("boss", "planned")]
)
def test_whose_course_may_be_imported_again(client, request, ada, who, state):
    client.force_login(ada)
    upload(client, publish="publish")
    run_import.call(newest().pk)
    client.post(job_page(newest(), "apply"))
    run_import.call(newest().pk)
    user = UserFactory(email="bo@example.org", role="author") if who == "bo" else request.getfixturevalue(who)
    client.force_login(user)
    upload(client, archive(a="# Mine"))
    run_import.call(newest().pk)
    assert newest().state == state
    page = text(client.get(job_page(newest())))
    assert ("belongs to a course that you may not edit" in page) == (state == "refused")


def test_a_notebook_course_of_many_findings_is_shown_within_bounds(client, ada):
    client.force_login(ada)
    cells = [markdown(f"![x](no-{number}.png) [y](no-{number}.ipynb)", f"c{number}") for number in range(300)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("a.ipynb", notebook(markdown("# A"), *cells, code("1")))
    upload(client, SimpleUploadedFile("a.zip", file.getvalue()))
    run_import.call(newest().pk)
    page = text(client.get(job_page(newest())))
    report = newest().report
    listed = len(report["problems"]) + len(report["images"]["missing"]) + len(report["links"]["broken"])
    assert listed >= 600
    assert f"and {listed - 200} more" in page
    assert page.count("missing: no-") + page.count("broken: no-") <= 200
    assert len(json.dumps(newest().report)) < 200_000
