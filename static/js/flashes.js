// A button on each message to put it away. Nothing disappears by itself: people read at their own pace.

for (const flash of document.querySelectorAll("[data-flash]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-plain button-icon";
  button.setAttribute("aria-label", "Dismiss");
  button.textContent = "×";
  button.addEventListener("click", () => flash.remove());
  flash.append(button);
}
