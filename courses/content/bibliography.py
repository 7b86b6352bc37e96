"""The works that a lesson cites, out of the course's `.bib` files, as a list at the lesson's end.

A small reader of BibTeX: entries, braces, quotes, the commonest accents; no macros, no cross references. What it cannot
read it passes over, and the citation keeps its key. The list is a block made for the lesson: an export leaves it out.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from courses.content.course_files import CourseFiles, is_hidden
from courses.content.labels import CITATION
from courses.content.lesson_drafts import LessonDraft, Text
from courses.content.notebook import Names, content_id
from courses.content.origin import remember
from courses.content.references import find_references
from courses.content.sanitizing import safe_id

MAX_BYTES, MAX_TOTAL, MAX_FILES = 2_000_000, 10_000_000, 50
MAX_ENTRIES, MAX_FIELD, MAX_ENTRY, MAX_LISTED = 20_000, 2_000, 20_000, 500

_ENTRY = re.compile(r"@(\w{1,30})[ \t]*[{(]\s*([^\s,{}()\"]{1,200})\s*,")
_FIELD = re.compile(r"[\s,]*([A-Za-z][\w-]{0,40})\s*=\s*")
_CITED = re.compile(r"\{(?:foot)?cite[a-z:]{0,20}\}`([^`\n]{1,1000})`|:cite[a-z]{0,8}:`([^`\n]{1,1000})`")
_ACCENTS = {
    **{"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"},
    **{"c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328", "r": "\u030a"},
}
_ACCENT = re.compile(r"\\(?:([cvuHkr])(?:[ \t]+|(?=\{))|(['`^\"~=.]))[ \t]*\{?\\?([A-Za-z])\}?")
_LETTERS = {"ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "aa": "å", "AA": "Å", "i": "i"}
_MARKUP = re.compile(r"([\\`*_\[\]<>$])")
_HEADED = re.compile(r"^#{1,6}[ \t]+(?:references|bibliography|literature|further reading)\b", re.I | re.M)


@dataclass
class Bibliography:
    """The works of a course by their keys; `entries` are fields in lower case as BibTeX has them."""

    files: CourseFiles
    paths: dict[str, str] = field(default_factory=dict)
    """The file that each key's entry stands in: an export has it too, or the list would be gone there."""
    _entries: dict[str, dict[str, str]] | None = field(default=None, repr=False)

    @property
    def entries(self) -> dict[str, dict[str, str]]:
        """Every entry of the course's files, the first of each key; read when first asked for."""
        if self._entries is None:
            self._entries = {}
            room = MAX_TOTAL
            paths = [path for path in sorted(self.files.sizes) if path.lower().endswith(".bib") and not is_hidden(path)]
            for path in paths[:MAX_FILES]:
                room -= self.files.sizes[path]
                if self.files.sizes[path] > MAX_BYTES or room < 0:
                    continue
                try:
                    text = self.files.read(path, max_bytes=MAX_BYTES).decode("utf-8-sig", "replace")
                except (OSError, ValueError):
                    continue  # a list that cannot be read leaves its citations as keys, as one that is not there
                for key, fields in read_bibtex(text):
                    self._entries.setdefault(key, fields)
                    self.paths.setdefault(key, path)
        return self._entries

    def add_list(self, draft: LessonDraft) -> None:
        """Put the works that `draft` cites at its end, when the course has them."""
        cited = dict.fromkeys(key for block in draft.blocks for key in cited_keys(_words(block)))
        known = [key for key in list(cited)[:MAX_LISTED] if key in self.entries] if cited else []
        if not known:
            return
        draft.used += sorted({self.paths[key] for key in known} - set(draft.used))
        listed = sorted((work(self.entries[key]), key) for key in known)
        is_headed = bool(_HEADED.search(_words(draft.blocks[-1])))
        source = "\n\n".join(
            [*([] if is_headed else ["## References"]), *(f"({CITATION}{key})=\n\n{words}" for words, key in listed)]
        )
        names = Names(block["id"] for block in draft.blocks)
        for block in draft.blocks:
            names.take(block["id"])
        block = {"id": names.take(content_id("references", source)), "type": "markdown", "source": source}
        draft.blocks.append(block | {"metadata": remember({}, derived=True)})
        number = draft.texts[-1].cell if draft.texts else 1
        draft.texts.append(Text(draft.blocks[-1], number, [find_references(source)]))


