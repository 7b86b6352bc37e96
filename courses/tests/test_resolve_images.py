"""Pictures and files of a course: found by rule, made safe, named by content; or listed as missing."""

import base64
import hashlib
import json
import os

import pytest

from courses.content.assets import AssetRefused, AssetStore
from courses.content.cell_outputs import MAX_VALUE, place_outputs
from courses.content.folder import read_course
from courses.content.pictures import NotAPicture, picture_size, read_picture
from courses.content.schema import validate_body
from courses.tests.course_folders import SVG, code, markdown, notebook, png, write

PNG = base64.b64encode(png()).decode()


def course(tmp_path, source, files=(), *, name="week/a.ipynb", **cell):
    content = notebook(markdown(source) | cell) if name.endswith(".ipynb") else source
    read = read_course(write(tmp_path, {name: content, **dict(files)}))
    for lesson in read.lessons:
        assert validate_body(lesson.body) == []
    return read


def assets(read):
    return read.lessons[0].body["blocks"][0].get("assets", {})


def missing(read):
    return {entry["reference"]: entry["why"] for entry in read.report.missing_images}


@pytest.mark.parametrize(
    ("reference", "file"),
    [
        ("fig.png", "week/fig.png"),
        ("./img/fig.png", "week/img/fig.png"),
        ("../fig.png", "fig.png"),
        ("/img/fig.png", "img/fig.png"),
        ("my%20fig.png", "week/my fig.png"),
        ("рис%2E1.png", "week/рис.1.png"),
        ("a%23b.png", "week/a#b.png"),
        ("fig.png?raw=true", "week/fig.png"),
        ("FIG.PNG", "week/fig.png"),
        ("elsewhere/fig.png", "other/fig.png"),
    ],
)
def test_a_reference_is_found_by_rule(tmp_path, reference, file):
    read = course(tmp_path, f"![a]({reference})", {file: png()})
    assert list(assets(read).values()) == [
        {"file": f"{hashlib.sha256(png()).hexdigest()}.png", "width": 3, "height": 2}
    ]
    assert read.report.as_dict()["images"] == {"total": 1, "remote": 0, "missing": []}


def test_images_in_html_and_directives_are_found(tmp_path):
    html = '<img src="a.png" width="9">\n\ntext <img src=c.png> and ![d][ref]\n\n[ref]: d.png\n\n'
    source = html + "```{figure} b.png\nText\n```\n"
    files = {f"week/{name}.png": png(shade=number) for number, name in enumerate("abcd")}
    read = course(tmp_path, source, files)
    assert set(assets(read)) == {"a.png", "b.png", "c.png", "d.png"}
    assert read.report.images == 4


@pytest.mark.parametrize(
    ("source", "reference", "why"),
    [
        ("![a](gone.png)", "gone.png", "no such file"),
        ("![a](../../../../etc/hostname.png)", "../../../../etc/hostname.png", "leads outside the course's folder"),
        ("![a](/etc/passwd)", "/etc/passwd", "no such file"),
        ('<img src="file:///etc/passwd">', "file:///etc/passwd", "is not an address of a picture"),
        ("![a](attachment:x.png)", "attachment:x.png", "the cell has no such attachment"),
        ("![a](text.png)", "text.png", "is not a picture that browsers show"),
        ("![a](page.html)", "page.html", "is a .html file, which is not offered"),
        ("![a](table.csv)", "table.csv", "is not a picture that browsers show"),
        ("![a](twice.png)", "twice.png", "no such file; 2 others have its name"),
    ],
)
def test_what_cannot_be_shown_is_listed(tmp_path, source, reference, why):
    files = {
        "week/text.png": b"no picture",
        "week/page.html": b"<script>",
        "week/table.csv": b"a,b",
        "x/twice.png": png(),
        "y/twice.png": png(shade=9),
    }
    read = course(tmp_path, source, files)
    assert missing(read) == {reference: why}
    assert "assets" not in read.lessons[0].body["blocks"][0]
    assert read.report.missing_images[0] | {"reference": "", "why": ""} == {
        "file": "week/a.ipynb",
        "cell": 1,
        "reference": "",
        "why": "",
    }


