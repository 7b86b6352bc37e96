// The theme switch without a reload. The form works alone; here the answer is only awaited, never shown.

const form = document.querySelector("[data-theme-form]");

form?.addEventListener("submit", async (event) => {
  const chosen = event.submitter?.value;
  if (!chosen) return;
  event.preventDefault();
  document.documentElement.dataset.theme = chosen;
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === chosen));
  }
  const picture = form.closest("details").querySelector("summary use");
  picture.setAttribute("href", picture.getAttribute("href").replace(/#.*$/, `#${chosen}`));
  const body = new FormData(form, event.submitter);
  try {
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    // A redirect that is not followed has status 0: that is success here.
    if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error(`theme: ${answer.status}`);
  } catch {
    // Not kept on the server: the plain form says why (no network, an old token).
    const choice = Object.assign(document.createElement("input"), { type: "hidden", name: "theme", value: chosen });
    form.append(choice);
    form.submit();
  }
});