def _words(block: dict) -> str:
    words = block.get("source", block.get("prompt", ""))
    return words if block["type"] != "code" else ""


def cited_keys(text: str) -> Iterator[str]:
    """The keys of the works that a text cites, in order."""
    if "cite" not in text:
        return
    for found in _CITED.finditer(text):
        for key in (found[1] or found[2]).split(","):
            # A label holds no bracket and no space: the list could not be linked to.
            if (bare := key.strip()) and not re.search(r"[\s(){}]", bare) and safe_id(bare):
                yield bare


def read_bibtex(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(key, fields) of each entry. Never fails; each entry is read within bounds."""
    for count, found in enumerate(_ENTRY.finditer(text)):
        if count >= MAX_ENTRIES:
            return
        if found[1].lower() not in ("comment", "string", "preamble"):
            yield found[2], dict(_fields(text[found.end() : found.end() + MAX_ENTRY]))


def _fields(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while found := _FIELD.match(text, at):
        value, at = _value(text, found.end())
        yield found[1].lower(), value[:MAX_FIELD]


def _value(text: str, at: int) -> tuple[str, int]:
    """The value that begins at `at`, without its braces or quotes, and where it ends."""
    first = text[at : at + 1]
    if first not in ("{", '"'):
        end = re.compile(r"[,}\n]|\Z").search(text, at)
        return (text[at : end.start()].strip(), end.start()) if end else ("", len(text))
    depth, place = 0, at
    while place < len(text):
        letter = text[place]
        if letter == "\\":
            place += 2
            continue
        depth += (letter == "{") - (letter == "}")
        is_closed = depth == 0 if first == "{" else (letter == '"' and depth == 0 and place > at)
        if is_closed or depth < 0:
            break
        place += 1
    return text[at + 1 : place], place + 1


def work(fields: dict[str, str]) -> str:
    """An entry as a line of Markdown: `Lee and Smith (2020). *Title*. Journal. <https://doi.org/…>`."""
    names = people(fields.get("author") or fields.get("editor") or "")
    year = re.search(r"\d{4}", fields.get("year") or fields.get("date") or "")
    head = f"{names or 'Anonymous'} ({year[0] if year else 'n.d.'})."
    title = plain_tex(fields.get("title", "")).rstrip(".")
    places = (fields.get(name) for name in ("journal", "booktitle", "publisher", "school", "institution"))
    place = plain_tex(next((value for value in places if value), "")).rstrip(".")
    doi = re.fullmatch(r"(?:https?://(?:dx\.)?doi\.org/)?(10\.[\w./()-]{3,200})", fields.get("doi", "").strip())
    url = fields.get("url", "").strip()
    address = f"https://doi.org/{doi[1]}" if doi else url if re.fullmatch(r"https?://[^\s<>{}]{3,500}", url) else ""
    parts = [_escaped(head), f"*{_escaped(title)}*." if title else "", f"{_escaped(place)}." if place else ""]
    return " ".join(part for part in (*parts, f"<{address}>" if address else "") if part)


def people(names: str) -> str:
    """The family names of authors: one, two with "and", the first of more with "et al."."""
    family = []
    for name in re.split(r"\s+and\s+", names.strip())[:20]:
        whole = plain_tex(name)
        last = whole.partition(",")[0] if "," in whole else whole if name.startswith("{") else whole.split(" ")[-1]
        family.append(last.strip()[:60])
    family = [name for name in family if name and name != "others"]
    if len(family) > 2 or (len(family) == 1 and re.search(r"\band others\b", names)):
        return f"{family[0]} et al."
    return " and ".join(family)


def plain_tex(text: str) -> str:
    """TeX's letters as letters, without braces and line breaks."""
    text = _ACCENT.sub(lambda found: found[3] + _ACCENTS[found[1] or found[2]], text)
    text = re.sub(r"\\([A-Za-z]{1,2})(?![A-Za-z])\s*", lambda found: _LETTERS.get(found[1], ""), text)
    text = re.sub(r"\\([&%$#_{}])", r"\1", text)
    text = re.sub(r"\\[A-Za-z]+\s*", "", text).replace("{", "").replace("}", "").replace("~", " ")
    return " ".join(unicodedata.normalize("NFC", text).replace("---", "—").replace("--", "–").split())


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
