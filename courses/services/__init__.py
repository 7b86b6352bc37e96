"""Writes to courses.

`publishing` (drafts, revisions, revert), `authoring` (a course's and a lesson's own fields), `outlining` (modules,
lessons and their order), `importing` (a folder becomes a course), `listeners` (how layers above hear of a change).
"""
