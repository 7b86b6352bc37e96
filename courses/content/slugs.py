"""Addresses of lessons, made of file names: short, ASCII, unique in the course."""

import re
import unicodedata
from posixpath import basename, dirname, splitext

from courses.content.notebook import content_id

MAX_SLUG = 100

_CYRILLIC = dict(zip("абвгдезийклмнопрстуфыэіў", "abvgdeziyklmnoprstufyeiu", strict=True)) | {
    "ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "",
    "ю": "yu", "я": "ya", "є": "ye", "ї": "yi", "ґ": "g",
}  # fmt: skip


def slugify(text: str) -> str:
    """ASCII letters, digits and hyphens; Cyrillic is transliterated; "" when nothing is left."""
    latin = "".join(_CYRILLIC.get(letter, letter) for letter in text.casefold())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:MAX_SLUG].strip("-_")


def lesson_slugs(lessons: list[tuple[str, str | None]], *, base: str = "") -> list[str]:
    """A slug for each (path, slug that the author chose). Chosen ones are kept; of the others none is used twice.

    Two files of one name in different folders get the folder's name before their own; an index is called after its
    folder, but for the one in `base`.
    """
    taken = {chosen for _, chosen in lessons if chosen}
    own = [chosen or _own(path, base) for path, chosen in lessons]
    slugs: list[str] = []
    for (path, chosen), name in zip(lessons, own, strict=True):
        if chosen:
            slugs.append(chosen)
            continue
        wanted = name if own.count(name) == 1 else _with_folder(path, name)
        slug, count = wanted, 1
        while slug in taken:
            count += 1
            slug = f"{wanted[: MAX_SLUG - 5]}-{count}"
        taken.add(slug)
        slugs.append(slug)
    return slugs


def _own(path: str, base: str) -> str:
    stem = splitext(basename(path))[0]
    if stem.casefold() in ("index", "readme") and dirname(path) not in ("", base):
        stem = basename(dirname(path))
    # A name in a script without transliteration: a hash of the path stays the same when lessons move.
    return slugify(stem) or f"lesson-{content_id('path', path)[1:9]}"


def _with_folder(path: str, name: str) -> str:
    folder = slugify(basename(dirname(path)))
    return f"{folder}-{name}"[:MAX_SLUG] if folder and folder != name else name
