// The outline of a course: modules and lessons are dragged, or moved by buttons and arrow keys, in place of typing numbers.
// The numbers and module choices are still there, hidden, and still what is sent.

import { moveButtons, sortable } from "./admin-sorting.js";
import { guardUnsaved } from "./admin-unsaved.js";

const outline = document.querySelector("[data-outline]");
const form = outline?.closest("form");
const isEditable = outline?.querySelector("[data-place] input");

if (form && isEditable) {
  const guard = guardUnsaved(form);
  const says = outline.querySelector("[data-outline-says]");
  const modules = outline.querySelector('[data-sortable="module"]');
  const lessonLists = () => [...outline.querySelectorAll('[data-sortable="lesson"]')];
  const itemsOf = (list) => [...list.children].filter((child) => child.matches("[data-item]"));
  const titleOf = (item) => item.querySelector(":scope > .outline-title a, :scope > .outline-head input[type=text]");

  const number = () => {
    itemsOf(modules).forEach((module, index) => {
      place(module.querySelector(":scope > .outline-head"), index);
      const lessons = module.querySelector('[data-sortable="lesson"]');
      itemsOf(lessons).forEach((lesson, at) => {
        place(lesson, at);
        const home = lesson.querySelector("[data-home] select");
        if (home) home.value = lessons.dataset.module;
      });
    });
  };

  const place = (line, index) => {
    const input = line.querySelector(":scope > [data-place] input");
    if (input) input.value = String(index + 1);
  };

  const moved = (item) => {
    number();
    guard.mark();
    const list = item.parentElement;
    const title = titleOf(item);
    const room = list.closest(".outline-module");
    const where = room ? ` in ${titleOf(room)?.value ?? ""}` : "";
    const at = itemsOf(list).indexOf(item) + 1;
    says.textContent = `${title?.value ?? title?.textContent}: place ${at} of ${itemsOf(list).length}${where}`;
  };

  const lessons = sortable({ root: outline, lists: lessonLists, item: ".outline-lesson", moved });
  const rooms = sortable({ root: outline, lists: () => [modules], item: ".outline-module", moved });
  for (const slot of outline.querySelectorAll("[data-moves]")) {
    const sorter = slot.closest(".outline-lesson") ? lessons : rooms;
    const selector = slot.closest(".outline-lesson") ? ".outline-lesson" : ".outline-module";
    slot.append(...moveButtons(slot.dataset.moves, (button, step) => sorter.shift(button.closest(selector), step)));
  }
  outline.querySelector("[data-outline-help]").textContent =
    "Drag by the handle, or use the buttons and arrow keys. Save to apply.";
  outline.classList.add("is-enhanced");
} else if (form) {
  guardUnsaved(form);
}
