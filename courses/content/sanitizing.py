"""Making HTML and SVG from anybody safe to show: allow-lists by nh3 (and py_svg_hush in `svg.py`), then finishing.

Owns what may stand on a lesson page: tags, attributes, class names, addresses, ids. `clean_html` runs nh3 first, then
rewrites links and images in nh3's canonical output, writing only values that it has checked and escaped itself.
Knows nothing of Markdown; what a reference resolves to is asked of the `Rewriter` that the caller gives.
"""

import html as html_module
import re
from functools import cache
from typing import Protocol
from urllib.parse import quote, unquote

import nh3

from courses.content.svg import SvgRefused, clean_svg

__all__ = ["Rewriter", "SvgRefused", "clean_html", "clean_svg", "fragment", "safe_id"]

MAX_DEPTH = 2_000
"""Elements inside one another."""
MAX_DATA_URI = 2_000_000

_MATHML_ATTRIBUTES = {
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {
        *("form", "stretchy", "symmetric", "largeop", "movablelimits", "lspace", "rspace", "minsize", "maxsize"),
    },
    "mspace": {"width", "height", "depth"},
    "mpadded": {"width", "height", "depth", "lspace", "voffset"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
    "mtd": {"rowspan", "columnspan"},
    "menclose": {"notation"},
    **{
        tag: set()
        for tag in (
            *("mn", "ms", "mtext", "mrow", "msqrt", "mroot", "msub", "msup", "msubsup", "mmultiscripts"),
            *("mprescripts", "mtable", "mtr", "mphantom", "mstyle", "merror"),
        )
    },
}
_MATHML_COMMON = {"class", "mathcolor", "displaystyle", "scriptlevel"}
_MATHML_VALUE = re.compile(r"[-+#.%\w ]{0,40}\Z", re.ASCII)

_HTML_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title", "name", "aria-label"},
    "img": {"src", "alt", "width", "height", "align"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start", "reversed"},
    "li": {"value"},
    "td": {"colspan", "rowspan", "align", "style"},
    "th": {"colspan", "rowspan", "align", "style", "scope"},
    "col": {"span"},
    "details": {"open"},
    "blockquote": set(),
    "abbr": {"title"},
    "time": {"datetime"},
    "code": {"title"},
    "div": {"tabindex", "align", "style", "data-language"},
    "span": {"tabindex"},
    "pre": {"tabindex"},
    **{tag: {"align", "style"} for tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table", "figure")},
    **{
        tag: set()
        for tag in (
            *("b", "i", "em", "strong", "u", "s", "del", "ins", "small", "big", "sub", "sup", "mark", "q", "cite"),
            *("kbd", "samp", "var", "tt", "dfn", "br", "wbr", "hr", "center", "section", "aside", "article"),
            *("header", "footer", "ul", "dl", "dt", "dd", "caption", "colgroup", "thead", "tbody", "tfoot"),
            *("figcaption", "summary", "strike", "ruby", "rt", "rp", "bdi", "bdo", "address"),
        )
    },
}
_ID_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "a", "p", "span", "div", "section", "li", "ol", "ul", "dt", "dd", "sup"),
    *("table", "figure", "tr", "td", "details", "aside", "blockquote", "pre", "code"),
}
_ATTRIBUTES = {
    **{tag: names | {"class"} | ({"id"} if tag in _ID_TAGS else set()) for tag, names in _HTML_ATTRIBUTES.items()},
    **{tag: names | _MATHML_COMMON for tag, names in _MATHML_ATTRIBUTES.items()},
}
# Removed together with what is inside: their content is code, or would be read by other rules than those of HTML.
_REMOVED_WHOLE = {
    *("script", "style", "svg", "template", "noscript", "iframe", "object", "embed", "applet", "xmp", "plaintext"),
    *("noembed", "noframes", "title", "textarea", "select", "audio", "video", "annotation-xml", "annotation"),
    *("mglyph", "malignmark", "semantics", "maction", "frameset", "frame", "portal", "head"),
}

