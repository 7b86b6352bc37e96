// Putting the items of lists into another order, by dragging a handle or by its arrow keys. Lists of one group exchange
// items. Knows nothing of what the items are: `moved` is told, and may announce it.

// `lists()` gives the group's lists in their order on the page; `item` is the items' selector.
export function sortable({ root, lists, item, moved }) {
  let dragged = null;
  let home = null; // where the dragged item came from, for a cancelled drag

  // The item that a handle moves, if it is ours: a lesson's handle is inside a module too.
  const ownerOf = (handle) => {
    const owner = handle?.closest("[data-item]");
    return owner?.matches(item) && lists().includes(owner.parentElement) ? owner : null;
  };
  const itemsOf = (list) => [...list.children].filter((child) => child.matches(item));

  root.addEventListener("dragstart", (event) => {
    const handle = event.target.closest?.("[data-handle]");
    const found = ownerOf(handle);
    if (!found) return;
    dragged = found;
    home = { list: found.parentElement, next: found.nextElementSibling };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    event.dataTransfer.setDragImage(found, 24, 16);
    requestAnimationFrame(() => found.classList.add("is-dragged"));
  });

  root.addEventListener("dragover", (event) => {
    if (!dragged) return;
    const list = lists().find((candidate) => candidate.contains(event.target)) ?? nearest(event.clientY);
    if (!list || dragged.contains(list)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    const next = itemsOf(list).find((other) => other !== dragged && event.clientY < middle(other));
    const before = next ?? itemsOf(list).at(-1)?.nextElementSibling ?? null;
    if (before === dragged || (dragged.parentElement === list && dragged.nextElementSibling === before)) return;
    list.insertBefore(dragged, before);
  });

  root.addEventListener("drop", (event) => {
    if (dragged) event.preventDefault();
  });

  root.addEventListener("dragend", (event) => {
    if (!dragged) return;
    const found = dragged;
    dragged = null;
    found.classList.remove("is-dragged");
    const isSame = found.parentElement === home.list && found.nextElementSibling === home.next;
    if (event.dataTransfer.dropEffect === "none") home.list.insertBefore(found, home.next);
    else if (!isSame) moved(found);
  });

  root.addEventListener("keydown", (event) => {
    const handle = event.target.closest?.("[data-handle]");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const found = ownerOf(handle);
    if (!step || !found) return;
    event.preventDefault();
    if (shift(found, step)) handle.focus();
  });

  function middle(element) {
    const box = element.getBoundingClientRect();
    return box.top + box.height / 2;
  }

  function nearest(y) {
    const distance = (list) => {
      const box = list.getBoundingClientRect();
      return Math.max(box.top - y, y - box.bottom, 0);
    };
    return lists().toSorted((one, other) => distance(one) - distance(other))[0];
  }

  // One place up or down, into the neighbouring list at an end. Returns whether there was room.
  function shift(found, step) {
    const list = found.parentElement;
    const siblings = itemsOf(list);
    const other = siblings[siblings.indexOf(found) + step];
    if (other) {
      list.insertBefore(found, step < 0 ? other : other.nextElementSibling);
    } else {
      const all = lists();
      const neighbour = all[all.indexOf(list) + step];
      if (!neighbour) return false;
      const first = itemsOf(neighbour)[0] ?? null;
      if (step > 0) neighbour.insertBefore(found, first ?? neighbour.firstElementChild);
      else neighbour.append(found);
    }
    moved(found);
    return true;
  }

  return { shift };
}

// A handle and two buttons, for both editors alike.
export function moveButtons(name, shift) {
  const handle = Object.assign(document.createElement("button"), { type: "button", className: "grip", draggable: true });
  handle.dataset.handle = "";
  handle.setAttribute("aria-label", `Move ${name}: drag, or use the arrow keys`);
  handle.title = "Drag, or use the arrow keys";
  const buttons = [
    ["up", "↑", -1],
    ["down", "↓", 1],
  ].map(([word, sign, step]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "icon-button", textContent: sign });
    button.setAttribute("aria-label", `Move ${name} ${word}`);
    button.title = `Move ${word}`;
    button.addEventListener("click", () => {
      shift(button, step);
      button.focus();
    });
    return button;
  });
  return [handle, ...buttons];
}