def test_remote_images_are_left_alone(tmp_path):
    read = course(tmp_path, "![a](https://example.org/a.png) ![b](//example.org/b.png)")
    assert read.report.as_dict()["images"] == {"total": 2, "remote": 2, "missing": []}


def test_a_picture_shown_twice_is_stored_once(tmp_path):
    read = course(tmp_path, "![a](a.png) ![b](b.png)", {"week/a.png": png(), "week/b.png": png()})
    assert len(read.assets) == 1
    assert next(iter(read.assets.values())).read() == png()


def test_an_svg_is_stored_cleaned(tmp_path):
    read = course(tmp_path, "![a](a.svg)", {"week/a.svg": SVG})
    stored = next(iter(read.assets.values()))
    data = stored.read()
    assert (stored.media_type, stored.width, stored.height) == ("image/svg+xml", 40, 30)
    assert b"<rect" in data
    assert b"script" not in data
    assert b"onclick" not in data
    assert stored.file == f"{hashlib.sha256(data).hexdigest()}.svg"


def test_a_file_that_changes_while_it_is_read_is_not_stored_under_a_wrong_name(tmp_path):
    read = course(tmp_path, "![a](a.png)", {"week/a.png": png()})
    (tmp_path / "week/a.png").write_bytes(png(shade=7))
    with pytest.raises(AssetRefused, match="was changed"):
        next(iter(read.assets.values())).read()


def test_attachments_become_files(tmp_path):
    attachments = {"x y.png": {"image/png": PNG}, "bad.png": {"image/png": "%%%"}}
    read = course(tmp_path, "![a](attachment:x%20y.png)", attachments=attachments)
    block = read.lessons[0].body["blocks"][0]
    file = f"{hashlib.sha256(png()).hexdigest()}.png"
    assert block["assets"] == {"attachment:x y.png": {"file": file, "width": 3, "height": 2}}
    assert block["attachments"] == {"x y.png": {"image/png": {"asset": file}}}
    assert [entry["what"] for entry in read.report.dropped_outputs][0].startswith(
        "attachment 'bad.png': is not valid base64"
    )
    assert read.report.missing_images == []


def test_short_embedded_pictures_are_files_and_the_source_stays(tmp_path):
    source = f"![a](data:image/png;base64,{PNG})"
    read = course(tmp_path, source)
    block = read.lessons[0].body["blocks"][0]
    assert block["source"] == source
    assert len(block["assets"]) == len(read.assets) == 1


def test_long_embedded_pictures_leave_the_source(tmp_path):
    noise = os.urandom(6_000)
    large = base64.b64encode(png() + noise).decode()
    read = course(tmp_path, f"![a](data:image/png;base64,{large})")
    block = read.lessons[0].body["blocks"][0]
    name = next(iter(block["assets"]))
    assert block["source"] == f"![a]({name})"
    assert block["metadata"]["mlpracticum"]["import"]["data_uris"] == {
        name.removeprefix("attachment:"): "data:image/png;base64"
    }
    assert next(iter(read.assets.values())).read() == png() + noise
    assert (read.report.images, read.report.missing_images) == (1, [])


def test_the_temporary_folder_goes_with_the_course(tmp_path):
    read = course(tmp_path, f"![a](data:image/png;base64,{PNG})")
    asset = next(iter(read.assets.values()))
    folder = asset.read.__defaults__[0].folder
    assert folder.is_dir()
    del read, asset
    assert not folder.exists()


@pytest.mark.parametrize("data", [b"", b"hello", b"<html><svg></svg></html>", b"%PDF-1.4"])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(NotAPicture):
        read_picture(data)


def test_an_svg_that_declares_entities_is_refused():
    bomb = '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    with pytest.raises(NotAPicture, match="cannot be shown"):
        read_picture(bomb.encode())


