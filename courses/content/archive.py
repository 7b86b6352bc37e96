"""A course in a `.zip`: unpacked member by member into a private folder, inside bounds that are checked first.

Everything that the archive claims is checked before a byte is written, and its sizes once more while writing. Nothing
but regular files is made, and only below the folder given. Knows no course format and no model.
"""

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from courses.content.course_files import IGNORED_FOLDERS, MAX_FILES, MAX_PATH
from courses.content.report import CourseRefused, Problem

CHUNK = 64 * 1024  # bytes unpacked at a time
MAX_LISTED_PROBLEMS = 50
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_ENTRY_SIGNATURE = b"PK\x01\x02"
_ENCRYPTED = 0x41  # flag bits: encrypted, strongly encrypted
_UTF8_NAME = 0x800
# The two whose output zlib hands out in bounded pieces; bzip2 and LZMA make gigabytes of one small piece.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_METHOD_NAMES = {9: "Deflate64", zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "LZMA", 93: "Zstandard"}
_FINDER_LEFTOVERS = "__MACOSX"

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. All sizes are bytes."""

    total: int = 2_000_000_000
    member: int = 500_000_000
    members: int = MAX_FILES
    directory: int = 32_000_000
    """The archive's own list of members, which is read in one piece."""
    ratio: int = 200
    """How much larger than its packed form a member may be, or all of them together …"""
    ratio_from: int = 10_000_000
    """… once it is at least this large: short files of one repeated character harm nobody."""


def unpack(archive: BinaryIO, into: Path, *, limits: Limits | None = None, on_progress: Progress | None = None) -> Path:
    """Unpack a zip archive into the empty folder `into`; returns the course's folder in it.

    That is `into`, or the one folder that holds everything. `on_progress(done, total, name)` counts members.

    Raises:
        CourseRefused: the archive is no zip, is damaged, breaks a bound, or could write or lead elsewhere. Each problem
            names its member. What was written until then stays in `into` for the caller to remove.
    """
    limits = limits or Limits()
    try:
        reads = _BoundedReads(archive, limits)
        with zipfile.ZipFile(reads) as opened:
            reads.is_opening = False
            members = _checked(opened, archive, limits)
            _write_all(opened, members, into, limits, on_progress)
    except CourseRefused:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, OverflowError) as error:
        raise CourseRefused([Problem("", f"is not a zip archive, or a damaged one ({_said(error)})")]) from error
    except ValueError as error:  # a name that is not UTF-8 though it says so; a negative offset
        raise CourseRefused([Problem("", f"is not a zip archive that can be read ({_said(error)})")]) from error
    return _course_folder(into)


@dataclass(frozen=True)
class _Member:
    info: zipfile.ZipInfo
    path: str  # without a trailing slash
    is_folder: bool


class _BoundedReads:
    """A file whose single reads are bounded: zipfile reads the directory at the size that the archive claims."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self.is_opening = True
        self._file = file
        self._most = max(limits.directory, 2**17)  # zipfile looks for the directory's end in the last 64 kB
        self._members = limits.members

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            what = f"its list of members is {size:,} bytes; at most {self._most:,} are read"
            raise CourseRefused([Problem("", what)])
        data = self._file.read(size if size >= 0 else 2**17)
        # Each entry becomes an object of many times its size, so they are counted before zipfile makes them.
        if self.is_opening and (found := data.count(_ENTRY_SIGNATURE)) > self._members:
            raise CourseRefused([Problem("", _too_many(found, self._members))])
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        """The caller's file stays the caller's."""


def _too_many(found: int, most: int) -> str:
    return f"the archive has {found:,} members; at most {most:,} are unpacked"


def _said(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__


# --- before writing ---


def _checked(opened: zipfile.ZipFile, archive: BinaryIO, limits: Limits) -> list[_Member]:
    infos = opened.infolist()
    if len(infos) > limits.members:
        raise CourseRefused([Problem("", _too_many(len(infos), limits.members))])
    problems: list[Problem] = []
    members = []
    for info in infos:
        path = _path_of(info)
        faults = [*_name_faults(info, path), *_member_faults(info, limits)]
        problems += [Problem(_shown(path), fault) for fault in faults]
        members.append(_Member(info, path.rstrip("/"), info.is_dir() or path.endswith("/")))
    problems += _clashes(members)
    problems += _total_faults(infos, limits)
    if not problems:
        problems += _overlaps(opened, archive, members)
    if not problems and not any(not member.is_folder for member in members):
        problems.append(Problem("", "the archive is empty"))
    if problems:
        more = len(problems) - MAX_LISTED_PROBLEMS
        shown = problems[:MAX_LISTED_PROBLEMS]
        raise CourseRefused([*shown, Problem("", f"and {more:,} more of the kind")] if more > 0 else shown)
    return members


def _path_of(info: zipfile.ZipInfo) -> str:
    """The member's name. Many packers write UTF-8 without saying so, and zipfile then reads it as code page 437."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8_NAME:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass  # it really was code page 437, or nobody can know
    return name


