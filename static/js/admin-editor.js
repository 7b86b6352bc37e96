// The block editor of a lesson's page: cards for the blocks, a live preview beside them. The form's own textarea stays the
// field that is sent; without this script it is edited as JSON.

import { freshId, isBody, parse, splitPath, write } from "./admin-body.js";
import { Card } from "./admin-card.js";
import { button, element } from "./admin-controls.js";
import { pictureButton } from "./admin-pictures.js";
import { Preview } from "./admin-preview.js";
import { SHAPES } from "./admin-shapes.js";
import { sortable } from "./admin-sorting.js";
import { guardUnsaved } from "./admin-unsaved.js";

const MANY = 30; // blocks; a longer lesson starts folded, as a list to choose from

class Editor {
  constructor(textarea) {
    this.textarea = textarea;
    this.form = textarea.form;
    this.cards = new Map(); // <li> → Card
    this.errors = [];
    this.pictures = (block, input, tools) => [pictureButton(this, block, input, tools)];
    this.state = this.form.querySelector("[data-editor-state]");
    this.guard = guardUnsaved(this.form, (isDirty) => this.saySaved(isDirty));
    this.token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
    this.build();
    this.given = this.readGivenErrors();
    if (this.form.querySelector(".errornote")) this.guard.mark(); // the form came back: what it holds is not stored
    this.form.addEventListener("submit", () => this.store());
    document.addEventListener("keydown", (event) => this.shortcut(event));
    this.openBlocks();
  }

  build() {
    this.list = element("ol", { className: "cards", aria: { label: "Blocks of the lesson" } });
    this.problems = element("div", { className: "problems", hidden: true });
    this.says = element("p", { className: "visually-quiet" });
    this.says.setAttribute("role", "status");
    this.undo = element("div", { className: "undo-slot" });
    this.menu = this.buildMenu();
    this.mode = button("Edit as JSON", () => this.switchMode(), { className: "text-button" });
    this.foldAll = button("Fold all", () => this.toggleAll(), { className: "text-button" });
    this.look = button("Preview", () => this.switchPreview(), { className: "text-button preview-toggle" });
    const title = this.form.querySelector("[name=title]");
    this.preview = new Preview({
      address: this.textarea.dataset.preview,
      styles: this.textarea.dataset.styles.split(" "),
      token: this.token,
      data: () => ({ body: this.text(), title: title.value, ids: this.blocks().map((block) => block.id) }),
      onErrors: (errors) => this.showErrors(errors),
      onPick: (id) => {
        if (this.root.classList.contains("is-previewing")) this.switchPreview();
        this.cardOf(id)?.focus();
      },
    });
    title.addEventListener("input", () => this.preview.soon());
    const adders = Object.entries(SHAPES).map(([type, shape]) =>
      button(shape.label, () => this.insert(this.fresh(type)), { className: "add-button", title: shape.hint }),
    );
    this.writing = element(
      "div",
      { className: "editor-writing" },
      this.list,
      element("div", { className: "adders" }, element("span", { className: "adders-label", textContent: "Add" }), ...adders),
    );
    const heading = element("h3", { className: "preview-heading", textContent: "Preview" });
    this.preview.pane = element("div", { className: "preview-pane", tabIndex: 0, aria: { label: "Preview of the lesson" } }, this.preview.host);
    this.preview.pane.setAttribute("role", "region");
    const side = element("aside", { className: "editor-side" }, element("div", { className: "preview-bar" }, heading, this.preview.state), this.preview.pane);
    this.root = element(
      "div",
      { className: "editor" },
      element("div", { className: "editor-bar" }, this.look, this.foldAll, this.mode),
      this.problems,
      element("div", { className: "editor-columns" }, this.writing, side),
      this.menu,
      this.says,
    );
    this.textarea.before(this.root);
    // Without the preview the textarea of the JSON mode takes the cards' place.
    this.writing.append(this.textarea);
    this.sorter = sortable({
      root: this.list,
      lists: () => [this.list],
      item: ".card",
      moved: (item) => {
        const at = [...this.list.querySelectorAll(":scope > .card")].indexOf(item) + 1;
        this.announce(`Moved to place ${at} of ${this.cards.size}`);
        this.changed();
      },
    });
  }

