"""Which lesson is which when a folder comes again: uid, path, renamed file, split, copy, tombstone."""

from pathlib import Path
from typing import Any

import pytest

from courses.models import Course, Lesson
from courses.services.importing import import_course
from courses.services.matching import similarity
from courses.tests.course_folders import markdown, notebook, write

TEXTS = [
    "A slope says how fast a line rises when one walks along it.",
    "An intercept says where the line crosses the vertical axis.",
    "A residual is what is left between a point and the line.",
    "A loss adds the squares of all the residuals of the line.",
    "Gradient descent walks down the loss one step at a time.",
]
OTHERS = [
    "A tree asks one question in each of its inner nodes, no more.",
    "A forest lets a hundred trees vote and counts what they said.",
    "Boosting makes every tree mend what the former ones broke.",
]


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path_factory: Any) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def lesson(*texts: str, title: str = "Lesson", uid: str | None = None, ids: str = "c") -> bytes:
    cells = [markdown(text, f"{ids}{number}") for number, text in enumerate(texts)]
    return notebook(
        markdown(f"# {title}", "top"), *cells, minor=5, metadata={"mlpracticum": {"uid": uid}} if uid else {}
    )


def bring(folder: Path) -> dict[str, Any]:
    """Import, check that a second import has nothing to do, and give the changes."""
    report = import_course(path=folder, publish=True).report["changes"]
    assert import_course(path=folder, publish=True).plan.is_empty
    return {name: value for name, value in report.items() if value and name not in ("unchanged", "learners")}


def at(path: str) -> Lesson:
    return Lesson.objects.get(source_path=path, removed_at=None)


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    write(tmp_path, {
        "course.toml": 'uid = "course"\ntitle = "Course"\n',
        "1-lines.ipynb": lesson(*TEXTS, title="Lines"),
        "2-trees.ipynb": lesson(*OTHERS, title="Trees"),
    })  # fmt: skip
    bring(tmp_path)
    return tmp_path


def test_a_renamed_file_is_the_same_lesson_and_keeps_its_uid(folder: Path) -> None:
    row = at("1-lines.ipynb")
    (folder / "1-lines.ipynb").rename(folder / "1-straight-lines.ipynb")
    told = bring(folder)
    assert told["renamed"] == ["1-lines.ipynb"]
    assert told["files"] == [{"lesson": "1-lines.ipynb", "from": "1-lines.ipynb", "to": "1-straight-lines.ipynb"}]
    assert "added" not in told
    assert "removed" not in told
    again = at("1-straight-lines.ipynb")
    assert (again.pk, again.uid) == (row.pk, "1-lines.ipynb")


def test_a_file_that_is_renamed_and_edited_is_recognised_by_the_rest(folder: Path) -> None:
    row = at("1-lines.ipynb")
    (folder / "1-lines.ipynb").unlink()
    write(folder, {"1-new.ipynb": lesson(*TEXTS[:4], "Something quite different is said here.", title="Lines again")})
    bring(folder)
    assert at("1-new.ipynb").pk == row.pk


def test_another_lesson_in_the_place_of_one_that_vanished_is_new(folder: Path) -> None:
    row = at("1-lines.ipynb")
    (folder / "1-lines.ipynb").unlink()
    # The ids of its cells are those of the old one: tools number cells alike in every notebook.
    write(folder, {"1-new.ipynb": lesson(*[text.upper()[::-1] for text in OTHERS], title="Other")})
    assert bring(folder)["removed"] == ["1-lines.ipynb"]
    assert at("1-new.ipynb").pk != row.pk


def test_a_file_under_the_name_that_another_had_is_a_lesson_of_its_own(folder: Path) -> None:
    row = at("1-lines.ipynb")
    (folder / "1-lines.ipynb").rename(folder / "3-lines.ipynb")
    bring(folder)
    write(folder, {"1-lines.ipynb": lesson("A new beginning that nobody has read.", title="New")})
    bring(folder)
    assert at("3-lines.ipynb").pk == row.pk
    assert at("1-lines.ipynb").uid == "1-lines.ipynb#2"
    assert Lesson.objects.count() == 3


def test_an_author_may_write_down_that_a_lesson_kept_the_uid_of_its_former_path(folder: Path) -> None:
    """As an export does, so that it can be imported again; the lesson that has the path now says another."""
    row = at("1-lines.ipynb")
    (folder / "1-lines.ipynb").rename(folder / "3-lines.ipynb")
    bring(folder)
    write(folder, {
        "1-lines.ipynb": lesson("A new beginning that nobody has read.", title="New", uid="1-lines.ipynb#2"),
        "3-lines.ipynb": lesson(*TEXTS, title="Lines", uid="1-lines.ipynb"),
    })  # fmt: skip
    bring(folder)
    assert at("3-lines.ipynb").pk == row.pk


def test_splitting_keeps_the_lesson_with_the_path(folder: Path) -> None:
    row = at("1-lines.ipynb")
    write(folder, {"1-lines.ipynb": lesson(TEXTS[0], title="Lines"), "1b.ipynb": lesson(*TEXTS[1:], title="More")})
    assert bring(folder)["added"] == ["1b.ipynb"]
    assert at("1-lines.ipynb").pk == row.pk


