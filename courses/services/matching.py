"""Which lesson of a folder is which lesson of the course, and which changed places. Writes nothing.

Identity, first rule first: the uid that the author wrote; the path where the lesson was last found; the path that made
its uid; for a file that gained a uid, its path; then, for what is left, nearly the same content under another name.
A row keeps its uid when its file is renamed: logs and clients that know it go on knowing it.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any, TypeVar

from courses.content.course_source import LessonSource
from courses.content.hashes import check_hash, prose_hash
from courses.models import Lesson

SAME_CONTENT = 0.6  # share of a vanished lesson's text that a file under another name must have
SAME_AS_TOMBSTONE = 0.9  # the same for a lesson that was removed by an earlier import: more doubt, more proof
COMMON = 20  # a block that stands in more rows than this (imports, licence notes) says nothing about which one it is
MAX_UID = 400
_FROM_PATH = re.compile(r"\.(ipynb|md|py)(#\d+)?$")

Bodies = Callable[[Lesson], dict[str, Any] | None]
Key = TypeVar("Key", bound=Hashable)


def match_lessons(sources: Sequence[LessonSource], rows: Iterable[Lesson], body_of: Bodies) -> dict[str, Lesson]:
    """The row of each lesson that has one, by the source's uid. `body_of` is asked about rows that no rule placed."""
    free = {row.pk: row for row in sorted(rows, key=lambda row: (row.removed_at is not None, -row.pk))}
    matched: dict[str, Lesson] = {}

    def settle(wanted: Callable[[LessonSource], bool], name_of: Callable[[Lesson], str | None], by_path: bool) -> None:
        index: dict[str, Lesson] = {}
        for row in free.values():  # live rows come first
            name = name_of(row)
            if name:
                index.setdefault(name, row)
        for source in sources:
            if source.uid in matched or not wanted(source):
                continue
            name = source.path if by_path else source.uid
            if name in index:
                row = index.pop(name)
                matched[source.uid] = free.pop(row.pk)

    settle(lambda source: source.has_own_uid, lambda row: row.uid, by_path=False)
    settle(lambda source: not source.has_own_uid, lambda row: row.source_path, by_path=True)
    settle(lambda source: not source.has_own_uid, lambda row: row.uid, by_path=True)
    settle(lambda source: source.has_own_uid, lambda row: row.source_path if is_from_path(row) else None, by_path=True)
    rest = [source for source in sources if source.uid not in matched]
    if rest and free:
        matched |= _by_content(rest, list(free.values()), body_of)
    return matched


def is_from_path(row: Lesson) -> bool:
    """Whether the lesson's uid was made of a path, so that one that the author writes may take its place."""
    return row.uid == row.source_path or _FROM_PATH.search(row.uid) is not None


def uid_for(source: LessonSource, row: Lesson | None, taken: set[str]) -> str:
    """The uid that the lesson is stored under; a free one is added to `taken`."""
    if source.has_own_uid:
        return source.uid
    if row is not None:
        return row.uid
    # The path may be the uid of a lesson whose file was renamed since.
    uid, number = source.uid, 1
    while uid in taken:
        number += 1
        uid = f"{source.uid[: MAX_UID - 6]}#{number}"
    taken.add(uid)
    return uid


def _by_content(sources: list[LessonSource], rows: list[Lesson], body_of: Bodies) -> dict[str, Lesson]:
    bodies = {row.pk: body for row in rows if (body := body_of(row)) is not None}
    holders: dict[str, set[int]] = defaultdict(set)
    for pk, body in bodies.items():
        for block in body["blocks"]:
            if _weight(block):
                holders[_content(block)].add(pk)
    by_pk = {row.pk: row for row in rows}
    found = []
    for place, source in enumerate(sources):
        near = {_content(block) for block in source.body["blocks"] if _weight(block)}
        candidates = {pk for content in near if len(holders[content]) <= COMMON for pk in holders[content]}
        for pk in candidates:
            row = by_pk[pk]
            if source.has_own_uid and not is_from_path(row):
                continue  # two uids that an author wrote are two lessons
            share = similarity(bodies[pk], source.body)
            if share >= (SAME_CONTENT if row.removed_at is None else SAME_AS_TOMBSTONE):
                found.append((row.removed_at is not None, -share, abs(row.position - place), pk, source.uid))
    matched: dict[str, Lesson] = {}
    used: set[int] = set()
    for _, _, _, pk, uid in sorted(found):
        if pk not in used and uid not in matched:
            used.add(pk)
            matched[uid] = by_pk[pk]
    return matched


def similarity(old: dict[str, Any], new: dict[str, Any]) -> float:
    """Share of the text, 0 to 1, that two bodies have in common, of the longer one. Outputs do not count.

    A block is the same when its content is; or when its id is and half of its text at least.
    """
    kept: Counter[str] = Counter(_content(block) for block in old["blocks"])
    by_id = {block["id"]: block for block in old["blocks"]}
    same = 0
    for block in new["blocks"]:
        content, twin = _content(block), by_id.get(block["id"])
        if kept[content] > 0:
            kept[content] -= 1
            same += _weight(block)
        elif twin is not None and twin["type"] == block["type"] and _is_edited(twin, block):
            same += min(_weight(twin), _weight(block))
    longer = max(sum(map(_weight, old["blocks"])), sum(map(_weight, new["blocks"])))
    return min(1.0, same / longer) if longer else 0.0


def moved_items(old: Sequence[Key], new: Sequence[Key]) -> set[Key]:
    """The fewest items of two orders of the same items that changed places, the others standing still."""
    place = {item: index for index, item in enumerate(old)}
    ends: list[int] = []  # the smallest place that ends an ascending run of each length
    chain: list[int] = []  # the item's own length, to walk back
    for item in new:
        at = bisect_left(ends, place[item])
        ends[at : at + 1] = [place[item]]
        chain.append(at)
    still: set[Key] = set()
    length = len(ends) - 1
    limit = len(old)
    for item, at in zip(reversed(new), reversed(chain), strict=True):
        if at == length and place[item] < limit:
            still.add(item)
            length, limit = length - 1, place[item]
    return set(new) - still


def _text(block: dict[str, Any]) -> str:
    parts = (
        block.get(name, "") for name in ("title", "source", "prompt", "solution", "starter", "url", "alt", "caption")
    )
    return "\n".join(part for part in parts if isinstance(part, str) and part)


def _weight(block: dict[str, Any]) -> int:
    return min(500, len(_text(block).strip()))


def _content(block: dict[str, Any]) -> str:
    """What the author wrote, without outputs and without how references were resolved."""
    if judged := check_hash(block):
        return judged + prose_hash(_bare(block))
    return f"{block['type']}\0{_text(block).strip()}"


def _bare(block: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name not in ("assets", "links")}


def _is_edited(old: dict[str, Any], new: dict[str, Any]) -> bool:
    # By words: any two texts of one language have most of their letters in common.
    return SequenceMatcher(None, _text(old).split()[:400], _text(new).split()[:400], autojunk=False).ratio() >= 0.5
