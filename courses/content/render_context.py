"""What the parts of one lesson share while they are rendered in order: macros, numbers, ids, references, reports.

Answers the sanitiser's questions about links and images (`sanitizing.Rewriter`), and writes formulas, because a faulty
one must be counted. Knows no Markdown and no block types beyond the references that a block carries.
"""

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import unquote

from courses.content.formulas import Formula
from courses.content.macros import Macros
from courses.content.mathematics import FormulaError, to_mathml, to_text
from courses.content.sanitizing import fragment, safe_id
from courses.content.tex import labels_of


@dataclass
class RenderContext:
    """What one lesson's parts share while they are rendered in order; `enter` says which block is next."""

    media_url: str = "/media/assets/"
    heading_shift: int = 0
    macros: Macros = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    anchors: set[str] = field(default_factory=set)
    label_names: dict[str, str] = field(default_factory=dict)
    label_counts: dict[str, int] = field(default_factory=dict)
    toc: list[dict[str, Any]] = field(default_factory=list)
    formulas_total: int = 0
    formulas_failed: list[dict[str, str]] = field(default_factory=list)
    links_broken: list[str] = field(default_factory=list)
    images_missing: list[str] = field(default_factory=list)
    block_id: str = ""
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    in_toc: bool = False
    _slugs: dict[str, int] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)
    _parts: int = 0

    def enter(self, block: dict[str, Any]) -> None:
        """From here on references are those of `block`."""
        self.block_id = block.get("id", "")
        self.assets = {unquote(key): value for key, value in block.get("assets", {}).items()}
        self.links = {unquote(key): value for key, value in block.get("links", {}).items()}
        self.in_toc = block.get("type") == "markdown"

    def next_part(self) -> str:
        """A name for one more text, so that its footnotes differ from those of the others."""
        self._parts += 1
        return str(self._parts)

    def link(self, href: str) -> str | None:
        """See sanitizing.Rewriter."""
        known = self.links.get(unquote(href))
        if known is None and not re.match(r"(?i)https?:", href):
            self.links_broken.append(href)
        return known

    def image(self, src: str) -> tuple[str, int | None, int | None] | None:
        """See sanitizing.Rewriter."""
        asset = self.assets.get(unquote(src))
        if asset is None:
            if not src.startswith(("http:", "https:", "data:")):
                self.images_missing.append(src)
            return None
        return self.media_url + asset["file"], asset.get("width"), asset.get("height")

    def claim_id(self, wanted: str) -> bool:
        """Whether `wanted` is still free on the page; it is taken from now on."""
        if wanted in self._ids:
            return False
        self._ids.add(wanted)
        return True

    def heading_id(self, title: str) -> str:
        """GitHub's name for a heading, with a number behind it when the lesson has it already."""
        slug = re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
        base = safe_id(slug) or "section"
        unique, count = base, self._slugs.get(base, 0)
        while unique in self._slugs:
            count += 1
            unique = f"{base}-{count}"
        self._slugs[base] = count  # the next of that name goes on from here
        self._slugs.setdefault(unique, 0)
        return unique

    def number_labels(self, formula: Formula) -> None:
        """Give the equation numbers that `formula` asks for."""
        labels = labels_of(formula.tex) + ([(formula.label, None)] if formula.label else [])
        for label, tag in labels:
            if label not in self.numbers:
                self.numbers[label] = tag or str(len(self.numbers) + 1)

    def formula_html(self, formula: Formula, *, block: bool) -> str:
        """One formula; a faulty one as its source, marked, and listed in `formulas_failed`."""
        if formula.kind == "reference":
            return self._equation_link(formula.tex.strip())
        self.formulas_total += 1
        tex = formula.tex + (rf"\label{{{formula.label}}}" if formula.label else "")
        wrapper = "div" if block else "span"
        try:
            mathml = to_mathml(tex, display=formula.kind == "display", macros=self.macros, numbers=self.numbers)
        except FormulaError as error:
            failed = {"block": self.block_id, "tex": formula.tex.strip()[:500], "reason": str(error)}
            self.formulas_failed.append(failed)
            shown = f'<code class="tex-error" title="{escape(str(error))}">{escape(formula.source.strip())}</code>'
            return f'<{wrapper} class="formula">{shown}</{wrapper}>' if formula.kind == "display" else shown
        if not mathml.startswith('<math display="block"'):
            return mathml
        labels = labels_of(tex)
        identity = f' id="eq-{escape(safe_id(labels[0][0]))}"' if labels and safe_id(labels[0][0]) else ""
        return f'<{wrapper} class="formula" tabindex="0"{identity}>{mathml}</{wrapper}>'

    def formula_text(self, formula: Formula) -> str:
        """A formula for a table of contents; not counted, and its source when it is faulty."""
        if formula.kind == "reference":
            return f"({self.numbers.get(formula.tex.strip(), formula.tex)})"
        try:
            return to_text(to_mathml(formula.tex, display=False, macros=dict(self.macros)) or "<math/>")
        except FormulaError:  # told of where the formula itself is rendered
            return formula.tex.strip()

    def _equation_link(self, label: str) -> str:
        number = self.numbers.get(label)
        if number is None:
            return f"({escape(label)})"
        return f'<a class="equation-ref" href="{escape(fragment(f"eq-{label}"))}">({escape(number)})</a>'
