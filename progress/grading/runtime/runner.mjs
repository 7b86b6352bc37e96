// Runs one job in the sandbox: reads it from stdin, hands it to the harness, writes the results to stdout.
//
// The parent sends two lines of JSON: the job with a secret, and, when the first result is there, the hidden checks. Every line
// that goes back begins with the secret. Learner code can reach this realm through Python's bridge and may write to stdout:
// it must never see the secret, so nothing below keeps it but this module's scope, and after `confine` nothing
// below looks up a method or a getter that learner code could have replaced (`bytes.length` would be one). It holds no expected value and decides nothing.

import { importHarness, readBytes, startPyodide } from "./interpreter.mjs";

// Kept before anything can be replaced.
const { apply, deleteProperty, getPrototypeOf, ownKeys } = Reflect;
const { stringify, parse } = JSON;
const decode = TextDecoder.prototype.decode;
const encode = TextEncoder.prototype.encode;
const set = Uint8Array.prototype.set;
const indexOf = Uint8Array.prototype.indexOf;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const Bytes = Uint8Array;
const TypedArray = getPrototypeOf(Uint8Array.prototype);
const [lengthOf, bufferOf, offsetOf] = ["length", "buffer", "byteOffset"].map(
  (name) => Object.getOwnPropertyDescriptor(TypedArray, name).get,
);
const { stdin, stdout, exit } = Deno;
const { readSync } = stdin;
const { writeSync } = stdout;
const [SNAPSHOT, PACKAGES] = Deno.args;

// The language's own, and what Pyodide calls while Python runs. All else is of use to escapes alone.
const KEPT = new Set([
  ..."Object Function Array Number Boolean String Symbol BigInt Math JSON Reflect Proxy Promise Map Set WeakMap WeakSet".split(" "),
  ..."WeakRef FinalizationRegistry Date RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError".split(" "),
  ..."TypeError URIError SuppressedError ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array".split(" "),
  ..."Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array".split(" "),
  ..."Iterator Infinity NaN undefined isFinite isNaN parseFloat parseInt globalThis WebAssembly".split(" "),
  ..."TextDecoder TextEncoder setTimeout clearTimeout queueMicrotask performance crypto AbortController AbortSignal".split(" "),
]);

// Pyodide complains to it when its interpreter breaks.
const SILENT = Object.freeze({ __proto__: null, log() {}, warn() {}, error() {}, info() {}, debug() {}, trace() {} });

let unread = new Bytes(1 << 16); // grows by doubling: a job with files is 80 MB, and a pipe gives 64 kB at a time
let filled = 0;

const size = (bytes) => apply(lengthOf, bytes, []);
const part = (bytes, from, to) => new Bytes(apply(bufferOf, bytes, []), apply(offsetOf, bytes, []) + from, to - from);

// One line of stdin. Synchronous: no code of others runs while it waits.
function readLine() {
  let searched = 0;
  for (;;) {
    const end = apply(indexOf, part(unread, searched, filled), [10]);
    if (end >= 0) {
      const line = apply(decode, decoder, [part(unread, 0, searched + end)]);
      const rest = part(unread, searched + end + 1, filled);
      unread = new Bytes(size(rest) + (1 << 16));
      apply(set, unread, [rest]);
      filled = size(rest);
      return line;
    }
    searched = filled;
    if (filled === size(unread)) {
      const longer = new Bytes(2 * filled);
      apply(set, longer, [unread]);
      unread = longer;
    }
    const count = apply(readSync, stdin, [part(unread, filled, size(unread))]);
    if (count === null) {
      exit(0); // the parent is gone
    }
    filled += count;
  }
}

// `label` and `text` on a line of their own, whatever else was written before.
function writeLine(secret, label, text) {
  const bytes = apply(encode, encoder, [`\n${secret} ${label} ${text}\n`]);
  for (let written = 0; written < size(bytes); ) {
    written += apply(writeSync, stdout, [part(bytes, written, size(bytes))]);
  }
}

function writeFiles(pyodide, files) {
  pyodide.FS.mkdirTree("/course");
  pyodide.FS.chdir("/course");
  for (const [name, base64] of Object.entries(files)) {
    const path = `/course/${name}`;
    pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    pyodide.FS.writeFile(path, Uint8Array.fromBase64(base64));
  }
}

// Gives up the last permission, and takes out of reach what the job does not need.
function confine(pyodide) {
  for (const name of ["read", "write", "net", "env", "run", "sys", "ffi", "import"]) {
    Deno.permissions.revokeSync({ name });
  }
  for (const name of ["js", "pyodide_js"]) {
    pyodide.unregisterJsModule(name);
  }
  // Deno's own code uses what is inherited from EventTarget, and its symbols.
  const end = EventTarget.prototype;
  for (let place = globalThis; place !== end; place = getPrototypeOf(place)) {
    for (const key of ownKeys(place)) {
      if (typeof key === "string" && !KEPT.has(key) && key !== "constructor" && !deleteProperty(place, key)) {
        place[key] = undefined; // fixed names: assignable, or the assignment throws and the run does not start
      }
    }
  }
  globalThis.console = SILENT;
}

async function main() {
  const globals = {};
  const snapshot = SNAPSHOT ? readBytes(SNAPSHOT) : undefined;
  const lock = PACKAGES ? new TextDecoder().decode(Deno.readFileSync(`${PACKAGES}/pyodide-lock.json`)) : undefined;
  const pyodide = await startPyodide({ globals, snapshot, lock, packages: PACKAGES || undefined });
  if (!snapshot) {
    importHarness(pyodide);
  }
  const job = parse(readLine());
  if (job.packages.length > 0) {
    await pyodide.loadPackage(job.packages, { checkIntegrity: false, messageCallback() {}, errorCallback() {} });
  }
  writeFiles(pyodide, job.files);
  const harness = pyodide.runPython("import sys; sys.modules['grading.runtime.harness']");
  const { begin, finish } = harness;
  pyodide.runPython(
    // The first random bytes make Pyodide look for their source, which is out of reach later.
    `import os, sys
os.urandom(1)
for name in [name for name in sys.modules if name.split(".")[0] in ("grading", "js", "pyodide_js")]:
    del sys.modules[name]
del os, sys, name`,
  );
  const { secret } = job;
  const first = stringify(job.run);
  confine(pyodide);
  writeLine(secret, "booted", "");
  try {
    let text = begin(first);
    writeLine(secret, "first", typeof text === "string" ? text : "");
    text = finish(readLine());
    writeLine(secret, "second", typeof text === "string" ? text : "");
  } catch (error) {
    // Python's errors are caught by the harness: this is the interpreter itself giving up.
    writeLine(secret, "broken", describe(error));
  }
  exit(0);
}

function describe(error) {
  try {
    return stringify(`${error}`.slice(0, 500));
  } catch {
    return '""';
  }
}

await main();
