// Single keys: j and k go through the blocks, r runs the one with the focus, / searches, ? shows this help. None while typing; they can be switched off.

const SWITCH = "keys"; // in localStorage: "off" when the reader does not want them
const dialog = document.querySelector("[data-keys]");
const box = dialog?.querySelector("[data-keys-on]");
let active = -1;

function wanted() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true; // storage is forbidden: then the choice lives as long as the page
  }
}

function isTyping(target) {
  return target.closest?.("input, textarea, select, [contenteditable], dialog[open]") !== null;
}

function blocks() {
  return [...document.querySelectorAll("[data-lesson] > .block")];
}

function go(step) {
  const all = blocks();
  if (!all.length) return;
  all[active]?.removeAttribute("data-active");
  if (active < 0) {
    // Begin at what is on the screen, not at the top of the lesson.
    active = all.findIndex((block) => block.getBoundingClientRect().bottom > 80) - (step > 0 ? 1 : 0);
  }
  active = Math.max(0, Math.min(all.length - 1, active + step));
  const block = all[active];
  block.dataset.active = "";
  block.tabIndex = -1;
  block.focus({ preventScroll: true });
  block.scrollIntoView({ block: block.offsetHeight > window.innerHeight * 0.8 ? "start" : "center" });
}

const ACTIONS = {
  j: () => go(1),
  k: () => go(-1),
  // A cell, or an exercise's checks: practice.js gives them the buttons, and a page without it has none.
  r: () => {
    const block = document.activeElement?.closest("[data-lesson] > .block") ?? blocks()[active];
    block?.querySelector("[data-run-cell], [data-run-checks]")?.click();
  },
  "?": () => dialog.showModal(),
  "/": () => {
    const field = document.querySelector("[data-search]");
    if (field?.checkVisibility()) field.focus();
    else document.querySelector(".header-search-link")?.click();
  },
};

if (dialog && box) {
  box.checked = wanted();
  document.querySelector("[data-keys-hint]")?.removeAttribute("hidden");
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, box.checked ? "on" : "off");
    } catch {
      // storage is forbidden: the box itself keeps the choice for this page
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.composedPath()[0])) return;
    const action = ACTIONS[event.key];
    if (!action || !box.checked) return;
    event.preventDefault();
    action();
  });
  document.addEventListener("pointerdown", () => {
    blocks()[active]?.removeAttribute("data-active");
    active = -1;
  });
}
