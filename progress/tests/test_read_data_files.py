"""Code opens the data files of its course by the path that its notebook uses, on the server as in Jupyter."""

import pytest

from courses.models import Lesson
from courses.services.importing import import_course
from courses.tests.course_folders import code, markdown, notebook, write
from progress.services.enrolling import enroll
from progress.tests.practice_course import answer

pytestmark = pytest.mark.usefixtures("sandbox_runtime")

READS = """import csv

def total(path):
    with open(path, newline="") as file:
        return sum(float(row["mass"]) for row in csv.DictReader(file))
"""
TOML = b"""title = "Apples"
[[modules]]
title = "Files"
lessons = ["01-files/read.ipynb"]
[files]
data = ["data/apples.csv"]
"""


@pytest.fixture
def lesson(db, ben, settings, tmp_path) -> Lesson:
    settings.MEDIA_ROOT = tmp_path / "media"
    exercise = [
        markdown("# Files", "title"),
        code('apples = open("../data/apples.csv").read()', "given"),
        markdown("## Total\n\nAdd up.", "ask", tags=["exercise"]),
        code(f"### BEGIN SOLUTION\n{READS}### END SOLUTION", "solve", tags=["solution"]),
        code('assert total("../data/apples.csv") == 3.5', "check", tags=["check"]),
        code('assert apples.startswith("mass")', "hidden", tags=["hidden-check"]),
    ]
    write(
        tmp_path / "course",
        {
            "course.toml": TOML,
            "01-files/read.ipynb": notebook(*exercise),
            "data/apples.csv": b"mass\n1\n2.5\n",
            "data/secret.csv": b"mass\n9\n",
        },
    )
    lesson = Lesson.objects.get(course=import_course(path=tmp_path / "course", publish=True).course)
    enroll(user=ben, course=lesson.course)
    return lesson


def block_of(lesson: Lesson) -> str:
    [block] = lesson.current_revision.checks
    return block


def test_code_its_setup_and_its_checks_read_the_file(ben, lesson):
    attempt = answer(ben, lesson, block_of(lesson), READS)
    assert attempt.verdict == "passed", attempt.outcome


def test_code_that_reads_wrongly_is_told_what_it_returned(ben, lesson):
    attempt = answer(ben, lesson, block_of(lesson), READS.replace("sum(", "2 * sum("))
    assert attempt.verdict == "failed"
    assert attempt.outcome["checks"][0]["returned"] == "7.0"


def test_a_file_that_the_course_does_not_offer_is_not_there(ben, lesson):
    attempt = answer(ben, lesson, block_of(lesson), READS + "total('../data/secret.csv')\n")
    assert attempt.verdict == "failed"
    assert attempt.outcome["error"]["type"] == "FileNotFoundError"


def test_what_one_run_writes_no_other_reads(ben, lesson):
    spoiled = "open('../data/apples.csv', 'w').write('mass\\n3.5\\n')\ndef total(path):\n    return 0\n"
    assert answer(ben, lesson, block_of(lesson), spoiled).verdict == "failed"
    assert answer(ben, lesson, block_of(lesson), READS).verdict == "passed"
