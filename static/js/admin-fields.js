// From a block to its form: one builder for each kind of field in admin-shapes.js. A builder changes the block in place, by
// the field's own name alone, so that everything else in it stays as it was.

import { freshId, parse, write } from "./admin-body.js";
import { button, choose, element, field, numberInput, rows, textArea, textInput, tick } from "./admin-controls.js";

// What a block had before its kind was changed, so that changing back loses nothing.
const former = new WeakMap();

const COMPARISONS = { equal: "equals", close: "is close to", shape: "has the shape of", raises: "raises" };

// The form of a block. `changed()` after every edit; `rebuild()` when other fields now apply.
export function buildForm(block, shape, { changed, rebuild, pictures }) {
  const shown = shape.fields.filter((spec) => applies(block, spec));
  const tools = { changed, rebuild, pictures };
  return shown.map((spec) => BUILDERS[spec.kind](block, spec, tools));
}

function applies(block, spec) {
  return Object.entries(spec.when ?? {}).every(([name, values]) => values.includes(block[name]));
}

function put(block, spec, value, tools) {
  const isEmpty = value === "" || value === null || value === false;
  if (spec.optional && isEmpty) delete block[spec.name];
  else block[spec.name] = value;
  tools.changed();
}

const text = (value) => (typeof value === "string" ? value : "");

function listIn(block, name) {
  if (!Array.isArray(block[name])) block[name] = [];
  return block[name];
}

const BUILDERS = {
  markdown: (block, spec, tools) =>
    labelled(spec, textArea(text(block[spec.name]), (value) => put(block, spec, value, tools))),

  code: (block, spec, tools) =>
    labelled(spec, textArea(text(block[spec.name]), (value) => put(block, spec, value, tools), { code: true })),

  text: (block, spec, tools) =>
    labelled(spec, textInput(text(block[spec.name]), (value) => put(block, spec, value, tools))),

  number: (block, spec, tools) =>
    labelled(spec, numberInput(block[spec.name], (value) => put(block, spec, value, tools))),

  integer: (block, spec, tools) =>
    labelled(spec, numberInput(block[spec.name], (value) => put(block, spec, value, tools), { whole: true })),

  select: (block, spec, tools) => {
    const pick = (value) => {
      if (block.type === "quiz" && spec.name === "kind") changeQuizKind(block, value);
      block[spec.name] = value;
      tools.changed();
      if (spec.rebuilds) tools.rebuild(spec.name);
    };
    return labelled(spec, choose(block[spec.name], spec.options, pick));
  },

  flag: (block, spec, tools) => {
    const set = (value) => {
      put(block, spec, value, tools);
      if (spec.rebuilds) tools.rebuild(spec.name);
    };
    return tick(spec.label, block[spec.name], set, spec.name);
  },

  lines: (block, spec, tools) => {
    const lines = listIn(block, spec.name).map(String).join("\n");
    const read = (value) =>
      put(block, spec, value.split("\n").map((line) => line.trim()).filter(Boolean), tools);
    return labelled(spec, textArea(lines, read));
  },

  texts: (block, spec, tools) => {
    const values = listIn(block, spec.name);
    const row = (value, index) => [
      field(spec.item, textArea(text(value), (next) => ((values[index] = next), tools.changed())), { plain: true }),
    ];
    return rows(values, { path: spec.name, label: spec.label, one: spec.item, row, fresh: () => "", changed: tools.changed });
  },

  file: (block, spec, tools) => {
    const picture = element("img", { className: "bf-picture", alt: "", loading: "lazy" });
    const show = (name) => {
      picture.hidden = spec.name !== "asset" || !/^[0-9a-f]{64}\.[a-z0-9]{1,8}$/.test(name);
      if (!picture.hidden) picture.src = `/media/assets/${name}`;
    };
    const input = textInput(text(block[spec.name]), (value) => {
      put(block, spec, value, tools);
      show(value);
    });
    input.classList.add("bf-code");
    show(input.value);
    const wrapped = labelled(spec, input);
    wrapped.append(picture);
    if (spec.name === "asset") wrapped.append(...tools.pictures(block, input, tools));
    return wrapped;
  },

  outputs: (block, spec, tools) => {
    const count = listIn(block, spec.name).length;
    const note = element("p", { className: "bf-note", dataset: { path: spec.name } });
    if (!count) {
      note.hidden = true;
      return note;
    }
    note.append(`${count} stored output${count > 1 ? "s" : ""}, as the code was last run. `);
    const drop = () => {
      block.outputs = [];
      tools.changed();
      tools.rebuild("source");
    };
    note.append(button(count > 1 ? "Remove them" : "Remove it", drop));
    return note;
  },

  choices: (block, spec, tools) => choices(block, spec, tools),
  checks: (block, spec, tools) => checks(block, spec, tools),
  "numeric-answer": (block, spec, tools) => numericAnswer(block, spec, tools),
  "text-answer": (block, spec, tools) => textAnswer(block, spec, tools),
};