  buildMenu() {
    const menu = element("div", { className: "add-menu", popover: "auto" });
    menu.setAttribute("role", "menu");
    for (const [type, shape] of Object.entries(SHAPES)) {
      const pick = () => {
        menu.hidePopover();
        this.insert(this.fresh(type), this.menuFor?.item);
      };
      const entry = button("", pick, { className: "add-entry" });
      entry.setAttribute("role", "menuitem");
      entry.append(element("strong", { textContent: shape.label }), element("span", { textContent: shape.hint }));
      menu.append(entry);
    }
    menu.addEventListener("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const entries = [...menu.children];
      const at = entries.indexOf(document.activeElement);
      entries[(at + step + entries.length) % entries.length].focus();
    });
    return menu;
  }

  // --- from and to the textarea ---

  openBlocks() {
    let body;
    try {
      body = parse(this.textarea.value);
    } catch (error) {
      this.openText(`This is not JSON, so it cannot be shown as blocks: ${error.message}`);
      return;
    }
    if (!isBody(body)) {
      this.openText("This is no lesson body, so it cannot be shown as blocks.");
      return;
    }
    this.body = body;
    this.cards.clear();
    this.list.replaceChildren();
    for (const block of body.blocks) this.place(this.card(block), null);
    if (body.blocks.length > MANY) this.toggleAll(false);
    this.root.classList.remove("is-text");
    this.mode.textContent = "Edit as JSON";
    this.showErrors(this.given);
    this.preview.refresh();
  }

  openText(reason = "") {
    if (this.body) this.textarea.value = write(this.body, 1);
    this.root.classList.remove("is-previewing");
    this.root.classList.add("is-text");
    this.mode.textContent = "Back to blocks";
    this.problems.replaceChildren(reason && element("p", { textContent: reason }));
    this.problems.hidden = !reason;
    this.body = null;
  }

  // On a narrow screen the preview takes the cards' place.
  switchPreview() {
    const isShown = this.root.classList.toggle("is-previewing");
    this.look.textContent = isShown ? "Back to writing" : "Preview";
  }

  switchMode() {
    const fromText = this.root.classList.contains("is-text");
    if (!fromText) return this.openText();
    this.isChanged = true;
    this.given = [];
    return this.openBlocks();
  }

  blocks() {
    return [...this.list.children].map((item) => this.cards.get(item)?.block).filter(Boolean);
  }

  text() {
    if (!this.body) return this.textarea.value;
    this.body.blocks = this.blocks();
    return write(this.body);
  }

  // What was not touched is sent as it came, character by character.
  store() {
    if (this.body && this.isChanged) this.textarea.value = this.text();
  }

  changed() {
    this.isChanged = true;
    this.guard.mark();
    this.preview.soon();
  }

  saySaved(isDirty) {
    if (this.state) this.state.textContent = isDirty ? "Not saved yet" : "";
  }

  announce(text) {
    this.says.textContent = text;
  }

  // --- cards ---

  card(block) {
    const card = new Card(block, this);
    this.cards.set(card.item, card);
    return card;
  }

  cardOf(id) {
    return [...this.cards.values()].find((card) => card.block.id === id);
  }

  place(card, before) {
    this.list.insertBefore(card.item, before);
  }

  fresh(type) {
    const taken = new Set(this.blocks().map((block) => block.id));
    const block = { id: freshId(taken), type, ...structuredClone(SHAPES[type].fresh) };
    // Learners see these ids: in alphabetical order they would tell which choice was written first.
    for (const choice of block.choices ?? []) choice.id = freshId(new Set());
    return block;
  }

  insert(block, after) {
    const card = this.card(block);
    this.place(card, after ? after.nextElementSibling : null);
    card.isFresh = true;
    this.changed();
    card.focus();
    card.item.scrollIntoView({ block: "nearest" });
    this.announce(`${SHAPES[block.type]?.label ?? "Unknown"} block added`);
  }

  insertAfter(card, opener) {
    this.menuFor = card;
    this.menu.showPopover({ source: opener });
    const box = opener.getBoundingClientRect();
    const room = Math.min(box.bottom + 4, innerHeight - this.menu.offsetHeight - 8);
    this.menu.style.top = `${Math.max(8, room)}px`;
    this.menu.style.left = `${Math.max(8, Math.min(box.left - 40, innerWidth - this.menu.offsetWidth - 8))}px`;
    this.menu.firstElementChild.focus();
  }

  shift(item, step) {
    return this.sorter.shift(item, step);
  }

  duplicate(card) {
    const copy = parse(write(card.block));
    copy.id = this.fresh(card.block.type in SHAPES ? card.block.type : "divider").id;
    this.insert(copy, card.item);
  }

  remove(card) {
    const next = card.item.nextElementSibling;
    card.item.remove();
    this.cards.delete(card.item);
    const bring = button("Undo", () => {
      note.replaceWith(card.item);
      this.cards.set(card.item, card);
      this.changed();
      card.focus();
    });
    const label = SHAPES[card.block.type]?.label ?? "Block";
    const note = element("li", { className: "removed" }, `${label} block deleted. `, bring);
    this.list.insertBefore(note, next);
    this.changed();
    bring.focus();
    this.announce(`${label} block deleted`);
  }

  arrived(card) {
    if (this.here === card) return;
    this.here = card;
    this.preview.reveal(card.block.id);
  }

  toggleAll(open = ![...this.cards.values()].some((card) => !card.isFolded)) {
    for (const card of this.cards.values()) card.toggle(open);
    this.foldAll.textContent = open ? "Fold all" : "Unfold all";
  }

  shortcut(event) {
    if (event.key === "s" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      this.form.requestSubmit(this.form.querySelector("[data-save]"));
    }
  }

  // --- errors ---

  // What the server said about the form that came back.
  readGivenErrors() {
    const said = this.form.querySelectorAll(".field-body .errorlist li");
    return [...said].map((row) => {
      const found = /^([a-z]+\S*): ([\s\S]+)$/.exec(row.textContent.trim());
      return found ? { path: found[1], message: found[2] } : { path: "body", message: row.textContent.trim() };
    });
  }

  showErrors(errors) {
    this.errors = errors;
    for (const card of this.cards.values()) card.clearErrors();
    const cards = [...this.list.children].map((item) => this.cards.get(item)).filter(Boolean);
    const rows = errors.map((error) => {
      const place = splitPath(error.path);
      const card = place && cards[place.index];
      if (!card) return element("li", { textContent: `${error.path}: ${error.message}` });
      const control = card.showError({ path: place.rest, message: error.message });
      const go = () => {
        card.toggle(true);
        control.focus();
        control.scrollIntoView({ block: "center" });
      };
      const where = `Block ${place.index + 1}, ${card.shape?.label ?? card.block.type}`;
      return element("li", {}, button(where, go), ` ${place.rest} ${error.message}`);
    });
    this.problems.hidden = rows.length === 0;
    const count = `${rows.length} thing${rows.length > 1 ? "s" : ""} to put right before this can be saved:`;
    this.problems.replaceChildren(element("p", { textContent: count }), element("ul", {}, ...rows));
  }
}

for (const textarea of document.querySelectorAll("textarea[data-block-editor]")) {
  if (textarea.dataset.preview) textarea.editor = new Editor(textarea);
}
