"""An import's report, the JSON of `import_course --report`, as rows for a page. Asks the database for titles alone."""

from collections import defaultdict
from typing import Any

from courses.models import Course

MOST = 200  # rows of one list on the page; the report itself has more

# What a plan may say of lessons, in the order and the words of the page.
KINDS = {
    "added": "added",
    "changed": "changed",
    "renamed": "renamed or readdressed",
    "moved": "moved",
    "revived": "restored",
    "removed": "removed",
    "settings": "with other settings: minutes, preview, what makes them done",
    "drafts": "whose waiting draft is replaced",
}
_COUNTS = ("lessons", "notebooks", "cells", "quizzes", "exercises")
_TOTALS = {
    "formulas": ("failed", "not rendered"),
    "images": ("missing", "missing"),
    "links": ("broken", "broken"),
    "outputs": ("dropped", "not shown"),
}

_FINDINGS = (
    ("formulas", "failed", "formula not rendered: {tex} ({reason})"),
    ("images", "missing", "image missing: {reference} ({why})"),
    ("links", "broken", "link broken: {reference} ({why})"),
    ("outputs", "dropped", "output not shown: {what}"),
)


def counts_of(report: dict[str, Any]) -> list[tuple[str, int, str]]:
    """What came in: (name, number, remark)."""
    rows = [(name, report[name], "") for name in _COUNTS if isinstance(report.get(name), int)]
    for name, (key, word) in _TOTALS.items():
        found = report.get(name)
        if isinstance(found, dict):
            listed = len(found.get(key) or [])
            rows.append((name, found.get("total", 0), f"{listed} {word}" if listed else ""))
    return rows


def changes_of(report: dict[str, Any], course: Course | None) -> list[dict[str, Any]]:
    """What the import changes: `{"text", "rows": [{"title", "note", "learners"}]}`. At most 1 query.

    `learners` is how many people a lesson's change touches; `rows` has at most MOST.
    """
    changes = report.get("changes") or {}
    found = {kind: changes[kind] for kind in KINDS if changes.get(kind)}
    titles: dict[str, str] = {}
    if course is not None and (found or changes.get("checks_changed")):
        titles = dict(course.lessons.values_list("uid", "title"))
    learners = changes.get("learners") or {}
    notes = {file["lesson"]: f"was {file['from']}" for file in changes.get("files") or [] if file.get("from")}
    rows = [
        {
            "text": f"{len(uids)} lesson{'' if len(uids) == 1 else 's'} {KINDS[kind]}",
            "count": len(uids),
            "rows": [
                {
                    "title": titles.get(uid, uid),
                    "note": notes.get(uid, "") if kind == "renamed" else "",
                    "learners": learners.get(uid),
                }
                for uid in uids[:MOST]
            ],
        }
        for kind, uids in found.items()
    ]
    checks = changes.get("checks_changed") or []
    if checks:
        items = [
            {"title": titles.get(check["lesson"], check["lesson"]), "note": _passed(check), "learners": None}
            for check in checks[:MOST]
        ]
        text = f"{len(checks)} exercise{'' if len(checks) == 1 else 's'} with changed checks; nobody loses a score"
        rows.append({"text": text, "count": len(checks), "rows": items})
    return rows + [{"text": text, "count": 0, "rows": []} for text in _of_the_course(changes)]


def _passed(check: dict[str, Any]) -> str:
    return f"{check['block']}: {check['passed_by']} passed the old ones"


def _of_the_course(changes: dict[str, Any]) -> list[str]:
    texts = []
    own = changes.get("course") or []
    if own:
        names = ", ".join(str(name).replace("_", " ") for name in own)
        texts.append("The course is new" if own == ["new"] else f"The course's own fields: {names}")
    if modules := changes.get("modules"):
        texts.append(f"{len(modules)} module{'' if len(modules) == 1 else 's'} changed")
    if changes.get("opens"):
        texts.append("The course opens to learners")
    return texts


def findings_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What the reader of the report should look at, by file: `{"file", "rows": [{"cell", "what"}]}`."""
    rows = [_row(problem, problem.get("what")) for problem in report.get("problems") or []]
    for name, key, words in _FINDINGS:
        listed = (report.get(name) or {}).get(key) or []
        rows += [_row(entry, words.format_map(defaultdict(str, entry))) for entry in listed]
    return _by_file(rows)


def problems_of(problems: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Why an import was refused, by file, as `findings_of`."""
    return _by_file([_row(problem, problem.get("what")) for problem in problems])


def _row(entry: dict[str, Any], what: Any) -> dict[str, Any]:
    cell, block = entry.get("cell"), entry.get("block")
    where = f"cell {cell}" if cell is not None else f"block {block}" if block else ""
    return {"file": entry.get("file") or "", "where": where, "what": what or ""}


def _by_file(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    files: dict[str, list[dict[str, Any]]] = {}
    for row in rows[:MOST]:
        files.setdefault(row["file"], []).append(row)
    found: list[dict[str, Any]] = [{"file": file, "rows": group} for file, group in files.items()]
    if len(rows) > MOST:
        found.append({"file": "", "rows": [{"where": "", "what": f"and {len(rows) - MOST} more"}]})
    return found
