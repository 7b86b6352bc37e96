"""Words for the values that pages show: durations and languages. Knows no models."""

from typing import Any

from django import template
from django.conf.locale import LANG_INFO

register = template.Library()


@register.filter
def duration(minutes: int | None) -> str:
    """Minutes as people say them: "12 min", "1 h", "2 h 10 min"; "" for none or nothing."""
    if not minutes or minutes < 0:
        return ""
    hours, rest = divmod(int(minutes), 60)
    return " ".join(part for part in (f"{hours}\u00a0h" if hours else "", f"{rest}\u00a0min" if rest else "") if part)


@register.filter
def points(value: Any) -> str:
    """A number of points as people write it: "2", "2.5", "1,200"; "" for none."""
    return "" if value is None else f"{float(value):,.2f}".rstrip("0").rstrip(".")


@register.filter
def score(value: Any) -> str:
    """A metric to four digits: "0.8312", "12.35"; "" for none."""
    return "" if value is None else f"{float(value):.4g}"


@register.filter
def language_title(code: str) -> str:
    """A language's own name for a code as "en" or "pt-br"; the code itself when Django does not know it."""
    key = str(code).lower()
    info = LANG_INFO.get(key) or LANG_INFO.get(key.split("-")[0]) or {}
    name = info.get("name_local", "")
    return name[:1].upper() + name[1:] if name else str(code)
