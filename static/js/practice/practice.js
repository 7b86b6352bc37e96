// The entry of practice on a lesson's page: finds cells, exercises and predictions by their data attributes and gives them
// one Python between them. Nothing of Python is asked for, and nothing runs, before somebody presses Run.

import { Cells } from "./cells.js";
import { loadEditor } from "./editor.js";
import { Exercise } from "./exercises.js";
import { readPage } from "./page.js";
import { Predictions } from "./predictions.js";
import { Session } from "./session.js";

// Folded Python runs too, for what it defines; a note says of a cell that it needs Jupyter.
const CELLS = '.cell[data-run="interactive"], .cell[data-run="hidden"][data-language="python"]:not(:has(> * > .cell-note))';
const HINT = "practice-hint";
const TICK = 5000; // ms between two readings of "saved … ago"

function addHint() {
  const hint = document.createElement("p");
  hint.id = HINT;
  hint.hidden = true; // read as a description of each code, not on its own
  hint.textContent = "Enter to edit. Shift and Enter to run. Escape leaves the editor, then Tab goes on.";
  document.body.append(hint);
}

function equipPredictions(session) {
  for (const section of document.querySelectorAll("section.predictions[data-predictions]:not([data-taking])")) {
    section.dataset.taking = "";
    new Predictions(section, { session });
  }
}

function begin(page) {
  const session = new Session(page);
  const cells = new Cells();
  const places = [...document.querySelectorAll(CELLS)].filter((cell) => cell.querySelector("pre.cell-source"));
  addHint();
  for (const place of places) cells.add(place, { page, session, hint: HINT });
  const exercises = [...document.querySelectorAll("section.exercise[data-block]")]
    .filter((section) => section.dataset.block in page.exercises)
    .map((section, index) => new Exercise(section, { number: index + 1, page, session, hint: HINT }));
  equipPredictions(session);
  document.addEventListener("htmx:after:swap", () => equipPredictions(session)); // an answer brings a new form
  session.watch(() => {
    if (!session.hasNames) cells.forget();
  });
  setInterval(() => {
    if (document.hidden) return;
    cells.sayStates();
    for (const exercise of exercises) exercise.sayState();
  }, TICK);
  // Code that is shown changed has no colours yet; the editor's bundle gives them when nothing else is to do.
  if (Object.keys(page.work).length) {
    (window.requestIdleCallback ?? setTimeout)(() => loadEditor().catch(() => {}));
  }
}

const page = readPage();
if (page?.runtime) begin(page);
