"""A cell's outputs as a lesson body keeps them: nbformat's own form, with pictures and long values in files.

What cannot be kept is left out and said; the rest of the same output stays. Knows nbformat's mime bundles and the
store of files, not how an output is shown.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from posixpath import splitext
from typing import Any

from courses.content.assets import AssetRefused, AssetSource, AssetStore, SpaceExceeded
from courses.content.notebook import joined_text
from courses.content.pictures import MAX_SIDE, NotAPicture, decode_base64, decode_data_uri

MAX_VALUE = 256_000
"""Characters of a value that stays in the body; a longer one goes into a file."""
MAX_STREAM_KEPT = 100_000
"""Characters of a printed text that is longer than MAX_VALUE: its beginning is kept."""
MAX_OUTPUTS = 1_000
MAX_MIME_TYPES = 50
LONG_DATA_URI = 2_000
"""Characters of an embedded picture that may stay in a text; a longer one becomes a file."""

_DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,[A-Za-z0-9+/=%]+", re.I)
_KINDS = ("stream", "display_data", "execute_result", "error")


@dataclass
class Placed:
    """Outputs for a code block, the block's `assets`, how its pictures were embedded, and what was dropped or cut."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    assets: dict[str, Any] = field(default_factory=dict)
    uris: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


def place_outputs(outputs: list[Any], store: AssetStore) -> Placed:
    """Keep what can be kept of a cell's `outputs`. Raises SpaceExceeded."""
    placed = Placed()
    for number, output in enumerate(outputs, 1):
        if number > MAX_OUTPUTS:
            placed.dropped.append(f"outputs {number} to {len(outputs)}: more than {MAX_OUTPUTS:,} in one cell")
            break
        kept = _place(output, store, placed)
        if kept is not None:
            placed.outputs.append(kept)
    return placed


