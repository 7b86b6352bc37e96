// A copy button over code that says "Copied". The words are those of the source, never of the outputs.

const SAID_FOR = 1800; // ms

function label(button, state, words) {
  if (state) button.dataset.state = state;
  else delete button.dataset.state;
  button.textContent = words;
}

for (const place of document.querySelectorAll(".cell, .code-block")) {
  const source = place.querySelector("pre.highlight");
  if (!source || !navigator.clipboard) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.setAttribute("aria-live", "polite");
  label(button, "", "Copy");
  let timer;
  button.addEventListener("click", async () => {
    clearTimeout(timer);
    try {
      await navigator.clipboard.writeText(source.textContent.replace(/\n$/, ""));
      label(button, "copied", "Copied ✓");
    } catch {
      label(button, "failed", "Select and copy by hand");
    }
    timer = setTimeout(() => label(button, "", "Copy"), SAID_FOR);
  });
  (place.querySelector(".cell-bar") ?? place).append(button);
}
