"""Folders made to break an import: too large, too deep, not what they say, leading elsewhere, hard to parse.

Each case is a name, what makes the folder, whether a course comes out of it, and words that the report must hold.
"""

# ruff: noqa: E501 (a case a line: the tables are read by their columns)

import base64
import json
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from courses.tests.course_folders import code, markdown, notebook, png, write

Maker = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """`said` must stand in the refusal or, for a course that is `read`, in what the report lists; "" for nothing."""

    name: str
    make: Maker
    is_read: bool
    said: str = ""


def files_of(**named: bytes | str) -> Maker:
    """A maker that writes files; `__` stands for a dot in a name."""
    return lambda folder: write(folder, {name.replace("__", "."): content for name, content in named.items()}) and None


def _cells(*cells: dict) -> Maker:
    return files_of(a__ipynb=notebook(*cells))


def text_of(source: str) -> Maker:
    return files_of(a__md=f"# A\n\n{source}\n")


def _raw(cells: str) -> bytes:
    return f'{{"nbformat": 4, "nbformat_minor": 4, "metadata": {{}}, "cells": [{cells}]}}'.encode()


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def _output(**data: object) -> dict:
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {name.replace("_", "/", 1): value for name, value in data.items()},
    }


def _svg(inside: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inside}</svg>'


def _links(folder: Path) -> None:
    write(folder, {"a.md": "# A", "one/x.md": "# X"})
    (folder / "one/back").symlink_to("..")
    (folder / "one/self").symlink_to("self")
    (folder / "two").symlink_to("one")


def _link_out(target: str) -> Maker:
    def make(folder: Path) -> None:
        write(folder, {"a.md": "# A"})
        (folder / "b.ipynb").symlink_to(target)

    return make


def _pipe(name: str) -> Maker:
    def make(folder: Path) -> None:
        write(folder, {"a.md": "# A\n\n![x](pipe.png)"})
        os.mkfifo(folder / name)

    return make


def _named(name: str | bytes) -> Maker:
    def make(folder: Path) -> None:
        write(folder, {"z.md": "# Z"})
        (Path(os.fsdecode(os.path.join(os.fsencode(folder), os.fsencode(name))))).write_bytes(b"# A")

    return make


def _many_files(folder: Path) -> None:
    write(folder, {"a.md": "# A"})
    for number in range(50_010):
        (folder / f"f{number}").touch()


def _deep_folders(folder: Path) -> None:
    path = folder
    for _ in range(230):
        path = path / "dd"
        path.mkdir()
    write(folder, {"a.md": "# A"})
    (path / "b.md").write_text("# B", encoding="utf-8")


_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join(f'*{before}' for _ in range(9))}]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
_ENTITIES = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + _svg("<text>&b;</text>")
_BIG_PICTURE = base64.b64encode(_png_header(100_000, 100_000)).decode()

