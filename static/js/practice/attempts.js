// Handing in an answer and waiting for the verdict, which is the server's alone. An answer is kept on this device under
// its uid until the server has confirmed it, and is sent again under the same uid, so that no try is lost or counted twice.

import { forget, keep, recall } from "./device.js";
import { Refused, Unreachable, backoff, blockAddress, send } from "./page.js";

const FIRST_POLL = 800; // ms; a check takes under a second when nobody else waits
const SLOWEST_POLL = 10_000;

/**
 * States: {kind: "sending"} · {"waiting", position: int|null} checked later, never wrong · {"offline", kept} ·
 * {"refused", why, isLoggedOut} · {"done", attempt} with the API's attempt document.
 */
export class Submission {
  #page;
  #block;
  #onState;
  #entry = null;
  #tries = 0;
  #timer;
  #busy = false;

  constructor({ page, block, onState }) {
    this.#page = page;
    this.#block = block;
    this.#onState = onState;
    addEventListener("online", () => {
      if (this.#entry) this.#go();
    });
  }

  get isOpen() {
    return this.#entry !== null;
  }

  /** Takes up what an earlier visit left unsent or waiting. */
  resume() {
    const entry = recall(this.#page, this.#block, "attempt");
    if (typeof entry?.uid !== "string" || !(entry.sent || typeof entry.answer === "string")) return;
    this.#entry = entry;
    this.#go();
  }

  submit(answer) {
    if (this.isOpen) return;
    this.#entry = { uid: crypto.randomUUID(), answer, sent: false, at: Date.now() };
    this.#tries = 0;
    this.#keep();
    this.#go();
  }

  #keep() {
    this.#entry.kept = keep(this.#page, this.#block, "attempt", this.#entry);
  }

  async #go() {
    if (this.#busy) return;
    clearTimeout(this.#timer);
    this.#busy = true;
    try {
      const { data } = this.#entry.sent ? await this.#ask() : await this.#hand();
      this.#take(data);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy = false;
    }
  }

  #hand() {
    this.#onState({ kind: "sending" });
    const { uid, answer } = this.#entry;
    return send("POST", blockAddress(this.#page, this.#block, "attempts"), { uid, answer });
  }

  #ask() {
    return send("GET", `/api/v1/attempts/${this.#entry.uid}`);
  }

  #take(attempt) {
    if (attempt?.verdict !== "pending") {
      this.#close();
      this.#onState({ kind: "done", attempt });
      return;
    }
    if (!this.#entry.sent) {
      this.#entry = { uid: this.#entry.uid, sent: true, at: this.#entry.at }; // the server has the code now
      this.#tries = 0;
      this.#keep();
    }
    this.#onState({ kind: "waiting", position: attempt.position ?? null });
    this.#again(pollDelay(this.#tries++));
  }

  #failed(error) {
    if (error instanceof Unreachable || (error instanceof Refused && error.isPassing)) {
      this.#onState({ kind: "offline", sent: this.#entry.sent, kept: this.#entry.kept });
      this.#again(backoff(this.#tries++));
    } else if (error instanceof Refused) {
      const { isLoggedOut } = error;
      this.#close();
      this.#onState({ kind: "refused", why: isLoggedOut ? "Not handed in: your session is over. " : error.message, isLoggedOut });
    } else {
      throw error;
    }
  }

  #again(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#go(), delay);
  }

  #close() {
    this.#entry = null;
    forget(this.#page, this.#block, "attempt");
  }
}

/** Milliseconds before the n-th look for a verdict, from 0. */
export function pollDelay(tries) {
  return Math.min(SLOWEST_POLL, FIRST_POLL * 1.4 ** tries);
}

/** "next in line", "2nd in line"; nothing where the place is not known. */
export function inLine(position) {
  if (!position) return "";
  if (position === 1) return "next in line";
  const tens = position % 100;
  const ending = tens > 10 && tens < 14 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[position % 10] ?? "th");
  return `${position}${ending} in line`;
}
