// A runner as one would write it first: Pyodide in a deno that may do everything. Prints what the program left in `got`.

const [runtime, path] = Deno.args;
const { loadPyodide } = await import(`${runtime}/pyodide.mjs`);
const pyodide = await loadPyodide({ indexURL: runtime });
pyodide.runPython(Deno.readTextFileSync(path));
const got = pyodide.runPython("import json; json.dumps(got)");
await new Promise((done) => setTimeout(done, 500)); // for what goes out over the network
console.log(got);
Deno.exit(0);
