"""The one way by which a layer above hears of a change of content.

courses must not know progress, yet a finished course must be recognised when its last open lesson is removed. So
progress registers a function here at start-up; it is called inside the transaction that changed the course.
"""

from collections.abc import Callable

from courses.models import Course

_listeners: list[Callable[[Course], None]] = []


def on_content_change(listener: Callable[[Course], None]) -> None:
    """Register a function that is called with the course, once for each change, in registration order."""
    if listener not in _listeners:
        _listeners.append(listener)


def content_changed(course: Course) -> None:
    """Tell all listeners. What they raise rolls the change back."""
    for listener in _listeners:
        listener(course)
