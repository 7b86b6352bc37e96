// Starts Pyodide and puts the harness into it: from a memory snapshot, or plainly where none can be used.
//
// Owns how the interpreter is made; knows neither jobs nor the parent process. Both the maker of the snapshot and the
// runner use it, because a snapshot fits only the settings that it was made with.

import { loadPyodide } from "./pyodide.mjs";

const HERE = import.meta.dirname;
const PYTHON = "/practice";
const FILES = ["__init__.py", "runtime/__init__.py", "runtime/encoding.py", "runtime/tracing.py", "runtime/harness.py"];
// What lessons import most; in the snapshot they cost nothing.
const WARM = "import collections, dataclasses, functools, itertools, math, random, re, statistics, string, typing";

export function readBytes(name) {
  return Deno.readFileSync(`${HERE}/${name}`);
}

// `globals` is what Python's `js` module shows. A snapshot must have been made with `makeSnapshot`.
export async function startPyodide({ globals, snapshot, makeSnapshot = false, lock, packages = HERE }) {
  return await loadPyodide({
    indexURL: HERE,
    jsglobals: globals,
    lockFileContents: lock ?? new TextDecoder().decode(readBytes("pyodide-lock.json")),
    packageBaseUrl: packages,
    stdin: () => null,
    stdout: () => {},
    stderr: () => {},
    _makeSnapshot: makeSnapshot,
    ...(snapshot ? { _loadSnapshot: snapshot } : {}),
  });
}

// Import the harness, and leave no path to its files.
export function importHarness(pyodide) {
  for (const name of FILES) {
    const path = `${PYTHON}/grading/${name}`;
    pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    pyodide.FS.writeFile(path, name === "__init__.py" ? "" : readBytes(`python/${name}`));
  }
  pyodide.runPython(
    `import sys; sys.path.insert(0, "${PYTHON}"); import grading.runtime.harness; sys.path.remove("${PYTHON}")\n${WARM}`,
  );
}