function labelled(spec, control) {
  return field(spec.label, control, { path: spec.name, help: spec.help, narrow: spec.narrow, plain: spec.plain });
}

// --- quizzes ---

function changeQuizKind(block, kind) {
  const kept = former.get(block) ?? {};
  former.set(block, kept);
  const hasChoices = (name) => name === "single" || name === "multiple";
  if (hasChoices(block.kind)) kept.choices = block.choices;
  else kept[block.kind] = block.answer;
  delete block.choices;
  delete block.answer;
  if (kind !== "multiple") delete block.partial_credit;
  if (hasChoices(kind)) block.choices = kept.choices ?? [];
  else if (kind === "numeric") block.answer = kept.numeric ?? { value: null, tolerance: 0 };
  else block.answer = kept.text ?? { accepted: [""], case_sensitive: false };
}

function choices(block, spec, tools) {
  const values = listIn(block, spec.name);
  const only = block.kind === "single";
  const name = `right-${block.id}`;
  const fresh = () => ({ id: freshId(new Set(values.map((choice) => choice.id))), text: "", correct: false });
  const row = (choice, index, render) => {
    const right = element("input", { type: only ? "radio" : "checkbox", name: only ? name : "", checked: choice.correct === true });
    right.addEventListener("change", () => {
      if (only) for (const other of values) other.correct = other === choice;
      else choice.correct = right.checked;
      tools.changed();
      if (only) render();
    });
    right.dataset.right = "";
    const set = (key, optional) => (value) => {
      if (optional && value === "") delete choice[key];
      else choice[key] = value;
      tools.changed();
    };
    const at = `choices[${index}]`;
    return [
      element("label", { className: "bf-right" }, right, " right"),
      field(`Choice ${index + 1}`, textArea(text(choice.text), set("text"), { rows: 1 }), { path: `${at}.text`, plain: true }),
      field("Said when chosen", textArea(text(choice.feedback), set("feedback", true), { rows: 1 }), { path: `${at}.feedback` }),
    ];
  };
  return rows(values, { path: "choices", label: spec.label, one: "choice", row, fresh, changed: tools.changed });
}

function numericAnswer(block, spec, tools) {
  const answer = objectIn(block, "answer");
  const set = (key) => (value) => {
    if (key === "units" && value === "") delete answer.units;
    else answer[key] = value;
    tools.changed();
  };
  return element(
    "fieldset",
    { className: "bf bf-list bf-line-up", dataset: { path: "answer" } },
    element("legend", { textContent: spec.label }),
    field("Value", numberInput(answer.value, set("value")), { path: "answer.value", narrow: true }),
    field("Give or take", numberInput(answer.tolerance, set("tolerance")), { path: "answer.tolerance", narrow: true }),
    field("Unit", textInput(text(answer.units), set("units")), { path: "answer.units", narrow: true }),
  );
}

function textAnswer(block, spec, tools) {
  const answer = objectIn(block, "answer");
  const values = listIn(answer, "accepted");
  const row = (value, index) => [
    field(`Answer ${index + 1}`, textInput(text(value), (next) => ((values[index] = next), tools.changed())), {
      path: `answer.accepted[${index}]`,
      plain: true,
    }),
  ];
  const list = rows(values, {
    path: "answer.accepted", label: spec.label, one: "answer", row, fresh: () => "", changed: tools.changed,
  }); // prettier-ignore
  const set = (value) => ((answer.case_sensitive = value), tools.changed());
  list.append(tick("Upper and lower case differ", answer.case_sensitive, set, "answer.case_sensitive"));
  return list;
}

