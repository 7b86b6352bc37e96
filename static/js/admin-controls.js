// The controls of the block editor: each shows one value and tells of every change. They know no block type; which control
// shows which field is in admin-shapes.js.

import { numberText } from "./admin-body.js";

export function element(tag, properties = {}, ...children) {
  const { dataset, aria, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  Object.assign(made.dataset, dataset);
  for (const [name, value] of Object.entries(aria ?? {})) made.setAttribute(`aria-${name}`, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function button(label, press, properties = {}) {
  const made = element("button", { type: "button", textContent: label, className: "text-button", ...properties });
  made.addEventListener("click", press);
  return made;
}

let counter = 0;

// A labelled control with its place in the block, by which errors find it.
export function field(label, control, { path, help, narrow, plain } = {}) {
  counter += 1;
  control.id ||= `editor-field-${counter}`;
  const words = element("label", { htmlFor: control.id, textContent: label, className: plain ? "visually-quiet" : "" });
  const note = help ? element("p", { className: "bf-help", textContent: help }) : null;
  return element("div", { className: `bf${narrow ? " bf-narrow" : ""}`, dataset: { path } }, words, control, note);
}

// Text that grows with what is in it: by CSS where the browser can, else by measuring.
const growsByItself = CSS.supports("field-sizing", "content");

export function textArea(value, change, { code = false, rows = 2 } = {}) {
  const area = element("textarea", { value, rows, className: code ? "bf-text bf-code" : "bf-text", spellcheck: !code });
  if (code) Object.assign(area, { autocapitalize: "off", wrap: "off" });
  const grow = () => {
    if (growsByItself) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  };
  area.addEventListener("input", () => {
    change(area.value);
    grow();
  });
  if (!growsByItself) new ResizeObserver(grow).observe(area);
  return area;
}

export function textInput(value, change, properties = {}) {
  const input = element("input", { type: "text", value, className: "bf-line", ...properties });
  input.addEventListener("input", () => change(input.value));
  return input;
}

// A number; what is typed and is none is null, which the server names as the fault that it is.
export function numberInput(value, change, { whole = false } = {}) {
  const input = element("input", { type: "number", value: numberText(value), className: "bf-line", step: whole ? "1" : "any" });
  input.addEventListener("input", () => change(input.value === "" ? null : Number(input.value)));
  return input;
}

export function choose(value, options, change) {
  const known = Object.hasOwn(options, value);
  const rows = Object.entries(known ? options : { [value ?? ""]: String(value ?? "–"), ...options });
  const select = element("select", { className: "bf-line" });
  select.append(...rows.map(([key, label]) => element("option", { value: key, textContent: label, selected: key === value })));
  select.addEventListener("change", () => change(select.value));
  return select;
}

export function tick(label, value, change, path) {
  const box = element("input", { type: "checkbox", checked: value === true });
  box.addEventListener("change", () => change(box.checked));
  return element("div", { className: "bf bf-tick", dataset: { path } }, element("label", {}, box, ` ${label}`));
}

// A list of rows that can be added, moved and removed. `row(value, index)` gives a row's content; the array is changed in
// place and `changed` told.
export function rows(values, { path, label, one, row, fresh, changed, least = 0 }) {
  const list = element("ol", { className: "bf-rows" });
  const render = () => list.replaceChildren(...values.map((value, index) => line(value, index)));

  const edit = (work, focusAt, selector) => {
    work();
    render();
    changed();
    const at = list.children[Math.min(focusAt, list.children.length - 1)];
    (at?.querySelector(selector) ?? add).focus();
  };

  const line = (value, index) => {
    const name = `${one} ${index + 1}`;
    const move = (step) => edit(() => swap(values, index, index + step), index + step, `[data-step="${step}"]`);
    const tools = [
      button("↑", () => move(-1), { className: "icon-button", disabled: index === 0, aria: { label: `Move ${name} up` }, dataset: { step: -1 } }),
      button("↓", () => move(1), { className: "icon-button", disabled: index === values.length - 1, aria: { label: `Move ${name} down` }, dataset: { step: 1 } }),
      button("×", () => edit(() => values.splice(index, 1), index, "textarea, input"), {
        className: "icon-button",
        disabled: values.length <= least,
        aria: { label: `Remove ${name}` },
      }),
    ];
    return element(
      "li",
      { className: "bf-row", dataset: { path: `${path}[${index}]` } },
      element("div", { className: "bf-row-fields" }, ...row(value, index, render)),
      element("div", { className: "bf-row-tools" }, ...tools),
    );
  };

  const add = button(`Add a ${one}`, () => edit(() => values.push(fresh()), values.length, "textarea, input"));
  render();
  return element(
    "fieldset",
    { className: "bf bf-list", dataset: { path } },
    element("legend", { textContent: label }),
    list,
    add,
  );
}

function swap(values, one, other) {
  if (other < 0 || other >= values.length) return;
  [values[one], values[other]] = [values[other], values[one]];
}
