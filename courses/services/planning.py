"""What an import would change, and how many learners that touches. Writes nothing.

The plan is made under the course's lock and applied under the same one, so what it says is what happens. An import
that does not publish an open course is *staged*: bodies wait as drafts, and nothing that learners see is touched.
"""

from dataclasses import dataclass, field
from typing import Any

from courses.content.compiling import Compiled
from courses.content.course_source import CourseSource, LessonSource
from courses.content.hashes import check_hashes
from courses.content.markdown import RenderContext, render_markdown
from courses.models import Course, Lesson, LessonDraft, LessonRevision, Module
from courses.services.listeners import Check, learner_counts
from courses.services.matching import match_lessons, moved_items, uid_for

LISTS = ("added", "changed", "moved", "renamed", "removed", "revived", "settings", "drafts", "modules", "course")
_TOUCHING = ("changed", "moved", "renamed", "removed", "revived")


@dataclass
class LessonStep:
    """A lesson of the folder and the row that it is (None: a new one).

    `writes_body`: its body is neither live nor waiting. `needs_revision`: what learners would read is not live.
    """

    uid: str
    position: int
    module_uid: str
    source: LessonSource
    result: Compiled
    row: Lesson | None
    writes_body: bool = True
    needs_revision: bool = True

    @property
    def fields(self) -> dict[str, Any]:
        """What the lesson's row is to hold, module and body apart."""
        return {
            "uid": self.uid,
            "slug": self.source.slug,
            "title": self.source.title[:200],
            "minutes": max(1, min(600, self.source.minutes or self.result.minutes)),
            "is_preview": self.source.is_preview,
            "completion_rule": self.source.completion,
            "source_path": self.source.path,
            "position": self.position,
        }


@dataclass
class Plan:
    """What an import would change, by lesson uid; a lesson may be in several lists.

    `renamed`: title, address, file or uid. `settings`: minutes, preview, the completion rule. `drafts`: a draft that
    says something else than the folder is replaced. `modules` by module uid, `course` by name of field.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    course: list[str] = field(default_factory=list)
    opens: bool = False
    unchanged: int = 0
    files: list[dict[str, str]] = field(default_factory=list)  # renamed files: lesson (uid), from, to
    learners: dict[str, int] = field(default_factory=dict)
    checks_changed: list[dict[str, Any]] = field(default_factory=list)
    steps: list[LessonStep] = field(default_factory=list, repr=False)
    staged: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether applying it would write nothing."""
        return not self.opens and not any(getattr(self, name) for name in LISTS)

    def as_dict(self) -> dict[str, Any]:
        """The report's `changes`: lists by uid, `learners` touched by uid, and checks with who passed the old ones."""
        return {
            **{name: getattr(self, name) for name in LISTS},
            "opens": self.opens,
            "files": self.files,
            "unchanged": self.unchanged,
            "learners": self.learners,
            "checks_changed": self.checks_changed,
        }


def make_plan(
    course: Course | None, source: CourseSource, results: dict[str, Compiled], *, slug: str, publish: bool
) -> Plan:
    """Compare the folder with the course. A number of queries that grows only with what changed.

    Args:
        results: the compiled bodies, by the sources' uid.
    """
    places = [(module.uid, lesson) for module in source.modules for lesson in module.lessons]
    if course is None:
        steps = [
            LessonStep(lesson.uid, position, module_uid, lesson, results[lesson.uid], None)
            for position, (module_uid, lesson) in enumerate(places)
        ]
        return Plan(added=[step.uid for step in steps], course=["new"], opens=publish, steps=steps)
    rows = _rows(course)
    matched = match_lessons([lesson for _, lesson in places], rows, body_of)
    taken = {row.uid for row in rows} | {lesson.uid for _, lesson in places if lesson.has_own_uid}
    plan = Plan(staged=not publish and course.status != Course.Status.DRAFT)
    for position, (module_uid, lesson) in enumerate(places):
        row = matched.get(lesson.uid)
        uid = uid_for(lesson, row, taken)
        plan.steps.append(LessonStep(uid, position, module_uid, lesson, results[lesson.uid], row))
    plan.opens = publish and course.status != Course.Status.PUBLISHED
    leftover = [row for row in rows if row.removed_at is None and row not in matched.values()]
    if publish:
        plan.removed = [row.uid for row in leftover]
    _compare_lessons(plan, publish)
    if not plan.staged:
        wanted = course_fields(source, slug)
        plan.course = sorted(name for name, value in wanted.items() if getattr(course, name) != value)
        plan.modules = _modules_changed(course, source, [] if publish else leftover)
    _count(plan, rows, publish)
    return plan


