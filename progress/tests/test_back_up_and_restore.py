"""A backup is whole, says when it is not, and comes back as it was or not at all."""

import io
import json
import stat
import tarfile
from pathlib import Path

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Asset, Course
from courses.services.pictures import store_picture
from courses.tests.factories import published_course
from progress.management import backup_file, database_tools
from progress.models import Enrolment, LessonCompletion
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll
from progress.services.recounting import differences

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><rect width="4" height="3"/></svg>'


# The mark makes the test database, and its flush comes after everything; the tests work in a copy.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own_database(transactional_db, django_db_blocker):
    """A copy of the empty test database that commits, and is dropped."""
    settings = connection.settings_dict
    template, name = settings["NAME"], f"{settings['NAME']}_backup"
    assert template == settings["TEST"]["NAME"]
    with django_db_blocker.unblock():
        connection.close()  # a template must have no users
        parameters = {**connection.get_connection_params(), "dbname": "postgres"}
        for unwanted in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(unwanted, None)
        with psycopg.connect(**parameters, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            # A server thread of an earlier test may have kept its connection; it opens another when it needs one.
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template])
            admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        settings["NAME"] = name
        try:
            yield name
        finally:
            connection.close()
            settings["NAME"] = template
            with psycopg.connect(**parameters, autocommit=True) as admin:
                admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def site(own_database, settings, tmp_path):
    """A course with a picture, which somebody takes."""
    settings.MEDIA_ROOT = tmp_path / "media"
    picture = store_picture(data=SVG)
    default_storage.save("imports/course.zip", ContentFile(b"with solutions"))
    (settings.MEDIA_ROOT / "imports").chmod(0o700)
    (settings.MEDIA_ROOT / "imports" / "course.zip").chmod(0o600)
    course = published_course(lessons=3, slug="lines")
    learner = UserFactory(email="ben@example.org")
    enroll(user=learner, course=course)
    complete_lesson(user=learner, lesson=course.lessons.first())
    return picture


@pytest.fixture
def saved(site, tmp_path):
    path = tmp_path / "site.backup"
    call_command("backup", str(path))
    return path


