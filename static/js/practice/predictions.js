// Predictions "from the cell": reads a variable of the page's Python into the form, one value a line. Owns that one row of
// controls; handing in is the form's own business.

import { Words, tool } from "./toolbar.js";

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const MAX_VALUES = 200_000;

// Lists, arrays and columns give their values by `tolist`; numpy's own numbers would print as "np.float64(…)".
const READ = (name) => `
def __practice_read(values):
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    if len(values) > ${MAX_VALUES}:
        raise ValueError(f"{len(values):,} values are too many")
    for value in values:
        print(value.item() if hasattr(value, "item") else value)
try:
    __practice_read(${name})
finally:
    del __practice_read
`;

export class Predictions {
  #field;
  #session;
  #id;
  #name;
  #words = new Words("cell-notice", { live: true });

  constructor(section, { session }) {
    this.#field = section.querySelector("form textarea");
    if (!this.#field) return;
    this.#session = session;
    this.#id = `${section.dataset.block}:values`;
    this.#build();
  }

  #build() {
    const row = document.createElement("div");
    row.className = "take-row";
    const label = document.createElement("label");
    label.textContent = "or take them from the variable";
    this.#name = Object.assign(document.createElement("input"), { type: "text", size: 14, spellcheck: false });
    this.#name.autocapitalize = "off";
    this.#name.id = label.htmlFor = `take-${this.#id.replace(/[^\w-]/g, "-")}`;
    this.#name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // Enter would hand in the form
      this.#take();
    });
    row.append(label, this.#name, tool("download", "Take", () => this.#take()));
    this.#field.after(row, this.#words.element);
  }

  async #take() {
    const name = this.#name.value.trim();
    if (!NAME.test(name)) {
      this.#words.say("Write the name of a variable, as in your cell.", "careful");
      return;
    }
    if (!this.#session.hasNames) {
      this.#words.say("No cell has run yet: run the cells that make the predictions first.", "careful");
      return;
    }
    let printed = "";
    let wrong = "";
    const result = await this.#session.run(this.#id, READ(name), {
      onOutput: (output) => {
        if (output.output_type === "stream") printed += [output.text].flat().join("");
        else if (output.output_type === "error") wrong = `${output.ename}: ${output.evalue}`;
      },
    });
    if (!result.ok) {
      this.#words.say(`${name} could not be read. ${wrong || result.failed || ""}`, "careful");
      return;
    }
    this.#field.value = printed.trimEnd();
    this.#words.say(`${name} is in the form. Look at it and submit.`);
    this.#field.focus();
  }
}
