// Around the forms of blocks that htmx sends: what comes back must be that block; anything else (log-in page, error, no
// network) must neither land in the page nor be lost silently. Reads the verdict out, and keeps the keyboard's place.

const region = document.querySelector("[data-verdicts]");

function say(form, words) {
  const note = form.querySelector("[data-block-failed]");
  if (!note) return;
  note.textContent = words;
  note.hidden = false;
}

function isExpected(text, block) {
  return new DOMParser().parseFromString(text, "text/html").querySelector(`[data-block="${CSS.escape(block)}"]`) !== null;
}

document.addEventListener("htmx:before:request", (event) => {
  const form = event.detail.ctx.sourceElement;
  if (!form?.matches?.("[data-block-form]")) return;
  form.dataset.sent = form.closest("[data-block]").dataset.block;
  event.detail.ctx.asked = form; // after the swap the source is no longer it, because it is gone from the page
  const note = form.querySelector("[data-block-failed]");
  if (note) note.hidden = true;
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement;
  if (!form?.matches?.("[data-block-form]")) return;
  if (isExpected(ctx.text, form.dataset.sent)) return;
  event.preventDefault();
  if (ctx.response.raw.redirected) {
    // The session is over: log in, and come back to this lesson.
    const login = new URL(ctx.response.raw.url);
    login.searchParams.set("next", location.pathname);
    location.assign(login);
    return;
  }
  say(form, `Not sent (the server answered ${ctx.response.status}). Reload the page and try again.`);
});

document.addEventListener("htmx:error", (event) => {
  const form = event.detail.ctx?.sourceElement;
  if (form?.matches?.("[data-block-form]")) {
    say(form, "Not sent: the server cannot be reached. What you wrote is still here; try again in a moment.");
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  const form = event.detail.ctx.asked;
  const block = form && document.querySelector(`[data-block="${CSS.escape(form.dataset.sent)}"]`);
  if (!block) return;
  // What came: a hint or the solution, else the verdict.
  const news = form.matches("[data-shows]") ? [...block.querySelectorAll("[data-shown]")].at(-1) : block.querySelector("[data-result]");
  if (region && news) region.textContent = news.textContent.trim().replace(/\s+/g, " ");
  // htmx gives the focus back to what has the same id; where that is gone, the news is the next thing to read.
  if (document.activeElement === document.body) (news ?? block.querySelector("button"))?.focus({ preventScroll: true });
  // Feedback above the button has pushed it down, perhaps off the screen.
  if (block.contains(document.activeElement)) document.activeElement.scrollIntoView({ block: "nearest" });
});

// An exercise's verdict is fetched by its own script: its new forms are htmx's too, and the lesson may be complete by it.
document.addEventListener("practice:verdict", async (event) => {
  window.htmx?.process(event.target);
  const completion = document.getElementById("completion");
  if (event.detail?.verdict !== "passed" || !completion?.querySelector("button[disabled]")) return;
  try {
    const block = encodeURIComponent(event.target.dataset.block);
    const answer = await fetch(`${location.pathname}blocks/${block}/`, { headers: { Accept: "text/html" }, redirect: "error" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = answer.ok && page.getElementById("completion");
    if (!fresh) return;
    fresh.removeAttribute("hx-swap-oob");
    completion.replaceWith(fresh);
    window.htmx?.process(fresh);
  } catch {
    // No network: the form stays as it is, and a reload shows it open.
  }
});