_CLASSES = {
    *("callout", "callout-title", "callout-note", "callout-tip", "callout-important", "callout-warning"),
    *("callout-danger", "formula", "table-scroll", "code-block", "highlight", "anchor", "tex-error", "tex-inline"),
    *("image-missing", "link-broken", "video-link", "footnotes", "footnotes-list", "footnote-item"),
    *("footnote-ref", "footnote-backref", "footnotes-sep", "task-list-item", "contains-task-list"),
    *("task-list-item-checkbox", "dataframe", "directive", "directive-title", "equation-ref", "figure"),
    *("align-left", "align-right", "align-center", "small", "label"),
}
_CLASS_PATTERN = re.compile(r"tex-[a-z0-9-]{1,20}\Z")
_TOKEN_CLASS = re.compile(r"[a-z][a-z0-9]{0,2}\Z")
_FOREIGN_CALLOUTS = {
    **dict.fromkeys(("alert-info", "alert-secondary", "alert-primary", "note", "seealso", "info"), "callout-note"),
    **dict.fromkeys(("alert-success", "tip", "hint"), "callout-tip"),
    "important": "callout-important",
    **dict.fromkeys(("alert-warning", "warning", "caution", "attention"), "callout-warning"),
    **dict.fromkeys(("alert-danger", "alert-error", "danger", "error"), "callout-danger"),
}

# Ids of the page itself, and of what a script might reach as a bare name; one in a lesson gets "section-" before it.
# A page must take its own ids from here or start them with a reserved prefix.
_RESERVED_IDS = {
    *("main", "content", "toc", "outline", "nav", "menu", "search", "theme", "messages", "page", "top", "header"),
    *("footer", "lesson", "complete", "progress", "account", "skip", "body", "html", "head", "on-this-page"),
    *("htmx", "django", "window", "document", "self", "parent", "opener", "frames", "location", "name", "status"),
    *("event", "history", "navigator", "forms", "images", "links", "scripts", "anchors", "cookie", "domain"),
    *("default-view", "defaultview", "currentscript", "getelementbyid", "queryselector", "createelement"),
    *("__proto__", "constructor", "prototype", "tostring", "valueof", "hasownproperty", "config", "csrftoken"),
}
_RESERVED_PREFIXES = ("block-", "page-", "id_", "hx-")

_BADGES = re.compile(
    r"colab-badge|//mybinder\.org/badge|//img\.shields\.io/|//badge\.fury\.io/|/badge\.svg|kaggle\.com/static/images/open-in"
)
_TAG = re.compile(r"<(/?)(a|img|input|center|td|th|tr|p|div|table|figure|h[1-6])((?: [^<>]*)?)>")
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z")
_ALIGN = re.compile(r"text-align\s*:\s*(left|right|center)", re.IGNORECASE)
_SIZE = re.compile(r"\s*(\d{1,5}(?:\.\d+)?)\s*(%|px)?\s*\Z")
_EMPTY_LINK = re.compile(r"<a(?: (?!id=)[\w-]+=\"[^\"]*\")*>\s*</a>")


class Rewriter(Protocol):
    """What the lesson's references mean; the caller of `clean_html` gives one."""

    heading_shift: int

    def link(self, href: str) -> str | None:
        """Where a relative `href` leads, or None when that is not known."""

    def image(self, src: str) -> tuple[str, int | None, int | None] | None:
        """Address, width and height in pixels of a relative or embedded `src`, or None when it is missing."""


def clean_html(html: str, *, rewrite: Rewriter | None = None) -> str:
    """`html` with nothing in it that can run, load from elsewhere over plain http, or touch the page around it.

    Without `rewrite`, relative links and images are treated as unknown.
    """
    if html.count("<") > MAX_DEPTH:
        html = _flattened(html)
    cleaned = _cleaner().clean(_iframes_to_links(html) if "<iframe" in html.lower() else html)
    finished = _TAG.sub(_Finish(rewrite).tag, cleaned)
    return _EMPTY_LINK.sub("", finished).replace("<p></p>", "")


_ANY_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]*>")
# Elements that have no end, or that the next of their kind ends: pages are full of them without an end tag.
_UNNESTED = frozenset(
    {
        *("br", "hr", "img", "input", "wbr", "col", "area", "base", "link", "meta", "source", "track"),
        *("p", "li", "td", "th", "tr", "dt", "dd", "option"),
    }
)


