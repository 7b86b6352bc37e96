// Menus and drawers made of <details>: Escape and a click elsewhere close a menu, opening one closes the others.

const menus = [...document.querySelectorAll("[data-menu]")];

document.addEventListener("click", (event) => {
  for (const menu of menus) {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

for (const menu of menus) {
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}

// A drawer (data-drawer: the width from which it stands at the side) is shown there by the style sheet alone; saying so
// in the document too keeps assistive tools from taking it for closed. Below that width it covers the text it leads to,
// so it closes when one of its links within the page is followed.
for (const drawer of document.querySelectorAll("[data-drawer]")) {
  const aside = matchMedia(`(width >= ${drawer.dataset.drawer})`);
  const place = () => {
    drawer.open = aside.matches;
  };
  place();
  aside.addEventListener("change", place);
  drawer.addEventListener("click", (event) => {
    if (!aside.matches && event.target.closest?.('a[href^="#"]')) drawer.open = false;
  });
}
