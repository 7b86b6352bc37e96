"""A course comes as a .zip: read member by member, inside bounds, and nothing in it leads elsewhere."""

import io
import json
import os
import stat
import struct
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from courses.content.archive import Limits, unpack
from courses.content.report import CourseRefused, Problem
from courses.models import Course, PublishLog
from courses.services.sources import opened_source, remove_left_folders
from courses.tests.course_folders import code, markdown, notebook

SMALL = Limits(total=40_000, member=30_000, members=20, directory=5_000, ratio=50, ratio_from=10_000)


@pytest.fixture(autouse=True)
def _media(settings, tmp_path_factory):
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def packed(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of (name, content)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            if isinstance(name, zipfile.ZipInfo):
                name.compress_type = method
            archive.writestr(name, content)
    return file.getvalue()


def member(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def course_zip(top: str = "") -> bytes:
    return packed(
        (f"{top}01-lines.ipynb", notebook(markdown("# Lines", "a"), code("1 + 1", "b"))),
        (f"{top}02-end.md", b"# The end\n"),
    )


def refused(data: bytes, into: Path, limits: Limits = SMALL) -> list[Problem]:
    into.mkdir(exist_ok=True)
    with pytest.raises(CourseRefused) as caught:
        unpack(io.BytesIO(data), into, limits=limits)
    return caught.value.problems


def said(problems: list[Problem]) -> str:
    return "\n".join(map(str, problems))


def test_members_are_unpacked_as_they_are(tmp_path):
    content = bytes(range(256)) * 50
    folder = unpack(io.BytesIO(packed(("a/b.bin", content), ("c.md", b"x"))), tmp_path)
    assert folder == tmp_path
    assert (tmp_path / "a/b.bin").read_bytes() == content
    assert (tmp_path / "c.md").read_bytes() == b"x"


def test_a_single_folder_at_the_top_is_entered(tmp_path):
    data = packed(("course/a.md", b"a"), ("__MACOSX/course/._a.md", b"junk"), ("course/.git/config", b"[core]"))
    folder = unpack(io.BytesIO(data), tmp_path)
    assert folder == tmp_path / "course"
    assert [path.name for path in folder.iterdir()] == ["a.md"]
    assert list(tmp_path.iterdir()) == [folder]


def test_names_in_utf8_are_read_also_where_the_archive_does_not_say_so(tmp_path):
    data = packed(("Übung/урок.md", b"x")).replace(b"\x00\x08\x00\x00", b"\x00\x00\x00\x00")  # no flag in the list
    data = data.replace(b"\x14\x00\x00\x08", b"\x14\x00\x00\x00")  # nor before the content
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() != ["Übung/урок.md"]
    assert (unpack(io.BytesIO(data), tmp_path) / "урок.md").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("/etc/cron.d/x", "has an absolute path"),
        ("a/../../x.md", "leads out of the archive"),
        ("..", "leads out of the archive"),
        ("C:/x.md", "names a drive"),
        ("c:x.md", "names a drive"),
        ("a\\..\\..\\x.md", "has a backslash in its name"),
        ("a/\x1b[2J.md", "has a control character in its name"),
        ("a//b.md", "has an empty part in its path"),
        ("a/./b.md", "has an empty part in its path"),
        ("x" * 300 + ".md", "has a name that is too long"),
        ("a/" * 250 + "b.md", "has a name that is too long"),
    ],
)
def test_a_name_that_leads_elsewhere_or_is_odd_is_refused(tmp_path, name, what):
    problems = refused(packed((name, b"x"), ("good.md", b"y")), tmp_path / "in")
    assert what in said(problems)
    assert all(problem.file for problem in problems)
    assert list(tmp_path.rglob("*")) == [tmp_path / "in"]


def test_a_name_with_nul_is_refused_and_not_cut(tmp_path):
    data = packed(("good.md_.exe", b"x")).replace(b"good.md_.exe", b"good.md\0.exe")
    assert "has a NUL character in its name" in said(refused(data, tmp_path))


@pytest.mark.parametrize(
    ("mode", "what"),
    [(stat.S_IFLNK | 0o777, "is a symbolic link"), (stat.S_IFIFO | 0o644, "is neither a file nor a folder")],
)
def test_links_and_devices_are_refused(tmp_path, mode, what):
    problems = refused(packed((member("secret.md", mode), b"/etc/passwd")), tmp_path)
    assert [problem.file for problem in problems] == ["secret.md"]
    assert what in said(problems)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("a.md", "a.md"), "a.md: is in the archive twice"),
        (("Read/a.md", "read/A.md"), "read/A.md: differs from 'Read/a.md' by case alone"),
        (("caf\u00e9.md", "cafe\u0301.md"), "by case alone"),
        (("a", "a/b.md"), "a: is a file and a folder"),
        (("a/b.md", "A"), "A: is a file and a folder"),
    ],
)
def test_two_members_of_one_name_are_refused(tmp_path, names, what):
    assert what in said(refused(packed(*((name, b"x") for name in names)), tmp_path))


