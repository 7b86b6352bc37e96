"""The titles of a course's lessons: what an order file or the author says, else headings that tell lessons apart.

A notebook with several level-1 headings has often none for itself ("Setup", "Exercises"): then the words of the index
that links to it, or its file's name, say more. Knows drafts of lessons and entries of an outline.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from posixpath import basename, splitext

from courses.content.lesson_drafts import LessonDraft, cut_title, lesson_title, title_from_name
from courses.content.order import Entry

_NAMES_THAT_SAY_NOTHING = frozenset({"notebook", "index", "readme", "lesson", "main", "exercise", "assignment"})


def lesson_titles(entries: Iterable[Entry], drafts: Mapping[str, LessonDraft]) -> dict[str, str]:
    """A title for the file of each entry."""
    chosen = list(entries)
    own = {entry.path: lesson_title(drafts[entry.path]) for entry in chosen}
    times = Counter(own.values())
    return {entry.path: _title(entry, drafts[entry.path], own[entry.path], times) for entry in chosen}


def _title(entry: Entry, draft: LessonDraft, own: str, times: Counter[str]) -> str:
    if entry.title:
        return cut_title(entry.title)
    if draft.notebook.settings.get("title") or sum(1 for heading in draft.headings if heading.level == 1) < 2:
        return own
    if entry.hint:
        return cut_title(entry.hint)
    says_nothing = splitext(basename(entry.path))[0].casefold() in _NAMES_THAT_SAY_NOTHING
    return own if times[own] == 1 or says_nothing else title_from_name(entry.path)
