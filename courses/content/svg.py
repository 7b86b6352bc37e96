"""SVG pictures from anybody, made safe to show and to open on their own.

py_svg_hush keeps an allow-list of elements and attributes; a second pass takes away what it leaves harmless but useless
(animation, addresses outside the picture). Refused before any parser sees it: too large, too deep, entities.
"""

import re
from xml.etree import ElementTree

import py_svg_hush

MAX_SVG_BYTES = 5_000_000
MAX_DEPTH = 200
MAX_ELEMENTS = 100_000

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
# py_svg_hush leaves these harmless; here they go entirely, because an SVG can also be opened on its own.
_SVG_REMOVED = {"script", "foreignObject", "animate", "animateMotion", "animateTransform", "set", "handler", "iframe"}
_CSS_ADDRESS = re.compile(r"url\(\s*['\"]?(?!\s*['\"]?#)[^)]*\)|@import[^;]*;?|expression\s*\(", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z")
# Possessive, and nothing crosses a "<": linear however the text is broken.
_TAG = re.compile(r"<(/?)[^\s<>/\"'=!?]++(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+>")


class SvgRefused(ValueError):
    """A picture that is not shown, because it is too large or cannot be read."""


def clean_svg(data: bytes) -> bytes:
    """The picture without scripts, event handlers, foreign content, outside addresses and document types.

    Raises SvgRefused when it is larger than MAX_SVG_BYTES, declares entities, or is no SVG.
    """
    if len(data) > MAX_SVG_BYTES:
        raise SvgRefused(f"larger than {MAX_SVG_BYTES:,} bytes")
    text = data.decode("utf-8-sig", "replace")
    if re.search(r"<!ENTITY|<!ELEMENT|<!ATTLIST", text, re.IGNORECASE):
        raise SvgRefused("declares entities")
    text = re.sub(r"<\?.*?\?>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>", "", text, flags=re.IGNORECASE)
    _check_depth(text)
    if "<svg" in text and 'xmlns="http://www.w3.org/2000/svg"' not in text:
        text = text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    try:
        hushed = py_svg_hush.filter_svg(text.strip().encode(), {"image": ["png", "jpeg", "gif", "webp"]})
        root = ElementTree.fromstring(hushed)  # noqa: S314 (no entity can be left: refused above, twice)
    except (ValueError, ElementTree.ParseError) as error:
        raise SvgRefused(f"not readable as SVG ({error})") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise SvgRefused("not an SVG document")
    _prune_svg(root)
    _name_plainly(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _prune_svg(root: ElementTree.Element) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in _SVG_REMOVED:
                parent.remove(child)
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            local = name.rpartition("}")[2].lower()
            embedded = element.tag == f"{{{_SVG}}}image" and _DATA_IMAGE.match(value)
            outside = local in ("href", "src") and not value.startswith("#") and not embedded
            script = "javascript:" in re.sub(r"\s", "", value).lower()
            if outside or script or local == "base" or local.startswith("on"):
                del element.attrib[name]
            elif "url" in value or "import" in value or "expression" in value:
                element.attrib[name] = _CSS_ADDRESS.sub("none", value)
        if element.tag == f"{{{_SVG}}}style" and element.text:
            element.text = _CSS_ADDRESS.sub("", element.text)


def _name_plainly(root: ElementTree.Element) -> None:
    """Write names as authors do, `<svg>` and `xlink:href`.

    Not by ElementTree's own table of prefixes: it is one for the whole process, and a library that draws QR codes puts
    its own `svg:` into it.
    """
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        for name in [name for name in element.attrib if name.startswith(f"{{{_XLINK}}}")]:
            element.attrib[f"xlink:{name.rpartition('}')[2]}"] = element.attrib.pop(name)
    root.set("xmlns", _SVG)
    root.set("xmlns:xlink", _XLINK)


def _check_depth(text: str) -> None:
    """The parsers recurse: what is nested deeper than any picture is would end the process."""
    depth = 0
    for number, found in enumerate(_TAG.finditer(text)):
        depth += -1 if found[1] else not found[0].endswith("/>")
        if number > 2 * MAX_ELEMENTS:
            raise SvgRefused(f"of over {MAX_ELEMENTS:,} elements")
        if depth > MAX_DEPTH:
            raise SvgRefused(f"nested more than {MAX_DEPTH} levels deep")
