"""Which stored files a course's description refers to, told from its text and from the page that was made of it.

The text has the references as written, the page has where they lead, in the same order but for what leads nowhere.
"""

import re
from collections.abc import Sequence
from html import unescape
from posixpath import basename, splitext

from courses.content.assets import PLAIN_NAMES
from courses.content.course_files import REMOTE
from courses.content.references import find_references

_FILE = re.compile(r"/media/assets/([0-9a-f]{64}\.[a-z0-9]{1,8})")
_IMAGE = re.compile(r'<img\b[^>]*?\ssrc="([^"]*)"')
_LINK = re.compile(r'<a\b(?![^>]*class="anchor")[^>]*?\shref="([^"]*)"')
_SAME = {"jpeg": "jpg"}


def description_files(text: str, html: str) -> tuple[dict[str, str], bool]:
    """(reference → stored file, whether every file of the page was found in the text)."""
    found = find_references(text)
    images = [unescape(address) for address in _IMAGE.findall(html)]
    links = [unescape(address) for address in _LINK.findall(html)]
    paired = _paired(found.links, links) | _paired(found.images, images)
    return paired, set(_FILE.findall(html)) <= set(paired.values())


def _paired(references: Sequence[str], addresses: Sequence[str]) -> dict[str, str]:
    paired: dict[str, str] = {}
    place = 0
    for reference in references:
        address = addresses[place] if place < len(addresses) else ""
        stored = _FILE.fullmatch(address)
        if REMOTE.match(reference):
            # Written the same on the page: where both sides meet again after a reference that leads nowhere. One to
            # this course's own repository leads to a lesson.
            if reference in addresses[place:]:
                place = addresses.index(reference, place) + 1
            elif address.startswith("./"):
                place += 1
        elif stored and _fits(reference, stored[1]):
            paired.setdefault(reference, stored[1])
            place += 1
        elif address and not stored and not REMOTE.match(address):
            place += 1  # a lesson, or a section of this page
    return paired


def _fits(reference: str, file: str) -> bool:
    """Whether a file of this reference's kind may be stored under this name: texts of all kinds are `.txt`."""
    ending = splitext(re.sub(r"[?#].*", "", reference))[1].lower().lstrip(".")
    stored = file.rpartition(".")[2]
    is_text = bool(ending) or basename(reference).lower() in PLAIN_NAMES
    return _SAME.get(ending, ending) == stored or (stored == "txt" and is_text and ending not in ("ipynb", "html"))
