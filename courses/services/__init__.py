"""Writes to courses.

`publishing` (drafts, revisions, revert), `authoring` (a course's and a lesson's own fields), `outlining` (modules,
lessons and their order), `importing` (a folder becomes a course: `matching` says which lesson is which, `planning`
what would change, `applying` does it; `sources` opens folder, archive or git copy, `import_jobs` runs it in the
background), `pictures` (stored from the editor), `snapshots` and `reverting` (how a publication is undone),
`exporting` (the folder again, and a learner's copy of a lesson), `listeners` (how layers above hear of a change, and
say whom it touches).
"""