def course_fields(source: CourseSource, slug: str) -> dict[str, Any]:
    """What the course's row is to hold."""
    context = RenderContext()
    context.enter({"id": "", "type": "markdown", **source.description_references})
    return {
        "slug": slug,
        "title": source.title[:200],
        "summary": source.summary[:300],
        "description": source.description,
        "description_html": render_markdown(source.description, context) if source.description else "",
        "outcomes": source.outcomes,
        "requirements": source.requirements,
        "level": source.level,
        "language": source.language,
        "licence": source.licence,
        "author_names": source.authors,
        "data_files": source.data_files,
        "certificate_percent": source.certificate,
        **({"uid": source.uid} if source.uid else {}),  # a course may get its uid later
    }


def body_of(row: Lesson) -> dict[str, Any] | None:
    """What the author last had of a lesson: its draft, else what is live. At most 2 queries."""
    draft = LessonDraft.objects.filter(lesson=row).values_list("body", flat=True).first()
    if draft is not None or row.current_revision_id is None:
        return draft
    return LessonRevision.objects.values_list("body", flat=True).get(pk=row.current_revision_id)


def _rows(course: Course) -> list[Lesson]:
    heavy = ("body", "public", "key", "html", "toc", "text", "checks")
    rows = course.lessons.select_related("module", "current_revision", "draft").order_by("position", "pk")
    return list(rows.defer("draft__body", *(f"current_revision__{name}" for name in heavy)))


def _compare_lessons(plan: Plan, publish: bool) -> None:
    known = [(step, step.row) for step in plan.steps if step.row is not None]
    live = {row.pk: row for _, row in known if row.removed_at is None}
    order = sorted(live, key=lambda pk: (live[pk].position, pk))
    moved = moved_items(order, [row.pk for _, row in known if row.pk in live])
    for step in plan.steps:
        row = step.row
        if row is None:
            plan.added.append(step.uid)
            continue
        kinds = [] if plan.staged else _row_kinds(step, row, row.pk in moved)
        step.needs_revision = _needs_revision(step, row)
        step.writes_body = _writes_body(step, row, publish)
        if step.writes_body:
            kinds.append("changed")
        if _loses_draft(step, row, publish):
            kinds.append("drafts")
        for kind in kinds:
            getattr(plan, kind).append(step.uid)
        if "renamed" in kinds and row.source_path != step.source.path:
            plan.files.append({"lesson": step.uid, "from": row.source_path, "to": step.source.path})
        plan.unchanged += not kinds


def _row_kinds(step: LessonStep, row: Lesson, is_moved: bool) -> list[str]:
    fields, kinds = step.fields, []
    if row.removed_at is not None:
        kinds.append("revived")
    elif is_moved or row.module.uid != step.module_uid:
        kinds.append("moved")
    if any(getattr(row, name) != fields[name] for name in ("uid", "title", "slug", "source_path")):
        kinds.append("renamed")
    if any(getattr(row, name) != fields[name] for name in ("minutes", "is_preview", "completion_rule")):
        kinds.append("settings")
    return kinds


def _needs_revision(step: LessonStep, row: Lesson) -> bool:
    live = row.current_revision
    if live is None or live.checksum != step.result.checksum:
        return True
    if row.title == step.fields["title"]:
        return False
    # Whether the body's first heading repeats the title was decided when it was compiled.
    return LessonRevision.objects.values_list("html", flat=True).get(pk=live.pk) != step.result.html


def _writes_body(step: LessonStep, row: Lesson, publish: bool) -> bool:
    """Whether the body is not there already: live, or (for an import that does not publish) as the draft."""
    if publish:
        return step.needs_revision or hasattr(row, "draft")
    live = row.current_revision
    if live is not None and live.checksum == step.result.checksum:
        return hasattr(row, "draft")  # which then says something else
    return not hasattr(row, "draft") or row.draft.body != step.source.body


