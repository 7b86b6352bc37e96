// Boxes that scroll sideways: say on which side there is more (a soft edge), and let the keyboard reach them.

const SLACK = 2; // px; browsers round

function mark(box) {
  const hidden = box.scrollWidth - box.clientWidth;
  const before = Math.abs(box.scrollLeft) > SLACK;
  const after = hidden - Math.abs(box.scrollLeft) > SLACK;
  if (before || after) box.dataset.more = before && after ? "both" : before ? "start" : "end";
  else delete box.dataset.more;
  const scrolls = hidden > SLACK || box.scrollHeight - box.clientHeight > SLACK;
  if (scrolls && !box.hasAttribute("tabindex")) box.tabIndex = 0;
}

const watch = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));

function attend(box) {
  box.addEventListener("scroll", () => mark(box), { passive: true });
  watch.observe(box);
}

document.querySelectorAll(".table-scroll, .formula, pre.highlight, .output").forEach(attend);
// Editors and outputs that come later say so themselves.
document.addEventListener("box:added", (event) => attend(event.target));
