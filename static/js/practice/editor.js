// A piece of code on the page that can be read at once and edited when asked for: the reader's <pre> (or the form's
// <textarea>) until somebody begins to write, then CodeMirror in a shadow root at the same place with the same size. Owns
// that exchange and the keyboard at its border; knows no running and no saving.

let bundle = null;

/** The editor's code, asked for once; a failed load is tried again at the next call. */
export function loadEditor() {
  bundle ??= import("../../vendor/editor.js").catch((error) => {
    bundle = null;
    throw error;
  });
  return bundle;
}

/**
 * Keyboard: Tab passes over the code, Enter begins to edit, Escape leaves the editor. `onChange(source)` for what the
 * reader writes, `onRun()` for Shift+Enter and Ctrl+Enter, `onFocus()` and `onBlur()` when the
 * keyboard comes into the editor and leaves it.
 */
export class CodeView {
  #place; // <pre> or <textarea>: what stands there without an editor
  #code;
  #source;
  #editor = null;
  #mounting = null;
  #calls;
  #painting;

  constructor({ place, source, label, hint, onChange, onRun, onFocus = () => {}, onBlur = () => {} }) {
    this.#place = place;
    this.#code = place.querySelector("code");
    this.#source = source;
    this.#calls = { onChange, onRun, onFocus, onBlur };
    this.label = label;
    this.hint = hint;
    if (this.#code) this.#equipPre();
    else place.addEventListener("input", () => this.#written(place.value));
  }

  #equipPre() {
    this.#equip(this.#place);
    this.#place.addEventListener("pointerenter", () => loadEditor().catch(() => {}), { once: true });
    this.#place.addEventListener("click", (event) => {
      if (getSelection().isCollapsed) this.edit(offsetAt(this.#code, event));
    });
  }

  #equip(element) {
    element.tabIndex = 0;
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", this.label);
    if (this.hint) element.setAttribute("aria-describedby", this.hint);
    element.addEventListener("keydown", (event) => {
      if (event.target !== element || event.key !== "Enter" || event.defaultPrevented) return;
      event.preventDefault();
      if (event.shiftKey || event.ctrlKey || event.metaKey) this.#calls.onRun();
      else this.edit();
    });
  }

  get source() {
    return this.#source;
  }

  /** Shows other code, as when it is reset; the editor's own undo knows the former. */
  show(source) {
    this.#source = source;
    if (this.#editor) this.#editor.text = source;
    this.#paint();
  }

  #written(source) {
    this.#source = source;
    clearTimeout(this.#painting);
    this.#painting = setTimeout(() => this.#paint(), 300); // the hidden place is for printing, copying and the form
    this.#calls.onChange(source);
  }

  #paint() {
    clearTimeout(this.#painting);
    if (!this.#code) {
      this.#place.value = this.#source;
      return;
    }
    this.#code.textContent = `${this.#source}\n`;
    loadEditor().then(
      ({ highlighted }) => this.#code.replaceChildren(highlighted(`${this.#source}\n`)),
      () => {}, // without the bundle the code stays readable, in one colour
    );
  }

  /** Opens the editor and gives it the keyboard, at `offset` if it is known. */
  async edit(offset) {
    try {
      await this.mount();
    } catch {
      this.#place.dispatchEvent(new CustomEvent("editor-missing", { bubbles: true }));
      return;
    }
    this.#editor.focus(offset);
  }

  /** Puts the editor in place of the <pre> or <textarea>; what had the keyboard keeps it. */
  mount() {
    this.#mounting ??= this.#mount().catch((error) => {
      this.#mounting = null;
      throw error;
    });
    return this.#mounting;
  }

  async #mount() {
    const { createEditor } = await loadEditor();
    const host = document.createElement("div");
    host.className = "code-editor";
    host.dataset.editor = "";
    const root = host.attachShadow({ mode: "open" });
    const hadFocus = document.activeElement === this.#place;
    this.#place.before(host);
    this.#editor = createEditor({
      root,
      doc: this.#source,
      label: this.label,
      onChange: () => this.#written(this.#editor.text),
      onRun: () => this.#calls.onRun(),
      onLeave: () => host.focus(),
      onFocus: () => this.#calls.onFocus(),
      onBlur: () => this.#calls.onBlur(),
    });
    this.#equip(host);
    // A click beside the lines is meant for them too.
    host.addEventListener("mousedown", (event) => {
      if (event.composedPath()[0] !== host) return;
      event.preventDefault();
      this.#editor.focus();
    });
    this.#place.classList.add("is-edited");
    this.#place.tabIndex = -1;
    host.dispatchEvent(new CustomEvent("box:added", { bubbles: true }));
    if (hadFocus) host.focus({ preventScroll: true });
  }
}

/** How many characters of `code` stand before the place that was clicked. */
function offsetAt(code, event) {
  const caret = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  const old = caret ? null : document.caretRangeFromPoint?.(event.clientX, event.clientY);
  const node = caret?.offsetNode ?? old?.startContainer;
  if (!node || !code.contains(node)) return undefined;
  const range = document.createRange();
  range.setStart(code, 0);
  range.setEnd(node, caret?.offset ?? old.startOffset);
  return range.toString().length;
}
