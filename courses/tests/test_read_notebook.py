"""Reading one notebook: what comes in, what is repaired, what is refused and in which words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.content.languages import cell_language, is_hidden, is_python_3, notebook_language, runs_in_browser
from courses.content.notebook import NotebookRefused, read_notebook
from courses.content.textfiles import is_script_notebook, read_markdown, read_script, sections
from courses.tests.course_folders import code, document, markdown, notebook


def refusal(data: bytes) -> NotebookRefused:
    with pytest.raises(NotebookRefused) as caught:
        read_notebook(data)
    return caught.value


def test_cells_keep_their_order_and_source():
    read = read_notebook(notebook(markdown("# A\r\n\r\nb"), code(["x = 1\n", "x"]), {"cell_type": "raw", "source": ""}))
    assert [(cell.cell_type, cell.source) for cell in read.cells] == [
        ("markdown", "# A\r\n\r\nb"),
        ("code", "x = 1\nx"),
        ("raw", ""),
    ]


def test_cells_without_ids_get_ids_of_their_content():
    cells = [markdown("same"), markdown("same"), code("same")]
    first = [cell.id for cell in read_notebook(notebook(*cells)).cells]
    again = [cell.id for cell in read_notebook(notebook(markdown("new"), *cells)).cells]
    assert first == again[1:]
    assert first[1] == f"{first[0]}-2"
    assert first[2] not in first[:2]


def test_duplicate_ids_are_repaired_and_told():
    read = read_notebook(notebook(code("1", "a"), code("2", "a"), code("3", "a-2"), minor=5))
    assert [cell.id for cell in read.cells] == ["a", "a-3", "a-2"]
    assert (2, "id 'a' is used twice; this one becomes 'a-3'") in read.problems


def test_a_tag_keeps_its_name_before_a_cell_id():
    read = read_notebook(notebook(code("1", "loss"), code("2", "x", mlpracticum={"id": "loss"}), minor=5))
    assert [cell.id for cell in read.cells] == ["loss-2", "loss"]


def test_ids_as_colab_makes_them_stay_recognisable():
    read = read_notebook(notebook(code("1", "-lt9"), code("2", "_V8"), minor=5))
    assert ([cell.id for cell in read.cells], read.problems) == (["c-lt9", "c_V8"], [])


def test_an_unfit_id_is_replaced_and_told():
    read = read_notebook(notebook(code("1", "_hidden id"), minor=5))
    assert read.cells[0].id.startswith("h")
    assert any("not a valid id" in what for _, what in read.problems)


def test_schema_faults_are_listed_and_accepted():
    cell = code("1", "a") | {"path_": "x"}
    read = read_notebook(notebook(markdown("ok", "b"), cell, minor=5))
    assert read.cells[1].source == "1"
    assert [(number, "path_" in what) for number, what in read.problems] == [(2, True)]


def test_nbformat_3_is_upgraded():
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 2, "source": ["Lines"]},
                    {
                        "cell_type": "code",
                        "input": ["a = 1\n", "a"],
                        "language": "python",
                        "prompt_number": 4,
                        "outputs": [{"output_type": "pyout", "prompt_number": 4, "text": ["2"], "metadata": {}}],
                    },
                ]
            },
            {"cells": [{"cell_type": "markdown", "source": "end"}]},
        ],
    }
    read = read_notebook(json.dumps(old).encode())
    assert [cell.source for cell in read.cells] == ["## Lines", "a = 1\na", "end"]
    assert read.cells[1].outputs[0]["data"] == {"text/plain": "2"}
    assert read.cells[1].execution_count == 4
    assert [cell.id for cell in read_notebook(json.dumps(old).encode()).cells] == [cell.id for cell in read.cells]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"import numpy as np\nprint(1)\n", "begins with {"),
        (b"[]", "begins with {"),
        (b"{", "line 1, column 2"),
        (b'{"cells": []}', "nbformat, its version number, is missing"),
        (b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}}', "no list of cells"),
        (b'{"nbformat": 2, "worksheets": []}', "is nbformat 2"),
        ('{"nbformat": 4}'.encode("utf-16"), "UTF-16"),
        (b'{"a": "\xe9"}', "byte 0xe9 in line 1"),
        (b'{"a":\n"\x00"}', "NUL character in line 2"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested more than"),
        (b'{"nbformat": 4, "cells": [[]]}', "must be an object"),
        (b'{"nbformat": 3, "worksheets": [{"cells": [7]}]}', "must be an object"),
        (b'{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code"}]}]}', "cannot be upgraded"),
        (notebook(code("a") | {"source": [1]}), "source must be text"),
    ],
)
def test_what_is_no_notebook_is_refused_in_words(data: bytes, words: str):
    assert words in str(refusal(data))


def test_nan_is_refused_with_its_place():
    output = {"output_type": "display_data", "metadata": {}, "data": {"application/json": {"y": [1, float("nan")]}}}
    refused = refusal(notebook(markdown("a"), code("b", outputs=[output])))
    assert refused.cell == 2
    assert "cells[1].outputs[0].data.application/json.y[1]" in refused.what


def test_size_is_looked_at_before_parsing():
    with pytest.raises(NotebookRefused, match="at most 1,000 are read") as caught:
        read_notebook(b"{" * 1_001, max_bytes=1_000)
    assert caught.value.is_bound


def test_a_byte_order_mark_is_no_obstacle():
    assert read_notebook(b"\xef\xbb\xbf" + notebook(markdown("a"))).cells[0].source == "a"


def test_metadata_of_megabytes_is_left_out_and_told():
    read = read_notebook(notebook(markdown("a"), metadata={"widgets": {"state": "x" * 200_000}, "kept": 1}))
    assert read.metadata == {"kept": 1}
    assert any("widgets" in what for _, what in read.problems)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
        max_leaves=8,
    ),
    st.sampled_from(["cells", "metadata", "nbformat", "nbformat_minor", "cell", "source", "outputs", "attachments"]),
)
def test_any_wrong_value_is_read_or_refused_and_never_a_crash(value, place):
    cell = code("1")
    content = document(cell)
    (cell if place in ("source", "outputs", "attachments") else content)[place] = value
    if place == "cell":
        content["cells"] = [value]
    try:
        read = read_notebook(json.dumps(content).encode())
    except NotebookRefused:
        return
    assert all(cell.id and isinstance(cell.source, str) for cell in read.cells)


@pytest.mark.parametrize(
    ("metadata", "language", "python_3"),
    [
        ({"kernelspec": {"name": "python3"}}, "python", True),
        (
            {"kernelspec": {"name": "conda-env-x"}, "language_info": {"name": "python", "version": "3.9"}},
            "python",
            True,
        ),
        ({"kernelspec": {"name": "python2", "language": "python"}}, "python", False),
        ({"language_info": {"name": "python", "version": "2.7.13"}}, "python", False),
        ({"kernelspec": {"name": "ir"}}, "r", False),
        ({"kernelspec": {"language": "swift", "name": "swift"}}, "swift", False),
        ({}, "python", True),
    ],
)
def test_the_language_is_found(metadata, language, python_3):
    read = read_notebook(notebook(code("x = 1"), metadata=metadata))
    assert notebook_language(read) == language
    assert is_python_3(read, language) is python_3


def test_without_a_kernel_other_code_is_not_taken_for_python():
    read = read_notebook(notebook(code("let x: Int = 1"), code("func f() {}"), metadata={}))
    assert notebook_language(read) == "text"


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("x = 1", True),
        ("%matplotlib inline\nx = 1", True),
        ("%%time\nx = 1", True),
        ("print('a'\n      %name)", True),
        ('s = """\n!not a shell line\n"""', True),
        ("print(1", True),
        ("!pip install x", False),
        ("files = !ls", False),
        ("%%bash\nls", False),
        ("%cd data", False),
        ("%%writefile x.py\n1", False),
        ("len?", False),
    ],
)
def test_only_plain_python_runs_in_the_browser(source, runs):
    assert runs_in_browser(source) is runs


def test_a_cell_magic_names_the_cells_language():
    cell = read_notebook(notebook(code("%%R\nx <- 1"))).cells[0]
    assert cell_language(cell, "python") == "r"


@pytest.mark.parametrize(
    "metadata",
    [{"tags": ["hide-input"]}, {"tags": ["remove-input"]}, {"jupyter": {"source_hidden": True}}, {"cellView": "form"}],
)
def test_folded_cells_are_recognised(metadata):
    assert is_hidden(read_notebook(notebook(code("1", **metadata))).cells[0])


def test_a_markdown_file_is_cut_into_sections_that_join_to_the_file():
    text = "intro\n\n# A\n\n```\n# not a heading\n```\n\n### deeper\n\n## B\r\nend"
    parts = sections(text)
    assert "".join(parts) == text
    assert [part.splitlines()[0] for part in parts] == ["intro", "# A", "## B"]


@given(st.text(alphabet="#`~: \nab\r\u2028", max_size=80))
def test_sections_lose_nothing(text):
    assert "".join(sections(text)) == text


def test_front_matter_is_read_and_kept():
    data = b"\xef\xbb\xbf---\r\ntitle: Loss\r\nuid: loss\r\ndate: 2024-01-02\r\n---\r\n# A\r\n"
    read = read_markdown(data)
    assert read.metadata == {"title": "Loss", "uid": "loss", "date": "2024-01-02"}
    assert read.front_matter + "".join(cell.source for cell in read.cells) == data.decode("utf-8-sig")


def test_a_rule_at_the_top_is_not_front_matter():
    read = read_markdown(b"---\n\nJust text: and more\n\n---\n\nend\n")
    assert "Just text" in "".join(cell.source for cell in read.cells)


def test_yaml_that_multiplies_is_not_followed():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    read = read_markdown(f"---\n{bomb}\n---\n# A\n".encode())
    assert read.metadata == {}
    assert any("aliases" in what for _, what in read.problems)
    with pytest.raises(NotebookRefused, match="aliases"):
        read_markdown(f"---\nkernelspec: {{name: python3}}\n{bomb}\n---\n\n```{{code-cell}}\n1\n```\n".encode())


MYST = """---
kernelspec:
  name: python3
  display_name: Python 3
