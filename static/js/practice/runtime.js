// Python for one page: starts it when it is needed, runs one thing after another, ends it within the moment, and keeps a spare one so
// that a stop costs no waiting. Owns the states; knows no cell and shows nothing.

import { CourseFiles } from "./runtime-files.js";
import { Ended, Interpreter } from "./runtime-interpreter.js";
import { bounded, errorOutput, readEnd, readJudged } from "./runtime-outputs.js";

const LEAST_MEMORY = 4; // GB that a device should have for a spare one
const IDLE = 4_000; // ms after which a spare one is started though the page is never idle

export class Runtime {
  #base;
  #packageBase;
  #packages;
  #folder;
  #files;
  #current = null;
  #spare = null;
  #prepared = null; // resolves when the current one has its files
  #last = Promise.resolve();
  #round = 0;
  #said = "";

  /**
   * `base`: address of the runtime's folder. `files`: {path: address} of the course's data. `folder`: the lesson's own.
   * `packageBase`: address of packages or null; `packages`: {name: bytes} that are there, null for all.
   * `onState(state, words)`, `onOutput(id, output)`.
   */
  constructor({ base, bytes = 0, files = {}, folder = "", packageBase = null, packages = null, onState = () => {}, onOutput = () => {} }) {
    this.#base = base;
    this.#packageBase = packageBase;
    this.#packages = packages;
    this.#folder = folder;
    this.#files = new CourseFiles(files);
    this.onState = onState;
    this.onOutput = onOutput;
    this.state = "off";
    this.sizes = { runtime: bytes, packages }; // bytes to download, said before
  }

  /** Runs a cell's source. `{ok, error?, stopped?}`; never rejects for what the code does, but if Python cannot be had. */
  run({ id, source }) {
    return this.#inTurn(async (python, problems) => {
      const take = (output) => this.onOutput(id, output);
      for (const words of problems.splice(0)) take({ output_type: "stream", name: "stderr", text: `${words}\n` });
      try {
        return readEnd(await python.ask("run", { source }, { onOutput: bounded(take) }));
      } catch (error) {
        if (error.reason !== "died") throw error;
        const output = errorOutput("PythonStopped", "Python broke down and is started anew; the variables are gone");
        take(output);
        return { ok: false, error: output };
      }
    });
  }

  /** Runs an exercise in a namespace of its own: `{stdout, error, results: [judged, …], stopped?}`. `checks`: their JSON text. */
  check({ setup = "", source, checks, packages = [] }) {
    return this.#inTurn(async (python) => {
      const job = JSON.stringify({ code: source, setup, checks });
      try {
        return readJudged(await python.ask("check", { job, wanted: packages }));
      } catch (error) {
        if (error.reason !== "died") throw error;
        const message = "Python broke down while this ran and is started anew";
        return { stdout: "", error: { type: "PythonStopped", message, traceback: [`PythonStopped: ${message}`] }, results: [] };
      }
    });
  }

  /** Ends what runs, and what waits, at once. The variables are gone; the spare one takes over, or a new one is started. */
  async stop() {
    if (this.state === "off" || this.state === "failed") return;
    const wasStarting = this.#current !== null && !this.#current.isReady;
    this.#round += 1;
    this.#say("stopping");
    this.#drop("stopped");
    this.#last = Promise.resolve();
    if (wasStarting) this.#say("off");
    else this.#begin().catch(() => {}); // not waited for; the state says how it goes
  }

  /** A fresh interpreter: as `stop`, and also where there was none. */
  async restart() {
    if (this.state === "off" || this.state === "failed") await this.#begin();
    else await this.stop();
  }

  #say(state, words = "") {
    if (state === this.state && words === this.#said) return;
    this.state = state;
    this.#said = words;
    this.onState(state, words);
  }

  #inTurn(work) {
    const round = this.#round;
    const turn = this.#last.then(async () => {
      if (round !== this.#round) return { ok: false, stopped: true };
      try {
        const problems = await this.#begin();
        const python = this.#current;
        if (round !== this.#round) return { ok: false, stopped: true };
        this.#say("running");
        const result = await work(python, problems);
        if (round !== this.#round) return { ok: false, stopped: true };
        if (python.isOver) await this.#replace();
        else this.#say("ready");
        this.#keepSpare();
        return result;
      } catch (error) {
        if (round !== this.#round || error.reason === "stopped") return { ok: false, stopped: true };
        throw error;
      }
    });
    this.#last = turn.catch(() => {}); // its asker hears of it; the next in line must run all the same
    return turn;
  }

  // The interpreter, started if need be and with its files. Resolves to words about files that are missing.
  #begin() {
    this.#prepared ??= this.#prepare();
    return this.#prepared;
  }

  async #prepare() {
    const python = (this.#current = this.#spare?.isOver === false ? this.#spare : this.#start());
    this.#spare = null;
    python.onProgress = (message) => this.#progress(python, message);
    if (!python.isReady) this.#say("starting", "starting Python");
    try {
      const [{ files, problems }] = await Promise.all([this.#files.get(), python.ready]);
      await python.ask("files", { folder: this.#folder, files });
      this.#say("ready");
      return [...problems]; // said at the first run
    } catch (error) {
      if (this.#current === python) {
        this.#drop("failed");
        if (error.reason !== "stopped") this.#say("failed", error.message);
      }
      throw error instanceof Error ? error : new Ended("failed", String(error));
    }
  }

  async #replace() {
    this.#drop("died");
    await this.#begin().catch(() => {}); // the state says that it failed
  }

  #drop(reason) {
    this.#current?.end(reason);
    this.#current = this.#prepared = null;
  }

  #start() {
    return new Interpreter({ base: this.#base, packageBase: this.#packageBase, packages: this.#packages });
  }

  #progress(python, { phase, loaded, bytes, name }) {
    if (python !== this.#current) return;
    const size = Number.isFinite(bytes) && bytes > 0 ? bytes : null;
    if (phase === "package" && this.state === "running") {
      this.#say("running", `downloading ${String(name).slice(0, 60)}${size ? `, ${megabytes(size)}` : ""}`);
    } else if (this.state === "starting") {
      const share = size && Number.isFinite(loaded) ? Math.min(99, Math.round((loaded / size) * 100)) : null;
      this.#say("starting", phase === "download" && share !== null ? `downloading Python, ${share} %` : "starting Python");
    }
  }

  #keepSpare() {
    const isSmall = (navigator.deviceMemory ?? LEAST_MEMORY) < LEAST_MEMORY || navigator.connection?.saveData;
    if (this.#spare || isSmall) return;
    const later = window.requestIdleCallback ?? ((work) => setTimeout(work, IDLE));
    later(
      () => {
        if (!this.#spare && this.#current?.isReady) this.#spare = this.#start();
      },
      { timeout: IDLE },
    );
  }
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
