// One Python: a worker, the port to it, and the certainty that a start either succeeds or is given up. Nothing that comes over the
// port is believed: it is a lesson's code that runs at the other end. Knows no cell and no page.

const SILENCE = 30_000; // ms without a sign of life until a start is given up

/** Why an answer will not come: `reason` is "stopped", "died" or "failed"; the message is for people. */
export class Ended extends Error {
  constructor(reason, words) {
    super(words);
    this.reason = reason;
  }
}

export class Interpreter {
  #worker;
  #port;
  #asked = null; // the one question that is open
  #run = 0;
  #timer = null;
  #begun;
  #settle;
  #start;
  #isSecond = false;
  #isOver = false;

  /** Starts at once. `onProgress(message)` tells of downloads; `ready` resolves, or rejects with `Ended`. */
  constructor({ base, packageBase = null, packages = null, onProgress = () => {} }) {
    this.onProgress = onProgress;
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.ready.catch(() => {}); // a spare one may fail before anybody asks
    this.isReady = false;
    this.#begun = performance.now();
    this.#start = () => this.#load({ base, packageBase, packages });
    this.#start();
  }

  // A worker without the site's origin, as its policy asks for. A browser may refuse to make one: then one with it, once more.
  #load({ base, packageBase, packages }) {
    const absolute = (address) => (address ? new URL(address, document.baseURI).href : null);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#port.onmessage = (event) => this.#hear(event.data);
    try {
      const address = absolute(`${base}worker.mjs${this.#isSecond ? "?origin=kept" : ""}`);
      this.#worker = new Worker(address, { type: "module", name: "python" });
    } catch (error) {
      this.#fail(`this browser cannot run Python: ${error.message}`);
      return;
    }
    this.#worker.onerror = (event) => {
      event.preventDefault();
      // Later, it is an error in a callback of a lesson's code, which ends nothing.
      if (!this.isReady) this.#fail("Python could not be loaded: check the connection, or reload the page");
    };
    this.#worker.postMessage({ packageBase: absolute(packageBase), packages }, [port2]);
    this.#watch();
  }

  #fail(words) {
    if (this.#isSecond || this.#isOver) {
      this.end("failed", words);
      return;
    }
    this.#isSecond = true;
    this.#worker?.terminate();
    this.#port.close();
    this.#start();
  }

  #watch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.end("failed", `Python has not started: nothing was heard of it for ${SILENCE / 1000} s`),
      SILENCE,
    );
  }

  #hear(message) {
    if (this.#isOver || message === null || typeof message !== "object") return;
    const { kind } = message;
    if (!this.isReady) {
      this.#watch();
      if (kind === "ready") {
        clearTimeout(this.#timer);
        this.isReady = true;
        this.startTime = performance.now() - this.#begun; // ms
        this.#settle.resolve(this);
      } else if (kind === "failed") {
        this.#fail(`Python could not be started: ${text(message.words)}`);
      } else if (kind === "progress") this.onProgress(message);
      return;
    }
    if (kind === "progress") this.onProgress(message);
    else if (kind === "output" && typeof message.json === "string") this.#asked?.onOutput(message.json);
    else if (!this.#asked || message.run !== this.#asked.run) return;
    else if (kind === "done") this.#answer(message.json);
    else if (kind === "died") this.end("died", text(message.words));
  }

  #answer(json) {
    const { resolve } = this.#asked;
    this.#asked = null;
    try {
      resolve(JSON.parse(json));
    } catch {
      this.end("died", "Python gave an answer that cannot be read");
    }
  }

  /** Asks for `kind` of work; resolves to what the worker's JSON says, or rejects with `Ended`. One question at a time. */
  async ask(kind, fields, { onOutput = () => {} } = {}) {
    await this.ready;
    if (this.#isOver) throw new Ended("stopped", "stopped");
    return new Promise((resolve, reject) => {
      const run = (this.#run += 1);
      this.#asked = { run, resolve, reject, onOutput };
      this.#port.postMessage({ kind, run, ...fields });
    });
  }

  /** Ends it at once, whatever it does. */
  end(reason = "stopped", words = "stopped") {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#port.close();
    const error = new Ended(reason, words);
    this.#settle.reject(error);
    this.#asked?.reject(error);
    this.#asked = null;
  }

  get isOver() {
    return this.#isOver;
  }
}

function text(value) {
  return typeof value === "string" ? value.slice(0, 500) : "no reason was given";
}
