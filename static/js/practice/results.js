// Results of an exercise's visible checks, written into the page's own list of them: passed or not by sign and word, what
// was called, what came back, what was expected. Text only: everything in a result comes out of somebody's code.

import { errorNode, textNode } from "./printed.js";

const FACTS = [
  ["called", "Called"],
  ["returned", "Came back"],
  ["expected", "Expected"],
];

/** Writes each result into its item of the list; items without one stay as they are. */
export function showResults(list, results) {
  const items = [...(list?.querySelectorAll(":scope > li") ?? [])];
  clearResults(list);
  results.forEach((result, index) => {
    const item = items[index];
    if (!item) return;
    item.dataset.state = result.passed ? "passed" : "failed";
    const word = document.createElement("span");
    word.className = "check-word";
    word.textContent = result.passed ? "Passed" : "Not yet";
    item.prepend(word, " ");
    if (!result.passed) item.append(details(result, item.textContent));
  });
}

/** The list as it was before any run. */
export function clearResults(list) {
  for (const item of list?.querySelectorAll(":scope > li[data-state]") ?? []) {
    delete item.dataset.state;
    const word = item.querySelector(":scope > .check-word");
    if (word?.nextSibling?.nodeType === Node.TEXT_NODE) word.nextSibling.remove();
    word?.remove();
    item.querySelector(":scope > .check-details")?.remove();
  }
}

function details(result, said) {
  const box = document.createElement("div");
  box.className = "check-details";
  const facts = document.createElement("dl");
  facts.className = "check-facts";
  for (const [name, words] of FACTS) {
    const value = typeof result[name] === "string" ? result[name] : "";
    if (!value || (name === "called" && said.includes(value) && !result.returned)) continue;
    const term = document.createElement("dt");
    term.textContent = words;
    const code = document.createElement("code");
    code.textContent = value;
    const definition = document.createElement("dd");
    definition.append(code);
    facts.append(term, definition);
  }
  if (facts.childElementCount) box.append(facts);
  // The author's own message may already stand in the item.
  if (result.message && !said.includes(result.message)) {
    const message = document.createElement("p");
    message.textContent = result.message;
    box.append(message);
  }
  return box;
}

/** Nodes for what the run printed and how it ended. */
export function runNodes({ stdout, error }) {
  const nodes = [];
  if (stdout?.trim()) {
    const title = document.createElement("p");
    title.className = "run-title";
    title.textContent = "Printed by your code";
    nodes.push(title, textNode(stdout));
  }
  if (error) nodes.push(errorNode(error));
  return nodes;
}

/** "2 of 3 checks pass in your browser": the sentence above a run's results. */
export function summary({ error, results }) {
  if (error) return "Your code ended with an error before the checks could run.";
  const passed = results.filter((result) => result.passed).length;
  if (!results.length) return "Your code ran. It has no visible checks; submit it for the verdict.";
  if (passed < results.length) return `${passed} of ${results.length} checks pass in your browser.`;
  return "All checks pass in your browser. Submit for the verdict.";
}