def test_a_copy_is_a_new_lesson_and_the_original_stays(folder: Path) -> None:
    row = at("1-lines.ipynb")
    (folder / "0-copy.ipynb").write_bytes((folder / "1-lines.ipynb").read_bytes())
    write(folder, {"1-lines.ipynb": lesson(*TEXTS, "One more remark.", title="Lines")})
    bring(folder)
    assert at("1-lines.ipynb").pk == row.pk
    assert at("0-copy.ipynb").pk != row.pk


def test_a_file_that_gains_a_uid_is_the_same_lesson_and_keeps_it_wherever_it_goes(folder: Path) -> None:
    row = at("1-lines.ipynb")
    write(folder, {"1-lines.ipynb": lesson(*TEXTS, title="Lines", uid="lines")})
    bring(folder)
    assert at("1-lines.ipynb").pk == row.pk
    assert at("1-lines.ipynb").uid == "lines"
    (folder / "1-lines.ipynb").unlink()
    write(folder, {"later/9.ipynb": lesson("All of it is written anew, from the first word.", title="X", uid="lines")})
    bring(folder)
    assert at("later/9.ipynb").pk == row.pk


def test_a_file_that_loses_its_uid_is_found_by_its_path(folder: Path) -> None:
    write(folder, {"1-lines.ipynb": lesson(*TEXTS, title="Lines", uid="lines")})
    bring(folder)
    write(folder, {"1-lines.ipynb": lesson(*TEXTS, title="Lines")})
    assert bring(folder) == {"changed": ["lines"]}
    assert at("1-lines.ipynb").uid == "lines"


def test_two_uids_that_an_author_wrote_are_two_lessons(folder: Path) -> None:
    write(folder, {"1-lines.ipynb": lesson(*TEXTS, title="Lines", uid="lines")})
    bring(folder)
    row = at("1-lines.ipynb")
    write(folder, {"1-lines.ipynb": lesson(*TEXTS, title="Lines", uid="other")})
    assert bring(folder)["removed"] == ["lines"]
    assert at("1-lines.ipynb").pk != row.pk


def test_a_tombstone_is_revived_by_its_path_and_under_another_name_only_when_hardly_changed(folder: Path) -> None:
    row, data = at("1-lines.ipynb"), (folder / "1-lines.ipynb").read_bytes()
    (folder / "1-lines.ipynb").unlink()
    bring(folder)
    write(folder, {"1-other.ipynb": lesson(*TEXTS[:4], "Something quite different is said here.", title="Lines")})
    assert bring(folder)["added"] == ["1-other.ipynb"]
    (folder / "1-other.ipynb").unlink()
    bring(folder)
    (folder / "7-back.ipynb").write_bytes(data)
    assert bring(folder)["revived"] == ["1-lines.ipynb"]
    assert at("7-back.ipynb").pk == row.pk


def test_two_files_may_swap_their_names_when_they_have_uids(folder: Path) -> None:
    write(folder, {"1-lines.ipynb": lesson(*TEXTS, title="Lines", uid="lines")})
    write(folder, {"2-trees.ipynb": lesson(*OTHERS, title="Trees", uid="trees")})
    bring(folder)
    rows = {row.uid: row.pk for row in Lesson.objects.all()}
    (folder / "1-lines.ipynb").rename(folder / "x")
    (folder / "2-trees.ipynb").rename(folder / "1-lines.ipynb")
    (folder / "x").rename(folder / "2-trees.ipynb")
    bring(folder)
    assert {row.uid: row.pk for row in Lesson.objects.all()} == rows
    assert at("1-lines.ipynb").uid == "trees"


def test_a_lesson_made_by_hand_is_never_taken_for_a_file(folder: Path) -> None:
    row = at("1-lines.ipynb")
    Lesson.objects.filter(pk=row.pk).update(uid="5b0e8c9a-0000-4000-8000-000000000000", source_path="")
    told = bring(folder)
    # The same text, though: a file whose lesson was moved by hand into the course is that lesson.
    assert told["renamed"] == ["5b0e8c9a-0000-4000-8000-000000000000"]
    assert Course.objects.get().lesson_count == 2


def body(*texts: str, ids: str = "c") -> dict[str, Any]:
    blocks = [{"id": f"{ids}{number}", "type": "markdown", "source": text} for number, text in enumerate(texts)]
    return {"version": 1, "blocks": blocks}


def test_similarity_counts_text_and_neither_ids_alone_nor_empty_cells() -> None:
    assert similarity(body(*TEXTS), body(*TEXTS, ids="other")) == 1
    assert similarity(body(*TEXTS), body(*OTHERS)) < 0.6
    assert similarity(body("", ""), body("", "")) == 0
    assert similarity(body(*TEXTS), body(*TEXTS[:2])) < 0.6
    assert similarity(body(*TEXTS), body(*[f"{text} Indeed." for text in TEXTS])) > 0.6
    assert similarity(body(*TEXTS[:1] * 4), body(TEXTS[0])) < 0.6
