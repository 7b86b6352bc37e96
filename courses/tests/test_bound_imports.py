"""Hostile folders: each ends in bounded time and memory, with a named error or a clean import."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from courses.content.report import CourseRefused
from courses.models import Asset, Course, Lesson, PublishLog
from courses.services.importing import import_course
from courses.tests.course_folders import markdown, notebook, png, write
from courses.tests.hostile_folders import FILES, REFERENCES, Case
from courses.tests.hostile_markdown import MARKDOWN

MEGABYTES = 256
"""What reading a course may add to a process's memory."""


@pytest.fixture(scope="module")
def reader() -> Iterator["subprocess.Popen[str]"]:
    """A process that reads the folders it is told, each in a child that is killed after a minute."""
    command = [sys.executable, "-m", "courses.tests.measured_import"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def measured(reader: "subprocess.Popen[str]", folder: Path) -> dict[str, Any]:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(f"{folder}\n")
    reader.stdin.flush()
    return json.loads(reader.stdout.readline())


def check(reader: "subprocess.Popen[str]", case: Case, folder: Path) -> None:
    folder.mkdir()
    case.make(folder)
    result = measured(reader, folder)
    assert result["outcome"] == ("read" if case.is_read else "refused"), result
    assert result["megabytes"] <= MEGABYTES, result
    assert not case.said or any(case.said in said for said in result["said"]), result


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.name)
def test_a_hostile_folder_is_read_or_refused_by_name(
    reader: "subprocess.Popen[str]", case: Case, tmp_path: Path
) -> None:
    check(reader, case, tmp_path / "course")


@pytest.mark.parametrize("case", REFERENCES, ids=lambda case: case.name)
def test_hostile_pictures_and_references_do_no_harm(
    reader: "subprocess.Popen[str]", case: Case, tmp_path: Path
) -> None:
    check(reader, case, tmp_path / "course")


@pytest.mark.parametrize("case", MARKDOWN, ids=lambda case: case.name)
def test_hostile_markdown_is_read_in_bounded_time(reader: "subprocess.Popen[str]", case: Case, tmp_path: Path) -> None:
    check(reader, case, tmp_path / "course")


def test_a_device_as_a_lesson_is_no_lesson(reader: "subprocess.Popen[str]", tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "# A"})
    try:
        os.mknod(tmp_path / "b.ipynb", 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    except PermissionError:
        pytest.skip("only the system's administrator makes devices")
    result = measured(reader, tmp_path)
    assert (result["outcome"], result["report"]["lessons"]) == ("read", 1)


def test_the_measuring_tells_a_large_and_a_failing_reading(reader: "subprocess.Popen[str]", tmp_path: Path) -> None:
    """So that the tests above can fail: what is read and kept shows in the figures."""
    small, large = tmp_path / "small", tmp_path / "large"
    write(small, {"a.md": "# A"})
    write(large, {"a.ipynb": notebook(*[markdown("word " * 2_000) for _ in range(100)])})
    assert measured(reader, large)["megabytes"] > measured(reader, small)["megabytes"] + 10
    assert measured(reader, tmp_path / "missing")["outcome"] == "refused"


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in FILES
        if not case.is_read and case.name in ("50,000 cells", "a link to /etc/passwd", "over 20 MB")
    ],
    ids=lambda case: case.name,
)
def test_nothing_of_a_refused_course_is_kept(case: Case, tmp_path: Path, db: None, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = tmp_path / "course"
    write(folder, {"00-good.md": "# Good\n\n![x](x.png)", "x.png": png()})
    case.make(folder)
    with pytest.raises(CourseRefused) as refused:
        import_course(path=folder, publish=True)
    assert case.said in str(refused.value)
    assert [model.objects.count() for model in (Course, Lesson, Asset, PublishLog)] == [0, 0, 0, 0]
    assert not (tmp_path / "media").exists()
