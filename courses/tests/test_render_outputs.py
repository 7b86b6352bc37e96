"""What cells printed and drew: the richest representation that cannot run."""

import re
import time
from typing import Any

import pytest

from courses.content.ansi import ansi_to_html
from courses.content.highlighting import highlight, language_name
from courses.content.markdown import RenderContext
from courses.content.outputs import MAX_LINES, MAX_SHOWN_HTML, MAX_TEXT, render_outputs

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def rendered(*outputs: dict[str, Any]) -> str:
    return render_outputs(list(outputs), RenderContext())


def stream(text: Any, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def display(metadata: dict | None = None, **data: Any) -> dict[str, Any]:
    bundle = {name.replace("__", "/"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": bundle, "metadata": metadata or {}}


class TestStreams:
    def test_parts_of_one_stream_are_one_text(self) -> None:
        html = rendered(stream("a\n"), stream(["b\n", "c\n"]), stream("oops\n", "stderr"), stream("d"))
        assert html == (
            '<pre class="output output-text" tabindex="0">a\nb\nc</pre>\n'
            '<pre class="output output-stderr" tabindex="0">oops</pre>\n'
            '<pre class="output output-text" tabindex="0">d</pre>'
        )

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("10%\r 50%\r100%\n", "100%\n"),
            ("long line\rab\x1b[K", "ab"),
            ("a\r\nb", "a\nb"),
            ("abc\b\bX", "aXc"),
            ("one\ntwo\x1b[1A\rONE", "ONE\ntwo"),
            ("\x1b[31mred\x1b[0m <b>", '<span class="ansi-red">red</span> &lt;b&gt;'),
            (
                "\x1b[1;32mg\x1b[22mh\x1b[m",
                '<span class="ansi-green ansi-bold">g</span><span class="ansi-green">h</span>',
            ),
            ("\x1b[38;5;196mx", '<span class="ansi-red">x</span>'),
            ("\x1b[48;2;0;0;170mx", '<span class="ansi-on-blue">x</span>'),
            ("\x1b[7mx", '<span class="ansi-inverse ansi-on-inverse">x</span>'),
            ("\x1b]0;title\x07x\x07\x00", "x"),
            ("\x1b[999999999Cx", " " * 500 + "x"),
            ("\x1b[38;5mx\x1b[;;m\x1b[38;2;1mx", "xx"),
        ],
    )
    def test_a_terminals_screen(self, text: str, shown: str) -> None:
        assert ansi_to_html(text) == shown

    def test_long_texts_are_cut_with_a_note(self) -> None:
        html = rendered(stream("x" * 79 + "\n") | {"text": ("x" * 79 + "\n") * 10_000})
        assert len(html) < MAX_TEXT + 500
        assert "… 9,800 more lines: in the notebook." in html
        html = rendered(stream("y\n" * (MAX_LINES + 1)))
        assert html.count("y\n") < MAX_LINES + 1
        assert "… 1 more line: in the notebook." in html
        assert "more" not in rendered(stream("y\n" * MAX_LINES))

    def test_one_long_line_is_cut_too(self) -> None:
        html = rendered(stream("<" * (MAX_TEXT + 7)))
        assert html.count("&lt;") == MAX_TEXT
        assert "… 7 more characters: in the notebook." in html
        for coloured in ("\x1b[31m" + "<" * 200_000, "\x1b[31mx\x1b[32my" * 30_000):
            assert len(rendered(stream(coloured))) < 5 * MAX_TEXT + 500

    def test_a_long_table_shows_its_first_rows_and_is_whole_html(self) -> None:
        rows = "".join(f"<tr><td>{number}<br></td><td title='&lt;/tr>'>x</td></tr>" for number in range(5_000))
        html = rendered(display(text__html=f"<div><table><tbody>{rows}</tbody></table><p>after</p></div>"))
        assert len(html) < MAX_SHOWN_HTML + 500
        assert html.count("<tr>") + int(re.search(r"… ([\d,]+) more rows", html)[1].replace(",", "")) == 5_000
        for name in ("div", "table", "tbody", "tr", "td"):
            assert html.count(f"<{name}>") + html.count(f"<{name} ") == html.count(f"</{name}>")
        assert "after" not in html
        assert "more rows" not in rendered(display(text__html="<table><tr><td>1</td></tr></table>"))

    def test_text_made_to_be_slow_is_not(self) -> None:
        started = time.process_time()
        for text in (
            "\x1b[500Cx\n" * 100_000,
            "\x1b[A" * 300_000,
            "\r" * 900_000,
            "\x1b[" * 400_000,
            "\x1b]" * 400_000,
        ):
            rendered(stream(text))
        assert time.process_time() - started < 30


def test_errors_keep_their_colours() -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[0;31mE\x1b[0m", "<module>"]}
    assert rendered(error) == (
        '<pre class="output output-error" tabindex="0"><span class="ansi-red">E</span>\n&lt;module&gt;</pre>'
    )
    assert "E: v" in rendered({**error, "traceback": []})


class TestPictures:
    def test_by_reference_with_size(self) -> None:
        html = rendered(display(image__png={"asset": "aa.png", "width": 640, "height": 480}, text__plain="<Figure>"))
        assert html == (
            '<div class="output output-image"><img src="/media/assets/aa.png" alt="Picture made by the code above"'
            ' width="640" height="480" loading="lazy" decoding="async"></div>'
        )

    def test_size_from_the_outputs_own_metadata(self) -> None:
        assert 'width="100" height="50"' in rendered(
            display({"image/png": {"width": 100, "height": 50}}, image__png={"asset": "aa.png"})
        )

    def test_embedded_only_as_a_bitmap(self) -> None:
        assert f'src="data:image/png;base64,{PNG}"' in rendered(display(image__png=PNG + "\n"))
        svg = {"image/svg+xml": "<svg onload=x></svg>", "text/plain": "<SVG>"}
        html = rendered({"output_type": "display_data", "data": svg, "metadata": {}})
        assert html == '<pre class="output output-text" tabindex="0">&lt;SVG&gt;</pre>'
        assert "<img" not in rendered(display(image__png='" onerror="x'))

    def test_a_stored_svg_is_a_picture(self) -> None:
        html = rendered({"output_type": "display_data", "data": {"image/svg+xml": {"asset": "aa.svg"}}, "metadata": {}})
        assert 'src="/media/assets/aa.svg"' in html
        assert "<img" not in rendered(display(image__png={"asset": "../../etc/passwd"}))


class TestHtml:
    def test_a_data_frame_stays_a_table_and_loses_its_style(self) -> None:
        html = rendered(
            display(
                text__html="<div>\n<style scoped>.dataframe td {color: red}</style>\n"
                '<table border="1" class="dataframe"><thead><tr style="text-align: right;"><th></th><th>a</th></tr>'
                "</thead>"
                "<tbody><tr><th>0</th><td onclick=x()>1</td></tr></tbody></table>\n<script>x()</script></div>",
                text__plain="   a\n0  1",
            )
        )
        assert '<div class="output output-html table-scroll" tabindex="0"><div>' in html
        assert '<table class="dataframe"><thead><tr class="align-right">' in html
        assert "<td>1</td>" in html
        assert "style" not in html
        assert "script" not in html
        assert "onclick" not in html

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ({"application/vnd.plotly.v1+json": {}, "text/html": "<div>x</div>"}, "An interactive Plotly chart"),
            ({"text/html": "<script>Plotly.newPlot()</script>"}, "An interactive Plotly chart"),
            ({"text/html": '<div class="bk-root"></div><script>x</script>'}, "An interactive Bokeh chart"),
            ({"application/vnd.vegalite.v5+json": {}}, "An interactive Vega chart"),
            ({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}, "An interactive widget"),
            ({"application/javascript": "alert(1)"}, "A JavaScript program"),
            ({"text/html": '<iframe src="x.html"></iframe>'}, "A page embedded from elsewhere"),
            ({"text/html": "<audio controls></audio>"}, "A sound or a film"),
            ({"text/html": "<table>" + "x" * 1_000_001}, "A view"),
            ({"application/x-nobody-knows": 1}, "An output of the kind application/x-nobody-knows"),
        ],
    )
    def test_what_only_runs_in_jupyter_says_so(self, data: dict, words: str) -> None:
        html = rendered({"output_type": "display_data", "data": {**data, "text/plain": "<obj>"}, "metadata": {}})
        if words.startswith("An output of"):
            html = rendered({"output_type": "display_data", "data": data, "metadata": {}})
            assert html == f'<p class="output output-fallback">{words}: run the notebook to see it.</p>'
        else:
            assert f'<p class="output output-fallback">{words}: run the notebook to see it.</p>' in html
            assert "&lt;obj&gt;" in html
        assert "alert" not in html

    def test_a_chart_with_a_picture_shows_the_picture(self) -> None:
        data = {"application/vnd.plotly.v1+json": {}, "image/png": {"asset": "aa.png"}}
        assert "<img" in rendered({"output_type": "display_data", "data": data, "metadata": {}})


def test_latex_markdown_and_json() -> None:
    assert '<div class="output output-latex"><p><math>' in rendered(display(text__latex=r"$\displaystyle x^2$"))
    assert "<msup>" in rendered(display(text__latex="x^2"))
    made = RenderContext()
    made.in_toc = True
    assert "<strong>b</strong>" in render_outputs([display(text__markdown="# T\n\n**b**")], made)
    assert made.toc == []
    assert "&quot;" not in rendered(display(application__json={"a": [1]}))
    assert '"a": [' in rendered(display(application__json={"a": [1]}))


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "display_data"},
        {"output_type": "display_data", "data": {"text/html": 3, "image/png": 7}},
        {"output_type": "stream"},
        {"output_type": "error"},
        {"output_type": "error", "traceback": [None, 3]},
        {"output_type": "execute_result", "data": {"text/plain": {"x": 1}}, "metadata": []},
    ],
)
def test_odd_outputs_harm_nobody(output: dict) -> None:
    assert "<script" not in rendered(output)


def test_code_is_marked_with_classes_only() -> None:
    html = highlight("%matplotlib inline\n!ls\nx = '<b>'  # c", "ipython3")
    assert "<span class=\"s\">'&lt;b&gt;'</span>" in html
    assert "style" not in html
    assert "err" not in html
    assert highlight("<b>", "no such language") == "&lt;b&gt;"
    assert highlight("x" * 200_000, "python") == "x" * 200_000
    assert language_name("ipython3") == "Python"
