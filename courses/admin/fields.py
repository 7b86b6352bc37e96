"""Form fields of the admin: lists as lines of text, and a lesson's body as JSON with the block editor on top.

Both are a plain textarea without JavaScript. What is refused keeps the text as it was typed.
"""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from courses.content.strict_json import JSONRefused, loads
from courses.models import validate_lesson_body

MAX_LINES = 50
MAX_LINE = 300  # characters


class LinesField(forms.CharField):
    """A list of short texts, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField lines-field"}))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(line) for line in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = [line.strip() for line in (super().to_python(value) or "").splitlines()]
        lines = [line for line in lines if line]
        if len(lines) > MAX_LINES:
            raise ValidationError(f"at most {MAX_LINES} lines, not {len(lines)}")
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_LINE:
                raise ValidationError(f"line {number} has {len(line)} characters; at most {MAX_LINE} are allowed")
        return lines

    def run_validators(self, value: Any) -> None:
        super().run_validators("\n".join(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != (initial or [])
        except ValidationError:
            return True


class BlockEditorWidget(forms.Textarea):
    """The body's JSON as a textarea; `admin-editor.js` puts cards for the blocks and a live preview in its place."""

    class Media:
        css = {"all": ["css/admin-pages.css", "css/admin-editor.css", "css/admin-fields.css"]}
        js = [forms.Script("js/admin-editor.js", type="module")]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        default = {"rows": 30, "class": "body-field", "spellcheck": "false", "data-block-editor": ""}
        super().__init__({**default, **(attrs or {})})


class BodyField(forms.Field):
    """A lesson body. Every fault is one message with its position, for example `blocks[3].source: must be text`."""

    widget = BlockEditorWidget

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        return parse_body(value)

    def validate(self, value: Any) -> None:
        validate_lesson_body(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return parse_body(data) != initial
        except ValidationError:
            return True


def parse_body(text: str | None) -> Any:
    """JSON from a form, refused where it could not be stored.

    Raises:
        ValidationError: what is wrong and where.
    """
    try:
        return loads(text or "", max_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except JSONRefused as error:
        raise ValidationError(str(error) if error.path else f"body: {error.reason}") from error
