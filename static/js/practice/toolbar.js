// The buttons and words of practice, built once for cells and exercises. Owns their looks in the DOM and the rule that a
// button which is pressed never vanishes under the keyboard; knows nothing of what they do.

const ICONS = new URL("../../img/icons.svg", import.meta.url).href;
const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.classList.add("icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${ICONS}#${name}`);
  picture.append(use);
  return picture;
}

/** A button of a bar; `words` are read out and shown where there is room. */
export function tool(name, words, onClick, { key = "", short = false } = {}) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = short ? "tool tool-short" : "tool";
  const label = document.createElement("span");
  label.className = "tool-words";
  label.textContent = words;
  button.append(icon(name), label);
  if (short) button.title = words;
  if (key) button.setAttribute("aria-keyshortcuts", key);
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") onClick();
  });
  return button;
}

/** Unavailable for now, but still where the keyboard is. */
export function setBusy(button, busy) {
  button.setAttribute("aria-disabled", String(busy));
}

/** Hides or shows; the keyboard moves to `next` rather than to nowhere. */
export function setShown(button, shown, next) {
  if (!shown && button === document.activeElement) next?.focus({ preventScroll: true });
  button.hidden = !shown;
}

/** A line of words; empty words hide it. A live one is read out at once, so it must not change with the clock. */
export class Words {
  constructor(className, { live = false } = {}) {
    this.element = document.createElement("p");
    this.element.className = className;
    this.element.lang = document.documentElement.lang; // the lesson around it may be in another language
    if (live) this.element.setAttribute("role", "status");
  }

  say(words, tone = "", ...more) {
    if (this.element.textContent === words && this.element.dataset.tone === tone && !more.length) return;
    this.element.replaceChildren(words, ...more);
    this.element.dataset.tone = tone;
  }
}

/** A reason with its full stop. */
export function sentence(words) {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

let speaker = null;

/** Says something to who listens instead of looking; one place for the whole page, so that states do not talk at once. */
export function announce(words) {
  if (!speaker) {
    speaker = new Words("visually-hidden", { live: true });
    document.body.append(speaker.element);
  }
  speaker.say("");
  requestAnimationFrame(() => speaker.say(words)); // the same words twice are said twice
}

/** "3 s ago", "2 min ago", "at 14:05". */
export function ago(moment) {
  const seconds = Math.max(0, Math.round((Date.now() - moment) / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `at ${new Date(moment).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
  return `on ${new Date(moment).toLocaleDateString([], { day: "numeric", month: "short" })}`;
}

/** A way to log in that leads back to this lesson. */
export function loginLink() {
  const link = document.createElement("a");
  link.href = `/accounts/login/?next=${encodeURIComponent(location.pathname)}`;
  link.textContent = "Log in";
  return link;
}

/** Words for a draft's state: `{brief, long, tone, more}`; the brief stand in the bar, the long and more on a line of their own. */
export function draftWords(state) {
  switch (state.kind) {
    case "changed":
      return { brief: "unsaved" };
    case "saving":
      return { brief: "saving…" };
    case "saved":
      return { brief: `saved ${ago(state.at)}` };
    case "offline":
      return {
        brief: "not saved",
        long: `Not saved: offline${state.kept ? ", kept on this device" : ""}. It is sent as soon as the server can be reached.`,
        tone: "careful",
      };
    case "refused":
      return {
        brief: "not saved",
        long: `Not saved: ${state.why}.${state.kept ? " Your code is kept on this device." : ""} `,
        tone: "careful",
        more: state.isLoggedOut ? [loginLink()] : [],
      };
    case "preview":
      return { brief: "not kept", long: "Enrol to keep your changes." };
    default:
      return { brief: "" };
  }
}
