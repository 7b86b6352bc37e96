// "On this page": marks the section being read and says how much of the lesson is read. A link to a place that is on
// another part of a long lesson is followed there.

const list = document.querySelector("[data-toc]");
const lesson = document.querySelector("[data-lesson]");
const share = document.querySelector("[data-read]");

if (list && lesson) {
  const links = [...list.querySelectorAll('a[href^="#"]')];
  const parts = links
    .map((link) => ({ link, heading: document.getElementById(decodeURIComponent(link.hash.slice(1))) }))
    .filter((part) => part.heading);
  let waiting = false;

  const update = () => {
    waiting = false;
    const line = window.innerHeight * 0.3;
    const atEnd = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 2;
    const passed = parts.filter((part) => part.heading.getBoundingClientRect().top <= line);
    const here = atEnd ? parts.at(-1) : passed.at(-1);
    for (const { link } of parts) {
      if (link === here?.link) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (share) {
      const box = lesson.getBoundingClientRect();
      const done = (window.innerHeight - box.top) / box.height;
      share.textContent = `${Math.round(Math.max(0, Math.min(1, done)) * 100)} % read`;
      share.hidden = false;
    }
  };
  const ask = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(update);
  };
  window.addEventListener("scroll", ask, { passive: true });
  new ResizeObserver(ask).observe(lesson);
}

// The server never sees what stands behind the "#", so an old link to a heading may open the wrong part.
function findPlace() {
  let id;
  try {
    id = decodeURIComponent(location.hash.slice(1));
  } catch {
    return; // no name that this site gives
  }
  const asked = new URLSearchParams(location.search).get("at");
  if (!id || asked === id || document.getElementById(id)) return;
  location.replace(`?at=${encodeURIComponent(id)}${location.hash}`);
}
if (Number(lesson?.dataset.parts) > 1) {
  findPlace();
  window.addEventListener("hashchange", findPlace);
}

// A long outline opens at the lesson one is in, not at its top.
const here = document.querySelector("#outline [aria-current]");
const side = here?.closest(".lesson-side");
if (side && side.scrollHeight > side.clientHeight) {
  const below = here.getBoundingClientRect().bottom - side.getBoundingClientRect().top - side.clientHeight * 0.8;
  if (below > 0) side.scrollTop = below + side.clientHeight * 0.4;
}
