"""The files of a course folder: what is there, and which file a reference means. Never reads outside the folder.

Everything is looked up in a list made once, by paths relative to the root with `/`; a link to a place outside of the
folder refuses the course, a link inside leads to its target. Knows no lesson and no format.
"""

import os
import re
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import basename, dirname, join, normpath, splitext
from urllib.parse import unquote

MAX_FILES = 50_000
MAX_PATH = 400
MAX_LINKS_FOLLOWED = 20

# Never part of a course: other people's code, caches, version control.
IGNORED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", "__pycache__", "site-packages", ".ipynb_checkpoints", ".venv", "venv"}
)
REMOTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")


@dataclass(frozen=True)
class Found:
    """A file of the course, by its real path. `guessed` says by which rule, "" for exactly as written."""

    path: str
    guessed: str = ""


@dataclass(frozen=True)
class Missing:
    """A reference that leads to no file of the course, and why."""

    why: str


@dataclass
class CourseFiles:
    """All files below `root`. `sizes` has the real ones, `aliases` the links: path → path, both relative."""

    root: Path
    sizes: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    too_many: bool = False
    unreadable: list[str] = field(default_factory=list)
    base: str = ""
    """The folder that a rooted reference (`/images/x.png`) may also mean: where the table of contents lies."""

    def __post_init__(self) -> None:
        self._folded: dict[str, list[str]] = {}
        self._names: dict[str, list[str]] = {}

    def add(self, path: str, size: int) -> None:
        """Put a real file on the list."""
        self.sizes[path] = size
        self._folded.setdefault(_fold(path), []).append(path)
        self._names.setdefault(_fold(basename(path)), []).append(path)

    def real(self, path: str) -> str:
        """`path` with every link inside the course followed."""
        for _ in range(MAX_LINKS_FOLLOWED):
            parts = path.split("/")
            for end in range(1, len(parts) + 1):
                target = self.aliases.get("/".join(parts[:end]))
                if target is not None:
                    path = normpath(join(target, *parts[end:]))
                    break
            else:
                return path
        return path

    def read(self, path: str, *, max_bytes: int) -> bytes:
        """The bytes of a file on the list. Raises OSError, and ValueError when it is larger than `max_bytes`."""
        with (self.root / path).open("rb") as file:
            data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise ValueError(f"is over {max_bytes:,} bytes")
        return data

    def find(self, reference: str, *, folder: str, suffixes: tuple[str, ...] = ()) -> Found | Missing:
        """The file that `reference`, written in a file of `folder`, means; `suffixes` are tried when it has none.

        As written first; then rooted, in other case, and as the only file of that name below `folder` or anywhere.
        """
        candidates = self._candidates(reference, folder)
        if not candidates:
            return Missing("leads outside the course's folder")
        for path in candidates:
            for suffix in ("", *suffixes):
                if (real := self.real(path + suffix)) in self.sizes:
                    return Found(real, "" if real == path else "link" if not suffix else "suffix")
        for path in candidates:
            same = self._folded.get(_fold(self.real(path)), [])
            if len(same) == 1:
                return Found(same[0], "case")
        names = self._names.get(_fold(basename(candidates[0])), [])
        if len(names) > 1 and folder:
            # A course in two editions has each file twice: the one beside the text is meant.
            near = [path for path in names if path.startswith(f"{folder}/")]
            names = near if len(near) == 1 else names
        if len(names) == 1 and splitext(names[0])[1]:
            return Found(names[0], "name")
        if candidates[0] in self.folders:
            return Missing("is a folder")
        return Missing("no such file" if not names else f"no such file; {len(names)} others have its name")

    def folder(self, reference: str, *, folder: str) -> str | None:
        """The folder of the course that `reference`, written in a file of `folder`, means; None when there is none."""
        for path in self._candidates(reference, folder):
            if (real := self.real(path)) in self.folders:
                return real
        return None

    def _candidates(self, reference: str, folder: str) -> list[str]:
        """The paths inside the course that the reference may mean, most likely first."""
        bare = re.sub(r"[?#].*", "", reference)
        texts = dict.fromkeys([reference, bare, unquote(reference), unquote(bare)])
        paths: list[str] = []
        for text in texts:
            text = text.replace("\\", "/").strip()
            if not text or "\0" in text or len(text) > 2 * MAX_PATH:
                continue
            starts = ["", self.base] if text.startswith("/") else [folder]
            for start in dict.fromkeys(starts):
                path = normpath(join(start, text.lstrip("/")))
                if path != ".." and not path.startswith("../") and path != ".":
                    paths.append(path)
        # What is on disk as written comes before the reading of "#" and "%" as marks.
        return sorted(dict.fromkeys(paths), key=lambda path: path not in self.sizes)


def list_files(root: Path) -> CourseFiles:
    """List the course folder `root`, which must exist. Links are resolved, never walked into."""
    real_root = Path(os.path.realpath(root))
    files = CourseFiles(real_root)
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(real_root / folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            files.unreadable.append(folder)
            continue
        if folder and any(entry.name == "pyvenv.cfg" for entry in found):
            continue
        for entry in found:
            if entry.name in IGNORED_FOLDERS:
                continue
            _list_entry(files, real_root, join(folder, entry.name), entry, pending)
        if len(files.sizes) + len(pending) > MAX_FILES:
            files.too_many = True
            break
    return files


def _list_entry(files: CourseFiles, root: Path, path: str, entry: "os.DirEntry[str]", pending: list[str]) -> None:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        files.unreadable.append(path.encode("utf-8", "backslashreplace").decode())
        return
    if entry.is_symlink():
        target = os.path.realpath(root / path)
        if target != str(root) and not target.startswith(str(root) + os.sep):
            files.outside.append(path)
        elif os.path.exists(target):
            files.aliases[path] = os.path.relpath(target, root).replace(os.sep, "/")
    elif entry.is_dir():
        files.folders.add(path)
        pending.append(path)
    elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
        files.add(path, entry.stat(follow_symlinks=False).st_size)


def is_hidden(path: str) -> bool:
    """Whether the path has a part that begins with a dot."""
    return any(part.startswith(".") for part in path.split("/"))


def folder_of(path: str) -> str:
    """The folder of a path, "" for the root."""
    return dirname(path)


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
