// Choosing a picture from one's machine: it is stored at once, named by its content, and the block then refers to it.

import { element } from "./admin-controls.js";

export function pictureButton(editor, block, input, tools) {
  const note = element("p", { className: "bf-help" });
  note.setAttribute("role", "status");
  const picker = element("input", { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp,image/svg+xml", className: "bf-file" });
  picker.setAttribute("aria-label", "Choose a picture to store");
  picker.addEventListener("change", async () => {
    const [file] = picker.files;
    if (!file) return;
    note.textContent = "Storing…";
    const body = new FormData();
    body.append("picture", file);
    try {
      const answer = await fetch(editor.textarea.dataset.pictures, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": editor.token },
        body,
      });
      if (answer.redirected || !(answer.headers.get("Content-Type") ?? "").includes("json")) {
        throw new Error(`the server said ${answer.redirected ? "to log in again" : answer.status}`);
      }
      const data = await answer.json();
      if (!answer.ok) throw new Error(data.error);
      block.asset = data.file;
      for (const side of ["width", "height"]) {
        if (data[side]) block[side] = data[side];
        else delete block[side];
      }
      tools.changed();
      tools.rebuild("alt");
    } catch (error) {
      note.textContent = `Not stored: ${error.message}`;
      picker.value = "";
    }
  });
  return element("div", { className: "bf-upload" }, picker, note);
}
