// One exercise: the form's text area becomes the editor, visible checks run in the page, and the code is handed in for the
// server's verdict. What the server says is shown as the server has rendered it; nothing here decides that it is passed.

import { Submission, inLine, pollDelay } from "./attempts.js";
import { CodeView } from "./editor.js";
import { clearResults, runNodes, showResults, summary } from "./results.js";
import { Draft } from "./saving.js";
import { Words, announce, draftWords, loginLink, sentence, setBusy, setShown, tool } from "./toolbar.js";

export class Exercise {
  #section;
  #page;
  #session;
  #block;
  #job;
  #draft;
  #view;
  #submission = null;
  #list;
  #local = document.createElement("div");
  #summary = new Words("exercise-summary");
  #state = new Words("cell-state");
  #notice = new Words("cell-notice exercise-notice", { live: true });
  #saved = { kind: "same" };
  #before = null;
  #checking = false;
  #buttons = {};

  constructor(section, { number, page, session, hint }) {
    this.#section = section;
    this.#page = page;
    this.#session = session;
    this.#block = section.dataset.block;
    const { starter, checks = "[]", setup = "", packages = [] } = page.exercises[this.#block];
    this.#job = { id: this.#block, checks, setup, packages };
    this.#list = section.querySelector(":scope > ul.checks");
    const place = section.querySelector("[data-code]") ?? section.querySelector("pre.exercise-starter");
    this.#draft = new Draft({ page, block: this.#block, author: starter, onState: (state) => this.#onSaved(state) });
    // A form that came back from a submission without scripts holds the code that was sent.
    const isFilled = this.#draft.origin === "author" && place.value !== undefined && place.value !== starter;
    this.#view = new CodeView({
      place,
      source: isFilled ? place.value : this.#draft.source,
      label: `Code of exercise ${number}`,
      hint,
      onChange: (source) => this.#onChange(source),
      onRun: () => this.check(),
      onBlur: () => this.#draft.flush(),
    });
    this.#buildButtons(place);
    if (place.value !== undefined) this.#mountWhenNear(place);
    if (this.#view.source !== starter) this.#view.show(this.#view.source);
    session.watch(() => this.#refresh());
    this.#equipForm();
    this.#hideTwice();
    this.#draft.begin();
    this.#refresh();
  }

  #buildButtons(place) {
    let check = this.#section.querySelector("[data-run-checks]");
    let row = check?.parentElement;
    if (!check) {
      check = document.createElement("button");
      check.type = "button";
      check.className = "button";
      check.dataset.runChecks = "";
      check.textContent = "Run checks";
      row = document.createElement("div");
      row.className = "button-row";
      row.append(check);
      place.after(row);
    }
    check.hidden = false;
    check.addEventListener("click", () => this.check());
    const stop = tool("stop", "Stop", () => this.#session.stop());
    check.after(stop);
    const reset = this.#section.querySelector("[data-reset]");
    reset?.addEventListener("click", (event) => {
      event.preventDefault();
      this.#reset();
    });
    row.append(this.#state.element);
    this.#local.className = "exercise-run";
    row.after(this.#notice.element, this.#local);
    if (this.#list) this.#local.append(this.#list); // results stand beside the buttons that bring them
    this.#buttons = { check, stop, reset, submit: this.#section.querySelector("[data-exercise-form] [type=submit]") };
  }

  #equipForm() {
    const form = this.#section.querySelector("[data-exercise-form]");
    if (!form || !this.#page.enrolled) return;
    this.#submission = new Submission({
      page: this.#page,
      block: this.#block,
      onState: (state) => this.#onVerdict(state),
    });
    form.addEventListener("submit", (event) => {
      // Other buttons of the form (a hint, the solution) are the server's.
      if (event.submitter && event.submitter !== this.#buttons.submit) return;
      event.preventDefault();
      this.#draft.flush();
      this.#submission.submit(this.#view.source);
    });
    this.#submission.resume();
    if (!this.#submission.isOpen) this.#watchPending();
  }

  /** Handed in without scripts, or from elsewhere: the panel is asked for until it holds a verdict. */
  #watchPending(tries = 0) {
    if (!this.#section.querySelector("[data-feedback] [data-tone=pending]")) return;
    setTimeout(async () => {
      if (!document.hidden && (await refreshPanel(this.#section, this.#block))) {
        this.#hideTwice();
        this.#tellPanel();
      }
      this.#watchPending(tries + 1);
    }, pollDelay(tries));
  }

  #tellPanel() {
    const { tone } = this.#section.querySelector("[data-feedback] .result")?.dataset ?? {};
    if (tone === undefined || tone === "pending") return;
    this.#tellOthers({ verdict: tone === "passed" ? "passed" : "failed" });
  }

  /** Other scripts of the page bring the rest in line, as the form that marks the lesson as complete. */
  #tellOthers(detail) {
    this.#section.dispatchEvent(new CustomEvent("practice:verdict", { bubbles: true, detail }));
  }

  #mountWhenNear(place) {
    const watch = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watch.disconnect();
        this.#view.mount().catch(() => {}); // then the text area stays, which can be written in as well
      },
      { rootMargin: "300px" },
    );
    watch.observe(place);
  }

  #onChange(source) {
    this.#before = null;
    this.#draft.change(source);
    // What the server said was said of other code: the panel is marked until the next verdict replaces it.
    this.#section.querySelector("[data-feedback]")?.toggleAttribute("data-stale", true);
    this.#refresh();
  }