def _flattened(html: str) -> str:
    """`html` without the tags that would be nested deeper than MAX_DEPTH: the parser's time is the depth's square."""
    depth = 0

    def kept(found: re.Match[str]) -> str:
        nonlocal depth
        if found[2].lower() in _UNNESTED:
            return found[0]
        depth = max(0, depth - 1) if found[1] else depth + 1
        return found[0] if depth <= MAX_DEPTH else ""

    return _ANY_TAG.sub(kept, html)


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_ATTRIBUTES),
        clean_content_tags=_REMOVED_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto", "attachment", "data"},
        link_rel="noopener noreferrer",
    )


def safe_id(wanted: str) -> str:
    """An id that a lesson may give: no white space, and none of the page's own. Links apply the same rule."""
    plain = re.sub(r"[\s\x00-\x1f\"'<>`]+", "-", wanted.strip())[:200]
    if not plain:
        return ""
    low = plain.lower()
    return f"section-{plain}" if low in _RESERVED_IDS or low.startswith(_RESERVED_PREFIXES) else plain


def fragment(wanted: str) -> str:
    """`#…` for an address, leading to what `safe_id` made of an id."""
    return "#" + quote(safe_id(unquote(wanted)), safe="-_.:~!()*,;=@+")


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        return _classes(tag, value)
    if name == "id":
        return safe_id(value) or None
    if name == "style":
        # Only an alignment survives, as a class: see _Finish.
        align = _ALIGN.search(value)
        return f"text-align:{align[1].lower()}" if align else None
    if name == "tabindex":
        return "0" if value == "0" else None
    if name == "align":
        return value.lower() if value.lower() in ("left", "right", "center", "middle", "top", "bottom") else None
    if name in ("width", "height") and tag == "img":
        size = _SIZE.match(value)
        return f"{size[1].partition('.')[0]}{'%' if size[2] == '%' else ''}" if size else None
    if name == "data-language":
        return value if re.fullmatch(r"[\w+#.-]{1,60}", value) else None
    if tag in _MATHML_ATTRIBUTES:
        return value if _MATHML_VALUE.match(value) else None
    return value


def _classes(tag: str, value: str) -> str | None:
    names: list[str] = []
    for name in value.split()[:20]:
        if name in _CLASSES or _CLASS_PATTERN.match(name) or (tag == "span" and _TOKEN_CLASS.match(name)):
            names.append(name)
        elif name == "admonition-title":
            names.append("callout-title")
        elif tag in ("div", "aside", "section") and name in _FOREIGN_CALLOUTS:
            if {"alert", "admonition"} & set(value.split()):
                names += ["callout", _FOREIGN_CALLOUTS[name]]
        elif name in ("text-center", "text-left", "text-right"):
            names.append(f"align-{name.removeprefix('text-')}")
    return " ".join(dict.fromkeys(names)) or None


def _iframes_to_links(html: str) -> str:
    """An embedded player becomes a link to its page; nh3 drops every other frame with its content."""
    return re.sub(
        r"<iframe\b[^>]*?\bsrc\s*=\s*[\"']?(?:https?:)?//(?:www\.)?(?:youtube(?:-nocookie)?\.com/embed/|player\.vimeo\.com/video/)"
        r"([\w-]{1,40})[^>]*>(?:\s*</iframe\s*>)?",
        lambda found: _video_link(found[0], found[1]),
        html,
        flags=re.IGNORECASE,
    )


def _video_link(source: str, video: str) -> str:
    if "vimeo" in source.lower():
        return f'<a class="video-link" href="https://vimeo.com/{video}">Video on Vimeo</a>'
    return f'<a class="video-link" href="https://www.youtube.com/watch?v={video}">Video on YouTube</a>'


