"""What a block's form sent, in the shape in which the services take an answer.

Judges nothing: a service says what is wrong with an answer.
"""

from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from progress.grading.predictions import MAX_BYTES


class FormUnreadable(ValueError):
    """The form was not one of ours, or is too old; the words are for the person who sent it."""


def read_uid(data: QueryDict) -> UUID:
    """The uid that the page gave this answer: the same form sent twice is one attempt. Raises FormUnreadable."""
    try:
        return UUID(data.get("uid", ""))
    except ValueError:
        raise FormUnreadable("This form is incomplete. Reload the page and answer again.") from None


def read_answer(data: QueryDict, files: MultiValueDict) -> Any:
    """The answer of a quiz, an exercise or predictions. Raises FormUnreadable."""
    if "code" in data:
        # Browsers send line ends as CR LF.
        return data["code"].replace("\r\n", "\n")
    kind = data.get("kind", "")
    if kind == "predictions":
        return _predictions(data, files)
    if kind == "multiple":
        return data.getlist("choice")
    if kind == "single":
        return data.get("choice", "")
    if kind in ("numeric", "text"):
        return data.get("value", "")
    raise FormUnreadable("This form is incomplete. Reload the page and answer again.")


def read_page(data: QueryDict) -> int:
    """The number of a page of a list, from 1; what is no such number is the first."""
    text = data.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 5 else 1


def _predictions(data: QueryDict, files: MultiValueDict) -> str:
    upload = files.get("file")
    if upload is None:
        if text := data.get("predictions", ""):
            return text
        raise FormUnreadable("Choose a file, or paste the predictions.")
    if upload.size > MAX_BYTES:
        raise FormUnreadable(f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        return upload.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormUnreadable("The file is not text in UTF-8, as a CSV file is.") from None