def state():
    """What people and authors have, and whether the rules of the database still hold it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        )
        rules = sorted(cursor.fetchall())
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1")
        triggers = cursor.fetchall()
    people = list(User.objects.order_by("pk").values())
    done = list(LessonCompletion.objects.order_by("pk").values())
    return people, done, list(Course.objects.order_by("pk").values()), rules, triggers


def spoil():
    """Go on with the site after the backup."""
    User.objects.create_user("cy@example.org")
    LessonCompletion.objects.all().delete()
    Course.objects.update(title="Another title")


def entries(path):
    with tarfile.open(path) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}


def rewritten(path, changed):
    with tarfile.open(path, "w") as tar:
        for name, data in changed.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def test_what_was_backed_up_comes_back_into_an_empty_database(saved, site, settings, tmp_path):
    before = state()
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    settings.MEDIA_ROOT = tmp_path / "elsewhere" / "media"
    call_command("restore", str(saved))
    assert state() == before
    assert differences() == []
    assert (settings.MEDIA_ROOT / "assets" / site.file).stat().st_size == site.size
    upload = settings.MEDIA_ROOT / "imports" / "course.zip"
    assert upload.read_bytes() == b"with solutions"
    assert stat.S_IMODE(upload.stat().st_mode) == 0o600
    assert stat.S_IMODE(upload.parent.stat().st_mode) == 0o700
    assert UserFactory(email="new@example.org").pk > max(row["id"] for row in before[0])  # sequences go on


def test_a_database_with_people_is_replaced_only_when_asked(saved):
    before = state()
    spoil()
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", str(saved))
    assert User.objects.filter(email="cy@example.org").exists()
    call_command("restore", str(saved), "--replace")
    assert state() == before


def test_a_migrated_database_without_people_needs_no_asking(saved):
    before = state()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_user, courses_course CASCADE")
    assert not Enrolment.objects.exists()
    call_command("restore", str(saved))
    assert state() == before


def test_the_file_is_for_its_owner_and_says_what_it_holds(saved, site):
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    manifest = json.loads(entries(saved)["manifest.json"])
    assert manifest["tables"]["progress_lessoncompletion"] == 1
    assert f"assets/{site.file}" in manifest["files"]
    assert any(name.startswith("progress.0004") for name in manifest["migrations"])
    assert "cache_table" not in manifest["tables"]
    assert [path.name for path in saved.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("after", [b"PGDMP", b"<svg", b"with sol", b'"tables": {', b"media/assets/"])
def test_an_altered_byte_is_found_before_anything_is_touched(saved, after):
    data = bytearray(saved.read_bytes())
    data[data.index(after) + len(after)] ^= 0xFF
    saved.write_bytes(data)
    _refused(saved)


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_cut_file_is_refused(saved, share):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(len(data) * share)])
    _refused(saved)


def _refused(path, **options):
    before = state()
    with pytest.raises(CommandError, match="as it was"):
        call_command("restore", str(path), "--replace")
    assert state() == before


@pytest.mark.parametrize("name", ["media/../../evil", "/etc/evil", "evil", "media/a//b"])
def test_a_member_with_no_place_is_refused(saved, tmp_path, name):
    rewritten(saved, {name: b"x", **entries(saved)})
    _refused(saved)
    assert not (tmp_path.parent / "evil").exists()


def test_a_link_is_refused(saved):
    found = entries(saved)
    with tarfile.open(saved, "w") as tar:
        link = tarfile.TarInfo("media/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
        for name, data in found.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    _refused(saved)


def _with_manifest(path, **changes):
    found = entries(path)
    manifest = json.loads(found["manifest.json"])
    for name, value in changes.items():
        manifest[name] = value(manifest[name])
    rewritten(path, {**found, "manifest.json": json.dumps(manifest).encode()})


def test_a_table_with_another_number_of_rows_undoes_everything(saved):
    _with_manifest(saved, tables=lambda tables: {**tables, "accounts_user": 99})
    spoil()
    _refused(saved)


def test_a_table_name_that_is_sql_is_refused(saved):
    _with_manifest(saved, tables=lambda tables: {**tables, 'x"; DROP TABLE accounts_user; --': 0})
    _refused(saved)


def test_a_backup_of_a_newer_version_is_refused(saved):
    _with_manifest(saved, migrations=lambda names: [*names, "courses.9999_from_tomorrow"])
    before = state()
    with pytest.raises(CommandError, match="9999_from_tomorrow"):
        call_command("restore", str(saved), "--replace")
    assert state() == before


def test_a_dump_that_ends_early_never_commits(saved, monkeypatch):
    """pg_restore dies with half of it sent: psql must not take the end of its input for the end of the work."""
    real = database_tools.subprocess.Popen

    def cut_off(command, **options):
        if Path(command[0]).name == "pg_restore":
            command = ["/bin/sh", "-c", '"$@" | head -c 20000; exit 1', "sh", *map(str, command)]
        return real(command, **options)

    monkeypatch.setattr(database_tools.subprocess, "Popen", cut_off)
    _refused(saved)


def test_media_that_cannot_be_written_leave_the_database_as_it_was(saved, settings, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    _refused(saved)


def test_a_failed_backup_leaves_the_earlier_one(saved, monkeypatch):
    before = saved.read_bytes()

    def fail(path):
        raise backup_file.BackupFaulty("the disk lies")

    monkeypatch.setattr(backup_file, "read_backup", fail)
    with pytest.raises(CommandError, match="the disk lies"):
        call_command("backup", str(saved))
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir() if path.name.startswith(".")] == []


def test_places_that_cannot_hold_a_backup_are_refused(site, settings, tmp_path):
    for place in (tmp_path / "no" / "folder.backup", settings.MEDIA_ROOT / "site.backup", tmp_path):
        with pytest.raises(CommandError):
            call_command("backup", str(place))


def test_without_programs_it_says_what_to_install(site, settings, tmp_path, monkeypatch):
    settings.POSTGRES_PROGRAMS = None
    monkeypatch.setattr(database_tools, "_folders", list)
    with pytest.raises(CommandError, match="install its client programs"):
        call_command("backup", str(tmp_path / "x.backup"))


def test_the_picture_is_still_known(saved, site):
    call_command("restore", str(saved), "--replace")
    assert Asset.objects.get(pk=site.pk).file == site.file