def _shown(path: str) -> str:
    """The name as text for a report, a database and a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in path[:200])


def _name_faults(info: zipfile.ZipInfo, path: str) -> list[str]:
    parts = path.rstrip("/").split("/")
    if not path.strip("/"):
        return ["a member has no name"]
    faults = []
    if "\0" in path:
        faults.append("has a NUL character in its name")
    elif any(unicodedata.category(sign) in ("Cc", "Cs") for sign in path):
        faults.append("has a control character in its name")
    if "\\" in path:
        faults.append("has a backslash in its name; folders are written with “/”")
    if path.startswith("/"):
        faults.append("has an absolute path")
    elif len(path) > 1 and path[1] == ":" and path[0].isascii() and path[0].isalpha():
        faults.append("names a drive")
    if ".." in parts:
        faults.append("leads out of the archive (“..”)")
    elif "" in parts[1:] or "." in parts:
        faults.append("has an empty part in its path")
    if len(path) > MAX_PATH or any(len(part.encode("utf-8", "replace")) > 255 for part in parts):
        faults.append(f"has a name that is too long (at most {MAX_PATH} characters, 255 bytes a part)")
    return faults


def _member_faults(info: zipfile.ZipInfo, limits: Limits) -> list[str]:
    faults = []
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        faults.append("is a symbolic link; an archive must hold the file itself")
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        faults.append("is neither a file nor a folder")
    if info.flag_bits & _ENCRYPTED:
        faults.append("is encrypted")
    if info.compress_type not in _METHODS:
        name = _METHOD_NAMES.get(info.compress_type, f"method {info.compress_type}")
        faults.append(f"is compressed by {name}; only “deflate” and “store” are read")
    if info.file_size > limits.member:
        faults.append(f"is {info.file_size:,} bytes; at most {limits.member:,} are unpacked")
    elif _is_bomb(info.file_size, info.compress_size, limits):
        faults.append(f"unpacks to more than {limits.ratio} times its size")
    return faults


def _is_bomb(size: int, packed: int, limits: Limits) -> bool:
    return size >= limits.ratio_from and size > limits.ratio * max(packed, 1)


def _total_faults(infos: list[zipfile.ZipInfo], limits: Limits) -> list[Problem]:
    total = sum(info.file_size for info in infos)
    if total > limits.total:
        return [Problem("", f"the archive unpacks to {total:,} bytes; at most {limits.total:,} are unpacked")]
    if _is_bomb(total, sum(info.compress_size for info in infos), limits):
        return [Problem("", f"the archive unpacks to more than {limits.ratio} times its size")]
    return []


def _clashes(members: list[_Member]) -> list[Problem]:
    """Two members of one name, also where only case or the form of an accent differs; a file that is a folder too."""
    problems = []
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for member in members:
        folded = unicodedata.normalize("NFC", member.path).casefold()
        if not member.is_folder:
            if folded in files:
                same = files[folded] == member.path
                what = "is in the archive twice" if same else f"differs from {_shown(files[folded])!r} by case alone"
                problems.append(Problem(_shown(member.path), what))
            files[folded] = member.path
        parts = folded.split("/")
        for end in range(1, len(parts) + member.is_folder):
            folders.setdefault("/".join(parts[:end]), member.path)
    problems += [Problem(_shown(files[name]), "is a file and a folder") for name in files.keys() & folders.keys()]
    return problems


def _overlaps(opened: zipfile.ZipFile, archive: BinaryIO, members: list[_Member]) -> list[Problem]:
    """Members that share bytes: how a small archive claims a large content."""
    problems = []
    end, before = 0, ""
    for member in sorted(members, key=lambda member: member.info.header_offset):
        info = member.info
        archive.seek(info.header_offset)
        header = archive.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
            problems.append(Problem(_shown(member.path), "is not where the archive's list says"))
            continue
        _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        if info.header_offset < end:
            problems.append(Problem(_shown(member.path), f"overlaps {_shown(before)!r}"))
        end = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length + info.compress_size
        before = member.path
        if end > opened.start_dir:
            problems.append(Problem(_shown(member.path), "goes past the end of the archive's content"))
    return problems


# --- writing ---


def _write_all(
    opened: zipfile.ZipFile, members: list[_Member], into: Path, limits: Limits, on_progress: Progress | None
) -> None:
    room = limits.total
    for number, member in enumerate(members, 1):
        if on_progress is not None:
            on_progress(number, len(members), f"unpacking {_shown(member.path)}")
        parts = PurePosixPath(member.path).parts
        if member.is_folder or parts[0] == _FINDER_LEFTOVERS or IGNORED_FOLDERS.intersection(parts):
            continue
        try:
            room -= _write(opened, member, into.joinpath(*parts), room, limits)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise CourseRefused([Problem(_shown(member.path), f"is damaged ({_said(error)})")]) from error
        except OSError as error:  # a full disk, a name that this file system does not take
            what = f"cannot be unpacked ({error.strerror or type(error).__name__})"
            raise CourseRefused([Problem(_shown(member.path), what)]) from error


def _write(opened: zipfile.ZipFile, member: _Member, target: Path, room: int, limits: Limits) -> int:
    """Unpack one member; returns its size. Counted anew: what the list says of it may be a lie."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    # "x": on a disk that knows no case two names may still meet, and nothing is written over.
    with opened.open(member.info) as packed, target.open("xb") as file:
        while chunk := packed.read(CHUNK):
            written += len(chunk)
            if written > min(room, limits.member):
                raise CourseRefused([Problem(_shown(member.path), "unpacks to more than the archive may hold")])
            file.write(chunk)
    return written


def _course_folder(into: Path) -> Path:
    """The single folder at the top, as most packers make it; else the folder unpacked into."""
    found = list(into.iterdir())
    return found[0] if len(found) == 1 and found[0].is_dir() else into