class _Finish:
    """The second pass of one `clean_html`, over the tags of nh3's output; it remembers which links stay open."""

    def __init__(self, rewrite: Rewriter | None) -> None:
        self.rewrite = rewrite
        self.shift = rewrite.heading_shift if rewrite else 0
        self.links: list[str] = []

    def tag(self, found: re.Match[str]) -> str:
        closing, name, raw = found[1] == "/", found[2], found[3]
        if name[0] == "h" and name[1:].isdigit():
            name = f"h{min(6, int(name[1:]) + self.shift)}"
        if name == "center":
            return "</div>" if closing else '<div class="align-center">'
        if closing:
            return f"</{self.links.pop() if name == 'a' and self.links else name}>"
        attributes = {key: html_module.unescape(value) for key, value in _ATTRIBUTE.findall(raw)}
        if name == "a":
            return self._link(attributes)
        if name == "img":
            return self._image(attributes)
        if name == "input":
            checked = " checked" if "checked" in attributes else ""
            return f'<input type="checkbox" disabled{checked}>' if attributes.get("type") == "checkbox" else ""
        wanted, old = attributes.pop("style", ""), attributes.pop("align", "")
        align = wanted.partition(":")[2] or old
        if align in ("left", "right", "center"):
            attributes["class"] = f"{attributes.get('class', '')} align-{align}".strip()
        return _open(name, attributes)

    def _link(self, attributes: dict[str, str]) -> str:
        href = attributes.pop("href", None)
        anchor = attributes.pop("name", None)
        if anchor and "id" not in attributes and safe_id(anchor):
            attributes["id"] = safe_id(anchor)
        target = None if href is None else self._target(href.strip())
        if href is None or target is None:
            attributes.pop("rel", None)
            if href is not None:
                attributes["class"] = "link-broken"
            self.links.append("span")
            return _open("span", {key: value for key, value in attributes.items() if key in ("id", "class")})
        self.links.append("a")
        if not target.startswith(("http://", "https://")):
            attributes.pop("rel", None)
        return _open("a", {"href": target, **attributes})

    def _target(self, href: str) -> str | None:
        if href.startswith("#"):
            return fragment(href[1:]) if len(href) > 1 else None
        if href.startswith("//"):
            href = f"https:{href}"
        if href.lower().startswith("mailto:"):
            return href
        if re.match(r"https?:", href, re.IGNORECASE):
            known = self.rewrite.link(href) if self.rewrite else None
            return _safe_target(known) if known else href
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", href) or not href:
            return None
        known = self.rewrite.link(href) if self.rewrite else None
        return _safe_target(known) if known else None

    def _image(self, attributes: dict[str, str]) -> str:
        src = attributes.pop("src", "").strip()
        alt = attributes.get("alt", "")
        if src.startswith("//"):
            src = f"https:{src}"
        if _BADGES.search(src):
            return ""
        known = self.rewrite.image(src) if self.rewrite and src else None
        if known:
            src, width, height = known
            if width and height and not {"width", "height"} & set(attributes):
                attributes |= {"width": str(width), "height": str(height)}
        elif src.startswith("https://"):
            attributes["referrerpolicy"] = "no-referrer"
        elif src.startswith("http://"):
            if self.links:
                return html_module.escape(alt or src)
            return _open("a", {"href": src, "rel": "noopener noreferrer"}) + html_module.escape(alt or src) + "</a>"
        elif not (len(src) <= MAX_DATA_URI and _DATA_IMAGE.match(src)):
            name = alt or ("image" if src.startswith("data:") else src.rpartition("/")[2])
            return f'<span class="image-missing">{html_module.escape(name)}</span>'
        attributes["alt"] = alt
        align = attributes.pop("align", "")
        if align in ("left", "right", "center"):
            attributes["class"] = f"{attributes.get('class', '')} align-{align}".strip()
        return _open("img", {"src": src, **attributes, "loading": "lazy", "decoding": "async"})


def _safe_target(target: str) -> str | None:
    """A value of the lesson's own map of links: relative or https, its fragment made equal to our ids."""
    if re.match(r"(?!https://)[A-Za-z][A-Za-z0-9+.-]*:", target) or target.startswith("//") or "\\" in target:
        return None
    path, mark, wanted = target.partition("#")
    if re.fullmatch(r"block-[A-Za-z0-9_.:-]{1,80}", wanted):
        return target  # a block's own id, which no heading can have
    return path + fragment(wanted) if mark and wanted and not target.startswith("https:") else target


def _open(name: str, attributes: dict[str, str]) -> str:
    return f"<{name}" + "".join(f' {key}="{html_module.escape(value)}"' for key, value in attributes.items()) + ">"
