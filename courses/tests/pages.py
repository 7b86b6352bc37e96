"""Filling in a page's form as a browser would: what is not changed is sent as it was shown."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse


class _Form(HTMLParser):
    """Collects the fields of the form with an id."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.inside = False
        self.data: dict[str, Any] = {}
        self.text_of: str | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.inside = found.get("id") == self.form_id
        if not self.inside:
            return
        name = found.get("name")
        match tag:
            case "input" if name and found.get("type") not in ("submit", "button"):
                if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                    self._add(name, found.get("value") or ("on" if found.get("type") == "checkbox" else ""))
            case "textarea" if name:
                self.text_of, self.data[name] = name, ""
            case "select" if name:
                self.select = name
            case "option" if self.select and "selected" in found:
                self._add(self.select, found.get("value") or "")

    def _add(self, name: str, value: str) -> None:
        if name in self.data:
            old = self.data[name]
            self.data[name] = [*old, value] if isinstance(old, list) else [old, value]
        else:
            self.data[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.text_of:
            # The first newline inside a textarea is not part of its text.
            self.data[self.text_of] = self.data[self.text_of].removeprefix("\n")
            self.text_of = None
        elif tag == "select":
            self.select = None
        elif tag == "form":
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.text_of:
            self.data[self.text_of] += data


def form_data(response: HttpResponse, form_id: str) -> dict[str, Any]:
    """The fields of a form and what they say; ticked boxes alone, as a browser sends them."""
    form = _Form(form_id)
    form.feed(response.content.decode())
    assert form.data, f"no form #{form_id} on the page"
    return form.data
