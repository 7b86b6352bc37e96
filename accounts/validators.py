"""What may stand in a profile: plain text, language tags, time zones.

The model's fields carry these, so that every door (page, API, admin) refuses the same values with the same words.
"""

import functools
import re
import unicodedata
import zoneinfo

from django.core.exceptions import ValidationError

# language[-Script][-Region], the part of BCP 47 (RFC 5646, section 2.1) that names an interface language.
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-(?:[A-Za-z]{2}|[0-9]{3}))?")
# Names that a system keeps beside the IANA zones: they mean another zone on another machine.
_NOT_A_ZONE = frozenset({"Factory", "localtime", "posixrules"})
# Embeddings, overrides and isolates of direction (Unicode, UAX 9); not the marks U+200E and U+200F, which names need.
_TURNS_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def validate_plain_text(value: str) -> None:
    """Refuse what would break a line of text: control characters, line separators, lone surrogates, turned direction.

    Raises:
        ValidationError: such a character is in the value. PostgreSQL would answer NUL and surrogates with a fault; an
            override of the direction turns round the text of the page behind it.
    """
    refused = {"Cc", "Cs", "Zl", "Zp"}
    if any(unicodedata.category(letter) in refused or letter in _TURNS_DIRECTION for letter in value):
        raise ValidationError("Only one line of plain text, please.", code="plain_text")


def validate_language_tag(value: str) -> None:
    """Refuse what is not a language tag such as `en`, `pt-BR`, `zh-Hant-TW` or `es-419`.

    Raises:
        ValidationError: the value is not language[-Script][-Region].
    """
    if not _LANGUAGE_TAG.fullmatch(value):
        raise ValidationError("Not a language tag, such as en or pt-BR.", code="language_tag")


@functools.cache
def time_zone_names() -> tuple[str, ...]:
    """IANA time zone names in order. Reads the zone database once a process."""
    return tuple(sorted({"UTC", *zoneinfo.available_timezones()} - _NOT_A_ZONE))


def validate_time_zone(value: str) -> None:
    """Refuse what is not a name of the IANA time zone database.

    Raises:
        ValidationError: there is no such zone.
    """
    if value not in time_zone_names():
        raise ValidationError("Not a time zone, such as Europe/Vienna.", code="time_zone")
