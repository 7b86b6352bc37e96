// A card of the block editor: the frame around one block's form. Which buttons there are, what is folded, where errors go.

import { summary } from "./admin-body.js";
import { button, element } from "./admin-controls.js";
import { buildForm } from "./admin-fields.js";
import { SHAPES } from "./admin-shapes.js";
import { moveButtons } from "./admin-sorting.js";

export class Card {
  // `editor` is told of what happens: changed(), moved(), duplicate(card), remove(card), insertAfter(card, button), pictures().
  constructor(block, editor) {
    Object.assign(this, { block, editor });
    this.shape = SHAPES[block.type];
    const name = this.shape?.label ?? String(block.type);
    this.words = element("span", { className: "card-summary" });
    this.body = element("div", { className: "card-body" });
    this.fault = element("div", { className: "card-fault" });
    this.fold = element("button", { type: "button", className: "card-fold", aria: { expanded: "true" } });
    this.fold.append(element("span", { className: "card-type", textContent: name }), this.words);
    this.fold.addEventListener("click", () => this.toggle());
    const shift = (_, step) => this.editor.shift(this.item, step);
    const icon = (label, sign, press, look = "") =>
      button(sign, press, { className: `icon-button ${look}`, title: label, aria: { label: `${label}: ${name}` } });
    this.item = element(
      "li",
      { className: "card", dataset: { item: "", type: block.type } },
      element(
        "div",
        { className: "card-head" },
        ...moveButtons(`this ${name.toLowerCase()} block`, shift),
        this.fold,
        icon("Duplicate", "", () => this.editor.duplicate(this), "icon-duplicate"),
        icon("Delete", "×", () => this.editor.remove(this)),
      ),
      this.fault,
      this.body,
      button("+", (event) => this.editor.insertAfter(this, event.currentTarget), {
        className: "insert-here",
        title: "Add a block here",
        aria: { label: `Add a block after this ${name.toLowerCase()} block` },
      }),
    );
    this.item.addEventListener("focusin", () => this.editor.arrived(this));
    this.item.addEventListener("focusout", (event) => {
      if (!this.isFresh || this.item.contains(event.relatedTarget)) return;
      this.isFresh = false;
      this.editor.showErrors(this.editor.errors);
    });
    this.render();
  }

  render(focusOn) {
    const tools = {
      changed: () => {
        this.describe();
        this.editor.changed();
      },
      rebuild: (name) => this.render(name),
      pictures: this.editor.pictures,
    };
    if (this.shape) this.body.replaceChildren(...buildForm(this.block, this.shape, tools));
    else this.body.replaceChildren(element("p", { className: "bf-note", textContent: "This kind of block is not known here. It is kept as it is." }));
    this.describe();
    if (focusOn) this.body.querySelector(`[data-path="${focusOn}"] :is(input, select, textarea)`)?.focus();
  }

  describe() {
    this.words.textContent = this.isFolded ? summary(this.block) : "";
    this.item.classList.toggle("is-empty", this.shape?.fields.length === 0);
  }

  get isFolded() {
    return this.body.hidden;
  }

  toggle(open = this.isFolded) {
    this.body.hidden = !open;
    this.fold.setAttribute("aria-expanded", String(open));
    this.item.classList.toggle("is-folded", !open);
    this.describe();
  }

  focus() {
    this.toggle(true);
    (this.body.querySelector("textarea") ?? this.body.querySelector("input, select") ?? this.fold).focus();
  }

  clearErrors() {
    this.fault.replaceChildren();
    this.item.classList.remove("is-faulty");
    for (const old of this.body.querySelectorAll(".bf-error")) old.remove();
    for (const control of this.body.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-errormessage");
    }
  }

  // Puts a fault at its field, or at the nearest thing around it that is shown. Gives the control to go to.
  showError({ path, message }) {
    if (this.isFresh) return this.fold; // it was added a moment ago: of course it is empty
    this.item.classList.add("is-faulty");
    for (let place = path; place; place = place.replace(/\.?[^.[\]]+$|\[\d+\]$/, "")) {
      const slot = this.body.querySelector(`[data-path="${CSS.escape(place)}"]`);
      if (!slot) continue;
      const control = slot.matches("fieldset, li") ? null : slot.querySelector("input, select, textarea");
      const said = place === path ? message : `${path.slice(place.length).replace(/^\./, "")} ${message}`;
      const note = element("p", { className: "bf-error", textContent: said });
      note.id = `editor-error-${Math.random().toString(36).slice(2)}`;
      if (control) {
        control.setAttribute("aria-invalid", "true");
        control.setAttribute("aria-errormessage", note.id);
        control.after(note);
      } else {
        (slot.querySelector("legend") ?? slot.lastElementChild)?.after(note);
      }
      return control ?? slot.querySelector("input, select, textarea, button") ?? this.fold;
    }
    this.fault.append(element("p", { className: "bf-error", textContent: path ? `${path} ${message}` : message }));
    return this.fold;
  }
}
