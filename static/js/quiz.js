// Autosave of an answer that is chosen and not checked yet: after a pause, and when the page goes. The server puts it back
// into the form at the next visit. Nothing of it is judged.

import { backoff, blockAddress, Refused, readPage, send } from "./practice/page.js";

const PAUSE = 800; // ms without a change before a save
const page = readPage();
const drafts = new Map(); // block id → what waits to be saved

function answerOf(form) {
  const kind = form.elements.kind.value;
  if (kind === "numeric" || kind === "text") return form.elements.value.value;
  const chosen = [...form.querySelectorAll('[name="choice"]:checked')].map((box) => box.value);
  return kind === "single" ? (chosen[0] ?? "") : chosen;
}

function note(block, words) {
  const place = document.querySelector(`[data-block="${CSS.escape(block)}"] [data-saved]`);
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}

async function save(block, { leaving = false } = {}) {
  const draft = drafts.get(block);
  if (!draft || (draft.busy && !leaving)) return;
  clearTimeout(draft.timer);
  const { answer } = draft;
  draft.busy = true;
  try {
    await send("PUT", blockAddress(page, block, "work"), { answer }, { leaving });
    if (draft.answer === answer) {
      drafts.delete(block);
      note(block, "Answer saved, not checked yet");
    }
  } catch (error) {
    if (error instanceof Refused && !error.isPassing) {
      drafts.delete(block);
      note(block, "This answer is not saved; check it before you leave");
    } else {
      note(block, "Not saved yet: the server cannot be reached");
      draft.timer = setTimeout(() => save(block), backoff(draft.tries++));
    }
    return;
  } finally {
    draft.busy = false;
  }
  if (drafts.has(block)) save(block);
}

function changed(event) {
  const form = event.target.closest?.(".quiz-form");
  if (!form) return;
  const { block } = form.closest("[data-block]").dataset;
  const draft = drafts.get(block) ?? { tries: 0, busy: false };
  clearTimeout(draft.timer);
  draft.answer = answerOf(form);
  draft.timer = setTimeout(() => save(block), PAUSE);
  drafts.set(block, draft);
  note(block, "");
}

if (page?.enrolled) {
  document.addEventListener("input", changed);
  // What is being checked needs no draft any more.
  document.addEventListener("submit", (event) => {
    const block = event.target.closest?.("[data-quiz]")?.dataset.block;
    clearTimeout(drafts.get(block)?.timer);
    drafts.delete(block);
  });
  addEventListener("pagehide", () => {
    for (const block of drafts.keys()) save(block, { leaving: true });
  });
}
