"""Lessons and their blocks for one request of one person: each is loaded once for as long as it stays the same.

A batch of sync has hundreds of answers to the same few lessons. What is kept here is compared with the live revision
before it is used under an enrolment's lock: by its number, and by the compiler that derived its parts.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import Http404
from django.utils import timezone

from courses.models import Lesson
from courses.selectors import LessonBlock, block_of
from progress.selectors.reading import enrolled_lesson

# `Lesson.objects.open()` in `Course.objects.readable()`: this is once an event of a batch, and Django takes thrice as
# long to make the statement as PostgreSQL to answer it. `test_load_lessons_once.py` holds the two equal.
_LIVE = """
    SELECT r.id, r.number, r.compiler, l.completion_rule
    FROM courses_lesson l
    JOIN courses_course c ON c.id = l.course_id AND c.status IN ('published', 'archived')
    JOIN courses_lessonrevision r ON r.id = l.current_revision_id
    WHERE l.id = %s AND l.removed_at IS NULL AND (l.available_from IS NULL OR l.available_from <= %s)
"""


@dataclass(frozen=True, slots=True)
class Live:
    """What is live of a lesson now."""

    revision_id: int
    number: int
    compiler: int
    completion_rule: str


class OpenLessons:
    """See the module. One for each request: it never forgets what is not there."""

    def __init__(self, user: Any) -> None:
        self._user = user
        self._lessons: dict[int, Lesson | None] = {}
        self._blocks: dict[tuple[int, str], LessonBlock] = {}

    def lesson(self, lesson_id: int) -> Lesson:
        """As `enrolled_lesson`, which may be old by now. 1 query the first time.

        Raises:
            Http404: there is none, or the person does not take the course.
        """
        if lesson_id not in self._lessons:
            try:
                self._lessons[lesson_id] = enrolled_lesson(user=self._user, lesson_id=lesson_id)
            except Http404:
                self._lessons[lesson_id] = None
        lesson = self._lessons[lesson_id]
        if lesson is None:
            raise Http404("no such lesson")
        return lesson

    def current(self, lesson: Lesson) -> tuple[Lesson, Live]:
        """The lesson as it is now. Under the lock of an enrolment in its course it stays so. 1 query, 2 after a change.

        Raises:
            Http404: it is not open any more.
        """
        live = live_of(lesson.pk)
        if (lesson.current_revision_id, lesson.completion_rule) != (live.revision_id, live.completion_rule):
            lesson = self._lessons[lesson.pk] = enrolled_lesson(user=self._user, lesson_id=lesson.pk)
        return lesson, live

    def block(self, lesson: Lesson, block_id: str, live: Live | None = None) -> LessonBlock:
        """A block of the lesson's revision; with `live`, as the present compiler has it. 1 query the first time.

        Raises:
            Http404: the revision has no such block, or nothing is published.
        """
        place = (lesson.current_revision_id or 0, block_id)
        block = self._blocks.get(place)
        if block is None or (live is not None and live.compiler != block.compiler):
            block = self._blocks[place] = block_of(lesson, block_id)
        return block


def live_of(lesson_id: int) -> Live:
    """What is live of a lesson of an open course, whoever asks. 1 query.

    Raises:
        Http404: the lesson or its course is not open.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [lesson_id, timezone.now()])
        found = cursor.fetchone()
    if found is None:
        raise Http404("not open")
    return Live(*found)