  #onSaved(state) {
    const kindBefore = this.#saved.kind;
    this.#saved = state;
    const { long = "", tone, more = [] } = draftWords(state);
    if (long || ["offline", "refused", "preview"].includes(kindBefore)) this.#notice.say(long, tone, ...more);
    this.sayState();
    this.#refresh();
  }

  /** Runs the visible checks on this machine: advice, not a verdict. */
  async check() {
    if (this.#checking) return;
    this.#checking = true;
    this.#draft.flush();
    this.#notice.say("");
    this.#refresh();
    const outcome = await this.#session.check({ ...this.#job, source: this.#view.source });
    this.#checking = false;
    this.#refresh();
    if (outcome.stopped) {
      this.#notice.say("Stopped. Python began anew, so variables of the cells are gone.");
    } else if (outcome.failed) {
      this.#notice.say(`${sentence(outcome.failed)} You can submit all the same.`, "careful");
    } else {
      const results = outcome.results ?? [];
      showResults(this.#list, results);
      this.#summary.say(summary({ ...outcome, results }));
      this.#showLocal(this.#summary.element, ...runNodes(outcome));
      announce(this.#summary.element.textContent);
    }
  }

  /** Puts nodes around the list of checks, which stays where it is. */
  #showLocal(...nodes) {
    this.#local.replaceChildren(...nodes, ...(this.#list ? [this.#list] : []));
    if (this.#list) this.#list.hidden = false;
  }

  /** The server's verdict lists the same checks with what came of them: once is enough. */
  #hideTwice() {
    if (this.#list) this.#list.hidden = this.#section.querySelector("[data-feedback] .checks") !== null;
  }

  #reset() {
    const starter = this.#page.exercises[this.#block].starter;
    if (this.#before !== null) {
      this.#view.show(this.#before);
      this.#before = null;
    } else {
      this.#before = this.#view.source;
      this.#view.show(starter);
    }
    this.#draft.change(this.#view.source);
    this.#draft.flush();
    this.#refresh();
  }

  async #onVerdict(state) {
    this.#refresh();
    if (state.kind === "sending") {
      this.#notice.say("Handing in…");
    } else if (state.kind === "waiting") {
      const place = inLine(state.position);
      this.#notice.say(`Handed in, being checked${place ? ` · ${place}` : "…"}`);
    } else if (state.kind === "offline") {
      const kept = state.kept ? " It is kept on this device and" : " It";
      const words = state.sent ? "Handed in. The verdict could not be asked for yet; trying again." : "";
      this.#notice.say(words || `Not handed in yet: the server cannot be reached.${kept} is sent again.`, "careful");
    } else if (state.kind === "refused") {
      this.#notice.say(state.why, "careful", ...(state.isLoggedOut ? [loginLink()] : []));
    } else {
      await this.#showVerdict(state.attempt);
    }
  }

  async #showVerdict(attempt) {
    clearResults(this.#list);
    this.#showLocal();
    const passed = attempt?.verdict === "passed";
    const words = passed ? "Passed: checked by the server." : "Not passed yet. See below what the checks found.";
    const isShown = await refreshPanel(this.#section, this.#block);
    this.#hideTwice();
    this.#notice.say(isShown ? "" : `${words} Reload the page to see the details.`);
    announce(words);
    this.#tellOthers(attempt);
  }

  #refresh() {
    const { check, stop, reset, submit } = this.#buttons;
    if (!check) return;
    setBusy(check, this.#checking);
    setShown(stop, this.#checking, check);
    if (submit) setBusy(submit, this.#submission?.isOpen ?? false);
    if (reset) {
      setShown(reset, this.#draft.isChanged || this.#before !== null, check);
      reset.textContent = this.#before !== null ? "Undo reset" : "Reset";
    }
    this.sayState();
  }

  sayState() {
    if (this.#checking) {
      const starting = ["off", "failed", "starting"].includes(this.#session.state);
      this.#state.say(starting ? this.#session.startWords : this.#session.detail || "running the checks…", "busy");
    } else {
      const { brief, tone } = draftWords(this.#saved);
      this.#state.say(brief, tone);
    }
  }
}

/** Puts the server's own rendering of the block's feedback in place; says whether it came. */
async function refreshPanel(section, block) {
  const panel = section.querySelector("[data-feedback]");
  if (!panel) return false;
  try {
    const answer = await fetch(`${location.pathname}blocks/${encodeURIComponent(block)}/`, {
      headers: { Accept: "text/html" },
      redirect: "error",
    });
    if (!answer.ok) return false;
    const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = parsed.querySelector("[data-feedback]") ?? parsed.body;
    const hadFocus = panel.contains(document.activeElement);
    panel.replaceChildren(...fresh.childNodes);
    window.htmx?.process(panel); // hints and the solution are forms that htmx sends
    if (hadFocus) {
      panel.tabIndex = -1;
      panel.focus({ preventScroll: true });
    }
    return true;
  } catch {
    return false; // no network: the caller says so
  }
}
