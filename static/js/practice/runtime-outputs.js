// What a running cell may put out: nbformat's five shapes, and no more of them than a page can hold. The text comes from a lesson's
// code, so every field is looked at. Knows neither the worker nor how outputs are shown.

const MOST_CHARACTERS = 12_000_000; // of a run; Python's own bounds are lower
const MOST_OUTPUTS = 1_010;
const MOST_LINES = 2_000; // of a traceback
const MOST_PRINTED = 100_000; // characters of an exercise
const MOST_CHECKS = 500;
const MIME = /^[a-z]+\/[a-z0-9.+-]{1,80}$/;

const isText = (value) => typeof value === "string";
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const SHAPES = {
  stream: ({ name, text }) => (name === "stdout" || name === "stderr") && isText(text) && { name, text },
  display_data: ({ data }) => isObject(data) && { data: bundle(data), metadata: {} },
  execute_result: ({ data, execution_count: count }) =>
    isObject(data) && { data: bundle(data), metadata: {}, execution_count: Number.isInteger(count) ? count : null },
  error: ({ ename, evalue, traceback }) =>
    isText(ename) && isText(evalue) && Array.isArray(traceback) && { ename, evalue, traceback: lines(traceback) },
  clear_output: ({ wait }) => ({ wait: Boolean(wait) }),
};

function bundle(data) {
  return Object.fromEntries(Object.entries(data).filter(([mime, value]) => MIME.test(mime) && isText(value)));
}

/** What a cell's end says: `{ok, error}`. */
export function readEnd(answer) {
  const error = readOutput(answer?.error);
  return { ok: answer?.ok === true && !error, error };
}

/** What checking an exercise says: `{stdout, error, results}`, with the fields that pages show. */
export function readJudged(answer) {
  const { stdout, error, results } = isObject(answer) ? answer : {};
  return {
    stdout: isText(stdout) ? stdout.slice(0, MOST_PRINTED) : "",
    error: isObject(error) ? { ...texts(error, ["type", "message", "where"]), traceback: lines(error.traceback) } : null,
    results: Array.isArray(results)
      ? results.slice(0, MOST_CHECKS).map((result) => ({ passed: result?.passed === true, ...texts(result, JUDGED) }))
      : [],
  };
}

const JUDGED = ["label", "called", "returned", "expected", "message"];
const texts = (object, names) => Object.fromEntries(names.map((name) => [name, isText(object?.[name]) ? object[name].slice(0, 5_000) : ""]));
const lines = (value) => (Array.isArray(value) ? value.filter(isText).slice(0, MOST_LINES) : []);

/** An nbformat output with its known fields alone, or null for anything else. */
export function readOutput(output) {
  if (!isObject(output) || !Object.hasOwn(SHAPES, output.output_type)) return null;
  const fields = SHAPES[output.output_type](output);
  return fields ? { output_type: output.output_type, ...fields } : null;
}

/** A function that hands on the readable outputs of one run to `take`, up to the bounds. */
export function bounded(take) {
  let characters = 0;
  let count = 0;
  return (json) => {
    characters += json.length;
    count += 1;
    if (characters > MOST_CHARACTERS || count > MOST_OUTPUTS) return;
    let output;
    try {
      output = readOutput(JSON.parse(json));
    } catch {
      return; // not JSON: not from our Python
    }
    if (output) take(output);
  };
}

/** An `error` output of the page's own. */
export function errorOutput(ename, evalue) {
  return { output_type: "error", ename, evalue, traceback: [`${ename}: ${evalue}`] };
}
