// Pictures open at full width in a dialog, by click or by keyboard.

const SMALLEST = 160; // px: icons and inline signs are not worth a dialog

let dialog;

function open(picture) {
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "zoom-dialog";
    dialog.innerHTML =
      '<form method="dialog" class="dialog-head"><span></span>' +
      '<button class="button button-plain">Close</button></form><img alt="">';
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.matches("img")) dialog.close();
    });
    document.body.append(dialog);
  }
  const large = dialog.querySelector("img");
  large.src = picture.currentSrc || picture.src;
  large.alt = picture.alt;
  // At most twice its own size: beyond that a plot is only blurred.
  large.width = Math.min(picture.naturalWidth * 2, window.innerWidth - 64);
  dialog.setAttribute("aria-label", picture.alt || "Picture");
  dialog.querySelector("span").textContent = picture.alt;
  dialog.showModal();
}

function equip(picture) {
  if (picture.naturalWidth < SMALLEST || picture.closest("a, button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "zoom";
  button.setAttribute("aria-label", `Enlarge: ${picture.alt || "picture"}`);
  button.addEventListener("click", () => open(picture));
  picture.replaceWith(button);
  button.append(picture);
}

for (const picture of document.querySelectorAll("[data-lesson] img")) {
  if (picture.complete && picture.naturalWidth) equip(picture);
  else picture.addEventListener("load", () => equip(picture), { once: true });
}