---

# A text notebook

```{code-cell} ipython3
:tags: [hide-input]

x = 1
```

+++ {"tags": ["exercise"]}

## Task
"""


def test_a_myst_text_notebook_becomes_cells():
    read = read_markdown(MYST.encode())
    assert [(cell.cell_type, cell.source) for cell in read.cells] == [
        ("markdown", "# A text notebook"),
        ("code", "x = 1"),
        ("markdown", "## Task"),
    ]
    assert read.cells[1].tags == {"hide-input"}
    assert [cell.id for cell in read_markdown(MYST.encode()).cells] == [cell.id for cell in read.cells]


def test_a_script_notebook_becomes_cells():
    script = (
        b"# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n\n# %% [markdown]\n# # Title\n\n# %%\nx = 1\n"
    )
    assert is_script_notebook(script)
    assert not is_script_notebook(b"import os\n")
    assert [(cell.cell_type, cell.source) for cell in read_script(script).cells] == [
        ("markdown", "# Title"),
        ("code", "x = 1"),
    ]


def test_a_header_without_a_display_name_is_accepted():
    read = read_markdown(b"---\nkernelspec:\n  name: python3\n---\n\n```{code-cell}\n1\n```\n")
    assert (notebook_language(read), [cell.source for cell in read.cells]) == ("python", ["1"])


def test_cell_metadata_that_no_notebook_may_have_is_a_named_refusal():
    with pytest.raises(NotebookRefused, match="cannot be read as md:myst"):
        read_markdown(b"---\nkernelspec: {name: a}\n---\n\n```{code-cell}\n:tags: 7\n\n1\n```\n")