@pytest.mark.parametrize(
    ("svg", "size"),
    [
        ('<svg viewBox="0 0 20.4 10" xmlns="http://www.w3.org/2000/svg"/>', (20, 10)),
        ('<svg width="30pt" height="15pt" xmlns="http://www.w3.org/2000/svg"/>', (40, 20)),
        ('<svg width="100%" height="5em" xmlns="http://www.w3.org/2000/svg"/>', (None, None)),
        ('<svg width="999999" height="1" xmlns="http://www.w3.org/2000/svg"/>', (None, None)),
    ],
)
def test_an_svgs_size_is_in_pixels(svg, size):
    assert picture_size(svg.encode(), "image/svg+xml") == size


# Outputs


def placed(*outputs):
    return place_outputs(list(outputs), AssetStore())


def display(data, **metadata):
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def test_pictures_of_outputs_become_files_with_the_size_that_the_notebook_asks_for():
    output = display(
        {"image/png": [PNG[:20] + "\n", PNG[20:]], "text/plain": ["<Fig", "ure>"]},
        **{"image/png": {"width": 30, "height": 20}},
    )
    kept = placed(output)
    file = f"{hashlib.sha256(png()).hexdigest()}.png"
    assert kept.dropped == []
    assert kept.outputs[0]["data"] == {
        "image/png": {"asset": file, "width": 30, "height": 20},
        "text/plain": "<Figure>",
    }


def test_what_is_wrong_in_an_output_is_dropped_and_the_rest_stays():
    kept = placed(
        display({"image/png": "no base64!", "text/plain": "shown"}),
        display({"image/png": base64.b64encode(b"<script>").decode()}),
        {"output_type": "stream", "name": 7, "text": ["a\n", "b"]},
        {"output_type": "stream"},
        {"output_type": "error", "ename": "E", "evalue": 3, "traceback": ["x", 7]},
        {"output_type": "surprise"},
        "text",
    )
    assert kept.outputs == [
        {"output_type": "display_data", "data": {"text/plain": "shown"}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "a\nb"},
        {"output_type": "error", "ename": "E", "evalue": "3", "traceback": ["x"]},
    ]
    assert len(kept.dropped) == 6


def test_long_values_go_into_files_that_cannot_run():
    store = AssetStore()
    html = "<table><script>alert(1)</script>" + "x" * MAX_VALUE
    figure = {"data": [{"y": list(range(100_000))}]}
    kept = place_outputs(
        [display({"text/html": html, "application/vnd.plotly.v1+json": figure, "text/plain": "t"})], store
    )
    data = kept.outputs[0]["data"]
    assert data["text/plain"] == "t"
    assert data["text/html"]["asset"].endswith(".txt")
    assert store.assets[data["text/html"]["asset"]].media_type == "text/plain"
    stored = store.assets[data["application/vnd.plotly.v1+json"]["asset"]]
    assert json.loads(stored.read()) == figure


def test_a_long_print_is_cut_and_told():
    kept = placed({"output_type": "stream", "name": "stdout", "text": "a" * (MAX_VALUE + 1)})
    assert len(kept.outputs[0]["text"]) < MAX_VALUE
    assert kept.dropped


def test_pictures_inside_html_outputs_become_files():
    large = base64.b64encode(png() + os.urandom(3_000)).decode()
    kept = placed(display({"text/html": f'<img src="data:image/png;base64,{large}">'}))
    name = next(iter(kept.assets))
    assert kept.outputs[0]["data"]["text/html"] == f'<img src="{name}">'


def test_removed_outputs_are_kept_for_export_alone(tmp_path):
    output = {"output_type": "stream", "name": "stdout", "text": "a"}
    read = read_course(write(tmp_path, {"a.ipynb": notebook(code("1", outputs=[output], tags=["remove-output"]))}))
    block = read.lessons[0].body["blocks"][0]
    assert block["outputs"] == []
    assert block["metadata"]["mlpracticum"]["import"]["outputs"] == [output]


def test_of_two_editions_the_picture_beside_the_text_is_meant(tmp_path):
    files = {"v2/figures/fig.png": png(shade=1), "v1/figures/fig.png": png(shade=2)}
    read = course(tmp_path, "![a](images/fig.png)", files, name="v1/a.ipynb")
    (asset,) = assets(read).values()
    assert asset["file"].startswith(hashlib.sha256(png(shade=2)).hexdigest())
    assert missing(read) == {}
