// Around htmx's completion form: what comes back must be that form; anything else (log-in page, error, no network) must
// neither land in the page nor be lost silently.

const EXPECTED = 'id="completion"';

function say(form, words) {
  const note = form.querySelector("[data-completion-failed]");
  if (!note) return;
  note.textContent = words;
  note.hidden = false;
}

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement;
  if (!form?.matches?.("[data-completion]")) return;
  if (ctx.response.status < 400 && ctx.text.includes(EXPECTED)) return;
  event.preventDefault();
  if (ctx.response.raw.redirected) {
    // The session is over: log in, and come back to this lesson.
    const login = new URL(ctx.response.raw.url);
    login.searchParams.set("next", location.pathname);
    location.assign(login);
    return;
  }
  const wait = ctx.response.status === 429 && ctx.response.raw.headers.get("Retry-After");
  if (wait) say(form, `Not saved: that was too often in a short time. Try again in ${wait} seconds.`);
  else say(form, `Not saved (the server answered ${ctx.response.status}). Reload the page and try again.`);
});

document.addEventListener("htmx:error", (event) => {
  const form = event.detail.ctx?.sourceElement;
  if (form?.matches?.("[data-completion]")) say(form, "Not saved: the server cannot be reached. Try again in a moment.");
});
