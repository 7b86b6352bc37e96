"""What every template may use."""

from django.http import HttpRequest

SITE_NAME = "ML-Practicum"
THEMES = ("auto", "light", "dark")


def site(request: HttpRequest) -> dict[str, str]:
    """`site_name`, and `theme` from its cookie (anything unknown is "auto")."""
    theme = request.COOKIES.get("theme", "auto")
    return {"site_name": SITE_NAME, "theme": theme if theme in THEMES else "auto"}
