"""Notebooks as data sets: prose, formulas, code and outputs, of any size, the same for the same seed.

Their proportions are those of real ones: a lesson of 4 MB has about as much text and code as the longest notebooks of
public courses (some 100 cells, 50 kB), and the rest of it is pictures.
"""

import base64
import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

_TEXT = """
the model fits a line to data by gradient descent and its loss falls as each step follows the slope of an error over
features weights bias training set validation score learner tree forest margin kernel sample mean
"""
_WORDS = _TEXT.split()
_FORMULAS = (
    r"$\hat y = w^\top x + b$",
    r"$$\frac{1}{n}\sum_{i=1}^{n} (y_i - \hat y_i)^2$$",
    r"$\nabla_w L$",
    r"$$\begin{aligned} a &= b + c \\ d &= \sqrt{e} \end{aligned}$$",
)
_CODE = (
    "import numpy as np\nimport pandas as pd\n\nrng = np.random.default_rng({n})\nx{n} = rng.normal(size=(100, 3))\n",
    "def loss{n}(y, guess):\n    '''The mean squared error.'''\n    return ((y - guess) ** 2).mean()\n",
    "for step in range({n}):\n    weights -= 0.1 * gradient(weights)\nprint(weights)\n",
)


def make_notebook(random_numbers: random.Random, size: int, *, picture_bytes: int = 80_000) -> bytes:
    """A notebook of about `size` bytes, most of them in pictures of about `picture_bytes` each."""
    cells = [_cell(random_numbers, "markdown", f"# {_sentence(random_numbers, 4)}")]
    total, number = 1_000, 0
    while total < size:
        number += 1
        cells.append(_cell(random_numbers, "markdown", _prose(random_numbers, number)))
        outputs: list[dict[str, Any]] = [
            {"output_type": "stream", "name": "stdout", "text": _sentence(random_numbers, 40)}
        ]
        room = size - total
        if number % 2 and room > 8_000:
            outputs.append(_picture(random_numbers, min(picture_bytes, int(room * 0.7))))
        elif number % 8 == 0:
            outputs.append(_table(random_numbers))
        cell = _cell(random_numbers, "code", _CODE[number % len(_CODE)].format(n=number))
        cells.append(cell | {"execution_count": number, "outputs": outputs})
        total += len(json.dumps(cells[-1])) + len(json.dumps(cells[-2]))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}).encode()


def make_text_notebook(random_numbers: random.Random, size: int) -> bytes:
    """A notebook of about `size` bytes without a picture: 360 cells of long prose and code, and printed output."""
    cells = [_cell(random_numbers, "markdown", f"# {_sentence(random_numbers, 4)}")]
    for number in range(1, 180):
        prose = "\n\n".join(_sentence(random_numbers, 60) for _ in range(2))
        cells.append(_cell(random_numbers, "markdown", f"{_prose(random_numbers, number)}\n\n{prose}"))
        source = "\n".join(_CODE[(number + line) % len(_CODE)].format(n=number * 10 + line) for line in range(4))
        lines = size // 90 // 90
        printed = "".join(f"{line:6} {_sentence(random_numbers, 12)[:80]}\n" for line in range(lines))
        outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if number % 2 else []
        cell = _cell(random_numbers, "code", source)
        cells.append(cell | {"execution_count": number, "outputs": outputs or [_table(random_numbers)]})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}).encode()


def make_course(folder: Path, *, notebooks: int, total: int, seed: int) -> int:
    """Write `notebooks` files of mixed size into `folder`, about `total` bytes together; returns the bytes written."""
    random_numbers = random.Random(seed)
    shares = [random_numbers.lognormvariate(0, 1.2) for _ in range(notebooks)]
    written = 0
    for number, share in enumerate(shares, 1):
        size = max(6_000, min(int(total * share / sum(shares)), 18_000_000))
        data = make_notebook(random_numbers, size)
        path = folder / f"{(number - 1) // 20 + 1:02}-part" / f"{number:03}-lesson.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written += len(data)
    return written


def _cell(random_numbers: random.Random, kind: str, source: str) -> dict[str, Any]:
    identity = f"{random_numbers.getrandbits(64):016x}"
    return {"cell_type": kind, "id": identity, "metadata": {}, "source": source.splitlines(keepends=True)}


def _sentence(random_numbers: random.Random, words: int) -> str:
    return " ".join(random_numbers.choices(_WORDS, k=words)).capitalize() + "."


def _prose(random_numbers: random.Random, number: int) -> str:
    paragraphs = [f"## Step {number}: {_sentence(random_numbers, 3)}"]
    paragraphs += [
        _sentence(random_numbers, 30),
        _sentence(random_numbers, 15) + " " + random_numbers.choice(_FORMULAS),
    ]
    if number % 3 == 0:
        paragraphs.append("- " + "\n- ".join(f"*{_sentence(random_numbers, 6)}*" for _ in range(4)))
    return "\n\n".join(paragraphs)


def _table(random_numbers: random.Random) -> dict[str, Any]:
    rows = "".join(
        "<tr>" + "".join(f"<td>{random_numbers.random():.6f}</td>" for _ in range(8)) + "</tr>" for _ in range(20)
    )
    html = f'<style>td {{color: red}}</style><table border="1" class="dataframe"><tbody>{rows}</tbody></table>'
    data = {"text/html": html, "text/plain": "a table"}
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}


def _picture(random_numbers: random.Random, size: int) -> dict[str, Any]:
    """A PNG of noise, which does not compress: `size` bytes as base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width = 200
    height = max(1, size * 3 // 4 // width)
    rows = b"".join(b"\0" + random_numbers.randbytes(width) for _ in range(height))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    png = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    data = {"image/png": base64.b64encode(png).decode(), "text/plain": "<Figure size 200x200>"}
    return {"output_type": "display_data", "metadata": {}, "data": data}
