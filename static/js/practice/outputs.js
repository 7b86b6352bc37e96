// What a cell prints and draws, as nodes: one area per cell, filled as nbformat's outputs come in. The order of preference
// among representations and the class names are the server's (`courses/content/outputs.py`).

import { errorNode, joined, note, preNode, textNode } from "./printed.js";
import { safeNodes } from "./sanitizing.js";
import { Terminal } from "./terminal.js";

const MAX_OUTPUTS = 200;
const MAX_HTML = 1_000_000; // characters
const MAX_PICTURE = 8_000_000; // characters of base64
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const PAUSE = 60; // ms between two paintings of a stream

export class OutputArea {
  #element;
  #terminal = null; // of the stream that is being written to
  #stream = null;
  #timer = null;
  #count = 0;
  #clearNext = false;

  constructor(element) {
    this.#element = element;
  }

  get element() {
    return this.#element;
  }

  /** A run begins: what stands there stays, paled and with its height, until something new comes. */
  begin() {
    this.#element.style.minBlockSize = `${this.#element.offsetHeight}px`;
    this.#element.dataset.stale = "";
    this.#clearNext = true;
    this.#count = 0;
    this.#endStream();
  }

  /** The run is over: what is from before goes, unless nothing ran, and the area takes the height of what it holds. */
  end({ hasRun }) {
    if (hasRun && this.#clearNext) this.#clear();
    delete this.#element.dataset.stale;
    this.#clearNext = false;
    this.#endStream();
    this.#element.style.minBlockSize = "";
    for (const box of this.#element.querySelectorAll(":scope > .output[tabindex]")) {
      box.dispatchEvent(new CustomEvent("box:added", { bubbles: true }));
    }
  }

  add(output) {
    if (output.output_type === "clear_output") {
      if (output.wait) this.#clearNext = true;
      else this.#clear();
      return;
    }
    if (this.#clearNext) this.#clear();
    if (output.output_type === "stream") {
      this.#write(output.name === "stderr" ? "stderr" : "text", joined(output.text));
      return;
    }
    this.#endStream();
    this.#count += 1;
    if (this.#count > MAX_OUTPUTS) {
      if (this.#count === MAX_OUTPUTS + 1) this.#element.append(note("More outputs are not shown."));
      return;
    }
    if (output.output_type === "error") this.#element.append(errorNode(output));
    else this.#element.append(...bundleNodes(output.data ?? {}));
  }

  #clear() {
    this.#endStream();
    this.#element.replaceChildren();
    this.#clearNext = false;
    this.#count = 0;
    delete this.#element.dataset.stale;
  }

  #write(kind, text) {
    if (this.#stream?.dataset.stream !== kind) {
      this.#endStream();
      this.#terminal = new Terminal();
      this.#stream = preNode(`output-${kind}`);
      this.#stream.dataset.stream = kind;
    }
    const wasCut = this.#terminal.cut > 0;
    this.#terminal.write(text);
    if (wasCut) return; // nothing of it is shown: a flood must not be painted again and again
    this.#timer ??= setTimeout(() => this.#paint(), PAUSE);
  }

  #paint() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const nodes = this.#terminal.render();
    this.#stream.replaceChildren(nodes);
    // A stream of blank lines alone takes no room, as on the server.
    if (this.#stream.textContent && !this.#stream.isConnected) this.#element.append(this.#stream);
    if (this.#terminal.cut && !this.#stream.nextElementSibling?.matches(".output-note")) {
      this.#stream.after(note("Cut here: the rest is not shown."));
    }
  }

  #endStream() {
    if (this.#timer !== null) this.#paint();
    this.#stream = this.#terminal = null;
  }
}

function bundleNodes(bundle) {
  const html = joined(bundle["text/html"]);
  if (html && html.length <= MAX_HTML) {
    const nodes = safeNodes(html);
    if (nodes.textContent.trim() || nodes.querySelector("img, hr")) {
      const box = document.createElement("div");
      box.className = "output output-html table-scroll";
      box.tabIndex = 0;
      box.append(nodes);
      return [box];
    }
  }
  const picture = pictureNode(bundle);
  if (picture) return [picture];
  for (const mime of ["text/markdown", "text/latex", "text/plain"]) {
    const text = joined(bundle[mime]);
    if (text.trim()) return [textNode(text)];
  }
  if ("application/json" in bundle) return [textNode(JSON.stringify(bundle["application/json"], null, 2))];
  const kinds = Object.keys(bundle);
  if (!kinds.length) return [];
  const fallback = note(`An output of the kind ${kinds[0].slice(0, 80)}, which cannot be shown here.`);
  fallback.className = "output output-fallback";
  return [fallback];
}

function pictureNode(bundle) {
  let source = "";
  const drawing = joined(bundle["image/svg+xml"]);
  if (drawing && drawing.length <= MAX_PICTURE) {
    // As a picture, never as nodes: a drawing in an <img> runs nothing and loads nothing.
    source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing.toWellFormed?.() ?? drawing)}`;
  }
  for (const mime of PICTURES) {
    const data = joined(bundle[mime]).replace(/\s/g, "");
    if (!source && data && data.length <= MAX_PICTURE && /^[A-Za-z0-9+/]+=*$/.test(data)) {
      source = `data:${mime};base64,${data}`;
    }
  }
  if (!source) return null;
  const text = joined(bundle["text/plain"]).trim();
  const image = document.createElement("img");
  image.src = source;
  image.alt = !text || text.startsWith("<") || text.length > 200 ? "Picture made by the code above" : text;
  const box = document.createElement("div");
  box.className = "output output-image";
  box.append(image);
  return box;
}
