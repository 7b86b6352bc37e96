// The code editor: CodeMirror for Python, bundled into vendor/editor.js. Owns what CodeMirror is told and how it looks;
// knows no page, no saving and no running: whoever mounts it passes functions for those.

import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python, pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Annotation, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { highlightTree, tagHighlighter, tags as t } from "@lezer/highlight";

// The classes are Pygments' short ones, so that a cell does not change its colours when it becomes an editor.
const HIGHLIGHTER = tagHighlighter([
  { tag: [t.keyword, t.operatorKeyword, t.bool, t.null], class: "k" },
  { tag: [t.function(t.definition(t.variableName)), t.meta], class: "nf" },
  { tag: [t.definition(t.className), t.className, t.self], class: "nc" },
  { tag: [t.string, t.special(t.string), t.docString], class: "s" },
  { tag: t.escape, class: "se" },
  { tag: t.number, class: "m" },
  { tag: t.comment, class: "c" },
  { tag: t.invalid, class: "err" },
]);

const LOOK = EditorView.theme({
  "&": { inlineSize: "max-content", minInlineSize: "100%", color: "var(--ink)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" }, // drawn around the host, which the page styles
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit", overflow: "visible" },
  ".cm-content": { padding: "0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0" },
  ".cm-line::selection, .cm-line ::selection": {
    backgroundColor: "color-mix(in oklab, var(--cobalt) 26%, transparent)",
  },
  "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": { backgroundColor: "var(--marigold-wash)" },
  "&.cm-focused .cm-nonmatchingBracket, .cm-nonmatchingBracket": { backgroundColor: "var(--clay-wash)" },
  ".k": { color: "var(--cobalt)" },
  ".nf": { color: "var(--violet)" },
  ".nc": { color: "var(--teal)" },
  ".s": { color: "var(--leaf)" },
  ".se, .m": { color: "var(--amber)" },
  ".c": { color: "var(--ink-soft)", fontStyle: "italic" },
  ".err": { color: "var(--clay)" },
});

const quietly = Annotation.define(); // a change that the page made itself and need not be told of

/**
 * Typing over a selection: left to the browser, Chrome keeps the deleted text's look in a style attribute, which the
 * page's policy refuses, loudly, at each key.
 */
function typeOverSelection(event, view) {
  const { from, to, empty } = view.state.selection.main;
  if (event.inputType !== "insertText" || !event.data || empty || view.composing) return false;
  const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type" });
  event.preventDefault();
  const handlers = view.state.facet(EditorView.inputHandler);
  if (!handlers.some((handler) => handler(view, from, to, event.data, insert))) view.dispatch(insert());
  return true;
}

/**
 * Mounts an editor into a shadow root, where its sheets are allowed whatever the page's policy says.
 * `onRun` is Shift+Enter or Ctrl+Enter, `onLeave` is Escape. Tab indents; the content is not in the tab order, so that
 * the keyboard passes from the host to what follows it.
 */
export function createEditor({ root, doc, label, onChange, onRun, onLeave, onFocus, onBlur }) {
  const run = () => {
    onRun();
    return true;
  };
  const leave = () => {
    onLeave();
    return true;
  };
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc,
      extensions: [
        Prec.highest(
          keymap.of([
            { key: "Shift-Enter", run },
            { key: "Ctrl-Enter", run },
            { key: "Mod-Enter", run },
            { key: "Escape", run: leave },
          ]),
        ),
        history(),
        indentUnit.of("    "),
        EditorState.tabSize.of(4),
        python(),
        syntaxHighlighting(HIGHLIGHTER),
        bracketMatching(),
        closeBrackets(),
        indentOnInput(),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        LOOK,
        EditorView.domEventHandlers({ beforeinput: typeOverSelection }),
        EditorView.contentAttributes.of({
          "aria-label": label,
          tabindex: "-1",
          autocorrect: "off",
          autocapitalize: "off",
          spellcheck: "false",
          translate: "no",
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((step) => step.annotation(quietly))) onChange();
          if (update.focusChanged) (update.view.hasFocus ? onFocus : onBlur)();
        }),
      ],
    }),
  });
  return {
    get text() {
      return view.state.doc.toString();
    },
    /** Replaces everything; the editor's own undo brings the former text back. */
    set text(value) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value }, annotations: quietly.of(true) });
    },
    /** Takes the keyboard; with an offset in characters the cursor goes there. */
    focus(offset) {
      view.focus();
      if (offset !== undefined) {
        view.dispatch({ selection: { anchor: Math.min(offset, view.state.doc.length) }, scrollIntoView: true });
      }
    },
  };
}

/** Python as coloured nodes with the classes that Pygments gives. */
export function highlighted(source) {
  const nodes = document.createDocumentFragment();
  let at = 0;
  highlightTree(pythonLanguage.parser.parse(source), HIGHLIGHTER, (from, to, classes) => {
    if (from > at) nodes.append(source.slice(at, from));
    const span = document.createElement("span");
    span.className = classes;
    span.textContent = source.slice(from, to);
    nodes.append(span);
    at = to;
  });
  nodes.append(source.slice(at));
  return nodes;
}
