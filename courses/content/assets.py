"""The files that lessons show or offer, named by their content and each kept once.

Bytes taken out of notebooks wait in a temporary folder, those of files stay where they are: a course of any size needs
little memory. Decides which kinds of file may be served from here at all; not which block shows them.
"""

import hashlib
import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import basename, splitext
from typing import Any

from courses.content.course_files import CourseFiles, Missing
from courses.content.pictures import NotAPicture, picture_size, read_picture

MAX_ASSET_BYTES = 25_000_000
MAX_TOTAL_BYTES = 2_000_000_000

# Files that a lesson may offer: ending → media type. HTML, scripts and XML are not among them: they would run here.
_BINARY = "application/octet-stream"
_PRIVATE_ENDING = ".private"
OFFERED = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "txt": "text/plain",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "gz": "application/gzip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
} | dict.fromkeys(("npy", "npz", "parquet", "h5", "pkl", "bin"), _BINARY)
# Endings that are stored as txt, so that a browser shows the text and never takes it for more.
_TEXTS = frozenset(
    {
        "md",
        "py",
        "r",
        "jl",
        "yml",
        "yaml",
        "toml",
        "cfg",
        "ini",
        "tex",
        "bib",
        "log",
        "arff",
        "data",
        "names",
        "sh",
        "sql",
    }
)
PLAIN_NAMES = frozenset({"license", "licence", "copying", "authors", "notice", "citation", "changelog", "readme"})
_PICTURES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "bmp", "ico"})


class AssetRefused(ValueError):
    """A file that is not kept for the course; the message says why."""


class SpaceExceeded(AssetRefused):
    """The course's files are too large together: the whole course is refused."""


@dataclass(frozen=True)
class AssetSource:
    """A file to be stored. `read()` gives its bytes; `width` and `height` are pixels where known."""

    file: str
    media_type: str
    size: int
    width: int | None
    height: int | None
    read: Callable[[], bytes] = field(repr=False, compare=False)

    def as_reference(self) -> dict[str, Any]:
        """The entry of a block's `assets`."""
        entry: dict[str, Any] = {"file": self.file}
        return entry | ({"width": self.width, "height": self.height} if self.width and self.height else {})


@dataclass(frozen=True)
class Named:
    """A file that a reference named: its path in the course, and what is kept of it."""

    path: str
    asset: AssetSource


class _Spool:
    """A temporary folder that goes away with the last object that knows it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="course-files-"))
        weakref.finalize(self, shutil.rmtree, self.folder, True)


class AssetStore:
    """Collects the files of one course. `assets` is what it holds, by file name."""

    def __init__(self, files: CourseFiles | None = None) -> None:
        self.assets: dict[str, AssetSource] = {}
        self._files = files
        self._room = MAX_TOTAL_BYTES
        self._by_hash: dict[str, AssetSource] = {}
        self._by_path: dict[str, AssetSource] = {}
        self._spool: _Spool | None = None
        self._secret: set[str] = set()

    def add_picture(self, data: bytes) -> AssetSource:
        """Keep a picture's bytes, an SVG cleaned. Raises AssetRefused when they are none, or too many."""
        try:
            return self._keep(*read_picture(data))
        except NotAPicture as error:
            raise AssetRefused(str(error)) from error

    def add_data(self, data: bytes, ending: str) -> AssetSource:
        """Keep bytes of a known kind, such as a long output; `ending` is a key of OFFERED."""
        return self._keep(data, OFFERED[ending], ending)

    def add_private(self, data: bytes) -> AssetSource:
        """Keep bytes that no learner may see: the ending tells the storage, and no author's file can have it."""
        return self._keep(data, _BINARY, _PRIVATE_ENDING.lstrip("."))

    def add_named(self, reference: str, *, folder: str, is_secret: bool) -> "Named":
        """Keep the file that `reference`, written in a file of `folder`, means; a secret one where no learner gets it.

        Raises:
            AssetRefused: there is none, or it is not kept; or a secret is offered to learners by the same bytes.
        """
        found = self._files.find(reference, folder=folder) if self._files else Missing("no such file")
        if self._files is None or isinstance(found, Missing):
            raise AssetRefused(f"is not found: {found.why}" if isinstance(found, Missing) else "is not found")
        if not is_secret:
            return Named(found.path, self.add_file(found.path))
        try:
            asset = self.add_private(self._files.read(found.path, max_bytes=MAX_ASSET_BYTES))
        except (OSError, ValueError) as error:
            raise AssetRefused(str(error)) from error
        if not asset.file.endswith(_PRIVATE_ENDING):
            raise AssetRefused("is offered to learners as well")
        self._secret.add(asset.file)
        return Named(found.path, asset)

    def add_file(self, path: str) -> AssetSource:
        """Keep a file of the course: a picture, or one of a kind that may be offered. Raises AssetRefused."""
        if path in self._by_path:
            return self._by_path[path]
        if self._files is None:
            raise AssetRefused("no such file")
        try:
            data = self._files.read(path, max_bytes=MAX_ASSET_BYTES)
        except OSError as error:
            raise AssetRefused(f"cannot be read ({error.strerror or type(error).__name__})") from error
        except ValueError as error:
            raise AssetRefused(str(error)) from error
        try:
            kept, media_type, ending = read_picture(data)
        except NotAPicture as error:
            if _ending(path) in _PICTURES:
                raise AssetRefused(str(error)) from error
            kept, (media_type, ending) = data, _offered(path)
        asset = self._keep(kept, media_type, ending, path=path if kept is data else None)
        if asset.file.endswith(_PRIVATE_ENDING):
            # The same bytes are kept as an answer, or as something that only an export needs.
            raise AssetRefused(
                "holds answers, so it is not offered" if asset.file in self._secret else "is kept private"
            )
        self._by_path[path] = asset
        return asset

    def _keep(self, data: bytes, media_type: str, ending: str, *, path: str | None = None) -> AssetSource:
        digest = hashlib.sha256(data).hexdigest()
        if digest in self._by_hash:
            return self._by_hash[digest]
        if len(data) > MAX_ASSET_BYTES:
            raise AssetRefused(f"is over {MAX_ASSET_BYTES:,} bytes")
        self._room -= len(data)
        if self._room < 0:
            raise SpaceExceeded("the course's images and files are too large together")
        width, height = picture_size(data, media_type)
        if path is not None and self._files is not None:
            read = _reader(self._files.root / path, digest, None)
        else:
            self._spool = self._spool or _Spool()
            (self._spool.folder / digest).write_bytes(data)
            read = _reader(self._spool.folder / digest, digest, self._spool)
        asset = AssetSource(f"{digest}.{ending}", media_type, len(data), width, height, read)
        self._by_hash[digest] = self.assets[asset.file] = asset
        return asset


def _reader(source: Path, digest: str, spool: _Spool | None) -> Callable[[], bytes]:
    def read(_kept: _Spool | None = spool) -> bytes:
        data = source.read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise AssetRefused(f"{source.name} was changed while the course was being read")
        return data

    return read


def _ending(path: str) -> str:
    return splitext(path)[1].lower().lstrip(".")


def _offered(path: str) -> tuple[str, str]:
    """(media type, ending) under which a file that is no picture is offered. Raises AssetRefused."""
    ending = _ending(path)
    if ending in OFFERED:
        return OFFERED[ending], ending
    if ending in _TEXTS or (not ending and basename(path).lower() in PLAIN_NAMES):
        return OFFERED["txt"], "txt"
    raise AssetRefused(f"is a .{ending} file, which is not offered" if ending else "is of a kind that is not offered")
