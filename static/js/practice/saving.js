// Autosave of one block's code: to the server after a pause, on blur and when the page goes; on this device until the
// server has it. Owns which copy is the newest; knows neither editor nor cell, whose words it only reports by `onState`.

import { forget, keep, recall } from "./device.js";
import { Refused, Unreachable, backoff, blockAddress, send } from "./page.js";

const PAUSE = 1500; // ms without typing before a save
const KEEPALIVE_LIMIT = 60_000; // characters; browsers refuse larger bodies of a page that is going

/**
 * States: {kind: "same"} the author's version, nothing to save · "changed" not sent yet · "saving" · {"saved", at: ms} ·
 * {"offline", kept: bool} · {"refused", why, isLoggedOut, kept} · "preview" not enrolled.
 */
export class Draft {
  #page;
  #block;
  #author;
  #wanted;
  #sent; // what the server has
  #version;
  #busy = false;
  #tries = 0;
  #timer;
  #onState;

  constructor({ page, block, author, onState }) {
    this.#page = page;
    this.#block = block;
    this.#author = author;
    this.#onState = onState;
    const server = page.work[block];
    this.#sent = server?.source ?? author;
    this.#version = server?.version ?? 0;
    this.#wanted = this.#sent;
    this.savedAt = server ? Date.parse(server.saved_at) : null;
    /** Where the first source came from: "author", "server", "device" (newer than the server's) or "elsewhere" (the server's is newer). */
    this.origin = server ? "server" : "author";
    this.#compareWithDevice(server);
    addEventListener("pagehide", () => this.flush({ leaving: true }));
    addEventListener("online", () => this.flush());
  }

  #compareWithDevice(server) {
    const local = recall(this.#page, this.#block, "code");
    if (!local || typeof local.source !== "string") return;
    if (local.source === this.#sent) {
      forget(this.#page, this.#block, "code");
      return;
    }
    // Written on top of what the server has now, it is newer whatever the clocks say.
    const isNewer = local.version === this.#version || !server || local.at > Date.parse(server.saved_at);
    if (isNewer && this.#page.enrolled) {
      this.#wanted = local.source;
      this.origin = "device";
    } else if (!isNewer) {
      this.origin = "elsewhere";
      forget(this.#page, this.#block, "code");
    }
  }

  get source() {
    return this.#wanted;
  }

  get isChanged() {
    return this.#wanted !== this.#author;
  }

  /** Says the first state, and sends what only this device had. */
  begin() {
    if (this.origin === "device") this.flush();
    else if (this.isChanged) this.#onState({ kind: "saved", at: this.savedAt });
  }

  /** The code is now `source`; the author's own text takes the saved copy away. */
  change(source) {
    this.#wanted = source;
    if (!this.#page.enrolled) {
      this.#onState({ kind: this.isChanged ? "preview" : "same" });
      return;
    }
    keep(this.#page, this.#block, "code", { source, at: Date.now(), version: this.#version });
    this.#onState({ kind: "changed" });
    this.#tries = 0;
    this.#later(PAUSE);
  }

  #later(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), delay);
  }

  /** Sends at once what the server has not; two requests never overtake each other, except when the page goes. */
  async flush({ leaving = false } = {}) {
    clearTimeout(this.#timer);
    if (!this.#page.enrolled || this.#wanted === this.#sent) {
      if (this.#page.enrolled && !this.#busy) this.#settled();
      return;
    }
    if (this.#busy && !leaving) return;
    if (leaving && this.#wanted.length > KEEPALIVE_LIMIT) return; // the device keeps it for the next visit
    this.#busy = true;
    const source = this.#wanted;
    this.#onState({ kind: "saving" });
    try {
      const isAuthors = source === this.#author;
      const address = blockAddress(this.#page, this.#block, "work");
      const body = isAuthors ? undefined : { source };
      const { data } = await send(isAuthors ? "DELETE" : "PUT", address, body, { leaving });
      this.#sent = source;
      this.#version = data?.version ?? (isAuthors ? 0 : this.#version);
      this.savedAt = Date.now();
      this.#tries = 0;
    } catch (error) {
      this.#failed(error);
      return;
    } finally {
      this.#busy = false;
    }
    if (this.#wanted === this.#sent) this.#settled();
    else this.#later(0);
  }

  #settled() {
    const local = recall(this.#page, this.#block, "code");
    if (local?.source === this.#sent) forget(this.#page, this.#block, "code");
    this.#onState(this.isChanged ? { kind: "saved", at: this.savedAt } : { kind: "same" });
  }

  #failed(error) {
    const kept = recall(this.#page, this.#block, "code")?.source === this.#wanted;
    if (error instanceof Unreachable || (error instanceof Refused && error.isPassing)) {
      this.#onState({ kind: "offline", kept });
      this.#later(backoff(this.#tries++));
    } else if (error instanceof Refused) {
      // Without a session a new try needs a new log-in; anything else is about the code itself.
      const { isLoggedOut } = error;
      const why = isLoggedOut ? "your session is over" : error.message.replace(/\.$/, "");
      this.#onState({ kind: "refused", why, isLoggedOut, kept });
    } else {
      throw error;
    }
  }
}
