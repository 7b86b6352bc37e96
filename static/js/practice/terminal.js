// Text as a terminal would leave it on the screen: colours as classes, progress bars at their last state, bounded. The
// same classes as the server's (`courses/content/ansi.py`), so that a stored output and a new one look alike.

const MAX_CHARACTERS = 50_000;
const MAX_LINES = 1_000;
const MAX_COLUMN = 2_000; // a cursor may not be sent further by an escape sequence

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const CONTROL = /\x1b\[([0-9;:?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?|[\r\n\b\x07\x0b\x0c]/g;
const UNPRINTABLE = /[\x00-\x08\x0e-\x1f\x7f]/g;
const SWITCHES = { 1: "bold", 2: "faint", 3: "italic", 4: "underline" };

export class Terminal {
  #lines = [{ text: "", marks: null }];
  #row = 0;
  #column = 0;
  #style = {};
  #size = 0;
  #rest = ""; // an escape sequence that came in two pieces
  cut = 0; // characters that were not kept

  write(text) {
    const all = this.#rest + text.replaceAll("\r\n", "\n");
    const open = all.match(/\x1b(?:\[[0-9;:?]{0,40})?$|\r$/);
    this.#rest = open ? open[0] : "";
    const whole = open ? all.slice(0, open.index) : all;
    let at = 0;
    for (const found of whole.matchAll(CONTROL)) {
      this.#put(whole.slice(at, found.index));
      this.#control(found);
      at = found.index + found[0].length;
    }
    this.#put(whole.slice(at));
  }

  #put(raw) {
    const text = raw.replace(UNPRINTABLE, "");
    if (!text) return;
    if (this.cut || this.#size + text.length > MAX_CHARACTERS) {
      this.cut += text.length;
      return;
    }
    const line = this.#lines[this.#row];
    const before = line.text.length;
    const classes = this.#classes();
    if (this.#column > before) line.text = line.text.padEnd(this.#column);
    if (classes || line.marks) {
      line.marks ??= new Array(before).fill("");
      while (line.marks.length < this.#column) line.marks.push("");
      for (let index = 0; index < text.length; index += 1) line.marks[this.#column + index] = classes;
    }
    const end = this.#column + text.length;
    line.text = line.text.slice(0, this.#column) + text + line.text.slice(end);
    this.#column = end;
    this.#size += line.text.length - before;
  }

  #control(found) {
    const mark = found[0];
    if (mark === "\n") this.#newLine();
    else if (mark === "\r") this.#column = 0;
    else if (mark === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (found[2] === "m") this.#setStyle(found[1]);
    else if (found[2]) this.#move(found[2], number(found[1]));
  }

  #newLine() {
    if (this.#row + 1 === this.#lines.length) {
      if (this.cut || this.#lines.length >= MAX_LINES) {
        this.cut += 1;
        return;
      }
      this.#lines.push({ text: "", marks: null });
    }
    this.#row += 1;
    this.#column = 0;
  }

  #move(command, count) {
    const steps = Math.max(1, count);
    if (command === "A") this.#row = Math.max(0, this.#row - steps);
    else if (command === "B") this.#row = Math.min(this.#lines.length - 1, this.#row + steps);
    else if (command === "C") this.#column = Math.min(MAX_COLUMN, this.#column + steps);
    else if (command === "D") this.#column = Math.max(0, this.#column - steps);
    else if (command === "G") this.#column = Math.min(MAX_COLUMN, steps - 1);
    else if (command === "K") this.#erase(count);
  }

  #erase(part) {
    const line = this.#lines[this.#row];
    const before = line.text.length;
    if (part === 2) line.text = "";
    else if (part === 1) line.text = " ".repeat(Math.min(this.#column, before)) + line.text.slice(this.#column);
    else line.text = line.text.slice(0, this.#column);
    if (line.marks) line.marks.length = Math.min(line.marks.length, line.text.length);
    this.#size += line.text.length - before;
  }

  #setStyle(codes) {
    const numbers = codes.split(/[;:]/).map(number);
    while (numbers.length) {
      const code = numbers.shift();
      if (code === 0) this.#style = {};
      else if (code in SWITCHES) this.#style[SWITCHES[code]] = true;
      else if (code === 22) this.#style.bold = this.#style.faint = false;
      else if (code === 23) this.#style.italic = false;
      else if (code === 24) this.#style.underline = false;
      else if (code >= 30 && code <= 37) this.#style.front = NAMES[code - 30];
      else if (code >= 90 && code <= 97) this.#style.front = `bright-${NAMES[code - 90]}`;
      else if (code >= 40 && code <= 47) this.#style.back = NAMES[code - 40];
      else if (code >= 100 && code <= 107) this.#style.back = `bright-${NAMES[code - 100]}`;
      else if (code === 39) this.#style.front = "";
      else if (code === 49) this.#style.back = "";
      else if (code === 38 || code === 48) this.#style[code === 38 ? "front" : "back"] = extended(numbers);
    }
  }

  #classes() {
    const { front, back, ...switches } = this.#style;
    const names = [front && `ansi-${front}`, back && `ansi-on-${back}`];
    for (const [name, on] of Object.entries(switches)) names.push(on && `ansi-${name}`);
    return names.filter(Boolean).join(" ");
  }

  /** What is on the screen, as nodes. */
  render() {
    const nodes = document.createDocumentFragment();
    const last = this.#lines.findLastIndex((line) => line.text.trim() !== "");
    let plain = "";
    this.#lines.slice(0, last + 1).forEach((line, index) => {
      if (index) plain += "\n";
      if (!line.marks?.some(Boolean)) {
        plain += line.text;
        return;
      }
      nodes.append(plain, runs(line));
      plain = "";
    });
    nodes.append(plain);
    return nodes;
  }
}

function runs(line) {
  const nodes = document.createDocumentFragment();
  let start = 0;
  for (let index = 1; index <= line.text.length; index += 1) {
    if (index < line.text.length && (line.marks[index] ?? "") === (line.marks[start] ?? "")) continue;
    const text = line.text.slice(start, index);
    if (line.marks[start]) {
      const span = document.createElement("span");
      span.className = line.marks[start];
      span.textContent = text;
      nodes.append(span);
    } else {
      nodes.append(text);
    }
    start = index;
  }
  return nodes;
}

function number(text) {
  return /^\d+$/.test(text) ? Number(text.slice(0, 6)) : 0;
}

/** The nearest named colour to a 256-colour or 24-bit one; takes its numbers off the list. */
function extended(numbers) {
  const kind = numbers.shift();
  if (kind === 5 && numbers.length) {
    const index = Math.min(255, numbers.shift());
    if (index < 16) return index < 8 ? NAMES[index] : `bright-${NAMES[index - 8]}`;
    if (index > 231) return index > 243 ? "white" : "bright-black";
    const step = index - 16;
    return byLight([Math.floor(step / 36), Math.floor(step / 6) % 6, step % 6].map((part) => part / 5));
  }
  if (kind === 2 && numbers.length >= 3) return byLight(numbers.splice(0, 3).map((part) => part / 255));
  numbers.length = 0; // cut short: what is left would be read as other commands
  return "";
}

function byLight(parts) {
  const [red, green, blue] = parts.map((part) => part > Math.max(...parts) * 0.6 && part > 0.2);
  return NAMES[(red ? 1 : 0) + (green ? 2 : 0) + (blue ? 4 : 0)];
}
