"""What a picture is: its kind by its first bytes, its size in pixels, an SVG made safe. Knows bytes only."""

import base64
import binascii
import io
import re
from urllib.parse import unquote_to_bytes

import imagesize

from courses.content.sanitizing import SvgRefused, clean_svg

MAX_SIDE = 20_000

# How a picture begins, its media type, and the ending of its file. What a file calls itself counts for nothing.
_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", "png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", "jpg"),
    (re.compile(rb"GIF8[79]a"), "image/gif", "gif"),
    (re.compile(rb"RIFF....WEBP", re.S), "image/webp", "webp"),
    (re.compile(rb"....ftypavi[fs]", re.S), "image/avif", "avif"),
    (re.compile(rb"BM....\x00\x00\x00\x00", re.S), "image/bmp", "bmp"),
    (re.compile(rb"\x00\x00\x01\x00"), "image/vnd.microsoft.icon", "ico"),
)
_SVG_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml\b|!--|!DOCTYPE\s+svg\b|svg\b|[a-z]+:svg\b)", re.I)
_SVG_TAG = re.compile(r"<(?:\w+:)?svg\b[^>]*>", re.I)
_SVG_SIDE = r"\s{}\s*=\s*[\"']\s*(\d+(?:\.\d+)?)\s*(px|pt)?\s*[\"']"
_SVG_BOX = re.compile(r"\sviewBox\s*=\s*[\"']\s*[-\d.e]+[\s,]+[-\d.e]+[\s,]+(\d+(?:\.\d+)?)[\s,]+(\d+(?:\.\d+)?)", re.I)
_DATA_URI = re.compile(r"data:image/[\w.+-]+((?:;[\w=.+-]+)*),", re.I)


class NotAPicture(ValueError):
    """Bytes that are no picture that a browser shows, or an SVG that cannot be made safe. Says why."""


def read_picture(data: bytes) -> tuple[bytes, str, str]:
    """(bytes to keep, media type, file ending) of a picture; an SVG comes back cleaned. Raises NotAPicture."""
    for signature, media_type, ending in _SIGNATURES:
        if signature.match(data):
            return data, media_type, ending
    if _SVG_START.match(data[:1_000]) and b"svg" in data[:10_000].lower():
        try:
            return clean_svg(data), "image/svg+xml", "svg"
        except SvgRefused as error:
            raise NotAPicture(f"is an SVG that cannot be shown: {error}") from error
    raise NotAPicture("is empty" if not data else "is not a picture that browsers show")


def picture_size(data: bytes, media_type: str) -> tuple[int | None, int | None]:
    """(width, height) in pixels, or (None, None) where the file does not say, or says something absurd."""
    if media_type == "image/svg+xml":
        width, height = _svg_size(data)
    elif media_type.startswith("image/"):
        try:
            width, height = imagesize.get(io.BytesIO(data))
        except (ValueError, OSError, IndexError, KeyError):
            return None, None  # a damaged header: the browser will show what it can
    else:
        return None, None
    is_sound = 1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE
    return (round(width), round(height)) if is_sound else (None, None)


def _svg_size(data: bytes) -> tuple[float, float]:
    tag = _SVG_TAG.search(data[:20_000].decode("utf-8", "replace"))
    if not tag:
        return -1, -1
    sides = [re.search(_SVG_SIDE.format(name), tag[0], re.I) for name in ("width", "height")]
    if sides[0] and sides[1]:
        # A point is 4/3 of a pixel; matplotlib and graphviz write points.
        return tuple(float(side[1]) * (4 / 3 if side[2] == "pt" else 1) for side in sides if side)  # type: ignore[return-value]
    box = _SVG_BOX.search(tag[0])
    return (float(box[1]), float(box[2])) if box else (-1, -1)


def decode_base64(text: str) -> bytes:
    """The bytes of base64 with any white space in it. Raises NotAPicture when it is something else."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotAPicture(f"is not valid base64 ({error})") from error


def decode_data_uri(uri: str) -> bytes:
    """The bytes of a `data:image/…` address. Raises NotAPicture."""
    found = _DATA_URI.match(uri)
    if not found:
        raise NotAPicture("is a data: address, but not of an image")
    rest = uri[found.end() :]
    return (
        decode_base64(unquote_to_bytes(rest).decode("ascii", "replace"))
        if ";base64" in found[1].lower()
        else (unquote_to_bytes(rest))
    )
