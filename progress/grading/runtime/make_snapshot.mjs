// Makes the memory snapshot of an interpreter with the harness in it: `deno run … make_snapshot.mjs FILE`.

import { importHarness, startPyodide } from "./interpreter.mjs";

const pyodide = await startPyodide({ globals: {}, makeSnapshot: true });
importHarness(pyodide);
pyodide.runPython("import gc; gc.collect()");
Deno.writeFileSync(Deno.args[0], pyodide.makeMemorySnapshot());
Deno.exit(0);