def embedded_pictures(text: str, store: AssetStore, dropped: list[str]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """`text` with long `data:` pictures as files: (text, its assets, name → beginning of the address, for export).

    Each is written `attachment:data-….png` in its place, as if it had been attached. Where the picture's own bytes do
    not give the address again (an SVG made safe, another spelling of base64), the whole of it is a file too, and stands
    in place of its beginning. Raises SpaceExceeded.
    """
    assets: dict[str, Any] = {}
    names: dict[str, str] = {}

    def replace(found: re.Match[str]) -> str:
        if len(found[0]) <= LONG_DATA_URI:
            return found[0]
        try:
            asset = store.add_picture(decode_data_uri(found[0]))
        except SpaceExceeded:
            raise
        except (NotAPicture, AssetRefused) as error:
            dropped.append(f"an embedded picture of {len(found[0]):,} characters: it {error}")
            return "data:,"
        beginning = found[0].partition(",")[0]
        if f"{beginning},{base64.b64encode(asset.read()).decode()}" != found[0]:
            beginning = store.add_data(found[0].encode(), "txt").file
        stem, ending = splitext(asset.file)
        name, count = f"data-{stem[:12]}{ending}", 1
        while names.get(name, beginning) != beginning:
            count += 1
            name = f"data-{stem[:12]}-{count}{ending}"
        assets[f"attachment:{name}"] = asset.as_reference()
        names[name] = beginning
        return f"attachment:{name}"

    return _DATA_URI.sub(replace, text), assets, names


def _place(output: Any, store: AssetStore, placed: Placed) -> dict[str, Any] | None:
    dropped = placed.dropped
    kind = output.get("output_type") if isinstance(output, dict) else None
    if kind not in _KINDS:
        dropped.append(f"an output of unknown kind {str(kind)[:40]!r}")
        return None
    if kind == "stream":
        return _stream(output, dropped)
    if kind == "error":
        return _error(output, dropped)
    kept: dict[str, Any] = {"output_type": kind, "data": _bundle(output, store, placed)}
    kept["metadata"] = output["metadata"] if isinstance(output.get("metadata"), dict) else {}
    if kind == "execute_result":
        count = output.get("execution_count")
        kept["execution_count"] = count if isinstance(count, int) and not isinstance(count, bool) else None
    if not kept["data"]:
        dropped.append(f"a {kind} with nothing left in it")
        return None
    return kept


def _stream(output: dict[str, Any], dropped: list[str]) -> dict[str, Any] | None:
    text = joined_text(output.get("text"))
    if text is None:
        dropped.append("a stream without text")
        return None
    if len(text) > MAX_VALUE:
        dropped.append(f"a printed text of {len(text):,} characters: the first {MAX_STREAM_KEPT:,} are kept")
        text = text[:MAX_STREAM_KEPT] + f"\n… {len(text) - MAX_STREAM_KEPT:,} more characters"
    name = output.get("name")
    return {"output_type": "stream", "name": name if name in ("stdout", "stderr") else "stdout", "text": text}


def _error(output: dict[str, Any], dropped: list[str]) -> dict[str, Any]:
    traceback = output.get("traceback")
    lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
    if sum(map(len, lines)) > MAX_VALUE:
        dropped.append("a traceback over the limit: its last lines are kept")
        lines = [line[-MAX_STREAM_KEPT // 10 :] for line in lines[-10:]]
    return {
        "output_type": "error",
        "ename": str(output.get("ename") or "")[:500],
        "evalue": str(output.get("evalue") or "")[:MAX_STREAM_KEPT],
        "traceback": lines,
    }


def _bundle(output: dict[str, Any], store: AssetStore, placed: Placed) -> dict[str, Any]:
    data = output.get("data")
    if not isinstance(data, dict):
        return {}
    metadata = output["metadata"] if isinstance(output.get("metadata"), dict) else {}
    kept: dict[str, Any] = {}
    for mime, value in list(data.items())[:MAX_MIME_TYPES]:
        try:
            kept[mime] = _value(mime, value, metadata.get(mime), store, placed)
        except SpaceExceeded:
            raise
        except (AssetRefused, NotAPicture) as error:
            placed.dropped.append(f"{mime[:80]}: {error}")
    return kept


def _value(mime: str, value: Any, metadata: Any, store: AssetStore, placed: Placed) -> Any:
    text = joined_text(value)
    if mime.startswith("image/"):
        return _asset_value(store.add_picture(_picture_bytes(mime, text)), metadata)
    if text is None and mime.startswith("text/"):
        raise NotAPicture("is not text")
    if text is not None and not mime.endswith("json"):
        if mime == "application/pdf":
            return _asset_value(store.add_data(decode_base64(text), "pdf"), None)
        if mime in ("text/html", "text/markdown"):
            text, assets, uris = embedded_pictures(text, store, placed.dropped)
            placed.assets |= assets
            placed.uris |= uris
        return text if len(text) <= MAX_VALUE else _asset_value(store.add_data(text.encode(), "txt"), None)
    serialised = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(serialised) <= MAX_VALUE:
        return value
    return _asset_value(store.add_data(serialised.encode(), "json"), None)


def _picture_bytes(mime: str, text: str | None) -> bytes:
    if text is None:
        raise NotAPicture("is not text")
    # nbformat keeps an SVG as it is and all other pictures as base64; some tools write an SVG as base64 too.
    is_svg = mime == "image/svg+xml" and text.lstrip("\ufeff \t\r\n").startswith("<")
    return text.encode("utf-8", "replace") if is_svg else decode_base64(text)


def _asset_value(asset: AssetSource, metadata: Any) -> dict[str, Any]:
    """`{"asset": file, "width", "height"}`; the size that the notebook asks for goes before the file's own."""
    entry: dict[str, Any] = {"asset": asset.file}
    sizes = (asset.width, asset.height)
    if isinstance(metadata, dict):
        wanted = tuple(metadata.get(name) for name in ("width", "height"))
        whole = [round(side) for side in wanted if isinstance(side, int | float) and 1 <= side <= MAX_SIDE]
        if len(whole) == 2:
            sizes = (whole[0], whole[1])
    if sizes[0] and sizes[1]:
        entry |= {"width": sizes[0], "height": sizes[1]}
    return entry


def place_attachments(
    attachments: dict[str, Any], store: AssetStore
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """A cell's attachments: (for export, with files in place of base64; a block's `assets`; what was dropped)."""
    kept: dict[str, Any] = {}
    assets: dict[str, Any] = {}
    dropped: list[str] = []
    for name, bundle in list(attachments.items())[:200]:
        for mime, value in bundle.items() if isinstance(bundle, dict) else ():
            text = joined_text(value)
            try:
                asset = store.add_picture(_picture_bytes(mime, text))
            except SpaceExceeded:
                raise
            except (AssetRefused, NotAPicture) as error:
                dropped.append(f"attachment {name[:80]!r}: {error}")
                continue
            kept.setdefault(name, {})[mime] = {"asset": asset.file}
            assets.setdefault(f"attachment:{name}", asset.as_reference())
    return kept, assets, dropped
