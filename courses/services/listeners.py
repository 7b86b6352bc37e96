"""The two ways by which courses meets a layer above that it must not know.

A layer above hears of a change of content (a finished course must be recognised when its last open lesson is removed),
and answers how many learners a change would touch. Both are functions that progress registers at start-up.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from courses.models import Course

Check = tuple[int, str, str]
"""A lesson's id, a block's id, and the hash of its check."""


@dataclass(frozen=True)
class LearnerCounts:
    """How many people did something with lessons, by lesson id; and passed a block, by `Check`. Absent means none.

    `reading` are those who have the lesson open and have not completed it, so that nobody is in both.
    """

    completed: dict[int, int] = field(default_factory=dict)
    reading: dict[int, int] = field(default_factory=dict)
    passed: dict[Check, int] = field(default_factory=dict)

    def touched(self, lesson_id: int) -> int:
        """How many people a change of this lesson touches."""
        return self.completed.get(lesson_id, 0) + self.reading.get(lesson_id, 0)


Counter = Callable[[Collection[int], Collection[Check]], LearnerCounts]

_listeners: list[Callable[[Course], None]] = []
_counters: list[Counter] = []


def on_content_change(listener: Callable[[Course], None]) -> None:
    """Register a function that is called with the course, once for each change, in registration order."""
    if listener not in _listeners:
        _listeners.append(listener)


def content_changed(course: Course) -> None:
    """Tell all listeners, inside the transaction that changed the course. What they raise rolls the change back."""
    for listener in _listeners:
        listener(course)


def count_learners_with(counter: Counter) -> None:
    """Register the function that answers `learner_counts`. There is one; a later registration takes its place."""
    _counters[:] = [counter]


def learner_counts(lesson_ids: Collection[int], checks: Collection[Check] = ()) -> LearnerCounts:
    """How many people the lessons concern, and passed the checks. At most 3 queries; none where nobody counts."""
    if not _counters or not lesson_ids:
        return LearnerCounts()
    return _counters[0](lesson_ids, checks)
