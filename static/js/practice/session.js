// One Python for the whole page: started at the first run, one run at a time, in the order asked. Owns the queue and what
// is said about starting; knows no cell. The interpreter itself is runtime.js.

const OFF = new Set(["off", "failed"]);
const BROKEN = "PythonStopped"; // the error of a cell that took the interpreter down with it

export class Session {
  #page;
  #runtime = null;
  #starting = null;
  #last = Promise.resolve();
  #round = 0; // a stop begins a new one; whatever still waits from before is not run
  #ended = pending(); // settled by a stop, so that nothing waits for an interpreter that is gone
  #listeners = new Map();
  #watchers = new Set();
  #begun = false;

  constructor(page) {
    this.#page = page;
    this.state = "off";
    this.detail = "";
  }

  /** Calls `watcher()` at every change of `state`. */
  watch(watcher) {
    this.#watchers.add(watcher);
  }

  #tell(state, detail = "") {
    this.state = state;
    this.detail = detail;
    if (state === "ready") remember(this.#page.runtime.base);
    for (const watcher of this.#watchers) watcher();
  }

  /** Whether variables of earlier runs are there. */
  get hasNames() {
    return this.#begun && !OFF.has(this.state);
  }

  /** Words for a start: what is being waited for, and what it costs the first time. */
  get startWords() {
    const bytes = this.#page.runtime.bytes;
    const cost = bytes && !isRemembered(this.#page.runtime.base) ? ` · ${megabytes(bytes)} once` : "";
    return `${this.detail || "starting Python"}${cost}`;
  }

  async #load() {
    const { Runtime } = await import("./runtime.js");
    const { base, package_base: packageBase, ...rest } = this.#page.runtime;
    this.#runtime ??= new Runtime({
      ...rest,
      base,
      packageBase,
      files: this.#page.files,
      folder: this.#page.folder,
      onState: (state, detail) => this.#tell(state, detail),
      onOutput: (id, output) => this.#listeners.get(id)?.(output),
    });
    return this.#runtime;
  }

  #inTurn(work) {
    const round = this.#round;
    const turn = this.#last.then(async () => {
      if (round !== this.#round) return { ok: false, stopped: true };
      this.#starting ??= this.#load();
      const runtime = await this.#starting.catch((error) => {
        this.#starting = null; // the next run tries again
        throw error;
      });
      const result = await Promise.race([work(runtime), this.#ended.promise]);
      return round === this.#round ? result : { ...result, ok: false, stopped: true };
    });
    this.#last = turn.catch(() => {}); // its asker hears of the failure; the next in line must run all the same
    return turn.catch((error) => {
      if (round !== this.#round) return { ok: false, stopped: true };
      return { ok: false, failed: error.message };
    });
  }

  /**
   * Runs code in the page's shared namespace: `{ok, error?, stopped?, failed?}`. `onBegin` is called when its turn has
   * come. `failed` says that Python itself could not be had.
   */
  run(id, source, { onOutput, onBegin = () => {} }) {
    return this.#inTurn(async (runtime) => {
      onBegin();
      this.#begun = true;
      this.#listeners.set(id, onOutput);
      try {
        const result = await runtime.run({ id, source });
        if (result.error?.ename === BROKEN) this.#begun = false;
        return result;
      } finally {
        this.#listeners.delete(id);
      }
    });
  }

  /** Runs an exercise's code and visible checks in a namespace of their own: `{stdout, error, results}`. */
  check(job, { onBegin = () => {} } = {}) {
    return this.#inTurn(async (runtime) => {
      onBegin();
      return runtime.check(job);
    });
  }

  /** Ends what runs, forgets what waits. The variables are gone with it. */
  async stop() {
    this.#round += 1;
    this.#begun = false;
    this.#ended.resolve({ ok: false, stopped: true });
    this.#ended = pending();
    const stopped = Promise.resolve(this.#runtime?.stop());
    this.#last = Promise.all([this.#last, stopped]).catch(() => {});
    await stopped;
  }
}

function pending() {
  const parts = {};
  parts.promise = new Promise((resolve) => (parts.resolve = resolve));
  return parts;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function isRemembered(base) {
  try {
    return localStorage.getItem("practice:python") === base;
  } catch {
    return false;
  }
}

function remember(base) {
  try {
    localStorage.setItem("practice:python", base);
  } catch {
    // storage is forbidden: then the size is said at every start
  }
}