def _loses_draft(step: LessonStep, row: Lesson, publish: bool) -> bool:
    return step.writes_body and hasattr(row, "draft") and row.draft.body != step.source.body


def _modules_changed(course: Course, source: CourseSource, leftover: list[Lesson]) -> list[str]:
    """Uids of modules that are new, renamed, moved, or that no lesson would use any more."""
    rows: dict[str, Module] = {module.uid: module for module in course.modules.order_by("position", "pk")}
    wanted = {module.uid: module.title[:200] for module in source.modules}
    live = [uid for uid, row in rows.items() if row.removed_at is None]
    moved = moved_items([uid for uid in live if uid in wanted], [uid for uid in wanted if uid in live])
    stay = {row.module.uid for row in leftover}
    changed = [uid for uid, title in wanted.items() if uid not in live or rows[uid].title != title or uid in moved]
    return changed + [uid for uid in live if uid not in wanted and uid not in stay]


def _count(plan: Plan, rows: list[Lesson], publish: bool) -> None:
    """Fill in who is touched: at most 3 queries, and one a changed lesson that learners know."""
    ids = {step.uid: step.row.pk for step in plan.steps if step.row is not None}
    ids |= {row.uid: row.pk for row in rows if row.uid in plan.removed}
    touched = {uid: ids[uid] for name in _TOUCHING for uid in getattr(plan, name)}
    changed: dict[Check, str] = {}
    for step in plan.steps:
        row = step.row
        if row is None or step.uid not in plan.changed or row.current_revision_id is None:
            continue
        old = check_hashes(LessonRevision.objects.values_list("body", flat=True).get(pk=row.current_revision_id))
        new = check_hashes(step.source.body)
        changed |= {(row.pk, block, old[block]): step.uid for block in new if block in old and old[block] != new[block]}
    counts = learner_counts(list(touched.values()), list(changed))
    plan.learners = {uid: counts.touched(pk) for uid, pk in touched.items()}
    plan.checks_changed = [
        {"lesson": uid, "block": check[1], "passed_by": counts.passed.get(check, 0)} for check, uid in changed.items()
    ]


_WORDS: dict[str, tuple[str, str]] = {
    "added": ("new", "lesson"),
    "changed": ("changed", "lesson"),
    "moved": ("moved", "lesson"),
    "renamed": ("renamed", "lesson"),
    "removed": ("removed", "lesson"),
    "revived": ("back again", "lesson"),
    "settings": ("other settings", "lesson"),
    "drafts": ("draft replaced", "lesson"),
    "modules": ("changed", "module"),
}


def describe_changes(changes: dict[str, Any], *, most: int | None = None) -> list[str]:
    """A report's `changes` in lines for people: what changes, and how many learners each lesson's change touches.

    Args:
        most: lessons named of each kind; the rest is counted. None names them all.
    """
    learners = changes.get("learners", {})
    files = {entry["lesson"]: entry for entry in changes.get("files", ())}
    lines = []
    if changes.get("course"):
        lines.append(f"course: {', '.join(changes['course'])}")
    for name, (word, what) in _WORDS.items():
        uids = changes.get(name, ())
        for uid in uids[:most]:
            line = f"{word} {what}: {uid}" if what == "module" else f"{word}: {uid}"
            if name == "renamed" and uid in files and files[uid]["from"]:
                line += f" (was {files[uid]['from']}, is {files[uid]['to']})"
            lines.append(line + (_people(learners[uid]) if learners.get(uid) and name in _TOUCHING else ""))
        if most is not None and len(uids) > most:
            lines.append(f"{word}: {len(uids) - most} more {what}s")
    lines += [
        f"checks changed: {entry['lesson']}, block {entry['block']} · the old ones passed by {entry['passed_by']}"
        for entry in changes.get("checks_changed", ())
    ]
    if changes.get("opens"):
        lines.append("the course opens to learners")
    return lines


def _people(number: int) -> str:
    return f" · touches {number} learner{'' if number == 1 else 's'}"
