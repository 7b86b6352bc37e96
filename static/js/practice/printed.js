// Printed text and tracebacks as nodes: all that is shown of code without any HTML of its own.

import { Terminal } from "./terminal.js";

/** nbformat's "multiline string": one string, or a list of its lines. */
export function joined(value) {
  if (Array.isArray(value)) return value.filter((part) => typeof part === "string").join("");
  return typeof value === "string" ? value : "";
}

/** An empty box of text that the keyboard can scroll. */
export function preNode(name) {
  const node = document.createElement("pre");
  node.className = `output ${name}`;
  node.tabIndex = 0;
  return node;
}

/** A sentence of the page's own among outputs. */
export function note(words) {
  const node = document.createElement("p");
  node.className = "output-note";
  node.textContent = words;
  return node;
}

/** Text with colours, bounded, in a box that the keyboard can scroll. */
export function textNode(text, name = "output-text") {
  const terminal = new Terminal();
  terminal.write(text);
  const node = preNode(name);
  node.append(terminal.render());
  return node;
}

/** A traceback as notebooks show it, from nbformat's error output or from a result's `raised`. */
export function errorNode(error) {
  const lines = Array.isArray(error.traceback) ? error.traceback.map(joined).join("\n") : joined(error.traceback);
  const summary = `${joined(error.ename ?? error.type)}: ${joined(error.evalue ?? error.message)}`;
  return textNode(lines.trim() ? lines : summary, "output-error");
}
