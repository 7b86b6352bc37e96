"""Which files of a course are translations of others: judged by folder names and the language in a file's name.

A course comes in one language; what is left out is counted. Knows paths alone.
"""

import re
from collections.abc import Iterable
from posixpath import splitext

FOLDERS = frozenset({"translations", "translation", "i18n", "l10n", "locale", "locales", "translated_images"})

_LANGUAGES = frozenset(
    {
        *("ar", "az", "be", "bg", "bn", "br", "ca", "cn", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr"),
        *("gl", "he", "hi", "hr", "hu", "hy", "id", "it", "ja", "jp", "ka", "kk", "ko", "kr", "lt", "lv", "mk", "ml"),
        *("mr", "ms", "my", "ne", "nl", "no", "pa", "pl", "pt", "ro", "ru", "rum", "sk", "sl", "sr", "sv", "sw", "ta"),
        *("te", "th", "tl", "tr", "tw", "uk", "ur", "uz", "vi", "zh"),
    }
)
# Read as a language only with a region or between dots: `intro_pt` may be PyTorch's, `x_id` an identity.
_WORDS = frozenset(
    {"pt", "id", "it", "no", "sk", "ms", "ml", "my", "ne", "be", "he", "hi", "te", "pa", "mr", "sl", "br"}
)
_SCRIPTS = frozenset({"hans", "hant", "latn", "cyrl"})
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}|[A-Za-z]{4}))?")
_REGIONAL = re.compile(r"(?P<stem>.*[^/])(?P<mark>[._-])(?P<tag>[A-Za-z]{2}[-_](?:[A-Za-z]{2}|[A-Za-z]{4}))")
_PLAIN = re.compile(r"(?P<stem>.*[^/])(?P<mark>[._-])(?P<tag>[A-Za-z]{2})")


def translations(paths: Iterable[str]) -> set[str]:
    """Those of `paths` that are translations: in a folder of them, or with the same file in the course's language."""
    files = set(paths)
    folders = {"/".join(parts[:end]) for parts in (path.split("/") for path in files) for end in range(1, len(parts))}
    return {path for path in files if _in_folder(path, files, folders) or _by_name(path, files)}


def in_translations_folder(path: str) -> bool:
    """Whether the file lies in a folder called `translations`, `i18n` or the like."""
    return any(part.casefold() in FOLDERS for part in path.split("/")[:-1])


def _in_folder(path: str, files: set[str], folders: set[str]) -> bool:
    if in_translations_folder(path):
        return True
    parts = path.split("/")
    for place, part in enumerate(parts[:-1]):
        if not _is_tag(part) or part.casefold() in ("en", "en-us", "en_us"):
            continue
        above = "/".join(parts[:place])
        if f"{above}/en".lstrip("/") in folders:
            return True
        original = "/".join([*parts[:place], *parts[place + 1 :]])
        if part.casefold() not in _WORDS and original in files:
            return True
    return False


def _by_name(path: str, files: set[str]) -> bool:
    """Whether the name ends in a language, and the same name without it, or in English, is there."""
    stem, suffix = splitext(path)
    for form in (_REGIONAL, _PLAIN):
        found = form.fullmatch(stem)
        if found is None or not _is_tag(found["tag"]):
            continue
        tag = found["tag"].casefold()
        if tag in _WORDS and found["mark"] != ".":
            continue
        english = found["stem"] + found["mark"] + "en" + suffix
        if found["stem"] + suffix in files or (tag != "en" and english in files):
            return True
    return False


def _is_tag(text: str) -> bool:
    found = _TAG.fullmatch(text)
    if found is None or found[1].casefold() not in _LANGUAGES:
        return False
    region = (found[2] or "").casefold()
    return len(region) != 4 or region in _SCRIPTS
