// The worker of a lesson page: starts Pyodide, confines itself, runs cells and checks. It speaks with its page over one port that
// lives in closures only, so that a lesson's code can neither send in its name nor listen. What it is told: `start` first, then `run`
// and `check`, one at a time. What it says: `progress`, `ready`, `failed`, `output`, `done`, `died`.

import { confine } from "./confine.mjs";
import { Packages } from "./packages.mjs";
import { loadPyodide } from "./pyodide.mjs";

const FOLDER = new URL("./", import.meta.url).href;
const MODULES = "/lib/mlpracticum";
const COURSE = "/course";
const MOST_SENT = 12_000_000; // characters of the outputs of one run; Python's own bounds are lower
const TOLD_EVERY = 250_000; // bytes between two words of progress

// Taken before anybody could replace them; the confinement removes their names.
const { apply } = Reflect;
const { postMessage } = MessagePort.prototype;
const dataOf = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get;
const { parse, stringify } = JSON;

// Counts what is downloaded on the way through, so that a slow line is not taken for a dead one.
function counted(real, told) {
  let loaded = 0;
  let said = 0;
  return async (resource, options) => {
    const response = await real(resource, options);
    if (!response.ok || !response.body) return response;
    const count = new TransformStream({
      transform(chunk, controller) {
        loaded += chunk.byteLength;
        if (loaded - said > TOLD_EVERY) told((said = loaded));
        controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(count), { status, statusText, headers });
  };
}

async function read(name, kind) {
  const response = await fetch(FOLDER + name);
  if (!response.ok) throw new Error(`${name}: the server said ${response.status}`);
  return response[kind]();
}

// Our own Python, at the paths it has on the server below a folder of the interpreter.
function installModules(python, files) {
  for (const [name, text] of Object.entries(files)) {
    const path = `${MODULES}/${name}`;
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, text);
  }
  python.runPython(`import sys; sys.path.append(${stringify(MODULES)})`);
}

// Data files of the course, and for the lesson's folder a way to each as if it lay there: authors write `data/x.csv` and
// `../data/x.csv`.
function installFiles({ FS }, folder, files) {
  const home = folder ? `${COURSE}/${folder}` : COURSE;
  FS.mkdirTree(home);
  for (const [name, content] of files) {
    const path = `${COURSE}/${name}`;
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, new Uint8Array(content));
  }
  for (const top of new Set(files.map(([name]) => name.split("/")[0]))) {
    if (!FS.analyzePath(`${home}/${top}`).exists) FS.symlink(`${COURSE}/${top}`, `${home}/${top}`);
  }
  return home;
}

async function start(say, { packageBase, packages }) {
  const real = fetch;
  const { files, bytes } = await read("modules.json", "json");
  self.fetch = counted(real, (loaded) => say({ kind: "progress", phase: "download", loaded, bytes }));
  const lock = await read("pyodide-lock.json", "json");
  const python = await loadPyodide({
    indexURL: FOLDER,
    packageBaseUrl: packageBase ?? FOLDER,
    lockFileContents: lock,
    env: { HOME: "/home/pyodide", TZ: Intl.DateTimeFormat().resolvedOptions().timeZone },
  });
  say({ kind: "progress", phase: "start" });
  installModules(python, files);
  self.fetch = real;
  confine(packageBase ? [FOLDER, packageBase] : [FOLDER]);
  return { python, lock };
}

function serve(port, { python, lock, packageBase, sizes }) {
  const post = postMessage.bind(port);
  const tell = (name, bytes) => post({ kind: "progress", phase: "package", name, bytes });
  const packages = new Packages({ python, lock, base: packageBase, sizes, tell });
  let home = COURSE;
  let current = null; // the number of the run whose outputs are taken
  let left = 0;
  const emit = (text) => {
    if (typeof text !== "string") return;
    left -= text.length;
    if (left >= 0) post({ kind: "output", run: current, json: text });
  };
  let cells = null;
  const { imported } = python.pyimport("progress.grading.browser.cells");
  const { check } = python.pyimport("progress.grading.browser.checks");
  const makeCells = python.pyimport("progress.grading.browser.cells").Cells;

  const work = {
    files({ folder, files }) {
      home = installFiles(python, folder, files);
      cells = makeCells(emit, home, COURSE);
      return "{}";
    },
    async run({ source }) {
      // Without a package the cell runs all the same: it may be prepared for that. If not, its own import fails.
      const absent = await packages.provide(parse(imported(source)));
      return cells.run(source, stringify(absent));
    },
    async check({ job, wanted }) {
      const { code, setup } = parse(job);
      const absent = await packages.provide([...parse(imported(code)), ...parse(imported(setup ?? ""))], wanted);
      return check(job, home, stringify(absent));
    },
  };

  async function answer({ kind, run, ...asked }) {
    current = run;
    left = MOST_SENT;
    try {
      if (!Object.hasOwn(work, kind)) throw new Error(`cannot ${kind}`);
      post({ kind: "done", run, json: await work[kind](asked) });
    } catch (error) {
      // What a cell raises is told by Python; what arrives here is the end of the interpreter.
      post({ kind: "died", run, words: `${error}`.slice(0, 2000) });
    }
  }

  // An interpreter that breaks down within a callback rejects nothing that anybody waits for.
  python._api.on_fatal = (error) => post({ kind: "died", run: current, words: `${error}`.slice(0, 2000) });
  return (event) => answer(apply(dataOf, event, []));
}

self.onmessage = async (event) => {
  self.onmessage = null;
  const [port] = event.ports;
  const { packageBase, packages } = event.data;
  const say = postMessage.bind(port);
  say({ kind: "progress", phase: "begin" });
  try {
    const started = await start(say, { packageBase, packages });
    port.onmessage = serve(port, { ...started, packageBase, sizes: packages });
    say({ kind: "ready" });
  } catch (error) {
    say({ kind: "failed", words: `${error}`.slice(0, 2000) });
  }
};
