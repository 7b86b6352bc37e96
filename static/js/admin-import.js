// A running import shows its progress without a reload: a small JSON answer every second, then the page once more.
// Without this script the page's “Refresh” link does the same.

const PAUSE = 1000; // milliseconds
const LONGEST_PAUSE = 15_000; // after answers that did not come

const box = document.querySelector("[data-import]");
const bar = box.querySelector("progress");
const what = box.querySelector("[data-import-what]");
const waits = box.querySelector("[data-import-waits]");
const label = document.querySelector("[data-import-label]");
let pause = PAUSE;

function show(state) {
  if (state.total > 0) {
    bar.max = state.total;
    bar.value = state.done;
  } else {
    bar.removeAttribute("value");
  }
  // A status line is read aloud: the file's name changes too often for that, the step does not.
  what.setAttribute("aria-live", "off");
  what.textContent = state.what;
  label.textContent = state.label;
  waits.hidden = !state.waits_long;
}

async function ask() {
  try {
    const answer = await fetch(box.dataset.import, { headers: { Accept: "application/json" }, redirect: "error" });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const state = await answer.json();
    show(state);
    if (state.is_over) {
      location.reload();
      return;
    }
    pause = PAUSE;
  } catch (error) {
    pause = Math.min(pause * 2, LONGEST_PAUSE);
    what.textContent = `The server does not answer; asking again in ${Math.round(pause / 1000)} s.`;
    console.warn(error);
  }
  setTimeout(ask, pause);
}

box.querySelector("[data-import-refresh]").closest("p").hidden = true;
setTimeout(ask, pause);
