"""Small course folders, built in code for the reading tests: cells, notebooks, pictures, files."""

import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

PYTHON_3 = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def markdown(source: Any, cell_id: str | None = None, **metadata: Any) -> dict[str, Any]:
    cell = {"cell_type": "markdown", "source": source, "metadata": metadata}
    return cell | {"id": cell_id} if cell_id else cell


def code(source: Any, cell_id: str | None = None, *, outputs: Any = (), **metadata: Any) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "source": source,
        "metadata": metadata,
        "outputs": list(outputs),
        "execution_count": None,
    }
    return cell | {"id": cell_id} if cell_id else cell


def document(*cells: dict[str, Any], metadata: dict[str, Any] | None = None, minor: int = 4) -> dict[str, Any]:
    kept = PYTHON_3 if metadata is None else metadata
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": kept, "cells": list(cells)}


def notebook(*cells: dict[str, Any], metadata: dict[str, Any] | None = None, minor: int = 4) -> bytes:
    return json.dumps(document(*cells, metadata=metadata, minor=minor)).encode()


def png(width: int = 3, height: int = 2, shade: int = 0) -> bytes:
    """A grey picture; another `shade` makes another file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def noise(numbers: random.Random, size: int) -> bytes:
    """A picture of about `size` bytes, as noise does not compress."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = 250, max(1, size // 250)
    rows = b"".join(b"\0" + numbers.randbytes(width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><script>alert(1)</script>'
    '<rect width="10" height="10" onclick="alert(2)"/></svg>'
)


def write(folder: Path, files: dict[str, bytes | str]) -> Path:
    """Write `files` (path → content) below `folder`, and give `folder` back."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
