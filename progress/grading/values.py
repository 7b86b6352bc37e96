"""Numbers and short texts as people type them: what they can mean. Knows no quiz and no key.

A comma may be the decimal point or part the thousands, and "25 %" may be meant as 25: `read_number` gives every
reading, and who grades is content with any of them.
"""

import math
import re
import unicodedata
from dataclasses import dataclass

MAX_NUMBER_TEXT, MAX_UNITS = 100, 40

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("‘’‚‛′`´", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"…": "...", "⁄": "/"}
)
_GAPS = re.compile(r"(?<=\d)[\s_'](?=\d{3}(?!\d))")
_DIGITS = r"\d+(?:[.,]\d+)*[.,]?|[.,]\d+"
_NUMBER = re.compile(
    rf"([-+]?)\s?({_DIGITS})"
    r"(?:[eE]([-+]?\d{1,4})|\s?[*x×·⋅]\s?10\s?(?:\^|\*\*)\s?\(?([-+]?\d{1,4})\)?)?"
    rf"(?:\s?/\s?({_DIGITS}))?"
    r"\s*((?![\s\d.,]).*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Number:
    """A number as typed: `readings` in order of likelihood, never empty, all finite; `units` as typed, or ""."""

    readings: tuple[float, ...]
    units: str


def read_number(text: str) -> Number:
    """What `text` means: `0,25`, `1 234.5`, `1/4`, `1.5×10³`, `−3e-4 m/s²`.

    A percentage is read as its fraction first. Raises ValueError, in words for who typed it, when it is no number.
    """
    if len(text) > MAX_NUMBER_TEXT:
        raise ValueError(f"must be a number of at most {MAX_NUMBER_TEXT} characters")
    tidy = _GAPS.sub("", _tidy(text).lstrip("=≈~ ").rstrip(".,; "))
    tidy = re.sub(r"^([-+]?)\s?(?=10\s?(?:\^|\*\*))", r"\g<1>1*", tidy)  # a bare power of ten
    found = _NUMBER.fullmatch(tidy)
    if not found:
        raise ValueError(f"“{text.strip()}” is not a number" if text.strip() else "must not be empty")
    sign, digits, short_power, long_power, divisor, units = found.groups()
    power = int(short_power or long_power or 0)
    if len(units) > MAX_UNITS:
        raise ValueError(f"“{text.strip()}” is not a number")
    readings = []
    for above in _decimal_readings(digits):
        for below in _decimal_readings(divisor) if divisor else ["1"]:
            if not float(below):
                raise ValueError("a fraction cannot be divided by 0")
            readings.append(float(f"{sign}{above}e{power}") / float(below))
    if not readings:
        raise ValueError(f"“{text.strip()}” is not a number")
    if units == "%":
        readings = [*(value / 100 for value in readings), *readings]
    if not all(map(math.isfinite, readings)):
        raise ValueError("the number is too large")
    return Number(tuple(dict.fromkeys(readings)), units)


def _tidy(text: str) -> str:
    """Compatibility forms folded, with 10³ kept apart from 103."""
    text = _SUPERSCRIPT.sub(lambda found: "^" + found[0].translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    text = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)
    return " ".join(text.split())


def _decimal_readings(digits: str) -> list[str]:
    """The numbers that digits with points and commas in them can be, as Python writes them."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        decimal = max(".", ",", key=digits.rfind)
        other = "," if decimal == "." else "."
        whole, fraction = digits.rsplit(decimal, 1)
        is_grouped = digits.count(decimal) == 1 and _is_grouped(whole, other)
        return [f"{whole.replace(other, '')}.{fraction}"] if is_grouped else []
    if points == 1 or not points + commas:
        return [digits]
    mark = "." if points else ","
    grouped = [digits.replace(mark, "")] if _is_grouped(digits, mark) else []
    return [digits.replace(",", "."), *grouped] if commas == 1 else grouped


def _is_grouped(digits: str, mark: str) -> bool:
    return re.fullmatch(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+", digits) is not None


def same_units(one: str, other: str) -> bool:
    """Whether two units are written alike: `m/s²`, `m/s^2` and `m / s2`. Case counts: mW is not MW."""
    return _units(one) == _units(other)


def _units(text: str) -> str:
    return re.sub(r"[\s^*·⋅()]|\.$", "", _tidy(text)).replace("°", "deg").replace("$", "").replace("\\", "")


def normal_text(text: str, *, case_sensitive: bool) -> str:
    """Text as it is compared: one form of letters, quotation marks, dashes and spaces, of capitals where it may be."""
    text = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    if not case_sensitive:
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.split())


def without_punctuation(text: str) -> str:
    """A normal text without the marks of a sentence around it; unchanged if nothing else is in it."""
    stripped = text.strip().rstrip(".,;:!?").strip()
    for opening, closing in ('""', "''", "()", "[]"):
        if len(stripped) > 2 and stripped.startswith(opening) and stripped.endswith(closing):
            stripped = stripped[1:-1].strip().rstrip(".,;:!?").strip()
    return stripped or text