function objectIn(block, name) {
  if (block[name] === null || typeof block[name] !== "object") block[name] = {};
  return block[name];
}

// --- checks of an exercise ---

function checks(block, spec, tools) {
  const values = listIn(block, spec.name);
  const fresh = () => ({ kind: "value", expression: "", expected: null, comparison: "equal" });
  const row = (check, index, render) => checkRow(check, `${spec.name}[${index}]`, tools, render);
  return rows(values, { path: spec.name, label: spec.label, one: "check", row, fresh, changed: tools.changed });
}

function checkRow(check, path, tools, render) {
  const set = (key, optional) => (value) => {
    if (optional && (value === "" || value === null)) delete check[key];
    else check[key] = value;
    tools.changed();
  };
  const kind = choose(check.kind, { value: "a value", assert: "a piece of code" }, (value) => {
    changeCheckKind(check, value);
    tools.changed();
    render();
  });
  const message = field("Said when it fails", textInput(text(check.message), set("message", true)), { path: `${path}.message` });
  const kindField = field("Checks", kind, { path: `${path}.kind`, narrow: true });
  if (check.kind === "assert") {
    const source = textArea(text(check.source), set("source"), { code: true });
    return [kindField, field("Code that must not fail", source, { path: `${path}.source` }), message];
  }
  const compare = choose(check.comparison, COMPARISONS, (value) => {
    check.comparison = value;
    if (value !== "close") {
      delete check.relative;
      delete check.absolute;
    }
    tools.changed();
    render();
  });
  const parts = [
    kindField,
    field("Comparison", compare, { path: `${path}.comparison`, narrow: true }),
    field("Expression", textInput(text(check.expression), set("expression"), { className: "bf-line bf-code" }), { path: `${path}.expression` }),
    expected(check, path, tools),
  ];
  if (check.comparison === "close") {
    parts.push(
      field("Relative tolerance", numberInput(check.relative, set("relative", true)), { path: `${path}.relative`, narrow: true }),
      field("Absolute tolerance", numberInput(check.absolute, set("absolute", true)), { path: `${path}.absolute`, narrow: true }),
    );
  }
  return [...parts, message];
}

function changeCheckKind(check, kind) {
  const kept = former.get(check) ?? {};
  former.set(check, kept);
  kept[check.kind] = { ...check };
  const fresh = kind === "assert" ? { source: "" } : { expression: "", expected: null, comparison: "equal" };
  const next = { ...fresh, ...kept[kind], kind };
  if (check.message !== undefined) next.message = check.message;
  for (const key of Object.keys(check)) delete check[key];
  Object.assign(check, next);
}

// Any JSON value, typed as JSON; the note says how it is read. The name of an exception is plain text.
function expected(check, path, tools) {
  const raises = check.comparison === "raises";
  const shown = raises ? text(check.expected) : write(check.expected ?? null);
  const note = element("p", { className: "bf-help" });
  const read = (typed) => {
    if (raises) return typed;
    try {
      return parse(typed);
    } catch {
      return typed; // not JSON, so it is text, and the note says so
    }
  };
  const say = (value) => {
    note.textContent = raises ? "The exception's name, for example ValueError." : `Read as ${nameOf(value)}.`;
  };
  const input = textInput(shown, (typed) => {
    check.expected = read(typed);
    say(check.expected);
    tools.changed();
  });
  input.classList.add("bf-code");
  say(check.expected);
  const made = field(raises ? "Exception" : "Expected", input, { path: `${path}.expected` });
  made.append(note);
  return made;
}

function nameOf(value) {
  if (value === null || value === undefined) return "null (None)";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && !(JSON.isRawJSON?.(value))) return "an object";
  return { string: "text", boolean: "true or false" }[typeof value] ?? "a number";
}
