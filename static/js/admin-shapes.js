// The forms of the block types: what the editor shows of each field of courses/content/schema.py. Pure data: a test reads
// the object as JSON and compares it with the schema. "kept" fields are never shown and never changed.
export const SHAPES = {
  "markdown": {
    "label": "Text",
    "hint": "Markdown, formulas, lists, pictures",
    "fields": [{"name": "source", "kind": "markdown", "label": "Text", "plain": true}],
    "kept": ["metadata", "attachments", "assets", "links"],
    "fresh": {"source": ""}
  },
  "code": {
    "label": "Code",
    "hint": "A cell that runs, or is only read",
    "fields": [
      {"name": "source", "kind": "code", "label": "Code", "plain": true},
      {"name": "outputs", "kind": "outputs", "label": "Outputs"},
      {"name": "run", "kind": "select", "label": "Shown as", "options": {"interactive": "runs in the browser", "static": "only read", "hidden": "folded away"}, "narrow": true},
      {"name": "language", "kind": "text", "label": "Language", "narrow": true},
      {"name": "title", "kind": "text", "label": "Title", "optional": true, "narrow": true},
      {"name": "run_note", "kind": "text", "label": "Why it does not run in the browser", "optional": true}
    ],
    "kept": ["metadata", "execution_count", "cell_type", "assets"],
    "fresh": {"source": "", "language": "python", "outputs": [], "run": "interactive"}
  },
  "image": {
    "label": "Picture",
    "hint": "A stored picture with its words",
    "fields": [
      {"name": "asset", "kind": "file", "label": "Stored file"},
      {"name": "alt", "kind": "text", "label": "What it shows, in words", "help": "For those who do not see it. Empty only if it says nothing."},
      {"name": "caption", "kind": "markdown", "label": "Caption", "optional": true},
      {"name": "width", "kind": "integer", "label": "Width, px", "optional": true, "narrow": true},
      {"name": "height", "kind": "integer", "label": "Height, px", "optional": true, "narrow": true}
    ],
    "kept": ["metadata"],
    "fresh": {"asset": "", "alt": ""}
  },
  "callout": {
    "label": "Callout",
    "hint": "A note, a tip, a warning",
    "fields": [
      {"name": "kind", "kind": "select", "label": "Kind", "options": {"note": "Note", "tip": "Tip", "important": "Important", "warning": "Warning", "danger": "Danger"}, "narrow": true},
      {"name": "title", "kind": "text", "label": "Title", "optional": true, "narrow": true},
      {"name": "source", "kind": "markdown", "label": "Text"}
    ],
    "kept": ["metadata", "assets", "links"],
    "fresh": {"kind": "note", "source": ""}
  },
  "video": {
    "label": "Video",
    "hint": "A link card to a video",
    "fields": [
      {"name": "url", "kind": "text", "label": "Address", "help": "https://…"},
      {"name": "title", "kind": "text", "label": "Title"}
    ],
    "kept": ["metadata"],
    "fresh": {"url": "", "title": ""}
  },
  "quiz": {
    "label": "Quiz",
    "hint": "A question with an answer key",
    "fields": [
      {"name": "kind", "kind": "select", "label": "Answer", "options": {"single": "one choice", "multiple": "several choices", "numeric": "a number", "text": "a few words"}, "narrow": true, "rebuilds": true},
      {"name": "points", "kind": "number", "label": "Points", "narrow": true},
      {"name": "attempts", "kind": "integer", "label": "Attempts", "nullable": true, "help": "Empty: unlimited.", "narrow": true},
      {"name": "prompt", "kind": "markdown", "label": "Question"},
      {"name": "choices", "kind": "choices", "label": "Choices", "when": {"kind": ["single", "multiple"]}},
      {"name": "partial_credit", "kind": "flag", "label": "Part of the points for a part of the right choices", "optional": true, "when": {"kind": ["multiple"]}},
      {"name": "answer", "kind": "numeric-answer", "label": "Right answer", "when": {"kind": ["numeric"]}},
      {"name": "answer", "kind": "text-answer", "label": "Right answers", "when": {"kind": ["text"]}},
      {"name": "explanation", "kind": "markdown", "label": "Explanation, shown after an answer", "optional": true},
      {"name": "graded", "kind": "flag", "label": "Graded", "rebuilds": true},
      {"name": "missing", "kind": "text", "label": "What is still missing", "optional": true, "when": {"graded": [false]}}
    ],
    "kept": ["metadata", "assets", "links"],
    "fresh": {"kind": "single", "prompt": "", "points": 1, "attempts": null, "graded": true, "choices": [{"id": "a", "text": "", "correct": true}, {"id": "b", "text": "", "correct": false}]}
  },
  "exercise": {
    "label": "Exercise",
    "hint": "Code to write, checked by tests",
    "fields": [
      {"name": "title", "kind": "text", "label": "Title"},
      {"name": "points", "kind": "number", "label": "Points", "narrow": true},
      {"name": "language", "kind": "text", "label": "Language", "narrow": true},
      {"name": "prompt", "kind": "markdown", "label": "Task"},
      {"name": "starter", "kind": "code", "label": "Code to start from"},
      {"name": "solution", "kind": "code", "label": "Solution, never shown"},
      {"name": "checks", "kind": "checks", "label": "Checks that learners see"},
      {"name": "hidden_checks", "kind": "checks", "label": "Hidden checks"},
      {"name": "hints", "kind": "texts", "label": "Hints", "item": "hint"},
      {"name": "packages", "kind": "lines", "label": "Packages", "help": "One a line, for example numpy."}
    ],
    "kept": ["metadata", "cells", "assets", "links"],
    "fresh": {"title": "", "prompt": "", "starter": "", "solution": "", "checks": [], "hidden_checks": [], "hints": [], "packages": [], "points": 1, "language": "python"}
  },
  "predictions": {
    "label": "Predictions",
    "hint": "A model's predictions, scored against private labels",
    "fields": [
      {"name": "prompt", "kind": "markdown", "label": "Task"},
      {"name": "data", "kind": "file", "label": "Stored data file, public"},
      {"name": "labels", "kind": "file", "label": "Stored file of labels, never shown"},
      {"name": "metric", "kind": "select", "label": "Metric", "options": {"accuracy": "accuracy", "f1": "F1 score", "roc_auc": "area under the ROC curve", "log_loss": "log loss", "mae": "mean absolute error", "rmse": "root mean squared error", "r2": "R²"}, "narrow": true},
      {"name": "threshold", "kind": "number", "label": "Threshold", "narrow": true},
      {"name": "tries_per_day", "kind": "integer", "label": "Tries a day", "narrow": true},
      {"name": "points", "kind": "number", "label": "Points", "narrow": true}
    ],
    "kept": ["metadata", "assets", "links"],
    "fresh": {"prompt": "", "data": "", "labels": "", "metric": "accuracy", "threshold": 0.8, "tries_per_day": 5, "points": 5}
  },
  "divider": {
    "label": "Divider",
    "hint": "A pause between parts",
    "fields": [],
    "kept": ["metadata"],
    "fresh": {}
  }
};