def test_encrypted_members_are_refused(tmp_path):
    data = bytearray(packed(("a.md", b"secret")))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    assert said(refused(bytes(data), tmp_path)) == "a.md: is encrypted"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_a_bound_are_refused(tmp_path, method):
    data = packed(("a.md", b"x" * 1000), method=method)
    assert "a.md: is compressed by" in said(refused(data, tmp_path))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    data = packed(("zeros.csv", bytes(20_000)))
    assert said(refused(data, tmp_path)).startswith("zeros.csv: unpacks to more than 50 times its size")
    assert list(tmp_path.iterdir()) == []


def test_many_small_bombs_are_a_bomb(tmp_path):
    data = packed(*((f"{number}.csv", bytes(9_000)) for number in range(4)))
    assert "the archive unpacks to more than 50 times its size" in said(refused(data, tmp_path))


def test_short_files_may_be_as_regular_as_they_like(tmp_path):
    unpack(io.BytesIO(packed(("zeros.csv", bytes(9_000)))), tmp_path, limits=SMALL)
    assert (tmp_path / "zeros.csv").stat().st_size == 9_000


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ([("a.bin", 31_000)], "a.bin: is 31,000 bytes; at most 30,000 are unpacked"),
        ([("a.bin", 21_000), ("b.bin", 21_000)], "the archive unpacks to 42,000 bytes; at most 40,000"),
        ([(f"{number}.md", 1) for number in range(21)], "the archive has 21 members; at most 20"),
    ],
)
def test_sizes_and_counts_are_bounded(tmp_path, members, what):
    data = packed(*((name, bytes(size)) for name, size in members), method=zipfile.ZIP_STORED)
    assert what in said(refused(data, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_members_that_is_too_long_is_never_read(tmp_path):
    limits = Limits(members=10**6, directory=2**17)
    data = packed(*((f"{number}-{'x' * 200}.md", b"") for number in range(600)))
    assert "its list of members is" in said(refused(data, tmp_path, limits))


def test_a_member_that_lies_about_its_size_is_refused(tmp_path):
    data = bytearray(packed(("a.md", bytes(20_000))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 100)
    problems = refused(bytes(data), tmp_path)
    assert said(problems).startswith("a.md: is damaged")
    assert sum(path.stat().st_size for path in tmp_path.rglob("*")) <= 100


def test_overlapping_members_are_refused(tmp_path):
    """Two entries of the list that name one content, as archives do that unpack to a million times their size."""
    data = packed(("a.md", b"x" * 500), ("b.md", b"y"))
    first, second = data.index(b"PK\x01\x02"), data.rindex(b"PK\x01\x02")
    changed = bytearray(data)
    changed[second + 42 : second + 46] = data[first + 42 : first + 46]
    changed[second + 20 : second + 28] = data[first + 20 : first + 28]
    changed[second + 16 : second + 20] = data[first + 16 : first + 20]
    assert "overlaps" in said(refused(bytes(changed), tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_member_that_is_not_where_the_list_says_is_refused(tmp_path):
    data = bytearray(packed(("a.md", b"x")))
    data[0:4] = b"ABCD"
    assert "a.md: is not where the archive's list says" in said(refused(bytes(data), tmp_path))


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"hello", bytes(5_000), course_zip()[:-30], course_zip()[:40]],
    # Named: an archive holds the time, and every process of the tests must give a test the same name.
    ids=["nothing", "two bytes", "text", "zeros", "without its end", "its beginning"],
)
def test_what_is_no_zip_or_is_cut_off_is_refused(tmp_path, data):
    assert "is not a zip archive" in said(refused(data, tmp_path))


def test_every_cut_and_every_flipped_byte_is_taken_or_refused_by_name(tmp_path):
    data = course_zip()
    outcomes = set()
    for place in range(0, len(data), 3):
        for number, broken in enumerate((data[:place], data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])):
            into = tmp_path / f"{place}-{number}"
            into.mkdir()
            try:
                unpack(io.BytesIO(broken), into)
                outcomes.add("taken")
            except CourseRefused as refused:
                outcomes.add("refused" if refused.problems else "refused without a word")
    assert outcomes == {"taken", "refused"}


def test_damaged_content_names_its_member(tmp_path):
    data = bytearray(packed(("fine.md", b"x"), ("bad.md", b"content" * 20), method=zipfile.ZIP_STORED))
    data[data.index(b"contentcontent")] ^= 1
    assert said(refused(bytes(data), tmp_path)).startswith("bad.md: is damaged")


def test_an_empty_archive_is_refused(tmp_path):
    assert said(refused(packed(), tmp_path)) == "the archive is empty"
    assert said(refused(packed(("a/", b"")), tmp_path)) == "the archive is empty"


def test_memory_does_not_grow_with_a_member(tmp_path):
    path = tmp_path / "big.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("big.bin", "w") as big:
        block = bytes(range(256)) * 4096
        for _ in range(40):
            big.write(block)
    into = tmp_path / "in"
    into.mkdir()
    with path.open("rb") as file:
        tracemalloc.start()
        unpack(file, into, limits=Limits(ratio=2000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (into / "big.bin").stat().st_size == 40 * 2**20
    assert peak < 4 * 2**20


def test_the_temporary_folder_is_private_and_goes_away(tmp_path):
    path = tmp_path / "course.zip"
    path.write_bytes(course_zip("top/"))
    with opened_source(path) as (folder, origin):
        assert sorted(file.name for file in folder.iterdir()) == ["01-lines.ipynb", "02-end.md"]
        private = folder.parents[1]
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert not private.exists()
    assert origin == {"kind": "zip", "name": "course.zip"}


def test_the_command_imports_a_zip_and_says_where_the_course_is_from(db, tmp_path, capsys):
    path = tmp_path / "lines.zip"
    path.write_bytes(course_zip("lines/"))
    report = tmp_path / "report.json"
    call_command("import_course", str(path), publish=True, slug="lines", report=report)
    course = Course.objects.get(slug="lines")
    assert [lesson.title for lesson in course.lessons.order_by("position")] == ["Lines", "The end"]
    assert json.loads(report.read_text())["source"] == {"kind": "zip", "name": "lines.zip"}
    assert PublishLog.objects.get(course=course).changes["source"] == {"kind": "zip", "name": "lines.zip"}
    call_command("import_course", str(path), publish=True, slug="lines")
    assert "unchanged: lines" in capsys.readouterr().out
    assert PublishLog.objects.count() == 1


def test_folders_that_a_killed_import_left_are_removed_when_they_are_old(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("course-archive-old", "course-archive-new", "somebody-elses"):
        (tmp_path / name / "course").mkdir(parents=True)
    for name in ("course-archive-old", "somebody-elses"):
        os.utime(tmp_path / name, (0, 0))
    assert remove_left_folders() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["course-archive-new", "somebody-elses"]


@pytest.mark.parametrize(
    ("name", "top", "title"),
    [
        ("My course.zip", "", "My course"),
        ("x.zip", "Lines and loss/", "Lines and loss"),
        ("..zip", "", None),
        ("a" * 240 + ".zip", "", None),
    ],
)
def test_a_course_without_a_title_is_named_after_the_archive(db, tmp_path, name, top, title):
    (tmp_path / name).write_bytes(course_zip(top))
    for _ in range(2):
        call_command("import_course", str(tmp_path / name), publish=True)
    assert Course.objects.get().title == (title or Course.objects.get().title)
    assert PublishLog.objects.count() == 1


def test_a_zip_and_its_folder_are_the_same_course(db, tmp_path):
    (tmp_path / "c.zip").write_bytes(course_zip("c/"))
    with zipfile.ZipFile(tmp_path / "c.zip") as archive:
        archive.extractall(tmp_path)
    call_command("import_course", str(tmp_path / "c"), publish=True, slug="c")
    call_command("import_course", str(tmp_path / "c.zip"), publish=True, slug="c")
    assert PublishLog.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("bad.zip", packed(("../x.md", b"x")), "../x.md: leads out of the archive"),
        ("no.zip", b"no", "is not a zip archive"),
        ("gone.zip", None, "'gone.zip' does not exist"),
    ],
)
def test_a_refused_archive_ends_the_command_with_1(db, tmp_path, capsys, name, data, what):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    report = tmp_path / "report.json"
    with pytest.raises(CommandError) as error:
        call_command("import_course", str(tmp_path / name), report=report)
    assert error.value.returncode == 1
    assert what in capsys.readouterr().err
    assert json.loads(report.read_text())["refused"] is True
    assert Course.objects.count() == 0
