"""How a value is shown below a cell: its mime bundle, as notebooks have it. Owns `display` objects; knows no cell."""

import base64
import io
import pprint
import types
from collections.abc import Callable
from typing import Any

METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_latex_": "text/latex",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
}
CONTAINERS = (dict, list, tuple, set, frozenset)
WIDTH = 79  # characters; where notebooks break a long list
LONGEST = 100_000  # characters of a value's text
MANY = 1000  # items; printing in columns is for what a person reads


def bundle(value: Any, complain: Callable[[str], None]) -> dict[str, Any]:
    """The mime bundle of a value. A form that its class cannot make is left out, and `complain` is told."""
    data: dict[str, Any] = {}
    whole = _method(value, "_repr_mimebundle_")
    if whole is not None:
        made = _made(whole, complain)
        data |= _texts(made[0] if isinstance(made, tuple) and made else made)
    for name, mime in METHODS.items():
        method = None if mime in data else _method(value, name)
        made = _made(method, complain) if method else None
        text = _text(made[0] if isinstance(made, tuple) and made else made)
        if text is not None:
            data[mime] = text
    data.setdefault("text/plain", plain(value))
    return data


def plain(value: Any) -> str:
    """The text of a value: its repr, long containers in lines, classes and functions by name."""
    if isinstance(value, type) and type(value).__repr__ is type.__repr__:
        module = value.__module__
        return value.__qualname__ if module in ("builtins", "__main__") else f"{module}.{value.__qualname__}"
    if type(value) in CONTAINERS and len(value) <= MANY:
        text = pprint.pformat(value, width=WIDTH, compact=True, sort_dicts=False)
    elif isinstance(value, types.FunctionType):
        text = f"<function {value.__module__}.{value.__qualname__}>"
    else:
        text = repr(value)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _method(value: Any, name: str) -> Callable[[], Any] | None:
    # A class has its instances' methods; an object whose __getattr__ answers everything has none of these.
    if isinstance(value, type) or callable(getattr(value, "_no_such_display_method_", None)):
        return None
    method = getattr(value, name, None)
    return method if callable(method) else None


def _made(method: Callable[[], Any], complain: Callable[[str], None]) -> Any:
    try:
        return method()
    except Exception as error:  # any class of a learner's; the value is still shown as text
        complain(f"{getattr(method, '__name__', 'a display method')} failed: {type(error).__name__}: {error}\n")
        return None


def _texts(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        return {}
    pairs = {mime: _text(made) for mime, made in data.items() if isinstance(mime, str)}
    return {mime: text for mime, text in pairs.items() if text is not None}


def _text(made: Any) -> str | None:
    if isinstance(made, bytes):
        return base64.b64encode(made).decode("ascii")
    return made.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(made, str) else None


class Shown:
    """Something written in a language of its own, as `IPython.display` has it."""

    method = "_repr_html_"

    def __init__(self, data: Any = None, filename: str | None = None, **ignored: Any) -> None:
        if filename is not None:
            with open(filename, encoding="utf-8") as file:
                data = file.read()
        self.data = data

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        setattr(cls, cls.method, lambda self: self.data)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class HTML(Shown):
    method = "_repr_html_"


class Markdown(Shown):
    method = "_repr_markdown_"


class Latex(Shown):
    method = "_repr_latex_"


class SVG(Shown):
    method = "_repr_svg_"


class Math(Shown):
    method = "_repr_latex_"

    def __init__(self, data: str, **ignored: Any) -> None:
        super().__init__(f"$\\displaystyle {data.strip('$')}$")


class Image:
    """A picture from bytes or from a file of the course."""

    def __init__(self, data: Any = None, filename: str | None = None, **ignored: Any) -> None:
        if filename is None and isinstance(data, str):
            filename, data = data, None
        if filename is not None:
            with open(filename, "rb") as file:
                data = file.read()
        if isinstance(data, io.BytesIO):
            data = data.getvalue()
        if not isinstance(data, bytes):
            raise TypeError("Image needs bytes, or the name of a file of the course")
        self.data = data

    def _repr_png_(self) -> bytes | None:
        return self.data if self.data.startswith(b"\x89PNG") else None

    def _repr_jpeg_(self) -> bytes | None:
        return self.data if self.data.startswith(b"\xff\xd8") else None

    def __repr__(self) -> str:
        return "<Image>"