FILES = [
    Case("over 20 MB", files_of(a__ipynb=b"{" + b" " * 20_000_000), False, "is over 20,000,000 bytes"),
    Case("20 MB of one cell", _cells(markdown("a" * 19_900_000)), True, "the first 200,000 are kept"),
    Case("JSON 100,000 deep", files_of(a__ipynb=b"[" * 100_000, b__md="# B"), True, "is not a notebook"),
    Case("an object 100,000 deep", files_of(a__ipynb=b'{"a":' * 100_000, b__md="# B"), True, "a.ipynb"),
    Case("metadata 1,000 deep", files_of(a__ipynb=_raw('{"cell_type":"raw","source":"","metadata":{"a":' + "[" * 1000 + "]" * 1000 + "}}"), b__md="# B"), True, "deep"),
    Case("NaN", files_of(a__ipynb=_raw('{"cell_type":"raw","source":"","metadata":{"a":NaN}}'), b__md="# B"), True, "NaN"),
    Case("a lone surrogate", files_of(a__ipynb=_raw(r'{"cell_type":"raw","source":"\ud800","metadata":{}}'), b__md="# B"), True, "cells[0].source"),
    Case("NUL in text", files_of(a__ipynb=_raw(r'{"cell_type":"raw","source":"\u0000","metadata":{}}'), b__md="# B"), True, "cell 1"),
    Case("a number of 100,000 digits", files_of(a__ipynb=_raw('{"cell_type":"raw","source":"","metadata":{"a":' + "9" * 100_000 + "}}"), b__md="# B"), True, "a.ipynb"),
    Case("empty files", files_of(a__ipynb=b"", b__md=b"", c__ipynb=b" \n", d__md="# D"), True, "is empty"),
    Case("nothing but empty files", files_of(a__ipynb=b"", b__md=b""), False, "no lesson of this folder can be read"),
    Case("an empty folder", lambda folder: None, False, "no lesson was found"),
    Case("Python named .ipynb", files_of(a__ipynb="import os\nprint(1)\n", b__md="# B"), True, "is not a notebook"),
    Case("a picture named .ipynb", files_of(a__ipynb=png(), b__md="# B"), True, "is not UTF-8"),
    Case("Latin-1", files_of(a__md="# Caf\xe9".encode("latin-1"), b__md="# B"), True, "is not UTF-8: byte 0xe9 in line 1"),
    Case("UTF-16", files_of(a__md="# A".encode("utf-16"), b__md="# B"), True, "is UTF-16"),
    Case("CRLF and a byte order mark", files_of(a__md=b"\xef\xbb\xbf# A\r\n\r\ntext\r\n"), True),
    Case("a notebook with a byte order mark", files_of(a__ipynb=b"\xef\xbb\xbf" + notebook(markdown("# A"))), True),
    Case("50,000 cells", files_of(a__ipynb=_raw(",".join(['{"cell_type":"raw","source":"","metadata":{}}'] * 50_000))), False, "50,000 cells"),
    Case("50,000 sections", files_of(a__md="# A\n" * 50_000), False, "50,000 sections"),
    Case("50,000 code cells in MyST", files_of(a__md="---\nkernelspec: {name: python3}\n---\n" + "```{code-cell}\n1\n```\n" * 50_000), False, "cells"),
    Case("50,000 percent cells", files_of(a__py="# ---\n# jupyter:\n# ---\n" + "# %%\n1\n" * 50_000), False, "cells"),
    Case("100,000 attachments", _cells(markdown("# A") | {"attachments": {f"{n}.png": {"image/png": "AAAA"} for n in range(100_000)}}), True, "attachment"),
    Case("100,000 outputs", _cells(markdown("# A"), code("1", outputs=[{"output_type": "stream", "name": "stdout", "text": "a\n"}] * 100_000)), True, "more than 1,000"),
    Case("100,000 kinds of one output", _cells(markdown("# A"), code("1", outputs=[{"output_type": "display_data", "metadata": {}, "data": {f"text/x{n}": "a" for n in range(100_000)}}])), True),
    Case("1,990 cells of one id", _cells(*[markdown("# A", "same", tags=["t"] * 10) for _ in range(1_990)]), True, "used twice"),
    Case("wrong types everywhere", files_of(a__ipynb=json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": [], "cells": [{"cell_type": 5, "source": ["a"], "metadata": 7, "outputs": 3, "id": []}, {"cell_type": "code", "source": "1", "metadata": {"tags": 3, "mlpracticum": 4, "jupyter": []}, "outputs": [None, 3, {"output_type": []}, {"output_type": "stream", "text": 4}], "execution_count": "x"}]})), True, "metadata"),
    Case("nbformat 99", files_of(a__ipynb=b'{"nbformat": 99, "cells": []}', b__md="# B"), True, "nbformat 99"),
    Case("nbformat 3 without cells", files_of(a__ipynb=b'{"nbformat": 3, "worksheets": [7]}', b__md="# B"), True, "worksheets[0]"),
    Case("5 MB of outputs in one line", _cells(markdown("# A"), code("1", outputs=[{"output_type": "stream", "name": "stdout", "text": "\x1b[31m\r" * 1_000_000}])), True),
    Case("HTML of 250,000 open tags", _cells(markdown("# A"), code("1", outputs=[_output(text_html="<b>" * 80_000)])), True),
    Case("a code cell of 200 kB", _cells(markdown("# A"), code("x = [" + "1," * 99_000 + "]")), True),
    Case("a code cell 10,000 deep", _cells(markdown("# A"), code("x = " + "-" * 100_000 + "1"), code("1" + "+1" * 90_000), code("(" * 90_000)), True),
    Case("one TOML file of 10 MB", files_of(course__toml='title = "' + "a" * 10_000_000 + '"', a__md="# A"), False, "course.toml"),
    Case("TOML 5,000 deep", files_of(course__toml="a = " + "[" * 5_000 + "]" * 5_000, a__md="# A"), False, "course.toml"),
    Case("TOML with a dotted key of 20,000 parts", files_of(course__toml=".".join(["a"] * 20_000) + " = 1", a__md="# A"), False, "course.toml"),
    Case("YAML aliases in _toc.yml", files_of(_toc__yml=_BOMB, a__md="# A"), False, "aliases"),
    Case("YAML aliases in front matter", files_of(a__md=f"---\n{_BOMB}\n---\n# A"), True, "aliases"),
    Case("YAML 10,000 deep", files_of(_toc__yml="[" * 10_000, a__md="# A"), False, "_toc.yml"),
    Case("YAML of 900 kB", files_of(_toc__yml="- x: y\n" * 120_000, a__md="# A"), False, "at most 200,000"),
    Case("YAML of 190 kB", files_of(a__md="---\na: [" + "1, " * 63_000 + "1]\n---\n# A"), True),
    Case("YAML of 1 MB in one list", files_of(a__md="---\na: [" + "1, " * 300_000 + "1]\n---\n# A"), True),
    Case("50,010 files", _many_files, False, "too many files"),
    Case("230 folders deep", _deep_folders, False, "over 400 characters"),
    Case("links in circles", _links, True),
    Case("a link to /etc/passwd", _link_out("/etc/passwd"), False, "a place outside"),
    Case("a link to /dev/zero", _link_out("/dev/zero"), False, "a place outside"),
    Case("a link to the folder above", _link_out(".."), False, "a place outside"),
    Case("a dangling link", _link_out("nowhere.ipynb"), True),
    Case("a pipe as a lesson", _pipe("b.ipynb"), True),
    Case("a pipe as course.toml", _pipe("course.toml"), True),
    Case("a pipe as _toc.yml", _pipe("_toc.yml"), True),
    Case("a pipe as a picture", _pipe("pipe.png"), True, "no such file"),
    Case("a name with a line break", _named("a\nb.md"), True),
    Case("a name with controls", _named("a\x01\x1b[31m.md"), True),
    Case("a name that is not UTF-8", _named(b"a\xff.md"), False, "cannot be read"),
    Case("a name of 250 characters", _named("a" * 250 + ".md"), True),
    Case("a name that turns the text", _named("a\u202efdp.md"), True),
]  # fmt: skip

REFERENCES = [
    Case("a picture at /etc/passwd", text_of("![x](/etc/passwd) ![y](../../../../etc/passwd) ![z](..%2f..%2fetc%2fpasswd)"), True, "/etc/passwd"),
    Case("file: addresses", text_of("![x](file:///etc/passwd) [y](file:///etc/passwd) <img src='file:///etc/shadow'>"), True, "file:///etc/shadow"),
    Case("a picture of 100,000 pixels a side", _cells(markdown("# A\n\n![x](attachment:x.png)") | {"attachments": {"x.png": {"image/png": _BIG_PICTURE}}}, code("1", outputs=[_output(image_png=_BIG_PICTURE)])), True),
    Case("a huge picture in a file", lambda folder: write(folder, {"a.md": "# A\n\n![x](x.png)", "x.png": _png_header(2**31 - 1, 2**31 - 1)}) and None, True),
    Case("SVG entities", _cells(markdown("# A"), code("1", outputs=[_output(**{"image_svg+xml": _ENTITIES})])), True, "entities"),
    Case("SVG 50,000 deep", _cells(markdown("# A"), code("1", outputs=[_output(**{"image_svg+xml": _svg("<g>" * 50_000)})])), True, "nested"),
    Case("SVG of 4 MB", _cells(markdown("# A"), code("1", outputs=[_output(**{"image_svg+xml": _svg('<path d="M0 0"/>' * 250_000)})])), True),
    Case("SVG that breaks its tags", _cells(markdown("# A"), code("1", outputs=[_output(**{"image_svg+xml": _svg("<a " * 300_000)})])), True, "image/svg+xml"),
    Case("SVG of 6 MB", _cells(markdown("# A"), code("1", outputs=[_output(**{"image_svg+xml": _svg(" " * 6_000_000)})])), True, "larger than"),
    Case("50,000 data: pictures", text_of("![x](data:image/png;base64,AAAA)\n" * 5_000), True, "data:image"),
]  # fmt: skip
