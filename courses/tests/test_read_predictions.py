"""A `{predictions}` directive becomes a predictions block; its labels reach no learner."""

import json

import pytest

from courses.content.assets import AssetStore
from courses.content.folder import read_course
from courses.content.predictions import read_predictions, write_predictions
from courses.content.report import CourseRefused
from courses.models import Course, Lesson
from courses.services.exporting import export_course
from courses.services.importing import import_course
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.course_folders import code, markdown, notebook, write

DIRECTIVE = """```{predictions} accuracy
:id: penguins
:data: ../data/test.csv
:labels: ../private/labels.csv
:threshold: 0.85
:tries: 3
:points: 2.5

Predict the *species* of each row.
```"""
LABELS = "label\nAdelie\nGentoo\nCANARYLABEL12345\n"


def course(*cells, minor=5, **files):
    return {
        "01-birds/birds.ipynb": notebook(markdown("# Birds", "title"), *cells, minor=minor),
        "data/test.csv": b"bill\n1\n2\n3\n",
        "private/labels.csv": LABELS.encode(),
        **files,
    }


def read(tmp_path, files):
    write(tmp_path, files)
    return read_course(tmp_path)


def block_of(source):
    return source.lessons[0].body["blocks"][-1]


def test_the_directive_is_read():
    found = read_predictions(DIRECTIVE)
    assert (found.id, found.data, found.labels) == ("penguins", "../data/test.csv", "../private/labels.csv")
    assert (found.faults, found.problems) == ([], [])
    assert found.block == {
        "type": "predictions", "prompt": "Predict the *species* of each row.", "metric": "accuracy",
        "threshold": 0.85, "tries_per_day": 3, "points": 2.5,
    }  # fmt: skip


@pytest.mark.parametrize("source", ["text", f"before\n\n{DIRECTIVE}", f"{DIRECTIVE}\n\nafter", DIRECTIVE[:-3], ""])
def test_anything_else_is_not_taken_for_one(source):
    assert read_predictions(source) is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (":threshold: 0.85", ":threshold: is not a number"),
        (":data: ../data/test.csv", ":data: names no file"),
        (":labels: ../private/labels.csv", ":labels: names no file"),
    ],
)
def test_what_is_missing_is_named(line, fault):
    assert read_predictions(DIRECTIVE.replace(line + "\n", "")).faults == [fault]


@pytest.mark.parametrize("value", ["nan", "inf", "1e999", "x", "1_0", ""])
def test_a_threshold_is_a_finite_number(value):
    assert read_predictions(DIRECTIVE.replace("0.85", value)).faults


def test_an_unknown_metric_is_named_with_those_that_are_known():
    assert "accuracy, f1" in read_predictions(DIRECTIVE.replace("accuracy", "luck")).faults[0]


def test_the_block_names_the_data_openly_and_the_labels_privately(tmp_path):
    source = read(tmp_path, course(markdown(DIRECTIVE, "cell")))
    block = block_of(source)
    assert (block["id"], block["type"]) == ("penguins", "predictions")
    assert block["data"].endswith(".csv")
    assert block["labels"].endswith(".private")


def test_labels_that_are_also_offered_make_no_block(tmp_path):
    files = course(markdown("[labels](../private/labels.csv)", "link"), markdown(DIRECTIVE, "cell"))
    files["course.toml"] = b'title = "Birds"\n[files]\ndata = ["private/labels.csv"]\n'
    write(tmp_path, files)
    with pytest.raises(CourseRefused, match="holds answers"):
        read_course(tmp_path)


def test_a_link_to_the_labels_is_reported_and_leads_nowhere(tmp_path):
    source = read(tmp_path, course(markdown("[labels](../private/labels.csv)", "link"), markdown(DIRECTIVE, "cell")))
    names = {asset for block in source.lessons[0].body["blocks"] for asset in json.dumps(block.get("links", {}))}
    assert not any(".private" in name for name in names)
    assert any("private/labels.csv" in str(broken) for broken in source.report.broken_links)


def test_a_file_that_code_reads_can_still_be_offered(tmp_path):
    files = course(code("import csv\nrows = open('../data/test.csv').read()", "read"))
    files["course.toml"] = b'title = "Birds"\n[files]\ndata = ["data/test.csv"]\n'
    source = read(tmp_path, files)
    assert source.data_files["data/test.csv"].endswith(".csv")


@pytest.mark.parametrize("lost", ["data/test.csv", "private/labels.csv"])
def test_a_missing_file_leaves_the_text_and_says_so(tmp_path, lost):
    files = course(markdown(DIRECTIVE, "cell"))
    del files[lost]
    source = read(tmp_path, files)
    block = block_of(source)
    assert (block["type"], block["source"]) == ("markdown", "Predict the *species* of each row.")
    assert any(lost in problem.what for problem in source.report.problems)


def test_a_directive_with_text_around_it_is_not_shown_and_reported(tmp_path):
    source = read(tmp_path, course(markdown(f"Now:\n\n{DIRECTIVE}", "cell")))
    assert block_of(source)["source"] == ""
    assert any("cell of its own" in problem.what for problem in source.report.problems)


def test_no_learner_sees_the_labels(db, settings, tmp_path, client):
    settings.MEDIA_ROOT = tmp_path / "media"
    write(tmp_path / "course", course(markdown(DIRECTIVE, "cell")))
    import_course(path=tmp_path / "course", publish=True)
    lesson = Lesson.objects.get()
    Lesson.objects.update(is_preview=True)
    page = client.get(lesson.get_absolute_url()).content.decode()
    assert "Predict the" in page
    labels = lesson.current_revision.body["blocks"][-1]["labels"]
    assert labels not in page
    assert client.get(f"/media/assets/{labels}").status_code == 404
    assert labels not in json.dumps(lesson.current_revision.public)


def test_the_export_is_the_same_folder_again(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    files = course(markdown(DIRECTIVE, "cell"))
    write(tmp_path / "course", files)
    import_course(path=tmp_path / "course", publish=True)
    export_course(slug=Course.objects.get().slug, folder=tmp_path / "again")
    for name in ("data/test.csv", "private/labels.csv"):
        assert (tmp_path / "again" / name).read_bytes() == files[name]
    again = import_course(path=tmp_path / "again", publish=True, slug=Course.objects.get().slug)
    assert again.plan.is_empty, again.plan.as_dict()
    assert Course.objects.count() == 1


def test_a_block_that_was_edited_here_goes_out_with_its_files(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    write(tmp_path / "course", course(markdown(DIRECTIVE, "cell")))
    import_course(path=tmp_path / "course", publish=True)
    lesson = Lesson.objects.get()
    body = lesson.current_revision.body
    body["blocks"][-1] |= {"threshold": 0.9, "prompt": "Predict."}
    save_draft(lesson=lesson, body=body)
    publish_lesson(lesson=lesson)
    export_course(slug=Course.objects.get().slug, folder=tmp_path / "again")
    found = block_of(read_course(tmp_path / "again"))
    assert (found["id"], found["threshold"], found["prompt"]) == ("penguins", 0.9, "Predict.")
    assert (found["data"], found["labels"]) == (body["blocks"][-1]["data"], body["blocks"][-1]["labels"])


def test_what_is_written_reads_back():
    block = read_predictions(DIRECTIVE).block | {"id": "penguins"}
    written = write_predictions(block, data="../data/test.csv", labels="../private/labels.csv")
    assert read_predictions(written).block | {"id": "penguins"} == block


def test_a_store_without_a_folder_finds_no_file():
    with pytest.raises(ValueError, match="not found"):
        AssetStore().add_named("x.csv", folder="", is_secret=True)
