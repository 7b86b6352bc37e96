"""Whatever authors do to a folder between imports, nobody loses anything: random edits, imports and learning.

A script is a list of steps. Each runs against a folder kept in memory and a real import; after each one the facts, the
counters and the pages must hold. A step that has nothing to work on does nothing, so that every script makes sense.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.content.hashes import check_hashes
from courses.models import Course, Lesson, LessonDraft, LessonRevision, PublishLog
from courses.services.importing import import_course
from courses.services.outlining import remove_lesson, restore_lesson
from courses.services.publishing import publish_course, unpublish_course
from courses.services.reverting import plan_revert, revert_publication, revertible_rows
from progress.models import Attempt, Enrolment, LessonCompletion
from progress.selectors.counting import counter_differences
from progress.selectors.standings import Standing, standing_in
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll
from tests.edited_folder import EDITS, MODULES, EditedFolder, add, change_title, delete, move, new_doc, reorder, write

MORE = int(os.environ.get("EDIT_SCRIPTS", "0"))  # a number of other scripts, drawn anew: for a long run by hand
LEARNERS = 3


@dataclass
class World(EditedFolder):
    """The folder, the course that it became, and the people who take it."""

    learners: list[User] = field(default_factory=list)

    @property
    def course(self) -> Course | None:
        return Course.objects.filter(uid="script").first()

    @property
    def live(self) -> list[Lesson]:
        return list(Lesson.objects.live().order_by("position", "pk"))


# --- what learners do ---


def complete(world: World, a: int, b: int) -> None:
    course = world.course
    if course and course.status == "published" and world.live:
        learner = world.learners[a % LEARNERS]
        enroll(user=learner, course=course)
        complete_lesson(user=learner, lesson=world.live[b % len(world.live)])


def complete_all(world: World, a: int, b: int) -> None:
    for number in range(len(world.live)):
        complete(world, a, number)


def take_back(world: World, a: int, b: int) -> None:
    learner, course = world.learners[a % LEARNERS], world.course
    if course and course.status == "published" and Enrolment.objects.filter(user=learner).exists() and world.live:
        uncomplete_lesson(user=learner, lesson=world.live[b % len(world.live)])


def attempt(world: World, a: int, b: int) -> None:
    enrolment = Enrolment.objects.filter(user=world.learners[a % LEARNERS]).first()
    lessons = world.live
    if enrolment and lessons:
        lesson = lessons[b % len(lessons)]
        hashes = check_hashes(lesson.current_revision.body)
        for block, check in hashes.items():
            Attempt.objects.create(
                enrolment=enrolment, lesson=lesson, block_uid=block, check_hash=check, answer={}, score=1,
                max_score=1,
                revision=lesson.current_revision.number, verdict="passed", verified_by="server",
            )  # fmt: skip


# --- what changes the course ---


def publish_folder(world: World, a: int, b: int) -> None:
    write(world)
    outcome = import_course(path=world.root, publish=True)
    rows = {row.source_path: row for row in Lesson.objects.filter(removed_at=None)}
    for doc in world.docs:
        if doc.pk is not None:
            assert rows[doc.path].pk == doc.pk, f"{doc.path} became another lesson"
        doc.pk = rows[doc.path].pk
    assert [row.title for row in world.live] == [
        doc.title for module in MODULES for doc in world.docs if doc.module == module
    ]
    unchanged(world, publish=True)
    assert set(outcome.plan.learners) >= set(outcome.plan.removed)


def draft_folder(world: World, a: int, b: int) -> None:
    write(world)
    course = world.course
    shown = seen_by_learners() if course and course.status == "published" else None
    import_course(path=world.root)
    assert shown is None or seen_by_learners() == shown
    unchanged(world, publish=False)


def unchanged(world: World, *, publish: bool) -> None:
    rows = [model.objects.count() for model in (Course, Lesson, LessonRevision, LessonDraft, PublishLog)]
    assert import_course(path=world.root, publish=publish).plan.is_empty
    assert rows == [model.objects.count() for model in (Course, Lesson, LessonRevision, LessonDraft, PublishLog)]


def revert(world: World, a: int, b: int) -> None:
    course = world.course
    rows = revertible_rows(course=course) if course else []
    if not rows:
        return
    log = rows[a % len(rows)]
    before = state(course)
    planned = plan_revert(log=log)
    assert state(course) == before, "showing what would change changed something"
    done = revert_publication(log=log)
    assert {name: done.changes[name] for name in planned.changes} == planned.changes
    if b % 2:  # there and back again
        revert_publication(log=done)
        assert state(course) == before
    for doc in world.docs + world.trash:
        doc.pk = None


def remove_by_hand(world: World, a: int, b: int) -> None:
    if world.live:
        remove_lesson(lesson=world.live[a % len(world.live)])


def restore_by_hand(world: World, a: int, b: int) -> None:
    gone = list(Lesson.objects.filter(removed_at__isnull=False).order_by("pk"))
    if gone:
        restore_lesson(lesson=gone[a % len(gone)])


def close_and_open(world: World, a: int, b: int) -> None:
    course = world.course
    if course is None:
        return
    if course.status == "published":
        unpublish_course(course=course)
    try:
        if b % 2:
            publish_course(course=course)
    except ValidationError:
        assert not world.live


LEARNING = [complete, complete_all, take_back, attempt]
CHANGES = [draft_folder, revert, remove_by_hand, restore_by_hand, close_and_open]
IMPORTS = [publish_folder] * 8
LOWERS = {take_back}  # the person says so; nothing else may lower anything


def facts() -> tuple[Any, ...]:
    done = LessonCompletion.objects.order_by("pk").values_list("pk", "enrolment", "lesson", "revision", "undone_at")
    tried = Attempt.objects.order_by("pk").values_list("pk", "lesson", "block_uid", "verdict", "score", "check_hash")
    return tuple(done), tuple(tried)


def state(course: Course | None) -> tuple[Any, ...]:
    lessons = Lesson.objects.order_by("pk").values_list(
        "uid", "slug", "title", "position", "module__uid", "minutes",
        "current_revision__number", "source_path",
    )  # fmt: skip
    gone = Lesson.objects.filter(removed_at__isnull=False).order_by("pk").values_list("pk", flat=True)
    status = (
        Course.objects.filter(pk=course.pk).values_list("status", "title", "lesson_count").get() if course else None
    )
    drafts = LessonDraft.objects.order_by("lesson_id").values_list("lesson_id", "body")
    return tuple(lessons), tuple(gone), status, tuple(drafts)


def seen_by_learners() -> list[Any]:
    rows = Lesson.objects.live().order_by("position", "pk")
    shown = rows.values_list("slug", "title", "module__title", "module__position", "current_revision__number")
    return [*shown, *Course.objects.values_list("title", "updated_at", "lesson_count")]


def standings(world: World) -> list[Standing | None]:
    course = world.course
    return [standing_in(user=learner, course=course) if course else None for learner in world.learners]


def check_numbers(world: World) -> None:
    assert counter_differences() == []
    uids = list(Lesson.objects.values_list("uid", flat=True))
    assert len(uids) == len(set(uids))
    slugs = [lesson.slug for lesson in world.live]
    assert len(slugs) == len(set(slugs))
    for standing in standings(world):
        if standing is not None:
            assert 0 <= standing.percent <= 100
            assert standing.completed <= standing.total
            assert (standing.percent == 100) == standing.is_finished


def check_pages(world: World) -> None:
    course = world.course
    enrolment = Enrolment.objects.filter(left_at=None).first()
    if course is None or course.status != "published" or enrolment is None:
        return
    client = Client()
    client.force_login(enrolment.user)
    paths = ["/dashboard/", course.get_absolute_url(), "/api/v1/dashboard/my-courses", f"/api/v1/courses/{course.slug}"]
    paths += [lesson.get_absolute_url() for lesson in world.live[:2]]
    for path in paths:
        assert client.get(path).status_code == 200, path


def run(script: list[tuple[Any, int, int]], root: Path) -> None:
    world = World(root, learners=[UserFactory() for _ in range(LEARNERS)])
    for number in range(3):
        world.docs.append(new_doc(world, MODULES[number % 2]))
    publish_folder(world, 0, 0)
    for learner in world.learners[:2]:
        enroll(user=learner, course=world.course)
    completed = dict.fromkeys(range(LEARNERS), 0)
    finished: set[int] = set()
    for step, a, b in script:
        before = facts()
        step(world, a, b)
        if step in EDITS:  # of files alone: nothing was imported yet
            continue
        if step not in LEARNING:
            assert facts() == before, "a change of content touched what learners did"
        elif step not in LOWERS:
            assert set(before[1]) <= set(facts()[1])
        check_numbers(world)
        for number, standing in enumerate(standings(world)):
            if standing is None:  # the course is closed, or not taken
                continue
            if step in LOWERS and number == a % LEARNERS:
                completed[number] = 0
                finished.discard(number)
            assert standing.completed >= completed[number], "a count fell"
            assert number not in finished or standing.percent == 100, "a finished course is open again"
            completed[number] = standing.completed
            if standing.is_finished:
                finished.add(number)
        if step not in LEARNING:
            check_pages(world)


scripts = st.lists(
    st.tuples(st.sampled_from(EDITS + LEARNING + CHANGES + IMPORTS), st.integers(0, 20), st.integers(0, 20)),
    min_size=4,
    max_size=16,
)


@pytest.mark.django_db
# Finished by a removal, and then there is more; and back again.
@example(
    [(complete, 0, 0), (complete, 0, 1), (delete, 1, 0), *[(publish_folder, 0, 0), (add, 0, 0)] * 2, (revert, 0, 1)]
)
# An import that does not publish, of what would show.
@example([(change_title, 0, 3), (move, 1, 0), (reorder, 2, 0), (draft_folder, 0, 0), (publish_folder, 0, 0)])
# Back past the first import, and in again.
@example([(complete_all, 0, 0), (revert, 0, 0), (publish_folder, 0, 0), (delete, 0, 0), (publish_folder, 0, 0)])
@given(scripts)
@settings(
    max_examples=MORE or 10,
    derandomize=not MORE,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_script_of_edits_takes_anything_from_a_learner(script):
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        run(script, Path(folder))
        transaction.set_rollback(True)
