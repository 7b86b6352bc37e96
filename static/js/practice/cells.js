// One runnable cell: its bar, its code, what it prints, and what is said about it. All cells of the page share one
// namespace, as in a notebook. Owns the cell's states; running is session.js, saving is saving.js.

import { CodeView } from "./editor.js";
import { Draft } from "./saving.js";
import { Words, announce, draftWords, sentence, setBusy, setShown, tool } from "./toolbar.js";

const KEYBOARD = matchMedia("(hover: hover)"); // as near as one can ask
const SHOWN_AFTER = 150; // ms: a run shorter than that shows no "running…", which would only flicker

export class Cell {
  #element;
  #session;
  #cells;
  #draft;
  #view;
  #area = null;
  #state = new Words("cell-state");
  #notice = new Words("cell-notice", { live: true });
  #number;
  #editing = false;
  #saved = { kind: "same" };
  #ran = "";
  #begun = null;
  #before = null; // what Reset took away
  #tools = {};

  constructor(element, { number, page, session, cells, hint }) {
    this.#element = element;
    this.#session = session;
    this.#cells = cells;
    this.#number = number;
    this.id = element.dataset.block;
    this.isFolded = element.dataset.run === "hidden";
    this.phase = "idle"; // "waiting", "running"
    this.hasRun = false;
    const pre = element.querySelector("pre.cell-source");
    this.author = pre.querySelector("code").textContent.replace(/\n$/, "");
    this.#draft = new Draft({ page, block: this.id, author: this.author, onState: (state) => this.#onSaved(state) });
    this.#view = new CodeView({
      place: pre,
      source: this.author,
      label: `Code of cell ${number}`,
      hint,
      onChange: (source) => this.#onChange(source),
      onRun: () => this.run(),
      onFocus: () => this.#setEditing(true),
      onBlur: () => this.#setEditing(false),
    });
    this.#buildBar(element.querySelector(".cell-bar"), number);
    element.addEventListener("keydown", (event) => this.#onKey(event));
    element.addEventListener("editor-missing", () => {
      this.#notice.say("The editor could not be loaded. Check the connection and press Enter again.", "careful");
    });
    session.watch(() => {
      // Starting Python is not the cell's time.
      if (this.phase === "running" && session.state === "running") this.#begun ??= performance.now();
      this.#refresh();
    });
    if (this.#draft.source !== this.author) this.#view.show(this.#draft.source);
    if (this.#draft.origin === "elsewhere") {
      this.#notice.say("A newer version, saved on another device, is shown.");
    } else if (this.#draft.origin === "device") {
      this.#notice.say("Your latest changes were still on this device only; they are sent now.");
    }
    this.#draft.begin();
    this.#refresh();
  }

  #buildBar(bar, number) {
    const run = tool("play", "Run", () => this.run(), { key: "r Shift+Enter" });
    run.dataset.runCell = "";
    run.classList.add("tool-main");
    run.title = "Run this cell (Shift+Enter)";
    const stop = tool("stop", "Stop", () => this.#stop());
    const above = tool("above", "Run all above", () => this.#cells.runAbove(this), { short: true });
    const reset = tool("undo", "Reset", () => this.#reset(), { short: true });
    reset.title = "Back to the author's version";
    const box = document.createElement("div");
    box.className = "cell-tools";
    box.lang = document.documentElement.lang;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `Cell ${number}`);
    above.hidden = number === 1;
    box.append(reset, above, stop, run);
    this.#tools = { run, stop, above, reset, isFirst: number === 1 };
    bar.classList.add("cell-bar-live");
    bar.append(this.#state.element, box);
    bar.after(this.#notice.element);
  }

  #onKey(event) {
    if (event.target !== this.#element || event.key !== "Enter" || event.defaultPrevented) return;
    event.preventDefault();
    if (event.shiftKey || event.ctrlKey || event.metaKey) this.run();
    else this.#view.edit();
  }

  #setEditing(editing) {
    this.#editing = editing;
    if (!editing) this.#draft.flush();
    this.sayState();
  }

  #onChange(source) {
    this.#before = null;
    this.#ran = "";
    this.#draft.change(source);
    this.#refresh();
  }

  #onSaved(state) {
    const kindBefore = this.#saved.kind;
    this.#saved = state;
    const { long = "", tone, more = [] } = draftWords(state);
    if (long || ["offline", "refused", "preview"].includes(kindBefore)) this.#notice.say(long, tone, ...more);
    this.#refresh();
  }

  /** Runs this cell in its turn; gives `{ok}` when it is done. */
  async run() {
    if (this.phase !== "idle") return { ok: false };
    this.phase = "waiting";
    this.#notice.say("");
    this.#refresh();
    this.#draft.flush();
    try {
      await this.#openArea();
    } catch {
      this.phase = "idle";
      this.#notice.say("This could not be loaded. Check the connection and press Run again.", "careful");
      this.#refresh();
      return { ok: false };
    }
    this.#area.begin();
    this.#begun = null;
    const result = await this.#session.run(this.id, this.#view.source, {
      onBegin: () => {
        this.phase = "running";
        setTimeout(() => this.#refresh(), SHOWN_AFTER);
      },
      onOutput: (output) => this.#area.add(output),
    });
    this.phase = "idle";
    this.hasRun = !result.stopped && !result.failed;
    this.#area.end({ hasRun: this.#begun !== null });
    this.#say(result);
    this.#refresh();
    return result;
  }

  #say(result) {
    this.#tell(result);
    announce(`Cell ${this.#number} ${this.#ran}`);
  }

  #tell(result) {
    const missing = this.#cells.missingAbove(this);
    if (result.failed) {
      this.#ran = "did not run";
      this.#notice.say(`${sentence(result.failed)} Press Run to try again.`, "careful");
    } else if (result.stopped) {
      this.#ran = "stopped";
      const words = "Stopped. Python began anew, so earlier variables are gone: run the cells above again.";
      this.#notice.say(this.#begun === null ? "" : words);
    } else if (result.ok) {
      const seconds = this.#begun === null ? 0 : (performance.now() - this.#begun) / 1000;
      this.#ran = `ran in ${seconds.toFixed(1)} s`;
    } else {
      this.#ran = "ended with an error";
      const name = result.error?.ename ?? result.error?.type;
      if (name === "NameError" && missing) {
        this.#notice.say("A name is missing, and cells above have not run yet: try “Run all above” first.");
      }
    }
  }

  async #openArea() {
    if (this.#area) return;
    const { OutputArea } = await import("./outputs.js"); // with the sanitiser, which readers alone need not load
    let output = this.#element.querySelector(":scope > .cell-output");
    if (!output) {
      output = document.createElement("div");
      output.className = "cell-output";
      this.#element.append(output);
    }
    this.#area = new OutputArea(output);
  }

  #stop() {
    this.#state.say("stopping…", "busy");
    this.#session.stop();
  }

  #reset() {
    if (this.#before !== null) {
      this.#view.show(this.#before);
      this.#before = null;
    } else {
      this.#before = this.#view.source;
      this.#view.show(this.author);
    }
    this.#draft.change(this.#view.source);
    this.#draft.flush();
    this.#refresh();
  }

  /** Brings every word and button in line with the state. */
  #refresh() {
    const { run, stop, above, reset, isFirst } = this.#tools;
    if (!run) return;
    const busy = this.phase !== "idle";
    setBusy(run, busy);
    setShown(stop, busy, run);
    setShown(above, !busy && !isFirst, run);
    setShown(reset, !busy && (this.#draft.isChanged || this.#before !== null), run);
    const words = this.#before !== null ? "Undo reset" : "Reset";
    reset.querySelector(".tool-words").textContent = words;
    reset.title = this.#before !== null ? "Bring your own code back" : "Back to the author's version";
    this.#element.toggleAttribute("data-busy", busy);
    this.sayState();
  }

  /** The words in the bar; called again as time passes. */
  sayState() {
    if (this.phase === "waiting" || (this.phase === "running" && this.#session.state === "starting")) {
      const starting = ["off", "failed", "starting"].includes(this.#session.state);
      this.#state.say(starting ? this.#session.startWords : "waiting for its turn", "busy");
      return;
    }
    if (this.phase === "running") {
      this.#state.say(this.#session.state === "stopping" ? "stopping…" : this.#session.detail || "running…", "busy");
      return;
    }
    const { brief, tone } = draftWords(this.#saved);
    const words = [this.#ran, brief].filter(Boolean).join(" · ");
    const hint = this.#editing && KEYBOARD.matches ? "Shift+Enter runs, Esc leaves" : "";
    this.#state.say(words || hint, tone);
  }
}

/** The cells of a lesson in their order. */
export class Cells {
  #all = [];

  add(element, context) {
    const cell = new Cell(element, { ...context, number: this.#all.length + 1, cells: this });
    this.#all.push(cell);
  }

  get length() {
    return this.#all.length;
  }

  sayStates() {
    for (const cell of this.#all) cell.sayState();
  }

  #above(cell) {
    return this.#all.slice(0, this.#all.indexOf(cell));
  }

  missingAbove(cell) {
    return this.#above(cell).some((other) => !other.hasRun && !other.isFolded);
  }

  /** Runs what stands above, in order, until one ends with an error; a folded one is most often a figure, and may. */
  async runAbove(cell) {
    for (const other of this.#above(cell)) {
      const { ok, error } = await other.run();
      if (!ok && !(other.isFolded && error)) return;
    }
  }

  /** Python began anew: nothing has run. */
  forget() {
    for (const cell of this.#all) cell.hasRun = false;
  }
}
